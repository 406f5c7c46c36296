package api

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/breach"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
)

func (s *Server) breachRoutes() {
	route(s, authz.ReportBreach, answers(idempotent(post("/breaches", "sanctions", "reportBreach", "Report that a pupil broke a rule in one's meeting")), 201, 404), s.reportBreach)
	route(s, authz.ReportBreach, get("/breaches/own", "sanctions", "listOwnBreaches", "The caller's own reports: whether the head has decided, and never what"), s.listOwnBreaches)
	route(s, authz.SeeSanctions, get("/breaches", "sanctions", "listBreaches", "Every report, the latest first"), s.listBreaches)
	route(s, authz.DecideSanctions, answers(idempotent(post("/breaches/{id}/decision", "sanctions", "decideBreach", "Make a sanction of a report")), 201), s.decideBreach)
	route(s, authz.DecideSanctions, idempotent(post("/breaches/{id}/dismissal", "sanctions", "dismissBreach", "Close a report without a sanction")), s.dismissBreach)

	route(s, authz.ReportBreach, get("/meetings/{id}/limits", "meetings", "listLimits", "What teachers limited pupils to in this meeting"), s.listLimits)
	route(s, authz.ReportBreach, put("/meetings/{id}/limits/{pupil}", "meetings", "setLimit", "Limit a pupil in this meeting, at once"), s.setLimit)
	route(s, authz.ReportBreach, remove("/meetings/{id}/limits/{pupil}", "meetings", "liftLimit", "Lift the limit of a pupil in this meeting"), s.liftLimit)
}

// Noticed is what a report and a decision have in common.
type Noticed struct {
	Heard   []sanction.Party `json:"heard" maxItems:"3" nullable:"false" enum:"pupil,parents,class_teacher" doc:"who was heard"`
	NotedOn string           `json:"notedOn" format:"date" doc:"of the note in the paper file"`
}

func (b Noticed) noted() (calendar.Date, error) { return dateIn("notedOn", b.NotedOn) }

// dateIn reads a civil date of the named field.
func dateIn(field, text string) (calendar.Date, error) {
	day, err := dateOf(text)
	if err != nil {
		return day, fault.InvalidField(field, fault.FieldInvalid)
	}
	return day, nil
}

type reportInput struct {
	Body struct {
		MeetingID id.Meeting `json:"meetingId" maxLength:"64"`
		PupilID   id.Pupil   `json:"pupilId" maxLength:"64"`
		RuleKey   string     `json:"ruleKey" maxLength:"40" doc:"of a rule in force"`
		Noticed
	}
}

type reportedBody struct {
	ID id.Breach `json:"id"`
}

func (s *Server) reportBreach(ctx context.Context, in *reportInput) (*out[reportedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	report := breach.Report{Meeting: in.Body.MeetingID, Pupil: in.Body.PupilID, RuleKey: in.Body.RuleKey, Heard: in.Body.Heard}
	if report.NotedOn, err = in.Body.noted(); err != nil {
		return nil, err
	}
	made, err := s.Breaches.Report(ctx, actor, report)
	return reply(reportedBody{made}), err
}

// OwnBreach is a report as whoever made it sees it.
type OwnBreach struct {
	ID         id.Breach `json:"id"`
	Pupil      PupilRef  `json:"pupil"`
	Meeting    Named     `json:"meeting"`
	RuleKey    string    `json:"ruleKey"`
	Rule       string    `json:"rule" doc:"what it is called, in German"`
	ReportedAt time.Time `json:"reportedAt"`
	Decided    bool      `json:"decided"`
}

type breachBody struct {
	OwnBreach
	Noticed
	ReportedBy string          `json:"reportedBy"`
	Version    id.RulesVersion `json:"rulesVersion,omitempty" doc:"that the rule is of"`
	Sanction   id.Sanction     `json:"sanction,omitempty" doc:"what it came to; absent when it is open or was dismissed"`
}

func (s *Server) listOwnBreaches(ctx context.Context, _ *none) (*out[list[OwnBreach]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	own, err := s.Breaches.Own(ctx, actor)
	if err != nil {
		return nil, err
	}
	var bodies []OwnBreach
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		bodies, err = s.breachesOf(tx, own)
		return err
	})
	return reply(listOf(bodies)), err
}

