package reminder_test

import (
	"slices"
	"testing"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/reminder"
)

var berlin = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}()

var (
	nw  = reminder.Calendar{Days: calendar.SchoolDaysOf(calendar.NordrheinWestfalen), Zone: berlin}
	day = calendar.MustParse
)

func at(text string) time.Time {
	instant, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
	if err != nil {
		panic(err)
	}
	return instant
}

// sends plays the messages to a recipient from an instant on, as the sender does: plan, wait, plan again, send.
func sends(r reminder.Recipient, c reminder.Calendar, from time.Time, most int) (sent []reminder.Next) {
	for range most {
		next := reminder.Plan(r, c, from)
		if next.Reason != "" {
			break
		}
		again := reminder.Plan(r, c, next.At)
		if again.Reason != "" || !again.At.Equal(next.At) || len(again.Messages) != len(next.Messages) {
			panic("the plan at the time of sending is another")
		}
		sent = append(sent, again)
		r.Asks = note(r.Asks, again)
		from = next.At.Add(time.Minute)
	}
	return sent
}

// note adds a message to the log of its asks.
func note(asks []reminder.Ask, next reminder.Next) []reminder.Ask {
	asks = slices.Clone(asks)
	for _, m := range next.Messages {
		for i := range asks {
			if asks[i].ID == m.Ask {
				asks[i].Sent = append(slices.Clone(asks[i].Sent), reminder.Sent{Step: m.Step, At: next.At, Push: next.Push, Mail: next.Mail})
			}
		}
	}
	return asks
}

func person(asks ...reminder.Ask) reminder.Recipient {
	return reminder.Recipient{Person: id.GuardianOf("mother"), Reach: reminder.Reach{Push: true, Mail: true}, Asks: asks}
}

func ask(name string, asked string, due string) reminder.Ask {
	a := reminder.Ask{ID: id.Ask(name), Pupil: id.Pupil("of " + name), AskedOn: day(asked)}
	if due != "" {
		a.Due = day(due)
	}
	return a
}

// The note's table: days from S, where every day is open.
func TestTheDaysOfTheCadence(t *testing.T) {
	asked := day("2026-02-02")
	for _, tt := range []struct {
		due  int // 0: none
		want []int
	}{
		{1, []int{0}},
		{2, []int{0, 1}},
		{3, []int{0, 2}},
		{4, []int{0, 1, 3}},
		{5, []int{0, 2, 4}},
		{7, []int{0, 4, 6}},
		{9, []int{0, 3, 6, 8}},
		{10, []int{0, 3, 7, 9}},
		{12, []int{0, 3, 7, 9, 11}},
		{14, []int{0, 3, 7, 11, 13}},
		{30, []int{0, 3, 23, 27, 29}},
		{0, []int{0, 3, 7}},
	} {
		a := reminder.Ask{ID: "ask", AskedOn: asked}
		if tt.due > 0 {
			a.Due = asked.AddDays(tt.due)
		}
		var got []int
		for _, on := range reminder.NominalDays(a) {
			n, _ := asked.DaysUntil(on)
			got = append(got, n)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("D=%d: got %v, want %v", tt.due, got, tt.want)
		}
	}
}

type sending struct {
	on     string
	step   reminder.Step
	mailed bool
	pushed bool
}

func shown(next reminder.Next) sending {
	return sending{
		on: next.At.In(berlin).Format("2006-01-02"), step: next.Messages[0].Step, mailed: next.Mail, pushed: next.Push,
	}
}

func check(t *testing.T, got []reminder.Next, want ...sending) {
	t.Helper()
	var all []sending
	for _, next := range got {
		all = append(all, shown(next))
	}
	if !slices.Equal(all, want) {
		t.Errorf("got  %v\nwant %v", all, want)
	}
}

func TestTwoWeeksByBothChannels(t *testing.T) {
	r := person(ask("a", "2026-11-09", "2026-11-23"))
	check(t, sends(r, nw, at("2026-11-09 07:00"), 9),
		sending{"2026-11-09", reminder.First, true, true},
		sending{"2026-11-12", reminder.Second, false, true},
		sending{"2026-11-16", reminder.Middle, true, true},
		sending{"2026-11-21", reminder.Last, true, true}, // D-1 is a Sunday; it moves to the Saturday, and takes D-3 along
	)
}

func TestWithoutPushEveryStepGoesByMail(t *testing.T) {
	r := person(ask("a", "2026-11-09", ""))
	r.Reach.Push = false
	check(t, sends(r, nw, at("2026-11-09 07:00"), 9),
		sending{"2026-11-09", reminder.First, true, false},
		sending{"2026-11-12", reminder.Second, true, false},
		sending{"2026-11-16", reminder.Middle, true, false})
}

func TestWhoIsAskedLaterIsToldTwoDaysBefore(t *testing.T) {
	check(t, sends(person(ask("a", "2026-11-12", "2026-11-13")), nw, at("2026-11-09 09:00"), 9),
		sending{"2026-11-10", reminder.Announcement, true, false}, sending{"2026-11-12", reminder.First, true, true})
}

