package main

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/vault"
)

// asCommand makes the test binary the program itself, so that a test can kill it.
const asCommand = "EINVERSTANDEN_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	switch os.Getenv(asCommand) {
	case "":
	case asServer:
		if err := serveDemo(); err != nil {
			panic(err)
		}
		return
	default:
		main()
		return
	}
	os.Exit(m.Run())
}

// demoHouse makes the demo school in a folder and points the settings there.
func demoHouse(t *testing.T) (c config.Config) {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("EINVERSTANDEN_DATA", filepath.Join(folder, "data"))
	t.Setenv("EINVERSTANDEN_KEYS", filepath.Join(folder, "keys"))
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.OpenDemo(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(context.Background(), args, strings.NewReader(""), &out)
	return out.String(), err
}

func mustCommand(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// contents opens every sealed value of the demo school as a fresh start would.
func contents(t *testing.T, c config.Config) map[vault.Place]string {
	t.Helper()
	a, err := app.Open(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	schools, err := a.DB.Schools(context.Background())
	if err != nil || len(schools) != 1 {
		t.Fatalf("%d schools, %v", len(schools), err)
	}
	found := map[vault.Place]string{}
	for _, column := range app.Sealed() {
		var rows []struct {
			Row    string
			Sealed []byte
		}
		err := a.DB.Read(db.InSchool(context.Background(), schools[0]), func(tx *db.Tx) error {
			return tx.G().Table(column.Table).Select(column.Row + " AS row, " + column.Column + " AS sealed").
				Where(column.Column + " IS NOT NULL").Find(&rows).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			place := column.At(schools[0], row.Row)
			plain, err := a.Vault.Open(place, row.Sealed)
			if err != nil {
				t.Fatal(err)
			}
			found[place] = string(plain)
		}
	}
	return found
}

// Checklist I2 with processes: the command that seals everything anew is killed after each line it says, and run again.
func TestTheRotationCommandsSurviveKills(t *testing.T) {
	c := demoHouse(t)
	before := contents(t, c)
	mustCommand(t, "keys", "add")
	mustCommand(t, "keys", "promote")
	for lines := range 5 {
		killAfter(t, lines, "keys", "reseal")
		if after := contents(t, c); len(after) != len(before) {
			t.Fatalf("killed after %d lines: %d values became %d", lines, len(before), len(after))
		}
	}
	mustCommand(t, "keys", "reseal")
	if _, err := command(t, "keys", "retire"); err == nil || !strings.Contains(err.Error(), "wait a minute") {
		t.Fatalf("retired at once: %v", err)
	}
	earlier := time.Now().Add(-2 * time.Minute)
	if err := os.Chtimes(filepath.Join(c.Keys, "seal.json"), earlier, earlier); err != nil {
		t.Fatal(err)
	}
	mustCommand(t, "keys", "retire")
	retired, err := filepath.Glob(filepath.Join(c.Keys, "*.retired.json"))
	if err != nil || len(retired) != 1 {
		t.Fatalf("retired %v, %v", retired, err)
	}
	if err := os.Remove(retired[0]); err != nil {
		t.Fatal(err)
	}
	after := contents(t, c)
	for place, plain := range before {
		if after[place] != plain {
			t.Fatalf("%+v is not what it was", place)
		}
	}
}

// killAfter starts the command in a process of its own and kills it after it has said some lines; with none, at once.
func killAfter(t *testing.T, lines int, args ...string) {
	t.Helper()
	process := exec.Command(os.Args[0], args...)
	process.Env = append(os.Environ(), asCommand+"=1")
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	for range lines {
		if !said.Scan() {
			break
		}
	}
	_ = process.Process.Kill() // an error says that it ended by itself
	_ = process.Wait()
}

func TestKeyCommandsSayWhatIsNext(t *testing.T) {
	demoHouse(t)
	for _, step := range []struct{ command, says, refuses string }{
		{"promote", "", "add one first"},
		{"retire", "", "no old key"},
		{"add", "then keys promote", ""},
		{"add", "", "was added already"},
		{"reseal", "", "promote it first"},
		{"status", "waits to be promoted", ""},
		{"promote", "then keys reseal", ""},
		{"status", "old, opens only", ""},
		{"reseal", "statement.body", ""},
		{"complete", "", ""},
		{"restore", "", "needs the path"},
		{"turn", "", "no command"},
	} {
		out, err := command(t, "keys", step.command)
		if (err == nil) != (step.refuses == "") || err != nil && !strings.Contains(err.Error(), step.refuses) {
			t.Fatalf("keys %s: %v; want %q", step.command, err, step.refuses)
		}
		if !strings.Contains(out, step.says) || err != nil && out != "" {
			t.Fatalf("keys %s says %q; want %q", step.command, out, step.says)
		}
	}
	t.Setenv("EINVERSTANDEN_KEYS", "")
	if _, err := command(t, "keys", "status"); err == nil || !strings.Contains(err.Error(), "EINVERSTANDEN_KEYS") {
		t.Errorf("without a folder: %v", err)
	}
}
