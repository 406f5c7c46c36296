package proof_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/proof"
)

// What a golden must come to. These were worked out from the files by a program that shares no line with ours (Python
// with its own HMAC, SHA-256, Ed25519 and ECDSA, the inclusion path after RFC 9162 section 2.1.3.2): the formats are
// what they say they are, and stay so.
const (
	wantStatement = "7e279721bfc3f7ae1759addda4091d7b332e437b73580b2050238cc4df13cb1c"
	wantCommit    = "a0760bc316ed6d733721716d5b6185f135e911d3efb13996498a6ffc41e38e0c"
	wantPrivate   = "1a18ec7f0b2217a46464d239d7bf7733e326af796873fb39e1af52b03250dabd"
	wantText      = "65631e126927d7d8e8aa4b9f5a47b3ab60f23c8742b5b8fb6263ee6b78d93b0e"
	wantRecord    = "86ee7eb7e4703bfc6511b4c873e54855c5e956eeab019f70948522777b1f9585"
	wantRoot      = "378857808168398c748c3f5d5dbfd3e9e38e635f6485794fc82c7bbead0c7b7b"
	wantPublic    = "5361742e63b6b1c693b6955bd826b0092c6c27b1a1f906ea3bb11bdbbf2297b8"
	wantSignature = "7b4bf588085d534cf31d94ec26ac99364be6843169e4f00be98e21d97c10add2" +
		"8fcf18d0c12185157ea144c9adcb3f028a3699d862300d46c40198c33712c202"
	wantChallenge = "b3a8743555fa47d8f8df9dd516136d569c447e9cbfefdf6384326ad59fd6bd92"
)

func TestTheFormatsAreThoseThatAnotherProgramReads(t *testing.T) {
	file, err := os.ReadFile(receiptFolder + "/yes-video-drawn.json")
	if err != nil {
		t.Fatal(err)
	}
	receipt, _, err := proof.DecodeReceipt(file)
	if err != nil {
		t.Fatal(err)
	}
	about := holds(t, file, proof.Against{}).About
	record := tlog.RecordHash(receipt.Leaf)
	body, line, _ := strings.Cut(receipt.Checkpoint, "\n\n")
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line[strings.LastIndex(line, " "):]))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"statement", about.SHA256, wantStatement},
		{"commitment", hex.EncodeToString(proof.Commitment(receipt.Salt, receipt.Statement)), wantCommit},
		{"commitment in the leaf", hex.EncodeToString(about.Leaf.Commit), wantCommit},
		{"private part", must(proof.HashOf(receipt.Private)), wantPrivate},
		{"text", proof.SHA256Hex(receipt.Texts[0]), wantText},
		{"record", hex.EncodeToString(record[:]), wantRecord},
		{"root", hex.EncodeToString(about.Checkpoint.Root[:]), wantRoot},
		{"signature", hex.EncodeToString(signature[4:]), wantSignature},
	} {
		if c.got != c.want {
			t.Errorf("%s %s, want %s", c.name, c.got, c.want)
		}
	}
	public, err := hex.DecodeString(wantPublic)
	if err != nil || !ed25519.Verify(public, []byte(body+"\n"), signature[4:]) {
		t.Errorf("the checkpoint is not signed by the key (%v)", err)
	}
}

func TestThePasskeysChallengeIsTheOneThatAnotherProgramComputes(t *testing.T) {
	file, err := os.ReadFile(receiptFolder + "/yes-audio-passkey.json")
	if err != nil {
		t.Fatal(err)
	}
	about := holds(t, file, proof.Against{}).About
	passkey := about.Statement.Server.(*proof.DecisionServer).Passkey
	declaration := must(proof.Canonical(about.Statement.Declaration))
	if got := hex.EncodeToString(proof.Challenge(passkey.Nonce, declaration)); got != wantChallenge {
		t.Errorf("challenge %s, want %s", got, wantChallenge)
	}
}
