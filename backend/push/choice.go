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

// muted are the choices that a browser's owner does not want, as they lie in its row: what is added later is wanted by
// everybody.
type muted string

func mutedBut(wanted []Choice) muted {
	var not []string
	for _, choice := range Choices {
		if !slices.Contains(wanted, choice) {
			not = append(not, string(choice))
		}
	}
	return muted(strings.Join(not, " "))
}

func (m muted) wants(choice Choice) bool {
	return !slices.Contains(strings.Fields(string(m)), string(choice))
}

func (m muted) wanted() []Choice {
	wanted := make([]Choice, 0, len(Choices))
	for _, choice := range Choices {
		if m.wants(choice) {
			wanted = append(wanted, choice)
		}
	}
	return wanted
}

// Choose says what comes to one of the account's browsers; none at all leaves it to the other channels, and its
// tests. What is not the actor's is NothingHere.
func (s *Service) Choose(ctx context.Context, actor authz.Actor, subscription id.PushSubscription, wanted []Choice) error {
	if err := allow(actor); err != nil {
		return err
	}
	for _, choice := range wanted {
		if !slices.Contains(Choices, choice) {
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
