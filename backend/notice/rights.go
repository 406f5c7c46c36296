package notice

import (
	"slices"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/privacy"
)

// Erasures knows when something is erased of which a person hears; whoever is gone is fault.NothingHere.
type Erasures interface {
	DueOf(tx *db.Tx, person id.Person) ([]time.Time, error)
}

// WithErasures adds the erasures, whose steps are told.
func (s *Service) WithErasures(erasures Erasures) *Service {
	s.erasures = erasures
	s.notify.WithStill(notify.RightsNews, s.reading(s.isSo))
	return s
}

// rightsTold tells one person of a step of erasures on one day. That a retention is over is the law's doing: who cannot be
// reached is handed no paper for it, years after the school was left.
func (s *Service) rightsTold(tx *db.Tx, about privacy.Told) error {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return err
	}
	day := settings.Today(about.Due).String()
	m := notify.Message{
		Event: erasureOn(day, about.Step), Kind: notify.RightsNews, Person: about.Person, Subject: string(about.Step) + " " + day,
		Step: string(about.Step), Path: homePath, Values: notify.Values{notify.DayValue: day},
	}
	if about.Person.Kind == id.PupilPerson {
		m.Path = "/"
	}
	if !about.Asked {
		m.Without = notify.Slip
	}
	if holds, err := s.isSo(tx, m); err != nil || !holds {
		return err
	}
	return notify.Tell(tx, m)
}

func erasureOn(day string, step privacy.Step) string { return "erasure:" + day + ":" + string(step) }

// isSo reports whether it is still as the message says, and the person still there. What was never announced to it is not
// withdrawn either.
func (s *Service) isSo(tx *db.Tx, m notify.Message) (bool, error) {
	step, day := subjects(m)
	due, err := s.erasures.DueOf(tx, m.Person)
	if err != nil {
		return false, err
	}
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return false, err
	}
	stands := slices.ContainsFunc(due, func(at time.Time) bool { return settings.Today(at).String() == day })
	switch privacy.Step(step) {
	case privacy.Announced:
		return stands, nil
	case privacy.Deferred:
		return stands && day <= settings.Today(tx.Now).String(), nil
	case privacy.Done:
		return !stands, nil
	case privacy.Withdrawn:
		announced, err := s.wasAnnounced(tx, m.Person, day)
		return !stands && announced, err
	}
	return false, nil
}

func (s *Service) wasAnnounced(tx *db.Tx, person id.Person, day string) (bool, error) {
	return notify.IsBegun(tx, notify.Message{Kind: notify.RightsNews, Event: erasureOn(day, privacy.Announced), Person: person})
}
