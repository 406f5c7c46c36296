// Package notify owns telling one person one thing: which channels a kind of message takes, its words in the person's
// language, that it goes out once, and what became of it (accepted, failed, bounced: never "read"). It owns the addresses
// that people typed, which get nothing before they are confirmed, and how people want to be told.
//
// It leaves to package notice who is told of what, to package mail how a message travels, and to whoever implements
// Channel the other ways. No text names a child, a class or a decision: messages lie open on screens and servers.
package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/outbox"
	"einverstanden/backend/school"
	"einverstanden/backend/vault"
)

// Kind says what a message is about. It is the key of its words.
type Kind string

// Every kind there is.
const (
	ConfirmAddress    Kind = "confirm_address"
	Receipt           Kind = "receipt"
	FirstAnswer       Kind = "first_answer"
	AnswerGiven       Kind = "answer_given" // to the other guardian, where the answerer has no contact
	LetterIssued      Kind = "letter_issued"
	LetterRedeemed    Kind = "letter_redeemed"
	LetterDisowned    Kind = "letter_disowned"
	DeviceLinked      Kind = "device_linked"
	PushRests         Kind = "push_rests" // nobody has started the app on the person's devices for long
	ModeChanged       Kind = "mode_changed"
	AnswerInvalidated Kind = "answer_invalidated"
	AnswerRecorded    Kind = "answer_recorded"
	Checkpoint        Kind = "checkpoint"
	Reminder          Kind = "reminder"
	Invitation        Kind = "invitation"   // a letter that goes by mail
	Announcement      Kind = "announcement" // that somebody is going to be asked; wants nothing

	SanctionImposed  Kind = "sanction_imposed"
	SanctionEnded    Kind = "sanction_ended" // before its time
	OwnSanction      Kind = "own_sanction"   // to a pupil that has no say: imposed or ended
	ObjectionNews    Kind = "objection_news" // to whoever objected: it came in, or was answered
	DecisionWaiting  Kind = "decision_waiting"
	MeetingPlanned   Kind = "meeting_planned" // these four to a pupil
	MeetingMoved     Kind = "meeting_moved"
	MeetingCancelled Kind = "meeting_cancelled"
	MeetingSoon      Kind = "meeting_soon"
	LessonChanged    Kind = "lesson_changed" // these three to a teacher; planned, moved or cancelled by somebody else
	LessonTomorrow   Kind = "lesson_tomorrow"
	LessonSoon       Kind = "lesson_soon"
	RightsNews       Kind = "rights_news"
	AgeNear          Kind = "age_near"       // to the pupil who will have a say
	ChildAgeNear     Kind = "child_age_near" // to those who have it now
)

// DPO is the data protection officer as the recipient of a message; its id is the school's.
const DPO id.PersonKind = "dpo"

// Staff is a member of staff as the recipient of a message; its id is the account's.
const Staff id.PersonKind = "staff"

// StaffOf is the account as a recipient.
func StaffOf(account id.Account) id.Person { return id.Person{Kind: Staff, ID: string(account)} }

// Message is one thing to tell one person.
type Message struct {
	Event   string      `json:"event"` // what happened, once: kind of row and id; with Person and channel it is told once
	Kind    Kind        `json:"kind"`
	Person  id.Person   `json:"person"`
	Subject string      `json:"subject,omitempty"` // id of what it is about, for the check whether it still holds
	Without ChannelName `json:"without,omitempty"` // a way that must not be taken, because somebody else may sit there
	Step    string      `json:"step,omitempty"`    // of a matter that goes on: which of the kind's words are used
	Path    string      `json:"path,omitempty"`    // of the page that it leads to, with its fragment; empty: the start
	At      time.Time   `json:"at,omitzero"`       // when it happened
	Values  Values      `json:"values,omitempty"`

	Channels  []ChannelName `json:"channels,omitempty"` // fewer than the kind's; the kind's last way stays
	NotBefore time.Time     `json:"notBefore,omitzero"` // for the night and the weekend; zero: at once
	Until     time.Time     `json:"until,omitzero"`     // when it is of no use any more; zero: for as long as its kind says
	Open      int           `json:"open,omitempty"`     // how many answers are wanted, for the badge of an app
}

// key tells what is told apart: of one letter it is told that it was made, and later that it was used.
func (m Message) key() string { return string(m.Kind) + "|" + m.Event }

// Values fill the placeholders of a text. They hold no names of people. A day is YYYY-MM-DD, and is written as the reader's
// language does.
type Values map[string]string

// DayValue is the day that a text is about. Paragraphs that name it are left out where there is none.
const DayValue = "day"

// ChannelName names a way to a person.
type ChannelName string

// The ways.
const (
	Push ChannelName = "push"
	Mail ChannelName = "mail"
	Slip ChannelName = "slip" // the office is told to hand over a piece of paper
)

