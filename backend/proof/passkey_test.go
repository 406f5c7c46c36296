package proof_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/proof"
)

// authenticator is a passkey made by hand: its public key as COSE_Key (RFC 9052, 9053) and its way of signing.
type authenticator struct {
	id     []byte
	public []byte
	sign   func(message []byte) []byte
}

// es256 has a key from a fixed seed and signs the same bytes each time (RFC 6979).
func es256(seed string) authenticator {
	key := must(ecdsa.ParseRawPrivateKey(elliptic.P256(), fixed(seed, 32)))
	point := must(key.PublicKey.Bytes()) // 4, x, y
	return authenticator{
		id: fixed("credential "+seed, 16),
		public: slices.Concat([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32}, point[1:33],
			[]byte{0x22, 0x58, 32}, point[33:]),
		sign: func(message []byte) []byte {
			sum := sha256.Sum256(message)
			return must(key.Sign(nil, sum[:], crypto.SHA256))
		},
	}
}

func edDSA(seed string) authenticator {
	key := ed25519.NewKeyFromSeed(fixed(seed, ed25519.SeedSize))
	return authenticator{
		id:     fixed("credential "+seed, 16),
		public: slices.Concat([]byte{0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32}, key.Public().(ed25519.PublicKey)),
		sign:   func(message []byte) []byte { return ed25519.Sign(key, message) },
	}
}

// rs256 has a fresh key: RSA keys cannot be made from a seed.
func rs256() authenticator {
	key := must(rsa.GenerateKey(rand.Reader, 2048))
	return authenticator{
		id:     fixed("credential rsa", 32),
		public: slices.Concat([]byte{0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0}, key.N.Bytes(), []byte{0x21, 0x43, 1, 0, 1}),
		sign: func(message []byte) []byte {
			sum := sha256.Sum256(message)
			return must(rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]))
		},
	}
}

// ceremony is what browser and authenticator put together.
type ceremony struct {
	nonce     []byte
	challenge []byte
	client    map[string]any
	rpID      string
	flags     byte
	counter   uint32
}

// assert signs a declaration as a browser at the school's page would; change makes it another ceremony.
func (a authenticator) assert(declaration []byte, change func(*ceremony)) proof.Passkey {
	c := ceremony{nonce: fixed("nonce", proof.NonceSize), rpID: "schule.example.org", flags: 0b11101, counter: 7}
	c.challenge = proof.Challenge(c.nonce, declaration)
	c.client = map[string]any{"type": "webauthn.get", "origin": "https://schule.example.org", "crossOrigin": false}
	if change != nil {
		change(&c)
	}
	if _, given := c.client["challenge"]; !given {
		c.client["challenge"] = base64.RawURLEncoding.EncodeToString(c.challenge)
	}
	client := must(json.Marshal(c.client))
	rp, hash := sha256.Sum256([]byte(c.rpID)), sha256.Sum256(client)
	data := binary.BigEndian.AppendUint32(append(rp[:], c.flags), c.counter)
	return proof.Passkey{
		Credential: a.id, PublicKey: a.public, AuthenticatorData: data, ClientData: client,
		Signature: a.sign(slices.Concat(data, hash[:])), Nonce: c.nonce,
	}
}

func TestAPasskeyHoldsForItsDeclarationAlone(t *testing.T) {
	declaration := []byte(`{"answer":"video"}`)
	for name, key := range map[string]authenticator{"ES256": es256("one"), "EdDSA": edDSA("one"), "RS256": rs256()} {
		t.Run(name, func(t *testing.T) {
			whole := key.assert(declaration, nil)
			if origin, err := whole.Verify(declaration); err != nil || origin != "https://schule.example.org" {
				t.Fatalf("origin %q, %v", origin, err)
			}
			if _, err := whole.Verify([]byte(`{"answer":"audio"}`)); err == nil {
				t.Error("holds for another declaration")
			}
			for name, change := range ceremonies {
				if _, err := key.assert(declaration, change).Verify(declaration); err == nil {
					t.Errorf("holds with %s", name)
				}
			}
			for name, change := range damages {
				damaged := key.assert(declaration, nil)
				change(&damaged)
				if _, err := damaged.Verify(declaration); err == nil {
					t.Errorf("holds with %s", name)
				}
			}
		})
	}
}

