package meeting

import (
	"context"
	"slices"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// ContactKind is how a pupil is reached in place of a meeting.
type ContactKind string

// The kinds of alternative contact.
const (
	ByPhone  ContactKind = "phone"
	ByLetter ContactKind = "letter"
	InPerson ContactKind = "in_person"
)

// Contact is one pupil who could not take part in one meeting, and how it was reached instead. It never says why.
type Contact struct {
	Meeting Meeting
	Pupil   id.Pupil
	Name    school.Name
	Kind    ContactKind // empty: not known yet
	DoneAt  time.Time   // zero: open
	Absent  bool        // might have come and did not: TakeBack undoes that
}

// missed are those who cannot take part in the meeting as things are: mode none, whatever the reason.
func (s *Service) missed(tx *db.Tx, m Meeting) (missed []id.Pupil, err error) {
	modes, err := s.ModesIn(tx, m)
	for pupil, mode := range modes {
		if mode == participation.None {
			missed = append(missed, pupil)
		}
	}
	return missed, err
}

// CollectContacts writes down who could not take part in the school's meetings that have begun, so that a mode that is
// raised later hides nobody, and at a meeting's end who did not come. It is called every minute; a meeting is looked at
// until it was over once.
func (s *Service) CollectContacts(ctx context.Context) error {
	var begun []meetingRow
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		begun, err = s.uncollected(tx)
		return err
	})
	for _, row := range begun {
		if err == nil {
			err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return s.collect(tx, row.ID) })
		}
	}
	return err
}

func (s *Service) uncollected(tx *db.Tx) ([]meetingRow, error) {
	begins, err := s.yearBegins(tx)
	if err != nil {
		return nil, err
	}
	return findUncollected(tx, begins)
}

func (s *Service) collect(tx *db.Tx, meeting id.Meeting) error {
	m, err := s.find(tx, meeting)
	if fault.Has(err, fault.NothingHere) {
		return nil // called off meanwhile
	}
	if err != nil {
		return err
	}
	missed, err := s.missed(tx, m)
	if err != nil {
		return err
	}
	if err := insertContacts(tx, meeting, missed, false); err != nil || tx.Now.Before(m.EndsAt) {
		return err
	}
	absent, err := s.absent(tx, m)
	if err != nil {
		return err
	}
	if err := insertContacts(tx, meeting, absent, true); err != nil {
		return err
	}
	return setCollected(tx, meeting)
}

// yearBegins is the first instant of the present school year: what lies before it is forgotten.
func (s *Service) yearBegins(tx *db.Tx) (time.Time, error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return time.Time{}, err
	}
	return calendar.SchoolYearOf(settings.Today(tx.Now)).Period().From.StartIn(settings.Location()), nil
}

// ForgetContacts deletes the contacts and substitutions of earlier school years.
func (s *Service) ForgetContacts(ctx context.Context) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		begins, err := s.yearBegins(tx)
		if err != nil {
			return err
		}
		return deleteBefore(tx, begins)
	})
}

// OpenContacts gives whom the teacher still has to reach: in their own meetings and those that they hold now; with a
// class, in all of its meetings that they may see. The earliest meeting first, then by name.
func (s *Service) OpenContacts(ctx context.Context, actor authz.Actor, class id.Class) (open []Contact, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if class != "" {
			if err := s.mustTeach(tx, actor, class); err != nil {
				return err
			}
		}
		begins, err := s.yearBegins(tx)
		if err != nil {
			return err
		}
		rows, err := findBegun(tx, actor, class, begins)
		if err != nil {
			return err
		}
		contacts, err := s.contacts(tx, rows)
		open = slices.DeleteFunc(contacts, func(c Contact) bool { return !c.DoneAt.IsZero() })
		return err
	})
	return open, err
}

// Contacts gives everybody who has to be, or was, reached another way for one meeting.
func (s *Service) Contacts(ctx context.Context, actor authz.Actor, meeting id.Meeting) (contacts []Contact, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := s.get(tx, actor, meeting); err != nil {
			return err
		}
		row, err := findRow(tx, meeting)
		if err != nil {
			return err
		}
		contacts, err = s.contacts(tx, []meetingRow{row})
		return err
	})
	return contacts, err
}

