package lowering_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/lowering"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// family is a child with two guardians at a school where one yes is enough; the mother has said yes to picture and sound.
type family struct {
	*testkit.School
	*lowering.Service
	consents *consent.Service
	child    school.Pupil
	mother   id.Person
	father   id.Person
	version  id.Version
	textHash string
}

var address = netip.MustParseAddr("192.0.2.7")

func newFamily(t testing.TB, env *testkit.Env) *family {
	t.Helper()
	s := env.NewSchool(t)
	f := &family{School: s, consents: consent.NewService(env.DB, env.Vault, s.Log, s.Service, s.Hub)}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	accounts := account.NewService(env.DB, env.Vault, evidence.NewLog(env.Vault), nil, env.Clock.Now, log)
	f.Service = lowering.NewService(env.DB, env.Vault, accounts, f.consents, standing.NewService(env.DB, f.consents, s.Service))
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
		"languages": {"de": {"title": "Videokonferenzen", "blocks": [{"id": "p1", "kind": "point", "text": "Text"}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	version, err := f.consents.Publish(s.Ctx, s.Staff(authz.Head), draft, calendar.Date{})
	if err != nil {
		t.Fatal(err)
	}
	f.version = version.ID
	s.Read(func(tx *db.Tx) error {
		_, texts, err := f.consents.InForce(tx)
		f.textHash = texts["de"].SHA256
		return err
	})
	f.child = s.Pupil("Lena", "Brückner", "2014-03-12", s.Class("7b"))
	f.mother, f.father = id.GuardianOf(s.Guardian("Vera", "Brückner", f.child).ID), id.GuardianOf(s.Guardian("Nils", "Brückner", f.child).ID)
	f.saysYes(t, "")
	return f
}

func (f *family) saysYes(t testing.TB, after id.Decision) id.Decision {
	t.Helper()
	out, err := f.consents.Answer(f.Ctx, f.As(f.mother), consent.AnswerInput{
		Pupil: f.child.ID, Answer: participation.Video, Version: f.version, TextSHA256: f.textHash, Language: "de", After: after,
		Signature: &consent.Signature{Kind: "typed", Name: "Vera Brückner"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Decision.ID
}

func (f *family) key(person id.Person) (key string) {
	f.Read(func(tx *db.Tx) error {
		made, err := f.KeyOf(tx, person, f.child.ID)
		key = string(made)
		return err
	})
	return key
}

func (f *family) wantState(t *testing.T, key string, mode participation.Mode, extents ...consent.Extent) {
	t.Helper()
	state, err := f.Look(t.Context(), key, address)
	if err != nil {
		t.Fatal(err)
	}
	if state.Child.Short() != "Lena B." || state.Mode != mode || !slices.Equal(state.Extents, extents) {
		t.Errorf("shown %+v, want %s and %v", state, mode, extents)
	}
}

func TestAKeyLowersInTwoStepsAndItsPersonsOwnYesRaises(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		key := f.key(f.mother)
		f.wantState(t, key, participation.Video, consent.Picture, consent.Everything)
		if _, err := f.Lower(t.Context(), key, consent.Picture, address); err != nil {
			t.Fatal(err)
		}
		f.wantState(t, key, participation.Audio, consent.Everything)
		out, err := f.Lower(t.Context(), key, consent.Everything, address)
		if err != nil || out.Repeated {
			t.Fatalf("%+v, %v", out, err)
		}
		f.wantState(t, key, participation.None)
		again, err := f.Lower(t.Context(), key, consent.Picture, address)
		if err != nil || !again.Repeated || again.Receipt != out.Receipt {
			t.Errorf("a limit that is in force already: %+v, %v; want the earlier receipt", again, err)
		}
		f.saysYes(t, out.Decision.ID)
		f.wantState(t, key, participation.Video, consent.Picture, consent.Everything)
	})
}

// The evidence says no more than was shown: a key, no session, and whose key it was.
func TestTheStatementSaysThatOnlyAKeyWasShown(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		out, err := f.Lower(t.Context(), f.key(f.mother), consent.Everything, address)
		if err != nil {
			t.Fatal(err)
		}
		var raw []byte
		f.Read(func(tx *db.Tx) (err error) {
			raw, err = f.Log.Statement(tx, out.Receipt.ID)
			return err
		})
		said, err := proof.DecodeStatement(raw)
		if err != nil {
			t.Fatal(err)
		}
		declared, server := said.Declaration.(*proof.DecisionDeclared), said.Server.(*proof.DecisionServer)
		if declared.Person != f.mother || declared.Extent != "all" || server.Channel != "app" || server.Means != proof.MeansKey ||
			server.Session != "" || server.Passkey != nil || server.RecordedBy != "" {
			t.Errorf("the statement says %s", raw)
		}
		if out.Decision.Means != proof.MeansKey || out.Decision.Session != "" {
			t.Errorf("the decision says %q in %q", out.Decision.Means, out.Decision.Session)
		}
	})
}

// The other guardian's key sets the other's limit; the mother's yes cannot end it.
func TestAKeySetsTheLimitOfItsOwnPersonAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		if f.key(f.mother) == f.key(f.father) {
			t.Fatal("one key for two people")
		}
		out, err := f.Lower(t.Context(), f.key(f.father), consent.Everything, address)
		if err != nil || out.Decision.Person != f.father {
			t.Fatalf("%+v, %v", out, err)
		}
		f.wantState(t, f.key(f.mother), participation.None, consent.Picture, consent.Everything)
	})
}

