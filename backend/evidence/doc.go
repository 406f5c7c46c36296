// Package evidence owns the proof of what was decided: statements and, for each school, an append-only log of
// commitments to them. Every decision, invalidation, sanction, hold, version, custody change, step of a letter and
// erasure appends its statement in the transaction of its effect, so that neither stands without the other.
//
// A statement is canonical JSON (see Canonical), sealed at rest together with 32 random bytes, its salt. The log holds
// a leaf for each: kind, instant, and HMAC-SHA-256(salt, statement). Without the salt nobody can try names and dates
// against a leaf, so erasing a person means deleting statement and salt; the leaf stays, and so do all other proofs.
// The leaves form a Merkle tree (RFC 6962) in the layout of golang.org/x/mod/sumdb/tlog, whose proofs anyone can check.
//
// The claim: once a checkpoint of the log has left the house, whoever holds it can show that a leaf before it was
// changed, removed or slipped in, by the operator included. The non-claims: before that, whoever can write the
// database can still write it anew; the log shows that a statement was recorded and when the server says it was, not
// that it is true; and nothing here is a qualified electronic signature.
//
// What a decision's declaration holds is package consent's affair, as is every other kind's its own domain's: this
// package hashes what it is given. Who did what inside the school is package audit's.
package evidence