// contacts are those that were collected, and of meetings that are not collected to the end those of this moment.
func (s *Service) contacts(tx *db.Tx, rows []meetingRow) ([]Contact, error) {
	meetings, err := s.meetings(tx, rows)
	if err != nil {
		return nil, err
	}
	written, err := findContacts(tx, rows)
	if err != nil {
		return nil, err
	}
	var contacts []Contact
	var pupils []id.Pupil
	for _, m := range meetings {
		known := written[m.ID]
		if !m.collected && !m.StartsAt.After(tx.Now) {
			missed, err := s.missed(tx, m)
			if err != nil {
				return nil, err
			}
			known = withMissed(known, missed)
		}
		for _, row := range known {
			contacts = append(contacts, row.contact(m))
			pupils = append(pupils, row.PupilID)
		}
	}
	return s.named(tx, contacts, pupils)
}

func withMissed(known []contactRow, missed []id.Pupil) []contactRow {
	for _, pupil := range missed {
		if !slices.ContainsFunc(known, func(r contactRow) bool { return r.PupilID == pupil }) {
			known = append(known, contactRow{PupilID: pupil})
		}
	}
	return known
}

// named adds the names and sorts by them within each meeting; whoever is erased has none.
func (s *Service) named(tx *db.Tx, contacts []Contact, pupils []id.Pupil) ([]Contact, error) {
	names, err := s.schools.Pupils(tx, pupils)
	if err != nil {
		return nil, err
	}
	contacts = slices.DeleteFunc(contacts, func(c Contact) bool { _, ok := names[c.Pupil]; return !ok })
	for i := range contacts {
		contacts[i].Name = names[contacts[i].Pupil].Name
	}
	school.SortByName(contacts, func(c Contact) school.Name { return c.Name })
	slices.SortStableFunc(contacts, func(a, b Contact) int { return a.Meeting.StartsAt.Compare(b.Meeting.StartsAt) })
	return contacts, nil
}

// SetContact notes how a pupil of the meeting was or will be reached, and whether that is done. Without a kind it adds
// somebody to a meeting that has begun: who might have come and did not is absent, which TakeBack undoes.
func (s *Service) SetContact(ctx context.Context, actor authz.Actor, meeting id.Meeting, pupil id.Pupil, kind ContactKind, done bool) (set Contact, err error) {
	if err := kind.check(done); err != nil {
		return Contact{}, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := lockMeeting(tx, meeting); err != nil {
			return err
		}
		m, row, open, err := s.task(tx, actor, meeting, pupil)
		if err != nil {
			return err
		}
		if kind == "" {
			if m.StartsAt.After(tx.Now) {
				return fault.InvalidField("kind", fault.FieldMissing)
			}
			row.Absent = row.Absent || row.MeetingID == "" && !open
		}
		changed := row.with(kind, done, actor.Account, tx.Now)
		action := audit.ContactMade
		if !done {
			action = audit.ContactReopened
		}
		if err := saveContact(tx, meeting, changed); err != nil {
			return err
		}
		if err := audit.Record(tx, contactEntry(actor, action, meeting, pupil)); err != nil {
			return err
		}
		named, err := s.named(tx, []Contact{changed.contact(m)}, []id.Pupil{pupil})
		if err == nil && len(named) == 0 {
			return fault.New(fault.NothingHere)
		}
		set = named[0]
		return err
	})
	return set, err
}

// check takes the kinds, or none yet of a contact that is open.
func (k ContactKind) check(done bool) error {
	switch {
	case k == ByPhone, k == ByLetter, k == InPerson, k == "" && !done:
		return nil
	case k == "":
		return fault.InvalidField("kind", fault.FieldMissing)
	}
	return fault.InvalidField("kind", fault.FieldInvalid)
}

