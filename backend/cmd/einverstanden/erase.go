package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"einverstanden/backend/app"
	"einverstanden/backend/id"
)

// erase is the operator's part in erasing people: to see what is marked, to stop it, and to vouch for the clock. Asking
// and approving are the school's.
func erase(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("erase needs list, cancel or confirm-clock")
	}
	name := args[0]
	flags := flag.NewFlagSet("erase "+name, flag.ContinueOnError)
	wanted := flags.String("school", "", "id of the school")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	var do func(context.Context, *app.App) error
	switch {
	case name == "list" && flags.NArg() == 0:
		do = func(ctx context.Context, a *app.App) error { return listErasures(ctx, a, out) }
	case name == "cancel" && flags.NArg() == 1:
		do = func(ctx context.Context, a *app.App) error {
			return a.Privacy.CancelForSystem(ctx, id.Erasure(flags.Arg(0)))
		}
	case name == "confirm-clock" && flags.NArg() == 0:
		do = func(ctx context.Context, a *app.App) error { return a.Privacy.ConfirmClock(ctx) }
	default:
		return errors.New("erase list, erase cancel ID, or erase confirm-clock")
	}
	return inSchool(ctx, *wanted, do)
}

// listErasures prints ids and dates, no names: the operator needs no personal data.
func listErasures(ctx context.Context, a *app.App, out io.Writer) error {
	marks, err := a.Privacy.Marks(ctx)
	if err != nil {
		return err
	}
	for _, mark := range marks {
		due := "waits for a second member of staff"
		if !mark.DueAt.IsZero() {
			due = "due " + mark.DueAt.Format(time.RFC3339)
		}
		if _, err := fmt.Fprintf(out, "%s  %s %s  %s  %s\n", mark.ID, mark.Person.Kind, mark.Person.ID, mark.Reason, due); err != nil {
			return err
		}
	}
	return nil
}
