package consent_test

import (
	"context"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
)

const origin = "https://einverstanden.schule.example"

// signer is the mother with a passkey, in one session.
type signer struct {
	*family
	actor   authz.Actor
	passkey *testkit.Passkey
	key     string // idempotency key
}

func newSigner(t *testing.T, env *testkit.Env) *signer {
	t.Helper()
	f := newFamily(t, env)
	s := &signer{family: f, actor: f.as(f.mother), passkey: testkit.NewPasskey(t, origin), key: "key-1"}
	f.consents.WithPasskeys(func(_ *db.Tx, account id.Account) ([]consent.Credential, error) {
		if account != s.actor.Account {
			return nil, nil
		}
		return []consent.Credential{{ID: s.passkey.Credential, PublicKey: s.passkey.PublicKey(t)}}, nil
	}, origin)
	return s
}

// sheet is what the mother's page got.
func (s *signer) sheet() (sheet consent.Sheet) {
	s.t.Helper()
	s.Read(func(tx *db.Tx) (err error) {
		sheet, err = s.consents.Sheet(tx, s.actor, s.pupil.ID, consent.German)
		return err
	})
	return sheet
}

// signed is a yes whose declaration the page has put together and the passkey has signed; change alters what is signed.
func (s *signer) signed(change func(*proof.DecisionDeclared)) consent.AnswerInput {
	s.t.Helper()
	in := s.input(s.mother, participation.Video)
	in.Place = "Musterstadt"
	begun := s.sheet().Signing
	private := proof.Private{
		BirthDate: begun.BirthDate, Blind: begun.Blind, Place: in.Place, Signature: (*proof.Signature)(in.Signature),
	}
	hash, err := proof.HashOf(private)
	if err != nil {
		s.t.Fatal(err)
	}
	declared := &proof.DecisionDeclared{
		School: begun.School, Pupil: s.pupil.ID, Person: begun.Person, Purpose: string(consent.VideoConference), Answer: "video",
		FormVersion: in.Version, TextSHA256: in.TextSHA256, Language: in.Language, PrivateSHA256: hash, After: in.After,
		IdempotencyKey: s.key,
	}
	change(declared)
	canonical, err := proof.Canonical(declared)
	if err != nil {
		s.t.Fatal(err)
	}
	data, client, signature := s.passkey.Sign(s.t, proof.Challenge(begun.Nonce, canonical))
	in.Assertion = &consent.Assertion{
		State: begun.State, Credential: s.passkey.Credential, AuthenticatorData: data, ClientData: client, Signature: signature,
	}
	return in
}

func (s *signer) send(in consent.AnswerInput) (consent.Outcome, error) {
	key := idempotency.Key{Actor: string(s.actor.Account), Route: "POST /decisions", Value: s.key, Body: []byte(s.key)}
	return s.consents.Answer(idempotency.With(context.WithoutCancel(s.Ctx), key), s.actor, in)
}

func unchanged(*proof.DecisionDeclared) {}

func TestAPasskeySignsTheDeclaration(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSigner(t, env)
		outcome, err := s.send(s.signed(unchanged))
		if err != nil {
			t.Fatal(err)
		}
		var statement proof.Statement
		s.Read(func(tx *db.Tx) error {
			body, err := s.Log.Statement(tx, outcome.Receipt.ID)
			if err == nil {
				statement, err = proof.DecodeStatement(body)
			}
			return err
		})
		server := statement.Server.(*proof.DecisionServer)
		if server.Means != proof.MeansPasskey || server.Passkey == nil {
			t.Fatalf("means %s, passkey %+v", server.Means, server.Passkey)
		}
		canonical, err := proof.Canonical(statement.Declaration)
		if err != nil {
			t.Fatal(err)
		}
		if from, err := server.Passkey.Verify(canonical); err != nil || from != origin {
			t.Errorf("%s, %v", from, err)
		}
		s.Read(func(tx *db.Tx) error {
			record, err := s.consents.ReceiptOf(tx, s.actor, outcome.Receipt.ID)
			if record.Decision.Means != proof.MeansPasskey {
				t.Errorf("the receipt's page says %q", record.Decision.Means)
			}
			return err
		})
	})
}