// Outcome is what became of a message on one channel.
type Outcome struct {
	Host    string // the server that took it or refused it
	Code    string // of ours, or the server's status; empty when it was accepted
	Address string // keyed hash of the one mail address that it went to, once the server had the last word on it
}

// ErrNoWay says that a person cannot be reached by a channel: no address, no device, no server.
var ErrNoWay = errors.New("notify: no way to this person")

// Channel brings messages to people. Deliver is called inside the message's school, outside any transaction, at least
// once for a message; id is the same at every attempt. ErrNoWay leaves the message to the other channels. Any other error
// is a failure, whose Outcome is kept; outbox.Permanent ends the attempts, outbox.After says when to try again.
type Channel interface {
	Name() ChannelName
	Deliver(ctx context.Context, id string, m Message) (Outcome, error)
}

// Reacher is a Channel that can tell, before anything is written for a message, that there is no way to its person: most
// people have one channel of several.
type Reacher interface {
	Reaches(tx *db.Tx, m Message) (bool, error)
}

// Service tells people.
type Service struct {
	db       *db.DB
	vault    *vault.Vault
	schools  *school.Service
	clock    func() time.Time
	baseURL  *url.URL
	channels map[ChannelName]Channel
	still    map[Kind]Still
	when     When
	language func(tx *db.Tx, person id.Person) (string, error)
	staff    func(tx *db.Tx, account id.Account) (Contact, error)
	carriers map[Kind]Carrier
}

// Carrier is what a kind needs that no job and no row may hold: Fill makes it while the message is sent, the path of the
// page that it leads to and the values of its text. Lost hears of an event whose message cannot arrive or came back; nil:
// nobody needs to.
type Carrier struct {
	Fill func(tx *db.Tx, m Message) (path string, values Values, err error)
	Lost func(tx *db.Tx, event string) error
}

// Contact is where and in which language a member of staff is told.
type Contact struct {
	Email    string // empty: nowhere by mail
	Language string
}

// Still reports whether a message still holds; it is asked right before sending, so that nobody is told of what is settled.
type Still func(ctx context.Context, m Message) (bool, error)

// When says when a message may go to a person by a channel: now, or later, for the quiet hours.
type When func(ctx context.Context, by ChannelName, m Message, now time.Time) (time.Time, error)

// NewService needs the database, the keys, the people, and the public address that messages lead to.
func NewService(d *db.DB, v *vault.Vault, schools *school.Service, baseURL *url.URL, clock func() time.Time) *Service {
	return &Service{
		db: d, vault: v, schools: schools, baseURL: baseURL, clock: clock,
		channels: map[ChannelName]Channel{}, still: map[Kind]Still{}, carriers: map[Kind]Carrier{},
		when:     func(_ context.Context, _ ChannelName, _ Message, now time.Time) (time.Time, error) { return now, nil },
		language: func(*db.Tx, id.Person) (string, error) { return "", nil },
		staff:    func(*db.Tx, id.Account) (Contact, error) { return Contact{}, nil },
	}
}

// WithChannel adds a way.
func (s *Service) WithChannel(channel Channel) *Service {
	s.channels[channel.Name()] = channel
	return s
}

// WithStill adds the check of a kind.
func (s *Service) WithStill(kind Kind, still Still) *Service {
	s.still[kind] = still
	return s
}

// WithCarrier adds what a kind carries.
func (s *Service) WithCarrier(kind Kind, carrier Carrier) *Service {
	s.carriers[kind] = carrier
	return s
}

// WithWhen replaces "at once".
func (s *Service) WithWhen(when When) *Service {
	s.when = when
	return s
}

// WithLanguage adds the language that a person chose in the app; empty: none.
func (s *Service) WithLanguage(language func(tx *db.Tx, person id.Person) (string, error)) *Service {
	s.language = language
	return s
}

// WithStaff adds where a member of staff is told; nowhere, once the account is disabled.
func (s *Service) WithStaff(staff func(tx *db.Tx, account id.Account) (Contact, error)) *Service {
	s.staff = staff
	return s
}

// SendMessage is the topic of one message to one person.
const SendMessage outbox.Topic = "message.send"

