package api

import (
	"context"
	"sort"
	"strings"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

func (s *Server) pupilRoutes() {
	route(s, authz.SeePupils, answers(get("/pupils", "pupils", "listPupils", "Pupils with their modes"), 400, 404), s.listPupils)
	route(s, authz.SeePupils, get("/pupils/{id}", "pupils", "getPupil", "One pupil: standing with its reasons, guardianships, decisions"), s.getPupil)
	route(s, authz.SeePupils, answers(get("/standings", "pupils", "listStandings", "Standings of a class with the kinds of their reasons"), 404), s.listStandings)
}

// PupilRow is a pupil in the office's list.
type PupilRow struct {
	ID id.Pupil `json:"id"`
	PersonName
	BirthDate string `json:"birthDate,omitempty" format:"date"`
	ClassName string `json:"className"`
	Mode      mode   `json:"mode" enum:"video,audio,none"`
	Open      bool   `json:"open" doc:"an answer is missing"`
	Conflict  bool   `json:"conflict" doc:"people with a say differ"`
}

type pupilsInput struct {
	Class  id.Class `query:"class" maxLength:"64"`
	Query  string   `query:"q" maxLength:"100" doc:"part of a name"`
	Only   string   `query:"only" enum:"open,conflict" doc:"only those whose answer is missing, or whose people differ"`
	Limit  int      `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor id.Pupil `query:"cursor" maxLength:"64"`
}

func (s *Server) listPupils(ctx context.Context, in *pupilsInput) (*out[list[PupilRow]], error) {
	rows, err := s.pupilRows(ctx, in)
	if err != nil {
		return nil, err
	}
	start := 0
	if in.Cursor != "" {
		for start < len(rows) && rows[start].ID != in.Cursor {
			start++
		}
		if start == len(rows) {
			return nil, fault.New(fault.CursorInvalid)
		}
		start++
	}
	end := min(start+in.Limit, len(rows))
	page := listOf(rows[start:end])
	page.Total = len(rows)
	if end < len(rows) {
		page.NextCursor = string(rows[end-1].ID)
	}
	return reply(page), nil
}

// holds says whether a pupil belongs into the list that was asked for; the query is folded.
func (in *pupilsInput) holds(st standing.Standing, query string) bool {
	if in.Only == "open" && !st.Open || in.Only == "conflict" && !st.Conflict {
		return false
	}
	return strings.Contains(school.Fold(st.Pupil.Given+" "+st.Pupil.Family), query) ||
		strings.Contains(school.Fold(st.Pupil.Family+", "+st.Pupil.Given), query)
}

// pupilRows are all pupils who are at the school today and belong into the list. Names lie sealed, so they are searched
// and sorted in memory.
func (s *Server) pupilRows(ctx context.Context, in *pupilsInput) ([]PupilRow, error) {
	var rows []PupilRow
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		standings, classes, err := s.todays(tx, in.Class)
		if err != nil {
			return err
		}
		query := school.Fold(in.Query)
		var found []standing.Standing
		for _, st := range standings {
			if in.holds(st, query) {
				found = append(found, st)
			}
		}
		school.SortByName(found, func(st standing.Standing) school.Name { return st.Pupil.Name })
		for _, st := range found {
			rows = append(rows, PupilRow{
				ID: st.Pupil.ID, PersonName: nameOf(st.Pupil.Name), BirthDate: textOfDate(st.Pupil.BirthDate),
				ClassName: classes[st.Pupil.ID].Name, Mode: modeOf(st.Mode), Open: st.Open, Conflict: st.Conflict,
			})
		}
		return nil
	})
	return rows, err
}

// todays gives the standings of a class, or of every pupil in a class today.
func (s *Server) todays(tx *db.Tx, class id.Class) (map[id.Pupil]standing.Standing, map[id.Pupil]school.Class, error) {
	day, err := s.Schools.Today(tx)
	if err != nil {
		return nil, nil, err
	}
	pupils, err := s.pupilsToday(tx, class)
	if err != nil {
		return nil, nil, err
	}
	standings, err := s.Standings.Of(tx, pupils)
	if err != nil {
		return nil, nil, err
	}
	classes, err := s.Schools.ClassNamesOf(tx, pupils, day)
	return standings, classes, err
}

func (s *Server) pupilsToday(tx *db.Tx, class id.Class) ([]id.Pupil, error) {
	day, err := s.Schools.Today(tx)
	if err != nil {
		return nil, err
	}
	if class != "" {
		if _, err := s.Schools.Class(tx, class); err != nil {
			return nil, err
		}
		return s.Schools.PupilsOfClass(tx, class, day)
	}
	classes, err := s.Schools.ClassesOn(tx, day)
	if err != nil {
		return nil, err
	}
	var all []id.Pupil
	for _, c := range classes {
		pupils, err := s.Schools.PupilsOfClass(tx, c.ID, day)
		if err != nil {
			return nil, err
		}
		all = append(all, pupils...)
	}
	return all, nil
}

type reasonBody struct {
	Kind   participation.ReasonKind `json:"kind" enum:"unclear,not_at_school,no_form,birth_date_unknown,nobody_has_say,unanswered,refused,withdrawn,sound_only,asked_again,disputed,pupil_beside,to_be_confirmed,own_limit,sanction,teacher_limit,hold"`
	Person *personBody              `json:"person,omitempty" doc:"whose doing or missing it is"`
}

type personBody struct {
	Kind id.PersonKind `json:"kind" enum:"guardian,pupil"`
	ID   string        `json:"id"`
	Name string        `json:"name"`
}

type staffDecisionBody struct {
	DecisionBody
	Person     personBody `json:"person"`
	RecordedBy string     `json:"recordedBy,omitempty"`
	Confirmed  bool       `json:"confirmed" doc:"of a withdrawal that a teacher received"`

	InvalidReason  string `json:"invalidReason,omitempty" enum:"wrong_person,wrong_answer,not_authentic"`
	AfterNewLetter bool   `json:"afterNewLetter" doc:"a yes within 24 hours after a further letter let its person in"`
}

type schoolingBody struct {
	From  string `json:"from,omitempty" format:"date"`
	Until string `json:"until,omitempty" format:"date"`
}

type pupilBody struct {
	PupilRow
	Standing struct {
		Mode    mode         `json:"mode" enum:"video,audio,none"`
		Until   string       `json:"until,omitempty" format:"date" doc:"first day on which this may differ by time alone"`
		Reasons []reasonBody `json:"reasons" nullable:"false"`
	} `json:"standing"`
	Sayers        []personBody        `json:"sayers" nullable:"false" doc:"who has a say today"`
	Guardianships []guardianshipBody  `json:"guardianships" nullable:"false"`
	Decisions     []staffDecisionBody `json:"decisions" nullable:"false" doc:"latest first"`
	Schoolings    []schoolingBody     `json:"schoolings" nullable:"false"`
}

func (s *Server) getPupil(ctx context.Context, in *pupilInput) (*out[pupilBody], error) {
	var body pupilBody
	var st standing.Standing
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		standings, err := s.Standings.Of(tx, []id.Pupil{in.ID})
		if err != nil {
			return err
		}
		found, ok := standings[in.ID]
		if !ok {
			return fault.New(fault.NothingHere)
		}
		st = found
		body, err = s.pupilOf(tx, st)
		return err
	})
	if err != nil {
		return nil, err
	}
	return reply(body), s.nameRecorders(ctx, body.Decisions)
}

func (s *Server) pupilOf(tx *db.Tx, st standing.Standing) (pupilBody, error) {
	day, err := s.Schools.Today(tx)
	if err != nil {
		return pupilBody{}, err
	}
	classes, err := s.Schools.ClassNamesOf(tx, []id.Pupil{st.Pupil.ID}, day)
	if err != nil {
		return pupilBody{}, err
	}
	people, err := s.peopleOf(tx, st)
	if err != nil {
		return pupilBody{}, err
	}
	body := pupilBody{PupilRow: PupilRow{
		ID: st.Pupil.ID, PersonName: nameOf(st.Pupil.Name), BirthDate: textOfDate(st.Pupil.BirthDate),
		ClassName: classes[st.Pupil.ID].Name, Mode: modeOf(st.Mode), Open: st.Open, Conflict: st.Conflict,
	}}
	body.Standing.Mode, body.Standing.Until = modeOf(st.Mode), textOfDate(st.Until)
	body.Standing.Reasons = reasonsOf(st, people)
	for _, p := range participation.WhoHasSay(st.Facts) {
		body.Sayers = append(body.Sayers, people.of(p))
	}
	if body.Guardianships, err = s.guardianshipsOf(tx, []id.Pupil{st.Pupil.ID}); err != nil {
		return body, err
	}
	for _, time := range st.Schoolings {
		body.Schoolings = append(body.Schoolings, schoolingBody{From: textOfDate(time.Period.From), Until: textOfDate(time.Period.Until)})
	}
	body.Decisions, err = s.staffDecisions(tx, st, people)
	body.Sayers, body.Schoolings = orEmpty(body.Sayers), orEmpty(body.Schoolings)
	return body, err
}

// staffDecisions are a pupil's decisions as the office sees them, latest first.
func (s *Server) staffDecisions(tx *db.Tx, st standing.Standing, people people) ([]staffDecisionBody, error) {
	persons := make([]id.Person, len(st.Decisions))
	for i, d := range st.Decisions {
		persons[i] = d.Person
	}
	letters, err := s.Accounts.NewLettersOf(tx, persons)
	bodies := []staffDecisionBody{}
	for i := len(st.Decisions) - 1; i >= 0; i-- {
		d := st.Decisions[i]
		outcome := consent.Outcome{Decision: d, Receipt: consent.Receipt{ID: d.Statement, Leaf: d.Leaf}}
		body := staffDecisionBody{
			DecisionBody: decisionOf(outcome), Person: people.of(participation.Person{Kind: participation.PersonKind(d.Person.Kind), ID: d.Person.ID}),
			RecordedBy: string(d.RecordedBy), Confirmed: d.Confirmed,
			AfterNewLetter: d.IsYes() && d.Session != "" && letters.Before(d.Person, d.RecordedAt),
		}
		if d.Invalidated != nil {
			body.InvalidReason = string(d.Invalidated.Reason)
		}
		bodies = append(bodies, body)
	}
	return bodies, err
}

func orEmpty[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// people are the names behind a pupil's persons.
type people struct {
	pupil     school.Pupil
	guardians map[id.Guardian]school.Guardian
}

func (s *Server) peopleOf(tx *db.Tx, st standing.Standing) (people, error) {
	var ids []id.Guardian
	for _, link := range st.Guardianships {
		ids = append(ids, link.Guardian)
	}
	guardians, err := s.Schools.Guardians(tx, ids)
	return people{pupil: st.Pupil, guardians: guardians}, err
}

func (p people) of(person participation.Person) personBody {
	body := personBody{Kind: id.PersonKind(person.Kind), ID: person.ID}
	if person.Kind == participation.Pupil {
		body.Name = fullName(p.pupil.Name)
	} else {
		body.Name = fullName(p.guardians[id.Guardian(person.ID)].Name)
	}
	return body
}

func reasonsOf(st standing.Standing, people people) []reasonBody {
	reasons := []reasonBody{}
	for _, reason := range st.Reasons {
		if !reason.SeenBy(participation.SeenByOffice) {
			continue
		}
		body := reasonBody{Kind: reason.Kind}
		if reason.Person.ID != "" {
			person := people.of(reason.Person)
			body.Person = &person
		}
		reasons = append(reasons, body)
	}
	return reasons
}

// nameRecorders puts names in place of the accounts that recorded decisions.
func (s *Server) nameRecorders(ctx context.Context, decisions []staffDecisionBody) error {
	var accounts []id.Account
	for _, d := range decisions {
		if d.RecordedBy != "" {
			accounts = append(accounts, id.Account(d.RecordedBy))
		}
	}
	names, err := s.Accounts.Names(ctx, accounts)
	for i := range decisions {
		decisions[i].RecordedBy = names[id.Account(decisions[i].RecordedBy)]
	}
	return err
}

type standingRow struct {
	Pupil id.Pupil `json:"pupil"`
	PersonName
	Mode     mode     `json:"mode" enum:"video,audio,none"`
	Reasons  []string `json:"reasons" nullable:"false"`
	Open     bool     `json:"open"`
	Conflict bool     `json:"conflict"`
}

type standingsInput struct {
	Class id.Class `query:"class" required:"true" maxLength:"64"`
}

func (s *Server) listStandings(ctx context.Context, in *standingsInput) (*out[list[standingRow]], error) {
	var rows []standingRow
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		standings, _, err := s.todays(tx, in.Class)
		for pupil, st := range standings {
			row := standingRow{
				Pupil: pupil, PersonName: nameOf(st.Pupil.Name), Mode: modeOf(st.Mode), Reasons: []string{}, Open: st.Open, Conflict: st.Conflict,
			}
			for _, reason := range reasonsOf(st, people{}) {
				row.Reasons = append(row.Reasons, string(reason.Kind))
			}
			sort.Strings(row.Reasons)
			rows = append(rows, row)
		}
		return err
	})
	school.SortByName(rows, func(r standingRow) school.Name { return school.Name{Given: r.GivenName, Family: r.FamilyName} })
	return reply(listOf(rows)), err
}
