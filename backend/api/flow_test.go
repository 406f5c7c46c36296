package api

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/testkit"
)

// yes is what the app sends for a yes of the guardian now.
func (c *client) yes(answer string) map[string]any {
	c.h.t.Helper()
	var sheet consentBody
	c.want(200, c.get("/children/"+string(c.h.pupil.ID)+"/consent?lang=de")).into(c.h.t, &sheet)
	body := map[string]any{
		"answer": answer, "formVersion": sheet.Version.ID, "textSha256": sheet.German.TextSHA256, "language": "de", "after": sheet.After,
	}
	if answer != "none" {
		body["signature"] = map[string]any{"kind": "typed", "name": "Vera Brückner"}
	}
	return body
}

func (c *client) decisions() string { return "/children/" + string(c.h.pupil.ID) + "/decisions" }

// wantMode asks how the guardian's child may take part now.
func (c *client) wantMode(want mode) {
	c.h.t.Helper()
	var children list[childBody]
	c.want(200, c.get("/children")).into(c.h.t, &children)
	if children.Items[0].Mode != want {
		c.h.t.Errorf("mode %s, want %s", children.Items[0].Mode, want)
	}
}

func TestGuardianAnswersAndLowers(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		var children list[childBody]
		c.want(200, c.get("/children")).into(t, &children)
		if len(children.Items) != 1 || !children.Items[0].Open || children.Items[0].Stance != "unanswered" {
			t.Fatalf("got %+v", children)
		}
		var first, again decidedBody
		yes := c.yes("video")
		c.want(201, c.post(c.decisions(), "key-1", yes)).into(t, &first)
		c.want(200, c.post(c.decisions(), "key-1", yes)).into(t, &again)
		if first != again {
			t.Errorf("first %+v, again %+v", first, again)
		}
		c.wantMode("video")
		c.want(201, c.post("/children/"+string(h.pupil.ID)+"/withdrawals", "key-2", map[string]any{"extent": "picture"})).into(t, &again)
		c.wantMode("audio")
		c.want(200, c.get("/receipts/"+string(first.Receipt.ID)))
		var summary receiptSummaryBody
		c.want(200, c.get("/receipts/"+string(first.Receipt.ID)+"/summary")).into(t, &summary)
		if summary.Means != "session" {
			t.Errorf("means %q", summary.Means)
		}
		c.wantProblem(403, "not_allowed", h.as(authz.Head).get("/children"))
	})
}

func TestTheEvidencePageKnowsWhoKeepsCheckpointsElsewhere(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.DPO)
		var evidence evidenceBody
		c.want(200, c.get("/evidence")).into(t, &evidence)
		if evidence.DPOContact != "dsb@schule.example" || evidence.Key == "" {
			t.Errorf("got %+v", evidence)
		}
	})
}

// The whole way of a change: a guardian's tap, the log, the board, the teacher's stream.
func TestAnOpenStreamHearsOfADecision(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		teacher, guardian := h.as(authz.Teacher), h.as(authz.Guardian)
		var planned meetingBody
		teacher.want(201, teacher.post("/meetings", "m1", map[string]any{
			"title": "Mathematik", "kind": "lesson", "classId": h.class.ID, "minutes": 45,
		})).into(t, &planned)
		events := teacher.stream("/meetings/" + string(planned.ID) + "/roster/stream")
		name, data := events.next(t)
		if name != "snapshot" || len(data.Rows) != 1 || data.Rows[0].Mode != "none" {
			t.Fatalf("%s %+v", name, data)
		}
		guardian.want(201, guardian.post(guardian.decisions(), "k", guardian.yes("video")))
		name, data = events.next(t)
		if name != "change" || len(data.Rows) != 1 || data.Rows[0].Pupil != h.pupil.ID || data.Rows[0].Mode != "video" {
			t.Fatalf("%s %+v", name, data)
		}
	})
}

type eventStream struct {
	lines *bufio.Scanner
}

func (c *client) stream(path string) *eventStream {
	c.h.t.Helper()
	request, err := http.NewRequest("GET", c.h.base+apiPrefix+path, nil)
	if err != nil {
		c.h.t.Fatal(err)
	}
	request.Header.Set("Cookie", accessCookie+"="+c.cookies[accessCookie])
	if c.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	response, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		c.h.t.Fatal(err)
	}
	c.h.t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		c.h.t.Fatalf("status %d, %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	return &eventStream{lines: bufio.NewScanner(response.Body)}
}

