package push

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

const (
	mostOfAccount = 10               // browsers; the one seen longest ago leaves
	restsAfter    = 45 * day         // without a start, after which its owner is told that push rests
	unseenFor     = 60 * day         // after which a browser is forgotten
	seenFor       = day              // that it is known what somebody has looked at
	endedFor      = 60 * day         // that it is known which endpoints are over
	messagesFor   = 30 * day         // that a message can be opened
	openAgain     = time.Minute      // between two opening messages to a browser
	testAgain     = 10 * time.Second // between two tests
	tryFor        = 8 * time.Second  // what a test may take, within the request
	backgroundFor = 15 * time.Second
	atOnce        = 32 // opening messages under way
)

// Service owns the use cases. Make one with NewService.
type Service struct {
	db     *db.DB
	vault  *vault.Vault
	sender *Sender // nil: push is off here
	public *url.URL
	keys   []vault.VAPIDKey // the newest first
	log    *slog.Logger

	places     chan struct{}
	background sync.WaitGroup
}

// NewService makes the service. Without a sender, or without VAPID keys, push is off: whoever asks gets fault.PushOff.
func NewService(d *db.DB, v *vault.Vault, sender *Sender, public *url.URL, log *slog.Logger) *Service {
	s := &Service{db: d, vault: v, public: public, keys: v.VAPIDKeys(), log: log, places: make(chan struct{}, atOnce)}
	if len(s.keys) > 0 {
		s.sender = sender
	}
	return s
}

// Key is what a browser subscribes with from now on.
func (s *Service) Key() (vault.VAPIDKey, error) {
	if s.sender == nil {
		return vault.VAPIDKey{}, fault.New(fault.PushOff)
	}
	return s.keys[0], nil
}

// keyWith finds the key by which a browser subscribed.
func (s *Service) keyWith(match func(vault.VAPIDKey) bool) (vault.VAPIDKey, bool) {
	for _, key := range s.keys {
		if match(key) {
			return key, true
		}
	}
	return vault.VAPIDKey{}, false
}

// target opens a row. A browser whose key was retired can be reached no more, and counts as gone.
func (s *Service) target(r row) (Target, bool, error) {
	var to Target
	if err := s.vault.OpenJSON(bodyPlace(r.SchoolID, r.ID), r.Body, &to); err != nil {
		return Target{}, false, err
	}
	var known bool
	to.Key, known = s.keyWith(func(key vault.VAPIDKey) bool { return key.ID == r.VapidKeyID })
	return to, known, nil
}

// Subscription is a browser as its owner sees it.
type Subscription struct {
	ID         id.PushSubscription
	DeviceKind string // as package account describes devices
	Browser    string
	Current    bool // the sign-in that asks
	Active     bool // it has been seen to get messages
	Made       time.Time
	Seen       time.Time
	Accepted   time.Time // when a message was last accepted for it; zero for never
	LastError  Verdict   // since then; empty for none
	Wanted     []Choice
}

// List tells in which browsers the actor's account gets messages, the last seen first.
func (s *Service) List(ctx context.Context, actor authz.Actor) (all []Subscription, err error) {
	if err := allow(actor); err != nil {
		return nil, err
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		views, err := viewsOf(tx, actor.Account)
		for _, v := range views {
			all = append(all, v.subscription(actor.Session))
		}
		return err
	})
	return all, err
}

func (v view) subscription(asking id.Session) Subscription {
	r := v.Row
	one := Subscription{
		ID: r.ID, DeviceKind: v.DeviceKind, Browser: v.Browser, Current: r.SessionID == asking, Active: r.ActiveAt != nil,
		Made: time.UnixMicro(r.CreatedAt).UTC(), Seen: time.UnixMicro(r.SeenAt).UTC(), Wanted: r.Muted.wanted(),
	}
	if r.OkAt != nil {
		one.Accepted = time.UnixMicro(*r.OkAt).UTC()
	}
	if r.LastError != nil {
		one.LastError = *r.LastError
	}
	return one
}

