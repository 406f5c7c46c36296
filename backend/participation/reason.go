package participation

// ReasonKind names a cause.
type ReasonKind string

// The causes that keep a pupil from taking part by video, and one that only informs (ToBeConfirmed).
const (
	Unclear       ReasonKind = "unclear"            // a fact that decides is missing or contradicts itself
	NotAtSchool   ReasonKind = "not_at_school"      // today lies outside the schooling's days
	NoForm        ReasonKind = "no_form"            // no version is in force
	BirthUnknown  ReasonKind = "birth_date_unknown" // so nobody can be said to have a say
	NobodyHasSay  ReasonKind = "nobody_has_say"     // no guardian with custody is known
	Unanswered    ReasonKind = "unanswered"         // this person's yes is needed and missing
	Refused       ReasonKind = "refused"            // this person answered no
	Withdrawn     ReasonKind = "withdrawn"          // this person withdrew the picture or everything
	SoundOnly     ReasonKind = "sound_only"         // this person answered yes to sound, and so no to the picture
	AskedAgain    ReasonKind = "asked_again"        // a limit recorded wrongly holds until this person answers
	Disputed      ReasonKind = "disputed"           // this person's yes is there, and does not suffice alone
	PupilBeside   ReasonKind = "pupil_beside"       // the pupil's yes beside guardians does not suffice alone
	ToBeConfirmed ReasonKind = "to_be_confirmed"    // an age was reached: as before, until the pupil answers
	OwnLimit      ReasonKind = "own_limit"          // the pupil's own
	Sanctioned    ReasonKind = "sanction"           // see Source
	TeacherLimit  ReasonKind = "teacher_limit"      // for this meeting
	Held          ReasonKind = "hold"               // see Source
)

// Audience is a set of those who may see a reason.
type Audience uint8

// Who may see. Nobody else does; in particular no guardian sees what another guardian did.
const (
	SeenByOffice  Audience = 1 << iota // office, head, dpo
	SeenByTeacher                      // the meeting's teacher
	SeenByPupil
	SeenByPerson // the person that the reason names
)

// Reason is one cause with the ceiling that it sets.
type Reason struct {
	Kind     ReasonKind
	Ceiling  Mode     // no higher than this; Video for a reason that only informs
	Person   Person   // whose doing or missing it is; the zero value when nobody's
	Source   string   // the id of the act, sanction or hold that it comes from; empty when from none
	Audience Audience // who may see it
}

// SeenBy reports whether anyone in the audience may see the reason.
func (r Reason) SeenBy(audience Audience) bool { return r.Audience&audience != 0 }

// SeenByThe reports whether the person may see it: because it is their own, or because they are the pupil
// and it is the pupil's to know.
func (r Reason) SeenByThe(person Person) bool {
	return r.SeenBy(SeenByPerson) && r.Person == person ||
		r.SeenBy(SeenByPupil) && person.Kind == Pupil
}

// audienceOf says who may see a cause. A dispute shows to the office alone: neither side learns of it here.
// The pupil's own limit is between pupil and teacher.
func audienceOf(kind ReasonKind) Audience {
	switch kind {
	case OwnLimit:
		return SeenByPupil | SeenByTeacher
	case TeacherLimit:
		return SeenByOffice | SeenByTeacher | SeenByPupil
	case Sanctioned:
		return SeenByOffice | SeenByPupil
	case Unanswered, Refused, Withdrawn, SoundOnly, AskedAgain, ToBeConfirmed, Held:
		return SeenByOffice | SeenByPerson
	default:
		return SeenByOffice
	}
}
