package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// lists are the operations that narrow or page what they read, each with values for which it answers 200.
var lists = []string{
	"/pupils?class=%s&q=a&only=open&limit=10", "/letters?class=%s&state=open&limit=10",
	"/meetings?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&limit=10", "/standings?class=%s", "/guardianships?pupil=%[2]s",
}

// nothingFound is how sqlmap ends when no parameter lets SQL through.
const nothingFound = "all tested parameters do not appear to be injectable"

// drillSQLMap is the second half of checklist D9: a tool of others' making looks for SQL that gets through the lists.
func drillSQLMap(ctx context.Context, d *demo) (figures []figure, err error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "einverstanden-sqlmap")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	for _, list := range lists {
		path := fmt.Sprintf(list, d.known.IDs.Class, d.known.IDs.Pupil)
		path, _, _ = strings.Cut(path, "%!(EXTRA")
		if status, _, err := d.do(d.client(), call{"GET", path, nil, d.office}); err != nil || status != 200 {
			return nil, errors.Join(err, fmt.Errorf("%s: %d before anybody attacks", path, status))
		}
		found, err := d.sqlmap(ctx, folder, path)
		if err != nil {
			return nil, err
		}
		name, _, _ := strings.Cut(path, "?")
		figures = append(figures, atMost(0, figure{name: "parameters of " + name + " that let SQL through", value: found}))
		if err := d.enterAgain(ctx); err != nil {
			return nil, err
		}
	}
	return figures, nil
}

// sqlmap gives 1 when it found a way in. It takes some thousand requests and, on two processors, some minutes.
func (d *demo) sqlmap(ctx context.Context, folder, path string) (float64, error) {
	tool := exec.CommandContext(ctx, "sqlmap", "--batch", "--level=3", "--risk=2", "--threads=4", "--output-dir="+folder, //nolint:gosec // our own words
		"--skip=cookie,user-agent,referer", "--cookie="+accessCookie+"="+d.office, "--url=http://"+d.address+"/api/v1"+path)
	said, err := tool.CombinedOutput()
	switch {
	case err != nil:
		return 0, fmt.Errorf("sqlmap: %w\n%s", err, said)
	case bytes.Contains(said, []byte(nothingFound)):
		return 0, nil
	case bytes.Contains(said, []byte("injection point")):
		return 1, nil
	}
	return 0, fmt.Errorf("sqlmap came to no end:\n%s", said)
}

// enterAgain signs the office in anew, with a later code: a session's token lives ten minutes.
func (d *demo) enterAgain(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(codeStep):
		return d.enterOffice()
	}
}
