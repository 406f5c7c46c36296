package room

import (
	"context"
	"strings"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// callbackPath is where a server tells, below the public URL, that a room has ended.
const callbackPath = "api/v1/conference/ended"

// callbackSecret carries its school, so that nothing has to be looked up before it is known whose it is.
func callbackSecret(school id.School, secret string) string { return string(school) + "." + secret }

// Ended takes a server's word that a room has ended. The call is not signed, so that its secret is all that proves it;
// a wrong one is NothingHere. recorded says that there are marks of a recording, which there cannot be.
func (s *Service) Ended(ctx context.Context, secret string, recorded bool) error {
	school, rest, ok := strings.Cut(secret, ".")
	if !ok || school == "" {
		return fault.New(fault.NothingHere)
	}
	ctx = db.InSchool(ctx, id.School(school))
	var row roomRow
	err := s.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		var found bool
		var err error
		if row, found, err = roomByCallback(tx, hashOf(rest)); err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NothingHere)
		}
		if row.EndedAt != nil {
			return nil
		}
		m, err := s.meetings.Find(tx, row.MeetingID)
		if err != nil {
			return endRoom(tx, row.ID)
		}
		return s.ended(tx, m, row.ID)
	})
	if err == nil && recorded && row.RecordedAt == nil {
		return s.incident(ctx, row)
	}
	return err
}
