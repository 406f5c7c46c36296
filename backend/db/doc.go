// Package db owns the connection to the one database, SQLite or PostgreSQL, and the only ways to work in it:
//
//	Read   a consistent look at one school
//	Write  one change to one school: committed whole, with an audit entry or evidence, or not at all
//
// Both need a context that has entered a school (InSchool). On PostgreSQL the transaction then sees that school's
// rows alone (FORCE row level security under a role that owns nothing); an SQLite file holds exactly one school.
// What must be found before a school is known (the directory, counters of failed tries) is reached by Outside.
//
// On SQLite Write is a group committer: up to 32 closures share one COMMIT, each in its own savepoint with its own
// Now and its own audit check, because a synced commit costs more than the statements in it. On PostgreSQL each call
// is its own transaction under READ COMMITTED; a serialization failure or deadlock runs the closure again, so it must
// have no effect outside the transaction. Whatever should happen after a commit goes through Tx.AfterCommit.
//
// GORM serves as query builder alone. *gorm.DB leaves this package only towards the store.go files of the domains.
// Domain errors pass through unchanged; driver errors come back as a fault, or as one of ErrUnique and its kin.
package db
