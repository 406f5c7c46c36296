package evidence

import (
	"bytes"
	"crypto/hmac"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// judged is what can be said of one leaf and its statement without the leaves around them.
type judged struct {
	there    bool // the leaf's row is
	sound    bool // the record agrees with its row and is a leaf
	leaf     proof.Leaf
	hash     tlog.Hash
	stands   bool // the statement's row is there
	attested *Attested
	vouched  bool // the statement agrees with all that the record says
	findings []Finding
}

// judge opens, decodes and compares one leaf with its statement. Either row may be missing.
func (l *Log) judge(school id.School, seq int64, row *leafRow, sealed *statementRow) (j judged) {
	if row != nil {
		j.there, j.hash = true, tlog.RecordHash(row.Record)
		j.judgeLeaf(seq, row)
	}
	if sealed != nil {
		j.stands = true
		j.judgeStatement(l, school, sealed)
	}
	return j
}

func (j *judged) judgeLeaf(seq int64, row *leafRow) {
	number := strconv.FormatInt(seq, 10)
	differs := func(column, detail string) {
		j.findings = append(j.findings, Finding{Kind: Changed, Table: "leaf", Row: number, Column: column, Leaf: seq, Detail: detail})
	}
	leaf, err := proof.DecodeLeaf(row.Record)
	if err != nil {
		differs("record", "is not a leaf")
		return
	}
	j.leaf = leaf
	if leaf.Seq != seq {
		differs("record", "has another number than its row")
	}
	if string(leaf.Kind) != row.Kind {
		differs("kind", "is not that of the record")
	}
	if leaf.At != row.At {
		differs("at", "is not that of the record")
	}
	j.sound = leaf.Seq == seq
}

// judgeStatement needs a sound leaf to say that the log vouches for the statement.
func (j *judged) judgeStatement(l *Log, school id.School, row *statementRow) {
	differs := func(column, detail string) {
		j.findings = append(j.findings, Finding{
			Kind: Changed, Table: "statement", Row: string(row.ID), Column: column, Leaf: row.LeafSeq, Detail: detail,
		})
	}
	body, err := l.vault.Open(place(school, "body", row.ID), row.Body)
	if err != nil {
		differs("body", "does not open at its place")
	}
	salt, saltErr := l.vault.Open(place(school, "salt", row.ID), row.Salt)
	if saltErr != nil {
		differs("salt", "does not open at its place")
	}
	private, privateErr := l.openPrivate(school, row)
	if privateErr != nil {
		differs("private", "does not open at its place")
	}
	if !j.sound || err != nil || saltErr != nil {
		return
	}
	if len(salt) != proof.SaltSize || !hmac.Equal(proof.Commitment(salt, body), j.leaf.Commit) {
		differs("body", "is another statement than the leaf commits to")
		return
	}
	statement, err := proof.ReadStatement(j.leaf.Kind, body)
	if err != nil {
		differs("body", "is not a statement of the leaf's kind")
		return
	}
	j.vouched = true
	if statement.TextSHA256() != j.leaf.TextSHA256 {
		j.vouched = false
		differs("body", "names another text than the leaf")
	}
	if !statement.RecordedAt().Equal(time.UnixMicro(j.leaf.At)) {
		j.vouched = false
		differs("body", "names another instant than the leaf")
	}
	if privateErr == nil && !belongTogether(private, statement) {
		differs("private", "is not the one that the statement names")
		private = nil
	}
	j.attested = &Attested{
		ID: row.ID, Leaf: row.LeafSeq, At: time.UnixMicro(j.leaf.At).UTC(), Statement: statement, Private: private,
	}
}

func (l *Log) openPrivate(school id.School, row *statementRow) (*proof.Private, error) {
	if row.Private == nil {
		return nil, nil
	}
	private := &proof.Private{}
	return private, l.vault.OpenJSON(place(school, "private", row.ID), row.Private, private)
}

func belongTogether(private *proof.Private, s proof.Statement) bool {
	if private == nil {
		return s.PrivateSHA256() == ""
	}
	hash, err := proof.HashOf(private)
	return err == nil && hash == s.PrivateSHA256()
}

// root is that of a log whose right edge this is (RFC 6962, section 2.1).
func (e edge) root() tlog.Hash {
	if len(e) == 0 {
		return emptyRoot
	}
	root := e[len(e)-1]
	for i := len(e) - 2; i >= 0; i-- {
		root = tlog.NodeHash(e[i], root)
	}
	return root
}

func sameHash(stored []byte, computed tlog.Hash) bool { return bytes.Equal(stored, computed[:]) }
