package push

import (
	"context"
	"slices"
	"strings"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Choices are the kinds that a browser's owner may want or not; the others are about push itself.
var Choices = []Kind{OpenConsent, Receipt, ModeChanged, Lesson, News}

// muted are the kinds that a browser does not want, as they lie in its row: what is added later is wanted by everybody.
type muted string

func mutedBut(wanted []Kind) muted {
	var not []string
	for _, kind := range Choices {
		if !slices.Contains(wanted, kind) {
			not = append(not, string(kind))
		}
	}
	return muted(strings.Join(not, " "))
}

func (m muted) wants(kind Kind) bool { return !slices.Contains(strings.Fields(string(m)), string(kind)) }

func (m muted) wanted() []Kind {
	kinds := make([]Kind, 0, len(Choices))
	for _, kind := range Choices {
		if m.wants(kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Choose says which kinds come to one of the account's browsers; none at all leaves it to the other channels, and its
// tests. What is not the actor's is NothingHere.
func (s *Service) Choose(ctx context.Context, actor authz.Actor, subscription id.PushSubscription, wanted []Kind) error {
	if err := allow(actor); err != nil {
		return err
	}
	for _, kind := range wanted {
		if !slices.Contains(Choices, kind) {
			return fault.InvalidField("kinds", fault.FieldInvalid)
		}
	}
	return s.db.WriteUnaudited(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		_, known, err := ofAccount(tx, actor.Account, subscription)
		if err == nil && !known {
			err = fault.New(fault.NothingHere)
		}
		if err != nil {
			return err
		}
		return set(tx, subscription, map[string]any{"muted": mutedBut(wanted)})
	})
}
