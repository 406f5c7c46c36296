package proof_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// A school that exists in these tests alone. Everything in it comes from fixed labels and instants, so that its
// statements and receipts are the same bytes on every machine.
const (
	school  = id.School("019a1f00-0000-7000-8000-00000000000a")
	version = id.Version("019a1f00-0000-7000-8000-00000000000b")
)

// named gives the id of an invented person or thing, in the form of a UUIDv7.
func named[T ~string](name string) T {
	random := fixed(fmt.Sprintf("%T %s", T(""), name), 10)
	random[0], random[2] = 0x70|random[0]&0xf, 0x80|random[2]&0x3f
	return T(fmt.Sprintf("019a1f00-%04x-%x-%x-%x", binary.BigEndian.Uint16(random[8:]), random[:2], random[2:4], append(random[4:8:8], random[8:]...)))
}

// fixed stands for random bytes.
func fixed(label string, size int) []byte {
	var out []byte
	for i := 0; len(out) < size; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", label, i))
		out = append(out, sum[:]...)
	}
	return out[:size]
}

// minute is an instant of the morning on which all of it happens.
func minute(n int) time.Time {
	return time.Date(2026, time.November, 24, 9, n, 0, 250_001_000, time.UTC)
}

// deed is a statement on its way into the log, with all that its receipt needs.
type deed struct {
	name      string
	statement proof.Statement
	private   *proof.Private
	texts     []json.RawMessage
}

// family are the names of one child and whoever decides for it.
type family struct{ child, class, guardian string }

var (
	winter = family{"Mila Winter", "6b", "Jasper Winter"}
	aksoy  = family{"Deniz Aksoy", "8a", "Selin Aksoy"}
)

