package api

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notice"
)

func (s *Server) receiptRoutes() {
	file := get("/receipts/{id}", "children", "getReceipt", "The receipt as a file that proves itself: JSON, or PDF by Accept or format")
	file.Description = "The same bytes each time. Only the signer gets it; of a sanction or a hold, whoever has a say. " +
		"Check it with `einverstanden verify` or POST /evidence/verify."
	file.Responses = map[string]*huma.Response{"200": {
		Description: "the receipt; backend/proof/schema/receipt-v1.json describes the JSON",
		Content: map[string]*huma.MediaType{
			mediaJSON: {Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[receiptFile](), true, "")},
			mediaPDF:  {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		},
	}}
	route(s, authz.DecideForChild, answers(file, http.StatusGone), s.getReceipt)
	route(s, authz.DecideForChild, get("/receipts/{id}/summary", "children", "getReceiptSummary", "What a receipt's page shows, as things stand now"), s.getReceiptSummary)
}

const (
	mediaJSON = "application/json"
	mediaPDF  = "application/pdf"
)

// receiptFile documents the members of a receipt that clients read; the schema beside package proof has them all.
type receiptFile struct {
	V          int              `json:"v"`
	Schema     string           `json:"schema" enum:"einverstanden-receipt"`
	Statement  receiptStatement `json:"statement"`
	Salt       string           `json:"salt" format:"byte"`
	Private    *receiptPrivate  `json:"private,omitempty" doc:"left out of a shared copy"`
	Texts      []receiptText    `json:"texts,omitempty" doc:"as shown, then the German one"`
	Leaf       map[string]any   `json:"leaf"`
	Inclusion  []string         `json:"inclusion" nullable:"false" doc:"RFC 6962 audit path"`
	Checkpoint string           `json:"checkpoint" doc:"C2SP signed note"`
	Key        string           `json:"key"`
}

type receiptStatement struct {
	V           int            `json:"v"`
	Kind        string         `json:"kind"`
	Declaration map[string]any `json:"declaration"`
	Server      map[string]any `json:"server"`
}

type receiptPrivate struct {
	BirthDate string         `json:"birthDate,omitempty" format:"date"`
	Blind     string         `json:"blind" format:"byte"`
	Place     string         `json:"place,omitempty"`
	Signature *signatureBody `json:"signature,omitempty"`
}

type receiptText struct {
	FormVersion string           `json:"formVersion"`
	Language    string           `json:"language"`
	Title       string           `json:"title"`
	Blocks      []map[string]any `json:"blocks" nullable:"false"`
}

type receiptFileInput struct {
	ID     id.Statement `path:"id"`
	Share  string       `query:"share" enum:"1" doc:"a copy to pass on: without strokes or typed name, place and birth date"`
	Format string       `query:"format" enum:"json,pdf" doc:"for links, which cannot say what they accept"`
	Accept string       `header:"Accept"`
}

type fileReply struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) getReceipt(ctx context.Context, in *receiptFileInput) (*fileReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	var texts [][]byte
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		texts, err = s.Consents.ReceiptTexts(tx, actor, in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	file, err := s.Notary.Receipt(ctx, in.ID, texts, in.Share == "1")
	if err != nil {
		return nil, err
	}
	reply := &fileReply{ContentType: mediaJSON, Disposition: dispositionOf(in.ID, "json"), Body: file}
	if in.Format == "pdf" || in.Format == "" && prefersPDF(in.Accept) {
		reply.ContentType, reply.Disposition = mediaPDF, dispositionOf(in.ID, "pdf")
		reply.Body, err = s.Printer.Receipt(file)
	}
	return reply, err
}

// dispositionOf names a receipt's file by the end of its id: no name of a person stands in a folder of downloads.
func dispositionOf(statement id.Statement, ending string) string {
	const tail = 8
	name := string(statement)
	return fmt.Sprintf(`attachment; filename="beleg-%s.%s"`, name[max(0, len(name)-tail):], ending)
}

// prefersPDF reports whether PDF stands in the Accept header before JSON; weights are more than anybody sends us.
func prefersPDF(accept string) bool {
	for _, part := range strings.Split(accept, ",") {
		switch mediaType, _, _ := mime.ParseMediaType(part); mediaType {
		case mediaPDF:
			return true
		case mediaJSON:
			return false
		}
	}
	return false
}

type receiptInput struct {
	ID id.Statement `path:"id"`
}

type receiptSummaryBody struct {
	ReceiptBody
	RecordedAt time.Time `json:"recordedAt"`
	School     Named     `json:"school"`
	Child      struct {
		PupilRef
		ClassName string `json:"className"`
	} `json:"child"`
	Decision   DecisionBody   `json:"decision"`
	Version    *versionBody   `json:"version,omitempty"`
	TextSHA256 string         `json:"textSha256,omitempty"`
	Means      string         `json:"means" enum:"mail,session,passkey,staff" doc:"what ties the decision to its person"`
	Signature  *signatureBody `json:"signature,omitempty"`
	Place      string         `json:"place,omitempty"`
}

func (s *Server) getReceiptSummary(ctx context.Context, in *receiptInput) (*out[receiptSummaryBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	var body receiptSummaryBody
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		record, err := s.Consents.ReceiptOf(tx, actor, in.ID)
		if err != nil {
			return err
		}
		body, err = s.receiptSummary(tx, record)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.Push.Seen(ctx, actor, notice.ReceiptPath(in.ID)); err != nil { // the page is worth more than a message left out
		s.Log.Error("cannot note that a receipt was seen", "err", err)
	}
	return reply(body), nil
}

func (s *Server) receiptSummary(tx *db.Tx, record consent.Record) (receiptSummaryBody, error) {
	d := record.Decision
	body := receiptSummaryBody{
		ReceiptBody: receiptOf(record.Receipt), RecordedAt: d.RecordedAt, Decision: decisionOf(record.Outcome),
		TextSHA256: d.TextSHA256, Means: string(record.Decision.Means), Signature: signatureOf(record.Signature), Place: record.Place,
	}
	if record.Version != nil {
		version := versionOf(*record.Version)
		body.Version = &version
	}
	settings, err := s.Schools.SettingsInClear(tx)
	if err != nil {
		return body, err
	}
	body.School = Named{ID: string(tx.School), Name: settings.Name}
	pupils, err := s.Schools.Pupils(tx, []id.Pupil{d.Pupil})
	if err != nil {
		return body, err
	}
	classes, err := s.Schools.ClassNamesOf(tx, []id.Pupil{d.Pupil}, settings.Today(tx.Now))
	body.Child.PupilRef = PupilRef{ID: d.Pupil, PersonName: nameOf(pupils[d.Pupil].Name)}
	body.Child.ClassName = classes[d.Pupil].Name
	return body, err
}

func signatureOf(s *consent.Signature) *signatureBody {
	if s == nil {
		return nil
	}
	body := &signatureBody{Kind: s.Kind, Width: s.Width, Height: s.Height, Name: s.Name}
	for _, stroke := range s.Strokes {
		points := make([]pointBody, len(stroke))
		for i, p := range stroke {
			points[i] = pointBody{X: p.X, Y: p.Y}
		}
		body.Strokes = append(body.Strokes, points)
	}
	return body
}
