package api

// White box: the tests walk the table of access rules and check replies against the registered operations.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/breach"
	"einverstanden/backend/calendar"
	"einverstanden/backend/card"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/intake"
	"einverstanden/backend/invite"
	"einverstanden/backend/lowering"
	"einverstanden/backend/mail"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notice"
	"einverstanden/backend/notify"
	"einverstanden/backend/paper"
	"einverstanden/backend/push"
	"einverstanden/backend/reminder"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// house is a running server over a fresh database, with a school of two classes.
type house struct {
	*testkit.School
	t         *testing.T
	server    *Server
	base      string
	logs      *bytes.Buffer
	class     school.Class
	other     school.Class
	pupil     school.Pupil
	stranger  school.Pupil // of the other class
	guardian  school.Guardian
	accounts  *account.Service
	meetings  *meeting.Service
	rules     *rules.Service
	sanctions *sanction.Service
	consents  *consent.Service
	passwords map[authz.Role]login
}

// noNetwork reaches nobody.
type noNetwork struct{}

func (noNetwork) Do(r *http.Request) (*http.Response, error) {
	return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: io.ErrUnexpectedEOF}
}

type login struct {
	email, password string
	account         id.Account
	secret          account.TOTPSecret
}

type families struct{ schools *school.Service }

func (f families) BirthDates(tx *db.Tx, person id.Person) (dates []calendar.Date, err error) {
	day, err := f.schools.Today(tx)
	if err != nil {
		return nil, err
	}
	children := []id.Pupil{id.Pupil(person.ID)}
	if person.Kind == id.GuardianPerson {
		if children, err = f.schools.ChildrenOf(tx, id.Guardian(person.ID), day); err != nil {
			return nil, err
		}
	}
	pupils, err := f.schools.Pupils(tx, children)
	for _, pupil := range pupils {
		dates = append(dates, pupil.BirthDate)
	}
	return dates, err
}

