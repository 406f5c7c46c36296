package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goStream is what go test -json says of three packages: tests of each outcome, a build that fails, a panic.
const goStream = `
{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestGood"}
{"Action":"pass","Package":"a","Test":"TestGood"}
{"Action":"run","Package":"a","Test":"TestOuter"}
{"Action":"run","Package":"a","Test":"TestOuter/one"}
{"Action":"run","Package":"a","Test":"TestOuter/two/deep"}
{"Action":"output","Package":"a","Test":"TestOuter/two/deep","Output":"=== RUN   TestOuter/two/deep\n"}
{"Action":"output","Package":"a","Test":"TestOuter/two/deep","Output":"    a_test.go:6: two is wrong\n"}
{"Action":"pass","Package":"a","Test":"TestOuter/one"}
{"Action":"fail","Package":"a","Test":"TestOuter/two/deep"}
{"Action":"fail","Package":"a","Test":"TestOuter"}
{"Action":"run","Package":"a","Test":"TestOwnFault"}
{"Action":"run","Package":"a","Test":"TestOwnFault/fine"}
{"Action":"output","Package":"a","Test":"TestOwnFault","Output":"    a_test.go:8: the outer one\n"}
{"Action":"pass","Package":"a","Test":"TestOwnFault/fine"}
{"Action":"fail","Package":"a","Test":"TestOwnFault"}
{"Action":"run","Package":"a","Test":"TestLeftOut"}
{"Action":"skip","Package":"a","Test":"TestLeftOut"}
{"Action":"fail","Package":"a"}
{"ImportPath":"b.test","Action":"build-output","Output":"b_test.go:2:1: undefined: x\n"}
{"ImportPath":"b.test","Action":"build-fail"}
{"Action":"start","Package":"b"}
{"Action":"fail","Package":"b","FailedBuild":"b.test"}
{"Action":"start","Package":"c"}
{"Action":"run","Package":"c","Test":"TestPanics"}
{"Action":"run","Package":"c","Test":"TestPanics/inner"}
{"Action":"output","Package":"c","Test":"TestPanics","Output":"panic: boom\n"}
{"Action":"fail","Package":"c","Test":"TestPanics"}
{"Action":"fail","Package":"c"}
{"Action":"start","Package":"untested"}
{"Action":"skip","Package":"untested"}
`

const goReport = `FAILED a TestOuter/two/deep
        a_test.go:6: two is wrong
FAILED a TestOwnFault
        a_test.go:8: the outer one
FAILED a TestLeftOut
    skipped
FAILED b
    b_test.go:2:1: undefined: x
FAILED c TestPanics/inner
    did not end
    panic: boom
3 passed, 5 failed
`

const vitestRun = `{"testResults": [
	{"name": "mode.test.ts", "status": "failed", "assertionResults": [
		{"fullName": "mode never rises", "status": "passed"},
		{"fullName": "mode falls", "status": "failed", "failureMessages": ["expected audio"]},
		{"fullName": "mode sleeps", "status": "skipped"}]},
	{"name": "broken.test.ts", "status": "failed", "message": "cannot be loaded", "assertionResults": []}]}`

const vitestReport = `FAILED mode.test.ts mode falls
    failed
    expected audio
FAILED mode.test.ts mode sleeps
    skipped
FAILED broken.test.ts
    cannot be loaded
1 passed, 3 failed
`

const playwrightRun = `{"errors": [{"message": "the server did not start"}], "suites": [
	{"suites": [{"specs": [{"title": "lowers", "file": "guardian.spec.ts", "line": 7, "tests": [
		{"projectName": "phone", "status": "expected", "results": [{"errors": []}]},
		{"projectName": "tablet", "status": "unexpected", "results": [{"errors": [{"message": "no receipt"}]}]},
		{"projectName": "desktop", "status": "flaky", "results": [{"errors": [{"message": "once"}]}, {"errors": []}]}]}]}],
	 "specs": [{"title": "signs", "file": "guardian.spec.ts", "line": 3, "tests": [
		{"projectName": "phone", "status": "skipped", "results": []}]}]}]}`

const playwrightReport = `FAILED playwright
    the server did not start
FAILED guardian.spec.ts:3 signs [phone]
    skipped
FAILED guardian.spec.ts:7 lowers [tablet]
    unexpected
    no receipt
FAILED guardian.spec.ts:7 lowers [desktop]
    flaky
    once
1 passed, 4 failed
`

func TestReportCountsAndExplains(t *testing.T) {
	for _, c := range []struct{ kind, run, want string }{
		{"go", goStream, goReport},
		{"vitest", vitestRun, vitestReport},
		{"playwright", playwrightRun, playwrightReport},
		{"go", "", "0 passed, 0 failed\n"},
	} {
		var got strings.Builder
		if err := report([]string{c.kind, saved(t, c.run)}, &got); err != nil {
			t.Errorf("%s: %v", c.kind, err)
		}
		if got.String() != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.kind, got.String(), c.want)
		}
	}
}

func TestReportRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"no file":         {"go"},
		"an unknown kind": {"ctest", saved(t, goStream)},
		"a missing file":  {"go", filepath.Join(t.TempDir(), "none.json")},
		"half a stream":   {"go", saved(t, `{"Action":"run"`)},
		"an empty vitest": {"vitest", saved(t, "")},
		"a log, not JSON": {"playwright", saved(t, "Error: no browser")},
	} {
		var out strings.Builder
		if err := report(args, &out); err == nil || out.Len() > 0 {
			t.Errorf("%s: error %v, output %q", name, err, out.String())
		}
	}
}

// saved is the path of a file with this content.
func saved(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.json")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
