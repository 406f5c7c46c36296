package notice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
	"einverstanden/backend/privacy"
	"einverstanden/backend/testkit"
)

// erasures stands for package privacy: when something is erased of which a person hears, and who is gone.
type erasures struct {
	due  map[id.Person][]time.Time
	gone []id.Person
}

func (e *erasures) DueOf(_ *db.Tx, person id.Person) ([]time.Time, error) {
	if slices.Contains(e.gone, person) {
		return nil, fault.New(fault.NothingHere)
	}
	return e.due[person], nil
}

func (w *told) happens(step privacy.Step, due time.Time, asked bool, persons ...id.Person) {
	w.Write(func(tx *db.Tx) error {
		for _, person := range persons {
			err := outbox.Enqueue(tx, outbox.Job{Topic: outbox.RightsRequestChanged, Payload: privacy.Told{Person: person, Step: step, Due: due, Asked: asked}})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Whoever loses receipts hears of the day, once however much goes on it, and of what becomes of it, as far as it is still
// so when it is told.
func TestNewsOfAnErasure(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newTold(t, env)
		mother, father, pupil := id.GuardianOf(w.mother.ID), id.GuardianOf(w.father.ID), id.PupilOf(w.pupil.ID)
		due := w.Clock.Now().Add(14 * 24 * time.Hour)
		known := &erasures{due: map[id.Person][]time.Time{mother: {due}, pupil: {due}}}
		w.notices.WithErasures(known).Handle(w.worker)

		w.happens(privacy.Announced, due, true, mother, mother, father, pupil) // of the father's nothing stands any more
		w.wants("announced", "mother: rights_news /home", "pupil: rights_news /")
		w.happens(privacy.Deferred, due, true, mother)
		w.wants("deferred before its day")
		w.Clock.Set(due)
		w.happens(privacy.Deferred, due, true, mother)
		w.wants("deferred", "mother: rights_news /home")
		w.happens(privacy.Withdrawn, due, true, mother)
		w.happens(privacy.Done, due, true, mother)
		w.wants("withdrawn and done while it stands")
		known.due = nil
		w.happens(privacy.Withdrawn, due, true, mother, father) // who was never told of it
		w.wants("withdrawn", "mother: rights_news /home")
		known.gone = []id.Person{pupil}
		w.happens(privacy.Done, due, true, mother, pupil)
		w.wants("done", "mother: rights_news /home")
	})
}

// The mail names the day and nobody. Who cannot be reached gets paper where somebody has asked, and none for the end of a
// retention.
func TestNewsOfAnErasureByMail(t *testing.T) {
	w := newToldOn(t, newWorld(t, testkit.NewSQLite(t)))
	w.browsers.of = nil
	mother, father := id.GuardianOf(w.mother.ID), id.GuardianOf(w.father.ID)
	due := calendar.MustParse("2027-02-01").StartIn(time.UTC)
	w.notices.WithErasures(&erasures{due: map[id.Person][]time.Time{mother: {due}, father: {due}}}).Handle(w.worker)
	w.happens(privacy.Announced, due, false, mother, father)
	mails := w.work()
	wantMails(t, mails, listedAddress+": Neues zu gespeicherten Daten")
	if !strings.Contains(mails[0].Text, "Ab dem 01.02.2027") || !strings.Contains(mails[0].Text, "Belege") {
		t.Errorf("the mail says\n%s", mails[0].Text)
	}
	if got := w.slips(); len(got) != 0 {
		t.Errorf("slips for the end of a retention: %v", got)
	}
	due = due.AddDate(0, 0, 1)
	w.notices.WithErasures(&erasures{due: map[id.Person][]time.Time{father: {due}}})
	w.happens(privacy.Announced, due, true, father)
	w.work()
	if got := w.slips(); !slices.Equal(got, []string{"father: rights_news"}) {
		t.Errorf("slips: %v", got)
	}
}
