package account

import (
	"net/url"
	"testing"

	"einverstanden/backend/testkit"
)

// FuzzPasskeySignIn sends anything through the door that strangers' bytes come by. It may refuse everything, and must
// let nothing in but the answer of the passkey itself.
func FuzzPasskeySignIn(f *testing.F) {
	const origin, site = "https://einverstanden.example", "einverstanden.example"
	party, err := newRelyingParty(&url.URL{Scheme: "https", Host: site})
	if err != nil {
		f.Fatal(err)
	}
	authenticator := testkit.NewPasskey(f, origin)
	who := owner{handle: []byte("0123456789abcdef0123456789abcdef")}
	who.passkeys = []Passkey{{Credential: authenticator.Credential, PublicKey: authenticator.PublicKey(f)}}
	assertion, begun, err := party.web.BeginDiscoverableLogin()
	if err != nil {
		f.Fatal(err)
	}
	data, client, signature := authenticator.Assert(f, site, assertion.Response.Challenge, 1)
	created, object := authenticator.Register(f, site, assertion.Response.Challenge)
	f.Add(authenticator.Credential, who.handle, data, client, signature)
	f.Add(authenticator.Credential, who.handle, data[:37], created, object)
	f.Add([]byte{}, []byte{}, []byte{}, []byte(`{"type":1}`), []byte{0x30})
	f.Add([]byte("\n"), []byte(nil), append(data, 0xa0), []byte("null"), signature[:4])
	f.Fuzz(func(t *testing.T, credential, handle, authenticatorData, clientData, signed []byte) {
		_, _ = party.register(who, *begun, Attestation{Credential: credential, ClientData: clientData, Object: signed}) // only must not panic
		parsed, err := parseAssertion(Assertion{credential, handle, authenticatorData, clientData, signed})
		if err != nil {
			return
		}
		_, _, err = party.verify(who, *begun, parsed)
		genuine := string(credential) == string(authenticator.Credential) && string(handle) == string(who.handle) &&
			string(authenticatorData) == string(data) && string(clientData) == string(client)
		if (err == nil) && !genuine {
			t.Errorf("let in: %q %q %x %q %x", credential, handle, authenticatorData, clientData, signed)
		}
	})
}
