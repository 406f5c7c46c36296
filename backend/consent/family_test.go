package consent_test

import (
	"context"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// family is a fresh school with one pupil of twelve and two guardians with joint custody.
type family struct {
	*testkit.School
	t         *testing.T
	consents  *consent.Service
	standings *standing.Service
	pupil     school.Pupil
	mother    school.Guardian
	father    school.Guardian
	version   consent.Version
}

func newFamily(t *testing.T, env *testkit.Env) *family {
	t.Helper()
	s := env.NewSchool(t)
	f := &family{School: s, t: t}
	f.consents = consent.NewService(env.DB, env.Vault, s.Log, s.Service, s.Hub)
	f.standings = standing.NewService(env.DB, f.consents, s.Service)
	f.pupil = s.Pupil("Lena", "Brückner", "2014-03-12", s.Class("7b"))
	f.mother = s.Guardian("Vera", "Brückner", f.pupil)
	f.father = s.Guardian("Udo", "Brückner", f.pupil)
	f.version = f.publish(participation.Material, participation.One)
	return f
}

func draftOf(change participation.Change, policy participation.Policy) consent.Draft {
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "` + string(change) + `", "policy": "` + string(policy) + `",
		"say": {"preset": "letter"}, "languages": {
		"de": {"title": "Videokonferenzen", "blocks": [{"id": "p1", "kind": "point", "icon": "camera", "text": "Die {{schoolName}} fragt Sie.", "clauses": ["S2"]}]},
		"tr": {"title": "Görüntülü konferanslar", "blocks": [{"id": "p1", "kind": "point", "icon": "camera", "text": "{{schoolName}} size soruyor.", "clauses": ["S2"]}]}}}`))
	if err != nil {
		panic(err)
	}
	return draft
}

// publish publishes the next version, in force today.
func (f *family) publish(change participation.Change, policy participation.Policy) consent.Version {
	f.t.Helper()
	version, err := f.consents.Publish(f.Ctx, f.Staff(authz.Head), draftOf(change, policy), f.Today())
	if err != nil {
		f.t.Fatal(err)
	}
	return version
}

func (f *family) as(g school.Guardian) authz.Actor { return f.As(id.GuardianOf(g.ID)) }

// input is what the page of the guardian would send now.
func (f *family) input(g school.Guardian, answer participation.Mode) consent.AnswerInput {
	f.t.Helper()
	in := consent.AnswerInput{Pupil: f.pupil.ID, Answer: answer, Language: consent.German}
	f.Read(func(tx *db.Tx) error {
		sheet, err := f.consents.Sheet(tx, f.as(g), f.pupil.ID, consent.German)
		in.Version, in.TextSHA256, in.After = sheet.Version.ID, sheet.German.SHA256, sheet.After
		return err
	})
	if answer > participation.None {
		in.Signature = &consent.Signature{Kind: string(consent.TypedSignature), Name: g.Given + " " + g.Family}
	}
	return in
}

func (f *family) answer(g school.Guardian, answer participation.Mode) consent.Outcome {
	f.t.Helper()
	outcome, err := f.consents.Answer(f.Ctx, f.as(g), f.input(g, answer))
	if err != nil {
		f.t.Fatal(err)
	}
	return outcome
}

func (f *family) withdraw(g school.Guardian, extent consent.Extent) consent.Outcome {
	f.t.Helper()
	outcome, err := f.consents.Withdraw(f.Ctx, f.as(g), f.pupil.ID, extent)
	if err != nil {
		f.t.Fatal(err)
	}
	return outcome
}

func (f *family) standing() standing.Standing {
	f.t.Helper()
	var found standing.Standing
	f.Read(func(tx *db.Tx) error {
		all, err := f.standings.Of(tx, []id.Pupil{f.pupil.ID})
		found = all[f.pupil.ID]
		return err
	})
	return found
}

func (f *family) wantMode(want participation.Mode) {
	f.t.Helper()
	if got := f.standing().Mode; got != want {
		f.t.Fatalf("mode is %s, want %s (reasons %+v)", got, want, f.standing().Reasons)
	}
}

// leaves counts the leaves of decisions in the school's log.
func (f *family) leaves() (n int64) {
	f.t.Helper()
	f.Read(func(tx *db.Tx) error {
		return tx.G().Table("leaf").Where("school_id = ? AND kind = ?", tx.School, "decision").Count(&n).Error
	})
	return n
}

func (f *family) wantFault(err error, code fault.Code) {
	f.t.Helper()
	if !fault.Has(err, code) {
		f.t.Fatalf("got %v, want %s", err, code)
	}
}

func withKey(ctx context.Context, actor authz.Actor, key, body string) context.Context {
	return idempotency.With(ctx, idempotency.Key{Actor: string(actor.Account), Route: "POST /decisions", Value: key, Body: []byte(body)})
}

func (f *family) today() calendar.Date { return f.Today() }
