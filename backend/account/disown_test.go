package account_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// disown says "that was not me" from a browser of its own, and keeps what was handed over to be set aside.
func (d *door) disown(t testing.TB, letter account.IssuedLetter, born string) (set []account.Disowned, err error) {
	t.Helper()
	device := account.Device{Address: phone.Address.Next()}
	err = d.DisownLetter(t.Context(), letter.LetterNo, string(letter.Secret), calendar.MustParse(born), device,
		func(_ *db.Tx, disowned account.Disowned) error {
			set = append(set, disowned)
			return nil
		})
	return set, err
}

func (d *door) jobs(t testing.TB, topic string, letter id.Letter) int {
	t.Helper()
	return d.count(t, "SELECT count(*) FROM outbox WHERE topic = ? AND payload LIKE ?", topic, "%"+string(letter)+"%")
}

func (d *door) wantOut(t *testing.T, who account.SignedIn) {
	t.Helper()
	if _, err := d.Authenticate(t.Context(), who.AccessToken); !fault.Has(err, fault.NotSignedIn) {
		t.Errorf("the session still lives: %v", err)
	}
	if _, err := d.Refresh(t.Context(), who.RefreshToken, who.DeviceToken); !fault.Has(err, fault.NotSignedIn) {
		t.Errorf("the session can be refreshed: %v", err)
	}
}

// X29: the real guardian finds the letter used, says so, and whoever used it is out; the office finds it in its list.
func TestX29WhoHoldsAUsedLetterCanDisownIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mother, others := d.family(), d.signedInGuardian(t)
		letter := d.issue(t, mother)[0]
		thief, err := d.redeem(letter)
		if err != nil {
			t.Fatal(err)
		}
		stolen := d.passkey(t, thief.Actor.Account)
		env.Clock.Advance(3 * time.Minute)
		set, err := d.disown(t, letter, birthDate)
		if err != nil || len(set) != 1 || set[0].Letter != letter.ID || set[0].Person != mother ||
			len(set[0].Sessions) != 1 || set[0].Sessions[0] != thief.Actor.Session {
			t.Fatalf("set aside %+v (%v)", set, err)
		}
		d.wantOut(t, thief)
		if d.count(t, "SELECT count(*) FROM passkey WHERE id = ?", stolen) != 0 {
			t.Error("the thief's passkey stays")
		}
		if _, err := d.Authenticate(t.Context(), others.AccessToken); err != nil {
			t.Errorf("somebody else is out: %v", err)
		}
		if d.jobs(t, "letter.disowned", letter.ID) != 1 {
			t.Error("nobody is told")
		}
		if set, err := d.disown(t, letter, birthDate); err != nil || set != nil {
			t.Errorf("the second time: %v, %v", set, err)
		}
		_, err = d.redeem(letter)
		wantFault(t, err, fault.LetterUsed)
		d.wantDisowned(t, letter.ID)
		env.Clock.Advance(time.Minute)
		fresh := d.issue(t, mother)[0]
		d.wantDisowned(t)
		if _, err := d.redeem(fresh); err != nil {
			t.Errorf("the new letter: %v", err)
		}
	})
}

func (d *door) wantDisowned(t *testing.T, wanted ...id.Letter) {
	t.Helper()
	letters, _, err := d.Letters(d.ctx, d.office, account.LetterFilter{State: account.LetterDisowned}, account.Page{})
	if err != nil || len(letters) != len(wanted) {
		t.Fatalf("%d letters wait for the office, want %d (%v)", len(letters), len(wanted), err)
	}
	for i, letter := range letters {
		if letter.ID != wanted[i] || letter.State != account.LetterDisowned || letter.DisownedAt.IsZero() || letter.UsedAt.IsZero() {
			t.Errorf("got %+v", letter)
		}
	}
}

// C3 and C4 hold at this door too: what is wrong looks like what is unknown, and guesses are counted with those of the
// other door.
func TestC3C4DisowningIsNoOracle(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters := d.issue(t, d.family(), d.family(), d.family())
		used, open, void := letters[0], letters[1], letters[2]
		if _, err := d.redeem(used); err != nil {
			t.Fatal(err)
		}
		if err := d.VoidLetter(d.ctx, d.office, void.ID); err != nil {
			t.Fatal(err)
		}
		for _, date := range []string{birthDate, "2001-01-01"} { // right or wrong
			_, err := d.disown(t, open, date)
			wantFault(t, err, fault.NothingHere)
			_, err = d.disown(t, void, date)
			wantFault(t, err, fault.LetterVoid)
		}
		_, err := d.disown(t, used, "2001-01-01")
		wantFault(t, err, fault.BirthDateMismatch)
		answers := map[string]bool{}
		for _, letter := range []account.IssuedLetter{used, open, void, {LetterNo: "10000000"}} {
			letter.Secret = account.NewSecret()
			_, err := d.disown(t, letter, birthDate)
			wantFault(t, err, fault.CodeInvalid)
			answers[shown(err)] = true
		}
		if len(answers) != 1 {
			t.Errorf("answers differ: %v", answers)
		}
		wrong := used
		wrong.Secret = account.NewSecret()
		for range 10 {
			_, err = d.disown(t, wrong, birthDate)
		}
		if wantFault(t, err, fault.TooManyTries); asFault(err).RetryAfter <= 0 {
			t.Error("nobody says when to come again")
		}
		device := account.Device{Address: phone.Address.Next()}
		_, err = d.redeemFrom(used, string(used.Secret), birthDate, device)
		wantFault(t, err, fault.TooManyTries)
	})
}