// Checklist G6: what was not signed for exactly this, here and now, is refused, and no leaf is written.
func TestG6AnAssertionOfSomethingElseIsRefused(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		for name, spoil := range map[string]func(*signer) consent.AnswerInput{
			"another answer": func(s *signer) consent.AnswerInput {
				return s.signed(func(d *proof.DecisionDeclared) { d.Answer = "audio" })
			},
			"another child": func(s *signer) consent.AnswerInput {
				return s.signed(func(d *proof.DecisionDeclared) { d.Pupil = "p" })
			},
			"another text": func(s *signer) consent.AnswerInput {
				return s.signed(func(d *proof.DecisionDeclared) { d.TextSHA256 = "h" })
			},
			"another key": func(s *signer) consent.AnswerInput {
				return s.signed(func(d *proof.DecisionDeclared) { d.IdempotencyKey = "k" })
			},
			"another decision": func(s *signer) consent.AnswerInput {
				return s.signed(func(d *proof.DecisionDeclared) { d.After = "d" })
			},
			"another signature beside it": func(s *signer) consent.AnswerInput {
				in := s.signed(unchanged)
				in.Signature.Name = "Jemand Anderes"
				return in
			},
			"another place": func(s *signer) consent.AnswerInput {
				in := s.signed(unchanged)
				in.Place = "Anderswo"
				return in
			},
			"another begin": func(s *signer) consent.AnswerInput {
				in := s.signed(unchanged)
				in.Assertion.State = s.sheet().Signing.State
				return in
			},
			"no begin": func(s *signer) consent.AnswerInput {
				in := s.signed(unchanged)
				in.Assertion.State = "x"
				return in
			},
			"another session": func(s *signer) consent.AnswerInput {
				in := s.signed(unchanged)
				s.actor.Session = id.New[id.Session]()
				return in
			},
			"somebody else's passkey": func(s *signer) consent.AnswerInput {
				in := s.signed(unchanged)
				s.passkey = testkit.NewPasskey(t, origin)
				return in
			},
			"owner not verified": func(s *signer) consent.AnswerInput {
				s.passkey.Flags = 1
				return s.signed(unchanged)
			},
			"another page": func(s *signer) consent.AnswerInput {
				s.passkey.Origin = "https://anderswo.example"
				return s.signed(unchanged)
			},
			"a page on another port": func(s *signer) consent.AnswerInput {
				s.passkey.Origin = origin + ":8443"
				return s.signed(unchanged)
			},
			"too old": func(s *signer) consent.AnswerInput {
				in := s.signed(unchanged)
				s.Clock.Advance(5 * time.Hour)
				return in
			},
			"a signature that was changed": func(s *signer) consent.AnswerInput {
				in := s.signed(unchanged)
				in.Assertion.Signature[len(in.Assertion.Signature)-1] ^= 1
				return in
			},
		} {
			t.Run(name, func(t *testing.T) {
				own := env
				if env.DB.Dialect() == db.SQLite { // holds one school
					own = testkit.NewSQLite(t)
				}
				s := newSigner(t, own)
				_, err := s.send(spoil(s))
				if !fault.Has(err, fault.InvalidInput) || s.leaves() != 0 {
					t.Errorf("got %v, %d leaves", err, s.leaves())
				}
				s.wantMode(participation.None)
			})
		}
	})
}

// The same signature again is the same decision: the declaration names its idempotency key.
func TestAReplayedAssertionIsTheEarlierDecision(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := newSigner(t, env)
		in := s.signed(unchanged)
		first, err := s.send(in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.send(in)
		if err != nil || !again.Repeated || again.Receipt != first.Receipt || s.leaves() != 1 {
			t.Errorf("%+v, %v, %d leaves", again, err, s.leaves())
		}
		s.withdraw(s.mother, consent.Everything)
		s.key = "key-2"
		if _, err := s.send(in); err == nil {
			t.Error("an old signature raises again")
		}
		s.wantMode(participation.None)
	})
}
