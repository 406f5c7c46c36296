package participation

import "einverstanden/backend/calendar"

// Change says whether a version asks everyone again.
type Change string

// The kinds of change. An unknown one is material.
const (
	Material  Change = "material"
	Editorial Change = "editorial"
)

// Policy says how many of those with a say must have agreed.
type Policy string

// The policies. An unknown one is All.
const (
	One Policy = "one" // "ich/wir": one yes, as long as nobody limits it
	All Policy = "all"
)

// Reaching says what happens on the day on which the pupil reaches an age at which the say changes.
type Reaching string

// What may happen on reaching an age. An unknown setting lets the earlier say end at once.
const (
	CarriesOn  Reaching = "carries_on" // as the day before, until the pupil answers
	EndsAtOnce Reaching = "ends_at_once"
)

// Ages says from which age the pupil decides. The zero value is unknown: then nobody has a say.
type Ages struct {
	BesideFrom int // from this age beside the guardians; 0: never beside them
	AloneFrom  int // from this age alone; 1 to 18, because nobody decides for an adult (BGB § 2)
	Reaching   Reaching
}

// AsTheLetter is the preset of the paper form: guardians until 18, from then on the pupil.
func AsTheLetter() Ages { return Ages{AloneFrom: 18, Reaching: CarriesOn} }

// FromFourteen is the preset that lets pupils grow into it: from 14 with the guardians, from 16 alone.
func FromFourteen() Ages { return Ages{BesideFrom: 14, AloneFrom: 16, Reaching: CarriesOn} }

// Valid reports whether the ages can be decided by.
func (a Ages) Valid() bool {
	return 1 <= a.AloneFrom && a.AloneFrom <= 18 && 0 <= a.BesideFrom && a.BesideFrom <= a.AloneFrom
}

// Version is one published version of the form. It never changes.
type Version struct {
	ID      string
	Number  int // counts from 1, in the order of publishing
	Edition int // counts from 1; NextEdition gives it when the version is published
	InForce calendar.Date
	Policy  Policy
	Ages    Ages
}

// NextEdition is the edition of a version that follows the previous one: a new edition when the change is
// material, and also when it alters who has a say or how many must agree, whatever it calls itself. A
// guardian who agreed under one set of terms has not agreed under another.
func NextEdition(previous Version, change Change, policy Policy, ages Ages) int {
	if change == Editorial && policy == previous.Policy && ages == previous.Ages {
		return previous.Edition
	}
	return previous.Edition + 1
}

// Edition is what the versions since the last material one have in common.
type Edition struct {
	Number int
	Since  calendar.Date // the day on which its first version came into force
	Policy Policy
	Ages   Ages
}

// EditionOn is the edition in force on a day: the highest that any version in force belongs to. Editions
// never come back: a version of a lower edition with a later date is passed over, since it would make yeses
// count again that had ended. ok is false when no version is in force.
//
// The terms are those of the version that opened the edition. NextEdition keeps those of its later versions
// equal; if they differed nevertheless, they would not apply, because nobody was asked about them.
func EditionOn(versions []Version, day calendar.Date) (edition Edition, ok bool) {
	var opener *Version
	for i := range versions {
		v := &versions[i]
		if v.isInForce(day) && (opener == nil || v.opensBefore(opener)) {
			opener = v
		}
	}
	if opener == nil {
		return Edition{}, false
	}
	return Edition{
		Number: opener.Edition,
		Since:  opener.InForce,
		Policy: opener.Policy,
		Ages:   opener.Ages,
	}, true
}

// isInForce reports whether the version's date has come. A version without a date or an edition is a draft.
func (v *Version) isInForce(day calendar.Date) bool {
	return v.Edition > 0 && !v.InForce.IsZero() && !day.IsZero() && !day.Before(v.InForce)
}

// opensBefore reports whether v rather than other is the version that opened the edition in force: that of
// the higher edition, within one edition the first.
func (v *Version) opensBefore(other *Version) bool {
	if v.Edition != other.Edition {
		return v.Edition > other.Edition
	}
	return v.Number < other.Number
}
