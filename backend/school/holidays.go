package school

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
)

// mostVacations are some twenty school years.
const mostVacations = 200

// SetVacations takes an iCalendar file as the school's own list of school holidays, in the place of those that ship for
// its Land. A file that is not read wholly is refused with its line (HolidayFileInvalid), as is one without holidays.
func (s *Service) SetVacations(ctx context.Context, actor authz.Actor, file []byte) error {
	if !actor.May(authz.SendReminders) {
		return fault.New(fault.NotAllowedHere)
	}
	vacations, err := calendar.ReadHolidays(bytes.NewReader(file))
	if err != nil || len(vacations) == 0 {
		line := 1
		var at *calendar.HolidayFault
		if errors.As(err, &at) {
			line = at.Line
		}
		params := fault.Params{"line": strconv.Itoa(line)}
		return fault.Wrap(fault.InvalidInput, err).WithField("file", fault.HolidayFileInvalid, params)
	}
	if len(vacations) > mostVacations {
		return fault.InvalidField("file", fault.FieldTooLong)
	}
	text, err := json.Marshal(vacations)
	if err != nil {
		return err
	}
	kept := string(text)
	return s.keepVacations(ctx, actor, &kept)
}

// DropVacations goes back to the school holidays that ship.
func (s *Service) DropVacations(ctx context.Context, actor authz.Actor) error {
	if !actor.May(authz.SendReminders) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.keepVacations(ctx, actor, nil)
}

func (s *Service) keepVacations(ctx context.Context, actor authz.Actor, vacations *string) error {
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if err := updateVacations(tx, vacations); err != nil {
			return err
		}
		return recordSchool(tx, string(actor.Account), audit.HolidaysChanged)
	})
}
