package proof_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// maker draws the parts of a statement.
type maker struct {
	t *rapid.T
	n int
}

func drawn1[T any](m *maker, of *rapid.Generator[T]) T {
	m.n++
	return of.Draw(m.t, fmt.Sprint(m.n))
}

// word is a text that is not empty, in NFC, of any script.
var word = rapid.Map(rapid.StringN(1, 20, -1), norm.NFC.String).Filter(func(s string) bool { return s != "" })

func idOf[T ~string](m *maker) T { return T(drawn1(m, word)) }

func maybe[T ~string](m *maker) T {
	if drawn1(m, rapid.Bool()) {
		return ""
	}
	return idOf[T](m)
}

func oneOf[T any](m *maker, choices ...T) T { return drawn1(m, rapid.SampledFrom(choices)) }

func (m *maker) count() int { return drawn1(m, rapid.IntRange(1, 1<<31)) }

func (m *maker) at() time.Time {
	return time.UnixMicro(drawn1(m, rapid.Int64Range(0, 4_000_000_000_000_000))).UTC()
}

func (m *maker) date() calendar.Date {
	return calendar.On(drawn1(m, rapid.IntRange(1, 9999)), time.Month(drawn1(m, rapid.IntRange(1, 12))), drawn1(m, rapid.IntRange(1, 28)))
}

func (m *maker) maybeDate() calendar.Date {
	if drawn1(m, rapid.Bool()) {
		return calendar.Date{}
	}
	return m.date()
}

func (m *maker) bytes(size int) []byte { return drawn1(m, rapid.SliceOfN(rapid.Byte(), size, size)) }
func (m *maker) blob() []byte          { return m.bytes(drawn1(m, rapid.IntRange(0, 40))) }
func (m *maker) hash() string          { return proof.SHA256Hex(m.bytes(4)) }
func (m *maker) language() string {
	return drawn1(m, rapid.StringMatching(`[a-z]{2,3}(-[A-Z][a-z]{3})?`))
}

func (m *maker) person() id.Person {
	return id.Person{Kind: oneOf(m, id.GuardianPerson, id.PupilPerson), ID: idOf[string](m)}
}

func (m *maker) names() proof.Names {
	return proof.Names{School: maybe[string](m), Person: maybe[string](m), Pupil: maybe[string](m), Class: maybe[string](m)}
}

func (m *maker) signature() *proof.Signature {
	switch oneOf(m, "none", "drawn", "typed") {
	case "drawn":
		point := rapid.Custom(func(t *rapid.T) proof.Point {
			return proof.Point{X: rapid.IntRange(-10_000, 20_000).Draw(t, "x"), Y: rapid.IntRange(-10_000, 20_000).Draw(t, "y")}
		})
		strokes := drawn1(m, rapid.SliceOfN(rapid.SliceOfN(point, 1, 9), 1, 4))
		return &proof.Signature{Kind: "drawn", Width: m.count(), Height: m.count(), Strokes: strokes}
	case "typed":
		return &proof.Signature{Kind: "typed", Name: idOf[string](m)}
	}
	return nil
}

func (m *maker) private() *proof.Private {
	return &proof.Private{BirthDate: m.maybeDate(), Blind: m.bytes(proof.BlindSize), Place: maybe[string](m), Signature: m.signature()}
}

func (m *maker) text(version id.Version, language string) json.RawMessage {
	block := rapid.Custom(func(t *rapid.T) proof.Block {
		b := proof.Block{ID: word.Draw(t, "id"), Kind: rapid.SampledFrom([]string{"point", "heading", "paragraph", "list"}).Draw(t, "kind")}
		if b.Kind == "list" {
			b.Items = rapid.SliceOfN(word, 1, 4).Draw(t, "items")
		} else {
			b.Text = word.Draw(t, "text")
		}
		return b
	})
	return must(proof.Canonical(proof.Text{
		FormVersion: string(version), Language: language, Title: maybe[string](m),
		Blocks: must(json.Marshal(drawn1(m, rapid.SliceOfN(block, 1, 4)))),
	}))
}