// Remove ends messages to one of the account's browsers. What is not the actor's is NothingHere.
func (s *Service) Remove(ctx context.Context, actor authz.Actor, subscription id.PushSubscription) error {
	if err := allow(actor); err != nil {
		return err
	}
	return s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		removed, err := remove(tx, "account_id = ? AND id = ?", actor.Account, subscription)
		if err == nil && removed == 0 {
			err = fault.New(fault.NothingHere)
		}
		return err
	})
}

func allow(actor authz.Actor) error {
	if !actor.May(authz.ReceivePush) {
		return fault.New(fault.NotAllowedHere)
	}
	return nil
}

// EndSessions forgets the browsers of sessions that end, in the transaction that ends them.
func (s *Service) EndSessions(tx *db.Tx, ended []id.Session) error {
	if len(ended) == 0 {
		return nil
	}
	_, err := remove(tx, "session_id IN ?", ended)
	return err
}

// Erase removes the browsers of a person's accounts, and what they were told.
func Erase(tx *db.Tx, person id.Person, _ []id.Pupil) error { return eraseOf(tx, person) }

// Tidy forgets, in the school of ctx, what has gone by: browsers whose sign-in is over or that were not seen for 60
// days, and messages of more than 30 days ago.
func (s *Service) Tidy(ctx context.Context) error {
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		if err := forgetSeen(tx, tx.Now.Add(-seenFor), tx.Now.Add(-endedFor)); err != nil {
			return err
		}
		return tidy(tx, tx.Now.Add(-unseenFor), tx.Now.Add(-messagesFor))
	})
}

// Rest is a person none of whose browsers has started the app for long. It stands for the same rest until one does.
type Rest struct {
	Person       id.Person
	Subscription id.PushSubscription // seen last
	Since        time.Time
}

// Resting are the people of the transaction's school whom push may soon reach no more: 45 days without a start, of the 60
// after which a browser is forgotten; of one, if it is named. Members of staff are not among them, whose sign-in ends with
// the day.
func (s *Service) Resting(tx *db.Tx, one id.Person) ([]Rest, error) {
	found, err := resting(tx, one, tx.Now.Add(-restsAfter))
	rests := make([]Rest, len(found))
	for i, one := range found {
		rests[i] = Rest{id.Person{Kind: one.PersonKind, ID: one.PersonID}, one.ID, time.UnixMicro(one.SeenAt).UTC()}
	}
	return rests, err
}

// Waiting tells, in the school of ctx, how many messages browsers still wait for, and since when the oldest does.
func (s *Service) Waiting(ctx context.Context) (count int64, oldest time.Time, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		var since int64
		if count, since, err = waitingNow(tx, tx.Now.Add(-longestTTL)); count > 0 {
			oldest = time.UnixMicro(since).UTC()
		}
		return err
	})
	return count, oldest, err
}

// Reached tells which people of the transaction's school have a browser that gets messages of the kind; of one, if it is
// named. Nobody where push is off.
func (s *Service) Reached(tx *db.Tx, kind Kind, one id.Person) ([]id.Person, error) {
	if s.sender == nil {
		return nil, nil
	}
	return personsWithBrowser(tx, kind, one)
}

// Reaches tells whether a message of the kind has a browser to go to.
func (s *Service) Reaches(tx *db.Tx, to Recipient, kind Kind) (bool, error) {
	if s.sender == nil {
		return false, nil
	}
	found, err := reachable(tx, to, kind)
	return len(found) > 0, err
}

// Uses counts, in the school of ctx, the browsers by the id of the VAPID key that they subscribed with.
func (s *Service) Uses(ctx context.Context) (uses map[string]int, err error) {
	uses = map[string]int{}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		counted, err := usesOfKeys(tx)
		for _, c := range counted {
			uses[c.VapidKeyID] = c.Uses
		}
		return err
	})
	return uses, err
}

// Counts tells what became of messages since the start, by the services' hosts.
func (s *Service) Counts() map[string]Count {
	if s.sender == nil {
		return nil
	}
	return s.sender.Counts()
}

// Wait returns when no message is under way in the background.
func (s *Service) Wait() { s.background.Wait() }
