package push

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// New is what a browser hands over when it subscribes, and again at every start.
type New struct {
	Endpoint string
	P256dh   string
	Auth     string
	Key      string // the applicationServerKey that it subscribed with
	Language string // BCP 47
}

// check gives the target, or the fault of the field that is wrong.
func (s *Service) check(wanted New) (Target, error) {
	address, err := s.sender.gate(wanted.Endpoint)
	if err != nil {
		return Target{}, fault.InvalidField("endpoint", fault.PushEndpoint)
	}
	if !goodP256dh(wanted.P256dh) {
		return Target{}, fault.InvalidField("keys.p256dh", fault.FieldInvalid)
	}
	if !goodAuth(wanted.Auth) {
		return Target{}, fault.InvalidField("keys.auth", fault.FieldInvalid)
	}
	key, known := s.keyWith(func(key vault.VAPIDKey) bool { return key.PublicText() == wanted.Key })
	if !known {
		return Target{}, fault.InvalidField("key", fault.FieldInvalid)
	}
	return Target{Endpoint: address.URL, P256dh: wanted.P256dh, Auth: wanted.Auth, Key: key}, nil
}

// ErrEnded says that the push service has ended the endpoint: the browser must subscribe for another.
var ErrEnded = errors.New("push: the endpoint is over")

// Subscribe keeps the browser for the actor's sign-in. Doing it again changes nothing but when it was last seen; a
// browser that another account had is the actor's from then on; one that was signed in as shared gets no messages. A
// browser that has not shown that messages arrive is sent an opening message, whose proof it gives back to Activate:
// nothing else goes there before. An endpoint that its service has ended is ErrEnded.
func (s *Service) Subscribe(ctx context.Context, actor authz.Actor, wanted New) (id.PushSubscription, error) {
	if err := allow(actor); err != nil {
		return "", err
	}
	if s.sender == nil {
		return "", fault.New(fault.PushOff)
	}
	to, err := s.check(wanted)
	if err != nil {
		return "", err
	}
	var kept row
	var proof string
	err = s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		proof = ""
		shared, err := isShared(tx, actor.Session)
		if err == nil && shared {
			err = fault.New(fault.NotAllowedHere)
		}
		if err != nil {
			return err
		}
		if kept, err = s.keep(tx, actor, to, textsIn(wanted.Language).Language); err != nil {
			return err
		}
		if kept.ActiveAt != nil || kept.triedSince(tx.Now.Add(-openAgain)) {
			return nil
		}
		proof, err = s.newProof(tx, kept)
		return err
	})
	if err == nil && proof != "" {
		s.open(ctx, kept, proof)
	}
	return kept.ID, err
}

// keep writes the row of a browser, which has one for whoever is signed in there.
func (s *Service) keep(tx *db.Tx, actor authz.Actor, to Target, language string) (row, error) {
	hash := s.vault.Index(tx.School, "push_subscription.endpoint", to.Endpoint)
	ended, err := isEnded(tx, hash)
	if err == nil && ended {
		err = ErrEnded
	}
	if err != nil {
		return row{}, err
	}
	known, exists, err := byEndpoint(tx, hash)
	if err != nil {
		return row{}, err
	}
	if exists && known.AccountID == actor.Account {
		return s.renew(tx, known, actor, to, language)
	}
	if exists { // somebody else sits there now
		if _, err := remove(tx, "id = ?", known.ID); err != nil {
			return row{}, err
		}
	}
	if err := makeRoom(tx, actor.Account); err != nil {
		return row{}, err
	}
	r := row{
		SchoolID: tx.School, ID: id.New[id.PushSubscription](), AccountID: actor.Account, SessionID: actor.Session,
		EndpointHash: hash, VapidKeyID: to.Key.ID, Language: language, CreatedAt: tx.Now.UnixMicro(), SeenAt: tx.Now.UnixMicro(),
	}
	if r.Body, err = s.vault.SealJSON(bodyPlace(tx.School, r.ID), to); err != nil {
		return row{}, err
	}
	return r, insert(tx, r)
}

func (s *Service) renew(tx *db.Tx, known row, actor authz.Actor, to Target, language string) (row, error) {
	before, _, err := s.target(known)
	if err != nil {
		return row{}, err
	}
	columns := map[string]any{"session_id": actor.Session, "seen_at": tx.Now.UnixMicro(), "language": language}
	if !before.is(to) {
		body, err := s.vault.SealJSON(bodyPlace(tx.School, known.ID), to)
		if err != nil {
			return row{}, err
		}
		columns["body"], columns["vapid_key_id"], columns["active_at"] = body, to.Key.ID, nil
		known.Body, known.VapidKeyID, known.ActiveAt, known.OpenedAt = body, to.Key.ID, nil, nil
	}
	known.Language = language
	return known, set(tx, known.ID, columns)
}