func (f family) pupil() id.Pupil   { return named[id.Pupil](f.child) }
func (f family) person() id.Person { return id.GuardianOf(named[id.Guardian](f.guardian)) }
func (f family) names() proof.Names {
	return proof.Names{Person: f.guardian, Pupil: f.child, Class: f.class}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// text is the form in a language, as it was served.
func text(language string) json.RawMessage {
	words := map[string]struct {
		title  string
		blocks []proof.Block
	}{
		"de": {"Dürfen wir Ihr Kind sehen und hören?", []proof.Block{
			{ID: "what", Kind: "heading", Text: "Worum es geht"},
			{ID: "picture", Kind: "point", Icon: "camera", Text: "Bild & Ton, nur während der Stunde."},
			{ID: "rights", Kind: "list", Items: []string{"Sie dürfen Nein sagen.", "Sie dürfen es sich jederzeit anders überlegen."}},
		}},
		"tr": {"Çocuğunuzu görebilir ve duyabilir miyiz?", []proof.Block{
			{ID: "what", Kind: "heading", Text: "Konu"},
			{ID: "picture", Kind: "point", Icon: "camera", Text: "Görüntü ve ses, yalnızca ders sırasında."},
			{ID: "rights", Kind: "list", Items: []string{"Hayır diyebilirsiniz.", "İstediğiniz zaman vazgeçebilirsiniz."}},
		}},
	}[language]
	return must(proof.Canonical(proof.Text{
		FormVersion: string(version), Language: language, Title: words.title, Blocks: must(json.Marshal(words.blocks)),
	}))
}

// drawn is a signature of two strokes.
func drawn() *proof.Signature {
	s := &proof.Signature{Kind: "drawn", Width: 320, Height: 120, Strokes: [][]proof.Point{{}, {}}}
	for i, b := range fixed("hand", 24) {
		s.Strokes[i/16] = append(s.Strokes[i/16], proof.Point{X: 12 * i, Y: int(b)/2 - 4})
	}
	return s
}

func secret(label string, change func(*proof.Private)) *proof.Private {
	private := &proof.Private{BirthDate: calendar.MustParse("2014-05-06"), Blind: fixed("blind "+label, proof.BlindSize)}
	change(private)
	return private
}

// decision begins a decision in the app: the declaration and what the system adds.
func decision(label string, of family, n int, private *proof.Private) (*proof.DecisionDeclared, *proof.DecisionServer) {
	return &proof.DecisionDeclared{
			School: school, Pupil: of.pupil(), Person: of.person(), Purpose: "video_conference",
			PrivateSHA256: must(proof.HashOf(private)), IdempotencyKey: string(named[id.Entry]("key " + label)),
		}, &proof.DecisionServer{
			Decision: named[id.Decision](label), Guardianship: named[id.Guardianship](of.guardian), Schooling: named[id.Schooling](of.child),
			Channel: "app", Means: proof.MeansSession, Session: named[id.Session](of.guardian), Names: of.names(),
			ReceivedAt: minute(n), RecordedAt: minute(n),
		}
}

// answered makes it an answer under the text in a language.
func answered(d *proof.DecisionDeclared, s *proof.DecisionServer, answer, language string) []json.RawMessage {
	d.Answer, d.FormVersion, d.Language, d.TextSHA256 = answer, version, language, proof.SHA256Hex(text(language))
	s.VersionNumber, s.Edition, s.GermanTextSHA256 = 3, 2, proof.SHA256Hex(text("de"))
	texts := []json.RawMessage{text(language), text("de")}
	return slices.CompactFunc(texts, func(a, b json.RawMessage) bool { return string(a) == string(b) })
}

func answerOf(name string, of family, n int, answer, language string, private *proof.Private,
	change func(*proof.DecisionDeclared, *proof.DecisionServer)) deed {
	d, s := decision(name, of, n, private)
	texts := answered(d, s, answer, language)
	change(d, s)
	return deed{name, proof.Statement{Kind: proof.KindDecision, Declaration: d, Server: s}, private, texts}
}

// deeds are one statement of every kind, and of decisions one of every sort, as they follow each other in the log.
func deeds() []deed {
	return slices.Concat([]deed{published(), letter("letter-issued", 1), letter("letter-redeemed", 2)}, decisions(), measures())
}

// laterDeeds say what the first goldens could not say yet. They have a log of their own: receipts that were handed out
// stay as they are.
func laterDeeds() []deed {
	named := func(_ *proof.DecisionDeclared, s *proof.DecisionServer) { s.Names.School = "Gesamtschule Musterstadt" }
	byKey := secret("key", func(*proof.Private) {})
	d, s := decision("withdrawal-by-key", winter, 2, byKey)
	d.Extent, s.Means, s.Session = "all", proof.MeansKey, ""
	return []deed{
		answerOf("yes-with-school", winter, 1, "video", "de", secret("school", func(p *proof.Private) {
			p.Signature = &proof.Signature{Kind: "typed", Name: "Jasper Winter"}
		}), named),
		{"withdrawal-by-key", proof.Statement{Kind: proof.KindDecision, Declaration: d, Server: s}, byKey, nil},
		{name: "invalidation-by-letter", statement: proof.Statement{
			Kind: proof.KindInvalidation,
			Declaration: &proof.InvalidationDeclared{
				Decision: s.Decision, Reason: "wrong_person", Letter: id.Letter("letter of somebody else"),
			},
			Server: &proof.ActServer{At: minute(3)},
		}},
	}
}

// invited is an answer of somebody who was invited by mail, in a log of its own like laterDeeds.
func invited() []deed {
	byMail := func(_ *proof.DecisionDeclared, s *proof.DecisionServer) {
		s.Means, s.Names.School = proof.MeansMail, "Gesamtschule Musterstadt"
	}
	return []deed{answerOf("yes-by-mail", aksoy, 1, "video", "tr", secret("mail", func(p *proof.Private) {
		p.Signature = &proof.Signature{Kind: "typed", Name: "Selin Aksoy"}
	}), byMail)}
}

// contested is a formal measure and what came of the objection to it. Like laterDeeds they have a log of their own.
func contested() []deed {
	formal := secret("formal", func(*proof.Private) {})
	sanction := proof.SanctionDeclared{
		Sanction: named[id.Sanction]("formal"), Pupil: aksoy.pupil(), Act: "imposed", Kind: "formal", Measure: "excluded", RuleKey: "NO_RECORDING",
		Heard: []string{"pupil", "parents"}, NotedOn: calendar.MustParse("2026-11-24"),
		From: calendar.MustParse("2026-11-25"), Until: calendar.MustParse("2026-12-04"), PrivateSHA256: must(proof.HashOf(formal)),
	}
	ended := sanction
	ended.Act, ended.Heard, ended.NotedOn = "ended", nil, calendar.Date{}
	byHead := func(n int) *proof.MeasureServer {
		return &proof.MeasureServer{At: minute(n), By: named[id.Account]("head"), Names: proof.Names{Pupil: aksoy.child, Class: aksoy.class}}
	}
	objection := func(act, next, by string, n int) proof.Statement {
		return proof.Statement{
			Kind: proof.KindObjection,
			Declaration: &proof.ObjectionDeclared{
				Objection: named[id.Objection]("objection"), Sanction: sanction.Sanction, Pupil: aksoy.pupil(), Person: aksoy.person(), Act: act, NextInstance: next,
			},
			Server: &proof.ObjectionServer{At: minute(n), By: named[id.Account](by)},
		}
	}
	return []deed{
		{name: "sanction-formal", private: formal, statement: proof.Statement{Kind: proof.KindSanction, Declaration: &sanction, Server: byHead(1)}},
		{name: "objection-received", statement: objection("received", "", "guardian", 2)},
		{name: "objection-kept", statement: objection("kept", "school_authority", "head", 3)},
		{name: "objection-upheld", statement: objection("upheld", "", "head", 4)},
		{name: "sanction-formal-ended", private: formal, statement: proof.Statement{Kind: proof.KindSanction, Declaration: &ended, Server: byHead(5)}},
	}
}

// ruled is a sanction that names the version of the rules, in a log of its own.
func ruled() []deed {
	measure := contested()[0]
	declared := *measure.statement.Declaration.(*proof.SanctionDeclared)
	declared.RulesVersion = named[id.RulesVersion]("rules")
	measure.name, measure.statement.Declaration = "sanction-of-a-version", &declared
	return []deed{measure}
}

func decisions() []deed {
	unchanged := func(*proof.DecisionDeclared, *proof.DecisionServer) {}
	place := func(p *proof.Private) { p.Place = "Mönchengladbach" }
	return []deed{
		answerOf("yes-video-drawn", winter, 3, "video", "de", secret("drawn", func(p *proof.Private) {
			p.Place, p.Signature = "Mönchengladbach", drawn()
		}), func(d *proof.DecisionDeclared, _ *proof.DecisionServer) { d.Relation = "together" }),
		answerOf("yes-video-typed", winter, 4, "video", "de", secret("typed", func(p *proof.Private) {
			p.Place, p.Signature = "Rheydt", &proof.Signature{Kind: "typed", Name: "Jasper Winter"}
		}), func(d *proof.DecisionDeclared, _ *proof.DecisionServer) {
			d.After = named[id.Decision]("yes-video-drawn")
		}),
		answerOf("answer-none", aksoy, 5, "none", "de", secret("none", func(p *proof.Private) { p.BirthDate = calendar.Date{} }), unchanged),
		answerOf("yes-audio-passkey", winter, 6, "audio", "de", secret("passkey", place),
			func(d *proof.DecisionDeclared, s *proof.DecisionServer) {
				signed := es256("winter").assert(must(proof.Canonical(d)), nil)
				s.Means, s.Passkey = proof.MeansPasskey, &signed
			}),
		withdrawal(),
		answerOf("recorded-on-paper", aksoy, 8, "video", "de", secret("paper", func(*proof.Private) {}),
			func(d *proof.DecisionDeclared, s *proof.DecisionServer) {
				d.IdempotencyKey = ""
				s.Channel, s.Means, s.Session, s.Identified = "paper", proof.MeansStaff, "", "document"
				s.RecordedBy, s.SecondBy = named[id.Account]("office"), named[id.Account]("head")
				s.ReceivedAt = time.Date(2026, time.November, 22, 23, 0, 0, 0, time.UTC)
			}),
		answerOf("yes-in-turkish", aksoy, 9, "video", "tr", secret("turkish", func(p *proof.Private) {
			p.Place, p.Signature = "Köln", &proof.Signature{Kind: "typed", Name: "Selin Aksoy"}
		}), unchanged),
	}
}

func withdrawal() deed {
	private := secret("withdrawal", func(*proof.Private) {})
	d, s := decision("withdrawal-picture", winter, 7, private)
	d.Extent, d.After = "picture", named[id.Decision]("yes-audio-passkey")
	return deed{"withdrawal-picture", proof.Statement{Kind: proof.KindDecision, Declaration: d, Server: s}, private, nil}
}

func published() deed {
	return deed{name: "version-published", statement: proof.Statement{
		Kind: proof.KindVersion,
		Declaration: &proof.VersionDeclared{
			Version: version, Purpose: "video_conference", Number: 3, Edition: 2, Change: "material", Policy: "all",
			Say: proof.Say{Preset: "own", BesideFrom: 14, AloneFrom: 18}, InForceOn: calendar.MustParse("2026-11-24"),
			Texts: map[string]string{"de": proof.SHA256Hex(text("de")), "tr": proof.SHA256Hex(text("tr"))}, By: named[id.Account]("head"),
		},
		Server: &proof.ActServer{At: minute(0)},
	}}
}

func letter(name string, n int) deed {
	server := &proof.LetterServer{At: minute(n), By: named[id.Account]("office")}
	act := "issued"
	if name == "letter-redeemed" {
		server.By, server.Session, act = "", named[id.Session](winter.guardian), "redeemed"
	}
	return deed{name: name, statement: proof.Statement{
		Kind:        proof.KindLetter,
		Declaration: &proof.LetterDeclared{Letter: named[id.Letter]("letter"), Person: winter.person(), Act: act},
		Server:      server,
	}}
}

// measures are what the school does about what was decided.
func measures() []deed {
	byHead := func(n int) *proof.MeasureServer {
		return &proof.MeasureServer{At: minute(n), By: named[id.Account]("head"), Names: proof.Names{Pupil: aksoy.child, Class: aksoy.class}}
	}
	ban, rest := secret("sanction", func(*proof.Private) {}), secret("hold", func(*proof.Private) {})
	state := proof.CustodyState{
		ID: named[id.Guardianship](winter.guardian), Custody: "joint", Basis: "assumed", Relation: "father",
		From: calendar.MustParse("2025-08-01"),
	}
	ended := state
	ended.Custody, ended.Basis, ended.Prevented, ended.Disputed = "none", "confirmed", true, true
	ended.Until = calendar.MustParse("2027-07-31")
	return []deed{
		{name: "invalidation", statement: proof.Statement{
			Kind: proof.KindInvalidation,
			Declaration: &proof.InvalidationDeclared{
				Decision: named[id.Decision]("recorded-on-paper"), Reason: "wrong_person", Author: named[id.Account]("head"),
			},
			Server: &proof.ActServer{At: minute(10)},
		}},
		{name: "custody-changed", statement: proof.Statement{
			Kind: proof.KindCustody,
			Declaration: &proof.CustodyDeclared{
				School: school, Pupil: winter.pupil(), Guardian: named[id.Guardian](winter.guardian), Before: state, After: ended,
			},
			Server: &proof.CustodyServer{
				At: minute(11), Account: named[id.Account]("office"), Second: named[id.Account]("head"), Proposal: named[id.Proposal]("custody"),
			},
		}},
		{name: "sanction-imposed", private: ban, statement: proof.Statement{
			Kind: proof.KindSanction,
			Declaration: &proof.SanctionDeclared{
				Sanction: named[id.Sanction]("ban"), Pupil: aksoy.pupil(), Act: "imposed", Measure: "audio_only", RuleKey: "no_recording",
				From: calendar.MustParse("2026-11-25"), Until: calendar.MustParse("2026-12-04"), PrivateSHA256: must(proof.HashOf(ban)),
			},
			Server: byHead(12),
		}},
		{name: "hold-placed", private: rest, statement: proof.Statement{
			Kind: proof.KindHold,
			Declaration: &proof.HoldDeclared{
				Hold: named[id.Hold]("hold"), Pupil: aksoy.pupil(), Act: "placed", Kind: "restriction", PrivateSHA256: must(proof.HashOf(rest)),
			},
			Server: byHead(13),
		}},
		{name: "erasure", statement: proof.Statement{
			Kind:        proof.KindErasure,
			Declaration: &proof.ErasureDeclared{Leaves: []int64{3, 4, 6, 7}, Reason: "request"},
			Server:      &proof.ErasureServer{At: minute(14), AskedBy: named[id.Account]("office"), ApprovedBy: named[id.Account]("dpo")},
		}},
	}
}

// signer signs for the school's log.
func signer() proof.Signer {
	return must(proof.NewSigner(proof.OriginOf(string(school)), fixed("checkpoint key", 32)))
}

// tree is a log in memory.
type tree struct {
	deeds   []deed
	salts   [][]byte
	records [][]byte
	hashes  []tlog.Hash
	at      time.Time // of the newest leaf
}

func (l *tree) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(positions))
	for i, position := range positions {
		found[i] = l.hashes[position]
	}
	return found, nil
}

