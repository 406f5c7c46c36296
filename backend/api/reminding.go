package api

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/reminder"
	"einverstanden/backend/school"
)

// remindInput says whom the office wants reminded; with neither field it is everybody whose answer is missing.
type remindInput struct {
	Body struct {
		ClassID id.Class       `json:"classId,omitempty" maxLength:"64"`
		Persons []wantedPerson `json:"persons,omitempty" maxItems:"500"`
	}
}

type wantedPerson struct {
	Kind id.PersonKind `json:"kind" enum:"guardian,pupil"`
	ID   string        `json:"id" minLength:"1" maxLength:"64"`
}

func (in *remindInput) selection() reminder.Selection {
	selection := reminder.Selection{Class: in.Body.ClassID}
	for _, person := range in.Body.Persons {
		selection.Persons = append(selection.Persons, id.Person{Kind: person.Kind, ID: person.ID})
	}
	return selection
}

type effectBody struct {
	Reminded       int        `json:"reminded" doc:"people who get a message"`
	From           *time.Time `json:"from,omitempty" doc:"when the first of them goes out"`
	WithoutChannel int        `json:"withoutChannel" doc:"people who need a slip"`
	Others         int        `json:"others" doc:"people who are not reminded for other reasons"`
}

func effectOf(effect reminder.Effect) effectBody {
	body := effectBody{Reminded: effect.Reminded, WithoutChannel: effect.WithoutChannel, Others: effect.Others}
	if !effect.From.IsZero() {
		body.From = &effect.From
	}
	return body
}

type foreseenBody struct {
	Effect effectBody       `json:"effect"`
	Rows   []previewRowBody `json:"rows" nullable:"false" doc:"everybody meant who has not answered"`
}

func (s *Server) foreseeReminders(ctx context.Context, in *remindInput) (*out[foreseenBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	effect, err := s.Reminders.EffectOf(ctx, actor, in.selection())
	if err != nil {
		return nil, err
	}
	rows, err := s.previewRows(ctx, effect.Rows)
	return reply(foreseenBody{effectOf(effect), rows}), err
}

func (s *Server) sendReminders(ctx context.Context, in *remindInput) (*out[effectBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	effect, err := s.Reminders.RemindNow(ctx, actor, in.selection())
	return reply(effectOf(effect)), err
}

type holidaysBody struct {
	Land  string         `json:"land" doc:"ISO 3166-2 without DE-"`
	Own   bool           `json:"own" doc:"the school's own list; otherwise the one that ships for the Land, which may be empty"`
	Until string         `json:"until,omitempty" format:"date" doc:"the last school holiday that is known; absent: public holidays alone are"`
	List  []vacationBody `json:"list" nullable:"false" doc:"those that are not over"`
}

type vacationBody struct {
	From  string `json:"from" format:"date"`
	Until string `json:"until" format:"date"`
}

func (s *Server) getHolidays(ctx context.Context, _ *none) (*out[holidaysBody], error) {
	var settings school.Settings
	var today calendar.Date
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		settings, err = s.Schools.SettingsInClear(tx)
		today = settings.Today(tx.Now)
		return err
	})
	if err != nil {
		return nil, err
	}
	days := settings.SchoolDays()
	body := holidaysBody{Land: string(settings.Land), Own: settings.Vacations != nil, Until: days.KnownUntil().String(), List: []vacationBody{}}
	for _, vacation := range days.Vacations() {
		if !vacation.Until.Before(today) {
			body.List = append(body.List, vacationBody{vacation.From.String(), vacation.Until.String()})
		}
	}
	return reply(body), nil
}

func (s *Server) setHolidays(ctx context.Context, in *fileInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if len(in.RawBody) > maxFile {
		return nil, fault.New(fault.BodyTooLarge)
	}
	return nil, s.Schools.SetVacations(ctx, actor, in.RawBody)
}

func (s *Server) dropHolidays(ctx context.Context, _ *none) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Schools.DropVacations(ctx, actor)
}