// task is what is known of the pupil's contact for the meeting, and whether somebody has to reach it now. NothingHere for
// a meeting that the actor may not see and a pupil that does not belong to it.
func (s *Service) task(tx *db.Tx, actor authz.Actor, meeting id.Meeting, pupil id.Pupil) (m Meeting, row contactRow, open bool, err error) {
	if m, err = s.get(tx, actor, meeting); err != nil {
		return m, row, false, err
	}
	row, written, err := findContact(tx, meeting, pupil)
	if err != nil || written {
		return m, row, row.DoneAt == nil, err
	}
	pupils, err := s.pupilsOf(tx, m)
	if err != nil {
		return m, row, false, err
	}
	if !slices.Contains(pupils, pupil) {
		return m, row, false, fault.New(fault.NothingHere)
	}
	missed, err := s.missed(tx, m)
	return m, row, slices.Contains(missed, pupil) && !m.StartsAt.After(tx.Now), err
}

func contactEntry(actor authz.Actor, action audit.Action, meeting id.Meeting, pupil id.Pupil) audit.Entry {
	return audit.Entry{
		Actor: string(actor.Account), Action: action, SubjectKind: "alternative_contact", SubjectID: string(meeting) + ":" + string(pupil),
	}
}

// Number is where somebody with a say can be called.
type Number struct {
	Name   school.Name
	Number string
}

// Numbers shows whom to call for an open contact: the pupil's guardians with a say, or the pupil of age. Each look is on
// record. NumbersHidden where the head does not show them; NothingHere where nobody has to be called.
func (s *Service) Numbers(ctx context.Context, actor authz.Actor, meeting id.Meeting, pupil id.Pupil) (numbers []Number, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		settings, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		m, _, open, err := s.task(tx, actor, meeting, pupil)
		switch {
		case err != nil:
			return err
		case settings.HidesNumbers:
			return fault.New(fault.NumbersHidden)
		case !open:
			return fault.New(fault.NothingHere)
		}
		if numbers, err = s.numbers(tx, m, pupil); err != nil {
			return err
		}
		return audit.Record(tx, contactEntry(actor, audit.NumberShown, meeting, pupil))
	})
	return numbers, err
}

func (s *Service) numbers(tx *db.Tx, m Meeting, pupil id.Pupil) ([]Number, error) {
	standings, err := s.standings.In(tx, []id.Pupil{pupil}, m.facts())
	if err != nil {
		return nil, err
	}
	found, ok := standings[pupil]
	if !ok {
		return nil, fault.New(fault.NothingHere)
	}
	var numbers []Number
	var wanted []id.Guardian
	for _, person := range participation.WhoHasSay(found.Facts) {
		if person.Kind == participation.Guardian {
			wanted = append(wanted, id.Guardian(person.ID))
		} else if found.Pupil.Phone != "" {
			numbers = append(numbers, Number{found.Pupil.Name, found.Pupil.Phone})
		}
	}
	guardians, err := s.schools.Guardians(tx, wanted)
	for _, guardian := range wanted {
		if g := guardians[guardian]; g.Contact.Phone != "" {
			numbers = append(numbers, Number{g.Name, g.Contact.Phone})
		}
	}
	return numbers, err
}

// ContactCount is how many pupils of a class or group had to be reached another way this school year. There is none by
// teacher, on purpose (LPVG NRW § 72(3) no. 2).
type ContactCount struct {
	Class school.Class
	Open  int
	Done  int
}

// CountContacts counts by class.
func (s *Service) CountContacts(ctx context.Context, actor authz.Actor) (counts []ContactCount, err error) {
	if !actor.May(authz.CountContacts) {
		return nil, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		begins, err := s.yearBegins(tx)
		if err != nil {
			return err
		}
		rows, err := countContacts(tx, begins)
		if err != nil {
			return err
		}
		counts = nil
		for _, row := range rows {
			class, err := s.schools.Class(tx, row.ClassID)
			if err != nil {
				return err
			}
			counts = append(counts, ContactCount{Class: class, Open: row.Total - row.Done, Done: row.Done})
		}
		slices.SortFunc(counts, func(a, b ContactCount) int { return school.CompareClasses(a.Class, b.Class) })
		return nil
	})
	return counts, err
}
