// Package intake owns class-list files: it reads what a school's own software exports, plans what a list
// would change, and carries the plan out. The first two halves are pure: no database, no HTTP, no clock.
//
//	Read     bytes of a file → List, or every fault of the file with its line and column
//	Make     what the school has, and a List → Plan: entry by entry, nothing done yet
//	Service  keeps a plan sealed for a day and carries it out in one transaction, all or nothing
//
// A plan is data. The office sees it first; then the entries that need no confirmation and those that were
// confirmed are done (Plan.Chosen), on a school that is still the one it was made for (Plan.Fits). Ids of
// new persons are made only then; inside a plan, entries refer to new guardians by index.
//
// What a list may never do (settled.md 10, abuse X11): delete anybody, hand one pupil's consent to another
// by way of a used import id, end a guardianship, or change a birth date across an age and the address of
// somebody who has answered without one confirmation for each. A guardian in a list is a contact of the
// school and no proof of custody.
//
// Columns that this package does not know are skipped while reading and are in no List and no Plan: real
// exports carry religion, nationality, disability and passwords.
package intake
