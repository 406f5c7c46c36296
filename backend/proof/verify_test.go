package proof_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// only demands that exactly these claims fail.
func only(t *testing.T, name string, report proof.Report, failing ...proof.ClaimID) {
	t.Helper()
	wanted := map[proof.ClaimID]bool{}
	for _, claim := range failing {
		wanted[claim] = true
	}
	for _, claim := range report.Claims {
		if (claim.State == proof.Fails) != wanted[claim.ID] {
			t.Errorf("%s: %s %s (%s)", name, claim.ID, claim.State, claim.Cause)
		}
		delete(wanted, claim.ID)
	}
	if len(wanted) > 0 || report.Holds() != (len(failing) == 0) {
		t.Errorf("%s: not judged: %v; holds: %t", name, wanted, report.Holds())
	}
}

// Every leaf's receipt verifies under every checkpoint that covers it.
func TestEveryReceiptHoldsUnderEveryLaterCheckpoint(t *testing.T) {
	l := fullLog()
	for seq := range l.size() {
		for size := seq + 1; size <= l.size(); size++ {
			report := holds(t, fileOf(t, l.receipt(seq, size)), proof.Against{Key: signer().Key().String()})
			about := report.About
			if about.Leaf.Seq != seq || about.Checkpoint.Size != size || about.Statement.Kind != l.deeds[seq].statement.Kind ||
				len(about.Texts) != len(l.deeds[seq].texts) || about.Key.String() != signer().Key().String() {
				t.Errorf("leaf %d under %d: about %+v", seq, size, about)
			}
		}
	}
}

func TestAReceiptClaimsWhatItCanShow(t *testing.T) {
	base := []proof.ClaimID{
		proof.ClaimFile, proof.ClaimStatement, proof.ClaimCommitment, proof.ClaimLeaf, proof.ClaimCheckpoint, proof.ClaimInclusion, proof.ClaimTime,
	}
	for name, more := range map[string][]proof.ClaimID{
		"yes-video-drawn":    {proof.ClaimText, proof.ClaimPrivate},
		"answer-none":        {proof.ClaimText, proof.ClaimPrivate},
		"withdrawal-picture": {proof.ClaimPrivate},
		"yes-audio-passkey":  {proof.ClaimText, proof.ClaimPrivate, proof.ClaimPasskey},
		"sanction-imposed":   {proof.ClaimPrivate},
		"version-published":  {},
		"erasure":            {},
	} {
		var got []proof.ClaimID
		for _, claim := range holds(t, fileOf(t, receiptOf(t, name)), proof.Against{}).Claims {
			got = append(got, claim.ID)
		}
		if want := append(base[:len(base):len(base)], more...); !equal(got, want) {
			t.Errorf("%s claims %v, want %v", name, got, want)
		}
	}
}

