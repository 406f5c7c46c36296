// Command benchmark measures how fast the program is, each figure beside what the same machine does in the same run:
// the same SQL statements without us, or a limit that a person feels. It prints one line a figure and ends with an
// error when a limit was missed. scripts/bench builds what it needs and calls it.
//
// Usage: benchmark BINARY PGBENCH [PART...] with the paths of the built program and of pgbench;
// EINVERSTANDEN_TEST_POSTGRES names a durable server for the part postgres.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// part is one thing to measure. folder is its own, and goes afterwards.
type part struct {
	name string
	run  func(ctx context.Context, folder string) ([]figure, error)
}

// figure is one line of the outcome.
type figure struct {
	name  string
	value float64
	unit  string
	limit float64
	// atMost says that the limit is an upper one. A figure without a limit only informs.
	atMost bool
}

func (f figure) holds() bool {
	switch {
	case f.limit == 0:
		return true
	case f.atMost:
		return f.value <= f.limit
	}
	return f.value >= f.limit
}

func (f figure) String() string {
	line := fmt.Sprintf("   %-58s %9.2f %-4s", f.name, f.value, f.unit)
	if f.limit == 0 {
		return strings.TrimRight(line, " ")
	}
	bound, verdict := "at least", "MISSED"
	if f.atMost {
		bound = "at most"
	}
	if f.holds() {
		verdict = "ok"
	}
	return fmt.Sprintf("%s %s %g  %s", line, bound, f.limit, verdict)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 2 && args[0] == pushSinkArg {
		return pushSink(args[1])
	}
	if len(args) < 2 {
		return errors.New("want the paths of the binary and of pgbench")
	}
	binary, pgbench, wanted := args[0], args[1], args[2:]
	parts := []part{
		{"sqlite", measureSQLite},
		{"postgres", func(ctx context.Context, folder string) ([]figure, error) {
			return measurePostgres(ctx, folder, pgbench)
		}},
		{"roster", measureRoster},
		{"streams", measureStreams},
		{"evidence", measureEvidence},
		{"door", measureDoor},
		{"join", measureJoin},
		{"presence", measurePresence},
		{"push", measurePush},
		{"process", func(ctx context.Context, folder string) ([]figure, error) { return measureProcess(ctx, folder, binary) }},
	}
	missed := 0
	var failed []error // one part that could not be measured leaves the others
	for _, p := range parts {
		if len(wanted) > 0 && !slices.Contains(wanted, p.name) {
			continue
		}
		if _, err := fmt.Fprintln(out, "== "+p.name); err != nil {
			return err
		}
		figures, err := measure(ctx, p)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.name, err))
			continue
		}
		for _, f := range figures {
			if _, err := fmt.Fprintln(out, f); err != nil {
				return err
			}
			if !f.holds() {
				missed++
			}
		}
	}
	if missed > 0 {
		failed = append(failed, fmt.Errorf("%d limits missed", missed))
	}
	return errors.Join(failed...)
}

func measure(ctx context.Context, p part) (figures []figure, err error) {
	folder, err := os.MkdirTemp("", "einverstanden-bench")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	return p.run(ctx, folder)
}
