package meeting

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// daysAhead is how far ahead a day at a distance may be declared.
const daysAhead = 28

// DistanceDay is a day on which every class meets at a distance. The zero Day is the next one from Monday to Friday.
type DistanceDay struct {
	Day    calendar.Date
	From   time.Duration // after midnight, by the school's clock on the wall
	Length time.Duration
	Title  string // of the meetings that are made
}

// ClassState says what becomes of a class on such a day.
type ClassState string

// The states of a class. Without a teacher or pupils nothing can be made.
const (
	ClassMeets   ClassState = "meets" // has a lesson on the day already
	ClassPlanned ClassState = "planned"
	ClassMade    ClassState = "made"
	NoTeacher    ClassState = "no_teacher"
	NoPupils     ClassState = "no_pupils"
)

// DistanceClass is one class on such a day. Its room is that of the class's last meeting with one, or the school's.
type DistanceClass struct {
	Class   school.Class
	State   ClassState
	Meeting id.Meeting // where there is one
	Teacher id.Account // who is, or would be, responsible
	Room    Room
}

// Distance is what a day at a distance makes, or has made.
type Distance struct {
	Day      calendar.Date
	StartsAt time.Time
	EndsAt   time.Time
	Classes  []DistanceClass
}

// PreviewDistanceDay says what DeclareDistanceDay would do, and does nothing.
func (s *Service) PreviewDistanceDay(ctx context.Context, actor authz.Actor, in DistanceDay) (preview Distance, err error) {
	if !actor.May(authz.SetUpMeetings) {
		return Distance{}, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		preview, err = s.distance(tx, in)
		return err
	})
	return preview, err
}

// DeclareDistanceDay plans a lesson for every class that has none on the day, all or nothing. Declared again it makes
// what is still missing and nothing twice, also when two declare it at once.
func (s *Service) DeclareDistanceDay(ctx context.Context, actor authz.Actor, in DistanceDay) (done Distance, err error) {
	if !actor.May(authz.SetUpMeetings) {
		return Distance{}, fault.New(fault.NotAllowedHere)
	}
	plan := Plan{Title: in.Title, Kind: participation.Lesson, Length: in.Length}
	if err := plan.clean(); err != nil {
		return Distance{}, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		made := map[id.Class]id.Meeting{}
		if _, err := idempotency.Do(ctx, tx, &made, func() error { return s.declare(tx, actor, in, plan, made) }); err != nil {
			return err
		}
		if done, err = s.distance(tx, in); err != nil {
			return err
		}
		for i, class := range done.Classes {
			if class.State == ClassMeets && made[class.Class.ID] == class.Meeting {
				done.Classes[i].State = ClassMade
			}
		}
		return nil
	})
	return done, err
}

func (s *Service) declare(tx *db.Tx, actor authz.Actor, in DistanceDay, plan Plan, made map[id.Class]id.Meeting) error {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return err
	}
	day, _, err := in.when(tx.Now, settings.Location())
	if err != nil {
		return err
	}
	if err := holdDistanceDay(tx, day, actor.Account); err != nil { // whoever comes second sees what the first made
		return err
	}
	todo, err := s.distance(tx, in)
	if err != nil {
		return err
	}
	for _, class := range todo.Classes {
		if class.State != ClassPlanned {
			continue
		}
		one := plan
		one.Class, one.StartsAt, one.Room = class.Class.ID, todo.StartsAt, class.Room
		meeting := id.New[id.Meeting]()
		occurrences := []occurrence{{id: meeting, starts: one.StartsAt}}
		if err := s.make(tx, actor, class.Teacher, one, basisOf(one.Kind, settings), "", occurrences); err != nil {
			return err
		}
		made[class.Class.ID] = meeting
	}
	return audit.Record(tx, audit.Entry{
		Actor: string(actor.Account), Action: audit.DistanceDayDeclared, SubjectKind: "distance_day", SubjectID: day.String(),
	})
}

// when is the day and its beginning, which may not be over or far away.
func (d DistanceDay) when(now time.Time, zone *time.Location) (day calendar.Date, starts time.Time, err error) {
	today := calendar.Today(now, zone)
	day = d.Day
	if day.IsZero() {
		day = nextSchoolDay(today)
	}
	switch {
	case day.Before(today) || day.After(today.AddDays(daysAhead)):
		return day, starts, fault.InvalidField("day", fault.FieldInvalid)
	case d.From < 0 || d.From >= 24*time.Hour:
		return day, starts, fault.InvalidField("from", fault.FieldInvalid)
	case d.Length < time.Minute || d.Length > maxLength:
		return day, starts, fault.InvalidField("minutes", fault.FieldInvalid)
	}
	starts = time.Date(day.Year(), day.Month(), day.Day(), 0, int(d.From.Minutes()), 0, 0, zone)
	if !starts.Add(d.Length).After(now) {
		return day, starts, fault.InvalidField("from", fault.FieldInvalid)
	}
	return day, starts, nil
}

// nextSchoolDay is the next day from Monday to Friday; public holidays are known by nobody here.
func nextSchoolDay(today calendar.Date) calendar.Date {
	day := today.AddDays(1)
	for weekday, _ := day.Weekday(); weekday == time.Saturday || weekday == time.Sunday; weekday, _ = day.Weekday() {
		day = day.AddDays(1)
	}
	return day
}

func (s *Service) distance(tx *db.Tx, in DistanceDay) (found Distance, err error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return Distance{}, err
	}
	day, starts, err := in.when(tx.Now, settings.Location())
	if err != nil {
		return Distance{}, err
	}
	found = Distance{Day: day, StartsAt: starts, EndsAt: starts.Add(in.Length)}
	classes, err := s.schools.ClassesOn(tx, day)
	if err != nil {
		return Distance{}, err
	}
	lessons, err := findLessons(tx, day.StartIn(settings.Location()), day.AddDays(1).StartIn(settings.Location()))
	if err != nil {
		return Distance{}, err
	}
	for _, class := range classes {
		one := DistanceClass{Class: class, State: ClassMeets}
		if lesson, ok := lessons[class.ID]; ok {
			m := lesson.meeting(class)
			one.Meeting, one.Teacher, one.Room = m.ID, m.Responsible, m.Room
		} else if err := s.lookAt(tx, &one, day, settings); err != nil {
			return Distance{}, err
		}
		found.Classes = append(found.Classes, one)
	}
	return found, nil
}

// lookAt finds what a lesson of a class that has none on the day needs.
func (s *Service) lookAt(tx *db.Tx, one *DistanceClass, day calendar.Date, settings school.Settings) error {
	pupils, err := s.schools.PupilsOfClass(tx, one.Class.ID, day)
	if err != nil {
		return err
	}
	if one.Teacher, err = findTeacher(tx, one.Class.ID); err != nil {
		return err
	}
	if one.Room, err = findLastRoom(tx, one.Class.ID); err != nil {
		return err
	}
	if one.Room == (Room{}) {
		one.Room.Name = settings.DefaultRoom
	}
	switch {
	case len(pupils) == 0:
		one.State = NoPupils
	case one.Teacher == "":
		one.State = NoTeacher
	default:
		one.State = ClassPlanned
	}
	return nil
}
