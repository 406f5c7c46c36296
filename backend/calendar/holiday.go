package calendar

import (
	"slices"
	"time"
)

// holidayRule is one public holiday: when it is, where, and in which years.
type holidayRule struct {
	on    func(year int) Date
	lands []Land // none: in all of them
	from  int    // first year; 0: as long as this program looks back
	until int    // last year; 0: still kept
}

func fixed(month time.Month, day int) func(int) Date {
	return func(year int) Date { return On(year, month, day) }
}

func afterEaster(days int) func(int) Date {
	return func(year int) Date { return Easter(year).AddDays(days) }
}

// holidayRules are the holidays of whole Länder by their laws. What is kept in single communities alone is left out: the
// Augsburg Peace Festival (8 August), Assumption in Bavaria (15 August, always in the summer holidays), Corpus Christi in
// parts of Saxony and Thuringia.
var holidayRules = []holidayRule{
	{on: fixed(time.January, 1)},
	{on: fixed(time.January, 6), lands: []Land{BadenWuerttemberg, Bayern, SachsenAnhalt}},
	{on: fixed(time.March, 8), lands: []Land{Berlin}, from: 2019},
	{on: fixed(time.March, 8), lands: []Land{MecklenburgVorpommern}, from: 2023},
	{on: afterEaster(-2)}, // Good Friday
	{on: afterEaster(0), lands: []Land{Brandenburg}},
	{on: afterEaster(1)},
	{on: fixed(time.May, 1)},
	{on: fixed(time.May, 8), lands: []Land{Berlin}, from: 2020, until: 2020},
	{on: fixed(time.May, 8), lands: []Land{Berlin}, from: 2025, until: 2025},
	{on: afterEaster(39)}, // Ascension
	{on: afterEaster(49), lands: []Land{Brandenburg}},
	{on: afterEaster(50)}, // Whit Monday
	{on: afterEaster(60), lands: []Land{BadenWuerttemberg, Bayern, Hessen, NordrheinWestfalen, RheinlandPfalz, Saarland}},
	{on: fixed(time.June, 17), lands: []Land{Berlin}, from: 2028, until: 2028},
	{on: fixed(time.August, 15), lands: []Land{Saarland}},
	{on: fixed(time.September, 20), lands: []Land{Thueringen}, from: 2019}, // Children's Day
	{on: fixed(time.October, 3), from: 1990},
	{on: fixed(time.October, 31), lands: []Land{Brandenburg, MecklenburgVorpommern, Sachsen, SachsenAnhalt, Thueringen}, from: 1990},
	{on: fixed(time.October, 31), from: 2017, until: 2017}, // 500 years of the Reformation, everywhere
	{on: fixed(time.October, 31), lands: []Land{Bremen, Hamburg, Niedersachsen, SchleswigHolstein}, from: 2018},
	{on: fixed(time.November, 1), lands: []Land{BadenWuerttemberg, Bayern, NordrheinWestfalen, RheinlandPfalz, Saarland}},
	{on: repentanceDay, lands: []Land{Sachsen}}, // everywhere until 1994
	{on: fixed(time.December, 25)},
	{on: fixed(time.December, 26)},
}

// repentanceDay is the Wednesday before 23 November.
func repentanceDay(year int) Date {
	for day := On(year, time.November, 22); ; day = day.AddDays(-1) {
		if weekday, ok := day.Weekday(); !ok || weekday == time.Wednesday {
			return day
		}
	}
}

// Easter is Easter Sunday of a year in the Gregorian calendar (Meeus, Jones and Butcher); unknown for a year that no date
// can write.
func Easter(year int) Date {
	a, b, c := year%19, year/100, year%100
	d := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	e := (32 + 2*(b%4) + 2*(c/4) - d - c%4) % 7
	f := d + e - 7*((a+11*d+22*e)/451) + 114
	return On(year, time.Month(f/31), f%31+1)
}

// PublicHolidays are those of a Land in a year, in order. Sundays are none, but for those that the law of the Land names.
func PublicHolidays(land Land, year int) []Date {
	var days []Date
	for _, rule := range holidayRules {
		kept := year >= rule.from && (rule.until == 0 || year <= rule.until)
		if kept && (len(rule.lands) == 0 || slices.Contains(rule.lands, land)) {
			days = append(days, rule.on(year))
		}
	}
	slices.SortFunc(days, Date.Compare)
	return slices.Compact(days)
}
