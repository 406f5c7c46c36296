package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// What the metadata of an operation says about its class.
const (
	workOf   = "work"
	byAnswer = "byAnswer"
)

// as declares the class of an operation's work, where it is not the usual one of its method.
func as(class work, op huma.Operation) huma.Operation {
	op.Metadata[workOf] = class
	return op
}

// lowersByAnswer declares that an answer of no and a withdrawal lower, whatever class the other answers are of.
func lowersByAnswer(op huma.Operation) huma.Operation {
	op.Metadata[byAnswer] = true
	return op
}

// classOf is the declared class, or the usual one: a GET reads, what changes a session signs in, the rest decides.
func classOf(op *huma.Operation) work {
	declared, ok := op.Metadata[workOf].(work)
	switch {
	case ok:
		return declared
	case op.Method == http.MethodGet:
		return reading
	case strings.HasPrefix(op.Path, apiPrefix+"/session"):
		return signingIn
	}
	return deciding
}

// workTable finds the operation behind a request before the router does: who is turned away must cost neither the
// database nor the reading of a token.
type workTable struct {
	next map[string]*workTable // by a part of the path; "" stands for any
	ops  map[string]*huma.Operation
}

func (t *workTable) add(op *huma.Operation) {
	for part := range strings.SplitSeq(op.Path, "/") {
		if strings.HasPrefix(part, "{") {
			part = ""
		}
		if t.next == nil {
			t.next = map[string]*workTable{}
		}
		if t.next[part] == nil {
			t.next[part] = &workTable{}
		}
		t = t.next[part]
	}
	if t.ops == nil {
		t.ops = map[string]*huma.Operation{}
	}
	t.ops[op.Method] = op
}

// find gives nil for a path that is no operation's. A part that is spelled out goes before one that stands for any, as
// in the router.
func (t *workTable) find(method, path string) *huma.Operation {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return t.walk(method, strings.Split(path, "/"))
}

func (t *workTable) walk(method string, parts []string) *huma.Operation {
	if t == nil {
		return nil
	}
	if len(parts) == 0 {
		return t.ops[method]
	}
	if op := t.next[parts[0]].walk(method, parts[1:]); op != nil || parts[0] == "" {
		return op
	}
	return t.next[""].walk(method, parts[1:])
}

func (s *Server) workOf(c *fiber.Ctx) work {
	op := s.works.find(c.Method(), c.Path())
	switch {
	case op == nil:
		return reading
	case op.Metadata[byAnswer] != nil && saysNo(c.BodyRaw()):
		return withdrawing
	}
	return classOf(op)
}

// saysNo looks for an answer of no or the extent of a withdrawal. It judges nothing: a body that is refused later was
// let in a little earlier.
func saysNo(body []byte) bool {
	var said struct {
		Answer string `json:"answer"`
		Extent string `json:"extent"`
	}
	return json.Unmarshal(body, &said) == nil && (said.Answer == "none" || said.Answer == "" && said.Extent != "")
}

type slotKey struct{}

// admit lets a request in when there is a place for its class, and answers 503 at once when there is none.
func (s *Server) admit(c *fiber.Ctx) error {
	place, err := s.load.enter(c.UserContext(), s.workOf(c))
	if err != nil {
		return err
	}
	c.Locals(slotKey{}, place)
	defer func() {
		if !place.kept {
			place.leave()
		}
	}()
	return c.Next()
}

// keepPlace leaves it to the caller to leave the request's place, once its work is done.
func keepPlace(c *fiber.Ctx) (leave func()) {
	place, ok := c.Locals(slotKey{}).(*slot)
	if !ok {
		return func() {}
	}
	place.kept = true
	return place.leave
}