// deed draws a statement of the kind; withPasskey allows decisions by a passkey, whose signature will not hold.
func (m *maker) deed(kind proof.Kind, withPasskey bool) deed {
	d := deed{name: "drawn", statement: proof.Statement{Kind: kind}}
	var private string
	switch kind {
	case proof.KindDecision, proof.KindSanction, proof.KindHold:
		d.private = m.private()
		private = must(proof.HashOf(d.private))
	default:
	}
	switch kind {
	case proof.KindDecision:
		m.decision(&d, private, withPasskey)
	case proof.KindInvalidation:
		declared := &proof.InvalidationDeclared{
			Decision: idOf[id.Decision](m), Reason: oneOf(m, "wrong_person", "wrong_answer", "not_authentic"),
		}
		if oneOf(m, true, false) {
			declared.Author = idOf[id.Account](m)
		} else {
			declared.Letter = idOf[id.Letter](m)
		}
		d.statement.Declaration = declared
		d.statement.Server = &proof.ActServer{At: m.at()}
	case proof.KindSanction:
		declared := &proof.SanctionDeclared{
			Sanction: idOf[id.Sanction](m), Pupil: idOf[id.Pupil](m), Act: oneOf(m, "imposed", "ended"), Kind: oneOf(m, "", "educational", "formal"),
			Measure: oneOf(m, "audio_only", "excluded"), RuleKey: maybe[string](m), From: m.date(), Until: m.date(), PrivateSHA256: private,
		}
		if declared.Kind != "" {
			declared.Heard = drawn1(m, rapid.SliceOf(rapid.SampledFrom([]string{"pupil", "parents", "class_teacher"})))
			declared.NotedOn = m.maybeDate()
			declared.RulesVersion = maybe[id.RulesVersion](m)
		}
		d.statement.Declaration = declared
		d.statement.Server = &proof.MeasureServer{At: m.at(), By: idOf[id.Account](m), Names: m.names()}
	case proof.KindHold:
		d.statement.Declaration = &proof.HoldDeclared{
			Hold: idOf[id.Hold](m), Pupil: idOf[id.Pupil](m), Act: oneOf(m, "placed", "settled"),
			Kind: oneOf(m, "restriction", "objection"), PrivateSHA256: private,
		}
		d.statement.Server = &proof.MeasureServer{At: m.at(), By: idOf[id.Account](m), Names: m.names()}
	case proof.KindVersion:
		m.version(&d)
	case proof.KindCustody:
		d.statement.Declaration = &proof.CustodyDeclared{
			School: school, Pupil: idOf[id.Pupil](m), Guardian: idOf[id.Guardian](m), Before: m.custody(), After: m.custody(),
		}
		d.statement.Server = &proof.CustodyServer{
			At: m.at(), Account: maybe[id.Account](m), Second: maybe[id.Account](m), Proposal: maybe[id.Proposal](m), Guardian: maybe[id.Guardian](m),
		}
	case proof.KindLetter:
		d.statement.Declaration = &proof.LetterDeclared{
			Letter: idOf[id.Letter](m), Person: m.person(), Act: oneOf(m, "issued", "redeemed", "void"),
		}
		d.statement.Server = &proof.LetterServer{At: m.at(), By: maybe[id.Account](m), Session: maybe[id.Session](m)}
	case proof.KindErasure:
		d.statement.Declaration = &proof.ErasureDeclared{
			Leaves: drawn1(m, rapid.SliceOf(rapid.Int64Range(0, 1<<53-1))), Reason: oneOf(m, "retention", "request"),
		}
		d.statement.Server = &proof.ErasureServer{At: m.at(), AskedBy: maybe[id.Account](m), ApprovedBy: maybe[id.Account](m)}
	case proof.KindObjection:
		declared := &proof.ObjectionDeclared{
			Objection: idOf[id.Objection](m), Sanction: idOf[id.Sanction](m), Pupil: idOf[id.Pupil](m), Person: m.person(),
			Act: oneOf(m, "received", "upheld", "kept"),
		}
		if declared.Act == "kept" {
			declared.NextInstance = oneOf(m, "school_authority", "administrative_court")
		}
		d.statement.Declaration = declared
		d.statement.Server = &proof.ObjectionServer{At: m.at(), By: idOf[id.Account](m)}
	}
	return d
}

