package outbox

import (
	"errors"
	"time"

	"einverstanden/backend/fault"
)

// attempts is how often a job is tried. With the growing gaps the last one comes about a day after the first, so that a
// mail server that is away over night loses nothing.
const attempts = 12

const (
	firstGap = 30 * time.Second
	mostGap  = 4 * time.Hour
)

// failure is what a handler says about a job that it could not do. Its reason is kept with the job and shown to the
// office: a code of ours, never a text from elsewhere.
type failure struct {
	reason    string
	permanent bool
	wait      time.Duration // at least so long before the next attempt
	until     time.Time     // the job waits for its time: no attempt
	cause     error
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.reason + ": " + f.cause.Error()
	}
	return f.reason
}

func (f *failure) Unwrap() error { return f.cause }

// Permanent says that trying again is of no use.
func Permanent(reason string) error { return &failure{reason: reason, permanent: true} }

// After says that the job failed for a reason that may pass, and is not to be tried again before the wait is over.
func After(reason string, wait time.Duration, cause error) error {
	return &failure{reason: reason, wait: wait, cause: cause}
}

// Until says that it is not yet time for the job. This was no attempt.
func Until(at time.Time) error { return &failure{reason: "waits", until: at} }

// Soonest joins two outcomes of one job: one that waits for its time holds up no attempt of the other, and of two that wait
// the earlier counts.
func Soonest(a, b error) error {
	first, second := waitOf(a), waitOf(b)
	switch {
	case first.IsZero() || b == nil:
		if !second.IsZero() && a != nil {
			return a
		}
		return errors.Join(a, b)
	case second.IsZero() || second.Before(first):
		return b
	}
	return a
}

// waitOf is until when a job waits by what a handler said; zero when it does not.
func waitOf(err error) time.Time {
	var f *failure
	if errors.As(err, &f) {
		return f.until
	}
	return time.Time{}
}

// IsLast reports whether the job is given up if this attempt fails.
func (c Claimed) IsLast() bool { return c.Attempts >= attempts }

// outcome is what becomes of a job.
type outcome struct {
	done   bool
	failed bool      // an attempt that failed, not a job that waits for its time
	until  time.Time // when it is due again; zero: done, or given up
	reason string
}

func outcomeOf(err error, made int, now time.Time, jitter func() float64) outcome {
	if err == nil {
		return outcome{done: true}
	}
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{reason: reasonOf(err)}
	}
	if !f.until.IsZero() {
		return outcome{until: f.until, reason: f.reason}
	}
	if f.permanent || made >= attempts {
		return outcome{failed: true, reason: f.reason}
	}
	return outcome{failed: true, until: now.Add(max(f.wait, gap(made, jitter))), reason: f.reason}
}

// gap doubles with every attempt, spread by a tenth to both sides, so that what failed together does not come together.
func gap(made int, jitter func() float64) time.Duration {
	wait := min(firstGap<<min(made-1, 16), mostGap)
	return time.Duration(float64(wait) * (0.9 + 0.2*jitter()))
}

func reasonOf(err error) string {
	var known *fault.Error
	if errors.As(err, &known) {
		return string(known.Code)
	}
	return "error"
}

// IsPermanent reports whether trying again is of no use.
func IsPermanent(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.permanent
}
