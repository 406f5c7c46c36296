// Package proof owns what anyone can check without us: the shapes of statements, leaves, checkpoints and receipts, how
// they are written as bytes, and the verifier. It is pure: no database, no network, no clock, so that
// `einverstanden verify` says the same on a machine that has never heard of the school.
//
// A Statement says what was done; its canonical JSON (see Canonical) is committed to, with 32 random bytes of salt, by a
// Leaf of the school's log. The log is a Merkle tree (RFC 6962); a Checkpoint is its size and root, signed (C2SP
// tlog-checkpoint on signed-note). A Receipt is one file that carries all of that for one statement. The shapes are
// described for others in schema/.
//
// What a receipt proves: these words were in the school's log when the checkpoint was signed, and were not changed
// since. What it does not: that the key belongs to the school (compare it with the one the school publishes), that the
// named person held the device, that the server's clock was right, or that nothing was decided later.
package proof
