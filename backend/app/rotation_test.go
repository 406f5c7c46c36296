package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/config"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/push"
	"einverstanden/backend/rotation"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

// house is a program on a database and a key folder of its own, with the demo school in it and at least one value in
// every sealed column.
type house struct {
	*App
	env    *testkit.Env
	school context.Context
	t      *testing.T
}

func newHouse(t *testing.T, env *testkit.Env) *house {
	t.Helper()
	folder := t.TempDir()
	if err := vault.Create(folder); err != nil {
		t.Fatal(err)
	}
	h := &house{App: build(t, env, folder), env: env, t: t}
	env.Clock.Set(time.Now()) // the demo school is of today
	ctx := context.Background()
	h.must(h.makeDemoSchool(ctx))
	schools, err := h.DB.Schools(ctx)
	h.must(err)
	h.school = db.InSchool(ctx, schools[0])
	h.answerWithPlace()
	h.must(h.setUpDemoTOTP(h.school, authz.Head))
	_, err = h.Accounts.InviteForSystem(h.school, account.NewInvitation{Role: authz.Teacher, Email: "neu@demo.example", Name: "Nele Neu"})
	h.must(err)
	h.makeToken(schools[0])
	return h
}

func (h *house) makeToken(school id.School) {
	h.t.Helper()
	var office []id.Account
	h.must(h.DB.Read(h.school, func(tx *db.Tx) error {
		return tx.G().Table("account_role").Where("role = ?", authz.Office).Pluck("account_id", &office).Error
	}))
	_, err := h.Accounts.MakeAPIToken(h.school, authz.Actor{School: school, Account: office[0], Role: authz.Office},
		account.NewAPIToken{Name: "Anzeige im Foyer", Scopes: authz.AllScopes})
	h.must(err)
}

// subscribe has push messages sent to a browser that nobody reaches.
func (h *house) subscribe(actor authz.Actor) {
	h.t.Helper()
	key := h.Vault.VAPIDKeys()[0].PublicText()
	sender := push.NewSender(nobody{}, push.KnownServices, "push@schule.example", now, h.log)
	service := push.NewService(h.DB, h.Vault, sender, h.Config.URL, h.log)
	_, err := service.Subscribe(h.school, actor, push.New{
		Endpoint: "https://fcm.googleapis.com/fcm/send/x", P256dh: key, Auth: "AAAAAAAAAAAAAAAAAAAAAA", Key: key,
	})
	h.must(err)
	service.Wait()
}

type nobody struct{}

func (nobody) Do(*http.Request) (*http.Response, error) {
	return nil, &url.Error{Op: "Post", Err: io.ErrUnexpectedEOF}
}

