package card

import (
	"context"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// openFor is how long "open the class link now" opens it.
const openFor = time.Hour

// RenewLink gives a class a new link; the old one is worthless from then on. It is shown once.
func (s *Service) RenewLink(ctx context.Context, actor authz.Actor, class id.Class) (key account.DoorKey, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := s.mayIssue(tx, actor, class); err != nil {
			return err
		}
		key = account.NewDoorKey(tx.School)
		if err := putLink(tx, class, key.Hash(), actor.Account); err != nil {
			return err
		}
		return recordLink(tx, actor, audit.ClassLinkRenewed, class)
	})
	return key, err
}

// OpenLink opens the link of a class for an hour from now, also outside its meetings, and says until when. A class that
// has no link yet gives NothingHere.
func (s *Service) OpenLink(ctx context.Context, actor authz.Actor, class id.Class) (until time.Time, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := s.mayIssue(tx, actor, class); err != nil {
			return err
		}
		until = tx.Now.Add(openFor)
		if err := openLink(tx, class, until); err != nil {
			return err
		}
		return recordLink(tx, actor, audit.ClassLinkOpened, class)
	})
	return until, err
}

func recordLink(tx *db.Tx, actor authz.Actor, action audit.Action, class id.Class) error {
	return audit.Record(tx, audit.Entry{Actor: string(actor.Account), Action: action, SubjectKind: "class_link", SubjectID: string(class)})
}

// isOpen reports whether the class may come in by its link now: around its meetings, or after the teacher's tap.
func (s *Service) isOpen(tx *db.Tx, link linkRow) (bool, error) {
	if !link.openUntil(tx.Now).IsZero() {
		return true, nil
	}
	return s.meetings.IsDoorOpen(tx, link.ClassID)
}

// linkOfKey finds the link of a key, or DoorKeyUnknown.
func linkOfKey(tx *db.Tx, key account.DoorKey) (linkRow, error) {
	link, err := linkByKey(tx, key.Hash())
	if err == nil && link.ClassID == "" {
		err = fault.New(fault.DoorKeyUnknown)
	}
	return link, err
}