func TestARepeatedCallWithItsKeyIsOneWithdrawal(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		call := idempotency.With(t.Context(), idempotency.Key{Route: "POST /lowering/{key}", Value: "k1", Body: []byte(`{"extent":"all"}`)})
		first, err := f.Lower(call, f.key(f.mother), consent.Everything, address)
		if err != nil {
			t.Fatal(err)
		}
		f.saysYes(t, first.Decision.ID)
		again, err := f.Lower(call, f.key(f.mother), consent.Everything, address)
		if err != nil || again.Decision.ID != first.Decision.ID {
			t.Errorf("%+v, %v", again, err)
		}
		f.wantState(t, f.key(f.mother), participation.Video, consent.Picture, consent.Everything)
		other, err := f.Lower(call, f.key(f.father), consent.Everything, address)
		if err != nil || other.Decision.Person != f.father {
			t.Errorf("another person's call under the same key: %+v, %v", other, err)
		}
		var found int
		f.Read(func(tx *db.Tx) error {
			return tx.G().Raw("SELECT count(*) FROM idempotency WHERE actor = '' OR route LIKE ?", "%"+string(f.child.ID)+"%").Scan(&found).Error
		})
		if found != 0 {
			t.Error("a key lies in the table of idempotency keys")
		}
	})
}

// Wrong in whatever way, the answer is one; and no number of wrong keys shuts out the right one (X20).
func TestX20WrongKeysAreAlikeAndCountForThemselvesAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		right := f.key(f.mother)
		renewed, err := f.Renew(f.Ctx, f.As(f.mother), f.child.ID)
		if err != nil || string(renewed) == right {
			t.Fatalf("%v", err)
		}
		stranger := id.GuardianOf(f.Guardian("Uwe", "Fremd").ID)
		fields := strings.Split(right, ".")
		answers := map[string]bool{}
		for _, wrong := range []string{
			"", "x", "a.b", "a.b.c", "a.b.c.d", right, right + "A", strings.ToUpper(right), f.key(stranger), strings.Repeat("a.", 200),
			fields[0] + "." + string(id.New[id.Pupil]()) + "." + fields[2], string(id.New[id.School]()) + "." + fields[1] + "." + fields[2],
		} {
			_, err := f.Look(t.Context(), wrong, address)
			_, lowered := f.Lower(t.Context(), wrong, consent.Everything, address)
			answers[fmt.Sprint(err)], answers[fmt.Sprint(lowered)] = true, true
			if !fault.Has(err, fault.NothingHere) {
				t.Errorf("%.40q: %v", wrong, err)
			}
		}
		if len(answers) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
		for range 60 {
			_, err = f.Look(t.Context(), "a.b.c", address)
		}
		if !fault.Has(err, fault.TooManyTries) {
			t.Errorf("after 84 wrong keys: %v", err)
		}
		if _, err := f.Look(t.Context(), "a.b.c", address.Next()); !fault.Has(err, fault.NothingHere) {
			t.Errorf("from another address: %v", err)
		}
		if _, err := f.Lower(t.Context(), string(renewed), consent.Everything, address); err != nil {
			t.Errorf("the right key from the same address: %v", err)
		}
	})
}