// Christmas holidays in NRW, 23 December to 6 January: the first steps wait for their end, the last come before.
func TestHolidays(t *testing.T) {
	check(t, sends(person(ask("waits", "2026-12-22", "2027-01-12")), nw, at("2026-12-22 09:00"), 9),
		sending{"2026-12-22", reminder.First, true, true},
		sending{"2027-01-08", reminder.Before, true, true}, // D-3 is a Saturday; S+3 and D-7 merge into it
		sending{"2027-01-11", reminder.Last, false, true})
	check(t, sends(person(ask("earlier", "2026-12-14", "2026-12-28")), nw, at("2026-12-14 09:00"), 9),
		sending{"2026-12-14", reminder.First, true, true},
		sending{"2026-12-17", reminder.Second, false, true},
		sending{"2026-12-22", reminder.Last, true, true}, // D-7, D-3 and D-1 in one
	)
	if got := sends(person(ask("inside", "2026-12-24", "2027-01-05")), nw, at("2026-12-24 09:00"), 9); len(got) != 0 {
		t.Errorf("nothing goes out in the holidays, nor after the last day: %v", got)
	}
	saxony := reminder.Calendar{Days: calendar.SchoolDaysOf(calendar.Sachsen), Zone: berlin}
	check(t, sends(person(ask("repentance", "2026-11-18", "2026-11-20")), saxony, at("2026-11-18 09:00"), 9),
		sending{"2026-11-19", reminder.First, true, true})
}

// 17:00 by the wall clock before and after both changes of the clock.
func TestQuietHoursGoByTheWallClock(t *testing.T) {
	for _, asked := range []string{"2027-03-25", "2027-03-30", "2026-10-23", "2026-10-26", "2026-11-03", "2027-06-01"} {
		hessen := reminder.Calendar{Days: calendar.NewSchoolDays(calendar.Hessen, nil), Zone: berlin}
		for _, next := range sends(person(ask("a", asked, "")), hessen, day(asked).StartIn(berlin), 9) {
			local := next.At.In(berlin)
			if clock := local.Hour()*60 + local.Minute(); clock < 16*60+30 || clock > 17*60+30 {
				t.Errorf("asked on %s: %s", asked, local)
			}
		}
	}
}

func TestHoursAfterTheUsualTime(t *testing.T) {
	for now, want := range map[string]string{
		"2026-11-09 18:59": "2026-11-09 18:59", // still open
		"2026-11-09 19:00": "2026-11-10",
		"2026-11-14 11:00": "2026-11-16", // a Saturday, and the last day is not near
	} {
		got := reminder.Plan(person(ask("a", now[:10], "2026-11-27")), nw, at(now)).At.In(berlin).Format("2006-01-02 15:04")
		if got[:len(want)] != want {
			t.Errorf("at %s: planned for %s", now, got)
		}
	}
}

func TestOwnPreferencesWin(t *testing.T) {
	r := person(ask("a", "2026-11-09", ""))
	r.Preferences.Hours = reminder.Hours{From: 20 * 60, Until: 22 * 60}
	if next := reminder.Plan(r, nw, at("2026-11-09 09:00")); next.At.In(berlin).Hour() != 20 {
		t.Errorf("planned for %s", next.At)
	}
	r.Preferences.Stopped = true
	if next := reminder.Plan(r, nw, at("2026-11-09 09:00")); next.Reason != reminder.Stopped {
		t.Errorf("got %+v", next)
	}
}

// After an outage one message takes the place of all that were missed, and not the day before the next.
func TestMissedStepsCollapse(t *testing.T) {
	a := ask("a", "2026-11-02", "2026-11-16")
	a.Sent = []reminder.Sent{{Step: reminder.First, At: at("2026-11-02 17:00"), Mail: true}}
	check(t, sends(person(a), nw, at("2026-11-10 09:00"), 9), // S+3 and D-7 were missed
		sending{"2026-11-10", reminder.Middle, true, true},
		sending{"2026-11-14", reminder.Last, true, true})
	check(t, sends(person(a), nw, at("2026-11-13 18:00"), 9), // the day before the last step
		sending{"2026-11-14", reminder.Last, true, true})
}

func TestSiblingsAreOneMessage(t *testing.T) {
	r := person(ask("a", "2026-11-09", "2026-11-23"), ask("b", "2026-11-09", "2026-11-23"))
	for _, next := range sends(r, nw, at("2026-11-09 09:00"), 9) {
		if len(next.Messages) != 2 {
			t.Errorf("%s speaks of %d children", next.At, len(next.Messages))
		}
	}
}

