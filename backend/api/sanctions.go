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
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
)

func (s *Server) sanctionRoutes() {
	route(s, authz.SeeSanctions, get("/sanctions", "sanctions", "listSanctions", "Every sanction with the objections to it, the latest first"), s.listSanctions)
	route(s, authz.DecideSanctions, answers(idempotent(post("/sanctions", "sanctions", "imposeSanction", "Impose a sanction without a report")), 201, 404), s.imposeSanction)
	route(s, authz.DecideSanctions, remove("/sanctions/{id}", "sanctions", "endSanction", "End a sanction before its time, at once"), s.endSanction)
	route(s, authz.SeeSanctions, answers(get("/sanctions/notice", "sanctions", "previewNotice", "What guardians would be told"), 422), s.previewNotice)
	route(s, authz.DecideForChild, answers(idempotent(post("/sanctions/{id}/objections", "sanctions", "objectToSanction", "Object to a sanction against one's child, without a word")), 201), s.objectToSanction)
	route(s, authz.DecideSanctions, put("/sanctions/{id}/objections/{objection}", "sanctions", "answerObjection", "Answer an objection; one that is upheld ends the sanction"), s.answerObjection)
	route(s, authz.DecideForChild, get("/children/{pupil}/sanctions", "sanctions", "listChildSanctions", "Sanctions against one's child, with what can be done about them"), s.listChildSanctions)
	route(s, authz.SeeOwnDay, get("/my-day/sanctions", "sanctions", "listMySanctions", "What a pupil is told about its own sanctions of today"), s.listMySanctions)
}

// MeasureBody is what the head decides; days are civil dates at the school.
type MeasureBody struct {
	Kind    sanction.Kind    `json:"kind" enum:"educational,formal" doc:"SchulG NRW § 53(2) or (3)"`
	Measure sanction.Measure `json:"measure" enum:"audio_only,excluded"`
	From    string           `json:"from" format:"date" doc:"yesterday at the earliest"`
	Until   string           `json:"until" format:"date" doc:"included; six months after from at most"`
	Noticed
}

func (b MeasureBody) decision() (in sanction.New, err error) {
	in = sanction.New{Kind: b.Kind, Measure: b.Measure, Heard: b.Heard}
	if in.NotedOn, err = b.noted(); err != nil {
		return in, err
	}
	if in.From, err = dateIn("from", b.From); err != nil {
		return in, err
	}
	in.Until, err = dateIn("until", b.Until)
	return in, err
}

type imposeInput struct {
	Body struct {
		PupilID id.Pupil `json:"pupilId" maxLength:"64"`
		RuleKey string   `json:"ruleKey" maxLength:"40" doc:"of a rule in force"`
		MeasureBody
	}
}

type imposedBody struct {
	ID id.Sanction `json:"id"`
}

func (s *Server) imposeSanction(ctx context.Context, in *imposeInput) (*out[imposedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	decision, err := in.Body.decision()
	if err != nil {
		return nil, err
	}
	decision.Pupil, decision.RuleKey = in.Body.PupilID, in.Body.RuleKey
	made, err := s.Sanctions.Impose(ctx, actor, decision)
	return reply(imposedBody{made}), err
}

// SanctionPath is the address of a sanction.
type SanctionPath struct {
	ID id.Sanction `path:"id"`
}

func (s *Server) endSanction(ctx context.Context, in *SanctionPath) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Sanctions.End(ctx, actor, in.ID)
}

type noticeBody struct {
	Title      string   `json:"title"`
	Paragraphs []string `json:"paragraphs" nullable:"false"`
}

func noticeOf(n sanction.Notice) noticeBody { return noticeBody{n.Title, orEmpty(n.Paragraphs)} }

type noticeInput struct {
	Kind    sanction.Kind    `query:"kind" required:"true" enum:"educational,formal"`
	Measure sanction.Measure `query:"measure" required:"true" enum:"audio_only,excluded"`
	RuleKey string           `query:"ruleKey" required:"true" maxLength:"40"`

	RulesVersion id.RulesVersion `query:"rulesVersion" maxLength:"64" doc:"of a report; absent: the latest that has the key"`

	From     string `query:"from" required:"true" format:"date"`
	Until    string `query:"until" required:"true" format:"date"`
	Language string `query:"lang" enum:"ar,de,en,ru,tr,uk" default:"de"`
}

