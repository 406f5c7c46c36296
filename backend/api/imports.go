package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/intake"
)

const maxFile = 2 << 20 // bytes of a class list

func (s *Server) importRoutes() {
	propose := post("/imports", "imports", "proposeImport", "Read a class list and plan what it would change; nothing is changed")
	propose.DefaultStatus = http.StatusCreated
	propose.MaxBodyBytes = importLimit
	propose.RequestBody = &huma.RequestBody{Required: true, Description: "the file as it is, at most 2 MiB", Content: map[string]*huma.MediaType{
		"text/csv":                 {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
	}}
	route(s, authz.ImportLists, answers(as(files, propose), 422), s.proposeImport)
	route(s, authz.ImportLists, get("/imports/{id}", "imports", "getImport", "The plan of an import, for 24 hours"), s.getImport)
	route(s, authz.ImportLists, as(files, idempotent(post("/imports/{id}/apply", "imports", "applyImport", "Carry the plan out"))), s.applyImport)
}

type planRow struct {
	Ref     string `json:"ref"`
	Outcome string `json:"outcome" enum:"new,changed,moved,doubtful,missing,leaving,ignored"`
	Line    int    `json:"line,omitempty"`
	Pupil   struct {
		PersonName
		BirthDate string `json:"birthDate,omitempty" format:"date"`
		ClassName string `json:"className"`
	} `json:"pupil"`
	Changes           []planChange   `json:"changes,omitempty"`
	Guardians         []planGuardian `json:"guardians,omitempty"`
	NeedsConfirmation string         `json:"needsConfirmation,omitempty" doc:"why this row is done only when confirmed by itself"`
	Notes             []string       `json:"notes,omitempty"`
}

type planChange struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

type planGuardian struct {
	PersonName
	Email    string `json:"email,omitempty"`
	Relation string `json:"relation"`
}

type planBody struct {
	ID        id.ImportPlan `json:"id"`
	CreatedAt time.Time     `json:"createdAt"`
	ExpiresAt time.Time     `json:"expiresAt"`
	Applied   bool          `json:"applied"`
	Counts    intake.Counts `json:"counts"`
	NeedsHead bool          `json:"needsHead" doc:"more than a tenth of the pupils changed or gone: the head applies it"`
	Rows      []planRow     `json:"rows" nullable:"false" doc:"unchanged pupils are counted, not listed"`
}

func planOf(stored intake.Stored) planBody {
	body := planBody{
		ID: stored.ID, CreatedAt: stored.CreatedAt, ExpiresAt: stored.ExpiresAt, Applied: stored.Applied, Counts: stored.Plan.Counts,
		NeedsHead: stored.Plan.NeedsHead, Rows: make([]planRow, len(stored.Plan.Entries)),
	}
	for i, entry := range stored.Plan.Entries {
		body.Rows[i] = planRowOf(stored.Plan, entry)
	}
	return body
}

func planRowOf(plan intake.Plan, entry intake.Entry) planRow {
	row := planRow{Ref: entry.Ref, Outcome: string(entry.Outcome), Line: entry.Line, NeedsConfirmation: string(entry.NeedsConfirmation)}
	row.Pupil.PersonName = PersonName{GivenName: entry.Pupil.GivenName, FamilyName: entry.Pupil.FamilyName}
	row.Pupil.BirthDate, row.Pupil.ClassName = textOfDate(entry.Pupil.BirthDate), entry.Pupil.Class
	for _, change := range entry.Changes {
		row.Changes = append(row.Changes, planChange{Field: string(change.Field), From: change.From, To: change.To})
	}
	for _, link := range entry.Guardians {
		person := plan.People[link.Person]
		row.Guardians = append(row.Guardians, planGuardian{
			PersonName: PersonName{GivenName: person.GivenName, FamilyName: person.FamilyName}, Email: person.Email, Relation: string(link.Relation),
		})
	}
	for _, note := range entry.Notes {
		row.Notes = append(row.Notes, string(note))
	}
	return row
}

type fileInput struct {
	RawBody []byte
}

func (s *Server) proposeImport(ctx context.Context, in *fileInput) (*out[planBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if len(in.RawBody) > maxFile {
		return nil, fault.New(fault.BodyTooLarge)
	}
	stored, err := s.Intake.Propose(ctx, actor, in.RawBody)
	if err != nil {
		return nil, err
	}
	return reply(planOf(stored)), nil
}

type importInput struct {
	ID id.ImportPlan `path:"id"`
}

func (s *Server) getImport(ctx context.Context, in *importInput) (*out[planBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := s.Intake.Plan(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return reply(planOf(stored)), nil
}

type applyInput struct {
	ID   id.ImportPlan `path:"id"`
	Body struct {
		Confirmed []string `json:"confirmed" nullable:"false" maxItems:"5000" doc:"refs of the rows that were confirmed by themselves"`
	}
}

type appliedBody struct {
	Counts intake.Counts `json:"counts" doc:"what was done"`
}

func (s *Server) applyImport(ctx context.Context, in *applyInput) (*out[appliedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.Intake.Apply(ctx, actor, in.ID, in.Body.Confirmed)
	if err != nil {
		return nil, err
	}
	return reply(appliedBody{Counts: counts}), nil
}
