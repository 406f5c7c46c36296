package proof_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"einverstanden/backend/proof"
)

func TestALeafSaysWhatALeafCanSay(t *testing.T) {
	whole := proof.Leaf{Seq: 3, Kind: proof.KindDecision, Commit: fixed("commit", 32), TextSHA256: proof.SHA256Hex(nil), At: 1, ClockStep: 1}
	if _, err := proof.DecodeLeaf(must(whole.Encode())); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*proof.Leaf){
		"a number below nought":    func(l *proof.Leaf) { l.Seq = -1 },
		"an unknown kind":          func(l *proof.Leaf) { l.Kind = "wish" },
		"no kind":                  func(l *proof.Leaf) { l.Kind = "" },
		"a short commitment":       func(l *proof.Leaf) { l.Commit = l.Commit[1:] },
		"no commitment":            func(l *proof.Leaf) { l.Commit = nil },
		"a hash in upper case":     func(l *proof.Leaf) { l.TextSHA256 = strings.ToUpper(l.TextSHA256) },
		"a hash that is short":     func(l *proof.Leaf) { l.TextSHA256 = "e3b0" },
		"an instant before 1970":   func(l *proof.Leaf) { l.At = -1 },
		"a clock set back forward": func(l *proof.Leaf) { l.ClockStep = -1 },
	} {
		leaf := whole
		change(&leaf)
		raw, err := leaf.Encode()
		if err == nil {
			_, err = proof.DecodeLeaf(raw)
		}
		if err == nil {
			t.Errorf("%s is written and read", name)
		}
	}
	record := string(must(whole.Encode()))
	for name, raw := range map[string]string{
		"null":             "null",
		"a member twice":   strings.Replace(record, `"at":1`, `"at":0,"at":1`, 1),
		"another case":     strings.Replace(record, `"at"`, `"AT"`, 1),
		"unused bits":      strings.Replace(record, `=","kind"`, `B","kind"`, 1),
		"an unknown thing": strings.Replace(record, `"at"`, `"as":1,"at"`, 1),
		"a step of nought": strings.Replace(record, `"clockStep":1`, `"clockStep":0`, 1),
	} {
		if l, err := proof.DecodeLeaf([]byte(raw)); err == nil {
			t.Errorf("%s is read: %+v", name, l)
		}
	}
}

func TestALaterVersionIsCalledOneWhateverItHolds(t *testing.T) {
	l := fullLog()

	_, _, err := proof.DecodeReceipt([]byte(`{"schema":"einverstanden-receipt","v":2,"unheard":{"of":[]}}`))
	if !errors.Is(err, proof.ErrUnknownVersion) {
		t.Errorf("receipt: %v", err)
	}
	statement := bytes.Replace(must(l.deeds[0].statement.Encode()), []byte(`"v":1}`), []byte(`"unheard":0,"v":2}`), 1)
	if _, err := proof.DecodeStatement(statement); !errors.Is(err, proof.ErrUnknownVersion) {
		t.Errorf("statement: %v", err)
	}
	leaf := bytes.Replace(l.records[0], []byte(`"v":1}`), []byte(`"unheard":0,"v":2}`), 1)
	if _, err := proof.DecodeLeaf(leaf); !errors.Is(err, proof.ErrUnknownVersion) {
		t.Errorf("leaf: %v", err)
	}
}

func TestAPublishedCheckpointIsReadInOneSense(t *testing.T) {
	l := fullLog()
	published, note := l.published(9, 5), l.sign(9)
	compact := &bytes.Buffer{}
	if err := json.Compact(compact, published); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"as it is published": published, "without white space": compact.Bytes(), "with a line end": append(bytes.Clone(published), '\n'),
	} {
		p, err := proof.ParsePublished(content)
		if err != nil || p.Checkpoint != note || p.From != 5 || len(p.Consistency) == 0 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if p, err := proof.ParsePublished([]byte(note)); err != nil || p.Checkpoint != note || p.From != 0 {
		t.Errorf("a note alone: %+v, %v", p, err)
	}
	for name, changed := range map[string]string{
		"a member twice":          strings.Replace(compact.String(), `"from":5`, `"from":7,"from":5`, 1),
		"another case":            strings.Replace(compact.String(), `"from"`, `"From"`, 1),
		"one in two cases":        strings.Replace(compact.String(), `"from":5`, `"from":5,"fRom":7`, 1),
		"an unknown member":       strings.Replace(compact.String(), `"from":5`, `"form":1,"from":5`, 1),
		"something behind":        compact.String() + "{}",
		"a brace behind":          compact.String() + "}",
		"nothing but a beginning": "{",
		"too much":                "{" + strings.Repeat(" ", proof.MaxReceipt) + "}",
	} {
		if p, err := proof.ParsePublished([]byte(changed)); err == nil {
			t.Errorf("%s is read: %+v", name, p)
		}
	}
}

// A cause is shown to whoever verifies, written to terminals and logs: a file cannot put words into it.
func TestNoCauseRepeatsTheFile(t *testing.T) {
	const canary = "Mila\x1b[2J"
	quoted := string(must(json.Marshal(canary)))
	file := string(fileOf(t, receiptOf(t, "yes-audio-passkey")))
	var hostile []string
	for _, place := range []string{
		`"checkpoint":`, `"inclusion":`, `"key":`, `"leaf":`, `"at":`, `"commit":`, `"kind":`, `"seq":`, `"textSha256":`, `"private":`,
		`"birthDate":`, `"blind":`, `"place":`, `"salt":`, `"schema":`, `"statement":`, `"declaration":`, `"answer":`, `"person":`,
		`"server":`, `"means":`, `"edition":`, `"passkey":`, `"clientData":`, `"publicKey":`, `"receivedAt":`, `"texts":`, `"blocks":`,
		`"language":`, `"v":`,
	} {
		at := strings.Index(file, place)
		if at < 0 {
			t.Fatalf("no %s in the receipt", place)
		}
		hostile = append(hostile,
			file[:at]+quoted+":1,"+file[at:],                        // an unknown member
			file[:at]+quoted+":1,"+quoted+":2,"+file[at:],           // twice
			file[:at]+place+quoted+","+file[at:],                    // the same member, before the right one
			file[:at]+place+quoted+",\"x\":"+file[at+len(place):],   // instead of the right value
			file[:at]+place+"{"+quoted+":0.5},"+file[at:],           // of another type
			file[:at+len(place)]+quoted+file[at+len(place):]+"more") // no JSON
	}
	for _, means := range []string{"session", "passkey"} {
		hostile = append(hostile, strings.Replace(file, `"means":"`+means, `"means":"`+quoted[1:len(quoted)-1], 1))
	}
	seen := 0
	for _, file := range hostile {
		for _, claim := range proof.Verify([]byte(file), proof.Against{Key: canary, Later: [][]byte{[]byte(canary), []byte("{" + quoted)}}).Claims {
			if claim.State == proof.Fails {
				seen++
			}
			if strings.Contains(claim.Cause, "Mila") || strings.Contains(claim.Cause, "\x1b") {
				t.Errorf("the cause of %s repeats the file: %q", claim.ID, claim.Cause)
			}
		}
	}
	if seen < len(hostile) {
		t.Errorf("%d failures in %d files: the files are not hostile enough", seen, len(hostile))
	}
}
