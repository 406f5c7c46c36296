package app

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"einverstanden/backend/config"
	"einverstanden/backend/school"
	"einverstanden/backend/vault"
)

// X15: sign-ins of the demo are written into a file. A demo left on is no school, and no school becomes a demo.
func TestX15ADemoIsNeverServedAndASchoolNeverADemo(t *testing.T) {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	with := func(folder string, do func(*App) error) error {
		t.Helper()
		a, err := Open(demoConfig(folder), log)
		if err != nil {
			t.Fatal(err)
		}
		return errors.Join(do(a), a.Close())
	}
	refused := func(err error, why string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("got %v, want a refusal that says %q", err, why)
		}
	}

	demo := newFolder(t)
	err := with(demo, func(a *App) error {
		a.demo = true
		return errors.Join(a.DB.Migrate(ctx), a.markDemo(ctx), a.Prepare(ctx)) // as a demo does before it makes its school
	})
	if err != nil {
		t.Fatal(err)
	}
	refused(with(demo, func(a *App) error { return a.Prepare(ctx) }), "belongs to the demo")

	genuine := newFolder(t)
	err = with(genuine, func(a *App) error {
		if err := a.Prepare(ctx); err != nil {
			return err
		}
		_, err := a.Schools.Create(ctx, school.Settings{Name: "Gesamtschule am Deich"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = OpenDemo(ctx, demoConfig(genuine), log)
	refused(err, "belongs to a real school")

	elsewhere := demoConfig(newFolder(t))
	elsewhere.URL.Host = "schule.example"
	_, err = OpenDemo(ctx, elsewhere, log)
	refused(err, "this machine alone")
}

// newFolder is a data folder with keys.
func newFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := vault.Create(filepath.Join(folder, "keys")); err != nil {
		t.Fatal(err)
	}
	return folder
}

func demoConfig(folder string) config.Config {
	return config.Config{
		Data: folder, Keys: filepath.Join(folder, "keys"), URL: &url.URL{Scheme: "http", Host: "localhost:8080"},
	}
}
