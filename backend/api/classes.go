package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

func (s *Server) classRoutes() {
	route(s, authz.SeeClasses, get("/classes", "classes", "listClasses", "Classes the caller may see, with counts"), s.listClasses)
	route(s, authz.SeeModes, get("/classes/{id}/modes", "classes", "getModes", "Today's modes of a class, without a meeting"), s.getModes)
	route(s, authz.ReceiveWithdrawal, get("/pupils/{id}/people", "classes", "listPeople", "Who may have told a withdrawal"), s.listPeople)
	received := idempotent(post("/pupils/{id}/received-withdrawals", "classes", "receiveWithdrawal", "A withdrawal told in person: lowers at once, the office confirms"))
	received.DefaultStatus = http.StatusCreated
	route(s, authz.ReceiveWithdrawal, as(withdrawing, received), s.receiveWithdrawal)
	give := put("/classes/{id}/teachers/{account}", "classes", "giveClass", "Give a class to a teacher")
	give.DefaultStatus = http.StatusNoContent
	route(s, authz.GiveClasses, give, s.giveClass)
	take := remove("/classes/{id}/teachers/{account}", "classes", "takeClass", "Take a class from a teacher")
	take.DefaultStatus = http.StatusNoContent
	route(s, authz.GiveClasses, take, s.takeClass)
	route(s, authz.GiveClasses, get("/staff", "classes", "listStaff", "Members of staff"), s.listStaff)
}

type countsBody struct {
	Video int `json:"video"`
	Audio int `json:"audio"`
	None  int `json:"none"`
}

type classBody struct {
	Named
	Kind       string     `json:"kind" enum:"class,group"`
	SchoolYear string     `json:"schoolYear"`
	Pupils     int        `json:"pupils"`
	Counts     countsBody `json:"counts" doc:"today's modes"`
	Open       *int       `json:"open,omitempty" doc:"pupils for whom an answer is missing; for office, head and programs with open_answers"`
	Conflicts  *int       `json:"conflicts,omitempty" doc:"pupils on whom people differ; for the same"`
	Teachers   []Named    `json:"teachers,omitempty" doc:"for office and head"`
}

