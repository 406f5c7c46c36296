// Command addpasskey gives an account of the demo school a passkey and prints what a virtual authenticator needs to sign
// with it, as JSON: the credential's id and its private key (PKCS #8), both in base64. It is for the browser tests
// alone, and may run beside the demo's server. Whoever can run it has the keys of the data folder anyway.
//
// Usage: addpasskey ACCOUNT, with EINVERSTANDEN_DATA naming the demo's folder.
package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

func main() {
	if err := add(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "addpasskey:", err)
		os.Exit(1)
	}
}

func add(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) != 1 {
		return errors.New("want the id of an account")
	}
	settings, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	settings.Keys = filepath.Join(settings.Data, "keys") // where the demo keeps them
	a, err := app.Open(settings, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	schools, err := a.DB.Schools(ctx)
	if err != nil {
		return err
	}
	if len(schools) != 1 {
		return fmt.Errorf("%d schools in %s, want the demo's", len(schools), settings.Data)
	}
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
	if _, err := a.Accounts.AddPasskey(db.InSchool(ctx, schools[0]), account.Passkey{
		Account: id.Account(args[0]), Credential: made.Credential, PublicKey: public,
	}); err != nil {
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
