package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// readVitest reads vitest's JSON reporter, which follows Jest's.
func readVitest(in io.Reader) ([]result, error) {
	var run struct {
		TestResults []struct {
			Name, Status, Message string
			AssertionResults      []struct {
				FullName, Status string
				FailureMessages  []string
			}
		}
	}
	if err := json.NewDecoder(in).Decode(&run); err != nil {
		return nil, err
	}
	var all []result
	for _, file := range run.TestResults {
		failures := 0
		for _, test := range file.AssertionResults {
			found := result{name: file.Name + " " + test.FullName}
			if test.Status != "passed" {
				found.failed, found.output = true, test.Status+"\n"+strings.Join(test.FailureMessages, "\n")
				failures++
			}
			all = append(all, found)
		}
		if file.Status != "passed" && failures == 0 {
			all = append(all, result{name: file.Name, failed: true, output: file.Message})
		}
	}
	return all, nil
}

type playwrightSuite struct {
	Suites []playwrightSuite
	Specs  []struct {
		Title, File string
		Line        int
		Tests       []struct {
			ProjectName, Status string
			Results             []struct {
				Errors []struct{ Message string }
			}
		}
	}
}

// readPlaywright reads Playwright's JSON reporter: a spec runs once in each project, which is a browser and a size.
func readPlaywright(in io.Reader) ([]result, error) {
	var run struct {
		Suites []playwrightSuite
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(in).Decode(&run); err != nil {
		return nil, err
	}
	var all []result
	for _, fault := range run.Errors {
		all = append(all, result{name: "playwright", failed: true, output: fault.Message})
	}
	for _, suite := range run.Suites {
		all = append(all, suite.results()...)
	}
	return all, nil
}

func (s playwrightSuite) results() []result {
	var all []result
	for _, spec := range s.Specs {
		for _, test := range spec.Tests {
			found := result{name: fmt.Sprintf("%s:%d %s [%s]", spec.File, spec.Line, spec.Title, test.ProjectName)}
			if test.Status != "expected" {
				found.failed, found.output = true, test.Status+"\n"
			}
			for _, try := range test.Results {
				for _, fault := range try.Errors {
					if found.failed {
						found.output += fault.Message + "\n"
					}
				}
			}
			all = append(all, found)
		}
	}
	for _, inner := range s.Suites {
		all = append(all, inner.results()...)
	}
	return all
}
