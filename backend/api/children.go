package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/standing"
)

func (s *Server) childRoutes() {
	route(s, authz.DecideForChild, get("/children", "children", "listChildren", "Children the caller has a say for"), s.listChildren)
	route(s, authz.DecideForChild, get("/children/{pupil}/consent", "children", "getConsent", "Form, own decisions and standing for one child"), s.getConsent)
	route(s, authz.DecideForChild, answers(lowersByAnswer(idempotent(post("/children/{pupil}/decisions", "children", "decide", "Answer for a child"))), 201, 200, 429), s.decide)
	route(s, authz.DecideForChild, answers(as(withdrawing, idempotent(post("/children/{pupil}/withdrawals", "children", "withdraw", "Withdraw the picture or everything"))), 201, 200), s.withdraw)
}

type childBody struct {
	ID id.Pupil `json:"id"`
	PersonName
	ClassName    string       `json:"className"`
	Mode         mode         `json:"mode" enum:"video,audio,none"`
	Stance       string       `json:"stance" enum:"video,audio,none,unanswered" doc:"what the caller's own decisions come to"`
	DecidedAt    *time.Time   `json:"decidedAt,omitempty"`
	ForeignCause bool         `json:"foreignCause" doc:"the mode is lower than the own stance, for a cause that is not the caller's"`
	Open         bool         `json:"open" doc:"an answer is asked for"`
	Version      *versionBody `json:"version,omitempty" doc:"the version in force"`
}

func childOf(c standing.Child, version *versionBody) childBody {
	body := childBody{
		ID: c.Pupil.ID, PersonName: nameOf(c.Pupil.Name), ClassName: c.Class.Name, Mode: modeOf(c.Mode), Stance: "unanswered",
		ForeignCause: c.ForeignCause, Open: c.Open, Version: version,
	}
	if c.HasWord {
		body.Stance = c.Word.String()
	}
	if !c.DecidedAt.IsZero() {
		body.DecidedAt = &c.DecidedAt
	}
	return body
}

func (s *Server) listChildren(ctx context.Context, _ *none) (*out[list[childBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	children, err := s.Standings.Children(ctx, actor)
	if err != nil {
		return nil, err
	}
	version, err := s.versionInForce(ctx)
	if err != nil {
		return nil, err
	}
	bodies := make([]childBody, len(children))
	for i, child := range children {
		bodies[i] = childOf(child, version)
	}
	return reply(listOf(bodies)), nil
}

// versionInForce is nil while the school has published no form.
func (s *Server) versionInForce(ctx context.Context) (*versionBody, error) {
	var body *versionBody
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		version, _, err := s.Consents.InForce(tx)
		if fault.Has(err, fault.NoFormInForce) {
			return nil
		}
		if err == nil {
			v := versionOf(version)
			body = &v
		}
		return err
	})
	return body, err
}

type consentInput struct {
	Pupil    id.Pupil `path:"pupil"`
	Language string   `query:"lang" maxLength:"20" doc:"language to show beside the German text"`
}

type consentBody struct {
	Child         childBody      `json:"child"`
	Version       versionBody    `json:"version"`
	Text          textBody       `json:"text"`
	German        textBody       `json:"german" doc:"the text that counts"`
	Languages     []string       `json:"languages" nullable:"false"`
	After         *id.Decision   `json:"after" doc:"the own decision last made; goes back with a yes"`
	Decisions     []DecisionBody `json:"decisions" nullable:"false" doc:"own decisions, oldest first"`
	Signing       *signingBody   `json:"signing,omitempty" doc:"where the caller has a passkey"`
	RelationAsked bool           `json:"relationAsked" doc:"the caller has not said yet how it decides (together, alone, legal_guardian)"`
}

func (s *Server) getConsent(ctx context.Context, in *consentInput) (*out[consentBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	var body consentBody
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		sheet, err := s.Consents.Sheet(tx, actor, in.Pupil, in.Language)
		if err != nil {
			return err
		}
		child, err := s.Standings.Child(tx, actor.Person, in.Pupil)
		if err != nil {
			return err
		}
		body = consentOf(sheet, child, actor.Person.Kind)
		return nil
	})
	return reply(body), err
}

