package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

// object is the body of a call.
type object = map[string]any

// site is a class with a pupil and its guardian, in one school.
type site struct {
	*testkit.School
	class    school.Class
	pupil    school.Pupil
	guardian school.Guardian
	teacher  authz.Actor
}

// world is a house with all that the rights matrix asks about.
type world struct {
	*house
	sites   map[place]site
	clients map[authz.Role]*client
	spare   id.Account // a teacher without a class
	keys    int
}

func newWorld(t *testing.T, env *testkit.Env, change ...func(*Deps)) *world {
	t.Helper()
	h := newHouse(t, env, change...)
	w := &world{house: h, sites: map[place]site{}, clients: map[authz.Role]*client{}}
	h.adult()
	w.sites[own] = w.furnish(site{School: h.School, class: h.class, pupil: h.pupil, guardian: h.guardian})
	w.sites[other] = w.furnish(site{School: h.School, class: h.other, pupil: h.stranger, guardian: h.Guardian("Uwe", "Fremd", h.stranger)})
	if env.DB.Dialect() == db.Postgres {
		s := env.NewSchool(t)
		away := site{School: s, class: s.Class("7b")}
		away.pupil = s.Pupil("Ole", "Auswärts", "2014-05-05", away.class)
		away.guardian = s.Guardian("Ina", "Auswärts", away.pupil)
		h.publish(s)
		if err := h.rules.Ready(away.Ctx); err != nil {
			h.t.Fatal(err)
		}
		w.sites[foreign] = w.furnish(away)
	}
	w.spare = w.newTeacher(h.Ctx, "spare").Account
	return w
}

func (w *world) newTeacher(ctx context.Context, name string) authz.Actor {
	w.t.Helper()
	made, err := w.accounts.CreateStaff(ctx, account.NewStaff{
		Name: "Kim " + name, Email: name + "@schule.example", Role: authz.Teacher, Password: "kupfer-Lampe-41-wiese", Language: "de",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return authz.Actor{Account: made, Session: id.New[id.Session](), Role: authz.Teacher}
}

// furnish gives the site a teacher.
func (w *world) furnish(s site) site {
	w.t.Helper()
	s.teacher = w.newTeacher(s.Ctx, fmt.Sprintf("lehrkraft%d", len(w.sites)))
	s.teacher.School = s.ID
	if err := s.Service.GiveClass(s.Ctx, s.Staff(authz.Office), s.class.ID, s.teacher.Account); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// operations are those of the document, by their names.
func (h *house) operations() []*huma.Operation { return listOperations(h.server) }

func listOperations(s *Server) (all []*huma.Operation) {
	for _, item := range s.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete, item.Patch, item.Head, item.Options, item.Trace} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	slices.SortFunc(all, func(a, b *huma.Operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}

// operationsOf are the operations of a server that needs no database, for tests of the document.
func operationsOf(t *testing.T) []*huma.Operation { return listOperations(bareServer(t)) }

// head opens an event stream and hangs up when it has been let in.
func (w *world) head(c *client, path string) answer {
	w.t.Helper()
	ctx, hangUp := context.WithTimeout(context.Background(), 10*time.Second)
	defer hangUp()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+apiPrefix+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Cookie", accessCookie+"="+c.cookies[accessCookie])
	if c.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	got := answer{status: response.StatusCode, header: response.Header}
	if got.status != http.StatusOK {
		if got.body, err = io.ReadAll(response.Body); err != nil {
			w.t.Fatal(err)
		}
	}
	return got
}

func at(path string) func(*world, place, authz.Role) call { return with(path, nil) }

func with(path string, body any) func(*world, place, authz.Role) call {
	return func(*world, place, authz.Role) call { return call{path: path, body: body} }
}

// fresh is the id of the thing at the place, made by the maker where there is a place.
func fresh[T ~string](w *world, at place, made func(site) T) string {
	s, ok := w.sites[at]
	if !ok {
		return string(id.New[T]())
	}
	return string(made(s))
}

func schoolText(w *world, at place, _ authz.Role) call {
	return call{path: "/texts/" + fresh(w, at, func(s site) id.School { return s.ID })}
}

func class(format string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: fmt.Sprintf(format, fresh(w, at, func(s site) id.Class { return s.class.ID })), body: body}
	}
}

func pupil(format string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: fmt.Sprintf(format, w.pupilAt(at)), body: body}
	}
}

func (w *world) pupilAt(at place) string {
	return fresh(w, at, func(s site) id.Pupil { return s.pupil.ID })
}

// child is about the guardian's child, or about the pupil itself. body may be what makes the body, for the form in force.
func child(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, role authz.Role) call {
		pupil := w.pupilAt(at)
		if at == own && role == authz.Pupil {
			pupil = string(w.adult().ID)
		}
		if answer, ok := body.(func(*world) any); ok {
			return call{path: "/children/" + pupil + suffix, body: answer(w)}
		}
		return call{path: "/children/" + pupil + suffix, body: body}
	}
}

