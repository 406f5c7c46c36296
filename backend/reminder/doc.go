// Package reminder owns when somebody is reminded of an answer that is missing, by which channels, and when not: the
// cadence with its caps, quiet hours and holidays, who gets a printed slip, the log of what went out, and sending
// it. Planning is pure: it reads no clock and no database. Who is asked and has answered is consent's, how a message travels
// notify's, how a slip is handed out invite's.
//
// A no is an answer and is never reminded. Nothing here presses: at most five messages an ask, one a day, three a week.
package reminder
