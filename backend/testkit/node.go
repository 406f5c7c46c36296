package testkit

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scriptsFolder finds the folder of a server of ours in scripts, whose npm package must be there. It looks upwards from the
// package under test: the paths that a binary knows are shortened by -trimpath.
func scriptsFolder(tb testing.TB, name, npmPackage string) string {
	tb.Helper()
	top, err := os.Getwd()
	for ; err == nil; top = filepath.Dir(top) {
		if _, err := os.Stat(filepath.Join(top, "go.mod")); err == nil || top == filepath.Dir(top) {
			break
		}
	}
	folder := filepath.Join(top, "scripts", name)
	if _, missing := os.Stat(filepath.Join(folder, "node_modules", npmPackage)); err != nil || missing != nil {
		tb.Fatalf("%s of the tests is missing; run: scripts/setup test (%v, %v)", npmPackage, err, missing)
	}
	return folder
}

// nodeProcess is a running server of ours.
type nodeProcess struct {
	name  string
	said  string // the line that it prints once it answers
	input io.Closer
	ended func() error
	fault strings.Builder
}

// end has it end, as it does by itself when this process is killed.
func (p *nodeProcess) end(tb testing.TB) {
	tb.Helper()
	p.input.Close()
	if err := p.ended(); err != nil {
		tb.Errorf("%s ended badly: %v\n%s", p.name, err, p.fault.String())
	}
}

// startNode runs a server of ours, until its end or that of this process.
func startNode(tb testing.TB, folder, script string, settings any) *nodeProcess {
	tb.Helper()
	argument, err := json.Marshal(settings)
	if err != nil {
		tb.Fatal(err)
	}
	process := exec.Command("node", "--no-warnings", script, string(argument))
	process.Dir = folder
	server := &nodeProcess{name: script, ended: process.Wait}
	process.Stderr = &server.fault
	in, err := process.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := process.Start(); err != nil {
		tb.Fatal(err)
	}
	server.input = in
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		server.end(tb)
		tb.Fatalf("%s did not start: %v", script, err)
	}
	server.said = strings.TrimSpace(line)
	return server
}
