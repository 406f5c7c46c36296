package notice_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/testkit"
)

// browsers are a channel that counts.
type heldPush struct{ delivered int }

func (*heldPush) Name() notify.ChannelName { return notify.Push }

func (b *heldPush) Deliver(context.Context, string, notify.Message) (notify.Outcome, error) {
	b.delivered++
	return notify.Outcome{Host: "push.example"}, nil
}

// In quiet hours push waits, and mail does not wait for it; each comes once.
func TestAChannelThatIsHeldHoldsNoOther(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		devices := &heldPush{}
		opens := env.Clock.Now().Add(9 * time.Hour)
		w.notify.WithChannel(devices).WithWhen(func(_ context.Context, by notify.ChannelName, _ notify.Message, now time.Time) (time.Time, error) {
			if by == notify.Push && now.Before(opens) {
				return opens, nil
			}
			return now, nil
		})
		m := notify.Message{Event: "decision:x", Kind: notify.AnswerRecorded, Person: id.GuardianOf(w.mother.ID)}
		w.Write(func(tx *db.Tx) error { return notify.Tell(tx, m) })
		if mails := w.work(); len(mails) != 1 || devices.delivered != 0 {
			t.Errorf("%d mails, %d by push", len(mails), devices.delivered)
		}
		env.Clock.Advance(9*time.Hour - time.Second)
		if mails := w.work(); len(mails) != 0 || devices.delivered != 0 {
			t.Errorf("a second before: %d mails, %d by push", len(mails), devices.delivered)
		}
		env.Clock.Advance(time.Second)
		for range 2 {
			if mails := w.work(); len(mails) != 0 || devices.delivered != 1 {
				t.Errorf("at the hour: %d mails, %d by push", len(mails), devices.delivered)
			}
		}
		if counts := w.overview().Counts; len(counts) != 2 {
			t.Errorf("%+v", counts)
		}
	})
}

var errCalendar = errors.New("the calendar is away")

// Whoever cannot tell whether it is night sends nothing, and tries again.
func TestAQuietHourThatIsUnknownIsTriedAgain(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	devices := &heldPush{}
	w.notify.WithChannel(devices).WithWhen(func(context.Context, notify.ChannelName, notify.Message, time.Time) (time.Time, error) {
		return time.Time{}, errCalendar
	})
	m := notify.Message{Event: "decision:x", Kind: notify.AnswerRecorded, Person: id.GuardianOf(w.father.ID)}
	if err := w.notify.Deliver(w.Ctx, m); !errors.Is(err, errCalendar) || devices.delivered != 0 {
		t.Errorf("%v, %d by push", err, devices.delivered)
	}
}

// knownPush is heldPush that knows beforehand whether it leads to anybody.
type knownPush struct {
	heldPush
	leads bool
}

func (b *knownPush) Reaches(*db.Tx, notify.Message) (bool, error) { return b.leads, nil }

// What leads to nobody is neither tried nor written down; what has been begun is, and keeps its outcome.
func TestAChannelThatLeadsToNobodyIsPassedOver(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		devices := &knownPush{}
		w.notify.WithChannel(devices)
		first := notify.Message{Event: "decision:1", Kind: notify.AnswerRecorded, Person: id.GuardianOf(w.mother.ID)}
		must(t, w.notify.Deliver(w.Ctx, first))
		if counts := w.overview().Counts; devices.delivered != 0 || len(counts) != 1 || counts[0].Channel != notify.Mail {
			t.Errorf("tried %d times, %+v", devices.delivered, counts)
		}
		second := first
		second.Event = "decision:2"
		devices.leads = true
		must(t, w.notify.Deliver(w.Ctx, second))
		devices.leads = false
		must(t, w.notify.Deliver(w.Ctx, second))
		if counts := w.overview().Counts; devices.delivered != 1 || len(counts) != 2 {
			t.Errorf("tried %d times, %+v", devices.delivered, counts)
		}
	})
}