// makeRoom lets the browsers go that were seen longest ago.
func makeRoom(tx *db.Tx, account id.Account) error {
	own, err := rows(tx, "account_id = ?", account)
	if err != nil || len(own) < mostOfAccount {
		return err
	}
	var oldest []id.PushSubscription
	for _, r := range own[:len(own)-mostOfAccount+1] {
		oldest = append(oldest, r.ID)
	}
	_, err = remove(tx, "id IN ?", oldest)
	return err
}

func (r row) triedSince(since time.Time) bool {
	return r.OpenedAt != nil && *r.OpenedAt > since.UnixMicro()
}

const proofSize = 16 // random bytes

// newProof makes what the browser gives back; of it a keyed hash is kept.
func (s *Service) newProof(tx *db.Tx, r row) (string, error) {
	raw := make([]byte, proofSize)
	_, _ = rand.Read(raw) // never fails: it ends the program instead (crypto/rand)
	proof := string(tx.School) + "." + base64.RawURLEncoding.EncodeToString(raw)
	return proof, set(tx, r.ID, map[string]any{"proof_hash": s.proofHash(tx.School, proof), "opened_at": tx.Now.UnixMicro()})
}

func (s *Service) proofHash(school id.School, proof string) string {
	return s.vault.Index(school, "push_subscription.proof", proof)
}

// Activate takes the proof that messages arrive: only the browser that decrypts them has it. An unknown one, or one that
// was given back already, is PushProofUnknown.
func (s *Service) Activate(ctx context.Context, proof string) error {
	name, _, _ := strings.Cut(proof, ".")
	school := id.School(name)
	if !id.Valid(school) {
		return fault.New(fault.PushProofUnknown)
	}
	return s.db.WriteUnaudited(db.InSchool(ctx, school), func(tx *db.Tx) error {
		r, known, err := byProof(tx, s.proofHash(school, proof))
		if err == nil && !known {
			err = fault.New(fault.PushProofUnknown)
		}
		if err != nil {
			return err
		}
		return set(tx, r.ID, map[string]any{"active_at": tx.Now.UnixMicro(), "proof_hash": nil})
	})
}

// open sends the opening message in the background. When too many are under way it is left out: the browser subscribes
// again at the next start.
func (s *Service) open(ctx context.Context, r row, proof string) {
	select {
	case s.places <- struct{}{}:
	default:
		return
	}
	ctx, cancel := context.WithTimeout(db.InSchool(context.WithoutCancel(ctx), r.SchoolID), backgroundFor)
	s.background.Go(func() {
		defer func() {
			cancel()
			<-s.places
			if failure := recover(); failure != nil {
				s.log.Error("panic while a push subscription was opened", "panic", failure)
			}
		}()
		if _, err := s.sendOwn(ctx, r, Opening, proof); err != nil {
			s.log.Error("a push subscription could not be opened", "subscription", r.ID, "err", err)
		}
	})
}

// Test sends a message to one of the account's browsers and says what the push service made of it. A browser that has
// not shown that messages arrive gets another chance by it.
func (s *Service) Test(ctx context.Context, actor authz.Actor, subscription id.PushSubscription) (Verdict, error) {
	if err := allow(actor); err != nil {
		return "", err
	}
	if s.sender == nil {
		return "", fault.New(fault.PushOff)
	}
	ctx = db.InSchool(ctx, actor.School)
	var r row
	var proof string
	err := s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		var known bool
		var err error
		if r, known, err = ofAccount(tx, actor.Account, subscription); err != nil {
			return err
		}
		switch {
		case !known:
			return fault.New(fault.NothingHere)
		case r.triedSince(tx.Now.Add(-testAgain)):
			return fault.New(fault.TooManyRequests).After(testAgain)
		case r.ActiveAt == nil:
			proof, err = s.newProof(tx, r)
			return err
		}
		return set(tx, r.ID, map[string]any{"opened_at": tx.Now.UnixMicro()})
	})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	return s.sendOwn(ctx, r, Test, proof)
}

// sendOwn sends a message about push itself, which leads to the list of devices.
func (s *Service) sendOwn(ctx context.Context, r row, kind Kind, proof string) (Verdict, error) {
	payload, err := note{kind: kind, language: r.Language, navigate: s.public.String() + "/devices", badge: -1, proof: proof}.encode()
	if err != nil {
		return "", err
	}
	outcome, err := s.send(ctx, r, Message{Payload: payload, TTL: manners[kind].ttl, Urgency: manners[kind].urgency})
	if err != nil {
		return "", err
	}
	return outcome.Verdict, s.db.WriteUnaudited(context.WithoutCancel(ctx), func(tx *db.Tx) error { return settle(tx, r, outcome) })
}

// send opens the row and sends.
func (s *Service) send(ctx context.Context, r row, m Message) (Outcome, error) {
	to, known, err := s.target(r)
	if err != nil {
		return Outcome{}, err
	}
	if !known {
		return Outcome{Verdict: Gone}, nil
	}
	return s.sender.Send(ctx, to, m)
}
