package api

import (
	"einverstanden/backend/consent"
	"einverstanden/backend/id"
)

// signingBody is what a page needs to have a declaration signed by a passkey (see proof.Challenge).
type signingBody struct {
	State       string    `json:"state" doc:"goes back with the assertion"`
	Nonce       []byte    `json:"nonce"`
	Blind       []byte    `json:"blind" doc:"goes into the private part"`
	BirthDate   string    `json:"birthDate,omitempty" format:"date" doc:"goes into the private part"`
	School      id.School `json:"school"`
	Person      personRef `json:"person"`
	Purpose     string    `json:"purpose"`
	Credentials [][]byte  `json:"credentials" nullable:"false" doc:"ids of the caller's passkeys"`
}

type personRef struct {
	Kind id.PersonKind `json:"kind" enum:"guardian,pupil"`
	ID   string        `json:"id"`
}

func signingOf(s *consent.Signing) *signingBody {
	if s == nil {
		return nil
	}
	return &signingBody{
		State: s.State, Nonce: s.Nonce, Blind: s.Blind, BirthDate: textOfDate(s.BirthDate), School: s.School,
		Person: personRef(s.Person), Purpose: string(consent.VideoConference), Credentials: s.Credentials,
	}
}

// assertionBody is an AuthenticatorAssertionResponse (W3C WebAuthn 3, section 5.2.2), its bytes in standard base64.
type assertionBody struct {
	State             string `json:"state" maxLength:"1000"`
	Credential        []byte `json:"credential" maxLength:"1400"`
	AuthenticatorData []byte `json:"authenticatorData" maxLength:"2000"`
	ClientData        []byte `json:"clientData" maxLength:"4000"`
	Signature         []byte `json:"signature" maxLength:"2000"`
}

func (b *assertionBody) assertion() *consent.Assertion {
	return &consent.Assertion{
		State: b.State, Credential: b.Credential, AuthenticatorData: b.AuthenticatorData, ClientData: b.ClientData, Signature: b.Signature,
	}
}
