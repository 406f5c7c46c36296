package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// adapter lets huma speak through Fiber v2. huma's own adapter links Fiber v3 beside v2 and reads bodies through
// Fiber's unlimited decompression, hence this one.
type adapter struct {
	app    *fiber.App
	before func(*huma.Operation, *fiber.Ctx) error // rights and body, ahead of huma's own reading
}

// Handle registers an operation.
func (a *adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	a.app.Add(op.Method, fiberPath(op.Path), func(c *fiber.Ctx) error {
		if err := a.before(op, c); err != nil {
			return err
		}
		handler(&humaContext{op: op, c: c})
		return nil
	})
}

// fiberPath is a path of the document as Fiber writes it: :id for {id}.
func fiberPath(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// ServeHTTP is for net/http servers; Fiber is none.
func (a *adapter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "not served through net/http", http.StatusNotImplemented)
}

// humaContext is one request. It is valid inside its handler only.
type humaContext struct {
	op     *huma.Operation
	c      *fiber.Ctx
	status int
}

func (h *humaContext) Operation() *huma.Operation      { return h.op }
func (h *humaContext) Context() context.Context        { return h.c.UserContext() }
func (h *humaContext) Method() string                  { return h.c.Method() }
func (h *humaContext) Host() string                    { return h.c.Hostname() }
func (h *humaContext) RemoteAddr() string              { return h.c.IP() }
func (h *humaContext) Param(name string) string        { return h.c.Params(name) }
func (h *humaContext) Query(name string) string        { return h.c.Query(name) }
func (h *humaContext) Header(name string) string       { return h.c.Get(name) }
func (h *humaContext) BodyReader() io.Reader           { return bytes.NewReader(h.c.BodyRaw()) }
func (h *humaContext) SetReadDeadline(time.Time) error { return nil } // the server's ReadTimeout holds
func (h *humaContext) Status() int                     { return h.status }
func (h *humaContext) SetHeader(name, value string)    { h.c.Set(name, value) }
func (h *humaContext) AppendHeader(name, value string) { h.c.Response().Header.Add(name, value) }
func (h *humaContext) BodyWriter() io.Writer           { return h.c.Response().BodyWriter() }
func (h *humaContext) TLS() *tls.ConnectionState       { return nil }
func (h *humaContext) Version() huma.ProtoVersion {
	return huma.ProtoVersion{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
}

func (h *humaContext) SetStatus(code int) {
	h.status = code
	h.c.Status(code)
}

func (h *humaContext) URL() url.URL {
	u, err := url.ParseRequestURI(string(h.c.Request().RequestURI()))
	if err != nil {
		return url.URL{Path: h.c.Path()}
	}
	return *u
}

func (h *humaContext) EachHeader(each func(name, value string)) {
	for name, value := range h.c.Request().Header.All() {
		each(string(name), string(value))
	}
}

func (h *humaContext) GetMultipartForm() (*multipart.Form, error) {
	return nil, errors.New("api: forms are not taken")
}
