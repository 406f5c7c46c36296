package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/room"
)

func (s *Server) roomRoutes() {
	route(s, authz.RunMeetings, get("/meetings/{id}/room", "meetings", "getRoom", "A meeting's room, and what may be chosen instead"), s.getRoom)
	route(s, authz.RunMeetings, answers(put("/meetings/{id}/room", "meetings", "setRoom", "Choose where a meeting happens"), http.StatusNoContent, 422), s.setRoom)
	open := answers(post("/meetings/{id}/room/open", "meetings", "openRoom", "Go into the room, which is made where it is not open"), 200)
	open.Description = "The address lets the caller in as moderator: use it at once, keep it nowhere, pass it to nobody."
	route(s, authz.RunMeetings, open, s.openRoom)
	reopen := answers(post("/meetings/{id}/room/reopen", "meetings", "reopenRoom", "Close the room, and open another one"), 200)
	reopen.Description = "No address of before opens the new room."
	route(s, authz.RunMeetings, reopen, s.reopenRoom)
	seen := answers(post("/meetings/{id}/roster/{pupil}/seen", "meetings", "seeChange", "Take the mark off a mode that became stricter"), http.StatusNoContent)
	route(s, authz.RunMeetings, seen, s.seeChange)

	route(s, authz.SetUpRooms, get("/rooms", "rooms", "getRooms", "Where the school's meetings may happen; the server's secret is not told"), s.getRooms)
	route(s, authz.SetUpRooms, answers(put("/rooms/hosts", "rooms", "setRoomHosts", "Say which hosts the links of IServ rooms may lead to"), http.StatusNoContent, 422), s.setRoomHosts)
	route(s, authz.SetUpRooms, proved(answers(put("/rooms/server", "rooms", "setRoomServer", "Set up the school's own BigBlueButton"), http.StatusNoContent, 422)), s.setRoomServer)
	route(s, authz.SetUpRooms, proved(answers(remove("/rooms/server", "rooms", "removeRoomServer", "Forget the server; its rooms count as closed"), http.StatusNoContent, 404)), s.removeRoomServer)
	route(s, authz.SetUpRooms, answers(post("/rooms/server/try", "rooms", "tryRoomServer", "Try the server as it is set up"), 200, 404), s.tryRoomServer)

	ended := answers(get("/conference/ended/{secret}", "rooms", "roomEnded", "Where a conference server tells that a room has ended"), http.StatusNoContent)
	ended.Description = "For conference servers alone. The call is not signed: the secret proves it."
	route(s, authz.Public, ended, s.roomEnded)
}

// roomState is how a meeting's room stands, for its roster.
type roomState struct {
	Kind      string `json:"kind,omitempty" enum:"iserv,bigbluebutton" doc:"absent: nowhere yet"`
	Style     string `json:"style,omitempty" enum:"teacher_only,cameras,no_cameras" doc:"of a BigBlueButton: who may show a camera"`
	Open      bool   `json:"open,omitempty"`
	Recorded  bool   `json:"recorded,omitempty" doc:"the server says that it records, which is never asked for"`
	Strangers int    `json:"strangers,omitempty" doc:"how many are in whom nobody let in"`
	Silent    bool   `json:"silent,omitempty" doc:"the server does not answer: who is in may have changed"`
	Spent     bool   `json:"spent,omitempty" doc:"of an IServ: a child that may no longer come knows the link"`
}

func stateOf(state meeting.RoomState) roomState {
	return roomState{
		Kind: string(state.Kind), Style: state.Style, Open: state.Open, Recorded: state.Recorded, Strangers: state.Strangers,
		Silent: state.Silent, Spent: state.Spent,
	}
}

type linkBody struct {
	URL  string `json:"url,omitempty"`
	Name string `json:"name,omitempty"`
}

type roomView struct {
	Room      linkBody  `json:"room"`
	State     roomState `json:"state"`
	Standing  linkBody  `json:"standing" doc:"the caller's own standing room"`
	Hosts     []string  `json:"hosts" nullable:"false" doc:"that links may lead to"`
	HasServer bool      `json:"hasServer" doc:"the school has a conference server of its own"`
}

func linkOf(room meeting.Room) linkBody { return linkBody{URL: room.URL, Name: room.Name} }

