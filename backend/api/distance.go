package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/school"
)

func (s *Server) distanceRoutes() {
	route(s, authz.SetUpMeetings, get("/meeting-settings", "meetings", "getMeetingSettings", "Legal basis of lessons, the usual room, and whether teachers see numbers to call"), s.getMeetingSettings)
	set := put("/meeting-settings", "meetings", "setMeetingSettings", "Set them; meetings that are planned keep their legal basis")
	set.DefaultStatus = http.StatusNoContent
	route(s, authz.SetUpMeetings, set, s.setMeetingSettings)
	route(s, authz.SetUpMeetings, answers(get("/distance-days/preview", "meetings", "previewDistanceDay", "What a day at a distance would make"), 422), s.previewDistanceDay)
	declare := answers(idempotent(post("/distance-days", "meetings", "declareDistanceDay", "Plan a lesson for every class that has none on the day; again makes what is still missing")), 200)
	route(s, authz.SetUpMeetings, declare, s.declareDistanceDay)
}

type meetingSettingsBody struct {
	LessonBasis  string `json:"lessonBasis" enum:"consent,statute" doc:"legal basis of lessons that are planned from now on; all other meetings are by consent"`
	DefaultRoom  string `json:"defaultRoom" maxLength:"200" doc:"name of the IServ room of classes that had none yet"`
	HidesNumbers bool   `json:"hidesNumbers" doc:"teachers who have to call see no phone numbers"`
}

func (s *Server) getMeetingSettings(ctx context.Context, _ *none) (*out[meetingSettingsBody], error) {
	var settings school.Settings
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		settings, err = s.Schools.SettingsInClear(tx)
		return err
	})
	return reply(meetingSettingsBody{
		LessonBasis: settings.LessonBasis, DefaultRoom: settings.DefaultRoom, HidesNumbers: settings.HidesNumbers,
	}), err
}

func (s *Server) setMeetingSettings(ctx context.Context, in *struct{ Body meetingSettingsBody }) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Schools.SetMeetings(ctx, actor, school.MeetingSettings{
		LessonBasis: in.Body.LessonBasis, DefaultRoom: in.Body.DefaultRoom, HidesNumbers: in.Body.HidesNumbers,
	})
}

type distancePreviewInput struct {
	Day     string `query:"day" format:"date" doc:"default: the next from Monday to Friday"`
	From    string `query:"from" pattern:"^[0-9]{2}:[0-9]{2}$" default:"08:00" doc:"by the school's clock"`
	Minutes int    `query:"minutes" minimum:"1" maximum:"480" default:"270"`
}

type distanceInput struct {
	Body struct {
		Title   string `json:"title" maxLength:"320" doc:"of the lessons that are made"`
		Day     string `json:"day,omitempty" format:"date" doc:"default: the next from Monday to Friday"`
		From    string `json:"from,omitempty" pattern:"^[0-9]{2}:[0-9]{2}$" default:"08:00" doc:"by the school's clock"`
		Minutes int    `json:"minutes,omitempty" minimum:"1" maximum:"480" default:"270"`
	}
}

type distanceClassBody struct {
	Class   Named      `json:"class"`
	State   string     `json:"state" enum:"meets,planned,made,no_teacher,no_pupils" doc:"meets: has a lesson on the day already; planned: would be made"`
	Meeting id.Meeting `json:"meeting,omitempty"`
	Teacher string     `json:"teacher,omitempty" doc:"name of who is responsible"`
	Room    string     `json:"room,omitempty" doc:"its name or link; absent: none yet"`
}

type distanceBody struct {
	Day      string              `json:"day" format:"date"`
	StartsAt time.Time           `json:"startsAt"`
	EndsAt   time.Time           `json:"endsAt"`
	Classes  []distanceClassBody `json:"classes" nullable:"false"`
}

func distanceDay(day, from string, minutes int) (in meeting.DistanceDay, err error) {
	if in.Day, err = dateOf(day); err != nil {
		return in, fault.InvalidField("day", fault.FieldInvalid)
	}
	at, err := time.Parse("15:04", from)
	if err != nil {
		return in, fault.InvalidField("from", fault.FieldInvalid)
	}
	in.From = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	in.Length = time.Duration(minutes) * time.Minute
	return in, nil
}

func (s *Server) previewDistanceDay(ctx context.Context, in *distancePreviewInput) (*out[distanceBody], error) {
	return s.distance(ctx, in.Day, in.From, in.Minutes, s.Meetings.PreviewDistanceDay)
}

func (s *Server) declareDistanceDay(ctx context.Context, in *distanceInput) (*out[distanceBody], error) {
	return s.distance(ctx, in.Body.Day, in.Body.From, in.Body.Minutes,
		func(ctx context.Context, actor authz.Actor, day meeting.DistanceDay) (meeting.Distance, error) {
			day.Title = in.Body.Title
			return s.Meetings.DeclareDistanceDay(ctx, actor, day)
		})
}

func (s *Server) distance(
	ctx context.Context, day, from string, minutes int, ask func(context.Context, authz.Actor, meeting.DistanceDay) (meeting.Distance, error),
) (*out[distanceBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	in, err := distanceDay(day, from, minutes)
	if err != nil {
		return nil, err
	}
	found, err := ask(ctx, actor, in)
	if err != nil {
		return nil, err
	}
	accounts := make([]id.Account, len(found.Classes))
	for i, class := range found.Classes {
		accounts[i] = class.Teacher
	}
	names, err := s.Accounts.Names(ctx, accounts)
	body := distanceBody{Day: found.Day.String(), StartsAt: found.StartsAt, EndsAt: found.EndsAt, Classes: make([]distanceClassBody, len(found.Classes))}
	for i, class := range found.Classes {
		body.Classes[i] = distanceClassBody{
			Class: classNamed(class.Class), State: string(class.State), Meeting: class.Meeting, Teacher: names[class.Teacher],
			Room: cmp.Or(class.Room.Name, class.Room.URL),
		}
	}
	return reply(body), err
}
