package app

import (
	"log/slog"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/calendar"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/push"
	"einverstanden/backend/testkit"
)

// browserHouse is a program with a school whose guardian has a browser that gets messages.
type browserHouse struct {
	*App
	*testkit.School
	t        *testing.T
	guardian id.Person
	other    id.Person
}

func newBrowserHouse(t *testing.T) *browserHouse {
	t.Helper()
	env := testkit.NewSQLite(t)
	s := env.NewSchool(t)
	c, err := config.Load(func(name string) (string, bool) { return "push@schule.example", name == "EINVERSTANDEN_PUSH_CONTACT" })
	if err != nil {
		t.Fatal(err)
	}
	a, err := Build(c, env.DB, env.Vault, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a.withPush(nobody{}, push.KnownServices)
	const birth = "2014-03-12"
	pupil := s.Pupil("Mara", "Ebert", birth, s.Class("5a"))
	h := &browserHouse{a, s, t, id.GuardianOf(s.Guardian("Vera", "Ebert", pupil).ID), id.GuardianOf(s.Guardian("Tom", "Ebert", pupil).ID)}
	letters, err := a.Accounts.IssueForSystem(s.Ctx, []account.Recipient{{Person: h.guardian}})
	h.must(err)
	in, err := a.Accounts.RedeemLetter(s.Ctx, letters[0].LetterNo, string(letters[0].Secret), calendar.MustParse(birth), account.Device{})
	h.must(err)
	key := env.Vault.VAPIDKeys()[0].PublicText()
	_, err = a.Push.Subscribe(s.Ctx, in.Actor, push.New{Endpoint: "https://fcm.googleapis.com/fcm/send/x", P256dh: key, Auth: "AAAAAAAAAAAAAAAAAAAAAA", Key: key})
	h.must(err)
	a.Push.Wait()
	h.exec("UPDATE push_subscription SET active_at = 1")
	return h
}

func (h *browserHouse) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *browserHouse) exec(query string, args ...any) {
	h.Write(func(tx *db.Tx) error { return tx.G().Exec(query, args...).Error })
}

// By the school's clock, for push alone, and for those alone whom it would reach.
func TestPushWaitsForTheSchoolsNextOpenHour(t *testing.T) {
	h := newBrowserHouse(t)
	sunday := time.Date(2027, 3, 28, 10, 0, 0, 0, time.UTC) // Easter, and the day on which the clock changes
	tuesday := time.Date(2027, 3, 30, 6, 0, 0, 0, time.UTC) // 8:00 in summer
	for name, tt := range map[string]struct {
		by     notify.ChannelName
		kind   notify.Kind
		person id.Person
		want   time.Time
	}{
		"held":                {notify.Push, notify.AnswerRecorded, h.guardian, tuesday},
		"a change, no lesson": {notify.Push, notify.ModeChanged, h.guardian, tuesday},
		"by mail":             {notify.Mail, notify.AnswerRecorded, h.guardian, sunday},
		"no browser":          {notify.Push, notify.AnswerRecorded, h.other, sunday},
		"another device":      {notify.Push, notify.DeviceLinked, h.guardian, sunday},
		"a reminder":          {notify.Push, notify.Reminder, h.guardian, sunday},
	} {
		got, err := h.quiet(h.Ctx, tt.by, notify.Message{Kind: tt.kind, Person: tt.person, Subject: "nobody", At: sunday}, sunday)
		if err != nil || !got.Equal(tt.want) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, tt.want)
		}
	}
}

func TestWhoDoesNotStartTheAppIsWrittenToOnce(t *testing.T) {
	h := newBrowserHouse(t)
	m := notify.Message{Kind: notify.PushRests, Person: h.guardian}
	wantRests := func(jobs int64, still bool) {
		t.Helper()
		for range 2 { // the daily round may run twice
			h.must(h.DB.WriteUnaudited(h.Ctx, h.tellResting))
		}
		var found int64
		h.Read(func(tx *db.Tx) error {
			return tx.G().Table("outbox").Where("dedup_key LIKE ?", "message|push_rests|%").Count(&found).Error
		})
		got, err := h.stillRests(h.Ctx, m)
		if err != nil || got != still || found != jobs {
			t.Errorf("%d jobs, rests: %t, %v; want %d, %t", found, got, err, jobs, still)
		}
	}
	wantRests(0, false)
	h.exec("UPDATE push_subscription SET seen_at = ?", h.Clock.Now().Add(-46*24*time.Hour).UnixMicro())
	wantRests(1, true)
	h.Clock.Advance(24 * time.Hour)
	wantRests(1, true)
	h.exec("UPDATE push_subscription SET seen_at = ?", h.Clock.Now().UnixMicro())
	wantRests(1, false)
}
