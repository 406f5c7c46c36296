// Command stage gives the demo school what no screen can, and prints what the test needs of it as JSON. It is for the
// browser tests alone, and may run beside the demo's server. Whoever can run it has the keys of the data folder anyway.
//
// Usage, with EINVERSTANDEN_DATA naming the demo's folder:
//
//	stage passkey ACCOUNT    a passkey, with what a virtual authenticator needs to sign with it
//	stage reminders ACCOUNT  a log of reminders about open asks, whatever the hour and the day are
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func main() {
	if err := stage(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "stage:", err)
		os.Exit(1)
	}
}

var stages = map[string]func(ctx context.Context, a *app.App, account id.Account, out io.Writer) error{
	"passkey": addPasskey, "reminders": addReminders,
}

func stage(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) != 2 || stages[args[0]] == nil {
		return errors.New("want passkey or reminders, and the id of an account")
	}
	settings, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	settings.Keys = filepath.Join(settings.Data, "keys") // where the demo keeps them
	a, err := app.Open(settings, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	schools, err := a.DB.Schools(ctx)
	if err != nil {
		return err
	}
	if len(schools) != 1 {
		return fmt.Errorf("%d schools in %s, want the demo's", len(schools), settings.Data)
	}
	return stages[args[0]](db.InSchool(ctx, schools[0]), a, id.Account(args[1]), out)
}
