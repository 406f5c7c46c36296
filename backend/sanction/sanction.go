// Package sanction owns sanctions, their ends and the objections to them: human decisions that restrict a pupil to sound
// or exclude it, from a day until a day that must be named (SchulG NRW § 53; product.md point 7). It stores them with
// their evidence, and has the words of the notices about them; what they do to a mode is for package participation, and
// the reports that lead to them are for package breach. A teacher's limit for one meeting is for package meeting.
package sanction

import (
	"context"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/outbox"
	"einverstanden/backend/proof"
	"einverstanden/backend/rules"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
)

// Kind says which measure of school law a sanction is; the zero value is one from before kinds were recorded.
type Kind string

// The two kinds beyond one meeting (SchulG NRW § 53(2) and (3)). The head alone decides both (L25).
const (
	Educational Kind = "educational" // erzieherische Einwirkung
	Formal      Kind = "formal"      // Ordnungsmaßnahme
)

// Measure is what a sanction restricts; the zero value is none.
type Measure string

// The two measures of the letter (S10).
const (
	AudioOnly Measure = "audio_only"
	Excluded  Measure = "excluded"
)

// Party is somebody who can be heard before a sanction is decided.
type Party string

// The parties; a formal sanction needs the first two (SchulG NRW § 53(6)).
const (
	Pupil        Party = "pupil"
	Parents      Party = "parents"
	ClassTeacher Party = "class_teacher"
)

// Parties lists them in the order in which they are kept.
var Parties = []Party{Pupil, Parents, ClassTeacher}

// Sanction is one measure against one pupil. An end before its time works at once.
type Sanction struct {
	ID        id.Sanction
	Pupil     id.Pupil
	Kind      Kind
	Measure   Measure
	RuleKey   string // of a version of the pupils' rules (L26: a key and no free text)
	Heard     []Party
	NotedOn   calendar.Date   // of the file note; zero: from before it was recorded
	Period    calendar.Period // from and until, inclusive
	DecidedBy id.Account
	DecidedAt time.Time
	EndedAt   time.Time // zero: not ended early

	RulesVersion id.RulesVersion // empty: from before it was recorded
}

// InForce reports whether the sanction restricts its pupil on the day, which is today.
func (s Sanction) InForce(today calendar.Date) bool {
	return s.EndedAt.IsZero() && s.Period.Contains(today)
}

// Step is what was last told about the sanction.
func (s Sanction) Step() Step {
	if s.EndedAt.IsZero() {
		return Imposed
	}
	return Ended
}

// New is what the head decides.
type New struct {
	Pupil   id.Pupil
	Kind    Kind
	Measure Measure
	RuleKey string // the rule that was broken, by its key
	Heard   []Party
	NotedOn calendar.Date // of the note in the paper file, where the details stay
	From    calendar.Date
	Until   calendar.Date

	RulesVersion id.RulesVersion // of a report; Impose takes the one in force
}

// Service owns the use cases.
type Service struct {
	db      *db.DB
	log     *evidence.Log
	schools *school.Service
	rules   *rules.Service
	hub     *signal.Hub
}

// NewService needs the database, the evidence log, the school's people and its rules, and the hub that hears of changed
// pupils.
func NewService(d *db.DB, log *evidence.Log, schools *school.Service, rules *rules.Service, hub *signal.Hub) *Service {
	return &Service{db: d, log: log, schools: schools, rules: rules, hub: hub}
}

// Impose puts a sanction into force, for a rule of the version in force. The actor is the head; the API's permission sees
// to that.
func (s *Service) Impose(ctx context.Context, actor authz.Actor, in New) (id.Sanction, error) {
	var made id.Sanction
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := idempotency.Do(ctx, tx, &made, func() (err error) {
			if in.RulesVersion, err = s.rules.VersionOf(tx, in.RuleKey); err != nil {
				return err
			}
			made, err = s.ImposeIn(tx, actor, in)
			return err
		})
		return err
	})
	return made, err
}