func consentOf(sheet consent.Sheet, child standing.Child, kind id.PersonKind) consentBody {
	version := versionOf(sheet.Version)
	body := consentBody{
		Child: childOf(child, &version), Version: version, Text: textOf(sheet.Shown), German: textOf(sheet.German),
		Languages: sheet.Languages, Decisions: make([]DecisionBody, len(sheet.Own)), RelationAsked: kind == id.GuardianPerson,
	}
	for i, own := range sheet.Own {
		body.Decisions[i] = decisionOf(own)
		if own.Decision.Relation != "" {
			body.RelationAsked = false
		}
	}
	if sheet.After != "" {
		body.After = &sheet.After
	}
	body.Signing = signingOf(sheet.Signing)
	return body
}

type pointBody struct {
	X int `json:"x" minimum:"-10000" maximum:"20000"`
	Y int `json:"y" minimum:"-10000" maximum:"20000"`
}

type signatureBody struct {
	Kind    string        `json:"kind" enum:"drawn,typed"`
	Width   int           `json:"width,omitempty" minimum:"0" maximum:"10000" doc:"of the pad, CSS pixels"`
	Height  int           `json:"height,omitempty" minimum:"0" maximum:"10000"`
	Strokes [][]pointBody `json:"strokes,omitempty" maxItems:"200" doc:"points, rounded; never a picture"`
	Name    string        `json:"name,omitempty" maxLength:"480"`
}

func (b *signatureBody) signature() *consent.Signature {
	if b == nil {
		return nil
	}
	signature := &consent.Signature{Kind: b.Kind, Width: b.Width, Height: b.Height, Name: b.Name}
	for _, stroke := range b.Strokes {
		points := make([]consent.Point, len(stroke))
		for i, p := range stroke {
			points[i] = consent.Point{X: p.X, Y: p.Y}
		}
		signature.Strokes = append(signature.Strokes, points)
	}
	return signature
}

type decideInput struct {
	Pupil id.Pupil `path:"pupil"`
	Body  struct {
		Answer      string         `json:"answer" enum:"video,audio,none"`
		FormVersion id.Version     `json:"formVersion" maxLength:"64"`
		TextSHA256  string         `json:"textSha256" maxLength:"64" doc:"of the text that was shown"`
		Language    string         `json:"language" maxLength:"20" doc:"of the text that was shown"`
		After       *id.Decision   `json:"after" maxLength:"64" nullable:"true" doc:"id of the own decision last shown, or null"`
		Place       string         `json:"place,omitempty" maxLength:"320"`
		Relation    string         `json:"relation,omitempty" enum:"together,alone,legal_guardian"`
		Signature   *signatureBody `json:"signature,omitempty" doc:"a yes needs one, a no must have none"`
		Assertion   *assertionBody `json:"assertion,omitempty" doc:"a passkey's signature over the declaration, where consent.signing offers it"`
	}
}

type decidedBody struct {
	Decision DecisionBody `json:"decision"`
	Receipt  ReceiptBody  `json:"receipt"`
}

// decided is 201 for a new decision and 200 when the stance was the same already.
type decided struct {
	Status int
	Body   decidedBody
}

func (s *Server) decide(ctx context.Context, in *decideInput) (*decided, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := participation.ParseMode(in.Body.Answer)
	if err != nil {
		return nil, fault.InvalidField("answer", fault.FieldInvalid)
	}
	input := consent.AnswerInput{
		Pupil: in.Pupil, Answer: answer, Version: in.Body.FormVersion, TextSHA256: in.Body.TextSHA256, Language: in.Body.Language,
		Place: in.Body.Place, Relation: consent.Relation(in.Body.Relation), Signature: in.Body.Signature.signature(),
	}
	if in.Body.Assertion != nil {
		input.Assertion = in.Body.Assertion.assertion()
	}
	if in.Body.After != nil {
		input.After = *in.Body.After
	}
	outcome, err := s.Consents.Answer(ctx, actor, input)
	return decidedOf(outcome, err)
}

type withdrawInput struct {
	Pupil id.Pupil `path:"pupil"`
	Body  struct {
		Extent string `json:"extent" enum:"picture,all"`
	}
}

func (s *Server) withdraw(ctx context.Context, in *withdrawInput) (*decided, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	outcome, err := s.Consents.Withdraw(ctx, actor, in.Pupil, consent.Extent(in.Body.Extent))
	return decidedOf(outcome, err)
}

// decidedOf is what a decision's key gets, now and at every repetition: nothing in it may change with time.
func decidedOf(outcome consent.Outcome, err error) (*decided, error) {
	if err != nil {
		return nil, err
	}
	reply := &decided{Status: http.StatusCreated, Body: decidedBody{Decision: decisionOf(outcome), Receipt: receiptOf(outcome.Receipt)}}
	if outcome.Repeated {
		reply.Status = http.StatusOK
	}
	return reply, nil
}
