package push_test

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"einverstanden/backend/outbound"
	"einverstanden/backend/push"
	"einverstanden/backend/vault"
)

// F1: whatever got past the text, the client that app hands over reaches nothing on this machine, and follows nobody.
func TestF1TheDialGateStandsBehindTheText(t *testing.T) {
	var hits atomic.Int64
	trap := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	trap.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			hits.Add(1)
		}
	}
	trap.Start()
	defer trap.Close()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, trap.URL, http.StatusTemporaryRedirect)
	}))
	defer service.Close()
	host := strings.TrimPrefix(service.URL, "http://")
	client := outbound.New([]string{host}, "test")
	defer client.Close()
	anywhere := func(endpoint string) (push.Address, error) {
		return push.Address{URL: endpoint, Origin: endpoint, Host: endpoint}, nil
	}
	key, err := vault.NewVAPIDKey()
	if err != nil {
		t.Fatal(err)
	}
	sender := push.NewSender(client.HTTP(), anywhere, "push@schule.example", time.Now, slog.New(slog.DiscardHandler))
	port := trap.URL[strings.LastIndex(trap.URL, ":"):]
	for endpoint, want := range map[string]push.Verdict{
		trap.URL: push.Unreachable, "https://127.0.0.1" + port: push.Unreachable, "https://localhost" + port: push.Unreachable,
		"https://[::ffff:7f00:1]" + port: push.Unreachable, "https://127.0.0.1": push.Unreachable, "https://[64:ff9b::7f00:1]": push.Unreachable,
		"https://169.254.169.254/latest": push.Unreachable, service.URL + "/wpush/x": push.Refused,
	} {
		to := push.Target{Endpoint: endpoint, P256dh: key.PublicText(), Auth: "AAAAAAAAAAAAAAAAAAAAAA", Key: key}
		outcome, err := sender.Send(t.Context(), to, push.Message{Payload: []byte(`{}`), TTL: time.Hour, Urgency: push.Normal})
		if err != nil || outcome.Verdict != want {
			t.Errorf("%s: %+v, %v", endpoint, outcome, err)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("the trap saw %d connections", hits.Load())
	}
}
