package evidence

// Inside the package: these bytes are the format. Receipts that were given out rest on them, so a change here needs a
// new version beside the old, never another expectation. Commitment and hash below were worked out by another program.

import (
	"encoding/hex"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func TestTheFormatsStayAsTheyAre(t *testing.T) {
	statement := Statement{
		Kind: Decision,
		Declaration: map[string]any{
			"school": "s", "pupil": "p", "answer": "video", "place": "Mu\u0308nster", "language": "tr", "after": nil,
		},
		Server:     map[string]any{"receivedAt": int64(1795597200000000), "channel": "app"},
		TextSHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	}
	body, err := statement.canonical()
	if err != nil {
		t.Fatal(err)
	}
	const wantBody = `{"declaration":{"after":null,"answer":"video","language":"tr","place":"Münster","pupil":"p","school":"s"},` +
		`"kind":"decision","server":{"channel":"app","receivedAt":1795597200000000},"v":1}`
	if string(body) != wantBody {
		t.Errorf("statement\n%s\nwant\n%s", body, wantBody)
	}
	salt := make([]byte, saltSize)
	for i := range salt {
		salt[i] = byte(i)
	}
	head := logHead{Size: 6, At: 1795600800000000} // an hour later than the leaf: the clock was set back
	record, err := Canonical(newLeaf(head, statement, commitment(salt, body), 1795597200000000))
	if err != nil {
		t.Fatal(err)
	}
	const wantRecord = `{"at":1795597200000000,"clockStep":3600000000,"commit":"C/Edel7rUadTAphOFZa1KrPQy2gwzpxYAChtgMqyc7U=","kind":"decision","seq":6,` +
		`"textSha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","v":1}`
	if string(record) != wantRecord {
		t.Errorf("leaf\n%s\nwant\n%s", record, wantRecord)
	}
	hash := tlog.RecordHash(record)
	if got := hex.EncodeToString(hash[:]); got != "aaafad5c8daddcd152ea3e06ed64a7179332b847bca6bc220cae638f30ca9808" {
		t.Errorf("record hash %s", got)
	}
}

func TestAStatementMustBeWhole(t *testing.T) {
	said := map[string]any{"answer": "none"}
	for name, s := range map[string]Statement{
		"no kind":               {Declaration: said},
		"unknown kind":          {Kind: "wish", Declaration: said},
		"no declaration":        {Kind: Decision, Server: said},
		"hash in upper case":    {Kind: Decision, Declaration: said, TextSHA256: "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"},
		"hash too short":        {Kind: Decision, Declaration: said, TextSHA256: "e3b0"},
		"float in the server's": {Kind: Decision, Declaration: said, Server: 0.5},
	} {
		if body, err := s.canonical(); err == nil {
			t.Errorf("%s is accepted: %s", name, body)
		}
	}
	if _, err := (Statement{Kind: Erasure, Declaration: said}).canonical(); err != nil {
		t.Errorf("a statement without a server's part: %v", err)
	}
}