// newHouse starts the server; change may set what it is built with.
func newHouse(t *testing.T, env *testkit.Env, change ...func(*Deps)) *house {
	t.Helper()
	env.Clock.Set(time.Now()) // the access tokens of real requests are judged by the real time
	s := env.NewSchool(t)
	h := &house{School: s, t: t, logs: &bytes.Buffer{}, passwords: map[authz.Role]login{}}
	log := slog.New(slog.NewJSONHandler(h.logs, nil))
	printer, err := paper.NewPrinter()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.base = fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	public, _ := url.Parse(h.base)
	h.consents = consent.NewService(env.DB, env.Vault, s.Log, s.Service, s.Hub)
	standings := standing.NewService(env.DB, h.consents, s.Service)
	h.rules = rules.NewService(env.DB, s.Service, s.Hub)
	h.meetings = meeting.NewService(env.DB, s.Service, standings, h.rules, s.Hub)
	h.accounts = account.NewService(env.DB, env.Vault, evidence.NewLog(env.Vault), families{s.Service}, env.Clock.Now, log).WithPasskeys(public).HashWeakly()
	h.consents.WithUnproven(h.accounts.NeedsPasskey)
	h.accounts.WithPupilMeetings(h.meetings.FirstEndFor)
	h.sanctions = sanction.NewService(env.DB, s.Log, s.Service, h.rules, s.Hub)
	pushes := push.NewService(env.DB, env.Vault, push.NewSender(noNetwork{}, push.KnownServices, "push@schule.example", env.Clock.Now, log), public, log)
	h.accounts.WithSessionEnds(pushes.EndSessions)
	live := meeting.NewLive(h.meetings, s.Hub, env.Clock.Now, log)
	told := notify.NewService(env.DB, env.Vault, s.Service, public, env.Clock.Now).WithSlips().
		WithMail(mail.NewSender(mail.Server{Host: "127.0.0.1", Port: 1, From: "schule@schule.example"}, env.Clock.Now)) // nobody listens
	deps := Deps{
		Notify: told, Notices: notice.NewService(env.DB, s.Service, h.accounts, h.consents, standings, told),
		DB: env.DB, Accounts: h.accounts, Schools: s.Service, Consents: h.consents, Standings: standings, Meetings: h.meetings, Rules: h.rules,
		Live: live, Intake: intake.NewService(env.DB, env.Vault, s.Service, s.Hub),
		Invites:  invite.NewService(env.DB, s.Service, h.consents, h.accounts, printer, public),
		Lowering: lowering.NewService(env.DB, env.Vault, h.accounts, h.consents, standings),
		Cards:    card.NewService(env.DB, s.Service, h.accounts, h.meetings, standings, printer, public), Push: pushes,
		Sanctions: h.sanctions, Breaches: breach.NewService(env.DB, s.Service, h.meetings, standings, h.sanctions, h.rules), Limits: meeting.NewLimits(h.meetings, s.Hub),
		Notary: evidence.NewNotary(env.DB, s.Log, env.Vault, evidence.NewWitness(t.TempDir()), log), Printer: printer,
		URL: public, Clock: env.Clock.Now, Log: log, Version: "test",
	}
	callConferences(t, env)(&deps)
	for _, change := range change {
		change(&deps)
	}
	h.meetings.WithConferences(deps.Rooms).WithRooms(deps.Rooms)
	if h.server, err = New(deps); err != nil {
		t.Fatal(err)
	}
	h.consents.WithSessions(h.accounts.IsAlive)
	h.consents.WithInvitations(h.accounts.CameByMail)
	h.server.Invites.WithMailboxes(h.server.Notify)
	h.server.Invites.WithLoweringKeys(h.server.Lowering)
	asked := func(tx *db.Tx, one id.Person) ([]id.Person, error) { return pushes.Reached(tx, push.OpenConsent, one) }
	h.server.Reminders = reminder.NewService(env.DB, s.Service, h.consents, h.server.Invites, reminder.ContactsOf(told, asked))
	h.withOIDC()
	stopped := make(chan error, 1)
	go func() { stopped <- h.server.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := h.server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		live.Close()
		if err := <-stopped; err != nil {
			t.Errorf("serve: %v", err)
		}
		pushes.Wait()
	})
	h.fill()
	return h
}

func (h *house) fill() {
	h.t.Helper()
	h.class, h.other = h.Class("7b"), h.Class("7c")
	h.pupil = h.Pupil("Lena", "Brückner", "2014-03-12", h.class)
	h.stranger = h.Pupil("Jan", "Fremd", "2014-02-02", h.other)
	h.guardian = h.Guardian("Vera", "Brückner", h.pupil)
	h.publish(h.School)
	if err := h.rules.Ready(h.Ctx); err != nil {
		h.t.Fatal(err)
	}
}

// publish puts a form in force at the school.
func (h *house) publish(s *testkit.School) {
	h.t.Helper()
	h.publishText(s, "Text")
}

