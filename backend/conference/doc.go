// Package conference speaks with conference servers of the kind BigBlueButton 2.7 and 3.0: it makes rooms, builds the
// addresses by which people join, ends rooms and asks who is in them. It knows no school, meeting or pupil.
//
// Calls are signed with SHA-256 over the exact bytes that are sent. Rooms are never recorded, whoever asks for it. An
// answer is XML of a known shape and a bounded size, or no answer at all. Each call ends within seconds; calls that may
// be repeated are, once; and a server that keeps failing is left alone for a while, so that nobody waits for it.
//
// Errors are fault codes: those of package outbound, ConferenceRefused where the server does not know our secret, and
// ConferenceFailed where it says that it could not. What it wrote is never part of one; its message key, stripped to
// letters, is the cause for the log.
package conference
