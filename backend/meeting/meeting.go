// Package meeting owns meetings: single conferences of a class, a group or chosen pupils, each with its responsible
// teacher, its time, its room and a legal basis that is fixed when it is made; planned once, weekly or for a whole day at
// a distance; moved, cancelled and taken over. It shows their rosters, live: who may take part how, who was let in, who is
// there, and what became stricter since the teacher last looked. It keeps whom a teacher has to reach another way. And it
// keeps the door: who may come in is decided at the tap, and once more where the room begins. How a pupil may take part is
// for package standing, what it has read for package rules, rooms on the school's own server for package room.
package meeting

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/outbox"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
	"einverstanden/backend/standing"
)

// Meeting is one conference.
type Meeting struct {
	ID          id.Meeting
	Title       string
	Kind        participation.MeetingKind
	Class       school.Class
	WholeClass  bool
	Responsible id.Account
	Substitute  id.Account // holds it instead; empty: nobody
	Series      id.Series  // empty: planned once
	Basis       participation.LegalBasis
	Room        Room
	StartsAt    time.Time
	EndsAt      time.Time
	Cancelled   bool
	Zone        *time.Location // the school's, for its midnight
	collected   bool           // nobody is added to its contacts by looking any more
}

// Runs reports whether the meeting is under way.
func (m Meeting) Runs(now time.Time) bool { return !now.Before(m.StartsAt) && now.Before(m.EndsAt) }

func (m Meeting) facts() standing.Meeting {
	return standing.Meeting{ID: m.ID, Kind: m.Kind, Basis: m.Basis}
}

// Room is where an IServ conference happens: a link to a host of the school's, or the name of a room. Home is where a
// room is looked for by its name: the first host that the school lists. It is not the meeting's own and never planned.
type Room struct {
	URL  string
	Name string
	Home string
}

// Plan is what a teacher plans. A zero StartsAt means now, a zero Room the teacher's standing one, where the school has no
// conference server of its own.
type Plan struct {
	Title    string
	Kind     participation.MeetingKind
	Class    id.Class   // or group
	Pupils   []id.Pupil // chosen ones of the teacher's classes and groups; none: the whole class
	StartsAt time.Time
	Length   time.Duration
	Weekly   *Weekly // nil: once
	Room     Room
}

const (
	maxTitle  = 80
	maxRoom   = 200
	maxLength = 8 * time.Hour
	maxAhead  = 366 * 24 * time.Hour
)

// Service owns the use cases.
type Service struct {
	db          *db.DB
	schools     *school.Service
	standings   *standing.Service
	rules       *rules.Service
	hub         *signal.Hub
	rooms       Rooms
	conferences Conferences // nil: none
}

// NewService needs the database, the school's people, the standings that rosters show, the rules that pupils have to read
// before they come in, and the hub by which open rosters hear.
func NewService(d *db.DB, schools *school.Service, standings *standing.Service, rules *rules.Service, hub *signal.Hub) *Service {
	return &Service{db: d, schools: schools, standings: standings, rules: rules, rooms: links{}, hub: hub}
}

func (s *Service) touch(tx *db.Tx, pupil id.Pupil) error { return s.hub.Touch(tx, pupil) }

// Plan makes a meeting of a class or group that was given to the teacher, or a series of them, of which it gives the
// first. A class of somebody else does not exist. A whole class is with its teacher at one place at a time: what overlaps
// such a meeting is refused with the field startsAt, unless it begins now. Of chosen pupils Overlaps tells.
func (s *Service) Plan(ctx context.Context, actor authz.Actor, plan Plan) (Meeting, error) {
	if err := plan.clean(); err != nil {
		return Meeting{}, err
	}
	var made id.Meeting
	var meeting Meeting
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			made = id.New[id.Meeting]()
			return s.plan(tx, actor, made, plan)
		})
		if err == nil {
			meeting, err = s.find(tx, made)
		}
		return err
	})
	return meeting, err
}

func (s *Service) plan(tx *db.Tx, actor authz.Actor, made id.Meeting, plan Plan) error {
	if err := s.mustTeach(tx, actor, plan.Class); err != nil {
		return err
	}
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return err
	}
	begins := plan.StartsAt.IsZero()
	if begins {
		plan.StartsAt = tx.Now
	}
	if !plan.Room.IsIServ() {
		if plan.Room, err = s.usualRoom(tx, actor.Account, settings); err != nil {
			return err
		}
	}
	if plan.StartsAt.Add(plan.Length).Before(tx.Now) || plan.StartsAt.Sub(tx.Now) > maxAhead {
		return fault.InvalidField("startsAt", fault.FieldInvalid)
	}
	if err := plan.Room.check(settings.RoomHosts); err != nil {
		return err
	}
	if err := s.checkPupils(tx, actor, plan, settings); err != nil {
		return err
	}
	series, occurrences, err := plan.occurrences(made, settings.Location())
	if err != nil {
		return err
	}
	if twice, err := isPlanned(tx, actor.Account, plan); err != nil {
		return err
	} else if twice {
		return fault.InvalidField("startsAt", fault.AlreadyExists)
	}
	if whole := len(plan.Pupils) == 0; whole && !begins { // "Jetzt" goes on where a lesson is about to end
		if err := mustBeFree(tx, actor.Account, plan.Class, made, plan.Length, occurrences); err != nil {
			return err
		}
	}
	return s.make(tx, actor, actor.Account, plan, basisOf(plan.Kind, settings), series, occurrences)
}