// A place in the week is taken: the first message of another matter goes by mail, everything else waits and merges.
func TestTheCapsOfAPerson(t *testing.T) {
	a := ask("a", "2026-11-09", "")
	a.Settled = reminder.Answered
	a.Sent = []reminder.Sent{{Step: reminder.Last, At: at("2026-11-11 16:40"), Push: true}}
	b := ask("b", "2026-11-11", "")
	check(t, sends(person(a, b), nw, at("2026-11-11 16:45"), 9),
		sending{"2026-11-11", reminder.First, true, false},
		sending{"2026-11-16", reminder.Second, false, true}, // S+3 is a Saturday
		sending{"2026-11-18", reminder.Middle, true, true})

	for i := range 3 {
		a.Sent = append(a.Sent, reminder.Sent{Step: reminder.Manual, At: at("2026-11-11 16:40").AddDate(0, 0, -i), Push: true})
	}
	slices.Reverse(a.Sent)
	b.Sent = []reminder.Sent{{Step: reminder.First, At: at("2026-11-08 12:00")}}
	b.AskedOn = day("2026-11-08")
	check(t, sends(person(a, b), nw, at("2026-11-11 18:00"), 1),
		sending{"2026-11-16", reminder.Middle, true, true}) // the fourth in seven days waits until the 16th
}

func TestAManualReminderTakesThePlaceOfTheNext(t *testing.T) {
	a := ask("a", "2026-11-09", "2026-11-23")
	a.Sent = []reminder.Sent{{Step: reminder.First, At: at("2026-11-09 17:00"), Mail: true}}
	next := reminder.Remind(person(a), nw, at("2026-11-11 09:00"))
	if next.Reason != "" || next.Messages[0].Step != reminder.Manual || next.At.In(berlin).Format("2006-01-02") != "2026-11-11" {
		t.Fatalf("got %+v", next)
	}
	asks := note([]reminder.Ask{a}, next)
	check(t, sends(person(asks...), nw, at("2026-11-11 18:00"), 9), // S+3, the 12th, is gone
		sending{"2026-11-16", reminder.Middle, true, true},
		sending{"2026-11-21", reminder.Last, true, true})
	if again := reminder.Remind(person(asks...), nw, at("2026-11-11 18:00")); !again.At.After(at("2026-11-12 13:00")) {
		t.Errorf("the office cannot send twice a day: %s", again.At)
	}
}

func TestWhyNobodyIsReminded(t *testing.T) {
	now := at("2026-11-11 09:00")
	open := ask("a", "2026-11-09", "2026-11-23")
	with := func(change func(*reminder.Recipient)) reminder.Recipient {
		r := person(open)
		change(&r)
		return r
	}
	five := func(r *reminder.Recipient) {
		for i := range 5 {
			sent := reminder.Sent{Step: reminder.Manual, At: at("2026-10-01 17:00").AddDate(0, 0, i*5), Mail: true}
			r.Asks[0].Sent = append(r.Asks[0].Sent, sent)
		}
	}
	for want, r := range map[reminder.Reason]reminder.Recipient{
		reminder.Answered:        with(func(r *reminder.Recipient) { r.Asks[0].Settled = reminder.Answered }),
		reminder.AnsweredByOther: with(func(r *reminder.Recipient) { r.Asks[0].Settled = reminder.AnsweredByOther }),
		reminder.Superseded:      with(func(r *reminder.Recipient) { r.Asks[0].Settled = reminder.Superseded }),
		reminder.NoSay:           with(func(r *reminder.Recipient) { r.Asks[0].Settled = reminder.NoSay }),
		reminder.Over:            with(func(r *reminder.Recipient) { r.Asks[0].Due = day("2026-11-10") }),
		reminder.Stopped:         with(func(r *reminder.Recipient) { r.Preferences.Stopped = true }),
		reminder.NoChannel:       with(func(r *reminder.Recipient) { r.Reach = reminder.Reach{} }),
		reminder.Exhausted:       with(five),
	} {
		if next := reminder.Plan(r, nw, now); next.Reason != want || next.Push || next.Mail {
			t.Errorf("%s: got %+v", want, next)
		}
	}
}

func TestWhenASlipIsDue(t *testing.T) {
	for _, tt := range []struct{ asked, due, want string }{
		{"2026-11-02", "2026-11-16", "2026-11-09"},
		{"2026-11-30", "2027-01-08", "2026-12-17"}, // school days alone count
		{"2026-11-09", "2026-11-13", "2026-11-10"}, // short
		{"2026-11-09", "", "2026-11-23"},
	} {
		if got := reminder.SlipOn(ask("a", tt.asked, tt.due), nw); got != day(tt.want) {
			t.Errorf("%s to %s: %s, want %s", tt.asked, tt.due, got, tt.want)
		}
	}
}

func TestLastDaysInHolidaysAreNamed(t *testing.T) {
	for due, want := range map[string]bool{
		"2026-12-22": false, "2026-12-24": true, "2027-01-06": true, "2027-01-07": true, "2027-01-11": true, "2027-01-12": false,
		"2026-12-13": false, "2026-12-08": false,
	} {
		if got := reminder.IsAwkward(day(due), nw); got != want {
			t.Errorf("%s: %t", due, got)
		}
	}
}