// breachesOf adds the names of pupils and meetings.
func (s *Server) breachesOf(tx *db.Tx, breaches []breach.Breach) ([]OwnBreach, error) {
	var pupils []id.Pupil
	var meetings []id.Meeting
	for _, b := range breaches {
		pupils, meetings = append(pupils, b.Pupil), append(meetings, b.Meeting)
	}
	known, err := s.Schools.Pupils(tx, pupils)
	if err != nil {
		return nil, err
	}
	called, err := s.Rules.Titles(tx, rules.German)
	if err != nil {
		return nil, err
	}
	titles, err := meeting.Titles(tx, meetings)
	bodies := make([]OwnBreach, len(breaches))
	for i, b := range breaches {
		bodies[i] = OwnBreach{
			ID: b.ID, Pupil: PupilRef{ID: b.Pupil, PersonName: nameOf(known[b.Pupil].Name)}, RuleKey: b.RuleKey, Rule: called.Of(b.RulesVersion, b.RuleKey),
			Meeting: Named{ID: string(b.Meeting), Name: titles[b.Meeting].Title}, ReportedAt: b.ReportedAt, Decided: !b.ClosedAt.IsZero(),
		}
	}
	return bodies, err
}

func (s *Server) listBreaches(ctx context.Context, _ *none) (*out[list[breachBody]], error) {
	var breaches []breach.Breach
	var own []OwnBreach
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if breaches, err = breach.All(tx); err != nil {
			return err
		}
		own, err = s.breachesOf(tx, breaches)
		return err
	})
	if err != nil {
		return nil, err
	}
	accounts := make([]id.Account, len(breaches))
	for i, b := range breaches {
		accounts[i] = b.ReportedBy
	}
	names, err := s.Accounts.Names(ctx, accounts)
	bodies := make([]breachBody, len(breaches))
	for i, b := range breaches {
		bodies[i] = breachBody{
			OwnBreach: own[i], Noticed: Noticed{Heard: orEmpty(b.Heard), NotedOn: textOfDate(b.NotedOn)},
			ReportedBy: names[b.ReportedBy], Version: b.RulesVersion, Sanction: b.Sanction,
		}
	}
	return reply(listOf(bodies)), err
}

// BreachPath is the address of a report.
type BreachPath struct {
	ID id.Breach `path:"id"`
}

type decideBreachInput struct {
	BreachPath
	Body MeasureBody
}

func (s *Server) decideBreach(ctx context.Context, in *decideBreachInput) (*out[imposedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	decision, err := in.Body.decision()
	if err != nil {
		return nil, err
	}
	made, err := s.Breaches.Decide(ctx, actor, in.ID, decision)
	return reply(imposedBody{made}), err
}

func (s *Server) dismissBreach(ctx context.Context, in *BreachPath) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Breaches.Dismiss(ctx, actor, in.ID)
}

type limitBody struct {
	Pupil id.Pupil `json:"pupil"`
	Reach mode     `json:"reach" enum:"audio,none"`
}

func (s *Server) listLimits(ctx context.Context, in *meetingInput) (*out[list[limitBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	limits, err := s.Limits.List(ctx, actor, in.ID)
	bodies := make([]limitBody, len(limits))
	for i, limit := range limits {
		bodies[i] = limitBody{limit.Pupil, modeOf(limit.Reach)}
	}
	return reply(listOf(bodies)), err
}

// LimitPath is the address of a pupil's limit in a meeting.
type LimitPath struct {
	ID    id.Meeting `path:"id"`
	Pupil id.Pupil   `path:"pupil"`
}

type setLimitInput struct {
	LimitPath
	Body struct {
		Reach mode `json:"reach" enum:"audio,none"`
	}
}

func (s *Server) setLimit(ctx context.Context, in *setLimitInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	reach, err := participation.ParseMode(string(in.Body.Reach))
	if err != nil {
		return nil, fault.InvalidField("reach", fault.FieldInvalid)
	}
	return nil, s.Limits.Set(ctx, actor, in.ID, meeting.Limit{Pupil: in.Pupil, Reach: reach})
}

func (s *Server) liftLimit(ctx context.Context, in *LimitPath) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Limits.Lift(ctx, actor, in.ID, in.Pupil)
}
