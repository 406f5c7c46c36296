package testkit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

const attestedCredential = 1 << 6 // a flag of authenticator data (WebAuthn 3, section 6.1)

// Register makes the credential known: an attestation of format "none" (WebAuthn 3, section 8.7) for the site.
func (p *Passkey) Register(tb testing.TB, rpID string, challenge []byte) (clientData, object []byte) {
	tb.Helper()
	clientData = p.clientData(tb, "webauthn.create", challenge)
	site := sha256.Sum256([]byte(rpID))
	size := binary.BigEndian.AppendUint16(nil, uint16(len(p.Credential)))
	data := bytes.Join([][]byte{
		site[:], {p.Flags | attestedCredential, 0, 0, 0, 0}, make([]byte, 16), size, p.Credential, p.PublicKey(tb),
	}, nil)
	// CBOR (RFC 8949): {"fmt": "none", "attStmt": {}, "authData": data}
	object = []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58")
	return clientData, append(append(object, byte(len(data))), data...)
}

// Assert answers a challenge on a page of p.Origin for the site, with a counter of the test's choice.
func (p *Passkey) Assert(tb testing.TB, rpID string, challenge []byte, counter uint32) (authenticatorData, clientData, signature []byte) {
	tb.Helper()
	clientData = p.clientData(tb, "webauthn.get", challenge)
	site := sha256.Sum256([]byte(rpID))
	authenticatorData = binary.BigEndian.AppendUint32(append(site[:], p.Flags), counter)
	client := sha256.Sum256(clientData)
	digest := sha256.Sum256(append(bytes.Clone(authenticatorData), client[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, digest[:])
	if err != nil {
		tb.Fatal(err)
	}
	return authenticatorData, clientData, signature
}

func (p *Passkey) clientData(tb testing.TB, kind string, challenge []byte) []byte {
	tb.Helper()
	text, err := json.Marshal(map[string]any{
		"type": kind, "challenge": base64.RawURLEncoding.EncodeToString(challenge), "origin": p.Origin, "crossOrigin": false,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return text
}
