package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"io"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/id"
)

func addPasskey(ctx context.Context, a *app.App, owner id.Account, out io.Writer) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	made := passkey{Credential: []byte(rand.Text())}
	if made.PrivateKey, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return err
	}
	public, err := coseKey(key)
	if err != nil {
		return err
	}
	if _, err := a.Accounts.AddPasskey(ctx, account.Passkey{Account: owner, Credential: made.Credential, PublicKey: public}); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(made) //nolint:gosec // a fresh key for the test that asked for it, and for nothing else
}

// passkey is what Chromium's WebAuthn.addCredential takes.
type passkey struct {
	Credential []byte `json:"credential"`
	PrivateKey []byte `json:"privateKey"`
}

// coseKey is the public half as a COSE_Key (RFC 9053, sections 2.1 and 7.1): EC2, ES256, P-256.
func coseKey(key *ecdsa.PrivateKey) ([]byte, error) {
	const side = 32
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, err
	}
	head := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, side}
	return bytes.Join([][]byte{head, point[1 : 1+side], {0x22, 0x58, side}, point[1+side:]}, nil), nil
}
