package card_test

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/card"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/paper"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// entrance is a school with class 7b, its teacher, and two pupils.
type entrance struct {
	*testkit.School
	*card.Service
	t         *testing.T
	accounts  *account.Service
	meetings  *meeting.Service
	class     school.Class
	teacher   authz.Actor
	lena, ben school.Pupil
}

type nobodysDates struct{}

func (nobodysDates) BirthDates(*db.Tx, id.Person) ([]calendar.Date, error) { return nil, nil }

func newEntrance(t *testing.T, env *testkit.Env) *entrance {
	t.Helper()
	s := env.NewSchool(t)
	e := &entrance{School: s, t: t, class: s.Class("7b")}
	printer, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	consents := consent.NewService(env.DB, env.Vault, s.Log, s.Service, s.Hub)
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
		"languages": {"de": {"title": "T", "blocks": [{"id": "p1", "kind": "point", "text": "Text"}]}}}`))
	if err == nil {
		_, err = consents.Publish(s.Ctx, s.Staff(authz.Head), draft, s.Today())
	}
	if err != nil {
		t.Fatal(err)
	}
	standings := standing.NewService(env.DB, consents, s.Service)
	e.meetings = meeting.NewService(env.DB, s.Service, standings, rules.NewService(env.DB, s.Service, s.Hub), s.Hub)
	e.accounts = account.NewService(env.DB, env.Vault, s.Log, nobodysDates{}, env.Clock.Now, slog.New(slog.DiscardHandler)).HashWeakly()
	e.Service = card.NewService(env.DB, s.Service, e.accounts, e.meetings, standings, printer, &url.URL{Scheme: "https", Host: "schule.example"})
	e.lena, e.ben = s.Pupil("Lena", "Brückner", "2014-03-12", e.class), s.Pupil("Ben", "Arndt", "2014-05-01", e.class)
	made, err := e.accounts.CreateStaff(s.Ctx, account.NewStaff{
		Name: "Kim Lehmann", Email: "kim@schule.example", Role: authz.Teacher, Password: "kupfer-Lampe-41-wiese", Language: "de",
	})
	if err != nil {
		t.Fatal(err)
	}
	e.teacher = authz.Actor{School: s.ID, Account: made, Role: authz.Teacher}
	if err := s.Service.GiveClass(s.Ctx, s.Staff(authz.Office), e.class.ID, made); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *entrance) card(pupil id.Pupil) account.NewCard {
	e.t.Helper()
	issued, err := e.Issue(e.Ctx, e.teacher, e.class.ID, []id.Pupil{pupil})
	if err != nil {
		e.t.Fatal(err)
	}
	return issued.Cards[0]
}

func (e *entrance) signIn(key account.DoorKey, card account.NewCard) error {
	_, err := e.SignIn(context.Background(), key, card.Pupil, card.PIN, account.Device{Address: address})
	return err
}

var address = netip.MustParseAddr("198.51.100.7")

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if !fault.Has(err, code) {
		t.Errorf("want %s, got %v", code, err)
	}
}

func TestCardsArePrintedInTheOrderOfNamesForPupilsOfTheClassAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		e := newEntrance(t, env)
		stranger := e.Pupil("Jan", "Fremd", "2014-02-02", e.Class("7c"))
		issued, err := e.Issue(e.Ctx, e.teacher, e.class.ID, []id.Pupil{e.lena.ID, e.ben.ID})
		if err != nil || len(issued.PDF) == 0 || len(issued.Cards) != 2 || issued.Cards[0].Pupil != e.ben.ID {
			t.Fatalf("printed %d bytes of %v (%v)", len(issued.PDF), issued.Cards, err)
		}
		_, err = e.Issue(e.Ctx, e.teacher, e.class.ID, []id.Pupil{e.lena.ID, stranger.ID})
		wantFault(t, err, fault.NothingHere)
		_, err = e.Issue(e.Ctx, e.teacher, e.class.ID, nil)
		wantFault(t, err, fault.InvalidInput)
		door, err := e.Of(e.Ctx, e.teacher, e.class.ID)
		if err != nil || len(door.Holders) != 2 || door.Holders[0].IssuedAt.IsZero() || door.HasLink {
			t.Errorf("the door of the class is %+v (%v)", door, err)
		}
		_, err = e.OpenLink(e.Ctx, e.teacher, e.class.ID)
		wantFault(t, err, fault.NothingHere)
	})
}

func TestACardEndsWhenItsPupilHasLeft(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		e := newEntrance(t, env)
		made := e.card(e.lena.ID)
		if err := e.signIn(made.Key, made); err != nil {
			t.Fatal(err)
		}
		e.Write(func(tx *db.Tx) error {
			tx.MarkAudited()
			return tx.G().Exec("UPDATE schooling SET until_on = ? WHERE pupil_id = ?", e.Today(), e.lena.ID).Error
		})
		if err := e.signIn(made.Key, made); err != nil {
			t.Errorf("on the last day: %v", err)
		}
		env.Clock.Advance(24 * time.Hour)
		wantFault(t, e.signIn(made.Key, made), fault.CardVoid)
		_, err := e.Look(context.Background(), made.Key, address)
		wantFault(t, err, fault.CardVoid)
	})
}

func TestX22TheLinkOpensAroundAMeetingAndTheTeachersTapLastsAnHour(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		e := newEntrance(t, env)
		made := e.card(e.lena.ID)
		key, err := e.RenewLink(e.Ctx, e.teacher, e.class.ID)
		if err != nil {
			t.Fatal(err)
		}
		tiles := func() []card.Tile {
			t.Helper()
			door, err := e.Look(context.Background(), key, address)
			if err != nil || door.Open != (len(door.Tiles) > 0) {
				t.Errorf("the link shows %+v (%v)", door, err)
			}
			return door.Tiles
		}
		shown := []card.Tile{{Pupil: e.lena.ID, Name: "Lena B."}}
		if got := tiles(); got == nil || len(got) != 0 {
			t.Errorf("without a meeting: %v", got)
		}
		wantFault(t, e.signIn(key, made), fault.ClassLinkClosed)
		planned, err := e.meetings.Plan(e.Ctx, e.teacher, meeting.Plan{
			Title: "Deutsch", Kind: participation.Lesson, Class: e.class.ID, Length: 45 * time.Minute, StartsAt: env.Clock.Now().Add(30 * time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := tiles(); !slices.Equal(got, shown) {
			t.Errorf("half an hour before a meeting: %v", got)
		}
		if err := e.signIn(key, made); err != nil {
			t.Errorf("by tile: %v", err)
		}
		env.Clock.Set(planned.EndsAt)
		if got := tiles(); len(got) != 0 {
			t.Errorf("after the meeting: %v", got)
		}
		until, err := e.OpenLink(e.Ctx, e.teacher, e.class.ID)
		if err != nil || !until.Equal(planned.EndsAt.Add(time.Hour)) || !slices.Equal(tiles(), shown) {
			t.Errorf("after the tap it is open until %s (%v)", until, err)
		}
		env.Clock.Set(until)
		if got := tiles(); len(got) != 0 {
			t.Errorf("an hour after the tap: %v", got)
		}
	})
}

func TestUnknownKeysAreAllAlikeAndCountedAndKnownOnesNever(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		e := newEntrance(t, env)
		made := e.card(e.lena.ID)
		ctx := context.Background()
		for _, key := range []account.DoorKey{"", "x", "x.y", account.NewDoorKey(e.ID), account.NewDoorKey("elsewhere"), made.Key + "A"} {
			_, err := e.Look(ctx, key, address)
			wantFault(t, err, fault.DoorKeyUnknown)
		}
		foreign := made
		foreign.Pupil = e.ben.ID
		wantFault(t, e.signIn(made.Key, foreign), fault.DoorKeyUnknown)
		for range 60 - 7 {
			_, err := e.Look(ctx, "x.y", address)
			wantFault(t, err, fault.DoorKeyUnknown)
		}
		_, err := e.Look(ctx, "x.y", address)
		wantFault(t, err, fault.TooManyTries)
		if err := e.signIn(made.Key, made); err != nil {
			t.Errorf("a right card behind the same address: %v", err)
		}
	})
}

func TestAGuardianWhoseSayHasEndedOpensForNobody(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		e := newEntrance(t, env)
		vera := e.Guardian("Vera", "Brückner", e.lena)
		actor := e.As(id.GuardianOf(vera.ID))
		if _, err := e.OpenForChild(e.Ctx, actor, e.lena.ID); err != nil {
			t.Fatal(err)
		}
		_, err := e.OpenForChild(e.Ctx, actor, e.ben.ID)
		wantFault(t, err, fault.NothingHere)
		e.Write(func(tx *db.Tx) error {
			tx.MarkAudited()
			return tx.G().Exec("UPDATE guardianship SET custody = 'none' WHERE guardian_id = ?", vera.ID).Error
		})
		_, err = e.OpenForChild(e.Ctx, actor, e.lena.ID)
		wantFault(t, err, fault.NothingHere)
	})
}
