package calendar_test

import (
	"testing"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
)

func period(from, until string) calendar.Period {
	var p calendar.Period
	if from != "" {
		p.From = day(from)
	}
	if until != "" {
		p.Until = day(until)
	}
	return p
}

func TestBothBoundsLieInside(t *testing.T) {
	p := period("2026-03-02", "2026-03-06")
	for on, want := range map[string]bool{
		"2026-03-01": false, "2026-03-02": true, "2026-03-04": true, "2026-03-06": true, "2026-03-07": false,
	} {
		if got := p.Contains(day(on)); got != want {
			t.Errorf("%s: got %t", on, got)
		}
	}
}

func TestAnUnknownBoundIsOpen(t *testing.T) {
	if !period("", "2026-03-06").Contains(day("1950-01-01")) || period("", "2026-03-06").Contains(day("2026-03-07")) {
		t.Error("open at the front")
	}
	if !period("2026-03-02", "").Contains(day("2150-01-01")) || period("2026-03-02", "").Contains(day("2026-03-01")) {
		t.Error("open at the end")
	}
	if !period("", "").Contains(day("2026-03-02")) {
		t.Error("open on both sides")
	}
	if period("", "").Contains(calendar.Date{}) {
		t.Error("the unknown day lies in no period")
	}
}

func TestOverlaps(t *testing.T) {
	week := period("2026-03-02", "2026-03-06")
	for _, tt := range []struct {
		name  string
		other calendar.Period
		want  bool
	}{
		{"the last day is shared", period("2026-03-06", "2026-03-20"), true},
		{"the next day begins", period("2026-03-07", ""), false},
		{"ends on the eve", period("", "2026-03-01"), false},
		{"around", period("", ""), true},
		{"within", period("2026-03-04", "2026-03-04"), true},
		{"without days", period("2026-03-05", "2026-03-04"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if week.Overlaps(tt.other) != tt.want || tt.other.Overlaps(week) != tt.want {
				t.Errorf("want %t, both ways round", tt.want)
			}
		})
	}
}

func TestNextChangeIsTheFirstDayThatDiffers(t *testing.T) {
	bound := rapid.Custom(func(t *rapid.T) calendar.Date {
		if n := rapid.IntRange(-1, 40).Draw(t, "bound"); n >= 0 {
			return day("2026-02-10").AddDays(n)
		}
		return calendar.Date{}
	})
	rapid.Check(t, func(t *rapid.T) {
		p := calendar.Period{From: bound.Draw(t, "from"), Until: bound.Draw(t, "until")}
		today := day("2026-02-01").AddDays(rapid.IntRange(0, 60).Draw(t, "today"))
		var want calendar.Date
		for next := today.AddDays(1); next.Before(day("2026-06-01")); next = next.AddDays(1) {
			if p.Contains(next) != p.Contains(today) {
				want = next
				break
			}
		}
		if got := p.NextChange(today); got != want {
			t.Fatalf("%s to %s, on %s: got %s, want %s", p.From, p.Until, today, got, want)
		}
	})
}

func TestSchoolYear(t *testing.T) {
	for _, tt := range []struct{ on, label string }{
		{"2026-07-31", "2025/26"},
		{"2026-08-01", "2026/27"},
		{"2027-01-15", "2026/27"},
		{"1999-12-24", "1999/00"},
		{"2099-08-01", "2099/00"},
	} {
		if got := calendar.SchoolYearOf(day(tt.on)).String(); got != tt.label {
			t.Errorf("%s: got %s, want %s", tt.on, got, tt.label)
		}
	}
	year := calendar.SchoolYearOf(day("2026-11-23"))
	if got := year.Period(); got != period("2026-08-01", "2027-07-31") {
		t.Errorf("got %s to %s", got.From, got.Until)
	}
	if got := year.Next().String(); got != "2027/28" {
		t.Errorf("got %s", got)
	}
	unknown := calendar.SchoolYearOf(calendar.Date{})
	if unknown != 0 || unknown.String() != "" || !unknown.Period().IsEmpty() || unknown.Period().Contains(day("2026-01-01")) {
		t.Error("the unknown school year has no label and no days")
	}
}
