// Package rules owns the pupils' rules of a video conference (clauses R0 to R5 and S8): their published versions, which
// never change, and who has read which. Rules are read in full once per version and half of a school year, with two
// little questions; when a version changes one rule, that one alone is read again. How somebody answered is kept by
// nobody, but for a note to the teacher that a word of explanation would help.
package rules

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/rules/content"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
)

// noticeDays is how long before its day a later version is known, as with forms.
const noticeDays = 14

// Version is one published set of rules. It never changes.
type Version struct {
	ID          id.RulesVersion
	Number      int
	InForceOn   calendar.Date
	PublishedAt time.Time
	set         *Draft
}

// Draft is the set as it was published.
func (v Version) Draft() Draft { return *v.set }

// State is how a pupil stands with the rules today.
type State struct {
	Read    bool // all rules in force, in this half of the school year
	Explain bool // two answers of today were wrong: a word of explanation would help
}

// Service owns the use cases.
type Service struct {
	db      *db.DB
	schools *school.Service
	hub     *signal.Hub
	sets    setCache
}

// NewService needs the database, the school's people, and the hub that hears when somebody has read the rules.
func NewService(d *db.DB, schools *school.Service, hub *signal.Hub) *Service {
	return &Service{db: d, schools: schools, hub: hub, sets: setCache{sets: map[id.RulesVersion]*Draft{}}}
}

// setCache keeps sets that were read once: they never change. Ids are unique over all schools.
type setCache struct {
	mu   sync.Mutex
	sets map[id.RulesVersion]*Draft
}

func (c *setCache) get(version id.RulesVersion, read func() (string, error)) (*Draft, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if set, ok := c.sets[version]; ok {
		return set, nil
	}
	text, err := read()
	if err != nil {
		return nil, err
	}
	set := &Draft{}
	if err := json.Unmarshal([]byte(text), set); err != nil {
		return nil, err
	}
	c.sets[version] = set
	return set, nil
}

// Default is the set that ships.
func Default() (Draft, error) { return ParseDraft(content.Rules) }

// Ready gives the context's school those rules that ship, where it has none yet.
func (s *Service) Ready(ctx context.Context) error {
	var known []Version
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		known, err = listVersions(tx)
		return err
	})
	if err != nil || len(known) > 0 {
		return err
	}
	draft, err := Default()
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		known, err := listVersions(tx)
		if err != nil {
			return err
		}
		if len(known) > 0 { // somebody else was first
			tx.MarkAudited()
			return nil
		}
		_, err = s.publish(tx, audit.System, draft, calendar.Date{})
		return err
	})
}

// Publish makes a draft the next version. It comes into force on the given day: by default the first version today and
// later ones in 14 days; a past day, or one before an earlier version's, is refused.
func (s *Service) Publish(ctx context.Context, actor authz.Actor, draft Draft, inForceOn calendar.Date) (version Version, err error) {
	if err := draft.Check(); err != nil {
		return Version{}, fault.Wrap(fault.InvalidInput, err)
	}
	var made id.RulesVersion
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &made, func() error {
			published, err := s.publish(tx, string(actor.Account), draft, inForceOn)
			made = published.ID
			return err
		})
		if err != nil {
			return err
		}
		versions, err := s.versions(tx)
		if i := slices.IndexFunc(versions, func(v Version) bool { return v.ID == made }); i >= 0 {
			version = versions[i]
		}
		return err
	})
	return version, err
}

func (s *Service) publish(tx *db.Tx, by string, draft Draft, inForceOn calendar.Date) (Version, error) {
	known, err := listVersions(tx)
	if err != nil {
		return Version{}, err
	}
	today, err := s.schools.Today(tx)
	if err != nil {
		return Version{}, err
	}
	version, err := next(known, today, inForceOn)
	if err != nil {
		return Version{}, err
	}
	version.PublishedAt, version.set = tx.Now, &draft
	if err := insertVersion(tx, by, version); err != nil {
		if db.Violated(err, db.ErrUnique) { // two at once: look again
			err = errors.Join(db.ErrAgain, err)
		}
		return Version{}, err
	}
	if err := s.hub.Touch(tx, ""); err != nil { // nobody may have read them
		return Version{}, err
	}
	return version, audit.Record(tx, audit.Entry{
		Actor: by, Action: audit.RulesPublished, SubjectKind: "rules_version", SubjectID: string(version.ID),
	})
}

