package api

import (
	"fmt"
	"maps"

	"einverstanden/backend/authz"
	"einverstanden/backend/breach"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/sanction"
)

// What the rights matrix asks about breaches and sanctions.

// someMeasure is what a head decides about a breach.
func someMeasure(w *world) object {
	return object{
		"kind": "formal", "measure": "audio_only", "heard": []string{"pupil", "parents"}, "notedOn": w.Today().String(),
		"from": w.Today().String(), "until": w.Today().AddDays(7).String(),
	}
}

func nobody(*world) object { return object{} }

func reported(w *world, at place, role authz.Role) call {
	path := meetingAt("")(w, at, role).path
	return call{path: "/breaches", body: object{
		"meetingId": path[len("/meetings/"):], "pupilId": w.pupilAt(at), "ruleKey": "NO_RECORDING", "heard": []string{"pupil"}, "notedOn": w.Today().String(),
	}}
}

func aBreach(suffix string, body func(*world) object) func(*world, place, authz.Role) call {
	return func(w *world, at place, role authz.Role) call {
		return call{path: "/breaches/" + fresh(w, at, func(s site) id.Breach {
			meeting := id.Meeting(meetingAt("")(w, at, role).path[len("/meetings/"):])
			made, err := w.server.Breaches.Report(s.Ctx, s.teacher, breach.Report{
				Meeting: meeting, Pupil: s.pupil.ID, RuleKey: "ON_TIME", NotedOn: s.Today(),
			})
			if err != nil {
				w.t.Fatal(err)
			}
			return made
		}) + suffix, body: body(w)}
	}
}

func limited(body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, role authz.Role) call {
		c := meetingAt("/limits/"+w.pupilAt(at))(w, at, role)
		c.body = body
		return c
	}
}

func imposed(w *world, at place, _ authz.Role) call {
	body := object{"pupilId": w.pupilAt(at), "ruleKey": "PRIVACY"}
	maps.Copy(body, someMeasure(w))
	return call{path: "/sanctions", body: body}
}

func (w *world) impose(s site) id.Sanction {
	w.t.Helper()
	made, err := w.sanctions.Impose(s.Ctx, s.Staff(authz.Head), sanction.New{
		Pupil: s.pupil.ID, Kind: sanction.Educational, Measure: sanction.AudioOnly, RuleKey: "FRIENDLY", NotedOn: s.Today(), From: s.Today(), Until: s.Today(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// aSanction is against the child of the place; a pupil's own is against itself.
func aSanction(suffix string) func(*world, place, authz.Role) call {
	return func(w *world, at place, role authz.Role) call {
		return call{path: "/sanctions/" + fresh(w, at, func(s site) id.Sanction {
			if at == own && role == authz.Pupil {
				s.pupil = w.adult()
			}
			return w.impose(s)
		}) + suffix, body: object{}}
	}
}

func anObjection(w *world, at place, _ authz.Role) call {
	objected := [2]string{string(id.New[id.Sanction]()), string(id.New[id.Objection]())}
	if s, ok := w.sites[at]; ok {
		against := w.impose(s)
		s.Write(func(tx *db.Tx) error {
			known, err := sanction.Find(tx, against)
			if err != nil {
				return err
			}
			made, err := w.sanctions.ObjectIn(tx, s.As(id.GuardianOf(s.guardian.ID)), known)
			objected = [2]string{string(against), string(made)}
			return err
		})
	}
	return call{path: fmt.Sprintf("/sanctions/%s/objections/%s", objected[0], objected[1]), body: object{"outcome": "kept", "nextInstance": "school_authority"}}
}
