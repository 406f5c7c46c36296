package push

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Recipient is who is told: a guardian or pupil, or else a member of staff by account.
type Recipient struct {
	Person  id.Person
	Account id.Account
}

// Word is what somebody is told.
type Word struct {
	Event  string // what happened: nobody's browser is told of it twice
	Kind   Kind
	Object string    // an opaque id of what it is about; a later word of the kind about it replaces an earlier one
	Path   string    // where it leads in the app, beginning with /
	Until  time.Time // when it is of no use any more; zero: for as long as its kind says
	Badge  *int      // how many consents are open; nil: says nothing
	// Still is asked in the transaction that claims each message whether it is still to be told; nil: it is.
	Still func(*db.Tx) (bool, error)
}

// Report says what became of a word. Accepted says nothing about anybody having seen it.
type Report struct {
	Accepted, Gone, Failed, Waiting int
	Again                           time.Duration // when another try makes sense for those that wait; 0: whenever
	Status                          int           // the last that a push service gave
	Host                            string        // of that service
}

// Tell tells somebody, in the school of ctx, in every active browser where they are signed in. Calling it again with the
// same event sends to those browsers alone that still wait: a queue that delivers at least once may repeat it.
func (s *Service) Tell(ctx context.Context, to Recipient, w Word) (report Report, err error) {
	if s.sender == nil {
		return Report{}, nil
	}
	var found []row
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		found, err = reachable(tx, to, w.Kind)
		return err
	})
	for _, r := range found {
		if err == nil {
			err = s.tellOne(ctx, r, w, &report)
		}
	}
	return report, err
}

func (s *Service) tellOne(ctx context.Context, r row, w Word, report *Report) error {
	message, now, err := s.claim(ctx, r, w)
	if err != nil {
		return err
	}
	switch message.State {
	case sent:
		report.Accepted++
		return nil
	case waiting:
	default: // settled meanwhile, or failed for good
		return nil
	}
	m := manners[w.Kind]
	over := time.UnixMicro(message.MadeAt).Add(m.ttl) // no try outlives what the service would have kept
	if !w.Until.IsZero() && w.Until.Before(over) {
		over = w.Until
	}
	if !now.Before(over) {
		report.Failed++
		return s.finish(ctx, func(tx *db.Tx) error { return setState(tx, message.ID, failed) })
	}
	payload, err := s.noteOf(r, w, message).encode()
	if err != nil {
		return err
	}
	out := Message{Payload: payload, TTL: over.Sub(now), Urgency: w.urgency(now), Topic: s.topic(r.SchoolID, w)}
	outcome, err := s.send(ctx, r, out)
	if err != nil {
		return err
	}
	report.add(outcome)
	return s.finish(ctx, func(tx *db.Tx) error {
		if err := settle(tx, r, outcome); err != nil || outcome.Verdict.Passing() {
			return err
		}
		return setState(tx, message.ID, stateOf(outcome.Verdict))
	})
}

// urgency is the kind's; what ends within a day hurries.
func (w Word) urgency(now time.Time) Urgency {
	if !w.Until.IsZero() && w.Until.Sub(now) <= day {
		return High
	}
	return manners[w.Kind].urgency
}

// claim gives the message, without a state when there is nothing to tell any more, or its reader is there already.
func (s *Service) claim(ctx context.Context, r row, w Word) (message messageRow, now time.Time, err error) {
	err = s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		now = tx.Now
		if w.Still != nil {
			if still, err := w.Still(tx); err != nil || !still {
				message = messageRow{}
				return err
			}
		}
		seen, err := isSeen(tx, r.AccountID, w.Path)
		if err != nil || seen {
			message = messageRow{}
			return err
		}
		message, err = claim(tx, messageRow{
			SchoolID: tx.School, ID: newLink(), AccountID: r.AccountID, SubscriptionID: r.ID, Event: w.Event, Kind: w.Kind,
			Path: w.Path, State: waiting, MadeAt: tx.Now.UnixMicro(),
		})
		return err
	})
	return message, now, err
}

// finish writes down what has left already, so it does not end with the caller.
func (s *Service) finish(ctx context.Context, write func(*db.Tx) error) error {
	return s.db.WriteUnaudited(context.WithoutCancel(ctx), write)
}

func (s *Service) noteOf(r row, w Word, message messageRow) note {
	n := note{
		kind: w.Kind, language: r.Language, navigate: s.public.String() + "/o/" + message.ID, topic: s.topic(r.SchoolID, w), badge: -1,
	}
	if w.Badge != nil {
		n.badge = *w.Badge
	}
	return n
}

// topic is the same for all words of a kind about an object, and tells a push service neither.
func (s *Service) topic(school id.School, w Word) string {
	if !manners[w.Kind].replace {
		return ""
	}
	m := hmac.New(sha256.New, s.vault.TokenKey("push topic"))
	m.Write([]byte(string(school) + "|" + string(w.Kind) + "|" + w.Object))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

const linkSize = 16 // random bytes

func newLink() string {
	raw := make([]byte, linkSize)
	_, _ = rand.Read(raw) // never fails: it ends the program instead (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func stateOf(v Verdict) state {
	if v == Accepted {
		return sent
	}
	return failed
}

func (r *Report) add(o Outcome) {
	if o.Status != 0 {
		r.Status, r.Host = o.Status, o.Host
	}
	switch {
	case o.Verdict == Accepted:
		r.Accepted++
	case o.Verdict.Passing():
		r.Waiting++
		r.Again = max(r.Again, o.Again)
	case o.Verdict == Gone:
		r.Gone++
	default:
		r.Failed++
	}
}

const (
	refusalsForGood = 3
	refusalsSpread  = day
)

// settle writes down what a push service said of a browser. One that is over goes at once; one that is refused again and
// again only while the service takes others, so that a fault of ours never empties the table.
func settle(tx *db.Tx, r row, o Outcome) error {
	now := tx.Now.UnixMicro()
	switch {
	case o.Verdict == Accepted:
		return set(tx, r.ID, map[string]any{"ok_at": now, "errors": 0, "first_error_at": nil, "last_error": nil})
	case o.Verdict == Gone || o.Verdict == Mismatched && o.Deletable:
		return end(tx, r)
	case o.Verdict.Passing():
		return set(tx, r.ID, map[string]any{"last_error": o.Verdict})
	}
	first := now
	if r.FirstErrorAt != nil {
		first = *r.FirstErrorAt
	}
	if o.Deletable && r.Errors+1 >= refusalsForGood && now-first >= refusalsSpread.Microseconds() {
		return end(tx, r)
	}
	return set(tx, r.ID, map[string]any{"errors": r.Errors + 1, "first_error_at": first, "last_error": o.Verdict})
}

// end forgets a browser, and remembers that its endpoint is of no more use: it may offer it again.
func end(tx *db.Tx, r row) error {
	if _, err := remove(tx, "id = ?", r.ID); err != nil {
		return err
	}
	return putEnded(tx, r.EndpointHash)
}

// Opened is where a message leads.
type Opened struct {
	Kind Kind
	Path string
}

// Open tells where the message behind a link leads. It answers its recipient alone, also after another sign-in; whatever
// else is NothingHere.
func (s *Service) Open(ctx context.Context, actor authz.Actor, link string) (opened Opened, err error) {
	if err := allow(actor); err != nil {
		return Opened{}, err
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		message, known, err := messageTo(tx, actor.Account, link)
		if err == nil && !known {
			err = fault.New(fault.NothingHere)
		}
		opened = Opened{Kind: message.Kind, Path: message.Path}
		return err
	})
	return opened, err
}