func TestAKeyEndsWithTheSayAndWithTheSchooling(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		key := f.key(f.mother)
		end := func(table, column string) {
			f.Write(func(tx *db.Tx) error {
				return tx.G().Exec("UPDATE "+table+" SET "+column+" = ? WHERE school_id = ? AND pupil_id = ?",
					f.Today().AddDays(-1), tx.School, f.child.ID).Error
			})
		}
		end("schooling", "until_on")
		if _, err := f.Look(t.Context(), key, address); !fault.Has(err, fault.NothingHere) {
			t.Errorf("after leaving: %v", err)
		}
		f.Write(func(tx *db.Tx) error {
			return tx.G().Exec("UPDATE schooling SET until_on = ? WHERE school_id = ?", calendar.Date{}, tx.School).Error
		})
		f.wantState(t, key, participation.Video, consent.Picture, consent.Everything)
		end("guardianship", "until_on")
		if _, err := f.Lower(t.Context(), key, consent.Everything, address); !fault.Has(err, fault.NothingHere) {
			t.Errorf("after the end of custody: %v", err)
		}
	})
}

// An old backup knows the people, not the prints. The key is derived, so that what was printed since works anyway.
func TestAPrintedKeyNeedsNoRow(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		f := newFamily(t, env)
		var rows int
		key := f.key(f.mother)
		f.Read(func(tx *db.Tx) error { return tx.G().Raw("SELECT count(*) FROM lowering_key").Scan(&rows).Error })
		if rows != 0 || key != f.key(f.mother) {
			t.Errorf("%d rows", rows)
		}
	})
}

func TestAKeyShowsItselfNowhere(t *testing.T) {
	key := lowering.Key("school.pupil.secret")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", key)
	for _, text := range []string{fmt.Sprint(key), fmt.Sprintf("%v %s %q %#v", key, key, key, key), log.String()} {
		if strings.Contains(text, "secret") {
			t.Error(text)
		}
	}
	base, _ := url.Parse("https://einverstanden.schule.example")
	if got := lowering.URL(base, key); got != "https://einverstanden.schule.example/w#school.pupil.secret" {
		t.Error(got)
	}
}

// Whatever is typed in place of a key, the answer is one fault, and nothing is lowered.
func FuzzLoweringKey(f *testing.F) {
	env := testkit.NewSQLite(f)
	home := newFamily(f, env)
	right := home.key(home.mother)
	for _, seed := range []string{"", ".", "..", right, right[:len(right)-1], right + ".", strings.ToLower(right), "%2e", "\x00", "'; --", "ä.ö.ü"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := home.Look(t.Context(), text, netip.AddrFrom4([4]byte{byte(len(text)), 2, 3, 4}))
		switch {
		case text == right:
			if err != nil {
				t.Error(err)
			}
		case !fault.Has(err, fault.NothingHere) && !fault.Has(err, fault.TooManyTries):
			t.Errorf("%q: %v", text, err)
		}
	})
}
