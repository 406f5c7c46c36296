package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"einverstanden/backend/paper"
	"einverstanden/backend/proof"
)

// errNotAll ends the program with an exit code that is not 0; everything was said already.
var errNotAll = errors.New("not every claim holds")

// verify checks receipts, offline: it opens neither a database nor a connection.
func verify(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	key := flags.String("key", "", "the school's key as it publishes it, to compare")
	language := flags.String("lang", languageOf(os.Getenv("LANG")), "language of the report")
	var later laterFiles
	flags.Var(&later, "checkpoint", "a file with a checkpoint of the same log from elsewhere; may be repeated")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("verify needs the file of a receipt, JSON or PDF; or --database")
	}
	printer, err := paper.NewPrinter()
	if err != nil {
		return err
	}
	holds := true
	for _, name := range flags.Args() {
		content, err := readReceipt(name)
		if err != nil {
			return err
		}
		report := printer.VerifyReceipt(content, proof.Against{Key: *key, Later: later})
		if err := printReport(out, name, report, *language); err != nil {
			return err
		}
		holds = holds && report.Holds()
	}
	if !holds {
		return errNotAll
	}
	return ctx.Err()
}

// languageOf turns LANG (de_DE.UTF-8) into a language tag; German where nothing is said.
func languageOf(locale string) string {
	language, _, _ := strings.Cut(locale, "_")
	if language == "" || language == "C" || language == "POSIX" || strings.HasPrefix(language, "C.") {
		return proof.German
	}
	return language
}

// laterFiles are the contents of the files that were named.
type laterFiles [][]byte

func (l *laterFiles) String() string { return fmt.Sprintf("%d files", len(*l)) }

func (l *laterFiles) Set(name string) error {
	content, err := readReceipt(name)
	*l = append(*l, content)
	return err
}

// readReceipt reads no more than a receipt can be long.
func readReceipt(name string) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // whoever runs the command names the file
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, proof.MaxReceipt+1))
	if err == nil && len(content) > proof.MaxReceipt {
		err = fmt.Errorf("%s is longer than a receipt can be (%d bytes)", name, proof.MaxReceipt)
	}
	return content, err
}

// printReport says claim by claim what holds, what does not, and what no receipt can show.
func printReport(out io.Writer, name string, report proof.Report, language string) error {
	var lines []string
	add := func(format string, values ...any) { lines = append(lines, fmt.Sprintf(format, values...)) }
	word := func(key string) string { return proof.Word(language, key) }
	add("%s", name)
	for _, claim := range report.Claims {
		add("  %-12s %s", word(claim.State.String()), claim.Text(language))
		if claim.Cause != "" {
			add("  %-12s (%s)", "", claim.Cause)
		}
	}
	about := report.About
	if at := about.Statement.RecordedAt(); !at.IsZero() {
		add("  %s: %s", word("recorded"), at.Format(time.RFC3339Nano))
	}
	if about.Checkpoint.Origin != "" {
		add("  %s: %s, %s %d", word("log"), about.Checkpoint.Origin, word("leafNo"), about.Leaf.Seq)
		add("  %s: %d %s, %s", word("checkpointOf"), about.Checkpoint.Size, word("leaves"), about.Checkpoint.At.Format(time.RFC3339Nano))
		add("  %s: %s", word("key"), about.Key)
		add("  %s: %s", word("fingerprint"), about.Key.Fingerprint())
	}
	if len(report.Limits) > 0 {
		add("  %s", word("cannotKnow"))
	}
	for _, limit := range report.Limits {
		add("    - %s", limit.Text(language))
	}
	if report.Holds() {
		add("  %s", word("allHold"))
	} else {
		add("  %s", word("notAll"))
	}
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}