func (l *tree) size() int64 { return int64(len(l.records)) }

// add appends the leaf of a deed.
func (l *tree) add(d deed) {
	salt := fixed("salt "+d.name, proof.SaltSize)
	l.at = d.statement.RecordedAt()
	l.append(d, salt, proof.Leaf{
		Kind: d.statement.Kind, Commit: proof.Commitment(salt, must(d.statement.Encode())), TextSHA256: d.statement.TextSHA256(),
		At: l.at.UnixMicro(),
	})
}

func (l *tree) append(d deed, salt []byte, leaf proof.Leaf) {
	leaf.Seq = l.size()
	record := must(leaf.Encode())
	l.hashes = append(l.hashes, must(tlog.StoredHashes(leaf.Seq, record, l))...)
	l.deeds, l.salts, l.records = append(l.deeds, d), append(l.salts, salt), append(l.records, record)
}

// checkpoint is the log of the size, signed half a minute after its last leaf.
func (l *tree) checkpoint(size int64) proof.Checkpoint {
	at := l.deeds[size-1].statement.RecordedAt().Add(30 * time.Second)
	return proof.Checkpoint{Origin: signer().Key().Origin, Size: size, Root: must(tlog.TreeHash(size, l)), At: at}
}

func (l *tree) sign(size int64) string { return signer().Sign(l.checkpoint(size)) }

