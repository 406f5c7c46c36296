// Package account owns who may come in: accounts with their roles and persons, sign-in by letter, by
// password and by passkey, the letters themselves, sessions and their tokens, and the counters that slow guessing down.
// Every way in stands in Ways and ends in a session that openSession writes.
//
// That a letter was issued, redeemed or made void is evidence: each step appends its statement in its own transaction.
//
// It leaves who is who to package school: a letter is for a person, of whom account keeps the kind and the id alone.
// What a role may do is package authz's; cookies and headers are package api's.
//
// Nothing that could be used to come in is kept: passwords as argon2id (RFC 9106), letter secrets as a keyed hash,
// refresh and device tokens as SHA-256. What is unknown and what is wrong get the same answer for the same work. That
// holds for one school; an e-mail address that two schools know costs two password hashes.
package account
