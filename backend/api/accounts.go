package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
)

func (s *Server) accountRoutes() {
	route(s, authz.ManageAccounts, get("/accounts", "accounts", "listAccounts", "The staff's accounts, by name"), s.listAccounts)
	role := put("/accounts/{id}/role", "accounts", "setRole", "Give somebody another role; their sessions end")
	role.DefaultStatus = http.StatusNoContent
	route(s, authz.ManageAccounts, proved(role), s.setRole)
	s.accountChange("/disable", "disableAccount", "End somebody's sessions and let them sign in no more", s.Accounts.DisableAccount)
	s.accountChange("/enable", "enableAccount", "Let a disabled account sign in again", s.Accounts.EnableAccount)
	s.accountChange("/second-factor/reset", "resetSecondFactor", "Take a lost second factor away; the next sign-in sets up a new one", s.Accounts.ResetFactors)
	link := post("/accounts/{id}/password-link", "accounts", "makePasswordLink", "A link to set a new password; the second factor stays")
	route(s, authz.ManageAccounts, answers(proved(link), 201), s.makePasswordLink)
}

// accountChange registers a change of somebody else's account that needs nothing but the account.
func (s *Server) accountChange(suffix, name, summary string, change func(context.Context, authz.Actor, id.Account) error) {
	op := post("/accounts/{id}"+suffix, "accounts", name, summary)
	op.DefaultStatus = http.StatusNoContent
	route(s, authz.ManageAccounts, proved(op), func(ctx context.Context, in *accountInput) (*empty, error) {
		actor, err := authz.Of(ctx)
		if err != nil {
			return nil, err
		}
		return nil, change(ctx, actor, in.ID)
	})
}

type accountInput struct {
	ID id.Account `path:"id" maxLength:"64"`
}

type accountBody struct {
	ID           id.Account `json:"id"`
	Name         string     `json:"name"`
	Email        string     `json:"email"`
	Role         authz.Role `json:"role" enum:"teacher,office,head,dpo"`
	LastSeen     *time.Time `json:"lastSeen,omitempty" doc:"absent when never"`
	SecondFactor bool       `json:"secondFactor"`
	Disabled     bool       `json:"disabled"`
}

func accountOf(a account.StaffAccount) accountBody {
	body := accountBody{
		ID: a.Account, Name: a.Name, Email: a.Email, Role: a.Role, SecondFactor: a.SecondFactor, Disabled: a.Disabled,
	}
	if !a.LastSeen.IsZero() {
		body.LastSeen = &a.LastSeen
	}
	return body
}

func (s *Server) listAccounts(ctx context.Context, _ *none) (*out[list[accountBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := s.Accounts.StaffAccounts(ctx, actor)
	items := make([]accountBody, len(accounts))
	for i, one := range accounts {
		items[i] = accountOf(one)
	}
	return reply(listOf(items)), err
}

type roleInput struct {
	ID   id.Account `path:"id" maxLength:"64"`
	Body struct {
		Role authz.Role `json:"role" enum:"teacher,office,head,dpo"`
	}
}

func (s *Server) setRole(ctx context.Context, in *roleInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.SetRole(ctx, actor, in.ID, in.Body.Role)
}

func (s *Server) makePasswordLink(ctx context.Context, in *accountInput) (*out[madeInvitationBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return s.madeInvitation(s.Accounts.InviteAnew(ctx, actor, in.ID))
}
