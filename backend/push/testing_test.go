package push_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/push"
	"einverstanden/backend/vault"
)

// otherTool is a push service by somebody else, see scripts/push/testing.js.
type otherTool struct {
	t   *testing.T
	url string
}

func newOtherTool(t *testing.T) otherTool {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	script := exec.CommandContext(t.Context(), "node", "--no-warnings", "../../scripts/push/testing.js", fmt.Sprint(port))
	in, err1 := script.StdinPipe()
	out, err2 := script.StdoutPipe()
	script.Stderr = t.Output()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = script.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the other tool does not start: %q, %v", line, err)
	}
	go io.Copy(io.Discard, out)
	return otherTool{t, fmt.Sprintf("http://localhost:%d", port)}
}

// ask reads the member data of an answer.
func (o otherTool) ask(path string, body, data any) {
	o.t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	response, err := http.Post(o.url+path, "application/json", bytes.NewReader(sent))
	if err != nil {
		o.t.Fatal(err)
	}
	defer response.Body.Close()
	if data == nil {
		return
	}
	if err := json.NewDecoder(response.Body).Decode(&struct{ Data any }{data}); err != nil || response.StatusCode != 200 {
		o.t.Fatalf("%s: %d, %v", path, response.StatusCode, err)
	}
}

func TestAnotherToolDecryptsWhatWeSend(t *testing.T) {
	o := newOtherTool(t)
	key, err := vault.NewVAPIDKey()
	if err != nil {
		t.Fatal(err)
	}
	gate := func(endpoint string) (push.Address, error) {
		if !strings.HasPrefix(endpoint, o.url) {
			return push.Address{}, push.ErrEndpoint
		}
		return push.Address{URL: endpoint, Origin: o.url, Host: strings.TrimPrefix(o.url, "http://")}, nil
	}
	sender := push.NewSender(&http.Client{Timeout: 10 * time.Second}, gate, "push@schule.example", time.Now, slog.New(slog.DiscardHandler))
	var subscribed struct {
		Endpoint, ClientHash string
		Keys                 struct{ P256dh, Auth string }
	}
	o.ask("/subscribe", map[string]string{"userVisibleOnly": "true", "applicationServerKey": key.PublicText()}, &subscribed)
	unpadded := func(text string) string { return strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(text) }
	to := push.Target{Endpoint: subscribed.Endpoint, P256dh: unpadded(subscribed.Keys.P256dh), Auth: unpadded(subscribed.Keys.Auth), Key: key}
	send := func(to push.Target) push.Outcome {
		t.Helper()
		outcome, err := sender.Send(t.Context(), to, push.Message{Payload: []byte(`{"body":"هناك موافقة"}`), TTL: time.Hour, Urgency: push.High})
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	if got := send(to); got.Status != http.StatusCreated || got.Verdict != push.Accepted {
		t.Errorf("%+v", got)
	}
	var notified struct{ Messages []string }
	o.ask("/get-notifications", map[string]string{"clientHash": subscribed.ClientHash}, &notified)
	if !slices.Equal(notified.Messages, []string{`{"body":"هناك موافقة"}`}) {
		t.Errorf("%q", notified.Messages)
	}
	another := to
	if another.Key, err = vault.NewVAPIDKey(); err != nil {
		t.Fatal(err)
	}
	if got := send(another); got.Status != http.StatusBadRequest {
		t.Errorf("with another key: %+v", got)
	}
	o.ask("/expire-subscription/"+subscribed.ClientHash, struct{}{}, nil)
	if got := send(to); got.Verdict != push.Gone {
		t.Errorf("after its end: %+v", got)
	}
}
