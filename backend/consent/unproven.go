package consent

import (
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/participation"
)

// Unproven tells whether a yes of the actor takes more than its session: it has a passkey, and proved who it is so long
// ago that somebody else may hold the device (abuse X7).
type Unproven func(tx *db.Tx, actor authz.Actor) (bool, error)

// WithUnproven asks for a passkey where a session alone does not do for a yes.
func (s *Service) WithUnproven(unproven Unproven) *Service {
	s.unproven = unproven
	return s
}

// checkProven refuses a yes that raises what the person has said so far, and no other answer: lowering never asks.
func (s *Service) checkProven(tx *db.Tx, actor authz.Actor, who sayer, answer participation.Mode) error {
	if s.unproven == nil || answer == participation.None {
		return nil
	}
	word, spoken := participation.StanceOf(who.facts, ruleperson(who.person)).Word()
	if spoken && answer <= word {
		return nil
	}
	needed, err := s.unproven(tx, actor)
	if err == nil && needed {
		err = fault.New(fault.PasskeyNeeded)
	}
	return err
}
