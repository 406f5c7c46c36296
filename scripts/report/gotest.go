package main

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"regexp"
	"slices"
	"strings"
)

// event is one line of `go test -json` (go doc test2json); build output carries ImportPath instead of Package.
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
}

// place names a test; a package as a whole has an empty test.
type place struct{ pkg, test string }

// goRun gathers the events of a whole run.
type goRun struct {
	order    []place // as they began
	outcome  map[place]string
	output   map[place]*strings.Builder
	hasInner map[place]bool
}

func readGo(in io.Reader) ([]result, error) {
	run := goRun{outcome: map[place]string{}, output: map[place]*strings.Builder{}, hasInner: map[place]bool{}}
	for lines := json.NewDecoder(in); ; {
		var e event
		err := lines.Decode(&e)
		if errors.Is(err, io.EOF) {
			return run.results(), nil
		}
		if err != nil {
			return nil, err
		}
		run.add(e)
	}
}

func (r *goRun) add(e event) {
	at := place{e.Package, e.Test}
	switch e.Action {
	case "start", "run":
		r.begin(at)
	case "build-output":
		r.write(place{e.ImportPath, ""}, e.Output)
	case "output":
		r.write(at, e.Output)
	case "pass", "fail", "skip":
		r.outcome[at] = e.Action
		if e.FailedBuild != "" && r.output[place{e.FailedBuild, ""}] != nil {
			r.write(at, r.output[place{e.FailedBuild, ""}].String())
		}
	}
}

func (r *goRun) begin(at place) {
	r.order = append(r.order, at)
	for outer := range containers(at) {
		r.hasInner[outer] = true
	}
}

func (r *goRun) write(at place, output string) {
	if r.output[at] == nil {
		r.output[at] = &strings.Builder{}
	}
	r.output[at].WriteString(output)
}

// results counts the innermost tests, and those outer tests and packages that failed without a failed test inside.
func (r *goRun) results() []result {
	var all []result
	blamed := map[place]bool{}                    // a failure inside was counted
	for _, at := range slices.Backward(r.order) { // inner tests began after the outer ones
		isTest := at.test != "" && !r.hasInner[at]
		failed := r.outcome[at] != "pass" && (isTest || r.outcome[at] != "skip") // a package without tests says skip
		if failed {
			blame(blamed, at)
		}
		if isTest || failed && !blamed[at] {
			all = append(all, r.result(at, failed))
		}
	}
	slices.Reverse(all)
	return all
}

// blame marks what contains the place.
func blame(blamed map[place]bool, at place) {
	for outer := range containers(at) {
		blamed[outer] = true
	}
}

// containers yields the outer tests of a place, and its package last.
func containers(at place) iter.Seq[place] {
	return func(yield func(place) bool) {
		for at.test != "" {
			at.test = at.test[:max(strings.LastIndexByte(at.test, '/'), 0)]
			if !yield(at) {
				return
			}
		}
	}
}

func (r *goRun) result(at place, failed bool) result {
	found := result{name: strings.TrimSpace(at.pkg + " " + at.test), failed: failed}
	if !failed {
		return found
	}
	switch r.outcome[at] {
	case "skip":
		found.output = "skipped\n"
	case "":
		found.output = "did not end\n"
	}
	found.output += r.take(at)
	for outer := range containers(at) { // a panic is reported there
		found.output += r.take(outer)
	}
	return found
}

// take gives what a place printed, without the runner's own lines, once.
func (r *goRun) take(at place) string {
	printed := r.output[at]
	if printed == nil {
		return ""
	}
	delete(r.output, at)
	var text strings.Builder
	for line := range strings.Lines(printed.String()) {
		if !frame.MatchString(line) {
			text.WriteString(line)
		}
	}
	return text.String()
}

var frame = regexp.MustCompile(`^\s*(=== |--- |FAIL|PASS|ok\s|exit status)`)
