package api

import (
	"fmt"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
)

// letter is one for the guardian, and the call that shows it.
func (h *house) letter() (account.IssuedLetter, object) {
	h.t.Helper()
	letters, err := h.accounts.IssueForSystem(h.Ctx, []account.Recipient{{Person: id.GuardianOf(h.guardian.ID)}})
	if err != nil {
		h.t.Fatal(err)
	}
	return letters[0], object{
		"letterNo": letters[0].LetterNo, "secret": string(letters[0].Secret), "birthDate": h.pupil.BirthDate.String(),
	}
}

// X1, X29: a child finds the letter and says yes and no in its mother's name. She shows the same letter: the yes is set
// aside at once, the limit stays, and the evidence says by which letter.
func TestX29TheYesesOfADisownedLetterAreSetAsideAndItsLimitsStay(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		letter, shown := h.letter()
		thief, mother, office := h.nobody(), h.nobody(), h.as(authz.Office)
		mother.wantProblem(404, "not_found", mother.post("/session/letter/disown", "", shown))
		thief.want(200, thief.post("/session/letter", "", shown))
		thief.want(201, thief.post("/children/"+string(h.pupil.ID)+"/withdrawals", "w", object{"extent": "picture"}))
		var given decidedBody
		thief.want(201, thief.post(thief.decisions(), "y", thief.yes("video"))).into(t, &given)
		thief.wantMode("video")
		mother.wantProblem(403, "letter_used", mother.post("/session/letter", "", shown))
		for range 2 {
			mother.want(204, mother.post("/session/letter/disown", "", shown))
		}
		thief.wantProblem(401, "not_signed_in", thief.get("/children"))

		var pupil pupilBody
		office.want(200, office.get("/pupils/"+string(h.pupil.ID))).into(t, &pupil)
		yes, limit := pupil.Decisions[0], pupil.Decisions[1]
		if pupil.Mode != "none" || !yes.Invalidated || yes.InvalidReason != "not_authentic" || limit.Invalidated || yes.AfterNewLetter {
			t.Errorf("the office sees %+v", pupil)
		}
		var letters list[letterBody]
		office.want(200, office.get("/letters?state=disowned")).into(t, &letters)
		if len(letters.Items) != 1 || letters.Items[0].ID != letter.ID || letters.Items[0].DisownedAt == nil {
			t.Errorf("the office's list: %+v", letters)
		}
		if by := h.invalidationOf(given.Decision.ID); by.Letter != letter.ID || by.Author != "" || by.Reason != "not_authentic" {
			t.Errorf("the evidence says %+v", by)
		}
	})
}

// Whoever holds a letter and tries birth dates is told when it is blocked, and the office finds it in its list.
func TestALetterWhoseBirthDateIsTriedTooOftenIsBlocked(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		letter, shown := h.letter()
		mother, finder := h.nobody(), h.nobody()
		for hour := range 2 {
			env.Clock.Advance(time.Hour)
			for try := range 10 {
				shown["birthDate"] = fmt.Sprintf("2013-%02d-%02d", hour+1, try+1)
				code := "birth_date_mismatch"
				if hour+try == 10 { // the twentieth
					code = "letter_blocked"
				}
				finder.wantProblem(403, code, finder.post("/session/letter", "", shown))
			}
		}
		shown["birthDate"] = h.pupil.BirthDate.String()
		mother.wantProblem(403, "letter_blocked", mother.post("/session/letter", "", shown))
		office := h.as(authz.Office)
		var letters list[letterBody]
		office.want(200, office.get("/letters?state=blocked")).into(t, &letters)
		if len(letters.Items) != 1 || letters.Items[0].ID != letter.ID || letters.Items[0].State != "blocked" {
			t.Errorf("the office's list: %+v", letters)
		}
	})
}

// invalidationOf is what the log says about the decision.
func (h *house) invalidationOf(decision id.Decision) (found proof.InvalidationDeclared) {
	h.t.Helper()
	h.Read(func(tx *db.Tx) error {
		var statements []id.Statement
		if err := tx.G().Raw("SELECT id FROM statement WHERE school_id = ?", tx.School).Scan(&statements).Error; err != nil {
			return err
		}
		for _, statement := range statements {
			body, err := h.Log.Statement(tx, statement)
			if err != nil {
				return err
			}
			said, err := proof.DecodeStatement(body)
			if err != nil {
				return err
			}
			if d, ok := said.Declaration.(*proof.InvalidationDeclared); ok && d.Decision == decision {
				found = *d
			}
		}
		return nil
	})
	return found
}

// C7: by a new letter the old device is out; its yes is marked for a day; and lowering works from the first moment, by
// the app and by the key that was printed before.
func TestC7AYesAfterANewLetterIsMarkedAndLoweringAlwaysWorks(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		lost, office := h.as(authz.Guardian), h.as(authz.Office)
		lost.want(201, lost.post(lost.decisions(), "k1", lost.yes("audio")))
		key := lost.keyOf()
		env.Clock.Advance(time.Minute)
		again := h.as(authz.Guardian)
		lost.wantProblem(401, "not_signed_in", lost.get("/me"))
		again.want(201, again.post(again.decisions(), "k2", again.yes("video")))
		var pupil pupilBody
		office.want(200, office.get("/pupils/"+string(h.pupil.ID))).into(t, &pupil)
		if !pupil.Decisions[0].AfterNewLetter || pupil.Decisions[1].AfterNewLetter {
			t.Errorf("marked: %v, %v; want the later yes alone", pupil.Decisions[0].AfterNewLetter, pupil.Decisions[1].AfterNewLetter)
		}
		h.nobody().want(201, h.nobody().post("/lowering/"+key, "w", object{"extent": "picture"}))
		again.want(201, again.post("/children/"+string(h.pupil.ID)+"/withdrawals", "w2", object{"extent": "all"}))
		again.wantMode("none")
	})
}

// X1: each session's first answer is announced once, whatever follows in it.
func TestX1TheFirstAnswerOfASessionIsAnnounced(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		announced := func() (n int) {
			h.Read(func(tx *db.Tx) error {
				return tx.G().Raw("SELECT count(*) FROM outbox WHERE topic = 'answer.first' AND school_id = ?", tx.School).Scan(&n).Error
			})
			return n
		}
		for want := 1; want <= 2; want++ {
			c := h.as(authz.Guardian)
			c.want(201, c.post(c.decisions(), fmt.Sprint("a", want), c.yes("video")))
			c.want(201, c.post(c.decisions(), fmt.Sprint("b", want), c.yes("audio")))
			if announced() != want {
				t.Errorf("%d announcements after %d sessions", announced(), want)
			}
		}
	})
}

// A yes on its way when its session ends comes too late; a limit never does.
func TestAYesNeedsALivingSessionAndALimitDoesNot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		yes := c.yes("video")
		c.want(200, c.get("/me"))
		// The cache that lets requests in holds for a second of the house's clock, which stands: this is behind its back.
		h.Write(func(tx *db.Tx) error {
			return tx.G().Exec("UPDATE session SET ended_at = 1 WHERE school_id = ? AND role = 'guardian'", tx.School).Error
		})
		c.wantProblem(401, "not_signed_in", c.post(c.decisions(), "y", yes))
		c.want(201, c.post("/children/"+string(h.pupil.ID)+"/withdrawals", "w", object{"extent": "all"}))
	})
}
