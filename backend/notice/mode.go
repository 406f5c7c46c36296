package notice

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
	"einverstanden/backend/participation"
	"einverstanden/backend/standing"
)

// tellMode is the topic of telling one person that a pupil may take part in another way.
const tellMode outbox.Topic = "mode.tell"

// collapse is how often a person hears of changes for one pupil, however many there are (X28).
const collapse = time.Hour

// byOwnAct stands for when somebody was told that knows from its own act: it puts off nothing.
var byOwnAct = time.UnixMicro(0)

type modeJob struct {
	Pupil  id.Pupil  `json:"pupil"`
	Person id.Person `json:"person"`
}

// checkMode has everybody with a say looked after, but for whose own act it was: it has a receipt, and counts as told.
func (s *Service) checkMode(tx *db.Tx, pupil id.Pupil, by id.Person) error {
	now, ok, err := s.standingOf(tx, pupil)
	if err != nil || !ok {
		return err
	}
	if err := putTold(tx, pupil, by, now.Mode, byOwnAct); err != nil {
		return err
	}
	var jobs []outbox.Job
	for _, person := range hearing(now, by) {
		jobs = append(jobs, outbox.Job{Topic: tellMode, Payload: modeJob{pupil, person}})
	}
	if len(jobs) == 0 {
		return nil
	}
	return outbox.Enqueue(tx, jobs...)
}

// CheckModes has everybody looked after who was told of a pupil that may take part in another way now: sanctions, holds,
// custody and days change modes without a decision. The daily round calls it, in the context's school.
func (s *Service) CheckModes(ctx context.Context) error {
	var jobs []outbox.Job
	err := s.db.ReadLong(ctx, func(tx *db.Tx) error {
		told, err := allTold(tx)
		if err != nil {
			return err
		}
		standings, err := s.standings.Of(tx, pupilsOf(told))
		for _, row := range told {
			now, ok := standings[row.PupilID]
			person := id.Person{Kind: row.PersonKind, ID: row.PersonID}
			if ok && now.Mode.String() != row.Mode && slices.Contains(hearing(now, id.Person{}), person) {
				jobs = append(jobs, outbox.Job{Topic: tellMode, Payload: modeJob{row.PupilID, person}})
			}
		}
		return err
	})
	if err != nil || len(jobs) == 0 {
		return err
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return outbox.Enqueue(tx, jobs...) })
}

func pupilsOf(told []toldRow) (pupils []id.Pupil) {
	for _, row := range told {
		pupils = append(pupils, row.PupilID)
	}
	return slices.Compact(pupils) // they come in their order
}

func (s *Service) standingOf(tx *db.Tx, pupil id.Pupil) (standing.Standing, bool, error) {
	standings, err := s.standings.Of(tx, []id.Pupil{pupil})
	now, ok := standings[pupil]
	return now, ok, err
}

// hearing are those with a say but the one; nobody where a guardianship is protected.
func hearing(now standing.Standing, but id.Person) (persons []id.Person) {
	for _, g := range now.Guardianships {
		if g.Protected && g.Period.Contains(now.Facts.Today) {
			return nil
		}
	}
	return withSay(now, but)
}

// withSay are those with a say but the one, each once, the pupil first.
func withSay(now standing.Standing, but id.Person) (persons []id.Person) {
	candidates := []id.Person{id.PupilOf(now.Pupil.ID)}
	for _, g := range now.Guardianships {
		candidates = append(candidates, id.GuardianOf(g.Guardian))
	}
	seen := map[id.Person]bool{but: true}
	for _, person := range candidates {
		if !seen[person] && participation.HasSay(now.Facts, participation.Person{Kind: participation.PersonKind(person.Kind), ID: person.ID}) {
			persons = append(persons, person)
		}
		seen[person] = true
	}
	return persons
}

func (s *Service) others(tx *db.Tx, pupil id.Pupil, but id.Person) ([]id.Person, error) {
	now, ok, err := s.standingOf(tx, pupil)
	if err != nil || !ok {
		return nil, err
	}
	return hearing(now, but), nil
}

// hasSay reports whether the recipient still has a say for the pupil that the message is about, and may still hear of the
// others.
func (s *Service) hasSay(tx *db.Tx, m notify.Message) (bool, error) {
	persons, err := s.others(tx, id.Pupil(m.Subject), id.Person{})
	for _, person := range persons {
		if person == m.Person {
			return true, err
		}
	}
	return false, err
}

// modeTold is the handler of tellMode. A change that is taken back within the hour is no news.
func (s *Service) modeTold(ctx context.Context, job outbox.Claimed) error {
	var about modeJob
	if err := json.Unmarshal(job.Payload, &about); err != nil {
		return outbox.Permanent("payload_unreadable")
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if err := s.schools.LockPupil(tx, about.Pupil); err != nil {
			return unlessGone(err)
		}
		now, ok, err := s.standingOf(tx, about.Pupil)
		if err != nil || !ok {
			return err
		}
		told, err := findTold(tx, about.Pupil, about.Person)
		if err != nil || told.Mode == now.Mode.String() {
			return err
		}
		if next := time.UnixMicro(told.ToldAt).Add(collapse); tx.Now.Before(next) {
			return outbox.Until(next.UTC())
		}
		if err := putTold(tx, about.Pupil, about.Person, now.Mode, tx.Now); err != nil {
			return err
		}
		return notify.Tell(tx, notify.Message{
			Event: "mode:" + string(about.Pupil) + ":" + strconv.FormatInt(tx.Now.UnixMicro(), 10), Kind: notify.ModeChanged,
			Person: about.Person, Subject: string(about.Pupil), Path: homePath,
		})
	})
}
