package api

// White box: the app is served here without a school, a database or anybody signed in.

import (
	"io"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/gofiber/fiber/v2"
)

const shell = "<html><script>start()</script></html>"

func serveApp(t *testing.T) *fiber.App {
	t.Helper()
	w, err := newWeb(fstest.MapFS{
		"index.html":                {Data: []byte(shell)},
		"_app/immutable/app.js":     {Data: []byte("plain")},
		"_app/immutable/app.js.br":  {Data: []byte("brotli")},
		"_app/immutable/app.js.gz":  {Data: []byte("gzip")},
		"_app/immutable/lone.js.br": {Data: []byte("no plain form")},
	})
	if err != nil {
		t.Fatal(err)
	}
	app := fiber.New()
	app.Use(w.serve)
	return app
}

type served struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, app *fiber.App, path, header, value string) served {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != "" {
		request.Header.Set(header, value)
	}
	reply, err := app.Test(request)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	content, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return served{reply.StatusCode, reply.Header, string(content)}
}

func TestAFileComesPackedAsTheBrowserLikesItBest(t *testing.T) {
	app := serveApp(t)
	for accepted, want := range map[string][2]string{
		"gzip, deflate, br": {"br", "brotli"}, "gzip": {"gzip", "gzip"}, "": {"", "plain"}, "zstd": {"", "plain"},
	} {
		reply := ask(t, app, "/_app/immutable/app.js", "Accept-Encoding", accepted)
		if got := [2]string{reply.header.Get("Content-Encoding"), reply.body}; got != want {
			t.Errorf("%q: got %q, want %q", accepted, got, want)
		}
		if got := reply.header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
			t.Errorf("%q: sent as %s", accepted, got)
		}
		if got := reply.header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%q: cached as %s", accepted, got)
		}
	}
}

func TestAFileThatTheBrowserHasIsNotSentAgain(t *testing.T) {
	app := serveApp(t)
	etag := ask(t, app, "/", "", "").header.Get("ETag")
	if again := ask(t, app, "/", "If-None-Match", etag); again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("got %d with %q", again.status, again.body)
	}
	if other := ask(t, app, "/", "If-None-Match", `"0000000000000000"`); other.status != http.StatusOK || other.body != shell {
		t.Errorf("got %d with %q", other.status, other.body)
	}
}

func TestTheAppsOwnPathsGetTheShellAndMissingFilesDoNot(t *testing.T) {
	app := serveApp(t)
	if reply := ask(t, app, "/home/some-child", "", ""); reply.status != http.StatusOK || reply.body != shell {
		t.Errorf("a path of the app got %d with %q", reply.status, reply.body)
	}
	for _, path := range []string{"/_app/immutable/gone.js", "/_app/immutable/lone.js", "/_app/immutable/app.js.br"} {
		if reply := ask(t, app, path, "", ""); reply.status != http.StatusNotFound {
			t.Errorf("%s got %d", path, reply.status)
		}
	}
}

func TestAShellWithoutItsStartScriptIsRefused(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"no shell":    {"app.js": {}},
		"no script":   {"index.html": {Data: []byte("<html></html>")}},
		"two scripts": {"index.html": {Data: []byte("<script>a</script><script>b</script>")}},
		"CR":          {"index.html": {Data: []byte("<script>a\r\n</script>")}},
	} {
		if _, err := newWeb(files); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
