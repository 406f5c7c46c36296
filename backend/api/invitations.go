package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func (s *Server) invitationRoutes() {
	invite := post("/invitations", "invitations", "invite", "Invite somebody to the staff; the link is shown once")
	invite.Description = "A new invitation voids the open one for the same address. For head and dpo the session must have proved itself within ten minutes."
	route(s, authz.InviteStaff, answers(invite, 201), s.invite)
	route(s, authz.InviteStaff, get("/invitations", "invitations", "listInvitations", "Invitations, the newest first"), s.listInvitations)
	void := post("/invitations/{id}/void", "invitations", "voidInvitation", "Make an open invitation worthless")
	void.DefaultStatus = http.StatusNoContent
	route(s, authz.InviteStaff, void, s.voidInvitation)
	read := post("/session/invitation/preview", "session", "readInvitation", "For whom an invitation is; uses nothing up")
	route(s, authz.Public, answers(read, 401), s.readInvitation)
	redeem := post("/session/invitation", "session", "redeemInvitation", "Set the password of an invitation and sign in, once")
	redeem.Description = "Address and role are the invitation's. The session is limited until a second factor is set up."
	route(s, authz.Public, answers(redeem, 401, 429), s.redeemInvitation)
}

// InvitationBody is an invitation in a list.
type InvitationBody struct {
	ID          id.Invitation           `json:"id"`
	Name        string                  `json:"name"`
	Email       string                  `json:"email"`
	Role        authz.Role              `json:"role" enum:"teacher,office,head,dpo"`
	NewPassword bool                    `json:"newPassword" doc:"for an account that stands already"`
	State       account.InvitationState `json:"state" enum:"open,used,void,expired"`
	InvitedAt   time.Time               `json:"invitedAt"`
	ExpiresAt   time.Time               `json:"expiresAt"`
}

func invitationOf(i account.Invitation) InvitationBody {
	return InvitationBody{
		ID: i.ID, Name: i.Name, Email: i.Email, Role: i.Role, NewPassword: i.NewPassword, State: i.State,
		InvitedAt: i.InvitedAt, ExpiresAt: i.ExpiresAt,
	}
}

type madeInvitationBody struct {
	InvitationBody
	Link string `json:"link" doc:"with the secret in its fragment; shown once"`
}

// madeInvitation shows the link; its secret stands in the fragment, which reaches no server and no log.
func (s *Server) madeInvitation(made account.MadeInvitation, err error) (*out[madeInvitationBody], error) {
	if err != nil {
		return nil, err
	}
	return reply(madeInvitationBody{InvitationBody: invitationOf(made.Invitation), Link: made.Link(s.url)}), nil
}

type inviteInput struct {
	Body struct {
		Role  authz.Role `json:"role" enum:"teacher,office,head,dpo"`
		Email string     `json:"email" maxLength:"254"`
		Name  string     `json:"name" maxLength:"400"`
	}
}

func (s *Server) invite(ctx context.Context, in *inviteInput) (*out[madeInvitationBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return s.madeInvitation(s.Accounts.Invite(ctx, actor, account.NewInvitation{Role: in.Body.Role, Email: in.Body.Email, Name: in.Body.Name}))
}

func (s *Server) listInvitations(ctx context.Context, _ *none) (*out[list[InvitationBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	invitations, err := s.Accounts.Invitations(ctx, actor)
	items := make([]InvitationBody, len(invitations))
	for i, invitation := range invitations {
		items[i] = invitationOf(invitation)
	}
	return reply(listOf(items)), err
}

type invitationInput struct {
	ID id.Invitation `path:"id" maxLength:"64"`
}

func (s *Server) voidInvitation(ctx context.Context, in *invitationInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.VoidInvitation(ctx, actor, in.ID)
}

type secretInput struct {
	Body struct {
		Secret string `json:"secret" maxLength:"200" doc:"the fragment of the link"`
	}
}

type invitationViewBody struct {
	Name         string     `json:"name"`
	Email        string     `json:"email"`
	Role         authz.Role `json:"role" enum:"teacher,office,head,dpo"`
	School       string     `json:"school"`
	NewPassword  bool       `json:"newPassword"`
	SecondFactor bool       `json:"secondFactor" doc:"a code is asked for"`
	ExpiresAt    time.Time  `json:"expiresAt"`
}

func (s *Server) readInvitation(ctx context.Context, in *secretInput) (*out[invitationViewBody], error) {
	view, err := s.Accounts.ReadInvitation(ctx, in.Body.Secret)
	if err != nil {
		return nil, err
	}
	body := invitationViewBody{
		Name: view.Name, Email: view.Email, Role: view.Role, NewPassword: view.NewPassword, SecondFactor: view.SecondFactor,
		ExpiresAt: view.ExpiresAt,
	}
	err = s.DB.Read(db.InSchool(ctx, view.School), func(tx *db.Tx) error {
		settings, err := s.Schools.SettingsInClear(tx)
		body.School = settings.Name
		return err
	})
	return reply(body), err
}

type redeemInput struct {
	device
	Body struct {
		Secret   string `json:"secret" maxLength:"200"`
		Name     string `json:"name,omitempty" maxLength:"400" doc:"in place of the invited one"`
		Password string `json:"password" maxLength:"512" doc:"15 to 128 characters"`
		SecondProof
	}
}

func (s *Server) redeemInvitation(ctx context.Context, in *redeemInput) (*signedInReply, error) {
	signedIn, err := s.Accounts.RedeemInvitation(ctx, account.Redeemed{
		Secret: in.Body.Secret, Name: in.Body.Name, Password: in.Body.Password, Proof: in.Body.proof(),
	}, in.device.device())
	return s.signedIn(ctx, signedIn, err)
}
