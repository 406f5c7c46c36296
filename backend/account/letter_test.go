package account_test

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

func TestEachRecipientGetsOneLetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		pupil := id.PupilOf(id.New[id.Pupil]())
		mother, father := d.family(), d.family()
		letters := d.issue(t, mother, father, mother, pupil)
		if len(letters) != 3 {
			t.Fatalf("%d letters", len(letters))
		}
		for i, person := range []id.Person{mother, father, pupil} {
			letter := letters[i]
			if letter.Person != person || letter.ID == "" || !letter.IssuedAt.Equal(env.Clock.Now()) ||
				letter.ExpiresAt.Sub(letter.IssuedAt) != 21*24*time.Hour {
				t.Errorf("letter %d: %+v", i, letter)
			}
			if len(letter.LetterNo) != 8 || strings.Trim(letter.LetterNo, "0123456789") != "" || letter.LetterNo[0] == '0' {
				t.Errorf("number %q", letter.LetterNo)
			}
			if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'letter.issued' AND actor = ? AND subject_id = ?",
				d.office.Account, letter.ID); n != 1 {
				t.Errorf("%d audit entries", n)
			}
		}
		if none, err := d.IssueLetters(d.ctx, d.office, nil); err != nil || len(none) != 0 {
			t.Errorf("nobody's letters: %v, %v", none, err)
		}
	})
}

// More letters than fit one statement, and every number once in the deployment.
func TestLetterNumbersAreUnique(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		persons := make([]id.Person, 450)
		for i := range persons {
			persons[i] = d.family()
		}
		numbers := map[string]bool{}
		for _, letter := range d.issue(t, persons...) {
			numbers[letter.LetterNo] = true
		}
		if len(numbers) != len(persons) || d.count(t, "SELECT count(*) FROM directory WHERE kind = 'letter'") != len(persons) {
			t.Fatalf("%d numbers for %d letters", len(numbers), len(persons))
		}
	})
}

func TestANewerLetterMakesTheOpenOneVoid(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mother, father := d.family(), d.family()
		first, bystander := d.issue(t, mother)[0], d.issue(t, father)[0]
		second := d.issue(t, mother)[0]
		if _, err := d.redeem(first); !fault.Has(err, fault.LetterVoid) {
			t.Errorf("the earlier letter: %v", err)
		}
		for _, letter := range []account.IssuedLetter{second, bystander} {
			if _, err := d.redeem(letter); err != nil {
				t.Error(err)
			}
		}
		d.issue(t, mother) // a used letter stays used
		if _, err := d.redeem(second); !fault.Has(err, fault.LetterUsed) {
			t.Errorf("the used letter: %v", err)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'letter.voided'"); n != 1 {
			t.Errorf("%d letters were voided", n)
		}
	})
}

func TestTwoTapsAtOnceLeaveOneOpenLetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mother := d.family()
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() { d.issue(t, mother) })
		}
		group.Wait()
		open, _, err := d.Letters(d.ctx, d.office, account.LetterFilter{State: account.LetterOpen}, account.Page{})
		if err != nil || len(open) != 1 {
			t.Fatalf("%d open letters (%v)", len(open), err)
		}
	})
}

func TestLettersAreListedWithTheirState(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		persons := map[account.LetterState]id.Person{
			account.LetterExpired: d.family(), account.LetterUsed: d.family(), account.LetterVoid: d.family(), account.LetterOpen: d.family(),
		}
		d.issue(t, persons[account.LetterExpired])
		env.Clock.Advance(21*24*time.Hour - time.Second)
		used := d.issue(t, persons[account.LetterUsed])[0]
		void := d.issue(t, persons[account.LetterVoid])[0]
		d.issue(t, persons[account.LetterOpen])
		if _, err := d.redeem(used); err != nil {
			t.Fatal(err)
		}
		if err := d.VoidLetter(d.ctx, d.office, void.ID); err != nil {
			t.Fatal(err)
		}
		env.Clock.Advance(time.Second)

		all, next, err := d.Letters(d.ctx, d.office, account.LetterFilter{}, account.Page{})
		if err != nil || len(all) != 4 || next != "" {
			t.Fatalf("%d letters, next %q, %v", len(all), next, err)
		}
		for i, letter := range all {
			if persons[letter.State] != letter.Person || letter.IssuedBy != string(d.office.Account) {
				t.Errorf("listed as %+v", letter)
			}
			if letter.UsedAt.IsZero() == (letter.State == account.LetterUsed) {
				t.Errorf("%s was used at %s", letter.State, letter.UsedAt)
			}
			if i > 0 && letter.ID > all[i-1].ID {
				t.Error("the newest is not first")
			}
		}
		for state, person := range persons {
			some, _, err := d.Letters(d.ctx, d.office, account.LetterFilter{State: state}, account.Page{})
			if err != nil || len(some) != 1 || some[0].Person != person {
				t.Errorf("%s: %v, %v", state, some, err)
			}
		}
		two, _, err := d.Letters(d.ctx, d.office, account.LetterFilter{
			Persons: []id.Person{persons[account.LetterOpen], persons[account.LetterVoid]},
		}, account.Page{})
		if err != nil || len(two) != 2 {
			t.Errorf("two persons: %v, %v", two, err)
		}
		none, _, err := d.Letters(d.ctx, d.office, account.LetterFilter{Persons: []id.Person{}}, account.Page{})
		if err != nil || len(none) != 0 {
			t.Errorf("nobody's: %v, %v", none, err)
		}
	})
}

