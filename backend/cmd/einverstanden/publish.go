package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/rules"
)

// publication is a file with a draft, and where and when it is to be in force.
type publication struct {
	school  string
	content []byte
	file    string
	day     calendar.Date
}

func readPublication(command string, args []string) (p publication, err error) {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.StringVar(&p.school, "school", "", "id of the school")
	inForce := flags.String("in-force", "", "day on which the version comes into force, YYYY-MM-DD")
	if err := flags.Parse(args); err != nil {
		return p, err
	}
	if flags.NArg() != 1 {
		return p, errors.New(command + " needs the path of one file")
	}
	p.file = flags.Arg(0)
	if p.content, err = os.ReadFile(p.file); err != nil {
		return p, err
	}
	if *inForce == "" {
		return p, nil
	}
	if p.day, err = calendar.Parse(*inForce); err != nil {
		return p, fmt.Errorf("--in-force: %w", err)
	}
	return p, nil
}

func publishForm(ctx context.Context, args []string, out io.Writer) error {
	p, err := readPublication("form publish", args)
	if err != nil {
		return err
	}
	draft, err := consent.ParseDraft(p.content)
	if err != nil {
		return fmt.Errorf("%s: %w", p.file, err)
	}
	return inSchool(ctx, p.school, func(ctx context.Context, a *app.App) error {
		version, err := a.Consents.Publish(ctx, authz.Actor{Account: "system"}, draft, p.day)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "version %d, edition %d, in force on %s\n", version.Number, version.Edition, version.InForceOn)
		return err
	})
}

func publishRules(ctx context.Context, args []string, out io.Writer) error {
	p, err := readPublication("rules publish", args)
	if err != nil {
		return err
	}
	draft, err := rules.ParseDraft(p.content)
	if err != nil {
		return fmt.Errorf("%s: %w", p.file, err)
	}
	return inSchool(ctx, p.school, func(ctx context.Context, a *app.App) error {
		version, err := a.Rules.Publish(ctx, authz.Actor{Account: "system"}, draft, p.day)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "version %d, in force on %s\n", version.Number, version.InForceOn)
		return err
	})
}