func (h *house) publishText(s *testkit.School, text string) {
	h.t.Helper()
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
		"languages": {"de": {"title": "Videokonferenzen", "blocks": [{"id": "p1", "kind": "point", "text": "` + text + `"}]}}}`))
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.consents.Publish(s.Ctx, s.Staff(authz.Head), draft, s.Today()); err != nil {
		h.t.Fatal(err)
	}
}

// client is somebody at a browser: it keeps cookies and proves its origin.
type client struct {
	h       *house
	cookies map[string]string
	bearer  string // of a program: no browser, so neither cookies nor a proof of origin
}

func (h *house) nobody() *client { return &client{h: h, cookies: map[string]string{}} }

// as signs somebody of the role in, in the way the role does.
func (h *house) as(role authz.Role) *client {
	h.t.Helper()
	c := h.nobody()
	switch role {
	case authz.Nobody:
	case authz.Program:
		c.bearer = string(h.token(authz.AllScopes...).Secret)
	case authz.Guardian:
		c.signInWithLetter(id.GuardianOf(h.guardian.ID), h.pupil.BirthDate)
	case authz.Pupil:
		c.signInWithLetter(id.PupilOf(h.adult().ID), h.adult().BirthDate)
	default:
		l := h.staff(role)
		c.want(200, c.post("/session/password", "", map[string]any{"email": l.email, "password": l.password, "totp": h.code(l)}))
	}
	return c
}

// adult is a pupil with a say of its own, made when first asked for.
func (h *house) adult() school.Pupil {
	h.t.Helper()
	var found school.Pupil
	h.Read(func(tx *db.Tx) error {
		all, err := h.Service.AllPupils(tx)
		for _, pupil := range all {
			if pupil.Family == "Volljährig" {
				found = pupil
			}
		}
		return err
	})
	if found.ID == "" {
		found = h.Pupil("Ada", "Volljährig", "2000-01-01", h.class)
	}
	return found
}

func (h *house) staff(role authz.Role) login {
	h.t.Helper()
	if l, ok := h.passwords[role]; ok {
		return l
	}
	l := login{email: string(role) + "@schule.example", password: "kupfer-Lampe-41-wiese"}
	var err error
	l.account, err = h.accounts.CreateStaff(h.Ctx, account.NewStaff{Name: "Kim " + string(role), Email: l.email, Role: role, Password: l.password, Language: "de"})
	if err != nil {
		h.t.Fatal(err)
	}
	l.secret = account.TOTPSecret("20 bytes of " + (string(role) + "********")[:8])
	if err := h.accounts.SetUpTOTP(h.Ctx, l.account, l.secret); err != nil {
		h.t.Fatal(err)
	}
	if role == authz.Teacher {
		if err := h.Service.GiveClass(h.Ctx, h.Staff(authz.Office), h.class.ID, l.account); err != nil {
			h.t.Fatal(err)
		}
	}
	h.passwords[role] = l
	return l
}

// code is the account's one-time code of this moment, which counts although an earlier one of this step was used.
func (h *house) code(l login) string {
	h.t.Helper()
	h.Write(func(tx *db.Tx) error {
		tx.MarkAudited()
		return tx.G().Exec("UPDATE totp SET last_step = 0 WHERE account_id = ?", l.account).Error
	})
	code, err := l.secret.Code(h.Clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

func (c *client) signInWithLetter(person id.Person, birth calendar.Date) {
	c.h.t.Helper()
	letters, err := c.h.accounts.IssueForSystem(c.h.Ctx, []account.Recipient{{Person: person}})
	if err != nil {
		c.h.t.Fatal(err)
	}
	c.want(200, c.post("/session/letter", "", map[string]any{
		"letterNo": letters[0].LetterNo, "secret": string(letters[0].Secret), "birthDate": birth.String(),
	}))
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t *testing.T, value any) {
	t.Helper()
	if err := json.Unmarshal(a.body, value); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
}

// code is the code of a problem, and the fields that it names.
func (a answer) code() (code string, fields []string) {
	var problem struct {
		Code   string
		Errors []struct{ Field string }
	}
	_ = json.Unmarshal(a.body, &problem) // no problem: no code
	for _, e := range problem.Errors {
		fields = append(fields, e.Field)
	}
	return problem.Code, fields
}

func (c *client) get(path string) answer { return c.send("GET", path, "", nil, nil) }

func (c *client) post(path, key string, body any) answer {
	c.h.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		c.h.t.Fatal(err)
	}
	return c.send("POST", path, key, encoded, nil)
}

// direct shows redirects instead of following them.
var direct = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send makes a request as the app does; change may alter it afterwards.
func (c *client) send(method, path, key string, body []byte, change func(*http.Request)) answer {
	c.h.t.Helper()
	return c.sendBy(direct.Do, method, path, key, body, change)
}

// insist sends as far as it gets and reads the answer all the same: whoever is refused in the middle of a body gets the
// answer and then a closed connection, of which http.Client tells the second at times.
func insist(request *http.Request) (*http.Response, error) {
	conn, err := net.Dial("tcp", request.URL.Host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	request.Close = true
	_ = request.Write(conn) // the answer says what came of it
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(content))
	return response, err
}

func (c *client) sendBy(
	do func(*http.Request) (*http.Response, error), method, path, key string, body []byte, change func(*http.Request),
) answer {
	c.h.t.Helper()
	if !strings.HasPrefix(path, "/api") && path != "/livez" && path != "/readyz" {
		path = apiPrefix + path
	}
	request, err := http.NewRequest(method, c.h.base+path, bytes.NewReader(body))
	if err != nil {
		c.h.t.Fatal(err)
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("X-App", "1")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	var cookies []string
	for name, value := range c.cookies {
		cookies = append(cookies, name+"="+value)
	}
	if c.bearer != "" {
		request.Header.Del("X-App")
		request.Header.Del("Sec-Fetch-Site")
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	if len(cookies) > 0 {
		request.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	if change != nil {
		change(request)
	}
	response, err := do(request)
	if err != nil {
		c.h.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		c.h.t.Fatal(err)
	}
	for _, cookie := range response.Cookies() {
		c.cookies[cookie.Name] = cookie.Value
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
		}
	}
	got := answer{status: response.StatusCode, header: response.Header, body: content}
	c.h.checkReply(method, path, got)
	return got
}

func (c *client) want(status int, got answer) answer {
	c.h.t.Helper()
	if got.status != status {
		c.h.t.Fatalf("status %d, want %d: %s", got.status, status, got.body)
	}
	return got
}

func (c *client) wantProblem(status int, code string, got answer) {
	c.h.t.Helper()
	if found, _ := got.code(); got.status != status || found != code {
		c.h.t.Errorf("got %d %s, want %d %s: %s", got.status, found, status, code, got.body)
	}
}

// checkReply holds every JSON reply against the schema of its operation.
func (h *house) checkReply(method, path string, got answer) {
	h.t.Helper()
	if op := h.operation(method, path); op != nil && op.Responses[fmt.Sprint(got.status)] == nil {
		h.t.Errorf("%s %s: the document does not speak of status %d: %s", method, path, got.status, got.body)
	}
	schema := h.schemaOf(method, path, got)
	if schema == nil {
		return
	}
	var value any
	if err := json.Unmarshal(got.body, &value); err != nil {
		h.t.Errorf("%s %s: %v", method, path, err)
		return
	}
	found := &huma.ValidateResult{}
	huma.Validate(h.server.huma.OpenAPI().Components.Schemas, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, value, found)
	for _, err := range found.Errors {
		h.t.Errorf("%s %s: the reply does not fit its schema: %v\n%s", method, path, err, got.body)
	}
}

func (h *house) schemaOf(method, path string, got answer) *huma.Schema {
	kind := strings.Split(got.header.Get("Content-Type"), ";")[0]
	if kind != "application/json" {
		return nil
	}
	op := h.operation(method, path)
	if op == nil {
		return nil
	}
	response := op.Responses[fmt.Sprint(got.status)]
	if response == nil || response.Content[kind] == nil {
		return nil
	}
	return response.Content[kind].Schema
}

func (h *house) operation(method, path string) *huma.Operation {
	path, _, _ = strings.Cut(path, "?")
	wanted := strings.Split(path, "/")
	for template, item := range h.server.huma.OpenAPI().Paths {
		parts := strings.Split(template, "/")
		if len(parts) != len(wanted) {
			continue
		}
		fits := true
		for i, part := range parts {
			fits = fits && (part == wanted[i] || strings.HasPrefix(part, "{"))
		}
		if fits {
			return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete}[method]
		}
	}
	return nil
}
