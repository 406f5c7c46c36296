package notice

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/participation"
	"einverstanden/backend/standing"
)

// birthdayWithin is how many days ahead it is looked for birthdays; how long ahead of an age somebody is asked is for
// package participation to say.
const birthdayWithin = 61

// CheckAges tells pupils who will have a say soon, and those who have it now, of the day: once for each age. The daily
// round calls it, in the context's school.
func (s *Service) CheckAges(ctx context.Context) error {
	var messages []notify.Message
	err := s.db.ReadLong(ctx, func(tx *db.Tx) error {
		messages = nil
		candidates, err := s.birthdays(tx)
		if err != nil || len(candidates) == 0 {
			return err
		}
		standings, err := s.standings.Of(tx, candidates)
		for _, pupil := range candidates {
			if now, ok := standings[pupil]; ok {
				messages = append(messages, ageMessages(now)...)
			}
		}
		return err
	})
	if err != nil || len(messages) == 0 {
		return err
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return notify.Tell(tx, messages...) })
}

// birthdays are the pupils who have one soon.
func (s *Service) birthdays(tx *db.Tx) (soon []id.Pupil, err error) {
	today, err := s.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	pupils, err := s.schools.AllPupils(tx)
	for _, pupil := range pupils {
		age, ok := calendar.AgeOn(pupil.BirthDate, today)
		if !ok {
			continue
		}
		if days, ok := today.DaysUntil(calendar.DayOfAge(pupil.BirthDate, age+1)); ok && days <= birthdayWithin {
			soon = append(soon, pupil.ID)
		}
	}
	return soon, err
}

// ageMessages name the age and not the day: jobs say nothing of a birth date.
func ageMessages(now standing.Standing) (messages []notify.Message) {
	day := sayFrom(now)
	age, ok := calendar.AgeOn(now.Pupil.BirthDate, day)
	if !ok {
		return nil
	}
	m := notify.Message{
		Event: "age:" + string(now.Pupil.ID) + ":" + strconv.Itoa(age), Kind: notify.AgeNear, Person: id.PupilOf(now.Pupil.ID),
		Subject: string(now.Pupil.ID), Path: "/",
	}
	messages = append(messages, m)
	m.Kind, m.Path = notify.ChildAgeNear, homePath
	for _, person := range withSay(now, m.Person) {
		m.Person = person
		messages = append(messages, m)
	}
	return messages
}

// sayFrom is the day within the next 60 from which the pupil is asked by its age; unknown when there is none.
func sayFrom(now standing.Standing) calendar.Date {
	for _, ask := range participation.OpenAsks(now.Facts) {
		if ask.Why == participation.AskComingOfAge && ask.From.After(now.Facts.Today) {
			return ask.From
		}
	}
	return calendar.Date{}
}

// isNear reports whether the age is still ahead and the recipient still the pupil, or somebody with a say.
func (s *Service) isNear(tx *db.Tx, m notify.Message) (bool, error) {
	now, ok, err := s.standingOf(tx, id.Pupil(m.Subject))
	if err != nil || !ok || sayFrom(now).IsZero() {
		return false, err
	}
	own := id.PupilOf(now.Pupil.ID)
	return m.Person == own || slices.Contains(withSay(now, own), m.Person), nil
}

// ageFilled has the day.
func (s *Service) ageFilled(tx *db.Tx, m notify.Message) (string, notify.Values, error) {
	now, _, err := s.standingOf(tx, id.Pupil(m.Subject))
	return m.Path, notify.Values{notify.DayValue: sayFrom(now).String()}, err
}

// subjects are the two ids of a message that is about one of another.
func subjects(m notify.Message) (of, one string) {
	of, one, _ = strings.Cut(m.Subject, " ")
	return of, one
}
