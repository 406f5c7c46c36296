package consent

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/vault"
)

// Credential is a passkey of an account.
type Credential struct {
	ID        []byte
	PublicKey []byte // COSE_Key
}

// Credentials gives the passkeys of an account.
type Credentials func(tx *db.Tx, account id.Account) ([]Credential, error)

// WithPasskeys lets people sign their declarations with the passkeys of their accounts, on pages of the origin.
func (s *Service) WithPasskeys(credentials Credentials, origin string) *Service {
	s.credentials, s.origin = credentials, origin
	return s
}

// Signing is what a browser needs to let a passkey sign a declaration (settled 7): all that goes into the declaration
// and that the page does not know by itself. State goes back with the answer.
type Signing struct {
	State       string
	Nonce       []byte
	Blind       []byte
	BirthDate   calendar.Date
	School      id.School
	Person      id.Person
	Credentials [][]byte
}

// signingFor is how long a page may take from reading the form to signing it.
const signingFor = 4 * time.Hour

// signingState is what Signing.State holds, sealed for one session and one pupil. Nothing is kept of it: a declaration
// names its predecessor and its idempotency key, so a signature fits one decision alone.
type signingState struct {
	Nonce []byte    `json:"nonce"`
	Blind []byte    `json:"blind"`
	Until time.Time `json:"until"`
}

func signingPlace(actor authz.Actor, school id.School, pupil id.Pupil) vault.Place {
	return vault.Place{School: school, Table: "signing", Column: "state", Row: string(actor.Session) + "|" + string(pupil)}
}

// signing begins the signing by passkey; nil where the actor has none.
func (s *Service) signing(tx *db.Tx, actor authz.Actor, who sayer) (*Signing, error) {
	if s.credentials == nil {
		return nil, nil
	}
	credentials, err := s.credentials(tx, actor.Account)
	if err != nil || len(credentials) == 0 {
		return nil, err
	}
	begun := &Signing{School: tx.School, Person: who.person, BirthDate: who.pupil.BirthDate}
	for _, credential := range credentials {
		begun.Credentials = append(begun.Credentials, credential.ID)
	}
	random := make([]byte, proof.NonceSize+proof.BlindSize)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	begun.Nonce, begun.Blind = random[:proof.NonceSize], random[proof.NonceSize:]
	sealed, err := s.vault.SealJSON(signingPlace(actor, tx.School, who.pupil.ID), signingState{begun.Nonce, begun.Blind, tx.Now.Add(signingFor)})
	begun.State = base64.RawURLEncoding.EncodeToString(sealed)
	return begun, err
}

// Assertion is a passkey's signature over a declaration, as the browser gave it.
type Assertion struct {
	State             string
	Credential        []byte
	AuthenticatorData []byte
	ClientData        []byte
	Signature         []byte
}

// open finds the passkey and what was begun; a refusal never says which of both was wrong.
func (s *Service) openAssertion(tx *db.Tx, actor authz.Actor, pupil id.Pupil, a Assertion) (*proof.Passkey, []byte, error) {
	refused := fault.InvalidField("assertion", fault.AssertionInvalid)
	sealed, err := base64.RawURLEncoding.DecodeString(a.State)
	if err != nil || s.credentials == nil {
		return nil, nil, refused
	}
	plain, err := s.vault.Open(signingPlace(actor, tx.School, pupil), sealed)
	if err != nil {
		return nil, nil, refused
	}
	var state signingState
	if err := json.Unmarshal(plain, &state); err != nil {
		return nil, nil, err
	}
	credentials, err := s.credentials(tx, actor.Account)
	if err != nil {
		return nil, nil, err
	}
	for _, credential := range credentials {
		if bytes.Equal(credential.ID, a.Credential) && tx.Now.Before(state.Until) {
			return &proof.Passkey{
				Credential: credential.ID, PublicKey: credential.PublicKey, AuthenticatorData: a.AuthenticatorData,
				ClientData: a.ClientData, Signature: a.Signature, Nonce: state.Nonce,
			}, state.Blind, nil
		}
	}
	return nil, nil, refused
}

// checkPasskey demands that the passkey signed exactly this declaration, on a page of ours. Before anything is written.
func (s *Service) checkPasskey(passkey *proof.Passkey, declared *proof.DecisionDeclared) error {
	if passkey == nil {
		return nil
	}
	canonical, err := proof.Canonical(declared)
	if err != nil {
		return err
	}
	origin, err := passkey.Verify(canonical)
	if err != nil || origin != s.origin {
		return fault.InvalidField("assertion", fault.AssertionInvalid)
	}
	return nil
}
