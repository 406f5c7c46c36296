package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
)

func (s *Server) tokenRoutes() {
	route(s, authz.ManageTokens, get("/tokens", "tokens", "listApiTokens", "API tokens of the school's own programs, the newest first"), s.listAPITokens)
	mint := post("/tokens", "tokens", "makeApiToken", "Make an API token; it is shown once")
	mint.Description = "Programs send it as `Authorization: Bearer`. They only read what their scopes say, and end with the account that made the token."
	route(s, authz.ManageTokens, answers(proved(mint), 201), s.makeAPIToken)
	revoke := post("/tokens/{id}/revoke", "tokens", "revokeApiToken", "End an API token at once, whoever made it")
	revoke.DefaultStatus = http.StatusNoContent
	route(s, authz.ManageTokens, revoke, s.revokeAPIToken)
}

// TokenBody is an API token in a list.
type TokenBody struct {
	ID        id.APIToken           `json:"id"`
	Name      string                `json:"name"`
	Scopes    []authz.Scope         `json:"scopes" enum:"classes,open_answers,modes" nullable:"false"`
	State     account.APITokenState `json:"state" enum:"active,expired,revoked"`
	MadeBy    Named                 `json:"madeBy"`
	MadeAt    time.Time             `json:"madeAt"`
	ExpiresAt time.Time             `json:"expiresAt"`
	LastUsed  *time.Time            `json:"lastUsed,omitempty" doc:"to the hour; absent when never"`
}

// tokensOf adds the names of their makers.
func (s *Server) tokensOf(ctx context.Context, tokens []account.APIToken) ([]TokenBody, error) {
	makers := make([]id.Account, len(tokens))
	for i, token := range tokens {
		makers[i] = token.MadeBy
	}
	names, err := s.Accounts.Names(ctx, makers)
	bodies := make([]TokenBody, len(tokens))
	for i, t := range tokens {
		bodies[i] = TokenBody{
			ID: t.ID, Name: t.Name, Scopes: t.Scopes.List(), State: t.State, MadeBy: Named{ID: string(t.MadeBy), Name: names[t.MadeBy]},
			MadeAt: t.MadeAt, ExpiresAt: t.ExpiresAt,
		}
		if !t.LastUsed.IsZero() {
			bodies[i].LastUsed = &t.LastUsed
		}
	}
	return bodies, err
}

func (s *Server) listAPITokens(ctx context.Context, _ *none) (*out[list[TokenBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := s.Accounts.APITokens(ctx, actor)
	if err != nil {
		return nil, err
	}
	bodies, err := s.tokensOf(ctx, tokens)
	return reply(listOf(bodies)), err
}

type tokenInput struct {
	Body struct {
		Name   string        `json:"name" maxLength:"400" doc:"what the program is called"`
		Scopes []authz.Scope `json:"scopes" enum:"classes,open_answers,modes" minItems:"1" maxItems:"10" nullable:"false"`
		Days   int           `json:"days,omitempty" minimum:"1" maximum:"365" default:"90" doc:"how long it lives"`
	}
}

type madeTokenBody struct {
	TokenBody
	Token string `json:"token" doc:"shown once"`
}

func (s *Server) makeAPIToken(ctx context.Context, in *tokenInput) (*out[madeTokenBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	made, err := s.Accounts.MakeAPIToken(ctx, actor, account.NewAPIToken{
		Name: in.Body.Name, Scopes: in.Body.Scopes, Life: time.Duration(in.Body.Days) * 24 * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	bodies, err := s.tokensOf(ctx, []account.APIToken{made.APIToken})
	return reply(madeTokenBody{TokenBody: bodies[0], Token: string(made.Secret)}), err
}

type tokenIDInput struct {
	ID id.APIToken `path:"id" maxLength:"64"`
}

func (s *Server) revokeAPIToken(ctx context.Context, in *tokenIDInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.RevokeAPIToken(ctx, actor, in.ID)
}
