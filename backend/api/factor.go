package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
)

// ownSignInRoutes are what staff do with their own password and second factor.
func (s *Server) ownSignInRoutes() {
	route(s, authz.KeepOwnSignIn, get("/account/second-factor", "account", "getSecondFactor", "What is set up beside the own password"), s.getSecondFactor)
	start := post("/account/totp", "account", "startTotp", "Get a secret for an authenticator app; it counts once a code of it was sent")
	start.Description = "Who has a second factor already needs a sign-in or reauthentication within ten minutes."
	route(s, authz.KeepOwnSignIn, start, s.startTOTP)
	confirm := post("/account/totp/confirm", "account", "confirmTotp", "Let the started secret count; gives ten recovery codes and a new session")
	route(s, authz.KeepOwnSignIn, answers(confirm, 401, 404, 429), s.confirmTOTP)
	route(s, authz.KeepOwnSignIn, proved(post("/account/recovery-codes", "account", "renewRecoveryCodes", "Ten new recovery codes in place of the old ones")), s.renewRecoveryCodes)
	password := put("/account/password", "account", "changePassword", "Replace the own password; all other sessions end")
	route(s, authz.KeepOwnSignIn, answers(password, 401, 429), s.changePassword)
	again := post("/session/reauthentication", "session", "reauthenticate", "Prove again who sits here, for ten minutes")
	again.DefaultStatus = http.StatusNoContent
	route(s, authz.KeepOwnSignIn, answers(again, 401, 429), s.reauthenticate)
}

type secondFactorBody struct {
	TOTP          bool       `json:"totp"`
	Passkeys      int        `json:"passkeys"`
	RecoveryCodes int        `json:"recoveryCodes" doc:"not used yet"`
	Enrols        bool       `json:"enrols" doc:"whether this session may add a first passkey: not one that the school's provider opened"`
	ResetAt       *time.Time `json:"resetAt,omitempty" doc:"when somebody else took the second factor away"`
}

func (s *Server) getSecondFactor(ctx context.Context, _ *none) (*out[secondFactorBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	factors, err := s.Accounts.OwnFactors(ctx, actor)
	body := secondFactorBody{TOTP: factors.TOTP, Passkeys: factors.Passkeys, RecoveryCodes: factors.RecoveryCodes, Enrols: factors.Enrols}
	if !factors.ResetAt.IsZero() {
		body.ResetAt = &factors.ResetAt
	}
	return reply(body), err
}

type totpBody struct {
	Secret string `json:"secret" doc:"base32, for typing"`
	URI    string `json:"uri" doc:"otpauth://"`
	QR     qrBody `json:"qr" doc:"the URI as a QR code"`
}

func (s *Server) startTOTP(ctx context.Context, _ *none) (*out[totpBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	setup, err := s.Accounts.StartTOTP(ctx, actor)
	if err != nil {
		return nil, err
	}
	qr, err := newQRBody(setup.URI)
	return reply(totpBody{Secret: setup.Secret.Text(), URI: setup.URI, QR: qr}), err
}

type confirmInput struct {
	device
	Body struct {
		Code string `json:"code" maxLength:"20"`
	}
}

// RecoveryCodesBody shows recovery codes.
type RecoveryCodesBody struct {
	RecoveryCodes []string `json:"recoveryCodes" nullable:"false" doc:"shown once; each stands in for one code"`
}

func recoveryCodesOf(codes []account.RecoveryCode) RecoveryCodesBody {
	body := RecoveryCodesBody{RecoveryCodes: make([]string, len(codes))}
	for i, code := range codes {
		body.RecoveryCodes[i] = code.Format()
	}
	return body
}

type confirmedReply struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      struct {
		RecoveryCodesBody
		Me meBody `json:"me"`
	}
}

func (s *Server) confirmTOTP(ctx context.Context, in *confirmInput) (*confirmedReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	signedIn, codes, err := s.Accounts.ConfirmTOTP(ctx, actor, in.Body.Code, in.device.device())
	again, err := s.signedIn(ctx, signedIn, err)
	if err != nil {
		return nil, err
	}
	confirmed := &confirmedReply{SetCookie: again.SetCookie}
	confirmed.Body.RecoveryCodesBody, confirmed.Body.Me = recoveryCodesOf(codes), again.Body
	return confirmed, nil
}

func (s *Server) renewRecoveryCodes(ctx context.Context, _ *none) (*out[RecoveryCodesBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	codes, err := s.Accounts.RenewRecoveryCodes(ctx, actor)
	return reply(recoveryCodesOf(codes)), err
}

type newPasswordInput struct {
	device
	Body struct {
		Present string `json:"present" maxLength:"512"`
		New     string `json:"new" maxLength:"512" doc:"15 to 128 characters"`
	}
}

func (s *Server) changePassword(ctx context.Context, in *newPasswordInput) (*signedInReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	signedIn, err := s.Accounts.ChangePassword(ctx, actor, in.Body.Present, in.Body.New, in.device.device())
	return s.signedIn(ctx, signedIn, err)
}

// SecondProof is what stands beside a password.
type SecondProof struct {
	TOTP         string `json:"totp,omitempty" maxLength:"20" doc:"six digits"`
	RecoveryCode string `json:"recoveryCode,omitempty" maxLength:"40" doc:"in place of totp"`
}

func (b SecondProof) proof() account.Proof {
	return account.Proof{Code: b.TOTP, Recovery: b.RecoveryCode}
}

type reauthenticationInput struct {
	Body struct {
		Password string `json:"password" maxLength:"512"`
		SecondProof
	}
}

func (s *Server) reauthenticate(ctx context.Context, in *reauthenticationInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.Reauthenticate(ctx, actor, in.Body.Password, in.Body.proof())
}
