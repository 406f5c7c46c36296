package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/rotation"
	"einverstanden/backend/vault"
)

var errNoKeyFolder = errors.New("EINVERSTANDEN_KEYS is not set: name the folder of the key files, outside the data folder")

// keyCommand runs the steps of a rotation (decision 0017) and what belongs to them.
func keyCommand(ctx context.Context, name string, args []string, out io.Writer) error {
	if (name == "keys restore") != (len(args) == 1) || len(args) > 1 {
		return errors.New("keys restore needs the path of a retired key's file; the other keys commands take nothing")
	}
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	if c.Keys == "" {
		return errNoKeyFolder
	}
	switch name {
	case "keys complete":
		return completeKeys(c.Keys, out)
	case "keys status":
		return withApp(ctx, func(a *app.App) error { return showKeys(ctx, a, out) })
	case "keys add":
		added, err := vault.AddKey(c.Keys)
		return say(out, err, "added key %s, which seals nothing yet\n"+
			"next: copy seal.json to where your copy of the keys lies%s, then keys promote\n", added, everyServer)
	case "keys promote":
		promoted, err := vault.PromoteKey(c.Keys)
		return say(out, err, "key %s seals from now on\nnext: copy seal.json%s, then keys reseal\n", promoted, everyServer)
	case "keys reseal":
		return withApp(ctx, func(a *app.App) error { return reseal(ctx, a, out) })
	case "keys retire":
		return withApp(ctx, func(a *app.App) error { return retireKeys(ctx, a, out) })
	case "keys restore":
		restored, err := vault.RestoreKeys(c.Keys, args[0])
		return say(out, err, "keys %v open again\nnext: copy seal.json%s, then keys reseal\n", restored, everyServer)
	}
	return unknown(name)
}

const everyServer = " and, where servers have key folders of their own, to each of them"

func say(out io.Writer, err error, format string, args ...any) error {
	if err == nil {
		_, err = fmt.Fprintf(out, format, args...)
	}
	return err
}

// completeKeys makes what a newer version of the program needs beside the keys that are there.
func completeKeys(folder string, out io.Writer) error {
	made, err := vault.Complete(folder)
	for _, name := range made {
		err = errors.Join(err, say(out, nil, "made %s: copy it to where your copy of the keys lies\n", name))
	}
	return err
}

// showKeys prints each key with its part, and how many values of each column are on which.
func showKeys(ctx context.Context, a *app.App, out io.Writer) error {
	ring := a.Vault.Keyring()
	var err error
	for _, key := range ring.Old {
		err = errors.Join(err, say(out, nil, "key %s  old, opens only\n", key))
	}
	err = errors.Join(err, say(out, nil, "key %s  seals\n", ring.Primary))
	for _, key := range ring.Waiting {
		err = errors.Join(err, say(out, nil, "key %s  waits to be promoted\n", key))
	}
	known := slices.Concat(ring.Old, ring.Waiting, []vault.KeyID{ring.Primary})
	counts, failed := a.Rotation.Counts(ctx)
	err = errors.Join(err, failed)
	for _, c := range counts {
		note := ""
		if !slices.Contains(known, c.Key) {
			note = "  no key of this folder: see keys restore"
		}
		err = errors.Join(err, say(out, nil, "%-20s %s %8d%s\n", c.Column.Table+"."+c.Column.Column, c.Key, c.Values, note))
	}
	return err
}

// reseal prints a line for each column when it is through with it. Killed, it is simply run again.
func reseal(ctx context.Context, a *app.App, out io.Writer) error {
	var broken error
	err := a.Rotation.Renew(ctx, func(p rotation.Progress) error {
		if !p.Done {
			return nil
		}
		for _, place := range p.Broken {
			broken = errors.Join(broken, fmt.Errorf("%s.%s of %s, school %s", place.Table, place.Column, place.Row, place.School))
		}
		return say(out, nil, "%-20s %8d sealed anew\n", p.Column.Table+"."+p.Column.Column, p.Values)
	})
	if broken != nil {
		err = errors.Join(err, errors.New("these do not open and stay as they are; find out why before you go on"), broken)
	}
	return say(out, err, "next: a minute after the promotion, keys retire\n")
}

func retireKeys(ctx context.Context, a *app.App, out io.Writer) error {
	files, err := a.RetireKeys(ctx)
	for _, name := range files {
		err = errors.Join(err, say(out, nil, "the old key lies in %s, which no server reads\n", filepath.Join(a.Config.Keys, name)))
	}
	return say(out, err, "next: copy seal.json%s. Keep the old key apart from the data for as long as you keep\n"+
		"backups from before the rotation (keys restore brings it back), then destroy it.\n", everyServer)
}