// ImposeIn is Impose within a transaction of the caller, who knows the rule and its version from the report.
func (s *Service) ImposeIn(tx *db.Tx, actor authz.Actor, in New) (id.Sanction, error) {
	today, err := s.schools.Today(tx)
	if err != nil {
		return "", err
	}
	if err := in.check(today); err != nil {
		return "", err
	}
	known, err := s.schools.Pupils(tx, []id.Pupil{in.Pupil})
	if err != nil {
		return "", err
	}
	if _, ok := known[in.Pupil]; !ok {
		return "", fault.New(fault.NothingHere)
	}
	made := id.New[id.Sanction]()
	entry, err := s.attest(tx, actor, proof.SanctionDeclared{
		Sanction: made, Pupil: in.Pupil, Act: "imposed", Kind: string(in.Kind), Measure: string(in.Measure), RuleKey: in.RuleKey,
		RulesVersion: in.RulesVersion, Heard: words(in.Heard), NotedOn: in.NotedOn, From: in.From, Until: in.Until,
	})
	if err != nil {
		return "", err
	}
	if err := insert(tx, made, entry.Leaf, actor.Account, in); err != nil {
		return "", err
	}
	return made, s.tell(tx, outbox.SanctionImposed, made, in.Pupil)
}

// End ends a sanction before its time, at once.
func (s *Service) End(ctx context.Context, actor authz.Actor, sanction id.Sanction) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		known, err := find(tx, sanction)
		if err != nil {
			return err
		}
		return s.endIn(tx, actor, known)
	})
}

func (s *Service) endIn(tx *db.Tx, actor authz.Actor, known Sanction) error {
	if err := mustStand(known); err != nil {
		return err
	}
	_, err := s.attest(tx, actor, proof.SanctionDeclared{
		Sanction: known.ID, Pupil: known.Pupil, Act: "ended", Kind: string(known.Kind), Measure: string(known.Measure), RuleKey: known.RuleKey,
		RulesVersion: known.RulesVersion, From: known.Period.From, Until: known.Period.Until,
	})
	if err != nil {
		return err
	}
	if err := end(tx, known.ID, actor.Account); err != nil {
		return err
	}
	return s.tell(tx, outbox.SanctionEnded, known.ID, known.Pupil)
}

// Told is the payload of the sanction topics of the outbox: opaque ids alone.
type Told struct {
	Sanction  id.Sanction  `json:"sanction"`
	Pupil     id.Pupil     `json:"pupil"`
	Objection id.Objection `json:"objection,omitempty"`
}

// tell lets guardians and pupil hear of it, and open rosters read again.
func (s *Service) tell(tx *db.Tx, topic outbox.Topic, sanction id.Sanction, pupil id.Pupil) error {
	if err := outbox.Enqueue(tx, outbox.Job{Topic: topic, Payload: Told{Sanction: sanction, Pupil: pupil}}); err != nil {
		return err
	}
	return s.hub.Touch(tx, pupil)
}

// attest writes the evidence of a step.
func (s *Service) attest(tx *db.Tx, actor authz.Actor, declared proof.SanctionDeclared) (evidence.Entry, error) {
	identity, err := s.schools.Identity(tx, declared.Pupil)
	if err != nil {
		return evidence.Entry{}, err
	}
	private, err := evidence.NewPrivate(identity.BirthDate)
	if err != nil {
		return evidence.Entry{}, err
	}
	part, err := evidence.NewPart(private)
	if err != nil {
		return evidence.Entry{}, err
	}
	declared.PrivateSHA256 = part.SHA256
	return s.log.Append(tx, proof.Statement{
		Kind: proof.KindSanction, Declaration: &declared,
		Server: &proof.MeasureServer{At: tx.Now, By: actor.Account, Names: identity.Names},
	}, part)
}

// Of gives every sanction of the pupils, ended ones included, in one query for any number of them.
func Of(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil][]Sanction, error) { return list(tx, pupils) }

// Find gives one sanction; NothingHere where there is none.
func Find(tx *db.Tx, sanction id.Sanction) (Sanction, error) { return find(tx, sanction) }

// All gives every sanction of the school, the latest decision first.
func All(tx *db.Tx) ([]Sanction, error) { return all(tx) }

// WordsOf writes parties as a column holds them: each once, in the order of Parties, with a blank between.
func WordsOf(heard []Party) string { return strings.Join(words(heard), " ") }

// PartiesOf reads what WordsOf wrote.
func PartiesOf(text string) (heard []Party) {
	for word := range strings.FieldsSeq(text) {
		heard = append(heard, Party(word))
	}
	return heard
}

// words are the parties as the statement holds them.
func words(heard []Party) (sorted []string) {
	for _, party := range Parties {
		if slices.Contains(heard, party) {
			sorted = append(sorted, string(party))
		}
	}
	return sorted
}
