package main

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/mod/semver"
)

// I8: Fiber itself asks for a fasthttp whose parser takes what checklist A refuses (decision 3). A test's own build info
// lists no modules, so the program is built as scripts/test builds it.
func TestI8TheProgramIsBuiltWithFasthttp177(t *testing.T) {
	program := filepath.Join(t.TempDir(), "einverstanden")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range info.Deps {
		if module.Path != "github.com/valyala/fasthttp" {
			continue
		}
		if module.Replace != nil || semver.Compare(module.Version, "v1.77.0") < 0 {
			t.Errorf("built with fasthttp %s, replaced by %v", module.Version, module.Replace)
		}
		return
	}
	t.Error("built without fasthttp")
}
