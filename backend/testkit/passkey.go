package testkit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"testing"
)

// Passkey is an authenticator in software: one ES256 credential on one site.
type Passkey struct {
	Credential []byte
	Origin     string
	// Flags of the next assertions; present and verified unless a test says otherwise (WebAuthn 3, section 6.1).
	Flags byte
	key   *ecdsa.PrivateKey
}

// NewPasskey makes a credential for pages of the origin.
func NewPasskey(tb testing.TB, origin string) *Passkey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return &Passkey{Credential: []byte(rand.Text()), Origin: origin, Flags: 1<<0 | 1<<2, key: key}
}

// PublicKey is the COSE_Key (RFC 9053): EC2, ES256, P-256.
func (p *Passkey) PublicKey(tb testing.TB) []byte {
	tb.Helper()
	point, err := p.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		tb.Fatal(err)
	}
	head := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}
	return bytes.Join([][]byte{head, point[1:33], {0x22, 0x58, 0x20}, point[33:]}, nil)
}

// Sign makes an assertion over the challenge.
func (p *Passkey) Sign(tb testing.TB, challenge []byte) (authenticatorData, clientData, signature []byte) {
	tb.Helper()
	clientData, err := json.Marshal(map[string]any{
		"type": "webauthn.get", "challenge": base64.RawURLEncoding.EncodeToString(challenge), "origin": p.Origin, "crossOrigin": false,
	})
	if err != nil {
		tb.Fatal(err)
	}
	site, err := url.Parse(p.Origin)
	if err != nil {
		tb.Fatal(err)
	}
	rpID := sha256.Sum256([]byte(site.Hostname()))
	authenticatorData = bytes.Join([][]byte{rpID[:], {p.Flags, 0, 0, 0, 1}}, nil)
	client := sha256.Sum256(clientData)
	digest := sha256.Sum256(append(bytes.Clone(authenticatorData), client[:]...))
	if signature, err = ecdsa.SignASN1(rand.Reader, p.key, digest[:]); err != nil {
		tb.Fatal(err)
	}
	return authenticatorData, clientData, signature
}
