package api

import (
	"context"
	"fmt"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
)

func (s *Server) meetingRoutes() {
	route(s, authz.SeeModes, answers(get("/meetings", "meetings", "listMeetings", "Meetings of the caller's classes"), 400), s.listMeetings)
	plan := answers(idempotent(post("/meetings", "meetings", "planMeeting", "Plan a meeting or a weekly series, or begin one now")), 201, 404)
	route(s, authz.PlanMeetings, plan, s.planMeeting)
	route(s, authz.SeeModes, get("/meetings/{id}", "meetings", "getMeeting", "One meeting"), s.getMeeting)
	route(s, authz.SeeModes, get("/meetings/{id}/roster", "meetings", "getRoster", "Pupils with their modes; never a reason"), s.getRoster)
	s.changeRoutes()
	s.streamRoute()
}

type roomBody struct {
	Kind string `json:"kind,omitempty" enum:"iserv"`
	URL  string `json:"url,omitempty" maxLength:"2000" doc:"https, on a host that the school lists"`
	Name string `json:"name,omitempty" maxLength:"800"`
}

type meetingBody struct {
	ID          id.Meeting `json:"id"`
	Title       string     `json:"title"`
	Kind        string     `json:"kind" enum:"lesson,small_group,one_to_one"`
	Class       Named      `json:"class" doc:"or group"`
	WholeClass  bool       `json:"wholeClass" doc:"false: chosen pupils"`
	SeriesID    id.Series  `json:"seriesId,omitempty" doc:"of weekly repetitions"`
	StartsAt    time.Time  `json:"startsAt"`
	EndsAt      time.Time  `json:"endsAt"`
	LegalBasis  string     `json:"legalBasis" enum:"consent,statute"`
	Room        roomBody   `json:"room"`
	Responsible Named      `json:"responsible"`
	Substitute  *Named     `json:"substitute,omitempty" doc:"holds it instead"`
	Running     bool       `json:"running"`
	Overlaps    int64      `json:"overlaps,omitempty" doc:"of one just planned: other meetings of the caller and the class at the same time, a hint"`
}

// roomFor keeps the way into a conference from programs: they show who takes part, and take no part.
func roomFor(actor authz.Actor, room meeting.Room) roomBody {
	if actor.Role == authz.Program {
		return roomBody{Kind: "iserv"}
	}
	return roomBody{Kind: "iserv", URL: room.URL, Name: room.Name}
}

// meetingsOf adds the names of the responsible teachers.
func (s *Server) meetingsOf(ctx context.Context, meetings []meeting.Meeting) ([]meetingBody, error) {
	accounts := make([]id.Account, 0, 2*len(meetings))
	for _, m := range meetings {
		accounts = append(accounts, m.Responsible)
		if m.Substitute != "" {
			accounts = append(accounts, m.Substitute)
		}
	}
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(ctx, accounts)
	bodies := make([]meetingBody, len(meetings))
	for i, m := range meetings {
		bodies[i] = meetingBody{
			ID: m.ID, Title: m.Title, Kind: string(m.Kind), Class: classNamed(m.Class), WholeClass: m.WholeClass, SeriesID: m.Series, StartsAt: m.StartsAt, EndsAt: m.EndsAt,
			LegalBasis: string(m.Basis), Room: roomFor(actor, m.Room),
			Responsible: Named{ID: string(m.Responsible), Name: names[m.Responsible]}, Running: m.Runs(s.clock()),
		}
		if m.Substitute != "" {
			bodies[i].Substitute = &Named{ID: string(m.Substitute), Name: names[m.Substitute]}
		}
	}
	return bodies, err
}

func (s *Server) meetingOf(ctx context.Context, m meeting.Meeting) (meetingBody, error) {
	bodies, err := s.meetingsOf(ctx, []meeting.Meeting{m})
	return bodies[0], err
}