func (s *Server) listClasses(ctx context.Context, _ *none) (*out[list[classBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	var bodies []classBody
	teachers := map[id.Class][]id.Account{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		classes, err := s.Meetings.Classes(tx, actor)
		if err != nil {
			return err
		}
		for _, class := range classes {
			body, err := s.classOf(tx, actor, class)
			if err != nil {
				return err
			}
			if teachers[class.ID], err = s.Schools.TeachersOf(tx, class.ID); err != nil {
				return err
			}
			bodies = append(bodies, body)
		}
		return nil
	})
	if err == nil && actor.May(authz.SeePupils) {
		err = s.nameTeachers(ctx, bodies, teachers)
	}
	return reply(listOf(bodies)), err
}

func (s *Server) classOf(tx *db.Tx, actor authz.Actor, class school.Class) (classBody, error) {
	body := classBody{Named: classNamed(class), Kind: string(class.Kind), SchoolYear: class.SchoolYear}
	day, err := s.Schools.Today(tx)
	if err != nil {
		return body, err
	}
	pupils, err := s.Schools.PupilsOfClass(tx, class.ID, day)
	if err != nil {
		return body, err
	}
	standings, err := s.Standings.Of(tx, pupils)
	open, conflicts := 0, 0
	for _, standing := range standings {
		body.Pupils++
		switch standing.Mode {
		case participation.Video:
			body.Counts.Video++
		case participation.Audio:
			body.Counts.Audio++
		default:
			body.Counts.None++
		}
		if standing.Open {
			open++
		}
		if standing.Conflict {
			conflicts++
		}
	}
	if actor.May(authz.CountOpen) {
		body.Open, body.Conflicts = &open, &conflicts
	}
	return body, err
}

func (s *Server) nameTeachers(ctx context.Context, bodies []classBody, teachers map[id.Class][]id.Account) error {
	var all []id.Account
	for _, accounts := range teachers {
		all = append(all, accounts...)
	}
	names, err := s.Accounts.Names(ctx, all)
	for i := range bodies {
		for _, account := range teachers[id.Class(bodies[i].ID)] {
			bodies[i].Teachers = append(bodies[i].Teachers, Named{ID: string(account), Name: names[account]})
		}
	}
	return err
}

type classInput struct {
	ID id.Class `path:"id"`
}

type modesBody struct {
	Class Named     `json:"class"`
	Date  string    `json:"date" format:"date"`
	AsOf  time.Time `json:"asOf"`
	Rows  []rowBody `json:"rows" nullable:"false"`
}

func (s *Server) getModes(ctx context.Context, in *classInput) (*out[modesBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	modes, err := s.Meetings.Modes(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return reply(modesBody{
		Class: classNamed(modes.Class), Date: modes.Day.String(), AsOf: modes.AsOf, Rows: rowsOf(modes.Rows),
	}), nil
}

type pupilInput struct {
	ID id.Pupil `path:"id"`
}

type sayerBody struct {
	From     string `json:"from" doc:"pupil, or guardian: and an id; goes back as from"`
	Name     string `json:"name"`
	Relation string `json:"relation" enum:"mother,father,parent,legal_guardian,other,pupil"`
}

func (s *Server) listPeople(ctx context.Context, in *pupilInput) (*out[list[sayerBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	var bodies []sayerBody
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.Meetings.MustSeePupil(tx, actor, in.ID); err != nil {
			return err
		}
		people, err := s.Consents.Sayers(tx, in.ID)
		if err != nil {
			return err
		}
		bodies, err = s.nameSayers(tx, in.ID, people)
		return err
	})
	return reply(listOf(bodies)), err
}

func (s *Server) nameSayers(tx *db.Tx, pupil id.Pupil, people []id.Person) ([]sayerBody, error) {
	pupils, err := s.Schools.Pupils(tx, []id.Pupil{pupil})
	if err != nil {
		return nil, err
	}
	links, err := s.Schools.GuardianshipsOf(tx, []id.Pupil{pupil})
	if err != nil {
		return nil, err
	}
	relations := map[id.Guardian]school.Relation{}
	var ids []id.Guardian
	for _, link := range links[pupil] {
		relations[link.Guardian] = link.Relation
		ids = append(ids, link.Guardian)
	}
	guardians, err := s.Schools.Guardians(tx, ids)
	if err != nil {
		return nil, err
	}
	bodies := make([]sayerBody, len(people))
	for i, person := range people {
		if person.Kind == id.PupilPerson {
			bodies[i] = sayerBody{From: "pupil", Name: fullName(pupils[pupil].Name), Relation: "pupil"}
			continue
		}
		guardian := id.Guardian(person.ID)
		bodies[i] = sayerBody{
			From: "guardian:" + person.ID, Name: fullName(guardians[guardian].Name), Relation: string(relations[guardian]),
		}
	}
	return bodies, nil
}

func fullName(n school.Name) string { return n.Given + " " + n.Family }

type receivedInput struct {
	ID   id.Pupil `path:"id"`
	Body struct {
		Extent string `json:"extent" enum:"picture,all"`
		From   string `json:"from" maxLength:"80" doc:"as listed by people: pupil, or guardian: and an id"`
	}
}

type recordedBody struct {
	DecisionID id.Decision `json:"decisionId,omitempty"`
	Proposal   id.Proposal `json:"proposal,omitempty" doc:"waits for a second member of staff"`
	Mode       mode        `json:"mode" enum:"video,audio,none" doc:"of the pupil now"`
}

func (s *Server) receiveWithdrawal(ctx context.Context, in *receivedInput) (*out[recordedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	person, err := personOf(in.Body.From, in.ID)
	if err != nil {
		return nil, err
	}
	received := consent.Received{Pupil: in.ID, Person: person, Channel: consent.ByTeacher, Extent: consent.Extent(in.Body.Extent)}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.Meetings.MustSeePupil(tx, actor, in.ID); err != nil {
			return err
		}
		received.ReceivedOn, err = s.Schools.Today(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	recorded, err := s.Consents.Record(ctx, actor, received)
	if err != nil {
		return nil, err
	}
	body, err := s.recorded(ctx, recorded)
	return reply(body), err
}

// recorded adds the pupil's mode as it is now.
func (s *Server) recorded(ctx context.Context, recorded consent.Recorded) (recordedBody, error) {
	body := recordedBody{DecisionID: recorded.Decision, Proposal: recorded.Proposal}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		standings, err := s.Standings.Of(tx, []id.Pupil{recorded.Pupil})
		body.Mode = modeOf(standings[recorded.Pupil].Mode)
		return err
	})
	return body, err
}

func personOf(from string, pupil id.Pupil) (id.Person, error) {
	if from == "pupil" {
		return id.PupilOf(pupil), nil
	}
	if guardian, ok := strings.CutPrefix(from, "guardian:"); ok {
		return id.GuardianOf(id.Guardian(guardian)), nil
	}
	return id.Person{}, fault.InvalidField("from", fault.FieldInvalid)
}

type teacherInput struct {
	ID      id.Class   `path:"id"`
	Account id.Account `path:"account"`
}

func (s *Server) giveClass(ctx context.Context, in *teacherInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	staff, err := s.Accounts.Staff(ctx, actor)
	if err != nil {
		return nil, err
	}
	for _, member := range staff {
		if member.Account == in.Account && member.Role == authz.Teacher {
			return nil, s.Schools.GiveClass(ctx, actor, in.ID, in.Account)
		}
	}
	return nil, fault.New(fault.NothingHere)
}

func (s *Server) takeClass(ctx context.Context, in *teacherInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Schools.TakeClass(ctx, actor, in.ID, in.Account)
}

type staffBody struct {
	Named
	Role authz.Role `json:"role" enum:"teacher,office,head,dpo"`
}

func (s *Server) listStaff(ctx context.Context, _ *none) (*out[list[staffBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	staff, err := s.Accounts.Staff(ctx, actor)
	bodies := make([]staffBody, len(staff))
	for i, member := range staff {
		bodies[i] = staffBody{Named: Named{ID: string(member.Account), Name: member.Name}, Role: member.Role}
	}
	return reply(listOf(bodies)), err
}
