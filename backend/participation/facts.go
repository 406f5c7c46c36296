package participation

import "einverstanden/backend/calendar"

// Facts is all that is known about one pupil on one day, and about one meeting if there is one. Slices may
// be in any order, except that acts carry the number that the school's log gave them. The slices are read,
// never changed. The enumerations are words, as stored; an empty or unheard-of word is unknown and decides
// the strictest.
type Facts struct {
	Pupil string        // the pupil's id
	Today calendar.Date // in the school's zone; unknown: none
	Birth calendar.Date // unknown: nobody has a say

	Versions      []Version // published versions of the form for this purpose, also those not yet in force
	Schoolings    []Schooling
	Guardianships []Guardianship
	Acts          []Act // of every person, for this pupil and purpose

	Sanctions []Sanction
	Holds     []Hold // those in force; a settled one is left out
	OwnLimits []Mode // the pupil's own, until taken back or for this meeting; those taken back are left out

	Meeting Meeting // the zero value: no meeting, the modes of a class page
}

// PersonKind says who a person is to the pupil.
type PersonKind string

// The kinds of person.
const (
	Guardian PersonKind = "guardian"
	Pupil    PersonKind = "pupil"
)

// Person is whoever decides: a guardian, or the pupil. Ids are opaque.
type Person struct {
	Kind PersonKind
	ID   string
}

// LogNumber is a place in the school's log, which counts from 1. It alone orders acts: clocks can be wrong.
// 0 is before everything, or never.
type LogNumber int64

// ActKind says which sort of decision an act is.
type ActKind string

// The kinds of act. An unknown one is taken for a refusal.
const (
	Answer     ActKind = "answer"     // to a version's text: video, audio or none
	Withdrawal ActKind = "withdrawal" // of the picture or of everything
)

// Act is one decision by one person for the pupil. Who recorded it and through which channel does not
// matter here.
type Act struct {
	ID     string
	Number LogNumber
	Person Person
	Kind   ActKind

	// Reach is how far the act lets the pupil take part: of an answer, what was answered; of a withdrawal,
	// what it leaves (Audio: the picture was withdrawn, None: everything).
	Reach Mode

	Edition      int    // of an answer: the edition of the text it was given to
	Guardianship string // of a guardian: the guardianship under which it was given
	Schooling    string // the schooling for which it was given

	// Day is the civil day on which the school received the act. It never orders acts; it says at which age
	// the pupil was. Unknown: a yes that depends on it does not count.
	Day calendar.Date

	// Invalidated is the log number of the event that declared the act wrongly recorded; 0: it stands.
	Invalidated LogNumber
}

// Custody says whether a guardian may decide for the pupil (BGB §§ 1626, 1671).
type Custody string

// The kinds of custody. While one in force is unknown, the mode is none.
const (
	Joint     Custody = "joint"
	Sole      Custody = "sole"
	NoCustody Custody = "none"
)

// Basis says on what a custody rests. All three count until contradicted.
type Basis string

// The bases of custody. An unknown one has not been confirmed.
const (
	Assumed   Basis = "assumed"   // from the class list
	Declared  Basis = "declared"  // by the guardian while answering
	Confirmed Basis = "confirmed" // by the office
)

// Guardianship links one guardian to the pupil.
type Guardianship struct {
	ID        string
	Guardian  string
	Custody   Custody
	Basis     Basis
	Prevented bool // cannot exercise custody at present (BGB §§ 1673, 1674): does not count
	Disputed  bool // has a say, is needed, never suffices alone
	Days      calendar.Period

	// SaySince is the log number of the event since which the guardianship has given a say without a break:
	// custody regained, or prevented no longer. A yes before it does not count. 0: from its beginning, which
	// is right wherever a say regained is a guardianship of its own with its own id.
	SaySince LogNumber
}

// Schooling is one unbroken time at the school; who returns gets a new one with a new id.
type Schooling struct {
	ID   string
	Days calendar.Period
}

// Measure is what a sanction does.
type Measure string

// The measures. An unknown one excludes.
const (
	AudioOnly Measure = "audio_only"
	Excluded  Measure = "excluded"
)

// Sanction is a human decision that restricts a pupil who broke the rules.
type Sanction struct {
	ID         string
	Measure    Measure
	Days       calendar.Period // both days inside; without Until it does not end by itself
	EndedEarly bool            // somebody ended it: at once, whatever the days say
}

// Hold is a restriction (GDPR Art. 18) or objection (Art. 21) in force.
type Hold struct {
	ID     string
	Person Person // whoever asked for it; the zero value when nobody did
}

// MeetingKind says what sort of conference it is.
type MeetingKind string

// The kinds of meeting. An unknown one is no lesson.
const (
	Lesson     MeetingKind = "lesson"
	SmallGroup MeetingKind = "small_group"
	OneToOne   MeetingKind = "one_to_one"
)

// LegalBasis is that of the processing in a meeting (GDPR Art. 6).
type LegalBasis string

// The legal bases. An unknown one is consent.
const (
	Consent LegalBasis = "consent"
	Statute LegalBasis = "statute" // by the school law of the Land; lessons only
)

// Meeting is what the rule needs to know about one conference.
type Meeting struct {
	Kind          MeetingKind
	Basis         LegalBasis
	TeacherLimits []Mode // the teacher's, for this pupil in this meeting
}

// byStatute reports whether the pupil takes part by law and not by consent. Only lessons can.
func (m Meeting) byStatute() bool { return m.Basis == Statute && m.Kind == Lesson }
