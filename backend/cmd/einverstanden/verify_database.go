package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/standing"
)

// verifyDatabase re-reads whole schools against their logs, and against checkpoints and receipts from elsewhere. It
// writes nothing; its error says that something was found, or that it could not go on.
func verifyDatabase(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	database := flags.Bool("database", false, "re-read the whole database")
	wanted := flags.String("school", "", "id of the school; all of them when it is not given")
	key := flags.String("key", "", "the school's key, as it publishes it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if !*database {
		return errors.New("verify needs --database")
	}
	verification := app.Verification{}
	if *key != "" {
		parsed, err := proof.ParseKey(*key)
		if err != nil {
			return fmt.Errorf("--key: %w", err)
		}
		verification.Key = &parsed
	}
	for _, name := range flags.Args() {
		content, err := os.ReadFile(name) //nolint:gosec // the operator names the file
		if err != nil {
			return err
		}
		verification.Outside = append(verification.Outside, evidence.Outside{Name: name, Content: content})
	}
	return withAppToRead(ctx, func(a *app.App) error { return verifySchools(ctx, a, id.School(*wanted), verification, out) })
}

// withAppToRead opens the program without a writer, beside a server or on a copy of a database.
func withAppToRead(ctx context.Context, do func(*app.App) error) error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	a, err := app.OpenToRead(c, app.NewLog(c.LogLevel))
	if err != nil {
		return err
	}
	if err = a.CheckSchema(ctx); err == nil {
		err = do(a)
	}
	return errors.Join(err, a.Close())
}

// verifySchools takes the wanted school, or all. Files from elsewhere are of one school, which must be named where there
// are several.
func verifySchools(ctx context.Context, a *app.App, wanted id.School, v app.Verification, out io.Writer) error {
	schools := []id.School{wanted}
	if wanted == "" {
		var err error
		if schools, err = a.DB.Schools(ctx); err != nil {
			return err
		}
	}
	if len(schools) != 1 && (v.Key != nil || len(v.Outside) > 0) {
		return fmt.Errorf("there are %d schools here, and a key or a file is one school's: say which with --school ID", len(schools))
	}
	var findings int64
	for _, school := range schools {
		counted, err := verifySchool(db.InSchool(ctx, school), a, v, &listing{out: out, school: school})
		if err != nil {
			return err
		}
		findings += counted
	}
	if findings > 0 {
		return fmt.Errorf("%d findings: database and log do not agree", findings)
	}
	return nil
}

func verifySchool(ctx context.Context, a *app.App, v app.Verification, l *listing) (findings int64, err error) {
	l.print("School %s", l.school)
	v.Found = func(f evidence.Finding) error {
		l.print("Finding: %s", f)
		return l.err
	}
	v.Raised = func(r standing.Raise) error {
		l.print("Raised, and allowed: %s", r)
		return l.err
	}
	verified, err := a.VerifyDatabase(ctx, v)
	if err != nil {
		return 0, err
	}
	l.print("%d leaves were read; %d statements stand, %d were erased.", verified.Leaves, verified.Statements, verified.Erased)
	l.print("%d checkpoints of the database and %d given files were compared%s.", verified.Checkpoints, verified.Outside, unsigned(v))
	l.print("%d pupils' modes were told anew; %d rose without an own yes in the app, and may have.", verified.Pupils, verified.Raises)
	if verified.Outside == 0 {
		l.print("Nothing from outside was given: a log rewritten as a whole, or cut short, shows only against an older checkpoint or receipt.")
	}
	if verified.Findings == 0 {
		l.print("Database and log agree.")
	}
	return verified.Findings, l.err
}

func unsigned(v app.Verification) string {
	if v.Key == nil {
		return "; no key was given, so whose signatures they bear was not judged"
	}
	return ""
}

// listing writes lines and keeps the first error.
type listing struct {
	out    io.Writer
	school id.School
	err    error
}

func (l *listing) print(format string, values ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.out, format+"\n", values...)
	}
}
