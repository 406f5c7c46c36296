package app

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/config"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// The data protection officer gets a checkpoint once the log has grown, with the note that was signed, once for each size,
// and nothing where the school has signed nothing yet.
func TestTheDPOIsMailedACheckpointWhenTheLogHasGrown(t *testing.T) {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	server := testkit.NewSMTP(t, testkit.SMTPConfig{Security: "none"})
	c := demoConfig(newFolder(t))
	c.SMTP = config.SMTP{Host: "127.0.0.1", Port: server.Port, Security: "none", From: "schule@schule.example"}
	a, err := Open(c, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if err := a.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	made, err := a.Schools.Create(ctx, school.Settings{
		Name: "Gesamtschule am Deich", Officers: school.Officers{HeadName: "Ada Musterfrau", DPOName: "Jo Beispiel", DPOContact: "dsb@schule.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := db.InSchool(ctx, made)
	day := func() []testkit.Mail {
		t.Helper()
		if err := a.eachDay(in, outbox.Claimed{}); err != nil {
			t.Fatal(err)
		}
		w, stop, err := a.worker()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Once(ctx); err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		return server.Mails()
	}
	if got := day(); len(got) != 0 {
		t.Fatalf("nothing was signed, and %d mails came", len(got))
	}
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
		"languages": {"de": {"title": "T", "blocks": [{"id": "p1", "kind": "point", "text": "Text"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	head := authz.Actor{School: made, Account: id.New[id.Account](), Session: id.New[id.Session](), Role: authz.Head}
	if _, err := a.Consents.Publish(in, head, draft, calendar.Date{}); err != nil { // the first leaf
		t.Fatal(err)
	}
	got := day()
	if len(got) != 1 || len(got[0].To) != 1 || got[0].To[0] != "dsb@schule.example" || got[0].Subject() != "Prüfpunkt des Nachweises" {
		t.Fatalf("%+v", got)
	}
	signed, err := a.Notary.Sign(in, 0)
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.ReplaceAll(got[0].Text, "\r\n", "\n"); signed.Note == "" || !strings.Contains(text, strings.TrimSpace(signed.Note)) {
		t.Errorf("the mail does not hold the note\n%s\nbut says\n%s", signed.Note, text)
	}
	if got := day(); len(got) != 1 { // on another day, or once more on the same: nothing is new
		t.Errorf("%d mails about one log", len(got))
	}
	if _, err := a.Consents.Publish(in, head, draft, calendar.Date{}); err != nil {
		t.Fatal(err)
	}
	if got := day(); len(got) != 2 {
		t.Errorf("%d mails after the log has grown", len(got))
	}
}

// A month in which nothing was signed has its mail too, and a log that was written anew at the same size is another.
func TestWhichCheckpointIsNews(t *testing.T) {
	first := evidence.Signed{Checkpoint: proof.Checkpoint{Size: 7}, Note: "note"}
	day := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	event := func(signed evidence.Signed, at time.Time) string { return checkpointFor("school", signed, at).Event }
	grown, rewritten := first, first
	grown.Size, rewritten.Root[0] = 8, 1
	if event(first, day) != event(first, day.AddDate(0, 0, 27)) {
		t.Error("twice in a month")
	}
	for name, other := range map[string]string{
		"next month": event(first, day.AddDate(0, 0, 28)), "grown": event(grown, day), "rewritten": event(rewritten, day),
	} {
		if other == event(first, day) {
			t.Errorf("%s: no news", name)
		}
	}
}