func (s *Server) getRoom(ctx context.Context, in *meetingInput) (*out[roomView], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	view, err := s.Rooms.Of(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return reply(roomView{
		Room: linkOf(view.Meeting.Room), State: stateOf(view.State), Standing: linkOf(view.Standing),
		Hosts: listOf(view.Hosts).Items, HasServer: view.HasServer,
	}), nil
}

type roomInput struct {
	ID   id.Meeting `path:"id" maxLength:"64"`
	Body struct {
		Kind     string `json:"kind" enum:"iserv,bigbluebutton"`
		URL      string `json:"url,omitempty" maxLength:"2000" doc:"of IServ: https, on a host that the school lists"`
		Name     string `json:"name,omitempty" maxLength:"800"`
		Remember bool   `json:"remember,omitempty" doc:"of IServ: keep it as the caller's own standing room"`
		Style    string `json:"style,omitempty" enum:"teacher_only,cameras,no_cameras" doc:"of a BigBlueButton: for its next room; absent: the school's"`
	}
}

func (s *Server) setRoom(ctx context.Context, in *roomInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Rooms.Choose(ctx, actor, in.ID, room.Choice{
		Kind: meeting.RoomKind(in.Body.Kind), Room: meeting.Room{URL: in.Body.URL, Name: in.Body.Name}, Remember: in.Body.Remember,
		Style: conference.Style(in.Body.Style),
	})
}

type wayIn struct {
	URL string `json:"url"`
}

func (s *Server) openRoom(ctx context.Context, in *meetingInput) (*out[wayIn], error) {
	return s.intoRoom(ctx, in.ID, s.Rooms.Open)
}

func (s *Server) reopenRoom(ctx context.Context, in *meetingInput) (*out[wayIn], error) {
	return s.intoRoom(ctx, in.ID, s.Rooms.Reopen)
}

func (s *Server) intoRoom(
	ctx context.Context, in id.Meeting, open func(context.Context, authz.Actor, string, id.Meeting) (string, error),
) (*out[wayIn], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(ctx, []id.Account{actor.Account})
	if err != nil {
		return nil, err
	}
	address, err := open(ctx, actor, names[actor.Account], in)
	if err != nil {
		return nil, err
	}
	return reply(wayIn{address}), nil
}

type seenInput struct {
	ID    id.Meeting `path:"id" maxLength:"64"`
	Pupil id.Pupil   `path:"pupil" maxLength:"64"`
}

func (s *Server) seeChange(ctx context.Context, in *seenInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Meetings.Seen(ctx, actor, in.ID, in.Pupil)
}

type roomsBody struct {
	Hosts     []string   `json:"hosts" nullable:"false" doc:"that links of IServ rooms may lead to"`
	URL       string     `json:"url,omitempty" doc:"of the school's own server; absent: none"`
	Style     string     `json:"style" enum:"teacher_only,cameras,no_cameras" doc:"of its rooms, where a teacher chooses no other"`
	ChangedAt *time.Time `json:"changedAt,omitempty"`
}

func (s *Server) getRooms(ctx context.Context, _ *none) (*out[roomsBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := s.Rooms.Settings(ctx, actor)
	body := roomsBody{Hosts: listOf(settings.Hosts).Items, URL: settings.URL, Style: string(settings.Style)}
	if !settings.ChangedAt.IsZero() {
		body.ChangedAt = &settings.ChangedAt
	}
	return reply(body), err
}

type hostsInput struct {
	Body struct {
		Hosts []string `json:"roomHosts" maxItems:"20" nullable:"false" doc:"bare names, as in iserv.schule.example"`
	}
}

func (s *Server) setRoomHosts(ctx context.Context, in *hostsInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Rooms.SetHosts(ctx, actor, in.Body.Hosts)
}

type roomServerInput struct {
	Body struct {
		URL    string `json:"url" maxLength:"300" doc:"as bbb-conf --secret prints it"`
		Secret string `json:"secret,omitempty" maxLength:"200" doc:"left out: the one that is kept, for the same address"`
		Style  string `json:"style" enum:"teacher_only,cameras,no_cameras"`
	}
}

func (s *Server) setRoomServer(ctx context.Context, in *roomServerInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Rooms.SetServer(ctx, actor, in.Body.URL, in.Body.Secret, conference.Style(in.Body.Style))
}

func (s *Server) removeRoomServer(ctx context.Context, _ *none) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Rooms.RemoveServer(ctx, actor)
}

type serverTriedBody struct {
	Finding conference.Finding `json:"finding" enum:"fine,address_refused,unreachable,not_a_server,secret_refused,call_failed"`
}

func (s *Server) tryRoomServer(ctx context.Context, _ *none) (*out[serverTriedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	finding, err := s.Rooms.Try(ctx, actor)
	return reply(serverTriedBody{finding}), err
}

type roomEndedInput struct {
	Secret  string `path:"secret" maxLength:"100"`
	Meeting string `query:"meetingID" maxLength:"256" doc:"not used: the secret tells which"`
	Marks   string `query:"recordingmarks" maxLength:"10" doc:"true where somebody pressed record"`
}

func (s *Server) roomEnded(ctx context.Context, in *roomEndedInput) (*empty, error) {
	if in.Secret == "" {
		return nil, fault.New(fault.NothingHere)
	}
	return nil, s.Rooms.Ended(ctx, in.Secret, in.Marks == "true")
}