// build opens the program once more on the same database, as a restart or another server would.
func build(t *testing.T, env *testkit.Env, folder string) *App {
	t.Helper()
	c, err := config.Load(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	c.Keys = folder
	c.SMTP = config.SMTP{Host: "127.0.0.1", Port: 1, Security: config.Plain, From: "schule@demo.example"} // nobody listens
	keys, err := vault.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Build(c, env.DB, keys, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// answerWithPlace adds what the demo lacks: a place at a signature, a yes on paper that waits, and a passkey.
func (h *house) answerWithPlace() {
	h.t.Helper()
	classes, err := h.classesToday(h.school)
	h.must(err)
	letter, err := h.freshLetter(h.school, classes[0])
	h.must(err)
	in, err := h.Accounts.RedeemLetter(h.school, letter.LetterNo, letter.Secret, calendar.MustParse(letter.BirthDate), account.Device{Language: "de"})
	h.must(err)
	h.subscribe(in.Actor)
	answer := consent.AnswerInput{
		Pupil: letter.Children[0], Language: consent.German, Relation: consent.Together, Answer: participation.Audio, Place: "Musterstadt",
		Signature: &consent.Signature{Kind: string(consent.TypedSignature), Name: "Lena Öztürk"},
	}
	var today calendar.Date
	h.must(h.DB.Read(h.school, func(tx *db.Tx) error {
		sheet, err := h.Consents.Sheet(tx, in.Actor, answer.Pupil, consent.German)
		if err != nil {
			return err
		}
		answer.Version, answer.TextSHA256, answer.After = sheet.Version.ID, sheet.German.SHA256, sheet.After
		today, err = h.Schools.Today(tx)
		return err
	}))
	_, err = h.Consents.Answer(h.school, in.Actor, answer)
	h.must(err)
	_, err = h.Accounts.AddPasskey(h.school, account.Passkey{Account: in.Actor.Account, Credential: []byte("c"), PublicKey: []byte("k")})
	h.must(err)
	_, err = h.Accounts.BeginPasskey(h.school, in.Actor, "Lena Öztürk")
	h.must(err)
	h.must(h.conferences())
	h.must(h.Notify.SetAddress(h.school, in.Actor, "lena@demo.example"))
	err = h.provider()
	h.must(err)
	office, err := h.demoActor(h.school, authz.Office)
	h.must(err)
	video := participation.Video
	_, err = h.Consents.Record(h.school, office, consent.Received{
		Pupil: answer.Pupil, Person: in.Actor.Person, Channel: consent.Paper, Answer: &video, ReceivedOn: today,
	})
	h.must(err)
}

// contents opens every sealed value there is with the keys of the folder, as a fresh start would.
func (h *house) contents(keys *vault.Vault) map[vault.Place]string {
	h.t.Helper()
	found := map[vault.Place]string{}
	for _, column := range Sealed() {
		n := len(found)
		for place, sealed := range h.values(column) {
			plain, err := keys.Open(place, sealed)
			h.must(err)
			found[place] = string(plain)
		}
		if len(found) == n {
			h.t.Errorf("the house has no %s.%s: nothing is known about its rotation", column.Table, column.Column)
		}
	}
	return found
}

func (h *house) values(column vault.Column) map[vault.Place][]byte {
	h.t.Helper()
	var rows []struct {
		Row    string
		Sealed []byte
	}
	h.must(h.DB.Read(h.school, func(tx *db.Tx) error {
		return tx.G().Table(column.Table).Select(column.Row + " AS row, " + column.Column + " AS sealed").
			Where(column.Column + " IS NOT NULL").Find(&rows).Error
	}))
	school, _ := db.SchoolOf(h.school)
	found := map[vault.Place][]byte{}
	for _, row := range rows {
		found[column.At(school, row.Row)] = row.Sealed
	}
	return found
}

// onKey counts the values on a key, and those on any other.
func (h *house) onKey(key vault.KeyID) (on, off int64) {
	h.t.Helper()
	counts, err := h.Rotation.Counts(context.Background())
	h.must(err)
	for _, c := range counts {
		if c.Key == key {
			on += c.Values
		} else {
			off += c.Values
		}
	}
	return on, off
}

func (h *house) wantRefused(err error, says string) {
	h.t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		h.t.Fatalf("got %v; want %q", err, says)
	}
}

func ignore(rotation.Progress) error { return nil }

// Checklist I2: key rotation killed half-way resumes; 0 rows on the old key; old key file removed, all readable. A
// server that started before it all goes on.
func TestARotationResumesAfterAKill(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		folder, ctx, later := h.Config.Keys, context.Background(), time.Now().Add(2*time.Minute)
		server := build(t, env, folder)
		before := h.contents(server.Vault)
		old := server.Vault.Keyring().Primary
		if on, off := h.onKey(old); on != int64(len(before)) || off != 0 {
			t.Fatalf("%d on the key and %d not, of %d", on, off, len(before))
		}
		retire := func(now time.Time) error { _, err := h.Rotation.Retire(ctx, folder, now); return err }

		added, err := vault.AddKey(folder)
		h.must(err)
		h.wantRefused(h.Rotation.Renew(ctx, ignore), "promote it first")
		h.wantRefused(retire(later), "promote it")
		_, err = vault.PromoteKey(folder)
		h.must(err)
		h.wantRefused(retire(later), "run reseal first")

		killed := errors.New("killed")
		err = build(t, env, folder).Rotation.Renew(ctx, func(p rotation.Progress) error {
			if p.Column.Table == "guardian" && !p.Done {
				return killed
			}
			return nil
		})
		if !errors.Is(err, killed) {
			t.Fatalf("got %v", err)
		}
		on, off := h.onKey(added)
		if on == 0 || off == 0 {
			t.Fatalf("the kill was not half-way: %d on the new key, %d not", on, off)
		}
		h.wantRefused(retire(later), "run reseal first")
		h.sameContents(server.Vault, before)

		h.must(build(t, env, folder).Rotation.Renew(ctx, ignore))
		if on, off := h.onKey(added); on != int64(len(before)) || off != 0 {
			t.Fatalf("%d on the new key and %d not, of %d", on, off, len(before))
		}
		h.wantRefused(retire(time.Now()), "wait a minute")
		files, err := h.Rotation.Retire(ctx, folder, later)
		h.must(err)
		for _, name := range files {
			h.must(os.Remove(filepath.Join(folder, name)))
		}
		h.sameContents(build(t, env, folder).Vault, before)
		h.sameContents(server.Vault, before)
		if n := h.audited(); n != 2 {
			t.Errorf("%d entries in the trail, for two runs that changed something", n)
		}
		h.must(h.Rotation.Renew(ctx, ignore))
		if n := h.audited(); n != 2 {
			t.Errorf("a run that changed nothing left an entry: %d", n)
		}
	})
}

