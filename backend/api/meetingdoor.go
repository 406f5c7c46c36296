package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
)

// joinPath is where one-time addresses lead to. The page of that name says why one did not lead any further.
const joinPath = "/j/"

func (s *Server) meetingDoorRoutes() {
	route(s, authz.SeeOwnDay, get("/meetings/{id}/rules", "meetings", "getOwnRules", "The rules as the pupil reads them, and two questions about what it has yet to read"), s.getOwnRules)
	read := answers(post("/meetings/{id}/acknowledgements", "meetings", "acknowledgeRules", "The pupil has read the rules"), http.StatusNoContent, 422)
	read.Description = "Of the answers nothing is kept but whether a word of explanation would help: after two wrong ones. Doing it twice changes nothing."
	route(s, authz.SeeOwnDay, read, s.acknowledgeRules)
	join := answers(post("/meetings/{id}/join", "meetings", "joinMeeting", "Come in: a new one-time address at each call"), http.StatusOK)
	join.Description = "Decided at the call, and once more when the address is used. Refused with 403 `too_early` (params.opensAt), `mode_none` (params.teacher), `rules_not_read`, " +
		"`meeting_over`, `meeting_cancelled`. Whoever came by card, class link or the guardian's app has proved the PIN within ten minutes, else 403 `reauthentication_needed`."
	route(s, authz.SeeOwnDay, join, s.joinMeeting)
	limit := answers(as(withdrawing, put("/meetings/{id}/own-limit", "meetings", "limitOneself", "The pupil takes part by sound alone, or not at all, in this meeting")), http.StatusNoContent)
	limit.Description = "No reason is asked for. The pupil and the meeting's teacher see the mode, nobody else."
	route(s, authz.SeeOwnDay, limit, s.limitOneself)
	lift := answers(remove("/meetings/{id}/own-limit", "meetings", "liftOwnLimit", "The pupil takes its own limit for this meeting back"), http.StatusNoContent)
	lift.Description = "Whoever came by card, class link or the guardian's app has proved the PIN within ten minutes, else 403 `reauthentication_needed`."
	route(s, authz.SeeOwnDay, lift, s.liftOwnLimit)
}

type ownRulesInput struct {
	ID       id.Meeting `path:"id"`
	Language string     `query:"lang" maxLength:"20" doc:"absent: simple German for children below ten, German for others"`
}

type ruleBody struct {
	Key   string `json:"key" example:"ON_TIME"`
	Title string `json:"title"`
	Text  string `json:"text"`
	Older string `json:"older,omitempty" doc:"what a pupil of twelve and older is told besides"`
	Due   bool   `json:"due" doc:"yet to read in this half of the school year"`
}

type ruleQuestionBody struct {
	ID      string         `json:"id"`
	Rule    string         `json:"rule"`
	Text    string         `json:"text"`
	Answers []rules.Answer `json:"answers" nullable:"false"`
	Right   string         `json:"right"`
	Why     string         `json:"why" doc:"explains kindly after a wrong answer"`
}

type ownRulesBody struct {
	Version   RulesVersionBody   `json:"version"`
	Needed    bool               `json:"needed" doc:"false: the door of this meeting does not ask for them"`
	Language  string             `json:"language"`
	Languages []string           `json:"languages" nullable:"false"`
	From      string             `json:"from" format:"date" doc:"of the half of the school year"`
	Until     string             `json:"until" format:"date"`
	Line      string             `json:"line" doc:"what the pupil says at each door"`
	Rules     []ruleBody         `json:"rules" nullable:"false"`
	Questions []ruleQuestionBody `json:"questions" nullable:"false" doc:"two while something is due, else none"`
}

