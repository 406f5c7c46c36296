package meeting

import (
	"errors"
	"testing"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/fault"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestASeriesKeepsItsTimeOfDay(t *testing.T) {
	zone := berlin(t)
	for name, test := range map[string]struct {
		first  time.Time
		weekly Weekly
		want   []string // in UTC
	}{
		"over the end of summer time": {
			time.Date(2026, 10, 19, 8, 0, 0, 0, zone), Weekly{Until: calendar.MustParse("2026-11-02")},
			[]string{"2026-10-19T06:00:00Z", "2026-10-26T07:00:00Z", "2026-11-02T07:00:00Z"},
		},
		"over its beginning": {
			time.Date(2027, 3, 22, 8, 0, 0, 0, zone), Weekly{Until: calendar.MustParse("2027-03-29")},
			[]string{"2027-03-22T07:00:00Z", "2027-03-29T06:00:00Z"},
		},
		"at an hour that is skipped": {
			time.Date(2027, 3, 21, 2, 30, 0, 0, zone), Weekly{Until: calendar.MustParse("2027-03-28")},
			[]string{"2027-03-21T01:30:00Z", "2027-03-28T01:30:00Z"},
		},
		"from 29 February": {
			time.Date(2028, 2, 29, 9, 0, 0, 0, zone), Weekly{Until: calendar.MustParse("2028-03-14")},
			[]string{"2028-02-29T08:00:00Z", "2028-03-07T08:00:00Z", "2028-03-14T08:00:00Z"},
		},
		"with exceptions, the first day among them": {
			time.Date(2026, 12, 14, 8, 0, 0, 0, zone),
			Weekly{Until: calendar.MustParse("2027-01-11"), Except: []calendar.Date{
				calendar.MustParse("2026-12-14"), calendar.MustParse("2026-12-28"), calendar.MustParse("2027-01-05"), calendar.MustParse("2027-01-11"),
			}},
			[]string{"2026-12-21T07:00:00Z", "2027-01-04T07:00:00Z"},
		},
		"to the end of the school year": {
			time.Date(2027, 7, 17, 8, 0, 0, 0, zone), Weekly{},
			[]string{"2027-07-17T06:00:00Z", "2027-07-24T06:00:00Z", "2027-07-31T06:00:00Z"},
		},
		"on the day of a late evening in UTC": { // 00:30 on the 1st in Berlin
			time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC), Weekly{Until: calendar.MustParse("2026-12-08"), Except: []calendar.Date{calendar.MustParse("2026-12-01")}},
			[]string{"2026-12-07T23:30:00Z"},
		},
	} {
		got, err := test.weekly.occurrences(test.first, zone)
		if err != nil || len(got) != len(test.want) {
			t.Errorf("%s: %v, %v", name, got, err)
			continue
		}
		for i, at := range got {
			if at.UTC().Format(time.RFC3339) != test.want[i] {
				t.Errorf("%s: %d is %s, want %s", name, i, at.UTC(), test.want[i])
			}
		}
	}
}

func TestAWholeSchoolYearHas53WeeksAtMost(t *testing.T) {
	zone := berlin(t)
	for year := 2024; year < 2034; year++ {
		for weekday := range 7 {
			got, err := Weekly{}.occurrences(time.Date(year, 8, 1+weekday, 8, 0, 0, 0, zone), zone)
			if err != nil || len(got) < 52 || len(got) > 53 {
				t.Fatalf("%d: %d, %v", year, len(got), err)
			}
		}
	}
}

func TestASeriesThatCannotBe(t *testing.T) {
	zone := berlin(t)
	first := time.Date(2026, 11, 30, 8, 0, 0, 0, zone)
	for name, test := range map[string]struct {
		weekly Weekly
		field  string
	}{
		"400 weeks":              {Weekly{Until: calendar.MustParse("2034-07-31")}, "weekly.until"},
		"into the next year":     {Weekly{Until: calendar.MustParse("2027-08-01")}, "weekly.until"},
		"ends before it begins":  {Weekly{Until: calendar.MustParse("2026-11-29")}, "weekly.until"},
		"of excepted days alone": {Weekly{Until: calendar.MustParse("2026-12-01"), Except: []calendar.Date{calendar.MustParse("2026-11-30")}}, "weekly.except"},
	} {
		_, err := test.weekly.occurrences(first, zone)
		wantField(t, name, err, test.field)
	}
}

func wantField(t *testing.T, name string, err error, field string) {
	t.Helper()
	var found *fault.Error
	if !errors.As(err, &found) || len(found.Fields) != 1 || found.Fields[0].Name != field {
		t.Errorf("%s: %v, want the field %s", name, err, field)
	}
}