// C7: a new letter lets the lost phone out, with its passkeys; the contacts from the import are told of issue and use,
// and each names who did it (X1, X2).
func TestC7ANewLetterEndsTheOldDevice(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mother, father := d.family(), d.signedInGuardian(t)
		lost, err := d.redeem(d.issue(t, mother)[0])
		if err != nil {
			t.Fatal(err)
		}
		old := d.passkey(t, lost.Actor.Account)
		env.Clock.Advance(3 * time.Minute)
		letter := d.issue(t, mother)[0]
		if _, err := d.Authenticate(t.Context(), lost.AccessToken); err != nil {
			t.Errorf("issuing alone ends nothing: %v", err)
		}
		now, err := d.redeem(letter)
		if err != nil {
			t.Fatal(err)
		}
		d.wantOut(t, lost)
		if d.count(t, "SELECT count(*) FROM passkey WHERE id = ?", old) != 0 {
			t.Error("the lost phone's passkey stays")
		}
		for _, alive := range []account.SignedIn{now, father} {
			if _, err := d.Authenticate(t.Context(), alive.AccessToken); err != nil {
				t.Errorf("out as well: %v", err)
			}
		}
		for topic, actor := range map[string]id.Account{"letter.issued": d.office.Account, "letter.redeemed": now.Actor.Account} {
			if d.jobs(t, topic, letter.ID) != 1 {
				t.Errorf("nobody is told of %s", topic)
			}
			if d.count(t, "SELECT count(*) FROM audit WHERE action = ? AND actor = ? AND subject_id = ?", topic, actor, letter.ID) != 1 {
				t.Errorf("%s does not name who did it", topic)
			}
		}
	})
}

// What a later letter opened is none of the earlier one's.
func TestDisowningAnOldLetterLeavesTheNewOneAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mother := d.family()
		first := d.issue(t, mother)[0]
		thief, err := d.redeem(first)
		if err != nil {
			t.Fatal(err)
		}
		env.Clock.Advance(3 * time.Minute)
		own, err := d.redeem(d.issue(t, mother)[0])
		if err != nil {
			t.Fatal(err)
		}
		kept := d.passkey(t, own.Actor.Account)
		set, err := d.disown(t, first, birthDate)
		if err != nil || len(set) != 1 || len(set[0].Sessions) != 1 || set[0].Sessions[0] != thief.Actor.Session {
			t.Fatalf("set aside %+v (%v)", set, err)
		}
		if _, err := d.Authenticate(t.Context(), own.AccessToken); err != nil || d.count(t, "SELECT count(*) FROM passkey WHERE id = ?", kept) != 1 {
			t.Errorf("the new letter's session or passkey ended: %v", err)
		}
	})
}

func TestParallelDisowningsAreOne(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		if _, err := d.redeem(letter); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var group sync.WaitGroup
		sets := 0
		for range 8 {
			group.Go(func() {
				set, err := d.disown(t, letter, birthDate)
				mu.Lock()
				defer mu.Unlock()
				if sets += len(set); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'letter.disowned'"); n != 1 || sets < 1 {
			t.Errorf("done %d times, handed over %d times", n, sets)
		}
	})
}

// What cannot be set aside leaves the letter as it was.
func TestADisowningIsWholeOrNot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		thief, err := d.redeem(letter)
		if err != nil {
			t.Fatal(err)
		}
		broken := errors.New("no evidence today")
		err = d.DisownLetter(t.Context(), letter.LetterNo, string(letter.Secret), calendar.MustParse(birthDate), phone,
			func(*db.Tx, account.Disowned) error { return broken })
		if !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		if _, err := d.Authenticate(t.Context(), thief.AccessToken); err != nil {
			t.Errorf("half done: %v", err)
		}
		d.wantDisowned(t)
	})
}

func TestADayAfterAFurtherLetterIsMarked(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mother, father := d.family(), d.family()
		for _, letter := range d.issue(t, mother, father) {
			if _, err := d.redeem(letter); err != nil {
				t.Fatal(err)
			}
		}
		env.Clock.Advance(time.Hour)
		if _, err := d.redeem(d.issue(t, mother)[0]); err != nil {
			t.Fatal(err)
		}
		var letters account.NewLetters
		if err := env.DB.Read(d.ctx, func(tx *db.Tx) (err error) {
			letters, err = d.NewLettersOf(tx, []id.Person{mother, father})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		used := env.Clock.Now()
		for at, want := range map[time.Duration]bool{-time.Second: false, 0: true, 24*time.Hour - time.Second: true, 24 * time.Hour: false} {
			if letters.Before(mother, used.Add(at)) != want || letters.Before(father, used.Add(at)) {
				t.Errorf("%s after the letter: want %v for her alone", at, want)
			}
		}
	})
}

// passkey gives the account one.
func (d *door) passkey(t testing.TB, owner id.Account) id.Passkey {
	t.Helper()
	made, err := d.AddPasskey(d.ctx, account.Passkey{
		Account: owner, Credential: []byte(string(owner) + d.env.Clock.Now().String()), PublicKey: []byte("key"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}