func next(known []Version, today, inForceOn calendar.Date) (Version, error) {
	version := Version{ID: id.New[id.RulesVersion](), Number: 1, InForceOn: inForceOn}
	if inForceOn.IsZero() {
		version.InForceOn = today
	}
	earliest := today
	if len(known) > 0 {
		last := known[len(known)-1]
		version.Number = last.Number + 1
		if inForceOn.IsZero() {
			version.InForceOn = today.AddDays(noticeDays)
		}
		if last.InForceOn.After(today) {
			earliest = last.InForceOn
		}
	}
	if version.InForceOn.Before(earliest) {
		return Version{}, fault.InvalidField("inForceOn", fault.FieldInvalid)
	}
	return version, nil
}

// Versions lists all published versions, the newest first.
func (s *Service) Versions(ctx context.Context) (versions []Version, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		versions, err = s.versions(tx)
		return err
	})
	slices.Reverse(versions)
	return versions, err
}

// versions gives all published versions with their sets, by number.
func (s *Service) versions(tx *db.Tx) ([]Version, error) {
	return db.Once(tx, versionsKey{}, func() ([]Version, error) {
		versions, err := listVersions(tx)
		for i := range versions {
			version := versions[i].ID
			if versions[i].set, err = s.sets.get(version, func() (string, error) { return contentOf(tx, version) }); err != nil {
				return nil, err
			}
		}
		return versions, err
	})
}

// versionsKey is what a transaction remembers the versions by.
type versionsKey struct{}

// inForce is the one with the highest number among those whose day has come.
func inForce(versions []Version, today calendar.Date) (Version, bool) {
	for _, version := range slices.Backward(versions) {
		if !version.InForceOn.After(today) {
			return version, true
		}
	}
	return Version{}, false
}

// Of gives how the pupils stand with the rules, in a fixed number of queries. At a school without rules nobody has read
// them.
func (s *Service) Of(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil]State, error) {
	now, err := s.at(tx)
	if err != nil {
		return nil, err
	}
	read, err := acknowledgementsOf(tx, pupils, now.halfYear)
	if err != nil {
		return nil, err
	}
	states := make(map[id.Pupil]State, len(pupils))
	for _, pupil := range pupils {
		states[pupil] = State{Read: now.known && len(now.due(read[pupil])) == 0, Explain: now.needsWord(read[pupil])}
	}
	return states, nil
}

// present is what counts at a school at one moment.
type present struct {
	versions []Version
	version  Version // the one in force
	known    bool    // false: there is none
	today    calendar.Date
	zone     *time.Location
	halfYear calendar.Period
}

func (s *Service) at(tx *db.Tx) (present, error) {
	settings, err := s.schools.SettingsInClear(tx)
	if err != nil {
		return present{}, err
	}
	now := present{today: settings.Today(tx.Now), zone: settings.Location()}
	now.halfYear = calendar.HalfYearOf(now.today)
	if now.versions, err = s.versions(tx); err != nil {
		return present{}, err
	}
	now.version, now.known = inForce(now.versions, now.today)
	return now, nil
}

// acknowledgement is what a pupil has read at one time in this half of the school year.
type acknowledgement struct {
	version id.RulesVersion
	keys    []string
	explain bool
	at      time.Time
}

// due are the keys of the rules in force that the pupil has not read in their present wording, in their order.
func (p present) due(read []acknowledgement) (keys []string) {
	for _, rule := range p.version.set.Rules {
		if !slices.ContainsFunc(read, func(a acknowledgement) bool { return p.covers(a, rule.Key) }) {
			keys = append(keys, rule.Key)
		}
	}
	return keys
}

func (p present) covers(a acknowledgement, key string) bool {
	if !slices.Contains(a.keys, key) {
		return false
	}
	for _, version := range p.versions {
		if version.ID == a.version {
			return version.set.wording(key) == p.version.set.wording(key)
		}
	}
	return false
}

// needsWord holds for the day alone: a note that stays would be a mark.
func (p present) needsWord(read []acknowledgement) bool {
	return slices.ContainsFunc(read, func(a acknowledgement) bool { return a.explain && calendar.Today(a.at, p.zone) == p.today })
}
