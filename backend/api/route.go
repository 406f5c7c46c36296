package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/idempotency"
)

const (
	once = "idempotent" // marks operations that decide something: they need an Idempotency-Key
	also = "also"       // the second success of an operation that has two
	late = "proved"     // marks operations for which the session must have proved itself lately

	anyQuery = "any query" // marks operations that take query parameters of others' making
)

// operation describes a route: what it is called in the document, and where it lives below the base path.
func operation(method, path, tag, name, summary string) huma.Operation {
	return huma.Operation{
		Method: method, Path: apiPrefix + path, Tags: []string{tag}, OperationID: name, Summary: summary,
		Metadata: map[string]any{},
	}
}

func get(path, tag, name, summary string) huma.Operation {
	return operation(http.MethodGet, path, tag, name, summary)
}

func post(path, tag, name, summary string) huma.Operation {
	return operation(http.MethodPost, path, tag, name, summary)
}

func put(path, tag, name, summary string) huma.Operation {
	return operation(http.MethodPut, path, tag, name, summary)
}

func remove(path, tag, name, summary string) huma.Operation {
	return operation(http.MethodDelete, path, tag, name, summary)
}

// idempotent makes an operation need an Idempotency-Key, which its repetitions share.
func idempotent(op huma.Operation) huma.Operation {
	op.Metadata[once] = true
	op.Parameters = append(op.Parameters, &huma.Param{
		Name: "Idempotency-Key", In: "header", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: ptr(80)},
		Description: "a fresh UUID for each thing decided; repeating a call with its key gives the same reply",
	})
	return op
}

// proved makes an operation need a sign-in or reauthentication within ten minutes.
func proved(op huma.Operation) huma.Operation {
	op.Metadata[late] = true
	op.Description = strings.TrimSpace(op.Description + "\n\nNeeds a sign-in or reauthentication within ten minutes; else 403 `reauthentication_needed`.")
	return op
}

// answers adds to what an operation documents: its successes, the usual one first, and errors that its kind does not
// tell.
func answers(op huma.Operation, statuses ...int) huma.Operation {
	for _, status := range statuses {
		switch {
		case status >= http.StatusBadRequest:
			op.Errors = append(op.Errors, status)
		case op.DefaultStatus == 0:
			op.DefaultStatus = status
		default:
			op.Metadata[also] = status
		}
	}
	return op
}

func ptr[T any](v T) *T { return &v }

// route registers an operation with the permission it needs.
func route[I, O any](s *Server, access authz.Permission, op huma.Operation, handler func(context.Context, *I) (*O, error)) {
	s.declare(access, &op)
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.toProblem(ctx, err)
		}
		return out, nil
	})
	if status, ok := op.Metadata[also].(int); ok {
		second := *op.Responses[strconv.Itoa(op.DefaultStatus)]
		second.Description = http.StatusText(status)
		op.Responses[strconv.Itoa(status)] = &second
	}
}

// declare notes the access rule; one that is unknown stops the program at start.
func (s *Server) declare(access authz.Permission, op *huma.Operation) {
	if !slices.Contains(authz.Permissions(), access) {
		panic(fmt.Sprintf("api: %s %s has no access rule", op.Method, op.Path))
	}
	s.access[op.Method+" "+op.Path] = access
	op.Metadata["access"] = access
	s.works.add(op)
	op.Description = strings.TrimSpace(op.Description + programScopes(access) + "\n\nAccess: " + string(access) + ".")
	op.Errors = append(op.Errors, errorsOf(access, *op)...)
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
}

func errorsOf(access authz.Permission, op huma.Operation) []int {
	statuses := []int{http.StatusServiceUnavailable}
	if op.Metadata[anyQuery] == nil {
		statuses = append(statuses, http.StatusUnprocessableEntity)
	}
	if access != authz.Public {
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden)
	} else {
		statuses = append(statuses, http.StatusUnauthorized) // a Bearer token that does not hold
	}
	if authz.Allows(authz.Program, access) {
		statuses = append(statuses, http.StatusTooManyRequests)
	}
	if strings.Contains(op.Path, "{") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if op.Method != http.MethodGet {
		statuses = append(statuses, http.StatusBadRequest, http.StatusForbidden, http.StatusConflict,
			http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge)
	}
	return statuses
}

// before runs ahead of every operation, so that a caller without the right learns nothing about the body.
func (s *Server) before(op *huma.Operation, c *fiber.Ctx) error {
	if err := s.permit(c.UserContext(), op); err != nil {
		return err
	}
	if err := checkAddress(op, c); err != nil {
		return err
	}
	if err := checkBody(c); err != nil {
		return err
	}
	return takeIdempotencyKey(op, c)
}

func (s *Server) permit(ctx context.Context, op *huma.Operation) error {
	access := s.access[op.Method+" "+op.Path]
	actor, err := authz.Of(ctx)
	if access == authz.Public {
		return programsOnlyRead(actor, op.Method)
	}
	if err != nil {
		return err
	}
	if !actor.May(access) {
		return fault.New(fault.NotAllowedHere)
	}
	if err := programsOnlyRead(actor, op.Method); err != nil {
		return err
	}
	if op.Metadata[late] != nil {
		return s.Accounts.CheckFresh(ctx, actor)
	}
	return nil
}

func isVisibleASCII(text string) bool {
	for _, b := range []byte(text) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return text != ""
}

func takeIdempotencyKey(op *huma.Operation, c *fiber.Ctx) error {
	if op.Metadata[once] == nil {
		return nil
	}
	value := c.Get("Idempotency-Key")
	if len(value) > 80 || !isVisibleASCII(value) {
		return fault.New(fault.IdempotencyKeyMissing)
	}
	key := idempotency.Key{Route: op.Method + " " + op.Path, Value: value, Body: slices.Clone(c.BodyRaw())}
	if op.Metadata["access"] != authz.Public { // elsewhere the path may hold a secret, and the domain names the actor
		actor, err := authz.Of(c.UserContext())
		if err != nil {
			return err
		}
		key.Actor, key.Route = string(actor.Account), op.Method+" "+c.Path()
	}
	c.SetUserContext(idempotency.With(c.UserContext(), key))
	return nil
}
