package reminder_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/id"
	"einverstanden/backend/reminder"
)

// A year of one person: when it is asked and answers, when the sender stood still, and everything that went out. It is
// planned for as the sender does it, from rows of asks and of the log.
type year struct {
	random  *rand.Rand
	person  id.Person
	contact reminder.Contact
	wanted  bool
	asks    []consent.Waiting
	rows    []reminder.LogRow
	answers map[id.Ask]time.Time
	due     map[id.Ask]calendar.Date
	log     []reminder.Next
}

const oneYear = 365 * 24 * time.Hour

var opening = at("2026-08-01 00:00")

// TestAYearOfReminders plays a school year for many people with children, answers, changes of channel, reminders by the
// office and outages. FAMILIES says how many: scripts/drill reminders plays 1,000.
func TestAYearOfReminders(t *testing.T) {
	families := 200
	if n, err := strconv.Atoi(os.Getenv("FAMILIES")); err == nil {
		families = n
	}
	years := make([]*year, families)
	var playing sync.WaitGroup
	processors := runtime.GOMAXPROCS(0)
	for first := range processors {
		playing.Go(func() {
			for seed := first; seed < families; seed += processors {
				years[seed] = newYear(uint64(seed))
				years[seed].play()
			}
		})
	}
	playing.Wait()
	sent := 0
	for seed, y := range years {
		sent += len(y.log)
		if fault := y.fault(); fault != "" {
			t.Fatalf("family %d: %s", seed, fault)
		}
	}
	if sent < 8*families {
		t.Errorf("only %d messages to %d families: the year tests nothing", sent, families)
	}
	t.Logf("%d messages to %d families", sent, families)
}

func newYear(seed uint64) *year {
	y := &year{random: rand.New(rand.NewPCG(seed, 17)), answers: map[id.Ask]time.Time{}, due: map[id.Ask]calendar.Date{}}
	y.person = id.GuardianOf(id.Guardian(fmt.Sprint("guardian ", seed)))
	y.changeReach()
	if y.random.IntN(5) == 0 {
		y.contact.Hours = reminder.Hours{From: reminder.Clock(y.random.IntN(20 * 60)), Until: 24 * 60}
	}
	return y
}

func (y *year) changeReach() {
	y.contact.Reach = reminder.Reach{Push: y.random.IntN(3) == 0, Mail: y.random.IntN(5) > 0}
}

// ask makes one to three asks, as for siblings, with anything from no last day to six weeks; some are known days ahead.
func (y *year) ask(now time.Time) {
	today := calendar.Today(now, berlin)
	due := calendar.Date{}
	if n := y.random.IntN(45); n > 2 {
		due = today.AddDays(n)
	}
	for range 1 + y.random.IntN(3) {
		name := id.Ask(fmt.Sprint("ask ", len(y.asks)))
		y.due[name] = due
		y.asks = append(y.asks, consent.Waiting{
			ID: name, Person: y.person, AskedOn: today.AddDays(y.random.IntN(3)), Due: due, State: consent.AskOpen,
		})
		if y.random.IntN(2) == 0 {
			y.answers[name] = now.Add(time.Duration(y.random.IntN(20*24)) * time.Hour)
		}
	}
}

// recipient is the person as it is read at an instant; false when nothing waits for it.
func (y *year) recipient(now time.Time) (reminder.Recipient, bool) {
	var waiting []consent.Waiting
	for _, ask := range y.asks {
		if answered, ok := y.answers[ask.ID]; !ok || answered.After(now) {
			waiting = append(waiting, ask)
		}
	}
	y.contact.Stopped = now.After(opening.Add(oneYear * 9 / 10))
	all := reminder.Recipients(waiting, y.rows, map[id.Person]reminder.Contact{y.person: y.contact}, map[id.Person]bool{y.person: y.wanted}, now)
	if len(all) == 0 {
		return reminder.Recipient{}, false
	}
	return all[0], true
}

// plan is the next message, as the sender finds it.
func (y *year) plan(now time.Time) reminder.Next {
	r, waits := y.recipient(now)
	if !waits {
		y.wanted = false
		return reminder.Next{Reason: reminder.Answered}
	}
	next := reminder.Plan(r, nw, now)
	if next.Reason != "" {
		y.wanted = false
	}
	return next
}

