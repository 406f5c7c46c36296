// Command drilling puts the built program under faults for as long as the checklist asks, and prints one line a figure,
// with its limit and ok or MISSED. It ends with an error when a limit was missed. scripts/drill builds what it needs and
// calls it. Times are those of this machine, whose processors the drill shares with the program.
//
// Usage: drilling BINARY PART... with the path of the built program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// figure is one line of the outcome. A figure without a limit only informs.
type figure struct {
	name   string
	value  float64
	unit   string
	limit  *float64
	atMost bool // the limit is an upper one
}

func atMost(limit float64, f figure) figure {
	f.limit, f.atMost = &limit, true
	return f
}

func atLeast(limit float64, f figure) figure {
	f.limit = &limit
	return f
}

func (f figure) holds() bool {
	switch {
	case f.limit == nil:
		return true
	case f.atMost:
		return f.value <= *f.limit
	}
	return f.value >= *f.limit
}

func (f figure) String() string {
	line := fmt.Sprintf("   %-58s %9.2f %-4s", f.name, f.value, f.unit)
	if f.limit == nil {
		return strings.TrimRight(line, " ")
	}
	bound, verdict := "at least", "MISSED"
	if f.atMost {
		bound = "at most"
	}
	if f.holds() {
		verdict = "ok"
	}
	return fmt.Sprintf("%s %s %g  %s", line, bound, *f.limit, verdict)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "drilling:", err)
		os.Exit(1)
	}
}

var parts = map[string]func(context.Context, *demo) ([]figure, error){
	"guessing": drillGuessing, "sqlmap": drillSQLMap, "slowloris": drillSlowloris, "overload": drillOverload,
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) < 2 {
		return errors.New("want the path of the binary and the parts")
	}
	missed := 0
	for _, name := range args[1:] {
		part, ok := parts[name]
		if !ok {
			return fmt.Errorf("unknown part %s", name)
		}
		figures, err := drill(ctx, args[0], part)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		lines := []string{"== " + name}
		for _, f := range figures {
			lines = append(lines, f.String())
			if !f.holds() {
				missed++
			}
		}
		if _, err := fmt.Fprintln(out, strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d limits missed", missed)
	}
	return nil
}

// drill runs a part against a demo school of its own.
func drill(ctx context.Context, binary string, part func(context.Context, *demo) ([]figure, error)) (figures []figure, err error) {
	folder, err := os.MkdirTemp("", "einverstanden-drill")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	d, err := startDemo(ctx, binary, folder)
	if err != nil {
		return nil, err
	}
	figures, err = part(ctx, d)
	return figures, errors.Join(err, d.stop())
}