func (s *Server) previewNotice(ctx context.Context, in *noticeInput) (*out[noticeBody], error) {
	var rule string
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		called, err := s.Rules.Titles(tx, in.Language)
		if rule = called.Of(in.RulesVersion, in.RuleKey); err == nil && rule == "" {
			err = fault.InvalidField("ruleKey", fault.RuleUnknown) // or the version has no such rule
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	from, err := dateIn("from", in.From)
	if err != nil {
		return nil, err
	}
	until, err := dateIn("until", in.Until)
	if err != nil {
		return nil, err
	}
	shown := sanction.Sanction{
		Kind: in.Kind, Measure: in.Measure, RuleKey: in.RuleKey, Period: calendar.Period{From: from, Until: until},
	}
	return reply(noticeOf(sanction.ForGuardian(in.Language, sanction.Imposed, shown, rule, sanction.Objection{}, time.UTC))), nil
}

type objectedBody struct {
	ID id.Objection `json:"id"`
}

func (s *Server) objectToSanction(ctx context.Context, in *SanctionPath) (*out[objectedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	made, err := s.Breaches.Object(ctx, actor, in.ID)
	return reply(objectedBody{made}), err
}

type answerObjectionInput struct {
	SanctionPath
	Objection id.Objection `path:"objection"`
	Body      struct {
		Outcome sanction.Outcome  `json:"outcome" enum:"upheld,kept"`
		Next    sanction.Instance `json:"nextInstance,omitempty" enum:"school_authority,administrative_court" doc:"of one that is kept: who is asked next"`
	}
}

func (s *Server) answerObjection(ctx context.Context, in *answerObjectionInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Sanctions.Answer(ctx, actor, in.ID, in.Objection, in.Body.Outcome, in.Body.Next)
}

// HeldSanction is a sanction without whom it is against.
type HeldSanction struct {
	ID      id.Sanction      `json:"id"`
	Kind    sanction.Kind    `json:"kind,omitempty" enum:"educational,formal"`
	Measure sanction.Measure `json:"measure" enum:"audio_only,excluded"`
	RuleKey string           `json:"ruleKey"`
	Rule    string           `json:"rule" doc:"what it is called; for staff in German, else in the language asked for"`
	From    string           `json:"from" format:"date"`
	Until   string           `json:"until" format:"date"`
	EndedAt *time.Time       `json:"endedAt,omitempty" doc:"before its time"`
	InForce bool             `json:"inForce" doc:"today"`
}

func heldOf(one sanction.Sanction, rule string, today calendar.Date) HeldSanction {
	body := HeldSanction{
		ID: one.ID, Kind: one.Kind, Measure: one.Measure, RuleKey: one.RuleKey, Rule: rule, From: textOfDate(one.Period.From), Until: textOfDate(one.Period.Until),
		InForce: one.InForce(today),
	}
	if !one.EndedAt.IsZero() {
		body.EndedAt = &one.EndedAt
	}
	return body
}

// AnsweredObjection is an objection without whose it is.
type AnsweredObjection struct {
	ReceivedAt time.Time         `json:"receivedAt"`
	Outcome    sanction.Outcome  `json:"outcome,omitempty" enum:"upheld,kept"`
	Next       sanction.Instance `json:"nextInstance,omitempty" enum:"school_authority,administrative_court"`
	AnsweredAt *time.Time        `json:"answeredAt,omitempty"`
}

func answeredOf(o sanction.Objection) AnsweredObjection {
	body := AnsweredObjection{ReceivedAt: o.ReceivedAt, Outcome: o.Outcome, Next: o.Next}
	if !o.AnsweredAt.IsZero() {
		body.AnsweredAt = &o.AnsweredAt
	}
	return body
}

type objectionBody struct {
	ID     id.Objection `json:"id"`
	Person personBody   `json:"person"`
	AnsweredObjection
}

type sanctionBody struct {
	HeldSanction
	Pupil      PupilRef         `json:"pupil"`
	Heard      []sanction.Party `json:"heard" nullable:"false" enum:"pupil,parents,class_teacher"`
	NotedOn    string           `json:"notedOn,omitempty" format:"date"`
	DecidedBy  string           `json:"decidedBy"`
	DecidedAt  time.Time        `json:"decidedAt"`
	Objections []objectionBody  `json:"objections" nullable:"false"`
}

func (s *Server) listSanctions(ctx context.Context, _ *none) (*out[list[sanctionBody]], error) {
	var bodies []sanctionBody
	var accounts []id.Account
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := sanction.All(tx)
		if err != nil {
			return err
		}
		accounts = make([]id.Account, len(all))
		for i, one := range all {
			accounts[i] = one.DecidedBy
		}
		bodies, err = s.sanctionsOf(tx, all)
		return err
	})
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(ctx, accounts)
	for i := range bodies {
		bodies[i].DecidedBy = names[accounts[i]]
	}
	return reply(listOf(bodies)), err
}

