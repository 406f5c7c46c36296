package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

const verifyPath = apiPrefix + "/evidence/verify"

func (s *Server) evidenceRoutes() {
	route(s, authz.Public, answers(get("/evidence/checkpoint", "evidence", "getCheckpoint", "The newest signed checkpoint of a school's log"), 404), s.getCheckpoint)
	route(s, authz.SeeEvidence, get("/evidence", "evidence", "getEvidence", "How the log stands: its size, what is signed, whether signing has stopped"), s.getEvidence)
	route(s, authz.SeeProof, answers(get("/evidence/proof", "evidence", "getProof", "One leaf with its path to the newest checkpoint"), 404), s.getProof)
	verify := post("/evidence/verify", "evidence", "verifyReceipt", "Check a receipt by the file and published checkpoints alone")
	verify.Description = "Tells validity and dates, never names, and asks no table about people."
	verify.MaxBodyBytes = proof.MaxReceipt
	verify.SkipValidateBody = true // it is judged, not read
	binary := &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	verify.RequestBody = &huma.RequestBody{Required: true, Description: "the receipt's JSON or PDF as it is, at most 1 MiB", Content: map[string]*huma.MediaType{
		"application/octet-stream": binary, mediaPDF: binary, mediaJSON: binary,
	}}
	route(s, authz.Public, answers(as(files, verify), http.StatusOK, http.StatusTooManyRequests), s.verifyReceipt)
}

type checkpointInput struct {
	School id.School `query:"school" required:"true" maxLength:"64"`
	From   int64     `query:"from" minimum:"0" doc:"size of an older checkpoint: the reply proves that its log is the beginning of this one"`
}

type checkpointBody struct {
	Checkpoint  string   `json:"checkpoint" doc:"C2SP signed note"`
	Key         string   `json:"key" doc:"verifies it, see C2SP signed-note"`
	From        int64    `json:"from,omitempty"`
	Consistency [][]byte `json:"consistency,omitempty" doc:"RFC 6962 consistency proof"`
}

func (s *Server) getCheckpoint(ctx context.Context, in *checkpointInput) (*out[checkpointBody], error) {
	if !id.Valid(in.School) { // the name of a key is made from it
		return nil, fault.New(fault.NothingHere)
	}
	published, err := s.Notary.Publish(db.InSchool(ctx, in.School), in.From)
	return reply(checkpointBody(published)), err
}

type evidenceBody struct {
	Leaves      int64          `json:"leaves"`
	Signed      int64          `json:"signed" doc:"leaves that the newest checkpoint covers"`
	SignedAt    *time.Time     `json:"signedAt,omitempty"`
	Checkpoint  string         `json:"checkpoint,omitempty"`
	Key         string         `json:"key"`
	Fingerprint string         `json:"fingerprint" doc:"SHA-256 of the public key in groups, to be compared by eye"`
	DPOContact  string         `json:"dpoContact,omitempty" doc:"of the data protection officer, who keeps checkpoints elsewhere"`
	Alarm       *evidenceAlarm `json:"alarm,omitempty" doc:"signing has stopped: the log does not continue what was signed"`
}

type evidenceAlarm struct {
	Since time.Time `json:"since"`
	Cause string    `json:"cause"`
}

func (s *Server) getEvidence(ctx context.Context, _ *none) (*out[evidenceBody], error) {
	state, err := s.Notary.State(ctx)
	if err != nil {
		return nil, err
	}
	body := evidenceBody{
		Leaves: state.Leaves, Signed: state.Last.Size, Checkpoint: state.Last.Note, Key: state.Key.String(), Fingerprint: state.Key.Fingerprint(),
	}
	if state.Last.Size > 0 {
		body.SignedAt = &state.Last.At
	}
	if state.Alarm != nil {
		body.Alarm = &evidenceAlarm{Since: state.Alarm.Since, Cause: state.Alarm.Cause}
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.Schools.Settings(tx)
		body.DPOContact = settings.Officers.DPOContact
		return err
	})
	return reply(body), err
}

type proofInput struct {
	Leaf int64 `query:"leaf" required:"true" minimum:"0"`
}