// basisOf is what the head has set for the kind: only lessons may be by statute.
func basisOf(kind participation.MeetingKind, settings school.Settings) participation.LegalBasis {
	if kind == participation.Lesson {
		return participation.LegalBasis(settings.LessonBasis)
	}
	return participation.Consent
}

// make writes the meetings, which somebody plans for a responsible teacher.
func (s *Service) make(
	tx *db.Tx, actor authz.Actor, responsible id.Account, plan Plan, basis participation.LegalBasis, series id.Series, occurrences []occurrence,
) error {
	if err := insertMeetings(tx, responsible, plan, basis, series, occurrences); err != nil {
		return err
	}
	entries := make([]audit.Entry, len(occurrences))
	for i, one := range occurrences {
		entries[i] = entry(actor, audit.MeetingPlanned, one.id)
	}
	if err := audit.Record(tx, entries...); err != nil {
		return err
	}
	return tell(tx, outbox.MeetingPlanned, News{Meeting: occurrences[0].id, Series: series, By: actor.Account})
}

// checkPupils admits pupils of the teacher's own classes and groups alone: a teacher must not read the modes of others by
// planning (abuse X31). Somebody has to belong to the meeting.
func (s *Service) checkPupils(tx *db.Tx, actor authz.Actor, plan Plan, settings school.Settings) error {
	day := calendar.Today(plan.StartsAt, settings.Location())
	if len(plan.Pupils) == 0 {
		members, err := s.schools.PupilsOfClass(tx, plan.Class, day)
		if err == nil && len(members) == 0 {
			return fault.InvalidField("pupils", fault.FieldMissing)
		}
		return err
	}
	taught, err := s.schools.TaughtBy(tx, actor.Account, day)
	if err != nil {
		return err
	}
	for _, pupil := range plan.Pupils {
		if !slices.Contains(taught, pupil) {
			return fault.InvalidField("pupils", fault.FieldInvalid)
		}
	}
	return nil
}

func (p *Plan) clean() error {
	p.Title = strings.Join(strings.Fields(p.Title), " ")
	switch n := utf8.RuneCountInString(p.Title); {
	case n == 0:
		return fault.InvalidField("title", fault.FieldMissing)
	case n > maxTitle:
		return fault.InvalidField("title", fault.FieldTooLong)
	}
	switch p.Kind {
	case participation.Lesson:
	case participation.SmallGroup, participation.OneToOne:
		if len(p.Pupils) == 0 {
			return fault.InvalidField("pupils", fault.FieldMissing)
		}
		if p.Kind == participation.OneToOne && len(p.Pupils) != 1 {
			return fault.InvalidField("pupils", fault.FieldInvalid)
		}
	default:
		return fault.InvalidField("kind", fault.FieldInvalid)
	}
	if p.Length < time.Minute || p.Length > maxLength {
		return fault.InvalidField("minutes", fault.FieldInvalid)
	}
	slices.Sort(p.Pupils)
	p.Pupils = slices.Compact(p.Pupils)
	return nil
}

// check refuses links that could lead thirty children elsewhere: only https, only hosts that the school lists.
func (r Room) check(hosts []string) error {
	if utf8.RuneCountInString(r.Name) > maxRoom || len(r.URL) > 10*maxRoom {
		return fault.InvalidField("room", fault.FieldTooLong)
	}
	if r.URL == "" {
		return nil
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || !slices.Contains(hosts, strings.ToLower(u.Host)) {
		return fault.InvalidField("room.url", fault.FieldInvalid)
	}
	return nil
}

// Get gives a meeting to whoever may see it.
func (s *Service) Get(ctx context.Context, actor authz.Actor, meeting id.Meeting) (Meeting, error) {
	var found Meeting
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = s.get(tx, actor, meeting)
		return err
	})
	return found, err
}

func (s *Service) get(tx *db.Tx, actor authz.Actor, meeting id.Meeting) (Meeting, error) {
	found, err := s.find(tx, meeting)
	if err != nil {
		return Meeting{}, err
	}
	return found, s.maySee(tx, actor, found)
}

// List gives the meetings that the actor may see and that run at any time in [from, to), by their beginning.
func (s *Service) List(ctx context.Context, actor authz.Actor, from, to time.Time, page Page) (Listed, error) {
	var listed Listed
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		listed, err = s.list(tx, actor, from, to, page)
		return err
	})
	return listed, err
}

func (s *Service) classesOf(tx *db.Tx, actor authz.Actor) ([]school.Class, error) {
	day, err := s.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	if actor.May(authz.SeeAllClasses) {
		return s.schools.ClassesOn(tx, day)
	}
	return s.schools.ClassesOfTeacher(tx, actor.Account, day)
}

// Classes lists the classes the actor may see today.
func (s *Service) Classes(tx *db.Tx, actor authz.Actor) ([]school.Class, error) {
	return s.classesOf(tx, actor)
}

// Titles gives what the meetings are called, and when they began, also of those cancelled since.
func Titles(tx *db.Tx, meetings []id.Meeting) (map[id.Meeting]Meeting, error) {
	return titles(tx, meetings)
}

// LessonEnd is when the last of the teacher's meetings that run at the instant ends, of their own, of the classes
// given to them and of those that they hold; the zero time when none runs.
func (s *Service) LessonEnd(tx *db.Tx, teacher id.Account, at time.Time) (time.Time, error) {
	end, err := lessonEnd(tx, teacher, at)
	if err != nil || end == 0 {
		return time.Time{}, err
	}
	return time.UnixMicro(end).UTC(), nil
}
