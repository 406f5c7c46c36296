package proof_test

import (
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/proof"
)

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
	unsigned.Checkpoint = must(proof.NewSigner(signer().Key().Origin, fixed("stranger", 32))).Sign(l.checkpoint(9))
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