func (s *Server) getOwnRules(ctx context.Context, in *ownRulesInput) (*out[ownRulesBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	own, err := s.Meetings.OwnRules(ctx, actor, in.ID, in.Language)
	if err != nil {
		return nil, err
	}
	body := ownRulesBody{
		Version: rulesVersionOf(own.Version), Needed: own.Needed, Language: own.Language, Languages: own.Languages,
		From: own.HalfYear.From.String(), Until: own.HalfYear.Until.String(), Line: own.Line,
		Rules: make([]ruleBody, len(own.Rules)), Questions: make([]ruleQuestionBody, len(own.Questions)),
	}
	for i, rule := range own.Rules {
		body.Rules[i] = ruleBody(rule)
	}
	for i, q := range own.Questions {
		body.Questions[i] = ruleQuestionBody(q)
	}
	return reply(body), nil
}

type acknowledgeInput struct {
	ID   id.Meeting `path:"id"`
	Body struct {
		Version id.RulesVersion `json:"version" maxLength:"64" doc:"as it was read"`
		Answers []struct {
			Question string `json:"question" maxLength:"60"`
			Answer   string `json:"answer" maxLength:"60"`
		} `json:"answers,omitempty" maxItems:"20" doc:"to both questions, wrong ones too, in their order; not needed when nothing is due"`
	}
}

func (s *Server) acknowledgeRules(ctx context.Context, in *acknowledgeInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	given := make([]rules.Given, len(in.Body.Answers))
	for i, answer := range in.Body.Answers {
		given[i] = rules.Given(answer)
	}
	return nil, s.Meetings.Acknowledge(ctx, actor, in.ID, in.Body.Version, given)
}

type joinRoomBody struct {
	Name    string `json:"name" doc:"a room that is looked for by its name"`
	Address string `json:"address,omitempty" doc:"the school's IServ, where it is looked for"`
}

type joinBody struct {
	URL       string        `json:"url" doc:"path of the one-time address, for this session alone"`
	ExpiresAt time.Time     `json:"expiresAt"`
	Mode      mode          `json:"mode" enum:"video,audio"`
	Room      *joinRoomBody `json:"room,omitempty" doc:"of a meeting whose room has a name and no link: the address leads to the school's IServ"`
}

func (s *Server) joinMeeting(ctx context.Context, in *meetingInput) (*out[joinBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.mustBeFresh(ctx, actor); err != nil {
		return nil, err
	}
	joined, err := s.Meetings.Join(ctx, actor, in.ID)
	if err != nil {
		return nil, s.withTeacher(ctx, actor, in.ID, err)
	}
	body := joinBody{URL: joinPath + string(joined.Address), ExpiresAt: joined.ExpiresAt, Mode: modeOf(joined.Mode)}
	if joined.Room.URL == "" && joined.Room.Name != "" {
		body.Room = &joinRoomBody{Name: joined.Room.Name, Address: joined.Room.Home}
	}
	return reply(body), nil
}

// mustBeFresh asks whoever may hold another child's tablet for the PIN (settled 21, abuse X8); an own device's session is
// its owner's.
func (s *Server) mustBeFresh(ctx context.Context, actor authz.Actor) error {
	if !actor.NoSay {
		return nil
	}
	return s.Accounts.CheckFresh(ctx, actor)
}

// withTeacher adds who will call to the refusal of a pupil that is reached on another way.
func (s *Server) withTeacher(ctx context.Context, actor authz.Actor, of id.Meeting, refusal error) error {
	var known *fault.Error
	if !errors.As(refusal, &known) || known.Code != fault.ModeNone {
		return refusal
	}
	responsible, err := s.Meetings.ResponsibleFor(ctx, actor, of)
	if err != nil {
		return err
	}
	names, err := s.Accounts.Names(ctx, []id.Account{responsible})
	if err != nil {
		return err
	}
	return known.With("teacher", names[responsible])
}

type ownLimitInput struct {
	ID   id.Meeting `path:"id"`
	Body struct {
		Reach string `json:"reach" enum:"audio,none"`
	}
}

func (s *Server) limitOneself(ctx context.Context, in *ownLimitInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	reach, err := participation.ParseMode(in.Body.Reach)
	if err != nil {
		return nil, fault.InvalidField("reach", fault.FieldInvalid)
	}
	return nil, s.Meetings.LimitOneself(ctx, actor, in.ID, reach)
}

func (s *Server) liftOwnLimit(ctx context.Context, in *meetingInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.mustBeFresh(ctx, actor); err != nil {
		return nil, err
	}
	return nil, s.Meetings.LiftOwnLimit(ctx, actor, in.ID)
}

// enterRoom takes a one-time address and sends the browser into the room; else to the page that says why not. An address
// that somebody has added to is none of ours. A look (HEAD) must use nothing up.
func (s *Server) enterRoom(c *fiber.Ctx) error {
	if c.Method() != fiber.MethodGet {
		c.Set(fiber.HeaderAllow, fiber.MethodGet)
		return fiber.ErrMethodNotAllowed
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	room, of, err := s.roomOf(c)
	var known *fault.Error
	switch {
	case err == nil:
		return c.Redirect(room, fiber.StatusSeeOther)
	case !errors.As(err, &known), known.Kind() == fault.Internal:
		return err
	case known.Cause != nil:
		s.log.Warn("nobody is let into a room", "request", requestOf(c.UserContext()).id, "meeting", of, "code", known.Code, "err", known.Cause)
	}
	why := url.Values{"code": {string(known.Code)}}
	if of != "" {
		why.Set("meeting", string(of))
	}
	return c.Redirect(strings.TrimSuffix(joinPath, "/")+"#"+why.Encode(), fiber.StatusSeeOther)
}

func (s *Server) roomOf(c *fiber.Ctx) (room string, of id.Meeting, err error) {
	address := meeting.Address(strings.Clone(c.Params("address")))
	actor, err := authz.Of(c.UserContext())
	if fault.Has(err, fault.NotSignedIn) {
		return "", "", s.Meetings.WhyNot(c.UserContext(), address)
	}
	if err != nil {
		return "", "", err
	}
	if len(c.Request().URI().QueryString()) > 0 {
		return "", "", fault.New(fault.LinkExpired)
	}
	return s.Meetings.Enter(c.UserContext(), actor, address)
}
