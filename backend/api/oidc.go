package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/oidc"
	"einverstanden/backend/school"
)

// oidcCookie ties a sign-in to the browser that began it, while the browser is at the provider, and afterwards while a
// second factor is still to come. It is a Lax cookie as all others are: the way back is a link from another site.
const oidcCookie = "__Host-einv_oidc"

const oidcCookieLife = 10 * time.Minute

// signInPage is where a sign-in that did not succeed ends. Its fragment, which no server sees, holds the code of why.
const signInPage = "/sign-in"

func (s *Server) oidcRoutes() {
	start := answers(get("/session/oidc/start", "session", "startOidc", "Send the browser to the school's OpenID provider"), http.StatusSeeOther)
	start.Description = "For links, not for scripts. Where the school has no provider, or it does not answer, the browser is sent to the sign-in page with `#oidc=<code>`."
	start.Metadata[anyQuery] = true // a provider that begins the sign-in adds what it likes
	route(s, authz.Public, as(signingIn, start), s.startOIDC)
	finish := answers(get("/session/oidc/callback", "session", "finishOidc", "Where the provider sends the browser back to"), http.StatusSeeOther)
	finish.Description = "Signs in and sends the browser to the app; else to the sign-in page with `#oidc=<code>`, `second_factor_needed` where a code is still to come."
	finish.Metadata[anyQuery] = true
	route(s, authz.Public, as(signingIn, finish), s.finishOIDC)
	route(s, authz.Public, answers(post("/session/oidc/factor", "session", "proveOidcFactor", "Add the second factor to a sign-in by a provider"), 200, 401, 429), s.proveOIDCFactor)

	route(s, authz.SetUpOIDC, get("/oidc", "oidc", "getOidc", "How the school's OpenID provider is set up; the secret is not told"), s.getOIDC)
	route(s, authz.SetUpOIDC, proved(answers(put("/oidc", "oidc", "setOidc", "Set up the school's OpenID provider"), http.StatusNoContent, 422)), s.setOIDC)
	route(s, authz.SetUpOIDC, proved(answers(remove("/oidc", "oidc", "removeOidc", "Remove the provider, its links and its sessions"), http.StatusNoContent, 404)), s.removeOIDC)
	route(s, authz.SetUpOIDC, answers(post("/oidc/try", "oidc", "tryOidc", "Try the provider as it is set up"), 200, 404), s.tryOIDC)
	route(s, authz.LinkOIDC, get("/oidc/links", "oidc", "listOidcLinks", "Who at the provider is who here; those who wait come first"), s.listOIDCLinks)
	link := answers(post("/oidc/links/{id}", "oidc", "linkOidc", "Say who somebody is that waits"), http.StatusNoContent, 422)
	link.Description = "A pupil, an account of the staff, or with neither a new teacher."
	route(s, authz.LinkOIDC, proved(link), s.linkOIDC)
	route(s, authz.LinkOIDC, proved(answers(remove("/oidc/links/{id}", "oidc", "unlinkOidc", "End a link; the account's sessions end"), http.StatusNoContent)), s.unlinkOIDC)
}

