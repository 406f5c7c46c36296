package evidence

import (
	"crypto/rand"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/vault"
)

// Log appends to the logs of all schools, each in its own transaction, and reads back. It is safe for use by many
// goroutines.
type Log struct {
	vault *vault.Vault
}

// NewLog needs the keys that statements and salts are sealed with.
func NewLog(v *vault.Vault) *Log { return &Log{vault: v} }

// Entry says where a statement stands in its school's log.
type Entry struct {
	StatementID     id.Statement
	Leaf            int64  // number in the log, from 0
	StatementSHA256 string // hex; for whoever knows the statement, never published: it could be tried out
	At              time.Time
}

// Append writes the statement and its leaf into the transaction, which may then be committed without an audit entry.
// private is what the statement names by hash; zero where its kind has none. The log's head stays locked until the
// transaction ends: append last, after every other lock.
func (l *Log) Append(tx *db.Tx, s proof.Statement, private Part) (Entry, error) {
	entries, err := l.append(tx, draft{s, private})
	if err != nil {
		return Entry{}, fmt.Errorf("append to the log: %w", err)
	}
	return entries[0], nil
}

// AppendAll is Append for any number of statements without a private part, in their order. However many there are, the
// head is locked and moved once.
func (l *Log) AppendAll(tx *db.Tx, statements []proof.Statement) ([]Entry, error) {
	drafts := make([]draft, len(statements))
	for i, s := range statements {
		drafts[i] = draft{statement: s}
	}
	entries, err := l.append(tx, drafts...)
	if err != nil {
		return nil, fmt.Errorf("append to the log: %w", err)
	}
	return entries, nil
}

// draft is a statement on its way into the log.
type draft struct {
	statement proof.Statement
	private   Part
}

func (l *Log) append(tx *db.Tx, drafts ...draft) ([]Entry, error) {
	if len(drafts) == 0 {
		return nil, nil
	}
	prepared := make([]prepared, len(drafts))
	for i, d := range drafts {
		var err error
		if prepared[i], err = l.prepare(tx, d); err != nil {
			return nil, err
		}
	}
	head, err := lockHead(tx) // everything slow is behind us: others wait from here on
	if err != nil {
		return nil, err
	}
	entries, err := store(tx, head, prepared)
	if err != nil {
		return nil, err
	}
	tx.MarkAudited()
	return entries, nil
}

// prepared is a statement that needs nothing but its place in the log.
type prepared struct {
	row    statementRow
	leaf   proof.Leaf // without number and clock step
	sha256 string
}

func (l *Log) prepare(tx *db.Tx, d draft) (p prepared, err error) {
	if err := d.private.belongs(d.statement); err != nil {
		return p, err
	}
	body, err := d.statement.Encode()
	if err != nil {
		return p, err
	}
	salt := make([]byte, proof.SaltSize)
	if _, err := rand.Read(salt); err != nil {
		return p, err
	}
	p.leaf = proof.Leaf{
		Kind: d.statement.Kind, Commit: proof.Commitment(salt, body), TextSHA256: d.statement.TextSHA256(), At: tx.Now.UnixMicro(),
	}
	p.sha256 = proof.SHA256Hex(body)
	p.row, err = l.seal(tx.School, body, salt, d.private)
	return p, err
}

// store gives the statements their places behind the head, and writes them with their leaves and hashes.
func store(tx *db.Tx, head logHead, drafts []prepared) ([]Entry, error) {
	edge, err := parseEdge(head.Size, head.Edge)
	if err != nil {
		return nil, err
	}
	var w written
	entries := make([]Entry, len(drafts))
	next := head
	for i, d := range drafts {
		leaf := follow(next, d.leaf)
		record, err := leaf.Encode()
		if err != nil {
			return nil, err
		}
		grown, stored := edge.grow(leaf.Seq, tlog.RecordHash(record))
		edge, next = grown, logHead{Size: leaf.Seq + 1, At: leaf.At}
		d.row.LeafSeq = leaf.Seq
		w.add(d.row, leaf, record, stored)
		entries[i] = Entry{StatementID: d.row.ID, Leaf: leaf.Seq, StatementSHA256: d.sha256, At: tx.Now}
	}
	next.Edge = edge.bytes()
	if err := w.insert(tx, tlog.StoredHashIndex(0, head.Size)); err != nil {
		return nil, err
	}
	return entries, moveHead(tx, next)
}

// overlap is how far a leaf may be older than the one before it without anybody having touched a clock: a change takes
// its instant when it begins and its leaf when it gets the log, and lasts no longer than this.
const overlap = int64(db.StatementTimeout / time.Microsecond)

