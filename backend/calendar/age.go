package calendar

import "time"

// DayOfAge is the day on which a person born on the given day reaches the age: by German law the day of
// birth counts in full (BGB § 187 para. 2), so the age is reached as its birthday begins (§ 188 para. 2).
// Where a year has no 29 February the year of life ends with the 28th (§ 188 para. 3), and whoever was born
// on a 29 February reaches the age on 1 March. It is unknown when the birth is, and for a negative age.
func DayOfAge(birth Date, age int) Date {
	if birth.IsZero() || age < 0 || age > lastYear {
		return Date{}
	}
	return birth.AddYears(age)
}

// AddYears is the same day n years later, in the sense of DayOfAge: 29 February becomes 1 March in a year
// that has none.
func (d Date) AddYears(n int) Date {
	if d.IsZero() || n > lastYear || n < -lastYear {
		return Date{}
	}
	year := d.Year() + n
	if d.Month() == time.February && d.Day() == 29 && !isLeap(year) {
		return On(year, time.March, 1)
	}
	return On(year, d.Month(), d.Day())
}

// AgeOn is the completed years of life on a day. ok is false when either day is unknown or the birth is yet
// to come.
func AgeOn(birth, day Date) (age int, ok bool) {
	if birth.IsZero() || day.IsZero() || day.Before(birth) {
		return 0, false
	}
	age = day.Year() - birth.Year()
	if day.Before(DayOfAge(birth, age)) {
		age--
	}
	return age, true
}
