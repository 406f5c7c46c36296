// Command report reads what a test runner wrote for machines, prints the output of every test that failed, and ends
// with the line "N passed, N failed". It owns the counting rules of scripts/test, so that the runners count alike:
//
//   - a test with subtests is not counted itself, its innermost subtests are;
//   - a skipped, unfinished or flaky test has failed: a check that did not run, or not reliably, proves nothing;
//   - what fails outside any test (a package that does not build, a file that does not load) counts as one failure.
//
// Usage: report go|vitest|playwright FILE
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// result is one counted test.
type result struct {
	name   string
	failed bool
	output string // why it failed; empty when it passed
}

var readers = map[string]func(io.Reader) ([]result, error){
	"go":         readGo,
	"vitest":     readVitest,
	"playwright": readPlaywright,
}

func main() {
	if err := report(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func report(args []string, out io.Writer) error {
	if len(args) != 2 || readers[args[0]] == nil {
		return fmt.Errorf("want go|vitest|playwright and a file, got %q", args)
	}
	file, err := os.Open(args[1]) //nolint:gosec // scripts/test names the file
	if err != nil {
		return err
	}
	defer file.Close()
	results, err := readers[args[0]](file)
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	return write(out, results)
}

func write(out io.Writer, results []result) error {
	var text strings.Builder
	failed := 0
	for _, r := range results {
		if r.failed {
			failed++
			fmt.Fprintf(&text, "FAILED %s\n%s", r.name, indent(r.output))
		}
	}
	fmt.Fprintf(&text, "%d passed, %d failed\n", len(results)-failed, failed)
	_, err := io.WriteString(out, text.String())
	return err
}

func indent(output string) string {
	var text strings.Builder
	for line := range strings.Lines(output) {
		text.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
	}
	return text.String()
}