// follow gives a leaf its place behind the head: the order of leaves is that of the log, whatever the clock says.
func follow(head logHead, leaf proof.Leaf) proof.Leaf {
	leaf.Seq = head.Size
	if back := head.At - leaf.At; head.Size > 0 && back > overlap {
		leaf.ClockStep = back
	}
	return leaf
}

// Sealed are the columns that hold sealed values.
var Sealed = []vault.Column{
	{Table: "statement", Column: "body", Row: "id"}, {Table: "statement", Column: "salt", Row: "id"},
	{Table: "statement", Column: "private", Row: "id"},
}

// place of a sealed column of a statement.
func place(school id.School, column string, statement id.Statement) vault.Place {
	return vault.Place{School: school, Table: "statement", Column: column, Row: string(statement)}
}

func (l *Log) seal(school id.School, body, salt []byte, private Part) (row statementRow, err error) {
	row = statementRow{SchoolID: school, ID: id.New[id.Statement]()}
	if row.Body, err = l.vault.Seal(place(school, "body", row.ID), body); err != nil {
		return row, err
	}
	if row.Salt, err = l.vault.Seal(place(school, "salt", row.ID), salt); err != nil || private.canonical == nil {
		return row, err
	}
	row.Private, err = l.vault.Seal(place(school, "private", row.ID), private.canonical)
	return row, err
}

// Statement gives the canonical JSON of a statement; fault.NothingHere when there never was one, fault.StatementErased
// when it was erased, vault.ErrSealBroken when it is not what was sealed. Whose it is, is for the caller to know first.
func (l *Log) Statement(tx *db.Tx, statement id.Statement) ([]byte, error) {
	rows, err := findByID(tx, statement)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, missing(tx, statement)
	}
	return l.vault.Open(place(tx.School, "body", statement), rows[0].Body)
}

// Entry gives a statement's place in the log; errors as of Statement.
func (l *Log) Entry(tx *db.Tx, statement id.Statement) (Entry, error) {
	rows, err := findByID(tx, statement)
	if err != nil {
		return Entry{}, err
	}
	if len(rows) == 0 {
		return Entry{}, missing(tx, statement)
	}
	return l.entry(tx, rows[0])
}

// EntriesAt gives the entries of the numbered leaves. Those whose statement was erased are missing from the answer.
func (l *Log) EntriesAt(tx *db.Tx, leaves ...int64) (map[int64]Entry, error) {
	rows, err := findByLeaf(tx, leaves...)
	if err != nil {
		return nil, err
	}
	entries := make(map[int64]Entry, len(rows))
	for _, row := range rows {
		if entries[row.LeafSeq], err = l.entry(tx, row); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// SHA256Of gives the hex SHA-256 of statements. Unknown and erased ones are missing from the answer.
func (l *Log) SHA256Of(tx *db.Tx, statements ...id.Statement) (map[id.Statement]string, error) {
	rows, err := findByID(tx, statements...)
	if err != nil {
		return nil, err
	}
	hashes := make(map[id.Statement]string, len(rows))
	for _, row := range rows {
		entry, err := l.entry(tx, row)
		if err != nil {
			return nil, err
		}
		hashes[row.ID] = entry.StatementSHA256
	}
	return hashes, nil
}

// entry opens the statement, because its hash is kept nowhere else.
func (l *Log) entry(tx *db.Tx, row placedStatement) (Entry, error) {
	body, err := l.vault.Open(place(tx.School, "body", row.ID), row.Body)
	if err != nil {
		return Entry{}, err
	}
	return Entry{
		StatementID: row.ID, Leaf: row.LeafSeq, StatementSHA256: proof.SHA256Hex(body), At: time.UnixMicro(row.At).UTC(),
	}, nil
}

// Record gives the bytes of a leaf, as the tree hashes them; fault.NothingHere beyond the end of the log.
func (l *Log) Record(tx *db.Tx, leaf int64) ([]byte, error) { return findRecord(tx, leaf) }

// Hashes reads the tree of the transaction's school, for the proofs of package tlog.
func (l *Log) Hashes(tx *db.Tx) tlog.HashReader {
	return tlog.HashReaderFunc(func(positions []int64) ([]tlog.Hash, error) { return findHashes(tx, positions) })
}

// Private gives the part of a statement that a shared copy leaves out; nil where its kind has none. Errors as of
// Statement.
func (l *Log) Private(tx *db.Tx, statement id.Statement) (*proof.Private, error) {
	sealed, err := findSealed(tx, statement)
	if err != nil || sealed.Private == nil {
		return nil, err
	}
	private := &proof.Private{}
	return private, l.vault.OpenJSON(place(tx.School, "private", statement), sealed.Private, private)
}
