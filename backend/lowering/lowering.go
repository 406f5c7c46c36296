package lowering

import (
	"context"
	"net/netip"

	"einverstanden/backend/account"
	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/vault"
)

// Service owns the use cases. Make one with NewService.
type Service struct {
	db        *db.DB
	vault     *vault.Vault
	accounts  *account.Service
	consents  *consent.Service
	standings *standing.Service
}

// NewService needs the database, the keys, and those who count tries, take decisions and know the modes.
func NewService(d *db.DB, v *vault.Vault, accounts *account.Service, consents *consent.Service, standings *standing.Service) *Service {
	return &Service{db: d, vault: v, accounts: accounts, consents: consents, standings: standings}
}

// State is all that a key shows.
type State struct {
	Child   school.Name
	Mode    participation.Mode
	Extents []consent.Extent // that would change something, the smaller one first
}

// Owner is whose limit for which pupil a key sets.
type Owner struct {
	Person id.Person
	Pupil  id.Pupil
}

// holder is whose limit a key sets, and how things stand for the child.
type holder struct {
	person   id.Person
	standing standing.Standing
}

// KeyOf is the key of one person for one pupil in the transaction's school. It is derived, so it is the same on every
// print; whether the person has a say is the caller's to check.
func (s *Service) KeyOf(tx *db.Tx, person id.Person, pupil id.Pupil) (Key, error) {
	keys, err := s.KeysOf(tx, []Owner{{person, pupil}})
	if err != nil {
		return "", err
	}
	return keys[0], nil
}

// KeysOf is KeyOf for many, in their order.
func (s *Service) KeysOf(tx *db.Tx, owners []Owner) ([]Key, error) {
	pupils := make([]id.Pupil, len(owners))
	for i, owner := range owners {
		pupils[i] = owner.Pupil
	}
	generations, err := generationsOf(tx, pupils)
	keys := make([]Key, len(owners))
	for i, owner := range owners {
		keys[i] = s.derive(tx.School, owner, generations[owner]).key()
	}
	return keys, err
}

func (s *Service) derive(school id.School, owner Owner, generation int64) parts {
	return parts{
		school: school, pupil: owner.Pupil, secret: s.vault.LoweringSecret(school, owner.Person, owner.Pupil, generation),
	}
}

// Own is KeyOf for somebody signed in, who must have a say for the pupil: otherwise NothingHere.
func (s *Service) Own(ctx context.Context, actor authz.Actor, pupil id.Pupil) (key Key, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := s.standings.Child(tx, actor.Person, pupil); err != nil {
			return err
		}
		key, err = s.KeyOf(tx, actor.Person, pupil)
		return err
	})
	return key, err
}

// Renew makes every key of the actor for the pupil that was printed so far worthless, and gives the new one: the way
// out when somebody else uses one. A repeated call with the same idempotency key renews once.
func (s *Service) Renew(ctx context.Context, actor authz.Actor, pupil id.Pupil) (key Key, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := s.standings.Child(tx, actor.Person, pupil); err != nil {
			return err
		}
		var generation int64
		_, err := idempotency.Do(ctx, tx, &generation, func() error {
			var err error
			if generation, err = renew(tx, Owner{actor.Person, pupil}); err != nil {
				return err
			}
			return audit.Record(tx, audit.Entry{
				Actor: string(actor.Account), Action: audit.LoweringKeyRenewed, SubjectKind: string(id.PupilPerson), SubjectID: string(pupil),
			})
		})
		key = s.derive(tx.School, Owner{actor.Person, pupil}, generation).key()
		return err
	})
	return key, err
}

// Look shows the state of the key's child. A key that is no key, or none any more, is NothingHere, always alike; more
// of them from one address than an hour allows are TooManyTries. A right key is never refused for that.
func (s *Service) Look(ctx context.Context, text string, address netip.Addr) (State, error) {
	var state State
	_, _, err := s.find(ctx, text, address, func(h holder) { state = h.state() })
	return state, err
}

// Lower withdraws in the name of the key's person. The same stance again is the earlier decision.
func (s *Service) Lower(ctx context.Context, text string, extent consent.Extent, address netip.Addr) (consent.Outcome, error) {
	in, person, err := s.find(ctx, text, address, func(holder) {})
	if err != nil {
		return consent.Outcome{}, err
	}
	ctx = db.InSchool(ctx, in.school)
	ctx = idempotency.As(ctx, "lowering|"+string(person.Kind)+"|"+person.ID+"|"+string(in.pupil))
	return s.consents.WithdrawByKey(ctx, in.school, person, in.pupil, extent)
}

// find looks who a key belongs to. Nothing tells a key that never was from one that ended.
func (s *Service) find(ctx context.Context, text string, address netip.Addr, look func(holder)) (parts, id.Person, error) {
	in, ok := parse(text)
	var found holder
	err := error(fault.New(fault.NothingHere))
	if ok {
		err = s.db.Read(db.InSchool(ctx, in.school), func(tx *db.Tx) (err error) {
			found, err = s.holder(tx, in)
			return err
		})
	}
	if fault.Has(err, fault.NothingHere) {
		if err := s.accounts.CountWrongLoweringKey(ctx, address); err != nil {
			return parts{}, id.Person{}, err
		}
		return parts{}, id.Person{}, fault.New(fault.NothingHere)
	}
	if err != nil {
		return parts{}, id.Person{}, err
	}
	look(found)
	return in, found.person, nil
}

// holder compares the secret with that of everyone who has a say for the pupil today, always with all of them.
func (s *Service) holder(tx *db.Tx, in parts) (holder, error) {
	standings, err := s.standings.Of(tx, []id.Pupil{in.pupil})
	if err != nil {
		return holder{}, err
	}
	generations, err := generationsOf(tx, []id.Pupil{in.pupil})
	if err != nil {
		return holder{}, err
	}
	found := holder{standing: standings[in.pupil]}
	for _, sayer := range participation.WhoHasSay(found.standing.Facts) {
		person := id.Person{Kind: id.PersonKind(sayer.Kind), ID: sayer.ID}
		owner := Owner{person, in.pupil}
		if same(s.derive(tx.School, owner, generations[owner]).secret, in.secret) {
			found.person = person
		}
	}
	if found.person.ID == "" || found.hasLeft() {
		return holder{}, fault.New(fault.NothingHere)
	}
	return found, nil
}

// hasLeft reports whether every schooling of the pupil is over.
func (h holder) hasLeft() bool {
	for _, time := range h.standing.Schoolings {
		if until := time.Period.Until; until.IsZero() || !until.Before(h.standing.Facts.Today) {
			return false
		}
	}
	return true
}

func (h holder) state() State {
	state := State{Child: h.standing.Pupil.Name, Mode: h.standing.Mode}
	for _, extent := range []consent.Extent{consent.Picture, consent.Everything} {
		if h.standing.Lowers(h.person, extent) {
			state.Extents = append(state.Extents, extent)
		}
	}
	return state
}
