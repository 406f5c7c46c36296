package paper_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/paper"
	"einverstanden/backend/proof"
)

const (
	schoolID = "0198c0de-7a11-7c3e-9b5a-2f6d1e8c4a70"
	pupilID  = "0198c0de-7a11-7c3e-9b5a-00000000cafe"
	leavesIn = 100 // in the log
	seqOf    = 41  // the leaf that a receipt is about
)

var decidedAt = time.Date(2026, 11, 24, 9, 5, 0, 123456000, time.UTC)

// tree is the log of a school in memory.
type tree []tlog.Hash

func (m tree) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(positions))
	for i, position := range positions {
		if position >= int64(len(m)) {
			return nil, fmt.Errorf("hash %d of %d", position, len(m))
		}
		hashes[i] = m[position]
	}
	return hashes, nil
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// issued is the receipt of a statement in the log of a school that has nothing else in it but erasures.
func issued(t testing.TB, s proof.Statement, private *proof.Private, texts ...json.RawMessage) proof.Receipt {
	t.Helper()
	statement := must(s.Encode())(t)
	salt := bytes.Repeat([]byte{7}, proof.SaltSize)
	var hashes tree
	var leaf []byte
	for seq := range int64(leavesIn) {
		l := proof.Leaf{Seq: seq, Kind: proof.KindErasure, Commit: proof.Commitment(salt, fmt.Append(nil, seq)), At: s.RecordedAt().UnixMicro()}
		if seq == seqOf {
			l.Kind, l.Commit, l.TextSHA256 = s.Kind, proof.Commitment(salt, statement), s.TextSHA256()
		}
		record := must(l.Encode())(t)
		if seq == seqOf {
			leaf = record
		}
		hashes = append(hashes, must(tlog.StoredHashes(seq, record, hashes))(t)...)
	}
	signer := must(proof.NewSigner(proof.OriginOf(schoolID), bytes.Repeat([]byte{9}, 32)))(t)
	root := must(tlog.TreeHash(leavesIn, hashes))(t)
	return proof.Receipt{
		Statement: statement, Salt: salt, Private: private, Texts: texts, Leaf: leaf,
		Inclusion:  proof.HashesOf(must(tlog.ProveRecord(leavesIn, seqOf, hashes))(t)),
		Checkpoint: signer.Sign(proof.Checkpoint{Size: leavesIn, Root: root, At: s.RecordedAt().Add(90 * time.Second)}),
		Key:        signer.Key().String(),
	}
}

// answer is a decision and its private part, to be changed before it is issued.
type answer struct {
	declared proof.DecisionDeclared
	server   proof.DecisionServer
	private  proof.Private
	text     proof.Text
	sign     func(declaration []byte) *proof.Passkey // nil: no passkey signs
}

// yes is a drawn yes of a mother in the app.
func yes() answer {
	return answer{
		declared: proof.DecisionDeclared{
			School: schoolID, Pupil: pupilID, Person: id.GuardianOf("0198c0de-7a11-7c3e-9b5a-00000000beef"),
			Purpose: "video_conference", Answer: "video", FormVersion: "0198c0de-7a11-7c3e-9b5a-0000000f0c03", Language: "tr",
			Relation: "together", IdempotencyKey: "0198c0de-7a11-7c3e-9b5a-00000000a1b2",
		},
		server: proof.DecisionServer{
			Decision: "0198c0de-7a11-7c3e-9b5a-0000000dec15", VersionNumber: 3, Edition: 1, Channel: "app", Means: proof.MeansSession,
			Session: "0198c0de-7a11-7c3e-9b5a-00000005e551", ReceivedAt: decidedAt, RecordedAt: decidedAt,
			Names: proof.Names{Person: "Ayşe Yıldırım-Großmann", Pupil: "Mia Yıldırım-Großmann", Class: "7b"},
		},
		private: proof.Private{
			BirthDate: calendar.MustParse("2014-05-03"), Blind: bytes.Repeat([]byte{3}, proof.BlindSize),
			Place: "Musterstadt", Signature: drawn(),
		},
		text: proof.Text{FormVersion: "0198c0de-7a11-7c3e-9b5a-0000000f0c03", Language: "tr", Title: "Video konferans izni", Blocks: json.RawMessage(`[{"id":"p1","kind":"point","text":"Evet."}]`)},
	}
}

// no is a no, which needs no signature.
func no() answer {
	a := yes()
	a.declared.Answer, a.private.Signature, a.private.Place = "none", nil, ""
	return a
}