func (h *house) sameContents(keys *vault.Vault, want map[vault.Place]string) {
	h.t.Helper()
	got := h.contents(keys)
	if len(got) != len(want) {
		h.t.Fatalf("%d values became %d", len(want), len(got))
	}
	for place, plain := range want {
		if got[place] != plain {
			h.t.Fatalf("%+v is not what it was", place)
		}
	}
}

func (h *house) audited() (n int64) {
	h.t.Helper()
	h.must(h.DB.Read(h.school, func(tx *db.Tx) error {
		return tx.G().Table("audit").Where("action = ?", audit.SealRenewed).Count(&n).Error
	}))
	return n
}

// Writers beside the run: what they write stays, whichever of the two came first.
func TestWritersDuringARotationLoseNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		server := build(t, env, h.Config.Keys)
		want := h.contents(server.Vault)
		added, err := vault.AddKey(h.Config.Keys)
		h.must(err)
		_, err = vault.PromoteKey(h.Config.Keys)
		h.must(err)

		column := vault.Column{Table: "guardian", Column: "profile", Row: "id"}
		var places []vault.Place
		for place := range h.values(column) {
			places = append(places, place)
		}
		var group sync.WaitGroup
		group.Go(func() {
			for n := range 3 * len(places) {
				place := places[n%len(places)]
				plain := fmt.Sprintf(`{"givenName":"%d"}`, n)
				err := server.DB.WriteUnaudited(h.school, func(tx *db.Tx) error {
					sealed, err := server.Vault.Seal(place, []byte(plain))
					if err != nil {
						return err
					}
					return db.MustAffect(tx.G().Table(column.Table).
						Where("school_id = ? AND id = ?", tx.School, place.Row).Update(column.Column, sealed))
				})
				if err != nil {
					t.Error(err)
				}
				want[place] = plain
			}
		})
		renewed := h.Rotation.Renew(context.Background(), ignore)
		group.Wait()
		h.must(renewed)
		h.must(h.Rotation.Renew(context.Background(), ignore))
		if on, off := h.onKey(added); on != int64(len(want)) || off != 0 {
			t.Errorf("%d on the new key and %d not, of %d", on, off, len(want))
		}
		h.sameContents(build(t, env, h.Config.Keys).Vault, want)
	})
}

// What does not open is named and left as it is, and the key that could have opened it stays.
func TestARotationNamesWhatDoesNotOpen(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		var spoiled vault.Place
		for place, sealed := range h.values(vault.Column{Table: "pupil", Column: "profile", Row: "id"}) {
			spoiled = place
			broken := bytes.Clone(sealed)
			broken[len(broken)-1] ^= 1
			h.must(h.DB.WriteUnaudited(h.school, func(tx *db.Tx) error {
				return tx.G().Table("pupil").Where("school_id = ? AND id = ?", tx.School, place.Row).Update("profile", broken).Error
			}))
			break
		}
		_, err := vault.AddKey(h.Config.Keys)
		h.must(err)
		_, err = vault.PromoteKey(h.Config.Keys)
		h.must(err)
		var broken []vault.Place
		h.must(h.Rotation.Renew(context.Background(), func(p rotation.Progress) error {
			if p.Done {
				broken = append(broken, p.Broken...)
			}
			return nil
		}))
		if len(broken) != 1 || broken[0] != spoiled {
			t.Fatalf("named %v; want %v", broken, spoiled)
		}
		_, err = h.Rotation.Retire(context.Background(), h.Config.Keys, time.Now().Add(time.Hour))
		h.wantRefused(err, "1 values of pupil.profile")
	})
}
