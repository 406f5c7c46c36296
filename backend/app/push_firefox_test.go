package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbound"
	"einverstanden/backend/push"
	"einverstanden/backend/testkit"
)

// firefox is the script that drives the browser; both sides write a JSON line for each thing that has happened.
type firefox struct {
	t     *testing.T
	lines *bufio.Scanner
	tell  *json.Encoder
}

// heard is whatever the script says.
type heard struct {
	Push   string
	Active bool
	Shown  struct{ Title, Body, Dir, Lang, Path string }
	Acks   []int
	Posts  []struct {
		Status, Length int
		Headers        map[string]string
		Key            string
	}
	Expired bool
	Left    int
}

func startFirefox(t *testing.T) *firefox {
	t.Helper()
	path := os.Getenv("FIREFOX_PATH")
	if path == "" {
		path = "/usr/bin/firefox-esr"
	}
	settings, err := json.Marshal(map[string]string{"firefox": path})
	if err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), "node", "--no-warnings", "../../scripts/push/firefox.js", string(settings))
	in, err1 := script.StdinPipe()
	out, err2 := script.StdoutPipe()
	script.Stderr = t.Output()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	script.Cancel, script.WaitDelay = in.Close, 10*time.Second // killed at once, it would leave the browser behind
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = script.Wait() // what it did wrong it has said
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	return &firefox{t: t, lines: lines, tell: json.NewEncoder(in)}
}

func (f *firefox) hear() (h heard) {
	f.t.Helper()
	if !f.lines.Scan() {
		f.t.Fatalf("Firefox says nothing more: %v", f.lines.Err())
	}
	if err := json.Unmarshal(f.lines.Bytes(), &h); err != nil {
		f.t.Fatal(err)
	}
	return h
}

func (f *firefox) say(what any) {
	f.t.Helper()
	if err := f.tell.Encode(what); err != nil {
		f.t.Fatal(err)
	}
}

// serveDemo serves a demo school whose push service is the given one.
func serveDemo(t *testing.T, service string) *App {
	t.Helper()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	listener.Close()
	folder := t.TempDir()
	c, err := config.Load(func(name string) (string, bool) {
		value, ok := map[string]string{"EINVERSTANDEN_ADDR": "localhost:" + port, "EINVERSTANDEN_DATA": filepath.Join(folder, "data")}[name]
		return value, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	web, err := Web()
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenDemo(t.Context(), c, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(service, "http://")
	client := outbound.New([]string{host}, "test")
	t.Cleanup(client.Close)
	a.withPush(client.HTTP(), func(endpoint string) (push.Address, error) {
		if strings.HasPrefix(endpoint, service+"/wpush/v2/") {
			return push.Address{URL: endpoint, Origin: service, Host: host}, nil
		}
		return push.KnownServices(endpoint)
	})
	ctx, stop := context.WithCancel(context.Background())
	ready, stopped := make(chan net.Addr, 1), make(chan error, 1)
	go func() { stopped <- a.Serve(ctx, web, func(at net.Addr) { ready <- at }) }()
	<-ready
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	return a
}

// The whole way in a real browser: it subscribes, gives the proof back, decrypts and shows a message, the link in it leads
// on; and when the browser is gone, so is its row.
func TestAPushMessageReachesFirefox(t *testing.T) {
	f := startFirefox(t)
	service := f.hear().Push
	a := serveDemo(t, service)
	schools, err := a.DB.Schools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx := db.InSchool(t.Context(), schools[0])
	classes, err := a.classesToday(ctx)
	if err != nil {
		t.Fatal(err)
	}
	letter, err := a.freshLetter(ctx, classes[0])
	if err != nil {
		t.Fatal(err)
	}
	f.say(map[string]string{"baseUrl": a.Config.URL.String(), "letterNo": letter.LetterNo, "secret": letter.Secret, "birthDate": letter.BirthDate})
	if !f.hear().Active {
		t.Fatal("the browser was not activated")
	}
	m := notify.Message{Kind: notify.ModeChanged, Person: id.Person{Kind: id.GuardianPerson}, Subject: "x", Path: "/home/settings"}
	if err := a.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.G().Table("session").Joins("JOIN push_subscription ON push_subscription.session_id = session.id").Pluck("person_id", &m.Person.ID).Error
	}); err != nil {
		t.Fatal(err)
	}
	channel := pushChannel{a.Push}
	for range 2 { // at least once, says the queue; the browser hears of it once
		if out, err := channel.Deliver(ctx, "first", m); err != nil || out.Code != "" {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	f.say("told")
	seen := f.hear()
	if seen.Shown.Title != "Einverstanden" || seen.Shown.Body != "تغيّرت طريقة المشاركة في مؤتمرات الفيديو." || seen.Shown.Dir != "rtl" {
		t.Errorf("shown: %+v", seen.Shown)
	}
	if len(seen.Acks) != 2 || seen.Acks[0] != 100 || seen.Acks[1] != 100 || len(seen.Posts) != 2 {
		t.Errorf("%v for %+v", seen.Acks, seen.Posts)
	}
	for _, post := range seen.Posts {
		if post.Status != 201 || post.Length != 2048 || post.Headers["content-encoding"] != "aes128gcm" || post.Key != a.Vault.VAPIDKeys()[0].PublicText() {
			t.Errorf("%+v", post)
		}
		if err := testkit.CheckVAPID(post.Headers["authorization"], service, post.Key); err != nil {
			t.Error(err)
		}
	}
	f.hear() // the subscription is over
	if out, err := channel.Deliver(ctx, "second", m); !errors.Is(err, notify.ErrNoWay) || out.Code != "410" {
		t.Errorf("%+v, %v", out, err)
	}
	f.say("told")
	if left := f.hear().Left; left != 0 {
		t.Errorf("%d subscriptions are left", left)
	}
	if u, err := url.Parse(service); err != nil || a.Push.Counts()[u.Host].Accepted != 2 {
		t.Errorf("%+v, %v", a.Push.Counts(), err)
	}
}