// no is an answer that everybody may give on every version.
func no(w *world) any {
	var public publicTextBody
	w.nobody().want(200, w.nobody().get("/texts/"+string(w.ID))).into(w.t, &public)
	return object{
		"answer": "none", "formVersion": public.Version.ID, "textSha256": public.German.TextSHA256, "language": "de", "after": nil,
	}
}

func (w *world) actorAt(s site, role authz.Role, at place) (authz.Actor, id.Pupil) {
	if at == own && role == authz.Pupil {
		return s.As(id.PupilOf(w.adult().ID)), w.adult().ID
	}
	return s.As(id.GuardianOf(s.guardian.ID)), s.pupil.ID
}

func receipt(suffix string) func(w *world, at place, role authz.Role) call {
	return func(w *world, at place, role authz.Role) call {
		return call{path: "/receipts/" + fresh(w, at, func(s site) id.Statement { return w.withdrawn(s, at, role).ID }) + suffix}
	}
}

func (w *world) withdrawn(s site, at place, role authz.Role) consent.Receipt {
	actor, pupil := w.actorAt(s, role, at)
	outcome, err := w.consents.Withdraw(s.Ctx, actor, pupil, consent.Everything)
	if err != nil {
		w.t.Fatal(err)
	}
	return outcome.Receipt
}

// loweringKey is that of a family of its own: whoever has lowered already changes nothing by lowering again.
func loweringKey(body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		key := "no.such.key"
		if s, ok := w.sites[at]; ok {
			pupil := s.Pupil("Kai", "Neumann", "2014-04-04", s.class)
			guardian := s.Guardian("Bo", "Neumann", pupil)
			s.Read(func(tx *db.Tx) error {
				made, err := w.server.Lowering.KeyOf(tx, id.GuardianOf(guardian.ID), pupil.ID)
				key = string(made)
				return err
			})
		}
		return call{path: "/lowering/" + key, body: body}
	}
}

func checkpoint(w *world, at place, role authz.Role) call {
	return call{path: "/evidence/checkpoint?school=" + fresh(w, at, func(s site) id.School {
		if _, err := w.server.Notary.Sign(s.Ctx, w.withdrawn(s, at, role).Leaf+1); err != nil {
			w.t.Fatal(err)
		}
		return s.ID
	})}
}

// leaf is by its number, and every school counts from 0: a foreign one is a number that is nowhere.
func leaf(w *world, at place, role authz.Role) call {
	number := int64(1) << 40
	if s, ok := w.sites[at]; ok && at != foreign {
		number = w.withdrawn(s, at, role).Leaf
	}
	return call{path: fmt.Sprintf("/evidence/proof?leaf=%d", number)}
}

func noReceipt(*world, place, authz.Role) call {
	return call{path: "/evidence/verify", raw: []byte("no receipt")}
}

func (w *world) from(at place) string {
	return "guardian:" + fresh(w, at, func(s site) id.Guardian { return s.guardian.ID })
}

func receivedWithdrawal(w *world, at place, _ authz.Role) call {
	return call{path: "/pupils/" + w.pupilAt(at) + "/received-withdrawals", body: object{"extent": "all", "from": w.from(at)}}
}

func recordedDecision(w *world, at place, _ authz.Role) call {
	return call{path: "/pupils/" + w.pupilAt(at) + "/recorded-decisions", body: object{
		"person":  object{"kind": "guardian", "id": strings.TrimPrefix(w.from(at), "guardian:")},
		"channel": "in_person", "answer": "none", "receivedOn": w.Today().String(),
	}}
}

func givenClass(w *world, at place, _ authz.Role) call {
	class := fresh(w, at, func(s site) id.Class { return s.class.ID })
	return call{path: "/classes/" + class + "/teachers/" + string(w.spare)}
}

func takenClass(w *world, at place, role authz.Role) call {
	c := givenClass(w, at, role)
	if at == own || at == other {
		s := w.sites[at]
		if err := s.Service.GiveClass(s.Ctx, s.Staff(authz.Office), s.class.ID, w.spare); err != nil {
			w.t.Fatal(err)
		}
	}
	return c
}

func plannedMeeting(w *world, at place, _ authz.Role) call {
	return call{path: "/meetings", body: object{
		"title": "Mathematik", "kind": "lesson", "classId": fresh(w, at, func(s site) id.Class { return s.class.ID }), "minutes": 45,
	}}
}

func meetingAt(suffix string) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: "/meetings/" + fresh(w, at, func(s site) id.Meeting { return w.lesson(s, 0) }) + suffix}
	}
}

