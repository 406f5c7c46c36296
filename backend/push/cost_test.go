package push_test

import (
	"io"
	"log/slog"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"einverstanden/backend/push"
	"einverstanden/backend/vault"
)

// taker is a client whose service takes everything, without a connection.
type taker struct{}

func (taker) Do(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{}, Body: http.NoBody}, err
}

// processor measures what a benchmark's loop costs, whoever else uses the machine.
func processor(b *testing.B) func() {
	used := func() (sum time.Duration) {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op") }
}

// BenchmarkOneMessage compares a message through the sender with the library alone: the difference is what our fences
// cost. Neither counts the network; scripts/bench push does.
func BenchmarkOneMessage(b *testing.B) {
	key, err := vault.NewVAPIDKey()
	if err != nil {
		b.Fatal(err)
	}
	const endpoint, auth, contact = "https://fcm.googleapis.com/fcm/send/x", "AAAAAAAAAAAAAAAAAAAAAA", "push@schule.example"
	payload := []byte(`{"web_push":8030,"notification":{"title":"Einverstanden","body":"Eine Einwilligung wartet auf Sie."}}`)
	b.Run("sender", func(b *testing.B) {
		sender := push.NewSender(taker{}, push.KnownServices, contact, time.Now, slog.New(slog.DiscardHandler))
		to := push.Target{Endpoint: endpoint, P256dh: key.PublicText(), Auth: auth, Key: key} // any point will do
		defer processor(b)()
		for b.Loop() {
			if outcome, err := sender.Send(b.Context(), to, push.Message{Payload: payload, TTL: time.Hour, Urgency: push.High}); err != nil || outcome.Verdict != push.Accepted {
				b.Fatal(outcome, err)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		to := webpush.Subscription{Endpoint: endpoint, Keys: webpush.Keys{P256dh: key.PublicText(), Auth: auth}}
		defer processor(b)()
		for b.Loop() {
			response, err := webpush.SendNotificationWithContext(b.Context(), payload[:len(payload):len(payload)], &to, &webpush.Options{
				HTTPClient: taker{}, RecordSize: 2048, Subscriber: contact, TTL: 3600, Urgency: webpush.UrgencyNormal,
				VAPIDPublicKey: key.PublicText(), VAPIDPrivateKey: key.PrivateText(),
			})
			if err != nil {
				b.Fatal(err)
			}
			response.Body.Close()
		}
	})
}
