package account_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
)

// statements are all of the school's log about letters, in its order.
func (d *door) statements(t testing.TB) (found []proof.Statement) {
	t.Helper()
	log := evidence.NewLog(d.env.Vault)
	err := d.env.DB.Read(d.ctx, func(tx *db.Tx) error {
		var ids []id.Statement
		if err := tx.G().Table("statement").Where("school_id = ?", tx.School).Order("leaf_seq").Pluck("id", &ids).Error; err != nil {
			return err
		}
		for _, one := range ids {
			body, err := log.Statement(tx, one)
			if err != nil {
				return err
			}
			statement, err := proof.DecodeStatement(body)
			if err != nil {
				return err
			}
			found = append(found, statement)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// steps are the statements as "act letter", in the order of the log.
func (d *door) steps(t testing.TB) (steps []string) {
	t.Helper()
	for _, statement := range d.statements(t) {
		declared, ok := statement.Declaration.(*proof.LetterDeclared)
		if !ok {
			t.Fatalf("a statement of the kind %s", statement.Kind)
		}
		steps = append(steps, declared.Act+" "+string(declared.Letter))
	}
	return steps
}

func TestEveryStepOfALetterIsEvidence(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		mother, father := d.family(), d.family()
		first := d.issue(t, mother, father)
		again := d.issue(t, mother)[0]
		signedIn, err := d.redeem(again)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time changes nothing
			if err := d.VoidLetter(d.ctx, d.office, first[1].ID); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{
			"issued " + string(first[0].ID), "issued " + string(first[1].ID), "void " + string(first[0].ID),
			"issued " + string(again.ID), "redeemed " + string(again.ID), "void " + string(first[1].ID),
		}
		if got := d.steps(t); !slices.Equal(got, want) {
			t.Fatalf("the log says\n%v\nwant\n%v", got, want)
		}
		for i, statement := range d.statements(t) {
			declared, server := statement.Declaration.(*proof.LetterDeclared), statement.Server.(*proof.LetterServer)
			wantBy, wantSession := d.office.Account, id.Session("")
			if declared.Act == "redeemed" {
				wantBy, wantSession = "", signedIn.Actor.Session
			}
			if server.By != wantBy || server.Session != wantSession || !server.At.Equal(env.Clock.Now()) {
				t.Errorf("step %d: %+v", i, server)
			}
			wantPerson := mother
			if declared.Letter == first[1].ID {
				wantPerson = father
			}
			if declared.Person != wantPerson {
				t.Errorf("step %d is about %v", i, declared.Person)
			}
		}
	})
}

func TestTheSystemsLettersNameNobody(t *testing.T) {
	d := newDoor(t, testkit.NewSQLite(t))
	if _, err := d.IssueForSystem(d.ctx, []account.Recipient{{Person: d.family()}}); err != nil {
		t.Fatal(err)
	}
	if server := d.statements(t)[0].Server.(*proof.LetterServer); server.By != "" {
		t.Errorf("issued by %q", server.By)
	}
}

// A letter that could not be used leaves no statement of a use.
func TestARefusedRedemptionIsNoEvidence(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		for _, try := range [][2]string{{string(letter.Secret), "2014-05-18"}, {string(account.NewSecret()), birthDate}} {
			if _, err := d.redeemFrom(letter, try[0], try[1], phone); err == nil {
				t.Fatal("signed in")
			}
		}
		if steps := d.steps(t); len(steps) != 1 {
			t.Fatalf("the log says %v", steps)
		}
	})
}

// Neither a letter's number nor its secret is in any statement, in whatever spelling.
func TestStatementsHoldNoSecretOfALetter(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		letter := d.issue(t, d.family())[0]
		if _, err := d.redeem(letter); err != nil {
			t.Fatal(err)
		}
		hash := env.Vault.LetterHash(letter.LetterNo, string(letter.Secret))
		for _, statement := range d.statements(t) {
			text, err := json.Marshal(statement)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{letter.LetterNo, string(letter.Secret), letter.Secret.Format(), hash} {
				if strings.Contains(string(text), secret) {
					t.Errorf("a statement holds %q: %s", secret, text)
				}
			}
			if !strings.Contains(string(text), string(letter.ID)) {
				t.Errorf("the search would find nothing: %s", text)
			}
		}
	})
}

// More letters than one transaction makes: when a later part fails, those before it are void, and the log says so.
func TestLettersOfAFailedIssueAreVoid(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		recipients := make([]account.Recipient, account.IssuedAtOnce+1)
		for i := range recipients {
			recipients[i] = account.Recipient{Person: d.family()}
		}
		recipients[account.IssuedAtOnce].Person.Kind = "nobody" // which the table refuses
		if issued, err := d.IssueLetters(d.ctx, d.office, recipients); err == nil || issued != nil {
			t.Fatalf("%d letters, %v", len(issued), err)
		}
		open, _, err := d.Letters(d.ctx, d.office, account.LetterFilter{State: account.LetterOpen}, account.Page{})
		if err != nil || len(open) != 0 {
			t.Errorf("%d letters are open (%v)", len(open), err)
		}
		acts := map[string]int{}
		for _, step := range d.steps(t) {
			act, _, _ := strings.Cut(step, " ")
			acts[act]++
		}
		if acts["issued"] != account.IssuedAtOnce || acts["void"] != account.IssuedAtOnce {
			t.Errorf("the log says %v", acts)
		}
	})
}
