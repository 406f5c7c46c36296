package participation

import "einverstanden/backend/calendar"

// AskWhy says why a person is to be asked.
type AskWhy string

// Why a person is to be asked.
const (
	AskFirst       AskWhy = "first"         // they have not answered yet
	AskRenewed     AskWhy = "renewed"       // their yes no longer counts: a new edition, or a break
	AskAgain       AskWhy = "again"         // a decision of theirs was recorded wrongly
	AskComingOfAge AskWhy = "coming_of_age" // the pupil reaches, or has reached, an age of deciding
)

// Ask is one person who is to be asked.
type Ask struct {
	Person Person
	Why    AskWhy
	From   calendar.Date // the first day on which they can answer; unknown: today
}

// daysAheadOfAge is how long before reaching an age the pupil is asked.
const daysAheadOfAge = 60

// HasAnswered reports whether the person has nothing left to answer in the present edition. A no is an
// answer, also in the editions after it.
func HasAnswered(f Facts, person Person) bool {
	v := look(&f)
	return v.stance(person, v.now).Answered()
}

// OpenAsks is everyone with a say who has not answered, and the pupil who will have a say within 60 days.
// It is nil when there is nobody to ask, and for a pupil who has left. That a person is to be asked does
// not mean that the standing depends on them: under the policy One another's yes may suffice.
func OpenAsks(f Facts) []Ask {
	v := look(&f)
	if !v.hasSchooling() {
		return nil
	}
	var asks []Ask
	for _, person := range v.whoHasSay() {
		if s := v.stance(person, v.now); !s.Answered() {
			asks = append(asks, Ask{Person: person, Why: v.why(person, s)})
		}
	}
	for _, day := range [...]calendar.Date{v.beside, v.alone} {
		if ahead, ok := f.Today.DaysUntil(day); ok && 0 < ahead && ahead <= daysAheadOfAge {
			asks = append(asks, Ask{Person: v.pupil(), Why: AskComingOfAge, From: day})
		}
	}
	return asks
}

func (v *view) why(person Person, s Stance) AskWhy {
	switch {
	case person.Kind == Pupil && v.carried():
		return AskComingOfAge
	case s.YesInvalidated || s.Pending < Video:
		return AskAgain
	case s.Yes > None:
		return AskRenewed
	default:
		return AskFirst
	}
}
