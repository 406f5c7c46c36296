package participation

import "einverstanden/backend/calendar"

// until is the first day after today on which the answer may differ although nothing happens: an age is
// reached, a guardianship, schooling or sanction begins or has ended, a version comes into force. It may
// name a day on which nothing differs after all, never too late a day.
func (v *view) until() calendar.Date {
	f := v.facts
	e := earliest{after: f.Today}
	e.consider(v.beside)
	e.consider(v.alone)
	e.consider(f.Birth)
	for i := range f.Versions {
		e.consider(f.Versions[i].InForce)
	}
	for i := range f.Guardianships {
		e.consider(f.Guardianships[i].Days.NextChange(f.Today))
	}
	for i := range f.Schoolings {
		e.consider(f.Schoolings[i].Days.NextChange(f.Today))
	}
	for i := range f.Sanctions {
		if !f.Sanctions[i].EndedEarly {
			e.consider(f.Sanctions[i].Days.NextChange(f.Today))
		}
	}
	return e.day
}

// earliest is the first of the days considered that lies after the given one.
type earliest struct {
	after calendar.Date
	day   calendar.Date
}

func (e *earliest) consider(day calendar.Date) {
	if day.After(e.after) && (e.day.IsZero() || day.Before(e.day)) {
		e.day = day
	}
}
