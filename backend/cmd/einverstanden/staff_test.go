package main

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/fault"
)

// X16: the shell prints the link by which the first head comes in, and the way back for one who has lost something.
func TestX16TheShellPrintsLinksThatOpen(t *testing.T) {
	c := demoHouse(t)
	link := regexp.MustCompile(`^http://localhost:\d+/invitation#(\S+)\ngood once, until `)
	var views []account.InvitationView
	for _, args := range [][]string{
		{"staff", "invite", "head", "neu@demo.example", "Nele Neu"},
		{"staff", "reset", "--password", "schulleitung@demo.example"},
	} {
		found := link.FindStringSubmatch(mustCommand(t, args...))
		if found == nil {
			t.Fatalf("%v printed no link", args)
		}
		withDemo(t, c, func(a *app.App) {
			view, err := a.Accounts.ReadInvitation(context.Background(), found[1])
			if err != nil {
				t.Fatal(err)
			}
			views = append(views, view)
		})
	}
	if views[0].NewPassword || views[0].Role != "head" || !views[1].NewPassword || views[1].Name != "Dr. Henrik Aldenhoff" {
		t.Errorf("links for %+v", views)
	}
	mustCommand(t, "staff", "reset", "schulleitung@demo.example")
	for _, args := range [][]string{{"staff", "reset", "nobody@demo.example"}, {"staff", "reset", "--password", "nobody@demo.example"}} {
		if _, err := command(t, args...); !fault.Has(err, fault.NothingHere) {
			t.Errorf("%v: %v", args, err)
		}
	}
	for _, args := range [][]string{{"staff", "invite", "head"}, {"staff", "reset"}, {"code"}, {"code", "not base32!"}} {
		if _, err := command(t, args...); err == nil || errors.As(err, new(*fault.Error)) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestTheShellKnowsTheCodeOfASecret(t *testing.T) {
	if code := strings.TrimSpace(mustCommand(t, "code", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")); !regexp.MustCompile(`^\d{6}$`).MatchString(code) {
		t.Errorf("printed %q", code)
	}
}

func withDemo(t *testing.T, c config.Config, do func(*app.App)) {
	t.Helper()
	a, err := app.OpenDemo(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	do(a)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}