type proofBody struct {
	Leaf       string   `json:"leaf" doc:"the record as the tree hashes it"`
	Inclusion  [][]byte `json:"inclusion" nullable:"false" doc:"RFC 6962 audit path"`
	Checkpoint string   `json:"checkpoint"`
	Key        string   `json:"key"`
}

// getProof shows a leaf, which names nobody, to those who watch over the log, and to others their own leaves.
func (s *Server) getProof(ctx context.Context, in *proofInput) (*out[proofBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if !actor.May(authz.SeeEvidence) {
		if err := s.ownLeaf(ctx, actor, in.Leaf); err != nil {
			return nil, err
		}
	}
	found, err := s.Notary.Prove(ctx, in.Leaf)
	return reply(proofBody{Leaf: string(found.Record), Inclusion: proof.HashesOf(found.Path), Checkpoint: found.Checkpoint, Key: found.Key.String()}), err
}

func (s *Server) ownLeaf(ctx context.Context, actor authz.Actor, leaf int64) error {
	return s.DB.Read(ctx, func(tx *db.Tx) error {
		statement, err := s.Notary.StatementAt(tx, leaf)
		if err == nil {
			_, err = s.Consents.ReceiptTexts(tx, actor, statement)
		}
		return err
	})
}

type verifyInput struct {
	device
	RawBody []byte
}

type claimBody struct {
	ID    string `json:"id"`
	State string `json:"state" enum:"holds,fails,unknown,withheld"`
	Text  string `json:"text" doc:"for people, in their language"`
}

type verifiedBody struct {
	Holds       bool        `json:"holds" doc:"every claim holds that the file makes"`
	Claims      []claimBody `json:"claims" nullable:"false"`
	Limits      []string    `json:"limits" nullable:"false" doc:"what no receipt can show, for people"`
	RecordedAt  *time.Time  `json:"recordedAt,omitempty"`
	SignedAt    *time.Time  `json:"signedAt,omitempty"`
	Leaf        *int64      `json:"leaf,omitempty"`
	Leaves      int64       `json:"leaves,omitempty" doc:"in the log when the checkpoint was signed"`
	Log         string      `json:"log,omitempty"`
	Fingerprint string      `json:"fingerprint,omitempty"`
}

func (s *Server) verifyReceipt(ctx context.Context, in *verifyInput) (*out[verifiedBody], error) {
	if len(in.RawBody) == 0 {
		return nil, fault.New(fault.MalformedBody)
	}
	if err := s.Accounts.CountVerification(ctx, in.address); err != nil {
		return nil, err
	}
	report := s.Printer.VerifyReceipt(in.RawBody, proof.Against{})
	if published, ok := s.publishedFor(ctx, report.About); ok {
		report = s.Printer.VerifyReceipt(in.RawBody, published)
	}
	return reply(verifiedOf(report, requestOf(ctx).language)), nil
}

// publishedFor gives what this deployment publishes of the receipt's log; nothing where the log is not one of ours.
func (s *Server) publishedFor(ctx context.Context, about proof.About) (proof.Against, bool) {
	school, ok := proof.SchoolOf(about.Checkpoint.Origin)
	if !ok {
		return proof.Against{}, false
	}
	published, err := s.Notary.Publish(db.InSchool(ctx, id.School(school)), about.Checkpoint.Size)
	if err != nil {
		return proof.Against{}, false
	}
	later, err := published.MarshalIndent()
	return proof.Against{Key: published.Key, Later: [][]byte{later}}, err == nil
}

func verifiedOf(report proof.Report, language string) verifiedBody {
	body := verifiedBody{Holds: report.Holds(), Claims: []claimBody{}, Limits: []string{}}
	for _, claim := range report.Claims {
		body.Claims = append(body.Claims, claimBody{ID: string(claim.ID), State: claim.State.String(), Text: claim.Text(language)})
	}
	for _, limit := range report.Limits {
		body.Limits = append(body.Limits, limit.Text(language))
	}
	about := report.About
	if at := about.Statement.RecordedAt(); !at.IsZero() {
		body.RecordedAt, body.Leaf = &at, &about.Leaf.Seq
	}
	if about.Checkpoint.Origin != "" {
		body.SignedAt, body.Leaves, body.Log = &about.Checkpoint.At, about.Checkpoint.Size, about.Checkpoint.Origin
		body.Fingerprint = about.Key.Fingerprint()
	}
	return body
}
