package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/vault"
)

// vapidKeys shows and changes the keys of Web Push (decision 0035). A browser is reached by the key alone that it
// subscribed with; it changes to a new one at the next start of the app.
func vapidKeys(ctx context.Context, args []string, out io.Writer) error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	if c.Keys == "" {
		return errNoKeyFolder
	}
	switch strings.Join(args, " ") {
	case "":
		return withApp(ctx, func(a *app.App) error { return showVAPIDKeys(ctx, a, out) })
	case "add":
		added, err := vault.AddVAPIDKey(c.Keys)
		return say(out, err, "added %s\nnext: copy vapid.json to where your copy of the keys lies%s, and restart the servers\n", added, everyServer)
	case "retire":
		return withApp(ctx, func(a *app.App) error { return retireVAPIDKey(ctx, a, c.Keys, out) })
	}
	return errors.New("vapid-keys takes add, retire or nothing")
}

func showVAPIDKeys(ctx context.Context, a *app.App, out io.Writer) error {
	uses, err := vapidUses(ctx, a)
	for i, key := range a.Vault.VAPIDKeys() {
		role := "for new browsers"
		if i > 0 {
			role = "older"
		}
		err = errors.Join(err, say(out, nil, "%s  %s, %d browsers  %s\n", key, role, uses[key.ID], key.PublicText()))
	}
	return err
}

func retireVAPIDKey(ctx context.Context, a *app.App, folder string, out io.Writer) error {
	keys := a.Vault.VAPIDKeys()
	if len(keys) < 2 {
		return vault.ErrOneVAPIDKey
	}
	uses, err := vapidUses(ctx, a)
	if err != nil {
		return err
	}
	if n := uses[keys[1].ID]; n > 0 {
		return fmt.Errorf("%d browsers subscribed with %s; each changes at the next start of the app, or is forgotten after 60 days", n, keys[1])
	}
	retired, err := vault.RetireVAPIDKey(folder)
	return say(out, err, "%s is gone\nnext: copy vapid.json%s, and restart the servers\n", retired, everyServer)
}

func vapidUses(ctx context.Context, a *app.App) (map[string]int, error) {
	total := map[string]int{}
	schools, err := a.DB.Schools(ctx)
	for _, school := range schools {
		uses, failed := a.Push.Uses(db.InSchool(ctx, school))
		err = errors.Join(err, failed)
		for key, n := range uses {
			total[key] += n
		}
	}
	return total, err
}