func (m *maker) decision(d *deed, private string, withPasskey bool) {
	declared := &proof.DecisionDeclared{
		School: school, Pupil: idOf[id.Pupil](m), Person: m.person(), Purpose: "video_conference", PrivateSHA256: private,
		Relation: oneOf(m, "", "together", "alone", "legal_guardian"), After: maybe[id.Decision](m), IdempotencyKey: maybe[string](m),
	}
	server := &proof.DecisionServer{
		Decision: idOf[id.Decision](m), Guardianship: maybe[id.Guardianship](m), Schooling: maybe[id.Schooling](m),
		Channel: oneOf(m, "app", "paper", "phone", "in_person", "teacher"), Means: oneOf(m, proof.MeansStaff, proof.MeansMail, proof.MeansSession),
		Session: maybe[id.Session](m), RecordedBy: maybe[id.Account](m), Identified: oneOf(m, "", "signed_form", "known", "document", "callback"), SecondBy: maybe[id.Account](m),
		Names: m.names(), ReceivedAt: m.at(), RecordedAt: m.at(),
	}
	if withPasskey && drawn1(m, rapid.Bool()) {
		server.Means, server.Passkey = proof.MeansPasskey, &proof.Passkey{
			Credential: m.blob(), PublicKey: m.blob(), AuthenticatorData: m.blob(), ClientData: m.blob(), Signature: m.blob(),
			Nonce: m.bytes(proof.NonceSize),
		}
	}
	if drawn1(m, rapid.Bool()) {
		declared.Answer, declared.FormVersion, declared.Language = oneOf(m, "video", "audio", "none"), idOf[id.Version](m), m.language()
		server.VersionNumber, server.Edition = m.count(), m.count()
		german, shown := m.text(declared.FormVersion, "de"), m.text(declared.FormVersion, declared.Language)
		if declared.Language == "de" {
			shown = german
		}
		d.texts = slices.CompactFunc([]json.RawMessage{shown, german}, func(a, b json.RawMessage) bool { return string(a) == string(b) })
		declared.TextSHA256, server.GermanTextSHA256 = proof.SHA256Hex(shown), proof.SHA256Hex(german)
	} else {
		declared.Extent = oneOf(m, "picture", "all")
	}
	d.statement.Declaration, d.statement.Server = declared, server
}

func (m *maker) version(d *deed) {
	texts := drawn1(m, rapid.MapOfN(rapid.StringMatching(`[a-z]{2,3}`), rapid.Just(m.hash()), 0, 4))
	texts[proof.German] = m.hash()
	d.statement.Declaration = &proof.VersionDeclared{
		Version: idOf[id.Version](m), Purpose: "video_conference", Number: m.count(), Edition: m.count(), Change: oneOf(m, "material", "editorial"),
		Policy: oneOf(m, "one", "all"), Say: proof.Say{
			Preset: oneOf(m, "letter", "from_fourteen", "own"), BesideFrom: drawn1(m, rapid.IntRange(0, 18)), AloneFrom: drawn1(m, rapid.IntRange(0, 18)),
		}, InForceOn: m.date(), Texts: texts, By: idOf[id.Account](m),
	}
	d.statement.Server = &proof.ActServer{At: m.at()}
}

func (m *maker) custody() proof.CustodyState {
	return proof.CustodyState{
		ID: idOf[id.Guardianship](m), Custody: oneOf(m, "joint", "sole", "none"), Basis: oneOf(m, "assumed", "declared", "confirmed"),
		Relation:  oneOf(m, "mother", "father", "parent", "legal_guardian", "other"),
		Prevented: drawn1(m, rapid.Bool()), Disputed: drawn1(m, rapid.Bool()), From: m.maybeDate(), Until: m.maybeDate(),
	}
}

// ofEveryKind runs a check with drawn statements, each kind by itself so that none is missed.
func ofEveryKind(t *testing.T, withPasskey bool, check func(*rapid.T, deed)) {
	t.Helper()
	for _, kind := range proof.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { check(t, (&maker{t: t}).deed(kind, withPasskey)) })
		})
	}
}
