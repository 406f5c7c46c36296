package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// asServer makes the test binary a server of the demo without the app's pages, which a fresh checkout has not built.
const asServer = "server"

func serveDemo() error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	a, err := app.OpenDemo(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return a.Serve(context.Background(), nil, func(address net.Addr) { fmt.Println(address) })
}

// server is the demo in a process of its own.
type server struct {
	t       *testing.T
	config  config.Config
	process *exec.Cmd
	client  *http.Client
	cookies map[string]string
}

func startServer(t *testing.T, c config.Config) *server {
	t.Helper()
	s := &server{t: t, config: c, client: &http.Client{Timeout: time.Minute}, cookies: map[string]string{}}
	t.Cleanup(s.kill)
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.process = exec.Command(os.Args[0])
	s.process.Env = append(os.Environ(), asCommand+"="+asServer)
	s.process.Stderr = os.Stderr
	out, err := s.process.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	if !bufio.NewScanner(out).Scan() {
		s.t.Fatal("the server said nothing")
	}
}

// kill is kill -9: nothing is closed, nothing is said.
func (s *server) kill() {
	_ = s.process.Process.Kill() // an error says that it has ended
	_ = s.process.Wait()
	s.client.CloseIdleConnections()
}

// call gives status and body; an error is a connection that broke.
func (s *server) call(method, path, key string, body any) (int, []byte, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequest(method, "http://"+s.config.Addr+"/api/v1"+path, bytes.NewReader(encoded))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-App", "1")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	for name, value := range s.cookies {
		request.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	response, err := s.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	for _, cookie := range response.Cookies() {
		s.cookies[cookie.Name] = cookie.Value
	}
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, content, err
}

func (s *server) must(status int, into any, method, path, key string, body any) []byte {
	s.t.Helper()
	got, content, err := s.call(method, path, key, body)
	if err != nil || got != status {
		s.t.Fatalf("%s %s: %d, %v, want %d: %s", method, path, got, err, status, content)
	}
	if into != nil {
		if err := json.Unmarshal(content, into); err != nil {
			s.t.Fatal(err)
		}
	}
	return content
}

// letter is what one guardian without any answer got.
type letter struct {
	LetterNo  string   `json:"letterNo"`
	Secret    string   `json:"secret"`
	BirthDate string   `json:"birthDate"`
	pupil     id.Pupil `json:"-"`
}

// letters issues letters to guardians who have decided nothing yet.
func letters(t *testing.T, c config.Config, wanted int) (issued []letter) {
	t.Helper()
	inDemo(t, c, func(ctx context.Context, a *app.App) error {
		return a.EachFamily(ctx, func(_ school.Class, pupil school.Pupil, guardians []id.Guardian) error {
			var decisions map[id.Pupil]standing.Standing
			err := a.DB.Read(ctx, func(tx *db.Tx) (err error) {
				decisions, err = a.Standings.Of(tx, []id.Pupil{pupil.ID})
				return err
			})
			if err != nil || len(decisions[pupil.ID].Decisions) > 0 || len(issued) == wanted {
				return err
			}
			made, err := a.Accounts.IssueForSystem(ctx, []account.Recipient{{Person: id.GuardianOf(guardians[0])}})
			if err == nil {
				issued = append(issued, letter{made[0].LetterNo, string(made[0].Secret), pupil.BirthDate.String(), pupil.ID})
			}
			return err
		})
	})
	if len(issued) < wanted {
		t.Fatalf("%d letters of %d", len(issued), wanted)
	}
	return issued
}

// signIn redeems the letter and gives what a yes for its child needs.
func (s *server) signIn(l letter) (yes map[string]any) {
	s.t.Helper()
	s.cookies = map[string]string{}
	s.must(200, nil, "POST", "/session/letter", "", l)
	var sheet struct {
		Version struct{ ID string }
		German  struct{ TextSha256 string }
		After   *string
	}
	s.must(200, &sheet, "GET", "/children/"+string(l.pupil)+"/consent?lang=de", "", nil)
	return map[string]any{
		"answer": "audio", "formVersion": sheet.Version.ID, "textSha256": sheet.German.TextSha256, "language": "de", "after": sheet.After,
		"signature": map[string]any{"kind": "typed", "name": "Nadine Ölschläger"},
	}
}

type decided struct {
	Receipt struct {
		ID   string
		Leaf int64
	}
}

// ownDecisions counts what the guardian has decided for the pupil.
func (s *server) ownDecisions(pupil id.Pupil) int {
	s.t.Helper()
	var sheet struct{ Decisions []any }
	s.must(200, &sheet, "GET", "/children/"+string(pupil)+"/consent?lang=de", "", nil)
	return len(sheet.Decisions)
}

const kills = 10 // go test -count 20 gives the full length (settled point 25)

// Checklist G9 and H1: killed at any moment of a decision and asked again with the same key, the server has one leaf and
// the same receipt.
func TestG9OneKeyIsOneLeafThroughAKill(t *testing.T) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	t.Setenv("EINVERSTANDEN_ADDR", fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port))
	c := demoHouse(t)
	issued := letters(t, c, kills)
	s := startServer(t, c)
	answered := 0
	for cycle, letter := range issued {
		yes := s.signIn(letter)
		path, key := "/children/"+string(letter.pupil)+"/decisions", fmt.Sprintf("key-%d", cycle)
		replies := make(chan []byte, 1)
		go func() {
			_, reply, _ := s.call("POST", path, key, yes) // an error is what the kill is for
			replies <- reply
		}()
		time.Sleep(rand.N(20 * time.Millisecond)) // any moment of a decision
		s.kill()
		early := <-replies
		s.start()
		var made decided
		status, reply, err := s.call("POST", path, key, yes)
		if err != nil || status != 201 && status != 200 {
			t.Fatalf("cycle %d: %d, %v: %s", cycle, status, err, reply)
		}
		if err := json.Unmarshal(reply, &made); err != nil {
			t.Fatal(err)
		}
		var before decided
		if json.Unmarshal(early, &before) == nil && before.Receipt.ID != "" {
			answered++
			if before != made || status != 200 {
				t.Fatalf("cycle %d: %+v was acknowledged, %+v came later with %d", cycle, before, made, status)
			}
		}
		if n := s.ownDecisions(letter.pupil); n != 1 {
			t.Fatalf("cycle %d: %d decisions for one key", cycle, n)
		}
		first := s.must(200, nil, "GET", "/receipts/"+made.Receipt.ID, "", nil)
		if report := proof.Verify(first, proof.Against{}); !report.Holds() || report.About.Leaf.Seq != made.Receipt.Leaf {
			t.Fatalf("cycle %d: %+v", cycle, report.Claims)
		}
		s.kill()
		s.start()
		if again := s.must(200, nil, "GET", "/receipts/"+made.Receipt.ID, "", nil); !bytes.Equal(again, first) {
			t.Fatalf("cycle %d: the receipt became another", cycle)
		}
	}
	t.Logf("%d of %d decisions were acknowledged before the kill", answered, kills)
}