// meetingAhead is one that begins in an hour, of the signed-in teacher's own at the place that is theirs, and of a colleague
// of their class at the other.
func meetingAhead(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		s := w.sites[own]
		planned := func(s site) id.Meeting { return w.lesson(s, time.Hour) }
		switch at {
		case own:
			s.teacher.Account = w.staff(authz.Teacher).account
			return call{path: "/meetings/" + string(planned(s)) + suffix, body: body}
		case other:
			return call{path: "/meetings/" + string(planned(s)) + suffix, body: body}
		default:
			return call{path: "/meetings/" + fresh(w, at, planned) + suffix, body: body}
		}
	}
}

func (w *world) lesson(s site, in time.Duration) id.Meeting {
	w.t.Helper()
	w.keys++
	plan := meeting.Plan{Title: fmt.Sprintf("Mathematik %d", w.keys), Kind: participation.Lesson, Class: s.class.ID, Length: 45 * time.Minute}
	if in > 0 { // one after the other
		plan.StartsAt = w.Clock.Now().Add(in + time.Duration(w.keys)*time.Hour)
	}
	planned, err := w.meetings.Plan(s.Ctx, s.teacher, plan)
	if err != nil {
		w.t.Fatal(err)
	}
	return planned.ID
}

// takenOver is a running meeting that the signed-in teacher holds at the place that is theirs, and another teacher elsewhere.
func takenOver(w *world, at place, _ authz.Role) call {
	return call{path: "/meetings/" + fresh(w, at, func(s site) id.Meeting {
		running := w.lesson(s, 0)
		substitute := authz.Actor{School: s.ID, Account: w.spare, Role: authz.Teacher}
		if at == own {
			substitute.Account = w.staff(authz.Teacher).account
		}
		if at != foreign {
			if _, err := w.meetings.TakeOver(s.Ctx, substitute, running); err != nil {
				w.t.Fatal(err)
			}
		}
		return running
	}) + "/substitution"}
}

func contactAt(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, role authz.Role) call {
		return call{path: meetingAt("/alternative-contacts/"+w.pupilAt(at)+suffix)(w, at, role).path, body: body}
	}
}

// absentAt is about a pupil that is marked as absent.
func absentAt(w *world, at place, role authz.Role) call {
	c := meetingAt("/alternative-contacts/"+w.pupilAt(at))(w, at, role)
	if s, ok := w.sites[at]; ok {
		s.Write(func(tx *db.Tx) error {
			return tx.G().Exec("INSERT INTO alternative_contact (school_id, meeting_id, pupil_id, absent) VALUES (?, ?, ?, true) ON CONFLICT DO NOTHING",
				tx.School, strings.Split(c.path, "/")[2], s.pupil.ID).Error
		})
	}
	return c
}

func newGroup(w *world, _ place, _ authz.Role) call {
	w.keys++
	return call{path: "/groups", body: object{"name": fmt.Sprintf("Band %d", w.keys)}}
}

func groupMembers(w *world, at place, _ authz.Role) call {
	return call{path: "/groups/" + fresh(w, at, func(s site) id.Class {
		w.keys++
		group, err := s.Service.MakeGroup(s.Ctx, s.Staff(authz.Office), fmt.Sprintf("Chor %d", w.keys))
		if err != nil {
			w.t.Fatal(err)
		}
		return group.ID
	}) + "/members", body: object{"pupils": []string{w.pupilAt(at)}}}
}

func guardianship(w *world, at place, _ authz.Role) call {
	return call{
		path: "/guardianships/" + fresh(w, at, func(s site) id.Guardianship { return s.GuardianshipOf(s.guardian, s.pupil).ID }),
		body: object{"custody": "joint", "prevented": false, "disputed": false, "protected": false},
	}
}

func (w *world) record(s site, received consent.Received) consent.Recorded {
	w.t.Helper()
	received.Pupil, received.Person, received.ReceivedOn = s.pupil.ID, id.GuardianOf(s.guardian.ID), s.Today()
	recorded, err := w.consents.Record(s.Ctx, s.teacher, received)
	if err != nil {
		w.t.Fatal(err)
	}
	return recorded
}

// decision is about a withdrawal that a teacher received and nobody has confirmed, of a family of its own: whoever has
// withdrawn already changes nothing by withdrawing again.
func decision(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: "/decisions/" + fresh(w, at, func(s site) id.Decision {
			s.pupil = s.Pupil("Kai", "Neumann", "2014-04-04", s.class)
			s.guardian = s.Guardian("Bo", "Neumann", s.pupil)
			return w.record(s, consent.Received{Channel: consent.ByTeacher, Extent: consent.Everything}).Decision
		}) + suffix, body: body}
	}
}