func TestLettersComeInPages(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		for range 5 {
			d.issue(t, d.family())
		}
		var seen []id.Letter
		var after id.Letter
		for page := 1; ; page++ {
			letters, next, err := d.Letters(d.ctx, d.office, account.LetterFilter{}, account.Page{Limit: 2, After: after})
			if err != nil || page > 3 {
				t.Fatalf("page %d: %v", page, err)
			}
			for _, letter := range letters {
				seen = append(seen, letter.ID)
			}
			if after = next; next == "" {
				break
			}
		}
		if len(seen) != 5 {
			t.Fatalf("pages show %v", seen)
		}
	})
}

func TestVoidingALetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		for range 2 { // the second time is no fault
			if err := d.VoidLetter(d.ctx, d.office, letter.ID); err != nil {
				t.Fatal(err)
			}
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'letter.voided' AND subject_id = ?", letter.ID); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		used := d.issue(t, d.family())[0]
		if _, err := d.redeem(used); err != nil {
			t.Fatal(err)
		}
		wantFault(t, d.VoidLetter(d.ctx, d.office, used.ID), fault.AlreadyDone)
		wantFault(t, d.VoidLetter(d.ctx, d.office, "unknown"), fault.NothingHere)
	})
}

func TestOnlyOfficeAndHeadIssueLetters(t *testing.T) {
	d := newDoor(t, testkit.NewSQLite(t))
	letter := d.issue(t, d.family())[0]
	for _, role := range append(authz.Roles, authz.Nobody) {
		actor := authz.Actor{School: d.school, Account: d.office.Account, Role: role}
		_, issue := d.IssueLetters(d.ctx, actor, []account.Recipient{{Person: letter.Person}})
		_, _, list := d.Letters(d.ctx, actor, account.LetterFilter{}, account.Page{})
		void := d.VoidLetter(d.ctx, actor, letter.ID)
		may := role == authz.Office || role == authz.Head
		for name, err := range map[string]error{"issue": issue, "list": list, "void": void} {
			if fault.Has(err, fault.NotAllowedHere) == may {
				t.Errorf("%s as %s: %v", name, role, err)
			}
		}
	}
}

func TestTheSystemIssuesForTheDemo(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters, err := d.IssueForSystem(d.ctx, []account.Recipient{{Person: d.family()}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.redeem(letters[0]); err != nil {
			t.Error(err)
		}
	})
}

// Checklist C5: secrets, passwords and tokens are in no table, in no file of the database and in no log line.
func TestC5NothingToComeInWithIsKept(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letters := d.issue(t, d.family(), d.family())
		guardian, err := d.redeem(letters[0])
		if err != nil {
			t.Fatal(err)
		}
		staff, err := d.SignInWithPassword(t.Context(), "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.redeemFrom(letters[1], string(letters[0].Secret), birthDate, phone); !fault.Has(err, fault.CodeInvalid) {
			t.Fatal(err)
		}
		canaries := []string{
			string(letters[0].Secret), letters[0].Secret.Format(), string(letters[1].Secret), goodPassword, guardian.AccessToken,
			secretPart(guardian.RefreshToken), guardian.DeviceToken, staff.AccessToken, secretPart(staff.RefreshToken), staff.DeviceToken,
		}
		for i, canary := range canaries {
			if where := d.searchDatabase(t, canary); where != "" {
				t.Errorf("secret %d lies in %s", i, where)
			}
			if strings.Contains(d.log.String(), canary) {
				t.Errorf("secret %d is logged", i)
			}
			for _, file := range databaseFiles(t, env) {
				if bytes.Contains(file, []byte(canary)) {
					t.Errorf("secret %d lies in the database file", i)
				}
			}
		}
		if d.searchDatabase(t, letters[0].LetterNo) == "" {
			t.Error("the search finds nothing at all")
		}
	})
}

func secretPart(refreshToken string) string {
	return refreshToken[strings.LastIndex(refreshToken, ".")+1:]
}

func databaseFiles(t *testing.T, env *testkit.Env) (files [][]byte) {
	t.Helper()
	if env.Options.File == "" {
		return nil
	}
	for _, name := range []string{env.Options.File, env.Options.File + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, content)
	}
	return files
}
