package push

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Verdict says what a push service made of a message.
type Verdict string

// The verdicts. None of them says that somebody has seen it.
const (
	Accepted     Verdict = "accepted"     // taken for delivery, also for a browser that is long gone
	Gone         Verdict = "gone"         // the subscription is over
	Mismatched   Verdict = "mismatched"   // made with another VAPID key, says the service
	Unauthorized Verdict = "unauthorized" // our key, contact or clock is wrong: about us, not about the browser
	Refused      Verdict = "refused"      // a fault of ours that no repetition heals
	TooLarge     Verdict = "too_large"
	Throttled    Verdict = "throttled"   // the service wants a pause
	Busy         Verdict = "busy"        // the service is ill, and another try may do
	Unreachable  Verdict = "unreachable" // no answer came
	Paused       Verdict = "paused"      // not tried: the service wanted a pause, or refuses our key
)

// Passing reports whether the same message may still be taken later.
func (v Verdict) Passing() bool {
	return v == Throttled || v == Busy || v == Unreachable || v == Paused
}

// Outcome is what became of one message.
type Outcome struct {
	Verdict Verdict
	Status  int // of HTTP; 0 without an answer
	Host    string
	Reason  string        // that the service gave, cut short; for the log
	Again   time.Duration // when another try makes sense; 0: whenever
	// Deletable says that the service takes other messages of ours, so that a refusal is about this browser.
	Deletable bool

	date  time.Duration // how far the service's clock is from ours
	cause error
}

// judge reads an answer; what is not named is a fault of ours (4xx) or passes (5xx).
func judge(host string, response *http.Response, body []byte, now time.Time) Outcome {
	o := Outcome{Host: host, Status: response.StatusCode, Reason: reasonOf(response.Header, body)}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		o.date = date.Sub(now)
	}
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		o.Verdict = Accepted
	case status == http.StatusNotFound || status == http.StatusGone:
		o.Verdict = Gone
	case status == http.StatusBadRequest && isMismatch(o.Reason):
		o.Verdict = Mismatched
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		o.Verdict = Unauthorized
	case status == http.StatusRequestEntityTooLarge:
		o.Verdict = TooLarge
	case status == http.StatusTooManyRequests || status == http.StatusNotAcceptable:
		o.Verdict, o.Again = Throttled, retryAfter(response.Header, now)
	case status == http.StatusRequestTimeout || status == http.StatusTooEarly || status >= 500:
		o.Verdict = Busy
	default: // a redirect too: no push service does that
		o.Verdict = Refused
	}
	return o
}

// isMismatch knows Google's and Apple's words for a subscription that was made with another VAPID key.
func isMismatch(reason string) bool {
	return strings.Contains(reason, "UnauthorizedRegistration") || strings.Contains(reason, "VapidPkHashMismatch")
}

const longestReason = 120

// reasonOf gathers what the services say in words of their own: Apple's reason, Mozilla's errno, Microsoft's headers.
func reasonOf(header http.Header, body []byte) string {
	var said struct {
		Reason string `json:"reason"`
		Errno  int    `json:"errno"`
	}
	var parts []string
	if json.Unmarshal(body, &said) == nil {
		if said.Reason != "" {
			parts = append(parts, said.Reason)
		}
		if said.Errno != 0 {
			parts = append(parts, "errno "+strconv.Itoa(said.Errno))
		}
	} else if isMismatch(string(body)) {
		parts = append(parts, "UnauthorizedRegistration")
	}
	for _, name := range []string{"X-Wns-Status", "X-Wns-Notificationstatus", "X-Wns-Error-Description"} {
		if value := header.Get(name); value != "" {
			parts = append(parts, value)
		}
	}
	return printable(strings.Join(parts, ", "))
}

func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
	return text[:min(len(text), longestReason)]
}

// retryAfter is 0 when the service does not say; a date in the past is 1 s.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return min(max(time.Duration(min(seconds, 1<<20))*time.Second, time.Second), longestPause)
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), time.Second), longestPause)
	}
	return 0
}
