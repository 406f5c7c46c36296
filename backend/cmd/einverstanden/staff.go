package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/authz"
)

// inviteStaff prints the link of an invitation. It is how a school's first account comes to be.
func inviteStaff(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("staff invite", flag.ContinueOnError)
	wanted := flags.String("school", "", "id of the school")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 3 {
		return errors.New("staff invite needs a role (teacher, office, head, dpo), an e-mail address and a name")
	}
	return inSchool(ctx, *wanted, func(ctx context.Context, a *app.App) error {
		made, err := a.Accounts.InviteForSystem(ctx, account.NewInvitation{
			Role: authz.Role(flags.Arg(0)), Email: flags.Arg(1), Name: flags.Arg(2),
		})
		if err != nil {
			return err
		}
		return printLink(out, a, made)
	})
}

// resetStaff takes a lost second factor away, or prints a link for a new password. It never does both: a school that
// calls the operator has to say what was lost.
func resetStaff(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("staff reset", flag.ContinueOnError)
	wanted := flags.String("school", "", "id of the school")
	password := flags.Bool("password", false, "print a link for a new password; the second factor stays")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("staff reset needs the e-mail address of the account")
	}
	return inSchool(ctx, *wanted, func(ctx context.Context, a *app.App) error {
		if !*password {
			return a.Accounts.ResetFactorsForSystem(ctx, flags.Arg(0))
		}
		made, err := a.Accounts.InviteAnewForSystem(ctx, flags.Arg(0))
		if err != nil {
			return err
		}
		return printLink(out, a, made)
	})
}

func printLink(out io.Writer, a *app.App, made account.MadeInvitation) error {
	_, err := fmt.Fprintf(out, "%s\ngood once, until %s\n", made.Link(a.Config.URL), made.ExpiresAt.Format("2006-01-02 15:04 MST"))
	return err
}
