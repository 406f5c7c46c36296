package api

import (
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/rules"
)

// What the rights matrix asks about the pupils' door.

// rightPIN is that of a fresh card of the pupil whom the house signs in; from anybody else a PIN of the right shape.
func rightPIN(w *world, _ place, role authz.Role) call {
	pin := []string{"sun", "moon", "star", "tree"}
	if role == authz.Pupil {
		card := w.cardOf(w.sites[own], w.adult().ID)
		pin = card.PIN[:]
	}
	return call{path: "/session/pin/proof", body: object{"pin": pin}}
}

func cards(w *world, at place, _ authz.Role) call {
	class := fresh(w, at, func(s site) id.Class { return s.class.ID })
	return call{path: "/classes/" + class + "/cards", body: object{"pupils": []string{w.pupilAt(at)}}}
}

func linkOpening(w *world, at place, _ authz.Role) call {
	return call{path: "/classes/" + fresh(w, at, func(s site) id.Class {
		if _, err := w.server.Cards.RenewLink(s.Ctx, s.Staff(authz.Office), s.class.ID); err != nil {
			w.t.Fatal(err)
		}
		return s.class.ID
	}) + "/link/opening", body: object{}}
}

// ownMeeting is about a running meeting of the pupil's class, or of another one.
func ownMeeting(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, role authz.Role) call {
		c := meetingAt(suffix)(w, at, role)
		c.body = body
		return c
	}
}

// acknowledgement reads the rules as the pupil does whom the house signs in, and answers right.
func acknowledgement(w *world, at place, role authz.Role) call {
	version, answers := w.rightAnswers(w.adult().ID)
	return ownMeeting("/acknowledgements", object{"version": version, "answers": answers})(w, at, role)
}

// rightAnswers are those to the questions that the pupil is asked now.
func (h *house) rightAnswers(pupil id.Pupil) (version id.RulesVersion, answers []object) {
	h.t.Helper()
	h.Read(func(tx *db.Tx) error {
		sheet, err := h.rules.Sheet(tx, pupil, "")
		for _, q := range sheet.Questions {
			answers = append(answers, object{"question": q.ID, "answer": q.Right})
		}
		version = sheet.Version.ID
		return err
	})
	return version, answers
}

func ruleSet(path string) func(*world, place, authz.Role) call {
	return func(w *world, _ place, _ authz.Role) call {
		set, err := rules.Default()
		if err != nil {
			w.t.Fatal(err)
		}
		return call{path: path, body: object{"set": set}}
	}
}
