package privacy_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
	"einverstanden/backend/participation"
	"einverstanden/backend/privacy"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// wantTold compares who is to be told of which step since the last call; names are those of the people.
func (w *world) wantTold(when string, names map[id.Person]string, want ...string) {
	w.t.Helper()
	var payloads []string
	w.Write(func(tx *db.Tx) error {
		err := tx.G().Table("outbox").Where("topic = ? AND done_at = 0", outbox.RightsRequestChanged).Pluck("payload", &payloads).Error
		if err != nil {
			return err
		}
		return tx.G().Exec("UPDATE outbox SET done_at = 1 WHERE topic = ?", outbox.RightsRequestChanged).Error
	})
	var got []string
	for _, payload := range payloads {
		var told privacy.Told
		if err := json.Unmarshal([]byte(payload), &told); err != nil {
			w.t.Fatal(err)
		}
		if !told.Asked {
			continue // others are marked meanwhile because nobody needs them any more
		}
		got = append(got, names[told.Person]+" "+string(told.Step))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: told %v, want %v", when, got, want)
	}
}

// X24: whoever loses receipts hears of it when the 14 days begin, and of whatever becomes of it: the pupil, who holds
// custody, and who has decided, though it does no longer. A guardian's own is told to nobody else.
func TestX24WhoLosesReceiptsHearsOfItBefore(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		w.many()
		h := w.household("Ida", "Bescheid")
		former, aunt := w.Guardian("Otto", "Bescheid"), w.Guardian("Uta", "Bescheid")
		w.Custody(former, h.pupil, school.JointCustody, func(g *school.Guardianship) { g.Protected = true })
		w.Custody(aunt, h.pupil, school.NoCustody)
		w.answers(h.guardian, h.pupil, participation.Video)
		w.answers(former, h.pupil, participation.Audio)
		w.leaves(h.pupil, "2027-07-31")
		w.at("2033-01-01")
		w.exec("UPDATE guardianship SET custody = 'none' WHERE guardian_id = ?", former.ID)
		names := map[id.Person]string{h.child(): "pupil", h.parent(): "mother", id.GuardianOf(former.ID): "former", id.GuardianOf(aunt.ID): "aunt"}
		dueOf := func(person id.Person) (due []time.Time) {
			w.Read(func(tx *db.Tx) (err error) {
				due, err = w.app.Privacy.DueOf(tx, person)
				return err
			})
			return due
		}

		erasure, err := w.app.Privacy.Mark(w.Ctx, w.office, h.child())
		if err != nil {
			t.Fatal(err)
		}
		w.wantTold("asked, not approved", names)
		if err := w.app.Privacy.Approve(w.Ctx, w.head, erasure); err != nil {
			t.Fatal(err)
		}
		w.wantTold("approved", names, "pupil announced", "mother announced", "former announced")
		for person, name := range names {
			if due := dueOf(person); (len(due) == 1) != (name != "aunt") {
				t.Errorf("%s hears of %v", name, due)
			}
		}
		if err := w.app.Privacy.Cancel(w.Ctx, w.office, erasure); err != nil {
			t.Fatal(err)
		}
		w.wantTold("cancelled", names, "pupil withdrawn", "mother withdrawn", "former withdrawn")
		if due := dueOf(h.parent()); len(due) != 0 {
			t.Errorf("the mother hears of %v after it was cancelled", due)
		}
		waiting, err := w.app.Privacy.Mark(w.Ctx, w.office, h.parent())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.app.Privacy.Cancel(w.Ctx, w.office, waiting); err != nil {
			t.Fatal(err)
		}
		w.wantTold("cancelled before it was approved", names)

		w.mark(h.parent())
		w.wantTold("the mother's own", names, "mother announced")
		w.mark(h.child())
		w.wantTold("the child's", names, "pupil announced", "mother announced", "former announced")
		holds := hold.NewService(env.DB, w.Log, w.Service, w.Hub)
		placed, err := holds.Place(w.Ctx, w.head, h.pupil.ID, hold.Restriction)
		if err != nil {
			t.Fatal(err)
		}
		w.passes(fortnight)
		w.run()
		w.run() // once however often it looks
		w.wantTold("held", names, "pupil deferred", "mother deferred", "former deferred")
		if err := holds.Settle(w.Ctx, w.head, placed); err != nil {
			t.Fatal(err)
		}
		w.run()
		w.wantTold("carried out", names, "former done") // the mother's own was first
	})
}

// When a retention is over nobody has asked, and its people are told all the same.
func TestTheEndOfARetentionIsAnnounced(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	w.many()
	w.leaves(w.household("Ida", "Frist").pupil, "2027-07-31")
	w.at("2027-08-01")
	w.run()
	var asked, announced int
	w.Read(func(tx *db.Tx) error {
		err := tx.G().Raw("SELECT count(*) FROM outbox WHERE topic = ? AND payload LIKE '%\"step\":\"announced\"%'", outbox.RightsRequestChanged).Scan(&announced).Error
		if err != nil {
			return err
		}
		return tx.G().Raw("SELECT count(*) FROM outbox WHERE topic = ? AND payload LIKE '%\"asked\":true%'", outbox.RightsRequestChanged).Scan(&asked).Error
	})
	if announced != 3 || asked != 0 { // the pupil, the guardian by its own mark and by the pupil's
		t.Errorf("%d announced, %d as asked for", announced, asked)
	}
}
