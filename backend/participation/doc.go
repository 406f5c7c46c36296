// Package participation owns the one rule: how a pupil may take part in a video conference today, and why.
//
// Decide is pure and total. It reads no clock, does no I/O, never fails and never panics; whatever it is
// given, it answers, and what it does not know it decides in the strictest way. It is the only place where
// a mode is decided. Package standing gathers the Facts and is the only caller of Decide; package consent
// asks the smaller questions (WhoHasSay, StanceOf, SameStance, AnsweredMeanwhile, OpenAsks) before it
// records a decision. Who may see a reason is said here, on each Reason; whether the viewer is who they say
// they are is package authz's.
//
// The principle: raising needs a fresh yes of someone with a say; lowering is always possible, at once.
//
//	mode.go      none < audio < video
//	facts.go     what is known about one pupil on one day
//	edition.go   which text is in force, how many must agree, from which age the pupil decides
//	view.go      one look at the facts, shared by every question
//	say.go       whose decisions count on the day
//	stance.go    what one person's own decisions add up to
//	enough.go    whether the yeses suffice, and who is missing
//	decide.go    all causes together: Standing
//	reason.go    one cause, and who may see it
//	until.go     until when the answer holds by itself
//	ask.go       who is still to be asked
//
// Every cause that keeps a pupil from video is one Reason with a ceiling, and the mode is the lowest of the
// ceilings: there is no second path to a mode, and no mode without its reasons. The tests hold this over
// random sequences of events; truth_table.md shows the rule to people who do not read code.
package participation
