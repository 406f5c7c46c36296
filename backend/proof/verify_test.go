package proof_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

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

func TestALaterCheckpointContinuesTheLogOrContradictsIt(t *testing.T) {
	l := fullLog()
	const own = 9
	file := fileOf(t, l.receipt(4, own))
	rewritten := rewrittenLog()
	sign := func(c proof.Checkpoint, change func(*proof.Checkpoint)) []byte {
		change(&c)
		return []byte(signer().Sign(c))
	}
	unchanged := func(*proof.Checkpoint) {}
	published := func(size, from int64, change func(*proof.Published)) []byte {
		p := must(proof.ParsePublished(l.published(size, from)))
		change(&p)
		return must(p.MarshalIndent())
	}
	stranger := must(proof.NewSigner(signer().Key().Origin, fixed("stranger", 32)))
	elsewhere := must(proof.NewSigner(proof.OriginOf("elsewhere"), fixed("checkpoint key", 32)))
	for name, c := range map[string]struct {
		later []byte
		want  proof.State
	}{
		"the same":                      {sign(l.checkpoint(own), unchanged), proof.Holds},
		"the same, signed again":        {sign(l.checkpoint(own), func(c *proof.Checkpoint) { c.At = c.At.Add(time.Hour) }), proof.Holds},
		"of the same size, other root":  {sign(rewritten.checkpoint(own), unchanged), proof.Fails},
		"smaller later":                 {sign(l.checkpoint(own-1), func(c *proof.Checkpoint) { c.At = c.At.Add(time.Hour) }), proof.Fails},
		"smaller earlier":               {sign(l.checkpoint(own-1), unchanged), proof.Unknown},
		"larger, no proof":              {[]byte(l.sign(12)), proof.Unknown},
		"larger, earlier, no proof":     {sign(l.checkpoint(12), func(c *proof.Checkpoint) { c.At = c.At.Add(-time.Hour) }), proof.Fails},
		"larger, with proof":            {l.published(12, own), proof.Holds},
		"larger, proof of another size": {l.published(12, own-1), proof.Unknown},
		"larger, proof is wrong":        {published(12, own, func(p *proof.Published) { p.Consistency[0][0] ^= 1 }), proof.Fails},
		"larger, proof too short":       {published(12, own, func(p *proof.Published) { p.Consistency = p.Consistency[1:] }), proof.Fails},
		"larger, proof too long": {published(12, own, func(p *proof.Published) {
			p.Consistency = append(p.Consistency, p.Consistency[0])
		}), proof.Fails},
		"larger, hash too short":  {published(12, own, func(p *proof.Published) { p.Consistency[0] = p.Consistency[0][1:] }), proof.Fails},
		"larger, proof is empty":  {published(12, own, func(p *proof.Published) { p.Consistency = nil }), proof.Fails},
		"of a rewritten log":      {rewritten.published(12, own), proof.Fails},
		"signed by another key":   {[]byte(stranger.Sign(l.checkpoint(12))), proof.Fails},
		"of another log":          {[]byte(elsewhere.Sign(l.checkpoint(12))), proof.Fails},
		"nothing":                 {nil, proof.Fails},
		"no note":                 {[]byte("hello"), proof.Fails},
		"JSON of something else":  {[]byte("{}"), proof.Fails},
		"JSON that ends early":    {[]byte(`{"checkpoint":`), proof.Fails},
		"a size below nought":     {published(12, own, func(p *proof.Published) { p.From = -1 }), proof.Unknown},
		"an absurd size to start": {published(12, own, func(p *proof.Published) { p.From = 1 << 52 }), proof.Unknown},
	} {
		report := proof.Verify(file, proof.Against{Later: [][]byte{c.later}})
		if got := report.Of(proof.ClaimLater); got != c.want || report.Holds() != (c.want == proof.Holds) {
			t.Errorf("%s: %q, want %q; %+v", name, got, c.want, report.Claims[len(report.Claims)-1])
		}
	}
}

// rewrittenLog is as long as the full one, and somebody changed an early leaf of it.
func rewrittenLog() *tree {
	l := &tree{}
	for i, d := range deeds() {
		if i == 3 {
			d.statement.Declaration.(*proof.DecisionDeclared).Answer = "none"
		}
		l.add(d)
	}
	return l
}

// The server's clock was an hour back when the later checkpoint was signed. A proof outweighs that.
func TestAProofOutweighsAClockThatWasSetBack(t *testing.T) {
	l := fullLog()
	later := l.checkpoint(12)
	later.At = later.At.Add(-time.Hour)
	p := must(proof.ParsePublished(l.published(12, 9)))
	p.Checkpoint = signer().Sign(later)
	holds(t, fileOf(t, l.receipt(4, 9)), proof.Against{Later: [][]byte{must(p.MarshalIndent())}})
}

func TestOfSeveralLaterCheckpointsTheWorstCounts(t *testing.T) {
	l := fullLog()
	file := fileOf(t, l.receipt(4, 9))
	good, bad := l.published(12, 9), rewrittenLog().published(12, 9)
	for _, later := range [][][]byte{{good, bad}, {bad, good}, {good, bad, good}} {
		report := proof.Verify(file, proof.Against{Later: later})
		if report.Holds() || report.Of(proof.ClaimLater) != proof.Fails {
			t.Errorf("%+v", report.Claims)
		}
	}
	if got := holds(t, file, proof.Against{Later: [][]byte{good, good}}).Of(proof.ClaimLater); got != proof.Holds {
		t.Errorf("two that continue: %q", got)
	}
	unsigned := l.receipt(4, 9)
	unsigned.Checkpoint = strings.Replace(unsigned.Checkpoint, "\n9\n", "\n8\n", 1)
	if got := proof.Verify(fileOf(t, unsigned), proof.Against{Later: [][]byte{good}}).Of(proof.ClaimLater); got != proof.Unknown {
		t.Errorf("compared with a checkpoint that does not hold: %q", got)
	}
}

func TestConsistencyIsCheckedBetweenCheckpoints(t *testing.T) {
	l := fullLog()
	path := proof.HashesOf(must(tlog.ProveTree(12, 5, l)))
	if err := proof.CheckConsistency(path, l.checkpoint(5), l.checkpoint(12)); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"the wrong way round": proof.CheckConsistency(path, l.checkpoint(12), l.checkpoint(5)),
		"from nothing":        proof.CheckConsistency(nil, proof.Checkpoint{}, l.checkpoint(5)),
		"of another log":      proof.CheckConsistency(path, rewrittenLog().checkpoint(5), l.checkpoint(12)),
	} {
		if err == nil {
			t.Errorf("%s is consistent", name)
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