// ceremonies are honestly signed, and not what a passkey has to sign (checklist G6, offline).
var ceremonies = map[string]func(*ceremony){
	"the challenge of another nonce": func(c *ceremony) { c.challenge = proof.Challenge(fixed("other", 32), []byte(`{"answer":"video"}`)) },
	"a challenge of nothing":         func(c *ceremony) { c.challenge = nil },
	"a challenge in other base64":    func(c *ceremony) { c.client["challenge"] = base64.StdEncoding.EncodeToString(c.challenge) },
	"a challenge with a return":      func(c *ceremony) { c.client["challenge"] = base64.RawURLEncoding.EncodeToString(c.challenge) + "\r" },
	"no user verified":               func(c *ceremony) { c.flags &^= 1 << 2 },
	"no user present":                func(c *ceremony) { c.flags &^= 1 },
	"another site's RP ID":           func(c *ceremony) { c.rpID = "example.com" },
	"another origin":                 func(c *ceremony) { c.client["origin"] = "https://evil.example.net" },
	"an origin without a host":       func(c *ceremony) { c.client["origin"], c.rpID = "", "" },
	"an origin that is none":         func(c *ceremony) { c.client["origin"] = "https://[::1" },
	"another page's frame":           func(c *ceremony) { c.client["crossOrigin"] = true },
	"a registration":                 func(c *ceremony) { c.client["type"] = "webauthn.create" },
	"no type":                        func(c *ceremony) { delete(c.client, "type") },
	"a short nonce": func(c *ceremony) {
		c.nonce = c.nonce[:31]
		c.challenge = proof.Challenge(c.nonce, []byte(`{"answer":"video"}`))
	},
}

// damages are done after signing.
var damages = map[string]func(*proof.Passkey){
	"a changed signature":      func(p *proof.Passkey) { p.Signature[len(p.Signature)-1] ^= 1 },
	"no signature":             func(p *proof.Passkey) { p.Signature = nil },
	"something behind it":      func(p *proof.Passkey) { p.Signature = append(p.Signature, 0) },
	"another counter":          func(p *proof.Passkey) { p.AuthenticatorData[36] ^= 1 },
	"short authenticator data": func(p *proof.Passkey) { p.AuthenticatorData = p.AuthenticatorData[:36] },
	"another key":              func(p *proof.Passkey) { p.PublicKey = es256("another").public },
	"no key":                   func(p *proof.Passkey) { p.PublicKey = nil },
	"a key with something behind": func(p *proof.Passkey) {
		p.PublicKey = append(slices.Clone(p.PublicKey), 0)
	},
	"client data that is no JSON":  func(p *proof.Passkey) { p.ClientData = p.ClientData[:9] },
	"client data with white space": func(p *proof.Passkey) { p.ClientData = append(p.ClientData, ' ') },
	"another nonce":                func(p *proof.Passkey) { p.Nonce = fixed("another", 32) },
	"no nonce":                     func(p *proof.Passkey) { p.Nonce = nil },
}

// An RSA key as long as a whole file would keep the verifier busy for minutes.
func TestAPasskeyWithAnEndlessKeyIsRefused(t *testing.T) {
	const bytes = 500_000
	key := rs256()
	modulus := append([]byte{0xff}, fixed("modulus", bytes-1)...)
	modulus[bytes-1] |= 1
	key.public = slices.Concat([]byte{0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x5a}, binary.BigEndian.AppendUint32(nil, bytes), modulus,
		[]byte{0x21, 0x43, 1, 0, 1})
	key.sign = func([]byte) []byte { return fixed("signature", bytes) }
	declaration := []byte("{}")
	if _, err := key.assert(declaration, nil).Verify(declaration); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("%v", err)
	}
}

func TestTheReceiptsPasskeyIsJudged(t *testing.T) {
	for name, change := range map[string]func(*proof.DecisionDeclared, *proof.DecisionServer){
		"another declaration": func(d *proof.DecisionDeclared, _ *proof.DecisionServer) { d.Answer = "video" },
		"another signature": func(_ *proof.DecisionDeclared, s *proof.DecisionServer) {
			s.Passkey.Signature = es256("stranger").sign([]byte("x"))
		},
		"nothing in it": func(_ *proof.DecisionDeclared, s *proof.DecisionServer) { s.Passkey = &proof.Passkey{} },
	} {
		d, s, statement := of[proof.DecisionDeclared, proof.DecisionServer](t, "yes-audio-passkey")
		change(d, s)
		l := &tree{}
		l.add(deed{name: "changed", statement: statement, private: secret("passkey", func(p *proof.Private) { p.Place = "Mönchengladbach" }), texts: []json.RawMessage{text("de")}})
		report := proof.Verify(fileOf(t, l.receipt(0, 1)), proof.Against{})
		if report.Holds() || report.Of(proof.ClaimPasskey) != proof.Fails || report.Of(proof.ClaimPrivate) != proof.Holds {
			t.Errorf("%s: %+v", name, report.Claims)
		}
	}
	if state := holds(t, fileOf(t, receiptOf(t, "yes-audio-passkey")), proof.Against{}).Of(proof.ClaimPasskey); state != proof.Holds {
		t.Errorf("the passkey %s", state)
	}
}
