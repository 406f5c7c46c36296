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

func (s *Server) passkeyRoutes() {
	route(s, authz.Self, answers(post("/session/passkey/registration", "session", "beginPasskey", "Begin to add a passkey"), 200), s.beginPasskey)
	route(s, authz.Self, answers(post("/passkeys", "session", "addPasskey", "Add the passkey that was made"), 201), s.addPasskey)
	gone := remove("/passkeys/{id}", "session", "removePasskey", "Remove one of the own passkeys")
	gone.DefaultStatus = http.StatusNoContent
	route(s, authz.Self, gone, s.removePasskey)
	route(s, authz.Public, answers(post("/session/passkey/challenge", "session", "getPasskeyChallenge", "What a browser needs to ask for a passkey"), 200, 429), s.getPasskeyChallenge)
	route(s, authz.Public, answers(post("/session/passkey", "session", "signInWithPasskey", "Sign in by passkey"), 200, 401, 429), s.signInWithPasskey)
}

// Bytes are in standard base64, as in the bodies of declarations signed by a passkey.

type registrationBody struct {
	State      string   `json:"state" doc:"goes back with the passkey; 5 minutes, once"`
	Challenge  []byte   `json:"challenge"`
	RPID       string   `json:"rpId"`
	RPName     string   `json:"rpName"`
	UserHandle []byte   `json:"userHandle"`
	UserName   string   `json:"userName" doc:"what the browser shows for the account"`
	Algorithms []int    `json:"algorithms" nullable:"false" doc:"COSE algorithms, the one liked best first"`
	Exclude    [][]byte `json:"exclude" nullable:"false" doc:"credentials that the account has already"`
}

func (s *Server) beginPasskey(ctx context.Context, _ *none) (*out[registrationBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	label, err := s.ownName(ctx, actor)
	if err != nil {
		return nil, err
	}
	begun, err := s.Accounts.BeginPasskey(ctx, actor, label)
	if err != nil {
		return nil, err
	}
	body := registrationBody{
		State: begun.State, Challenge: begun.Challenge, RPID: begun.RPID, RPName: begun.RPName, UserHandle: begun.Handle,
		UserName: begun.Label, Algorithms: begun.Algorithms, Exclude: begun.Exclude,
	}
	if body.Exclude == nil {
		body.Exclude = [][]byte{}
	}
	return reply(body), nil
}

// ownName is what tells the passkeys of a family's phone apart: the person's name, and the school's.
func (s *Server) ownName(ctx context.Context, actor authz.Actor) (string, error) {
	profile, err := s.Accounts.Profile(ctx, actor)
	if err != nil {
		return "", err
	}
	name := profile.Name
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.Schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		switch actor.Person.Kind {
		case id.GuardianPerson:
			found, err := s.Schools.Guardians(tx, []id.Guardian{id.Guardian(actor.Person.ID)})
			if err != nil {
				return err
			}
			name = found[id.Guardian(actor.Person.ID)].Full()
		case id.PupilPerson:
			found, err := s.Schools.Pupils(tx, []id.Pupil{id.Pupil(actor.Person.ID)})
			if err != nil {
				return err
			}
			name = found[id.Pupil(actor.Person.ID)].Full()
		}
		name += " (" + settings.Name + ")"
		return nil
	})
	return name, err
}

type attestationInput struct {
	Body struct {
		State       string `json:"state" maxLength:"100"`
		Credential  []byte `json:"credential" maxLength:"1400"`
		ClientData  []byte `json:"clientData" maxLength:"4000"`
		Attestation []byte `json:"attestation" maxLength:"20000" doc:"the attestation object; of format none"`
	}
}

type passkeyBody struct {
	ID        id.Passkey `json:"id"`
	CreatedAt time.Time  `json:"createdAt"`
	UsedAt    *time.Time `json:"usedAt,omitempty" doc:"last, for signing in"`
}

func passkeyOf(p account.Passkey) passkeyBody {
	body := passkeyBody{ID: p.ID, CreatedAt: p.CreatedAt}
	if !p.UsedAt.IsZero() {
		body.UsedAt = &p.UsedAt
	}
	return body
}

func (s *Server) addPasskey(ctx context.Context, in *attestationInput) (*out[passkeyBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	made, err := s.Accounts.FinishPasskey(ctx, actor, in.Body.State, account.Attestation{
		Credential: in.Body.Credential, ClientData: in.Body.ClientData, Object: in.Body.Attestation,
	})
	return reply(passkeyOf(made)), err
}

type passkeyPath struct {
	ID id.Passkey `path:"id"`
}

func (s *Server) removePasskey(ctx context.Context, in *passkeyPath) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.RemovePasskey(ctx, actor, in.ID)
}

type challengeBody struct {
	State     string `json:"state" doc:"goes back with the answer; 5 minutes, once"`
	Challenge []byte `json:"challenge"`
	RPID      string `json:"rpId"`
}

func (s *Server) getPasskeyChallenge(ctx context.Context, in *device) (*out[challengeBody], error) {
	challenge, err := s.Accounts.BeginPasskeySignIn(ctx, in.address)
	return reply(challengeBody{State: challenge.State, Challenge: challenge.Challenge, RPID: challenge.RPID}), err
}

type passkeyInput struct {
	device
	Body struct {
		State             string `json:"state" maxLength:"100"`
		Credential        []byte `json:"credential" maxLength:"1400"`
		UserHandle        []byte `json:"userHandle" maxLength:"100"`
		AuthenticatorData []byte `json:"authenticatorData" maxLength:"2000"`
		ClientData        []byte `json:"clientData" maxLength:"4000"`
		Signature         []byte `json:"signature" maxLength:"2000"`
		Shared            bool   `json:"shared,omitempty" doc:"others use this device too: the session ends when the browser closes, or after 30 minutes without use"`
	}
}

func (s *Server) signInWithPasskey(ctx context.Context, in *passkeyInput) (*signedInReply, error) {
	where := in.device.device()
	where.Shared = in.Body.Shared
	signedIn, err := s.Accounts.SignInWithPasskey(ctx, in.Body.State, account.Assertion{
		Credential: in.Body.Credential, UserHandle: in.Body.UserHandle, AuthenticatorData: in.Body.AuthenticatorData,
		ClientData: in.Body.ClientData, Signature: in.Body.Signature,
	}, where)
	return s.signedIn(ctx, signedIn, err)
}
