package api

import (
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
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
