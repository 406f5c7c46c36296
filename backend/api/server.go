package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/breach"
	"einverstanden/backend/card"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/intake"
	"einverstanden/backend/invite"
	"einverstanden/backend/lowering"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notice"
	"einverstanden/backend/notify"
	"einverstanden/backend/paper"
	"einverstanden/backend/proof"
	"einverstanden/backend/push"
	"einverstanden/backend/reminder"
	"einverstanden/backend/room"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
)

// Deps are what the routes call. All are needed but Web, without which no app is served.
type Deps struct {
	DB        *db.DB
	Accounts  *account.Service
	Schools   *school.Service
	Consents  *consent.Service
	Standings *standing.Service
	Meetings  *meeting.Service
	Rooms     *room.Service
	Rules     *rules.Service
	Live      *meeting.Live
	Intake    *intake.Service
	Invites   *invite.Service
	Reminders *reminder.Service
	Notary    *evidence.Notary
	Lowering  *lowering.Service
	Cards     *card.Service
	Sanctions *sanction.Service
	Breaches  *breach.Service
	Limits    *meeting.Limits
	Notify    *notify.Service
	Notices   *notice.Service
	Push      *push.Service
	Printer   *paper.Printer
	Web       fs.FS
	URL       *url.URL // the public URL
	Proxies   []string // peers whose X-Real-IP counts
	Clock     func() time.Time
	Log       *slog.Logger
	Version   string
	Demo      bool // show the demo banner
}

// Server is the HTTP side of the program.
type Server struct {
	Deps
	app     *fiber.App
	huma    huma.API
	csp     string
	url     *url.URL
	clock   func() time.Time
	log     *slog.Logger
	access  map[string]authz.Permission // "METHOD /path" → what it needs
	closed  chan struct{}               // closed when the server stops: streams end
	streams sync.WaitGroup              // those that are open
	works   workTable                   // which class of work a request is
	load    *load
	pace    pace // of programs

	guard      *streamGuard
	checkEvery time.Duration // how often the guard checks the rights of open streams; tests make it short
}

const (
	bodyLimit    = 256 << 10
	importLimit  = 16 << 20 // what is read at all; a file over 2 MiB is refused with a text
	apiPrefix    = "/api/v1"
	documentPath = "/api/openapi.json"
)

// methods are those that reach our handlers; of TRACE and OPTIONS there is no route, so that the answer is 405.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"}

// New builds the server and registers every route; it panics when a route has no access rule, so that such a program
// does not start.
func New(deps Deps) (*Server, error) {
	s := &Server{
		Deps: deps, url: deps.URL, clock: deps.Clock, log: deps.Log,
		access: map[string]authz.Permission{}, closed: make(chan struct{}), load: newLoad(capacities()), checkEvery: checkEvery,
	}
	s.guard = newStreamGuard(s)
	web, err := newWeb(deps.Web)
	if err != nil {
		return nil, err
	}
	s.csp = web.csp
	s.app = s.newFiber()
	s.huma = s.newHuma()
	s.app.Use(s.begin, s.canonicalHost)
	s.app.Use("/api", s.admit, s.signIn, s.sameOrigin)
	s.routes()
	s.app.Get("/livez", s.live).Name("livez")
	s.app.Get("/readyz", s.readyz).Name("readyz")
	s.app.Get(documentPath, s.document).Name("document")
	s.app.Use("/api", s.noRoute)
	s.app.Get(joinPath+":address", s.admit, s.signIn, s.enterRoom).Name("join")
	s.app.Use(web.serve)
	return s, nil
}