// play moves from event to event. The sender looks once an hour, unless it stands still.
func (y *year) play() {
	now, end := opening, opening.Add(oneYear)
	nextAsk := now.Add(time.Duration(y.random.IntN(20*24)) * time.Hour)
	for now.Before(end) {
		if !now.Before(nextAsk) {
			y.ask(now)
			nextAsk = now.Add(time.Duration(1+y.random.IntN(30*24)) * time.Hour)
		}
		switch y.random.IntN(30) {
		case 0:
			y.changeReach()
		case 1:
			if r, waits := y.recipient(now); waits {
				y.wanted = reminder.Remind(r, nw, now).Reason == ""
			}
		case 2:
			now = now.Add(time.Duration(y.random.IntN(10*24)) * time.Hour) // an outage
		}
		next := y.plan(now)
		y.send(next, now)
		now = y.later(now, next, nextAsk)
	}
}

// later is the next hour at which something may happen.
func (y *year) later(now time.Time, next reminder.Next, nextAsk time.Time) time.Time {
	until := nextAsk
	if next.Reason == "" && next.At.Before(until) {
		until = next.At
	}
	for _, answered := range y.answers {
		if answered.After(now) && answered.Before(until) {
			until = answered
		}
	}
	return now.Add(max(time.Hour, until.Sub(now).Round(time.Minute)))
}

// send carries a plan out whose time has come within the hour, if it still stands then.
func (y *year) send(next reminder.Next, now time.Time) {
	if next.Reason != "" || next.At.Sub(now) >= time.Hour {
		return
	}
	at := next.At
	if next = y.plan(at); next.Reason != "" || next.At.After(at) {
		return
	}
	y.log = append(y.log, next)
	y.wanted = false
	for _, m := range next.Messages {
		y.rows = append(y.rows, reminder.LogRow{Ask: m.Ask, Person: y.person, Sent: reminder.Sent{Step: m.Step, At: next.At, Push: next.Push, Mail: next.Mail}})
	}
}

// fault says which rule the year broke; it knows the rules by itself, not from the planner.
func (y *year) fault() string {
	counted := map[id.Ask]int{}
	for i, next := range y.log {
		today := calendar.Today(next.At, berlin)
		if !next.Push && !next.Mail {
			return fmt.Sprint("a message by no channel: ", next)
		}
		if next.At.After(opening.Add(oneYear * 9 / 10)) {
			return fmt.Sprint("the person wanted none: ", next)
		}
		firstAlone := next.Mail && !next.Push
		for _, m := range next.Messages {
			if answered, ok := y.answers[m.Ask]; ok && !answered.After(next.At) {
				return fmt.Sprint("answered before: ", next)
			}
			if due := y.due[m.Ask]; today.After(due) {
				return fmt.Sprint("after the last day: ", next, due)
			}
			if m.Step != reminder.Announcement {
				counted[m.Ask]++
			}
			firstAlone = firstAlone && m.Step == reminder.First
		}
		if !firstAlone {
			if fault := tooMany(next.At, y.log[:i]); fault != "" {
				return fmt.Sprint(fault, next)
			}
		}
		if !y.isOpen(next) {
			return fmt.Sprint("in quiet hours or on a free day: ", next.At.In(berlin), next)
		}
	}
	for name, n := range counted {
		if n > 5 {
			return fmt.Sprintf("%d reminders of %s", n, name)
		}
	}
	return ""
}

func (y *year) isOpen(next reminder.Next) bool {
	local := next.At.In(berlin)
	today := calendar.Today(next.At, berlin)
	from, until := 8*60, 19*60
	if local.Weekday() == time.Saturday {
		from, until = 10*60, 18*60
		near := slices.ContainsFunc(next.Messages, func(m reminder.Message) bool {
			gap, ok := today.DaysUntil(y.due[m.Ask])
			return ok && gap >= 0 && gap <= 2
		})
		if !near {
			return false
		}
	}
	if own := y.contact.Hours; own.IsValid() {
		from, until = int(own.From), int(own.Until)
	}
	clock := local.Hour()*60 + local.Minute()
	return clock >= from && clock < until && local.Weekday() != time.Sunday && !nw.Days.IsFree(today)
}

// tooMany compares a message with the earlier ones: one a day, twenty hours apart, three in seven days.
func tooMany(at time.Time, earlier []reminder.Next) string {
	today, week := calendar.Today(at, berlin), 1
	for _, e := range earlier {
		gap, _ := calendar.Today(e.At, berlin).DaysUntil(today)
		if gap < 7 {
			week++
		}
		if gap == 0 || at.Sub(e.At) < 20*time.Hour {
			return "twice within a day: "
		}
	}
	if week > 3 {
		return "more than three in seven days: "
	}
	return ""
}