func equal[T comparable](a, b []T) bool {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestASharedCopyHoldsAndSaysWhatItLeavesOut(t *testing.T) {
	whole := receiptOf(t, "yes-video-drawn")
	file := fileOf(t, whole.Shared())
	for _, private := range []string{"2014-05-06", "Mönchengladbach", "strokes", "blind"} {
		if bytes.Contains(file, []byte(private)) {
			t.Errorf("the copy holds %s", private)
		}
	}
	report := holds(t, file, proof.Against{})
	if report.Of(proof.ClaimPrivate) != proof.Withheld || report.About.Private != nil || whole.Private == nil {
		t.Errorf("%+v", report.Claims)
	}
	if holds(t, fileOf(t, whole), proof.Against{}).About.SHA256 != report.About.SHA256 {
		t.Error("the copy is about another statement")
	}
}

func TestEachPartOfAReceiptIsBoundToTheOthers(t *testing.T) {
	l := fullLog()
	other := receiptOf(t, "yes-video-typed")
	strange, err := proof.NewSigner(signer().Key().Origin, fixed("stranger", 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change  func(*proof.Receipt)
		failing []proof.ClaimID
	}{
		"another statement": {func(r *proof.Receipt) { r.Statement = other.Statement },
			[]proof.ClaimID{proof.ClaimCommitment, proof.ClaimTime, proof.ClaimPrivate}},
		"another salt":       {func(r *proof.Receipt) { r.Salt = other.Salt }, []proof.ClaimID{proof.ClaimCommitment}},
		"a longer salt":      {func(r *proof.Receipt) { r.Salt = append(r.Salt, 0) }, []proof.ClaimID{proof.ClaimCommitment}},
		"no salt":            {func(r *proof.Receipt) { r.Salt = nil }, []proof.ClaimID{proof.ClaimCommitment}},
		"another leaf":       {func(r *proof.Receipt) { r.Leaf = other.Leaf }, []proof.ClaimID{proof.ClaimCommitment, proof.ClaimInclusion, proof.ClaimTime}},
		"another path":       {func(r *proof.Receipt) { r.Inclusion = other.Inclusion }, []proof.ClaimID{proof.ClaimInclusion}},
		"a longer path":      {func(r *proof.Receipt) { r.Inclusion = append(r.Inclusion, other.Inclusion[0]) }, []proof.ClaimID{proof.ClaimInclusion}},
		"a shorter path":     {func(r *proof.Receipt) { r.Inclusion = r.Inclusion[1:] }, []proof.ClaimID{proof.ClaimInclusion}},
		"a short hash":       {func(r *proof.Receipt) { r.Inclusion[0] = r.Inclusion[0][:31] }, []proof.ClaimID{proof.ClaimInclusion}},
		"no path":            {func(r *proof.Receipt) { r.Inclusion = nil }, []proof.ClaimID{proof.ClaimInclusion}},
		"another checkpoint": {func(r *proof.Receipt) { r.Checkpoint = l.sign(9) }, []proof.ClaimID{proof.ClaimInclusion}},
		"a checkpoint that does not cover it": {func(r *proof.Receipt) { r.Checkpoint = l.sign(3) },
			[]proof.ClaimID{proof.ClaimInclusion}},
		"a stranger's checkpoint":             {func(r *proof.Receipt) { r.Checkpoint = strange.Sign(l.checkpoint(l.size())) }, []proof.ClaimID{proof.ClaimCheckpoint}},
		"a stranger's key":                    {func(r *proof.Receipt) { r.Key = strange.Key().String() }, []proof.ClaimID{proof.ClaimCheckpoint}},
		"no key":                              {func(r *proof.Receipt) { r.Key = "" }, []proof.ClaimID{proof.ClaimCheckpoint}},
		"no checkpoint":                       {func(r *proof.Receipt) { r.Checkpoint = "" }, []proof.ClaimID{proof.ClaimCheckpoint}},
		"no text":                             {func(r *proof.Receipt) { r.Texts = nil }, []proof.ClaimID{proof.ClaimText}},
		"another text":                        {func(r *proof.Receipt) { r.Texts[0] = text("tr") }, []proof.ClaimID{proof.ClaimText}},
		"a text more":                         {func(r *proof.Receipt) { r.Texts = append(r.Texts, text("tr")) }, []proof.ClaimID{proof.ClaimText}},
		"the text twice":                      {func(r *proof.Receipt) { r.Texts = append(r.Texts, text("de")) }, []proof.ClaimID{proof.ClaimText}},
		"another's signature":                 {func(r *proof.Receipt) { r.Private = other.Private }, []proof.ClaimID{proof.ClaimPrivate}},
		"another place":                       {func(r *proof.Receipt) { p := *r.Private; p.Place = "Bonn"; r.Private = &p }, []proof.ClaimID{proof.ClaimPrivate}},
		"nothing private where there is some": {func(r *proof.Receipt) { r.Private = &proof.Private{} }, []proof.ClaimID{proof.ClaimPrivate}},
	} {
		receipt := receiptOf(t, "yes-video-drawn")
		c.change(&receipt)
		only(t, name, proof.Verify(fileOf(t, receipt), proof.Against{}), c.failing...)
	}
}

func TestWhatAKindDoesNotHaveIsNotTakenEither(t *testing.T) {
	private := receiptOf(t, "yes-video-drawn").Private
	receipt := receiptOf(t, "invalidation")
	receipt.Private = private
	only(t, "a private part", proof.Verify(fileOf(t, receipt), proof.Against{}), proof.ClaimPrivate)
	receipt = receiptOf(t, "withdrawal-picture")
	receipt.Texts = []json.RawMessage{text("de")}
	only(t, "a text", proof.Verify(fileOf(t, receipt), proof.Against{}), proof.ClaimText)
}

// Without all of its random bytes a birth date could be tried out against the hash.
func TestAPrivatePartWithAShortBlindIsRefused(t *testing.T) {
	d := decisions()[0]
	d.private.Blind = d.private.Blind[:proof.BlindSize-1]
	d.statement.Declaration.(*proof.DecisionDeclared).PrivateSHA256 = must(proof.HashOf(d.private))
	only(t, "a short blind", proof.Verify(fileOf(t, single(t, d, func(*proof.Leaf) {})), proof.Against{}), proof.ClaimPrivate)
}

func TestAReformattedReceiptIsReadAndDoesNotHold(t *testing.T) {
	file := fileOf(t, receiptOf(t, "yes-in-turkish"))
	indented := &bytes.Buffer{}
	if err := json.Indent(indented, file, "", "  "); err != nil {
		t.Fatal(err)
	}
	report := proof.Verify(indented.Bytes(), proof.Against{})
	only(t, "indented", report, proof.ClaimFile)
	if len(report.About.Texts) != 2 {
		t.Errorf("%d texts", len(report.About.Texts))
	}
	only(t, "a line end behind", proof.Verify(append(bytes.Clone(file), '\n'), proof.Against{}), proof.ClaimFile)
	first := fileOf(t, fullLog().receipt(0, 1))
	only(t, "no path written in two ways", proof.Verify(first, proof.Against{}))
	only(t, "no path written in two ways",
		proof.Verify(bytes.Replace(first, []byte(`"inclusion":[]`), []byte(`"inclusion":null`), 1), proof.Against{}), proof.ClaimFile)
}

// single is the receipt of a changed deed in a log of its own.
func single(t *testing.T, d deed, change func(*proof.Leaf)) proof.Receipt {
	t.Helper()
	l := &tree{}
	salt := fixed("salt", proof.SaltSize)
	leaf := proof.Leaf{
		Kind: d.statement.Kind, Commit: proof.Commitment(salt, must(d.statement.Encode())), TextSHA256: d.statement.TextSHA256(),
		At: d.statement.RecordedAt().UnixMicro(),
	}
	change(&leaf)
	l.append(d, salt, leaf)
	return l.receipt(0, 1)
}

func TestTheLeafSaysTheSameAsTheStatement(t *testing.T) {
	yes := decisions()[0]
	for name, c := range map[string]struct {
		change  func(*proof.Leaf)
		failing []proof.ClaimID
	}{
		"nothing changed": {func(*proof.Leaf) {}, nil},
		"another kind":    {func(l *proof.Leaf) { l.Kind = proof.KindHold }, []proof.ClaimID{proof.ClaimLeaf}},
		"another text":    {func(l *proof.Leaf) { l.TextSHA256 = proof.SHA256Hex(nil) }, []proof.ClaimID{proof.ClaimLeaf}},
		"no text":         {func(l *proof.Leaf) { l.TextSHA256 = "" }, []proof.ClaimID{proof.ClaimLeaf}},
		"another instant": {func(l *proof.Leaf) { l.At++ }, []proof.ClaimID{proof.ClaimTime}},
		"no instant":      {func(l *proof.Leaf) { l.At = 0 }, []proof.ClaimID{proof.ClaimTime}},
		"a clock step":    {func(l *proof.Leaf) { l.ClockStep = 3_600_000_000 }, nil},
	} {
		only(t, name, proof.Verify(fileOf(t, single(t, yes, c.change)), proof.Against{}), c.failing...)
	}
}

// A school that writes into another school's log is not believed, even where it holds both keys.
func TestAStatementOfAnotherSchoolIsNotInThisLog(t *testing.T) {
	for _, name := range []string{"yes-video-drawn", "custody-changed"} {
		for _, d := range deeds() {
			if d.name != name {
				continue
			}
			switch declared := d.statement.Declaration.(type) {
			case *proof.DecisionDeclared:
				declared.School = id.School("019a1f00-0000-7000-8000-00000000ffff")
			case *proof.CustodyDeclared:
				declared.School = id.School("019a1f00-0000-7000-8000-00000000ffff")
			}
			only(t, name, proof.Verify(fileOf(t, single(t, d, func(*proof.Leaf) {})), proof.Against{}), proof.ClaimInclusion)
		}
	}
}

func TestTheTextIsThatOfTheStatementsFormAndLanguage(t *testing.T) {
	for name, change := range map[string]func(*proof.DecisionDeclared){
		"another version":  func(d *proof.DecisionDeclared) { d.FormVersion = "another" },
		"another language": func(d *proof.DecisionDeclared) { d.Language = "uk" },
	} {
		d := decisions()[6]
		change(d.statement.Declaration.(*proof.DecisionDeclared))
		only(t, name, proof.Verify(fileOf(t, single(t, d, func(*proof.Leaf) {})), proof.Against{}), proof.ClaimText)
	}
}

// Whoever made the text's bytes may be the one to fear: they must read as the same words everywhere.
func TestATextThatReadsInTwoWaysIsRefused(t *testing.T) {
	german := string(text("de"))
	for name, changed := range map[string]string{
		"a name that folds":    strings.Replace(german, `"title":`, `"title":"Nein","titl\u0065\u0000":`, 1),
		"a title in two cases": strings.Replace(german, `"title":"`, `"TITLE":"Nein","title":"`, 1),
		"a kelvin sign":        strings.Replace(german, `"blocks":[`, "\"bloc\u212as\":[],\"blocks\":[", 1),
		"a block in two cases": strings.Replace(german, `"text":"Worum`, `"Text":"Nein","text":"Worum`, 1),
		"a block's new member": strings.Replace(german, `"kind":"heading"`, `"hidden":1,"kind":"heading"`, 1),
		"no blocks":            `{"formVersion":"` + string(version) + `","language":"de","title":""}`,
		"not an object":        `"de"`,
	} {
		raw := must(proof.Canonical(json.RawMessage(changed)))
		if string(raw) == german {
			t.Fatalf("%s changes nothing", name)
		}
		d := decisions()[0]
		declared, server := d.statement.Declaration.(*proof.DecisionDeclared), d.statement.Server.(*proof.DecisionServer)
		declared.TextSHA256, server.GermanTextSHA256 = proof.SHA256Hex(raw), proof.SHA256Hex(raw)
		d.texts = []json.RawMessage{raw}
		only(t, name, proof.Verify(fileOf(t, single(t, d, func(*proof.Leaf) {})), proof.Against{}), proof.ClaimText)
	}
}

func TestACheckpointFromBeforeTheLeafIsNotBelievedWithoutQuestion(t *testing.T) {
	l := fullLog()
	for _, c := range []struct {
		earlier time.Duration
		want    proof.State
	}{{0, proof.Holds}, {2 * time.Second, proof.Holds}, {4 * time.Second, proof.Unknown}, {time.Hour, proof.Unknown}} {
		checkpoint := l.checkpoint(l.size())
		checkpoint.At = l.at.Add(-c.earlier)
		receipt := l.receipt(l.size()-1, l.size())
		receipt.Checkpoint = signer().Sign(checkpoint)
		report := proof.Verify(fileOf(t, receipt), proof.Against{})
		if got := report.Of(proof.ClaimTime); got != c.want || report.Holds() != (c.want == proof.Holds) {
			t.Errorf("signed %s before the leaf: time %q, holds %t", c.earlier, got, report.Holds())
		}
	}
}

func TestTheKeyIsComparedWithTheOneThatIsPublished(t *testing.T) {
	file := fileOf(t, receiptOf(t, "answer-none"))
	own := signer().Key().String()
	report := holds(t, file, proof.Against{Key: own})
	if report.Of(proof.ClaimKey) != proof.Holds || equal(report.Limits[:1], []proof.Limit{proof.LimitKey}) {
		t.Errorf("%+v %v", report.Claims, report.Limits)
	}
	without := holds(t, file, proof.Against{})
	if without.Of(proof.ClaimKey) != proof.Unknown || without.Limits[0] != proof.LimitKey {
		t.Errorf("%+v %v", without.Claims, without.Limits)
	}
	stranger := must(proof.NewSigner(signer().Key().Origin, fixed("stranger", 32))).Key().String()
	for _, key := range []string{stranger, own + "=", strings.ToUpper(own), "x"} {
		report := proof.Verify(file, proof.Against{Key: key})
		only(t, key, report, proof.ClaimKey)
		if report.Limits[0] != proof.LimitKey {
			t.Errorf("the limit is gone: %v", report.Limits)
		}
	}
}

func TestWhatIsNoReceiptIsSaidToBeNone(t *testing.T) {
	for _, file := range []string{"", "null", "[]", "{}", `"einverstanden-receipt"`, "%PDF-1.7", "\xff", "{", `{"schema":"einverstanden-receipt"}`} {
		report := proof.Verify([]byte(file), proof.Against{Key: "x", Later: [][]byte{nil}})
		if report.Holds() || report.Of(proof.ClaimFile) != proof.Fails {
			t.Errorf("%q: %+v", file, report.Claims)
		}
	}
	empty := proof.Verify([]byte(`{"schema":"einverstanden-receipt","v":1}`), proof.Against{})
	if empty.Holds() || empty.Of(proof.ClaimStatement) != proof.Fails {
		t.Errorf("an empty receipt: %+v", empty.Claims)
	}
	if (proof.Report{}).Holds() {
		t.Error("a report without claims holds")
	}
}