type redirectReply struct {
	Location  string        `header:"Location"`
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

// toSignIn sends the browser to the sign-in page with the code of what went wrong. A fault of ours stays a problem.
func (s *Server) toSignIn(err error) (*redirectReply, error) {
	var known *fault.Error
	if !errors.As(err, &known) || known.Kind() == fault.Internal {
		return nil, err
	}
	s.log.Info("nobody came in by a provider", "code", known.Code)
	return &redirectReply{
		Location: s.url.String() + signInPage + "#oidc=" + url.QueryEscape(string(known.Code)), SetCookie: []http.Cookie{hostCookie(oidcCookie, "", 0)},
	}, nil
}

func toProvider(start account.OIDCStart) *redirectReply {
	return &redirectReply{Location: start.Address, SetCookie: []http.Cookie{hostCookie(oidcCookie, start.Browser, oidcCookieLife)}}
}

type oidcStartInput struct {
	device
	School id.School `query:"school" maxLength:"64"`
	Issuer string    `query:"iss" maxLength:"300" doc:"in place of the school, for a sign-in that begins at the provider (OpenID Connect Core 1.0, 4)"`
}

func (s *Server) startOIDC(ctx context.Context, in *oidcStartInput) (*redirectReply, error) {
	at := in.School
	if at == "" {
		var err error
		if at, err = s.Accounts.SchoolOfIssuer(ctx, in.Issuer); err != nil {
			return nil, err
		}
	}
	start, err := s.Accounts.BeginOIDC(ctx, at, in.address)
	if err != nil {
		return s.toSignIn(err)
	}
	return toProvider(start), nil
}

// oidcCallbackInput names what we read; providers may send more (session_state).
type oidcCallbackInput struct {
	device
	State   string `query:"state"`
	Code    string `query:"code"`
	Error   string `query:"error"`
	Issuer  string `query:"iss"`
	browser string
}

// Resolve reads the cookie of the sign-in beside the device's.
func (in *oidcCallbackInput) Resolve(ctx huma.Context) []error {
	in.browser = cookieOf(ctx, oidcCookie)
	return in.device.Resolve(ctx)
}

func (s *Server) finishOIDC(ctx context.Context, in *oidcCallbackInput) (*redirectReply, error) {
	outcome, err := s.Accounts.FinishOIDC(ctx, in.State, in.browser, oidc.Reply{Code: in.Code, Error: in.Error, Issuer: in.Issuer}, in.device.device())
	switch {
	case err != nil:
		return s.toSignIn(err)
	case outcome.Again.Address != "":
		return toProvider(outcome.Again), nil
	case outcome.Factor != "":
		return &redirectReply{
			Location:  s.url.String() + signInPage + "#oidc=" + string(fault.SecondFactorNeeded),
			SetCookie: []http.Cookie{hostCookie(oidcCookie, outcome.Factor, oidcCookieLife)},
		}, nil
	}
	reply, err := s.signedIn(ctx, outcome.SignedIn, nil)
	if err != nil {
		return nil, err
	}
	return &redirectReply{Location: s.url.String() + "/", SetCookie: append(reply.SetCookie, hostCookie(oidcCookie, "", 0))}, nil
}

type oidcFactorInput struct {
	device
	Body struct {
		SecondProof
	}
	secret string
}

// Resolve reads the cookie of the sign-in beside the device's.
func (in *oidcFactorInput) Resolve(ctx huma.Context) []error {
	in.secret = cookieOf(ctx, oidcCookie)
	return in.device.Resolve(ctx)
}

func (s *Server) proveOIDCFactor(ctx context.Context, in *oidcFactorInput) (*signedInReply, error) {
	signedIn, err := s.Accounts.ProveOIDCFactor(ctx, in.secret, in.Body.proof(), in.device.device())
	reply, err := s.signedIn(ctx, signedIn, err)
	if err == nil {
		reply.SetCookie = append(reply.SetCookie, hostCookie(oidcCookie, "", 0))
	}
	return reply, err
}

// oidcGroup is a group or role of the provider: kind and id say which, the name is for people.
type oidcGroup struct {
	Kind oidc.GroupKind `json:"kind" enum:"group,role"`
	ID   string         `json:"id" minLength:"1" maxLength:"100"`
	Name string         `json:"name,omitempty" maxLength:"100"`
}

func groupBodies(groups []oidc.Group) []oidcGroup {
	bodies := make([]oidcGroup, len(groups))
	for i, group := range groups {
		bodies[i] = oidcGroup(group)
	}
	return bodies
}

func groupsOf(bodies []oidcGroup) []oidc.Group {
	groups := make([]oidc.Group, len(bodies))
	for i, body := range bodies {
		groups[i] = oidc.Group(body)
	}
	return groups
}

type oidcBody struct {
	Issuer    string      `json:"issuer" doc:"empty when nothing is set up"`
	ClientID  string      `json:"clientId"`
	Label     string      `json:"label" doc:"what people call the provider"`
	Teachers  []oidcGroup `json:"teachers" nullable:"false"`
	Pupils    []oidcGroup `json:"pupils" nullable:"false"`
	Seen      []oidcGroup `json:"seen" nullable:"false" doc:"groups that people have come with"`
	Redirect  string      `json:"redirectUri" doc:"to be registered with the provider"`
	Start     string      `json:"startUrl" doc:"a link that begins a sign-in"`
	ChangedAt *time.Time  `json:"changedAt,omitempty"`
}

func (s *Server) getOIDC(ctx context.Context, _ *none) (*out[oidcBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := s.Accounts.OIDC(ctx, actor)
	body := oidcBody{
		Issuer: settings.Issuer, ClientID: settings.ClientID, Label: settings.Label, Redirect: settings.Redirect,
		Teachers: groupBodies(settings.Teachers), Pupils: groupBodies(settings.Pupils), Seen: groupBodies(settings.Seen),
		Start: s.url.String() + apiPrefix + "/session/oidc/start?school=" + url.QueryEscape(string(actor.School)),
	}
	if !settings.ChangedAt.IsZero() {
		body.ChangedAt = &settings.ChangedAt
	}
	return reply(body), err
}

type oidcInput struct {
	Body struct {
		Issuer   string      `json:"issuer" maxLength:"300" doc:"the address by which the provider calls itself"`
		ClientID string      `json:"clientId" maxLength:"200"`
		Secret   string      `json:"secret,omitempty" maxLength:"200" doc:"left out: the one that is kept, for the same issuer and client"`
		Label    string      `json:"label,omitempty" maxLength:"30"`
		Teachers []oidcGroup `json:"teachers" maxItems:"100" nullable:"false"`
		Pupils   []oidcGroup `json:"pupils" maxItems:"100" nullable:"false"`
	}
}

func (s *Server) setOIDC(ctx context.Context, in *oidcInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.SetOIDC(ctx, actor, account.OIDCSettings{
		Issuer: in.Body.Issuer, ClientID: in.Body.ClientID, Label: in.Body.Label,
		Teachers: groupsOf(in.Body.Teachers), Pupils: groupsOf(in.Body.Pupils),
	}, in.Body.Secret)
}

func (s *Server) removeOIDC(ctx context.Context, _ *none) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.RemoveOIDC(ctx, actor)
}

type oidcTriedBody struct {
	Findings []oidc.Finding `json:"findings" nullable:"false" enum:"fine,address_refused,unreachable,not_a_provider,other_issuer,no_code_flow,client_refused,secret_refused,scopes_refused,nothing_released"`
}

func (s *Server) tryOIDC(ctx context.Context, _ *none) (*out[oidcTriedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	findings, err := s.Accounts.TryOIDC(ctx, actor)
	return reply(oidcTriedBody{findings}), err
}

type oidcLinkBody struct {
	ID       id.OIDCLink `json:"id"`
	Name     string      `json:"name" doc:"as the provider has it"`
	ImportID string      `json:"importId,omitempty"`
	Role     authz.Role  `json:"role" enum:"teacher,pupil" doc:"what their groups grant"`
	SeenAt   time.Time   `json:"seenAt"`
	LinkedAt *time.Time  `json:"linkedAt,omitempty" doc:"absent: waits"`
	Pupil    *PupilRef   `json:"pupil,omitempty"`
	Account  *Named      `json:"account,omitempty" doc:"of a linked member of staff"`
}

func (s *Server) listOIDCLinks(ctx context.Context, _ *none) (*out[list[oidcLinkBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	links, err := s.Accounts.OIDCLinks(ctx, actor)
	if err != nil {
		return nil, err
	}
	pupils, names, err := s.namesOfLinks(ctx, links)
	items := make([]oidcLinkBody, len(links))
	for i, link := range links {
		items[i] = oidcLinkBody{ID: link.ID, Name: link.Name, ImportID: link.ImportID, Role: link.Role, SeenAt: link.SeenAt}
		switch {
		case link.LinkedAt.IsZero():
			continue
		case link.Pupil != "":
			items[i].Pupil = &PupilRef{ID: link.Pupil, PersonName: nameOf(pupils[link.Pupil].Name)}
		default:
			items[i].Account = &Named{ID: string(link.Account), Name: cmp.Or(names[link.Account], link.Name)}
		}
		items[i].LinkedAt = &link.LinkedAt
	}
	return reply(listOf(items)), err
}

func (s *Server) namesOfLinks(ctx context.Context, links []account.OIDCLink) (pupils map[id.Pupil]school.Pupil, staff map[id.Account]string, err error) {
	var wanted []id.Pupil
	var accounts []id.Account
	for _, link := range links {
		if link.Pupil != "" {
			wanted = append(wanted, link.Pupil)
		} else if link.Account != "" {
			accounts = append(accounts, link.Account)
		}
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		pupils, err = s.Schools.Pupils(tx, wanted)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	staff, err = s.Accounts.Names(ctx, accounts)
	return pupils, staff, err
}

type oidcLinkInput struct {
	ID   id.OIDCLink `path:"id" maxLength:"64"`
	Body struct {
		Pupil   id.Pupil   `json:"pupil,omitempty" maxLength:"64"`
		Account id.Account `json:"account,omitempty" maxLength:"64"`
	}
}

func (s *Server) linkOIDC(ctx context.Context, in *oidcLinkInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.LinkOIDC(ctx, actor, in.ID, account.OIDCIdentity{Pupil: in.Body.Pupil, Account: in.Body.Account})
}

type oidcUnlinkInput struct {
	ID id.OIDCLink `path:"id" maxLength:"64"`
}

func (s *Server) unlinkOIDC(ctx context.Context, in *oidcUnlinkInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.UnlinkOIDC(ctx, actor, in.ID)
}
