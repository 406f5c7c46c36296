package proof

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Against is what a receipt is compared with beyond itself.
type Against struct {
	// Key is the school's key as it publishes it; empty: not compared.
	Key string
	// Later are checkpoints of the same log from elsewhere: signed notes or the JSON of Published.
	Later [][]byte
}

// About is what a receipt is about, as far as it could be read. Nothing of it is proven by being here.
type About struct {
	Statement  Statement
	SHA256     string // of the statement, hex
	Leaf       Leaf
	Checkpoint Checkpoint
	Key        Key
	Private    *Private
	Texts      []Text // as shown, then the German one
}

// Verify judges a receipt's JSON claim by claim. A claim that rests on one that fails is judged all the same where it
// can be: whoever reads the report sees what still holds.
func Verify(file []byte, against Against) Report {
	v := verifier{against: against}
	receipt, reformatted, err := DecodeReceipt(file)
	if err != nil {
		v.claim(ClaimFile, err)
		return v.report
	}
	if reformatted {
		err = errors.New("written in another form than it was handed out")
	}
	v.receipt = receipt
	v.claim(ClaimFile, err)
	v.statement()
	v.leaf()
	v.checkpoint()
	v.time()
	v.text()
	v.private()
	v.passkey()
	v.key()
	for _, later := range against.Later {
		v.later(later)
	}
	v.limits()
	return v.report
}

type verifier struct {
	receipt    Receipt
	against    Against
	report     Report
	known      bool // the statement could be read
	record     []byte
	signed     bool // the checkpoint could be read and its signature holds
	keyMatches bool
}

// claim notes what came of a claim: nil is Holds.
func (v *verifier) claim(id ClaimID, err error) {
	made := Claim{ID: id, State: Holds}
	if err != nil {
		made.State, made.Cause = Fails, err.Error()
	}
	v.report.Claims = append(v.report.Claims, made)
}

func (v *verifier) note(id ClaimID, state State, cause string) {
	v.report.Claims = append(v.report.Claims, Claim{ID: id, State: state, Cause: cause})
}

func (v *verifier) statement() {
	about := &v.report.About
	about.SHA256 = SHA256Hex(v.receipt.Statement)
	statement, err := DecodeStatement(v.receipt.Statement)
	v.known = err == nil
	about.Statement = statement
	v.claim(ClaimStatement, err)
}

func (v *verifier) leaf() {
	about := &v.report.About
	leaf, err := DecodeLeaf(v.receipt.Leaf)
	if err != nil {
		v.claim(ClaimCommitment, err)
		return
	}
	about.Leaf, v.record = leaf, v.receipt.Leaf
	switch {
	case len(v.receipt.Salt) != SaltSize:
		err = fmt.Errorf("a salt of %d bytes", len(v.receipt.Salt))
	case !bytes.Equal(leaf.Commit, Commitment(v.receipt.Salt, v.receipt.Statement)):
		err = errors.New("the leaf commits to another statement")
	}
	v.claim(ClaimCommitment, err)
	if v.known {
		v.claim(ClaimLeaf, agrees(leaf, about.Statement))
	}
}

func agrees(leaf Leaf, s Statement) error {
	if leaf.Kind != s.Kind {
		return errors.New("the leaf is of another kind")
	}
	if leaf.TextSHA256 != s.TextSHA256() {
		return errors.New("the leaf names another text")
	}
	return nil
}

func (v *verifier) checkpoint() {
	about := &v.report.About
	key, err := ParseKey(v.receipt.Key)
	if err != nil {
		v.claim(ClaimCheckpoint, err)
		return
	}
	about.Key = key
	about.Checkpoint, err = key.Open(v.receipt.Checkpoint)
	v.signed = err == nil
	v.claim(ClaimCheckpoint, err)
	if v.record != nil && about.Checkpoint.Origin != "" {
		v.claim(ClaimInclusion, v.included())
	}
}

func (v *verifier) included() error {
	hashes, err := treeProof(v.receipt.Inclusion)
	if err != nil {
		return err
	}
	c, leaf := v.report.About.Checkpoint, v.report.About.Leaf
	if leaf.Seq >= c.Size {
		return fmt.Errorf("leaf %d in a log of %d", leaf.Seq, c.Size)
	}
	if school, named := v.report.About.Statement.school(); named && c.Origin != OriginOf(school) {
		return errors.New("the statement is another school's than the log")
	}
	if err := tlog.CheckRecord(tlog.RecordProof(hashes), c.Size, c.Root, leaf.Seq, tlog.RecordHash(v.record)); err != nil {
		return errors.New("the path does not lead to the checkpoint's root")
	}
	return nil
}

