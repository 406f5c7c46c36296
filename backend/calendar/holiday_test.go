package calendar_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/calendar"
)

func TestEaster(t *testing.T) {
	for _, want := range []string{
		"1818-03-22", "1943-04-25", "1961-04-02", "2000-04-23", "2008-03-23", "2024-03-31", "2025-04-20", "2026-04-05",
		"2027-03-28", "2028-04-16", "2038-04-25", "2285-03-22",
	} {
		if got := calendar.Easter(day(want).Year()); got != day(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// How many there are in each Land in 2026, and days by which the Länder and the years differ.
func TestPublicHolidaysOfEveryLand(t *testing.T) {
	counts := map[calendar.Land]int{
		"BW": 12, "BY": 12, "BE": 10, "BB": 12, "HB": 10, "HH": 10, "HE": 10, "MV": 11, "NI": 10, "NW": 11, "RP": 11, "SL": 12,
		"SN": 11, "ST": 11, "SH": 10, "TH": 11,
	}
	for _, land := range calendar.Laender {
		if got := len(calendar.PublicHolidays(land, 2026)); got != counts[land] {
			t.Errorf("%s has %d holidays, want %d: %v", land, got, counts[land], calendar.PublicHolidays(land, 2026))
		}
	}
	for _, tt := range []struct {
		land calendar.Land
		day  string
		want bool
	}{
		{"NW", "2026-01-01", true}, {"NW", "2026-01-06", false}, {"BW", "2026-01-06", true}, {"ST", "2027-01-06", true},
		{"BE", "2018-03-08", false}, {"BE", "2019-03-08", true}, {"MV", "2022-03-08", false}, {"MV", "2023-03-08", true},
		{"NW", "2026-04-03", true}, {"NW", "2026-04-05", false}, {"BB", "2026-04-05", true}, {"SH", "2026-04-06", true},
		{"BE", "2025-05-08", true}, {"BE", "2026-05-08", false}, {"BE", "2028-06-17", true},
		{"HH", "2026-05-14", true}, {"BB", "2026-05-24", true}, {"NI", "2026-05-25", true},
		{"NW", "2026-06-04", true}, {"HE", "2027-05-27", true}, {"TH", "2026-06-04", false},
		{"SL", "2026-08-15", true}, {"BY", "2026-08-15", false}, {"BY", "2026-08-08", false},
		{"TH", "2018-09-20", false}, {"TH", "2019-09-20", true}, {"RP", "2026-10-03", true},
		{"NW", "2017-10-31", true}, {"NW", "2018-10-31", false}, {"HB", "2017-10-31", true}, {"NI", "2018-10-31", true}, {"NI", "2016-10-31", false},
		{"SN", "2016-10-31", true}, {"NW", "2026-11-01", true}, {"HE", "2026-11-01", false},
		{"SN", "2026-11-18", true}, {"SN", "2025-11-19", true}, {"SN", "2027-11-17", true}, {"SN", "2028-11-22", true}, {"BY", "2026-11-18", false},
		{"", "2026-12-25", true}, {"", "2026-11-01", false}, {"NW", "2026-12-26", true}, {"NW", "2026-12-24", false},
	} {
		d := day(tt.day)
		if got := slices.Contains(calendar.PublicHolidays(tt.land, d.Year()), d); got != tt.want {
			t.Errorf("%s on %s: %t", tt.land, tt.day, got)
		}
	}
}

func TestSchoolDaysOfNordrheinWestfalen(t *testing.T) {
	days := calendar.SchoolDaysOf(calendar.NordrheinWestfalen)
	for text, want := range map[string]bool{
		"2025-08-26": false, "2025-08-27": true, // the first day of 2025/26
		"2026-05-26": false, "2026-09-01": false, "2026-09-02": true,
		"2026-10-16": true, "2026-10-19": false, "2026-10-30": false, "2026-11-02": true,
		"2026-11-28": false, "2026-11-29": false, "2026-11-30": true, // a weekend
		"2026-12-22": true, "2026-12-23": false, "2027-01-06": false, "2027-01-07": true,
		"2027-05-06": false, "2027-05-18": false, "2027-05-27": false, "2028-07-07": true, "2028-07-10": false,
	} {
		if got := days.IsSchoolDay(day(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
	if days.IsSchoolDay(calendar.Date{}) || days.IsFree(calendar.Date{}) {
		t.Error("the unknown day is neither a school day nor free")
	}
	if got := days.Before(day("2027-01-08"), 3); got != day("2026-12-21") {
		t.Errorf("three school days before 8 January: %s", got)
	}
}

func TestALandWithoutAFileKnowsItsPublicHolidays(t *testing.T) {
	days := calendar.SchoolDaysOf(calendar.Sachsen)
	if days.IsSchoolDay(day("2026-11-18")) || !days.IsSchoolDay(day("2026-12-23")) {
		t.Error("Saxony keeps its own public holidays, and the program ships none of its school holidays")
	}
}

func ical(lines ...string) string {
	return strings.Join(slices.Concat([]string{"BEGIN:VCALENDAR"}, lines, []string{"END:VCALENDAR", ""}), "\r\n")
}

func TestReadHolidays(t *testing.T) {
	file := ical("VERSION:2.0", "BEGIN:VEVENT", "SUMMARY:Herbst", " ferien", "DTSTART;VALUE=DATE:20261017", "DTEND;VALUE=DATE:20261101", "END:VEVENT",
		"BEGIN:VEVENT", "DTSTART;VALUE=DA", " TE:20270208", "END:VEVENT")
	got, err := calendar.ReadHolidays(strings.NewReader(file))
	want := []calendar.Period{{From: day("2026-10-17"), Until: day("2026-10-31")}, {From: day("2027-02-08"), Until: day("2027-02-08")}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	event := func(lines ...string) string {
		return ical(slices.Concat([]string{"BEGIN:VEVENT"}, lines, []string{"END:VEVENT"})...)
	}
	for name, bad := range map[string]string{
		"nothing":         "",
		"another file":    "name;class\n",
		"cut off":         "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261017\r\n",
		"no start":        event("SUMMARY:x"),
		"an instant":      event("DTSTART:20261017T000000Z"),
		"no such day":     event("DTSTART;VALUE=DATE:20260231"),
		"ends before":     event("DTSTART;VALUE=DATE:20261017", "DTEND;VALUE=DATE:20261017"),
		"a wrong year":    event("DTSTART;VALUE=DATE:20261017", "DTEND;VALUE=DATE:20271101"),
		"repeats":         event("DTSTART;VALUE=DATE:20261017", "RRULE:FREQ=YEARLY"),
		"after its end":   ical() + "BEGIN:VEVENT\r\n",
		"more than 1 MiB": ical("X-LONG:" + strings.Repeat("x\r\n ", 1<<19)),
	} {
		if got, err := calendar.ReadHolidays(strings.NewReader(bad)); !errors.Is(err, calendar.ErrHolidayFile) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}
