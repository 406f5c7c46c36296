package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// Report is what a Run came to.
type Report struct {
	ClockOff time.Duration             // not 0: the clock is not trusted, and nothing was done
	Marked   int                       // people whose retention is over
	Erased   []id.Erasure              // carried out
	Kept     map[id.Erasure]fault.Code // due, with what speaks against it
	ForHead  []id.Erasure              // due, but with the others too many at once
}

// One in so many people may be erased without the head; those of the last 14 days count.
const withoutHead = 20

// unmarkedFor is how long retention marks nobody anew whose mark was cancelled.
const unmarkedFor = 365 * 24 * time.Hour

// Run does in the context's school what is due by the clock: it marks people whose retention is over, erases those
// whose mark has stood for 14 days, and cleans up behind it. It is called again and again, and what it could not do it
// does the next time.
func (s *Service) Run(ctx context.Context) (Report, error) {
	report := Report{Kept: map[id.Erasure]fault.Code{}}
	var err error
	if report.ClockOff, err = s.tick(ctx); err != nil || report.ClockOff != 0 {
		return report, err
	}
	if report.Marked, err = s.markUnneeded(ctx); err != nil {
		return report, err
	}
	due, err := s.due(ctx, &report)
	if err != nil {
		return report, err
	}
	return report, errors.Join(s.eraseAll(ctx, due, &report), s.clean(ctx))
}

// due are the marks to carry out.
func (s *Service) due(ctx context.Context, report *Report) (due []Mark, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		marks, err := listMarks(tx)
		if err != nil {
			return err
		}
		people, err := s.domains.People.People(tx)
		if err != nil {
			return err
		}
		recent, err := countErased(tx, tx.Now.Add(-standsFor))
		if err != nil {
			return err
		}
		due, report.ForHead = split(marks, tx.Now, len(people), recent)
		return nil
	})
	return due, err
}

// split parts what is due from what is due and waits for the head. people are those who are not erased, recent those
// who were erased lately without the head.
func split(marks []Mark, now time.Time, people, recent int) (due []Mark, forHead []id.Erasure) {
	var free []Mark
	for _, mark := range marks {
		switch {
		case mark.DueAt.IsZero() || mark.DueAt.After(now):
		case mark.HeadBy != "":
			due = append(due, mark)
		default:
			free = append(free, mark)
		}
	}
	if (len(free)+recent)*withoutHead <= people+recent {
		return append(due, free...), nil
	}
	for _, mark := range free {
		forHead = append(forHead, mark.ID)
	}
	return due, forHead
}

// eraseAll reads the log once for everybody, outside of any change, and then erases one person after the other.
func (s *Service) eraseAll(ctx context.Context, due []Mark, report *Report) error {
	if len(due) == 0 {
		return nil
	}
	people := make([]id.Person, len(due))
	for i, mark := range due {
		people[i] = mark.Person
	}
	search := evidence.NewSearch(people...)
	for more := true; more; {
		err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
			more, err = s.proofs.Advance(tx, search)
			return err
		})
		if err != nil {
			return err
		}
	}
	var failed []error
	for _, mark := range due {
		err := s.erase(ctx, search, mark)
		code, kept := reasonToKeep(err)
		switch {
		case kept:
			report.Kept[mark.ID] = code
			if err := s.tellDeferred(ctx, mark); err != nil {
				failed = append(failed, err)
			}
		case fault.Has(err, fault.NothingHere): // cancelled, or carried out elsewhere, in this moment
		case err != nil: // the others are not to wait for this one
			failed = append(failed, fmt.Errorf("erasure %s: %w", mark.ID, err))
		default:
			report.Erased = append(report.Erased, mark.ID)
		}
	}
	return errors.Join(failed...)
}

// erase removes one person from every domain and from the log's statements, all or nothing.
func (s *Service) erase(ctx context.Context, search *evidence.Search, due Mark) error {
	return s.db.WriteAlone(ctx, func(tx *db.Tx) error {
		mark, err := lockMark(tx, due.ID)
		if err != nil {
			return err
		}
		if err := s.lock(tx, mark.Person); err != nil {
			return err
		}
		pupils, err := s.mustKeep(tx, mark.Person)
		if err != nil {
			return err
		}
		s.unclean.Store(true)
		heard, err := s.domains.Hearers.HearOfErasure(tx, mark.Person) // before what links them is gone
		if err != nil {
			return err
		}
		for _, subject := range s.domains.Subjects {
			if err := subject.Erase(tx, mark.Person, pupils); err != nil {
				return err
			}
		}
		if err := carryOutMark(tx, mark.ID); err != nil {
			return err
		}
		stay := slices.DeleteFunc(heard, func(person id.Person) bool { return person == mark.Person })
		if err := enqueue(tx, mark, Done, stay); err != nil {
			return err
		}
		server := proof.ErasureServer{At: tx.Now, ApprovedBy: mark.ApprovedBy}
		if mark.AskedBy != audit.System {
			server.AskedBy = id.Account(mark.AskedBy)
		}
		_, err = s.proofs.Erase(tx, search, mark.Person, string(mark.Reason), server)
		return err
	})
}

// lock makes whoever would add something about the person wait. Decisions lock the pupil, imports and letters the lists.
func (s *Service) lock(tx *db.Tx, person id.Person) error {
	if err := s.domains.People.LockLists(tx); err != nil {
		return err
	}
	pupils, err := s.domains.People.Concerned(tx, person)
	if err != nil {
		return err
	}
	for _, pupil := range pupils {
		if err := s.domains.People.LockPupil(tx, pupil); err != nil {
			return err
		}
	}
	return nil
}

// clean removes what is erased from where the database keeps it besides its tables.
func (s *Service) clean(ctx context.Context) error {
	if !s.unclean.Load() {
		return nil
	}
	if err := s.db.EmptyWAL(ctx); err != nil {
		return err
	}
	s.unclean.Store(false)
	return nil
}

// markUnneeded marks everybody whose retention is over and whom nothing else keeps. It needs no second person: the
// law and the school's own setting ask for it.
func (s *Service) markUnneeded(ctx context.Context) (marked int, err error) {
	var people []id.Person
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		people, err = s.unneeded(tx)
		return err
	})
	if err != nil || len(people) == 0 {
		return 0, err
	}
	err = s.db.WriteAlone(ctx, func(tx *db.Tx) error {
		for _, person := range people {
			mark := Mark{
				ID: id.New[id.Erasure](), Person: person, Reason: Unneeded, AskedBy: audit.System, AskedAt: tx.Now,
				DueAt: tx.Now.Add(standsFor),
			}
			if err := s.insert(tx, mark); err != nil {
				return err
			}
			if err := s.tell(tx, mark, Announced); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, db.ErrUnique) {
		return 0, nil // marked by somebody in this moment: the next run sees it
	}
	return len(people), err
}

func (s *Service) unneeded(tx *db.Tx) ([]id.Person, error) {
	candidates, err := s.domains.Retention.Unneeded(tx)
	if err != nil {
		return nil, err
	}
	leftAlone, err := markedSince(tx, tx.Now.Add(-unmarkedFor))
	if err != nil {
		return nil, err
	}
	var people []id.Person
	for _, person := range candidates {
		if leftAlone[person] {
			continue
		}
		_, err := s.mustKeep(tx, person)
		if _, kept := reasonToKeep(err); kept {
			continue
		}
		if err != nil {
			return nil, err
		}
		if people = append(people, person); len(people) == markedAtOnce {
			break
		}
	}
	return people, nil
}

// markedAtOnce keeps the change short; a further run marks further people.
const markedAtOnce = 50
