package api

import (
	"io"
	"log/slog"
	"net/url"
	"testing"
	"time"
)

// bareServer is enough for questions about routes and the document: nothing behind it is ever called.
func bareServer(t *testing.T) *Server {
	t.Helper()
	s, err := New(Deps{
		URL: &url.URL{Scheme: "http", Host: "localhost:8080"}, Clock: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
