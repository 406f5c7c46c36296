package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
)

const requestTimeout = 10 * time.Second

// requestInfo is what error texts and the log need to know of a request.
type requestInfo struct {
	id       string
	language string
}

type requestKey struct{}

func requestOf(ctx context.Context) requestInfo {
	info, _ := ctx.Value(requestKey{}).(requestInfo)
	return info
}

// begin gives the request its id, language and deadline, logs it without body, query or address, and turns whatever
// went wrong further in into a problem. It is the outermost handler.
func (s *Server) begin(c *fiber.Ctx) error {
	started := s.clock()
	info := requestInfo{id: newRequestID(), language: preferredLanguage(c.Get(fiber.HeaderAcceptLanguage))}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), requestKey{}, info), requestTimeout)
	defer cancel()
	c.SetUserContext(ctx)
	s.setHeaders(c)
	if err := s.guarded(c); err != nil {
		s.sendProblem(c, err)
	}
	s.log.Info("request", "request", info.id, "method", c.Method(), "route", c.Route().Path,
		"status", c.Response().StatusCode(), "ms", s.clock().Sub(started).Milliseconds())
	return nil
}

// guarded runs the rest of the chain and makes an error of a panic. The panic's text goes to the log alone.
func (s *Server) guarded(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return c.Next()
}

func newRequestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// sendProblem answers outside huma: unknown paths, the parser's errors, panics, refused bodies.
func (s *Server) sendProblem(c *fiber.Ctx, err error) {
	problem := s.toProblem(c.UserContext(), fiberFault(err))
	for name, values := range problem.headers {
		c.Set(name, values[0])
	}
	c.Response().ResetBody()
	c.Set(fiber.HeaderCacheControl, "no-store")
	if sendErr := c.Status(problem.Status).JSON(problem, problemType); sendErr != nil {
		s.log.Error("cannot send a problem", "err", sendErr)
	}
}

func fiberFault(err error) error {
	var e *fiber.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case fiber.StatusNotFound:
		return fault.New(fault.NothingHere)
	case fiber.StatusMethodNotAllowed:
		return fault.New(fault.MethodNotAllowed)
	case fiber.StatusRequestEntityTooLarge:
		return fault.New(fault.BodyTooLarge)
	case fiber.StatusRequestTimeout:
		return fault.New(fault.TakesTooLong)
	}
	if e.Code < 500 {
		return fault.Wrap(fault.MalformedBody, err)
	}
	return err
}

// handleError is Fiber's last resort, for requests that its parser refuses before any of our handlers runs.
func (s *Server) handleError(c *fiber.Ctx, err error) error {
	info := requestInfo{id: newRequestID(), language: "de"}
	c.SetUserContext(context.WithValue(context.Background(), requestKey{}, info))
	s.setHeaders(c)
	s.sendProblem(c, err)
	return nil
}

// setHeaders puts the headers that every answer carries.
func (s *Server) setHeaders(c *fiber.Ctx) {
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set(fiber.HeaderContentSecurityPolicy, s.csp)
	if s.url.Scheme == "https" {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000; includeSubDomains")
	}
	if strings.HasPrefix(c.Path(), "/api/") {
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
}

// signIn finds out who is calling. A token that does not hold makes the caller nobody; the route decides whether
// nobody may.
func (s *Server) signIn(c *fiber.Ctx) error {
	who := credentialOf(c)
	if who == (credential{}) {
		return c.Next()
	}
	actor, err := s.authenticate(c.UserContext(), who)
	if err == nil && who.program {
		err = s.pace.take(actor.Account, s.clock())
	}
	switch {
	case who.program && err != nil:
		return refuseProgram(c, err)
	case err == nil:
		ctx := db.InSchool(authz.With(c.UserContext(), actor), actor.School)
		c.SetUserContext(ctx)
	case !fault.Has(err, fault.NotSignedIn):
		return err // the database is gone: not the caller's fault
	}
	return c.Next()
}

// sameOrigin refuses a state-changing call that a foreign page may have caused. Cookies alone do not prove that our
// own page is calling (CSRF): the browser's word for the origin does, and the header X-App, which a foreign page
// cannot set. Sign-in calls use no cookie, so they need no proof.
func (s *Server) sameOrigin(c *fiber.Ctx) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead:
		return c.Next()
	}
	if c.Cookies(accessCookie) == "" && c.Cookies(refreshCookie) == "" {
		return c.Next()
	}
	proven := c.Get("Sec-Fetch-Site") == "same-origin" || c.Get(fiber.HeaderOrigin) == s.url.String()
	if !proven || c.Get("X-App") != "1" {
		return fault.New(fault.NotSameOrigin)
	}
	return c.Next()
}

// canonicalHost sends a browser that came by 127.0.0.1 to the public URL: cookies and the worker belong to one origin.
func (s *Server) canonicalHost(c *fiber.Ctx) error {
	if strings.HasPrefix(string(c.Request().Host()), "127.0.0.1") && s.url.Hostname() == "localhost" && c.Method() == fiber.MethodGet &&
		!strings.HasPrefix(c.Path(), "/api/") && c.Path() != "/livez" && c.Path() != "/readyz" {
		return c.Redirect(s.url.String()+"/", fiber.StatusFound)
	}
	return c.Next()
}