func (s *eventStream) next(t *testing.T) (name string, data streamBody) {
	t.Helper()
	for s.lines.Scan() {
		line := s.lines.Text()
		if value, ok := strings.CutPrefix(line, "event: "); ok {
			name = value
		}
		if value, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(value), &data); err != nil {
				t.Fatal(err)
			}
			return name, data
		}
	}
	t.Fatalf("the stream ended: %v", s.lines.Err())
	return "", data
}

func TestATeacherReceivesAWithdrawalAndTheOfficeConfirms(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		guardian, teacher, office := h.as(authz.Guardian), h.as(authz.Teacher), h.as(authz.Office)
		guardian.want(201, guardian.post(guardian.decisions(), "k", guardian.yes("video")))
		var people list[sayerBody]
		teacher.want(200, teacher.get("/pupils/"+string(h.pupil.ID)+"/people")).into(t, &people)
		if len(people.Items) != 1 || people.Items[0].Name != "Vera Brückner" {
			t.Fatalf("got %+v", people)
		}
		var recorded recordedBody
		teacher.want(201, teacher.post("/pupils/"+string(h.pupil.ID)+"/received-withdrawals", "r1",
			map[string]any{"extent": "all", "from": people.Items[0].From})).into(t, &recorded)
		if recorded.Mode != "none" {
			t.Errorf("mode %s", recorded.Mode)
		}
		teacher.wantProblem(404, "not_found", teacher.get("/pupils/"+string(h.stranger.ID)+"/people"))
		var waiting list[receivedBody]
		office.want(200, office.get("/received-withdrawals")).into(t, &waiting)
		if len(waiting.Items) != 1 || waiting.Items[0].By != "Kim teacher" {
			t.Fatalf("got %+v", waiting)
		}
		office.want(204, office.post("/decisions/"+string(recorded.DecisionID)+"/confirmation", "c1", map[string]any{}))
		var pupil pupilBody
		office.want(200, office.get("/pupils/"+string(h.pupil.ID))).into(t, &pupil)
		if len(pupil.Decisions) != 2 || !pupil.Decisions[0].Confirmed || pupil.Decisions[0].RecordedBy != "Kim teacher" {
			t.Errorf("got %+v", pupil.Decisions)
		}
	})
}

func TestAPaperYesTakesTwoMembersOfStaff(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		office, head := h.as(authz.Office), h.as(authz.Head)
		record := map[string]any{
			"person": map[string]any{"kind": "guardian", "id": h.guardian.ID}, "channel": "paper", "answer": "video", "receivedOn": h.Today().String(),
		}
		var recorded recordedBody
		office.want(202, office.post("/pupils/"+string(h.pupil.ID)+"/recorded-decisions", "p1", record)).into(t, &recorded)
		var proposals list[proposalBody]
		office.want(200, office.get("/proposals")).into(t, &proposals)
		if len(proposals.Items) != 1 || !proposals.Items[0].Own || proposals.Items[0].Yes.Person.Name != "Vera Brückner" {
			t.Fatalf("got %+v", proposals)
		}
		confirm := "/proposals/" + string(recorded.Proposal) + "/confirm"
		office.wantProblem(403, "second_person_needed", office.post(confirm, "x", map[string]any{}))
		head.want(204, head.post(confirm, "x", map[string]any{}))
		var pupil pupilBody
		office.want(200, office.get("/pupils/"+string(h.pupil.ID))).into(t, &pupil)
		if pupil.Mode != "video" {
			t.Errorf("mode %s", pupil.Mode)
		}
	})
}

func TestSignOutEndsTheSessionAtOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		token := c.cookies[accessCookie]
		got := c.want(204, c.send("DELETE", "/session", "", nil, nil))
		if got.header.Get("Clear-Site-Data") == "" {
			t.Error("the browser is not told to forget")
		}
		c.cookies[accessCookie] = token
		c.wantProblem(401, "not_signed_in", c.get("/me"))
	})
}
