package main

import (
	"bytes"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/proof"
)

// newSchool makes a school with one published form by the commands, and gives its id and its database file.
func newSchool(t *testing.T) (school, file string) {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("EINVERSTANDEN_DATA", filepath.Join(folder, "data"))
	t.Setenv("EINVERSTANDEN_KEYS", filepath.Join(folder, "keys"))
	t.Setenv("EINVERSTANDEN_DATABASE", "")
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	settings := write("school.json", `{"name": "Gesamtschule Musterstadt", "address": "Lindenallee 4",
		"officers": {"headName": "Ada Musterfrau", "dpoName": "Jo Beispiel", "dpoContact": "dsb@schule.example"},
		"authorityName": "Landesbeauftragte", "conferenceSystem": "IServ", "processorName": "IServ GmbH", "userRules": "Regeln"}`)
	form := write("form.json", `{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
		"languages": {"de": {"title": "Videokonferenzen", "blocks": [{"id": "p1", "kind": "point", "icon": "camera", "text": "Wir fragen Sie."}]}}}`)
	made, err := command(t, "school", "create", settings)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, "form", "publish", form); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(made), filepath.Join(folder, "data", "einverstanden.db")
}

func TestADatabaseThatAgreesIsSaidTo(t *testing.T) {
	school, file := newSchool(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out, err := command(t, "verify", "--database", "--school", school)
	if err != nil || !strings.Contains(out, "1 leaves were read; 1 statements stand") || !strings.Contains(out, "agree.") {
		t.Errorf("%v\n%s", err, out)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("verifying changed the file (%v)", err)
	}
}

func TestFindingsAreNamedAndFailTheCommand(t *testing.T) {
	school, file := newSchool(t)
	pool, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, statement := range []string{"DROP TRIGGER form_text_no_update", "UPDATE form_text SET title = 'Anderes'"} {
		if _, err := pool.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	signer, err := proof.NewSigner(proof.OriginOf(school), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(t.TempDir(), "checkpoint.txt")
	longer := proof.Checkpoint{Size: 9, Root: tlog.RecordHash(nil), At: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	if err := os.WriteFile(note, []byte(signer.Sign(longer)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, "verify", "--database", "--key", signer.Key().String(), note)
	if err == nil || !strings.Contains(err.Error(), "2 findings") {
		t.Errorf("got %v", err)
	}
	for _, line := range []string{"Finding: changed: form_text.title, blocks", "Finding: truncated: file " + note} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in\n%s", line, out)
		}
	}
}

func TestWhatCannotBeVerifiedIsRefused(t *testing.T) {
	_, file := newSchool(t)
	for name, args := range map[string][]string{
		"no --database": {"verify"}, "no key": {"verify", "--database", "--key", "x"}, "no such file": {"verify", "--database", "/none"},
	} {
		if out, err := command(t, args...); err == nil {
			t.Errorf("%s:\n%s", name, out)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := command(t, "verify", "--database"); err == nil {
		t.Error("a missing database is verified")
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the missing database was made: %v", err)
	}
}
