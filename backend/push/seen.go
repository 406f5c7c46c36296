package push

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
)

// Seen notes that the actor looks at a page of the app: what leads there is not told any more. It is kept for a day,
// and only of accounts that have a browser to tell.
func (s *Service) Seen(ctx context.Context, actor authz.Actor, path string) error {
	if s.sender == nil || !actor.May(authz.ReceivePush) {
		return nil
	}
	ctx = db.InSchool(ctx, actor.School)
	wanted := false
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		_, has, err := firstRow(tx, "account_id = ?", actor.Account)
		if err != nil || !has {
			return err
		}
		seen, err := isSeen(tx, actor.Account, path)
		wanted = !seen
		return err
	})
	if err != nil || !wanted {
		return err
	}
	return s.db.WriteUnaudited(ctx, func(tx *db.Tx) error { return putSeen(tx, actor.Account, path) })
}
