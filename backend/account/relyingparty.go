package account

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// relyingParty checks what authenticators say (W3C WebAuthn 3, sections 7.1 and 7.2) for pages of one origin.
type relyingParty struct {
	origin string
	web    *webauthn.WebAuthn
}

// partyName stands beside the account in a browser's list of passkeys.
const partyName = "Einverstanden"

// newRelyingParty takes the host of the public URL as the RP ID. A host that cannot be one (an IP address) is an error.
func newRelyingParty(public *url.URL) (*relyingParty, error) {
	if err := protocol.ValidateRPID(public.Hostname()); err != nil {
		return nil, err
	}
	origin := public.Scheme + "://" + public.Host
	web, err := webauthn.New(&webauthn.Config{
		RPID: public.Hostname(), RPDisplayName: partyName, RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	return &relyingParty{origin: origin, web: web}, err
}

// owner is an account as the library knows it.
type owner struct {
	handle   []byte
	label    string
	passkeys []Passkey
}

func (o owner) WebAuthnID() []byte          { return o.handle }
func (o owner) WebAuthnName() string        { return o.label }
func (o owner) WebAuthnDisplayName() string { return o.label }

func (o owner) WebAuthnCredentials() []webauthn.Credential {
	credentials := make([]webauthn.Credential, len(o.passkeys))
	for i, p := range o.passkeys {
		credentials[i] = webauthn.Credential{
			ID: p.Credential, PublicKey: p.PublicKey, Flags: webauthn.CredentialFlags{BackupEligible: p.BackupEligible},
			Authenticator: webauthn.Authenticator{SignCount: p.SignCount},
		}
	}
	return credentials
}

// Attestation is an AuthenticatorAttestationResponse as a browser gives it (W3C WebAuthn 3, section 5.2.1).
type Attestation struct {
	Credential []byte // its id
	ClientData []byte
	Object     []byte
}

// Assertion is an AuthenticatorAssertionResponse as a browser gives it (W3C WebAuthn 3, section 5.2.2).
type Assertion struct {
	Credential        []byte // its id
	UserHandle        []byte
	AuthenticatorData []byte
	ClientData        []byte
	Signature         []byte
}

var errForeignOrigin = errors.New("account: passkey used on a page of another origin")

// register checks that an attestation answers the challenge, with its owner verified, and gives the new credential.
func (r *relyingParty) register(who owner, begun webauthn.SessionData, a Attestation) (Passkey, error) {
	raw, err := json.Marshal(map[string]any{
		"id": encode(a.Credential), "rawId": encode(a.Credential), "type": protocol.PublicKeyCredentialType,
		"response": map[string]string{"clientDataJSON": encode(a.ClientData), "attestationObject": encode(a.Object)},
	})
	if err != nil {
		return Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(raw)
	if err != nil {
		return Passkey{}, err
	}
	if parsed.Response.CollectedClientData.Origin != r.origin {
		return Passkey{}, errForeignOrigin
	}
	credential, err := r.web.CreateCredential(who, begun, parsed)
	if err != nil {
		return Passkey{}, err
	}
	return Passkey{
		Credential: credential.ID, PublicKey: credential.PublicKey, SignCount: credential.Authenticator.SignCount,
		BackupEligible: credential.Flags.BackupEligible,
	}, nil
}

// parseAssertion is the door for whatever a stranger sends.
func parseAssertion(a Assertion) (*protocol.ParsedCredentialAssertionData, error) {
	raw, err := json.Marshal(map[string]any{
		"id": encode(a.Credential), "rawId": encode(a.Credential), "type": protocol.PublicKeyCredentialType,
		"response": map[string]string{
			"clientDataJSON": encode(a.ClientData), "authenticatorData": encode(a.AuthenticatorData),
			"signature": encode(a.Signature), "userHandle": encode(a.UserHandle),
		},
	})
	if err != nil {
		return nil, err
	}
	return protocol.ParseCredentialRequestResponseBytes(raw)
}

// verify checks that one of the owner's passkeys answers the challenge. It gives the passkey with its new counter;
// cloned says that the counter did not rise, which synced passkeys do as well: a signal, never a lock.
func (r *relyingParty) verify(who owner, begun webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData) (used Passkey, cloned bool, err error) {
	if parsed.Response.CollectedClientData.Origin != r.origin {
		return Passkey{}, false, errForeignOrigin
	}
	find := func(_, _ []byte) (webauthn.User, error) { return who, nil }
	_, credential, err := r.web.ValidatePasskeyLogin(find, begun, parsed)
	if err != nil {
		return Passkey{}, false, err
	}
	for _, p := range who.passkeys {
		if string(p.Credential) == string(credential.ID) {
			p.SignCount = credential.Authenticator.SignCount
			return p, credential.Authenticator.CloneWarning, nil
		}
	}
	return Passkey{}, false, errNoCeremony
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
