package proof_test

// Checklist E5: whatever is fed in, it is refused or it is its own form; nothing panics and nothing hangs.

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"

	"einverstanden/backend/proof"
)

func base64Of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// seed adds every golden of a folder.
func seed(f *testing.F, folder string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no goldens in %s: %v", folder, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
}

func FuzzDecodeStatement(f *testing.F) {
	seed(f, statementFolder)
	f.Add([]byte(`{"declaration":null,"kind":"decision","server":null,"v":1}`))
	f.Add([]byte(`{"declaration":{"leaves":null,"reason":""},"kind":"erasure","server":{"at":"2026-11-24T09:00:00Z"},"v":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := proof.DecodeStatement(raw)
		if err != nil {
			return
		}
		if again, err := s.Encode(); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%s became %s (%v)", raw, again, err)
		}
		if s.RecordedAt().IsZero() {
			t.Fatalf("%s was never recorded", raw)
		}
	})
}

func FuzzDecodeLeaf(f *testing.F) {
	for _, record := range fullLog().records {
		f.Add(record)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := proof.DecodeLeaf(raw)
		if err != nil {
			return
		}
		if again, err := l.Encode(); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%s became %s (%v)", raw, again, err)
		}
	})
}

// FuzzVerify also knows the goldens: a file that holds and is none of them would be a forgery.
func FuzzVerify(f *testing.F) {
	seed(f, receiptFolder)
	f.Add([]byte(`{"schema":"einverstanden-receipt","v":1}`))
	f.Add([]byte(`{"leaf":null,"private":null,"schema":"einverstanden-receipt","statement":null,"texts":[null],"v":1}`))
	key := signer().Key().String()
	later := fullLog().published(15, 10)
	f.Fuzz(func(t *testing.T, file []byte) {
		report := proof.Verify(file, proof.Against{Key: key, Later: [][]byte{later, file}})
		if len(report.Claims) == 0 {
			t.Fatal("nothing is claimed")
		}
		for _, claim := range report.Claims {
			if claim.Text(proof.German) == "" {
				t.Fatalf("nothing is said of %s %q", claim.ID, claim.State)
			}
		}
		if proof.Verify(file, proof.Against{Key: key}).Holds() && goldenHash(file) == "" {
			t.Fatalf("a forgery: %s", file)
		}
		r, reformatted, err := proof.DecodeReceipt(file)
		if err != nil {
			return
		}
		if own, err := r.Encode(); err == nil && bytes.Equal(own, file) == reformatted {
			t.Fatalf("%s is reformatted: %t", file, reformatted)
		}
	})
}

// goldenHash gives the name of a golden, or of its shared copy.
func goldenHash(file []byte) string {
	hash := proof.SHA256Hex(file)
	for name, known := range goldenReceipts {
		if known == hash {
			return name
		}
	}
	return ""
}

func FuzzOpenCheckpoint(f *testing.F) {
	l := fullLog()
	key := signer().Key()
	for size := int64(1); size <= l.size(); size++ {
		f.Add(l.sign(size))
	}
	f.Add("a\n9223372036854775807\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n2026-11-24T09:00:00Z\n\n— a AA==\n")
	f.Fuzz(func(t *testing.T, note string) {
		c, err := key.Open(note)
		if err == nil && signer().Sign(c) != note {
			t.Fatalf("%q is %+v, which is signed as %q", note, c, signer().Sign(c))
		}
	})
}

func FuzzParsePublished(f *testing.F) {
	l := fullLog()
	f.Add(l.published(12, 5))
	f.Add([]byte(l.sign(3)))
	f.Add([]byte(`{"checkpoint":"","key":"","from":-1,"consistency":[null]}`))
	file := must(l.receipt(4, 9).Encode())
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := proof.ParsePublished(content)
		proof.Verify(file, proof.Against{Later: [][]byte{content}})
		if err != nil {
			return
		}
		again, err := p.MarshalIndent()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proof.ParsePublished(again); err != nil {
			t.Fatalf("%s became %s, which is refused: %v", content, again, err)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(signer().Key().String())
	f.Add("a+00000000+AQ==")
	f.Add("++")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := proof.ParseKey(text)
		if err != nil {
			return
		}
		if key.String() != text || key.Fingerprint() == "" {
			t.Fatalf("%q became %q", text, key)
		}
		if _, err := key.Open(text); err == nil {
			t.Fatalf("%q opens itself", text)
		}
	})
}

func FuzzPasskey(f *testing.F) {
	declaration := []byte(`{"answer":"video"}`)
	for _, key := range []authenticator{es256("fuzz"), edDSA("fuzz")} {
		p := key.assert(declaration, nil)
		f.Add(p.PublicKey, p.AuthenticatorData, p.ClientData, p.Signature)
	}
	nonce := es256("fuzz").assert(declaration, nil).Nonce
	f.Fuzz(func(t *testing.T, public, data, client, signature []byte) {
		p := proof.Passkey{PublicKey: public, AuthenticatorData: data, ClientData: client, Signature: signature, Nonce: nonce}
		if _, err := p.Verify(declaration); err != nil {
			return
		}
		if _, err := p.Verify([]byte(`{"answer":"none"}`)); err == nil {
			t.Fatal("holds for two declarations")
		}
	})
}
