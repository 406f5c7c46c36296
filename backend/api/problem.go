package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/fault"
)

// Problem is the body of every error (RFC 9457). Instance is the request's id, for the log; nothing else in a
// problem differs between "does not exist" and "is not yours".
type Problem struct {
	Type     string         `json:"type" doc:"URI of the kind of problem; stable, made from the code"`
	Title    string         `json:"title" doc:"short text in the person's language"`
	Status   int            `json:"status" doc:"HTTP status"`
	Detail   string         `json:"detail,omitempty" doc:"what happened, what is safe, what to do; in the person's language"`
	Code     fault.Code     `json:"code" doc:"stable code of the problem"`
	Instance string         `json:"instance" doc:"id of the request"`
	Errors   []ProblemField `json:"errors,omitempty" doc:"the fields that are wrong"`
	Params   fault.Params   `json:"params,omitempty" doc:"values that the texts speak of, for instance the date on which a letter was used"`

	headers http.Header
}

// ProblemField says what is wrong with one field.
type ProblemField struct {
	Field  string     `json:"field" doc:"path of the field, or line and column of a file"`
	Code   fault.Code `json:"code" doc:"stable code of what is wrong with it"`
	Detail string     `json:"detail" doc:"what would be right; in the person's language"`
}

// Error is the stable code: what the log shows.
func (p *Problem) Error() string { return string(p.Code) }

// GetStatus is what huma sends as the status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are Retry-After, where waiting helps.
func (p *Problem) GetHeaders() http.Header { return p.headers }

// ContentType is application/problem+json, whatever was asked for.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

var statusOf = map[fault.Kind]int{
	fault.Internal: http.StatusInternalServerError, fault.Malformed: http.StatusBadRequest,
	fault.Invalid: http.StatusUnprocessableEntity, fault.Unauthorized: http.StatusUnauthorized,
	fault.Forbidden: http.StatusForbidden, fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict,
	fault.Gone:     http.StatusGone,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.Unsupported: http.StatusUnsupportedMediaType,
	fault.NotAllowed: http.StatusMethodNotAllowed, fault.TooMany: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// toProblem is the only place where an error becomes an answer. A foreign error is a 500 that tells nothing; its
// cause goes to the log under the request's id.
func (s *Server) toProblem(ctx context.Context, err error) *Problem {
	var known *fault.Error
	if !errors.As(err, &known) {
		known = fault.Wrap(fault.InternalError, err)
	}
	request := requestOf(ctx)
	problem := newProblem(request, known)
	if problem.Status >= 500 && known.Code != fault.Overloaded { // a flood must not become one of the log
		s.log.ErrorContext(ctx, "request failed", "request", request.id, "code", known.Code, "err", err)
	}
	return problem
}

func newProblem(request requestInfo, e *fault.Error) *Problem {
	title, detail := fault.Text(request.language, e.Code, e.Params)
	problem := &Problem{
		Type: "urn:einverstanden:problem:" + string(e.Code), Title: title, Detail: detail,
		Status: statusOf[e.Kind()], Code: e.Code, Instance: "urn:einverstanden:request:" + request.id, Params: e.Params,
	}
	for _, field := range e.Fields {
		_, text := fault.Text(request.language, field.Code, field.Params)
		problem.Errors = append(problem.Errors, ProblemField{Field: field.Name, Code: field.Code, Detail: text})
	}
	if e.RetryAfter > 0 {
		seconds := int64((e.RetryAfter + 999_999_999) / 1_000_000_000)
		problem.headers = http.Header{"Retry-After": {strconv.FormatInt(max(seconds, 1), 10)}}
	}
	return problem
}

// humaError replaces huma's own errors, which would echo values and whole bodies.
func (s *Server) humaError(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
	if ctx == nil {
		return &Problem{} // no request: huma asks for the shape while it writes the document
	}
	return s.toProblem(ctx.Context(), faultOfHuma(status, errs))
}

func faultOfHuma(status int, errs []error) error {
	switch status {
	case http.StatusUnprocessableEntity:
		return faultOfFields(errs)
	case http.StatusBadRequest:
		return fault.New(fault.MalformedBody)
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.BodyTooLarge)
	case http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		return fault.New(fault.MediaTypeUnsupported)
	case http.StatusRequestTimeout:
		return fault.New(fault.TakesTooLong)
	}
	return errors.Join(errs...)
}

func faultOfFields(errs []error) error {
	e := fault.New(fault.InvalidInput)
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			name, code := fieldOf(detail)
			e.WithField(name, code, nil)
		}
	}
	return e
}

// fieldOf reads huma's message, the only place where it tells a missing from an unknown field. Values are dropped.
func fieldOf(detail *huma.ErrorDetail) (name string, code fault.Code) {
	name = strings.TrimPrefix(detail.Location, "body.")
	switch {
	case strings.HasPrefix(detail.Message, "unexpected property"):
		return name, fault.UnknownField
	case strings.HasPrefix(detail.Message, "expected required property"):
		missing, _, _ := strings.Cut(strings.TrimPrefix(detail.Message, "expected required property "), " ")
		return strings.TrimPrefix(strings.TrimPrefix(name+"."+missing, "body."), "."), fault.FieldMissing
	case strings.HasPrefix(detail.Message, "required "):
		return name, fault.FieldMissing
	case strings.HasPrefix(detail.Message, "expected length <="), strings.HasPrefix(detail.Message, "expected array length <="):
		return name, fault.FieldTooLong
	}
	return name, fault.FieldInvalid
}