// overlap is how far a leaf may be older or younger than what follows it without anybody having touched a clock: a
// change takes its instant when it begins, and lasts no longer than this.
const overlap = 3 * time.Second

func (v *verifier) time() {
	about := v.report.About
	recorded := about.Statement.RecordedAt()
	if !v.known || v.record == nil || !v.signed {
		return
	}
	switch at := time.UnixMicro(about.Leaf.At).UTC(); {
	case !recorded.Equal(at):
		v.claim(ClaimTime, errors.New("statement and leaf name different instants"))
	case about.Checkpoint.At.Before(at.Add(-overlap)):
		v.note(ClaimTime, Unknown, "the server's clock was set back in between")
	default:
		v.claim(ClaimTime, nil)
	}
}

// wantedText is what a receipt says of a text elsewhere.
type wantedText struct{ sha256, version, language string }

func (v *verifier) text() {
	var wanted []wantedText // as shown, then German; one when it was shown in German
	d, isDecision := v.report.About.Statement.Declaration.(*DecisionDeclared)
	if isDecision && d.TextSHA256 != "" {
		german := wantedText{v.report.About.Statement.TextSHA256(), string(d.FormVersion), German}
		wanted = slices.Compact([]wantedText{{d.TextSHA256, string(d.FormVersion), d.Language}, german})
	}
	if len(wanted) > 0 || len(v.receipt.Texts) > 0 {
		v.claim(ClaimText, v.compareTexts(wanted))
	}
}

func (v *verifier) compareTexts(wanted []wantedText) error {
	if len(v.receipt.Texts) != len(wanted) {
		return fmt.Errorf("%d texts, want %d", len(v.receipt.Texts), len(wanted))
	}
	for i, raw := range v.receipt.Texts {
		shown, err := decodeText(raw)
		if err != nil {
			return fmt.Errorf("text %d cannot be read", i+1)
		}
		if wanted[i] != (wantedText{SHA256Hex(raw), shown.FormVersion, shown.Language}) {
			return fmt.Errorf("text %d is another one", i+1)
		}
		v.report.About.Texts = append(v.report.About.Texts, shown)
	}
	return nil
}

func (v *verifier) private() {
	wanted := v.report.About.Statement.PrivateSHA256()
	private := v.receipt.Private
	switch {
	case private == nil && wanted == "":
		return
	case private == nil:
		v.note(ClaimPrivate, Withheld, "")
		return
	}
	v.report.About.Private = private
	hash, err := HashOf(private)
	if err == nil && (hash != wanted || len(private.Blind) != BlindSize) {
		err = errors.New("not what the statement names")
	}
	v.claim(ClaimPrivate, err)
}

func (v *verifier) passkey() {
	server, ok := v.report.About.Statement.Server.(*DecisionServer)
	if !ok {
		return
	}
	if (server.Means == MeansPasskey) != (server.Passkey != nil) {
		v.claim(ClaimPasskey, errors.New("the means says otherwise"))
		return
	}
	if server.Passkey == nil {
		return
	}
	declaration, err := Canonical(v.report.About.Statement.Declaration)
	if err == nil {
		_, err = server.Passkey.Verify(declaration)
	}
	v.claim(ClaimPasskey, err)
}

func (v *verifier) key() {
	if v.against.Key == "" {
		return
	}
	var err error
	if v.receipt.Key != v.against.Key {
		err = errors.New("the receipt names another key")
	}
	v.keyMatches = err == nil
	v.claim(ClaimKey, err)
}

func (v *verifier) limits() {
	if !v.keyMatches {
		v.report.Limits = append(v.report.Limits, LimitKey)
	}
	v.report.Limits = append(v.report.Limits, LimitPerson)
	if server, ok := v.report.About.Statement.Server.(*DecisionServer); ok && server.Means == MeansMail {
		v.report.Limits = append(v.report.Limits, LimitMail)
	}
	v.report.Limits = append(v.report.Limits, LimitClock, LimitLater)
}