// sanctionsOf adds names and objections.
func (s *Server) sanctionsOf(tx *db.Tx, all []sanction.Sanction) ([]sanctionBody, error) {
	today, err := s.Schools.Today(tx)
	if err != nil {
		return nil, err
	}
	ids, pupils := make([]id.Sanction, len(all)), make([]id.Pupil, len(all))
	for i, one := range all {
		ids[i], pupils[i] = one.ID, one.Pupil
	}
	objections, err := sanction.Objections(tx, ids)
	if err != nil {
		return nil, err
	}
	known, err := s.Schools.Pupils(tx, pupils)
	if err != nil {
		return nil, err
	}
	called, err := s.Rules.Titles(tx, rules.German)
	if err != nil {
		return nil, err
	}
	guardians, err := s.Schools.Guardians(tx, objectors(objections))
	bodies := make([]sanctionBody, len(all))
	for i, one := range all {
		bodies[i] = sanctionBody{
			HeldSanction: heldOf(one, called.Of(one.RulesVersion, one.RuleKey), today), Pupil: PupilRef{ID: one.Pupil, PersonName: nameOf(known[one.Pupil].Name)},
			Heard: orEmpty(one.Heard), NotedOn: textOfDate(one.NotedOn), DecidedAt: one.DecidedAt, Objections: []objectionBody{},
		}
		for _, o := range objections[one.ID] {
			person := personBody{Kind: o.Person.Kind, ID: o.Person.ID, Name: nameOfPerson(o.Person, known[one.Pupil], guardians)}
			bodies[i].Objections = append(bodies[i].Objections, objectionBody{o.ID, person, answeredOf(o)})
		}
	}
	return bodies, err
}

func objectors(objections map[id.Sanction][]sanction.Objection) (guardians []id.Guardian) {
	for _, against := range objections {
		for _, o := range against {
			if o.Person.Kind == id.GuardianPerson {
				guardians = append(guardians, id.Guardian(o.Person.ID))
			}
		}
	}
	return guardians
}

func nameOfPerson(person id.Person, pupil school.Pupil, guardians map[id.Guardian]school.Guardian) string {
	if person.Kind == id.PupilPerson {
		return fullName(pupil.Name)
	}
	return fullName(guardians[id.Guardian(person.ID)].Name)
}

type childSanctionsInput struct {
	Pupil    id.Pupil `path:"pupil"`
	Language string   `query:"lang" maxLength:"20" doc:"of the notices; one without texts reads German"`
}

type childSanctionBody struct {
	HeldSanction
	Notice    noticeBody         `json:"notice" doc:"what the caller was told, with the legal remedy"`
	Objection *AnsweredObjection `json:"objection,omitempty" doc:"the caller's own"`
	Answer    *noticeBody        `json:"answer,omitempty" doc:"what the caller was told about the own objection"`
}

func (s *Server) listChildSanctions(ctx context.Context, in *childSanctionsInput) (*out[list[childSanctionBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := s.Breaches.Seen(ctx, actor, in.Pupil)
	if err != nil {
		return nil, err
	}
	var bodies []childSanctionBody
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.Schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		called, err := s.Rules.Titles(tx, in.Language)
		if err != nil {
			return err
		}
		bodies = make([]childSanctionBody, len(seen))
		for i, one := range seen {
			bodies[i] = childSanctionOf(one, in.Language, called.Of(one.RulesVersion, one.RuleKey), calendar.Today(tx.Now, settings.Location()), settings.Location())
		}
		return nil
	})
	return reply(listOf(bodies)), err
}

func childSanctionOf(one breach.Seen, language, rule string, today calendar.Date, zone *time.Location) childSanctionBody {
	body := childSanctionBody{
		HeldSanction: heldOf(one.Sanction, rule, today),
		Notice:       noticeOf(sanction.ForGuardian(language, one.Step(), one.Sanction, rule, sanction.Objection{}, zone)),
	}
	if one.Own == nil {
		return body
	}
	objection := answeredOf(*one.Own)
	answer := noticeOf(sanction.ForGuardian(language, one.Own.Step(), one.Sanction, rule, *one.Own, zone))
	body.Objection, body.Answer = &objection, &answer
	return body
}

type mySanctionsInput struct {
	Language string `query:"lang" maxLength:"20" doc:"of the texts; one without texts reads German"`
}

func (s *Server) listMySanctions(ctx context.Context, in *mySanctionsInput) (*out[list[noticeBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	own, err := s.Breaches.InForce(ctx, actor)
	bodies := make([]noticeBody, len(own))
	for i, one := range own {
		bodies[i] = noticeOf(sanction.ForPupil(in.Language, sanction.Imposed, one))
	}
	return reply(listOf(bodies)), err
}
