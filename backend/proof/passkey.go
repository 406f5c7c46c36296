package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Passkey is a signature over a declaration by a credential whose owner was verified by the device (W3C WebAuthn 3,
// section 7.2). Everything that is needed to check it years later is in it.
type Passkey struct {
	Credential        []byte `json:"credential"`        // its id
	PublicKey         []byte `json:"publicKey"`         // COSE_Key (RFC 9053)
	AuthenticatorData []byte `json:"authenticatorData"` // as the authenticator gave it
	ClientData        []byte `json:"clientData"`        // JSON, as the browser gave it
	Signature         []byte `json:"signature"`
	Nonce             []byte `json:"nonce"` // NonceSize random bytes of the server, which came with the form
}

// NonceSize is the length of a nonce in bytes.
const NonceSize = 32

const challengePrefix = "einverstanden-declaration-v1"

// Challenge is what a passkey signs: SHA-256(prefix ‖ nonce ‖ SHA-256(declaration)), the declaration in canonical JSON.
func Challenge(nonce, declaration []byte) []byte {
	inner := sha256.Sum256(declaration)
	outer := sha256.Sum256(bytes.Join([][]byte{[]byte(challengePrefix), nonce, inner[:]}, nil))
	return outer[:]
}

// The bits of the flags in authenticator data.
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
)

// Verify checks that the passkey signed this declaration, with its owner verified, and gives the origin of the page
// where it did. Whose credential it is, and which origin is right, is for the caller to know.
func (p Passkey) Verify(declaration []byte) (origin string, err error) {
	var client struct {
		Type        string `json:"type"`
		Challenge   string `json:"challenge"`
		Origin      string `json:"origin"`
		CrossOrigin bool   `json:"crossOrigin"`
	}
	if err := json.Unmarshal(p.ClientData, &client); err != nil {
		return "", errors.New("passkey: client data cannot be read")
	}
	// Compared as written: decoding base64 forgives line ends.
	challenge := base64.RawURLEncoding.EncodeToString(Challenge(p.Nonce, declaration))
	switch {
	case len(p.Nonce) != NonceSize:
		return "", fmt.Errorf("passkey: a nonce of %d bytes", len(p.Nonce))
	case client.Challenge != challenge:
		return "", errors.New("passkey: signed something else")
	case client.Type != "webauthn.get" || client.CrossOrigin:
		return "", errors.New("passkey: no assertion of the page itself")
	}
	if err := p.checkAuthenticatorData(client.Origin); err != nil {
		return "", err
	}
	return client.Origin, p.checkSignature()
}

func (p Passkey) checkAuthenticatorData(origin string) error {
	const hashSize, shortest = sha256.Size, sha256.Size + 1 + 4 // RP ID hash, flags, counter
	page, err := url.Parse(origin)
	if err != nil || page.Hostname() == "" || len(p.AuthenticatorData) < shortest {
		return errors.New("passkey: authenticator data or origin cannot be read")
	}
	wanted := sha256.Sum256([]byte(page.Hostname()))
	if !bytes.Equal(p.AuthenticatorData[:hashSize], wanted[:]) {
		return errors.New("passkey: made for another site")
	}
	if flags := p.AuthenticatorData[hashSize]; flags&userPresent == 0 || flags&userVerified == 0 {
		return errors.New("passkey: its owner was not verified")
	}
	return nil
}

// maxPublicKey is the largest key that is tried, in bytes; the largest that authenticators have is ML-DSA-87 (2,592).
// Checking a signature by an RSA key of a whole file's length would take minutes.
const maxPublicKey = 4096

func (p Passkey) checkSignature() error {
	if len(p.PublicKey) > maxPublicKey {
		return errors.New("passkey: its public key is too long")
	}
	key, err := webauthncose.ParsePublicKey(p.PublicKey)
	if err != nil {
		return errors.New("passkey: its public key cannot be read")
	}
	client := sha256.Sum256(p.ClientData)
	signed := bytes.Join([][]byte{p.AuthenticatorData, client[:]}, nil)
	if ok, err := webauthncose.VerifySignature(key, signed, p.Signature); err != nil || !ok {
		return fmt.Errorf("passkey: %w", ErrSignature)
	}
	return nil
}