type meetingsInput struct {
	From   time.Time  `query:"from" doc:"meetings that end after this; default: now"`
	To     time.Time  `query:"to" doc:"meetings that begin before this; default: in seven days"`
	Limit  int        `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor id.Meeting `query:"cursor" maxLength:"64"`
}

func (s *Server) listMeetings(ctx context.Context, in *meetingsInput) (*out[list[meetingBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if in.From.IsZero() {
		in.From = s.clock()
	}
	if in.To.IsZero() {
		in.To = in.From.AddDate(0, 0, 7)
	}
	listed, err := s.Meetings.List(ctx, actor, in.From, in.To, meeting.Page{Limit: in.Limit, After: in.Cursor})
	if err != nil {
		return nil, err
	}
	bodies, err := s.meetingsOf(ctx, listed.Meetings)
	page := listOf(bodies)
	page.NextCursor = string(listed.Next)
	return reply(page), err
}

type planInput struct {
	Body struct {
		Title    string     `json:"title" maxLength:"320"`
		Kind     string     `json:"kind" enum:"lesson,small_group,one_to_one"`
		ClassID  id.Class   `json:"classId" maxLength:"64" doc:"a class or group of the caller's"`
		Pupils   []id.Pupil `json:"pupils,omitempty" maxItems:"200" doc:"chosen pupils of the caller's classes and groups; absent: the whole class"`
		StartsAt *time.Time `json:"startsAt,omitempty" doc:"absent: now"`
		Minutes  int        `json:"minutes" minimum:"1" maximum:"480"`
		Room     *roomBody  `json:"room,omitempty"`
		Weekly   *struct {
			Until  string   `json:"until,omitempty" format:"date" doc:"last day; absent: the end of the school year, 31 July"`
			Except []string `json:"except,omitempty" format:"date" maxItems:"400" doc:"days without a meeting"`
		} `json:"weekly,omitempty" doc:"at the same time of day each week; absent: once"`
	}
}

func (s *Server) planMeeting(ctx context.Context, in *planInput) (*out[meetingBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	plan := meeting.Plan{
		Title: in.Body.Title, Kind: participation.MeetingKind(in.Body.Kind), Class: in.Body.ClassID, Pupils: in.Body.Pupils,
		Length: time.Duration(in.Body.Minutes) * time.Minute,
	}
	if in.Body.StartsAt != nil {
		plan.StartsAt = *in.Body.StartsAt
	}
	if in.Body.Room != nil {
		plan.Room = meeting.Room{URL: in.Body.Room.URL, Name: in.Body.Room.Name}
	}
	if plan.Weekly, err = in.weekly(); err != nil {
		return nil, err
	}
	planned, err := s.Meetings.Plan(ctx, actor, plan)
	if err != nil {
		return nil, err
	}
	overlaps, err := s.Meetings.Overlaps(ctx, planned)
	if err != nil {
		return nil, err
	}
	body, err := s.meetingOf(ctx, planned)
	body.Overlaps = overlaps
	return reply(body), err
}

func (in *planInput) weekly() (*meeting.Weekly, error) {
	if in.Body.Weekly == nil {
		return nil, nil
	}
	until, err := dateOf(in.Body.Weekly.Until)
	if err != nil {
		return nil, fault.InvalidField("weekly.until", fault.FieldInvalid)
	}
	weekly := &meeting.Weekly{Until: until}
	for i, text := range in.Body.Weekly.Except {
		day, err := calendar.Parse(text)
		if err != nil {
			return nil, fault.InvalidField(fmt.Sprintf("weekly.except[%d]", i), fault.FieldInvalid)
		}
		weekly.Except = append(weekly.Except, day)
	}
	return weekly, nil
}

type meetingInput struct {
	ID id.Meeting `path:"id"`
}

func (s *Server) getMeeting(ctx context.Context, in *meetingInput) (*out[meetingBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.Meetings.Get(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	body, err := s.meetingOf(ctx, found)
	return reply(body), err
}

type rosterBody struct {
	Meeting meetingBody `json:"meeting"`
	AsOf    time.Time   `json:"asOf"`
	Rows    []rowBody   `json:"rows" nullable:"false"`
	Room    roomState   `json:"room"`
}

func (s *Server) getRoster(ctx context.Context, in *meetingInput) (*out[rosterBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	roster, err := s.Meetings.Roster(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	body, err := s.meetingOf(ctx, roster.Meeting)
	return reply(rosterBody{Meeting: body, AsOf: roster.AsOf, Rows: rowsOf(roster.Rows), Room: stateOf(roster.Room)}), err
}