func proposed(suffix string) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: "/proposals/" + fresh(w, at, func(s site) id.Proposal {
			audio := participation.Audio
			return w.record(s, consent.Received{Channel: consent.Paper, Answer: &audio}).Proposal
		}) + suffix, body: object{}}
	}
}

func letters(w *world, at place, _ authz.Role) call {
	return call{path: "/letters", body: object{"pupils": []string{w.pupilAt(at)}}}
}

func mailing(w *world, at place, _ authz.Role) call {
	return call{path: "/letters/mailing", body: object{"pupils": []string{w.pupilAt(at)}}}
}

// slips are of a class with somebody new who was asked and cannot be reached.
func slips(w *world, at place, _ authz.Role) call {
	return call{path: "/reminders/slips", body: object{"delivery": "class", "classId": fresh(w, at, func(s site) id.Class {
		pupil := s.Pupil("Finn", "Ohnepost", "2014-04-04", s.class)
		guardian := s.Guardian("Ria", "Ohnepost", pupil)
		s.Write(func(tx *db.Tx) error {
			tx.MarkAudited()
			_, err := w.consents.AskByLetter(tx, id.GuardianOf(guardian.ID), []id.Pupil{pupil.ID})
			return err
		})
		return s.class.ID
	})}}
}

func letter(w *world, at place, _ authz.Role) call {
	return call{path: "/letters/" + fresh(w, at, func(s site) id.Letter { return w.issue(s).ID }) + "/void", body: object{}}
}

func (w *world) issue(s site) account.IssuedLetter {
	w.t.Helper()
	letters, err := w.accounts.IssueForSystem(s.Ctx, []account.Recipient{{Person: id.GuardianOf(s.guardian.ID)}})
	if err != nil {
		w.t.Fatal(err)
	}
	return letters[0]
}

// freshAddress has not had its confirmation of the day.
func freshAddress(w *world, _ place, _ authz.Role) call {
	w.keys++
	return call{path: "/notices/address", body: object{"address": fmt.Sprintf("familie%d@familie.example", w.keys)}}
}

func slipMessage(w *world, at place, _ authz.Role) call {
	return call{path: "/messages/" + fresh(w, at, func(s site) string {
		message := id.New[string]()
		s.Write(func(tx *db.Tx) error {
			return tx.G().Exec(`INSERT INTO message (school_id, id, event, kind, person_kind, person_id, channel, state, made_at, at)
				VALUES (?, ?, ?, 'first_answer', 'guardian', ?, 'slip', 'waiting', ?, ?)`, s.ID, message, message, s.guardian.ID, tx.Now.UnixMicro(), tx.Now.UnixMicro()).Error
		})
		return message
	}) + "/handed-over"}
}

func deadJob(w *world, at place, _ authz.Role) call {
	return call{path: "/outbox/dead/" + fresh(w, at, func(s site) id.Job {
		job := id.New[id.Job]()
		s.Write(func(tx *db.Tx) error {
			return tx.G().Exec(`INSERT INTO outbox (school_id, id, topic, payload, run_at, attempts, lease_until, done_at, dead_at)
				VALUES (?, ?, 'tick', '{}', 0, 12, 0, 0, 1)`, s.ID, job).Error
		})
		return job
	}) + "/retry"}
}

func wrongLetter(w *world, _ place, _ authz.Role) call {
	w.keys++
	return call{path: "/session/letter", body: object{
		"letterNo": fmt.Sprintf("%08d", w.keys), "secret": "0000-0000-0000-00", "birthDate": "2014-03-12",
	}}
}

func wrongDisowning(w *world, at place, role authz.Role) call {
	c := wrongLetter(w, at, role)
	c.path += "/disown"
	return c
}

func wrongPassword(w *world, _ place, role authz.Role) call {
	return call{path: "/session/password", body: object{"email": "niemand-" + string(role) + "@schule.example", "password": "falsch"}}
}

// unchanged is the class list of the house as it is.
const unchanged = "Nachname;Vorname;Klasse;Geburtsdatum\r\nBrückner;Lena;7b;12.03.2014\r\nFremd;Jan;7c;02.02.2014\r\nVolljährig;Ada;7b;01.01.2000\r\n"

func classList(*world, place, authz.Role) call { return call{path: "/imports", raw: []byte(unchanged)} }

// importPlan is about a plan without changes, so that nobody needs the head.
func importPlan(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: "/imports/" + fresh(w, at, func(s site) id.ImportPlan {
			stored, err := w.server.Intake.Propose(s.Ctx, s.Staff(authz.Office), []byte(unchanged))
			if err != nil {
				w.t.Fatal(err)
			}
			return stored.ID
		}) + suffix, body: body}
	}
}

func holidayFile(*world, place, authz.Role) call {
	return call{path: "/holidays", raw: []byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20270701\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")}
}
