// Package privacy owns what people may ask of the data about them (GDPR Art. 12 to 22), of which erasure (Art. 17) is here:
// who is marked to be erased, who agreed, when it is due, what speaks against it, and the carrying out. Requests and
// their answers are not here yet.
//
// It knows the domains only as Subjects, which erase what they keep, and Keepers, which say why something must stay.
// Package app registers them. What a statement is and what remains of an erased one is package evidence's.
//
// A mark takes two members of staff, or the end of the retention; after 14 days, in which it can be cancelled, it is
// carried out, unless something speaks against it by then. Nothing is done by a clock that has jumped (abuse X23), and
// more than a twentieth of all people at once waits for the head. Decision 0020 says what goes and what stays.
package privacy