func (s *Server) newFiber() *fiber.App {
	app := fiber.New(fiber.Config{
		Immutable: true, DisableStartupMessage: true, StrictRouting: true, CaseSensitive: true,
		BodyLimit: bodyLimit, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 60 * time.Second,
		ReadBufferSize: 8192, Concurrency: 4096,
		DisablePreParseMultipartForm: true, // no form is taken, so none is unpacked to the disk
		EnableTrustedProxyCheck:      true, TrustedProxies: s.Proxies, ProxyHeader: "X-Real-IP", EnableIPValidation: true,
		RequestMethods: methods,
		ErrorHandler:   s.handleError,
	})
	app.Server().HeaderReceived = func(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
		path := string(header.RequestURI())
		switch {
		case path == verifyPath:
			return fasthttp.RequestConfig{MaxRequestBodySize: proof.MaxReceipt}
		case isFileRoute(path):
			return fasthttp.RequestConfig{MaxRequestBodySize: importLimit}
		}
		return fasthttp.RequestConfig{}
	}
	// To a method that it does not know Fiber answers by itself, without our headers. No route has TRACE either.
	next := app.Server().Handler
	app.Server().Handler = func(c *fasthttp.RequestCtx) {
		if !slices.Contains(methods, string(c.Method())) {
			c.Request.Header.SetMethod(fiber.MethodTrace)
		}
		next(c)
	}
	return app
}

// noRoute answers below /api what no route took: a path that has other methods names them (RFC 9110, 15.5.6).
func (s *Server) noRoute(c *fiber.Ctx) error {
	var allowed []string
	for key := range s.access {
		method, path, _ := strings.Cut(key, " ")
		if fiber.RoutePatternMatch(c.Path(), fiberPath(path), s.app.Config()) {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return fiber.ErrNotFound
	}
	slices.Sort(allowed)
	c.Set(fiber.HeaderAllow, strings.Join(allowed, ", "))
	return fiber.ErrMethodNotAllowed
}

func isFileRoute(path string) bool {
	return path == apiPrefix+"/imports" || path == apiPrefix+"/holidays" || path == verifyPath
}

func (s *Server) newHuma() huma.API {
	config := huma.DefaultConfig("Einverstanden", s.Version)
	config.DocsPath, config.SchemasPath, config.OpenAPIPath = "", "", "" // no foreign scripts; the document is served by us
	config.CreateHooks = nil
	config.Info.Description = "Consent to taking part in video conferences. Errors are application/problem+json (RFC 9457)."
	huma.ValidateStrictCasing = true
	huma.NewErrorWithContext = s.humaError
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return s.humaError(nil, status, message, errs...)
	}
	return huma.NewAPI(config, &adapter{app: s.app, before: s.before})
}

// Document is the OpenAPI 3.1 document.
func (s *Server) Document() ([]byte, error) {
	return json.MarshalIndent(s.huma.OpenAPI(), "", "  ")
}

func (s *Server) document(c *fiber.Ctx) error {
	document, err := s.Document()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/vnd.oai.openapi+json;version=3.1")
	return c.Send(document)
}

// live says that the process runs.
func (s *Server) live(c *fiber.Ctx) error { return c.SendString("ok\n") }

// readyz says that requests can be served: the database answers and its schema is the one this program knows.
func (s *Server) readyz(c *fiber.Ctx) error {
	select {
	case <-s.closed:
		return c.Status(fiber.StatusServiceUnavailable).SendString("stopping\n")
	default:
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), 2*time.Second)
	defer cancel()
	current, err := s.DB.Current(ctx)
	if err != nil || !current {
		return c.Status(fiber.StatusServiceUnavailable).SendString("database not ready\n")
	}
	return c.SendString("ready\n")
}

// Serve answers on the listener until Shutdown.
func (s *Server) Serve(listener net.Listener) error { return s.app.Listener(listener) }

// Shutdown ends streams, lets requests under way finish, and stops listening.
func (s *Server) Shutdown(ctx context.Context) error {
	close(s.closed)
	err := s.app.ShutdownWithContext(ctx)
	ended := make(chan struct{})
	go func() {
		s.streams.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("open rosters: %w", ctx.Err()))
	}
	return err
}