// receipt is that of a leaf under the checkpoint of the size.
func (l *tree) receipt(seq, size int64) proof.Receipt {
	d := l.deeds[seq]
	return proof.Receipt{
		Statement: must(d.statement.Encode()), Salt: l.salts[seq], Private: d.private, Texts: d.texts, Leaf: l.records[seq],
		Inclusion: proof.HashesOf(must(tlog.ProveRecord(size, seq, l))), Checkpoint: l.sign(size), Key: signer().Key().String(),
	}
}

// published is the checkpoint of the size with the proof that the older log is its beginning.
func (l *tree) published(size, from int64) []byte {
	p := proof.Published{
		Checkpoint: l.sign(size), Key: signer().Key().String(), From: from, Consistency: proof.HashesOf(must(tlog.ProveTree(size, from, l))),
	}
	return must(p.MarshalIndent())
}

// fullLog is the log of all deeds.
func fullLog() *tree { return logOf(deeds()) }

func logOf(deeds []deed) *tree {
	l := &tree{}
	for _, d := range deeds {
		l.add(d)
	}
	return l
}

// receiptOf is the receipt of a deed of the full log, under the checkpoint of all of it.
func receiptOf(tb testing.TB, name string) proof.Receipt {
	tb.Helper()
	l := fullLog()
	at := slices.IndexFunc(l.deeds, func(d deed) bool { return d.name == name })
	if at < 0 {
		tb.Fatalf("no deed is called %s", name)
	}
	return l.receipt(int64(at), l.size())
}

// fileOf is the receipt as it is handed out.
func fileOf(tb testing.TB, r proof.Receipt) []byte {
	tb.Helper()
	file, err := r.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

// holds demands that every claim holds that the file makes.
func holds(tb testing.TB, file []byte, against proof.Against) proof.Report {
	tb.Helper()
	report := proof.Verify(file, against)
	if !report.Holds() {
		tb.Fatalf("does not hold: %+v", report.Claims)
	}
	return report
}