// withdrawal came to a teacher at the gate.
func withdrawal() answer {
	a := no()
	d := &a.declared
	d.Answer, d.Extent, d.FormVersion, d.Language, d.Relation, d.IdempotencyKey = "", "picture", "", "", "", ""
	a.server.Channel, a.server.Means, a.server.Session, a.server.RecordedBy = "teacher", proof.MeansStaff, "", "0198c0de-7a11-7c3e-9b5a-000000acc001"
	a.server.VersionNumber, a.server.Edition = 0, 0
	a.server.ReceivedAt = time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC) // the day alone is known: midnight in Berlin
	return a
}

func (a answer) receipt(t testing.TB) proof.Receipt {
	t.Helper()
	var texts []json.RawMessage
	if a.declared.FormVersion != "" {
		shown, german := a.text, a.text
		shown.Language = a.declared.Language
		german.Language, german.Title = "de", "Einwilligung in Videokonferenzen"
		texts = []json.RawMessage{must(proof.Canonical(german))(t)}
		a.server.GermanTextSHA256 = proof.SHA256Hex(texts[0])
		if shown.Language != german.Language {
			texts = append([]json.RawMessage{must(proof.Canonical(shown))(t)}, texts...)
		}
		a.declared.TextSHA256 = proof.SHA256Hex(texts[0])
	}
	a.declared.PrivateSHA256 = must(proof.HashOf(a.private))(t)
	if a.sign != nil {
		a.server.Passkey = a.sign(must(proof.Canonical(a.declared))(t))
	}
	return issued(t, proof.Statement{Kind: proof.KindDecision, Declaration: &a.declared, Server: &a.server}, &a.private, texts...)
}

// measured are the names and the private part of what the school orders.
func measured(t testing.TB) (*proof.MeasureServer, *proof.Private, string) {
	t.Helper()
	private := &proof.Private{BirthDate: calendar.MustParse("2014-05-03"), Blind: bytes.Repeat([]byte{3}, proof.BlindSize)}
	server := &proof.MeasureServer{At: decidedAt, By: "0198c0de-7a11-7c3e-9b5a-000000acc001", Names: proof.Names{Pupil: "Mia Yıldırım-Großmann", Class: "7b"}}
	return server, private, must(proof.HashOf(private))(t)
}

func sanction(t testing.TB, act, measure string) proof.Receipt {
	t.Helper()
	server, private, hash := measured(t)
	return issued(t, proof.Statement{Kind: proof.KindSanction, Server: server, Declaration: &proof.SanctionDeclared{
		Sanction: "0198c0de-7a11-7c3e-9b5a-00005a4c7104", Pupil: pupilID, Act: act, Measure: measure, RuleKey: "no_recording",
		From: calendar.MustParse("2026-11-25"), Until: calendar.MustParse("2026-12-18"), PrivateSHA256: hash,
	}}, private)
}

func hold(t testing.TB, act, kind string) proof.Receipt {
	t.Helper()
	server, private, hash := measured(t)
	return issued(t, proof.Statement{Kind: proof.KindHold, Server: server, Declaration: &proof.HoldDeclared{
		Hold: "0198c0de-7a11-7c3e-9b5a-000000001d00", Pupil: pupilID, Act: act, Kind: kind, PrivateSHA256: hash,
	}}, private)
}

// drawn is a signature of a few hundred points, as a finger writes it.
func drawn() *proof.Signature {
	wave := func(from, to, height, turns, base float64) (stroke []proof.Point) {
		const points = 140
		for i := range points {
			part := float64(i) / (points - 1)
			x := from + (to-from)*part + 9*math.Cos(part*turns*2*math.Pi)
			y := base - height*math.Sin(part*turns*2*math.Pi)*(1-part/2)
			stroke = append(stroke, proof.Point{X: int(math.Round(x)), Y: int(math.Round(y))})
		}
		return stroke
	}
	return &proof.Signature{Kind: "drawn", Width: 358, Height: 180, Strokes: [][]proof.Point{
		wave(40, 150, 46, 2.5, 95), wave(140, 320, 22, 6, 105), {{X: 208, Y: 52}},
	}}
}

func encoded(t testing.TB, r proof.Receipt) []byte {
	t.Helper()
	return must(r.Encode())(t)
}

func page(t testing.TB, p *paper.Printer, r proof.Receipt) []byte {
	t.Helper()
	return must(p.Receipt(encoded(t, r)))(t)
}