// Tell writes the messages into the transaction. One that was written for the same event and person stands already.
func Tell(tx *db.Tx, messages ...Message) error {
	jobs := make([]outbox.Job, len(messages))
	for i, m := range messages {
		if m.At.IsZero() {
			m.At = tx.Now
		}
		jobs[i] = outbox.Job{
			Topic: SendMessage, Payload: m, RunAt: m.NotBefore,
			DedupKey: fmt.Sprintf("message|%s|%s|%s", m.key(), m.Person.Kind, m.Person.ID),
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return outbox.Enqueue(tx, jobs...)
}

// stale is how old an event may be and still be told. A job that waited longer, because mail was set up only now or a
// server was away, would frighten more than it tells.
const stale = 7 * 24 * time.Hour

// Send is the handler of SendMessage.
func (s *Service) Send(ctx context.Context, job outbox.Claimed) error {
	var m Message
	if err := json.Unmarshal(job.Payload, &m); err != nil {
		return outbox.Permanent("payload_unreadable")
	}
	if now := s.clock(); now.Sub(m.At) > stale || !m.Until.IsZero() && !now.Before(m.Until) {
		return s.lost(ctx, m)
	}
	err := s.Deliver(ctx, m)
	if err != nil && job.IsLast() {
		return errors.Join(err, s.lost(ctx, m))
	}
	return err
}

// Deliver tells the person now, by every channel of the kind that has not brought this message already.
func (s *Service) Deliver(ctx context.Context, m Message) error {
	if still, ok := s.still[m.Kind]; ok {
		if holds, err := still(ctx, m); err != nil || !holds {
			return err
		}
	}
	r, ok := rules[m.Kind]
	if !ok {
		return outbox.Permanent("kind_unknown")
	}
	channels, closed, err := s.channelsOf(ctx, m, r)
	if err != nil || len(channels) == 0 {
		return err
	}
	reached, again := false, error(nil)
	for _, name := range channels {
		if name == m.Without || slices.Contains(closed, name) {
			continue
		}
		accepted, err := s.deliverBy(ctx, name, m)
		reached = reached || accepted
		again = outbox.Soonest(again, err)
	}
	if reached || slices.Contains(channels, r.last) || again != nil && (r.last == "" || s.clock().Sub(m.At) < patience) {
		return again
	}
	if r.last == "" || r.last == m.Without {
		return s.lost(ctx, m)
	}
	_, err = s.deliverBy(ctx, r.last, m)
	return err
}

// patience is how long a channel that fails for the moment is tried before the last way has its turn.
const patience = time.Hour

// channelsOf are those that the message takes: none for what the person does not want, no push for whom mail is enough.
// Those of them that are closed lead nowhere.
func (s *Service) channelsOf(ctx context.Context, m Message, r rule) (channels, closed []ChannelName, err error) {
	channels = r.channels
	if len(m.Channels) > 0 {
		channels = m.Channels
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if m.Person.Kind == id.GuardianPerson || m.Person.Kind == id.PupilPerson {
			row, err := findSetting(tx, m.Person)
			switch {
			case err != nil:
				return err
			case r.stoppable && row.NoReminders:
				channels = nil
			case row.MailOnly && slices.Contains(channels, Push):
				channels = []ChannelName{Mail}
			}
		}
		closed, err = s.closedOf(tx, m, channels)
		return err
	})
	return channels, closed, err
}

// closedOf are the channels without a way to the person. Once an attempt has begun, its rows say what is to be done.
func (s *Service) closedOf(tx *db.Tx, m Message, channels []ChannelName) (closed []ChannelName, err error) {
	for _, name := range channels {
		reacher, ok := s.channels[name].(Reacher)
		if !ok {
			continue
		}
		if reaches, err := reacher.Reaches(tx, m); err != nil {
			return nil, err
		} else if !reaches {
			closed = append(closed, name)
		}
	}
	if len(closed) == 0 {
		return nil, nil
	}
	begun, err := IsBegun(tx, m)
	if begun {
		return nil, err
	}
	return closed, err
}

// lost tells whoever made what the message carries that nobody has got it.
func (s *Service) lost(ctx context.Context, m Message) error {
	carrier := s.carriers[m.Kind]
	if carrier.Lost == nil {
		return nil
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		tx.MarkAudited() // what is void already changes nothing
		return carrier.Lost(tx, m.Event)
	})
}

// deliverBy reports whether the channel brought it, now or before. A failure that is final is no error: the next channel
// has its turn.
func (s *Service) deliverBy(ctx context.Context, name ChannelName, m Message) (accepted bool, again error) {
	channel, ok := s.channels[name]
	if !ok {
		return false, nil
	}
	row, err := s.begin(ctx, name, m)
	if err != nil || row.State == stateAccepted || row.State == stateBounced {
		return row.State == stateAccepted, err
	}
	if at, err := s.when(ctx, name, m, s.clock()); err != nil || at.After(s.clock()) {
		return false, cmp.Or(err, outbox.Until(at))
	}
	out, err := channel.Deliver(ctx, row.ID, m)
	if errors.Is(err, ErrNoWay) {
		return false, s.forget(ctx, row)
	}
	row.Host, row.Code, row.State = out.Host, out.Code, stateAccepted
	if out.Address != "" {
		row.AddressHash = &out.Address
	}
	if name == Slip {
		row.State = stateWaiting // until somebody has handed it over
	}
	if err != nil {
		row.State = stateFailed
	}
	if kept := s.keep(ctx, row); kept != nil {
		return false, kept
	}
	if outbox.IsPermanent(err) {
		return false, nil
	}
	return err == nil, err
}
