package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
)

func (s *Server) changeRoutes() {
	cancel := answers(idempotent(post("/meetings/{id}/cancellation", "meetings", "cancelMeeting", "Call a meeting off that has not begun, or it and all later ones of its series")), 200)
	route(s, authz.ChangeMeetings, cancel, s.cancelMeeting)
	move := answers(idempotent(post("/meetings/{id}/move", "meetings", "moveMeeting", "Give one meeting that has not begun another time")), 200)
	route(s, authz.ChangeMeetings, move, s.moveMeeting)
	route(s, authz.PlanMeetings, get("/substitutions", "meetings", "listSubstitutions", "Today's meetings of colleagues that the caller may take over, or has"), s.listSubstitutions)
	route(s, authz.PlanMeetings, put("/meetings/{id}/substitution", "meetings", "takeOverMeeting", "Take over a colleague's meeting of today; its roster is open from half an hour before until its end"), s.takeOverMeeting)
	back := remove("/meetings/{id}/substitution", "meetings", "giveBackMeeting", "End a substitution, as substitute or as responsible teacher")
	back.DefaultStatus = http.StatusNoContent
	route(s, authz.PlanMeetings, back, s.giveBackMeeting)
}

type cancelInput struct {
	ID   id.Meeting `path:"id"`
	Body struct {
		Scope string `json:"scope" enum:"one,following" doc:"following: this one and all later ones of its series"`
	}
}

type cancelledBody struct {
	Cancelled int `json:"cancelled" doc:"how many meetings"`
}

func (s *Server) cancelMeeting(ctx context.Context, in *cancelInput) (*out[cancelledBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	cancelled, err := s.Meetings.Cancel(ctx, actor, in.ID, in.Body.Scope == "following")
	return reply(cancelledBody{Cancelled: cancelled}), err
}

type moveInput struct {
	ID   id.Meeting `path:"id"`
	Body struct {
		StartsAt time.Time `json:"startsAt"`
		Minutes  int       `json:"minutes,omitempty" minimum:"1" maximum:"480" doc:"absent: as long as before"`
	}
}

func (s *Server) moveMeeting(ctx context.Context, in *moveInput) (*out[meetingBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	moved, err := s.Meetings.Move(ctx, actor, in.ID, in.Body.StartsAt, time.Duration(in.Body.Minutes)*time.Minute)
	if err != nil {
		return nil, err
	}
	body, err := s.meetingOf(ctx, moved)
	return reply(body), err
}

// substitutionBody shows of a colleague's meeting what a timetable shows.
type substitutionBody struct {
	ID          id.Meeting `json:"id"`
	Title       string     `json:"title"`
	Class       Named      `json:"class"`
	StartsAt    time.Time  `json:"startsAt"`
	EndsAt      time.Time  `json:"endsAt"`
	Responsible string     `json:"responsible" doc:"the teacher's name"`
	Taken       bool       `json:"taken" doc:"by the caller"`
}

func (s *Server) listSubstitutions(ctx context.Context, _ *none) (*out[list[substitutionBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	open, err := s.Meetings.OpenToSubstitutes(ctx, actor)
	if err != nil {
		return nil, err
	}
	meetings, err := s.meetingsOf(ctx, open)
	bodies := make([]substitutionBody, len(meetings))
	for i, m := range meetings {
		bodies[i] = substitutionBody{
			ID: m.ID, Title: m.Title, Class: m.Class, StartsAt: m.StartsAt, EndsAt: m.EndsAt, Responsible: m.Responsible.Name,
			Taken: m.Substitute != nil,
		}
	}
	return reply(listOf(bodies)), err
}

func (s *Server) takeOverMeeting(ctx context.Context, in *meetingInput) (*out[meetingBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	taken, err := s.Meetings.TakeOver(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	body, err := s.meetingOf(ctx, taken)
	body.Room = roomBody{Kind: body.Room.Kind} // shown with the roster, when its time has come
	return reply(body), err
}

func (s *Server) giveBackMeeting(ctx context.Context, in *meetingInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Meetings.GiveBack(ctx, actor, in.ID)
}
