package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
)

// web serves the embedded app; br and gzip variants made at build time are used as they are. A file is read when it is
// asked for: all of them in memory would be more than the rest of an idle server holds.
type web struct {
	source fs.FS
	files  map[string]*webFile
	csp    string
}

type webFile struct {
	variants  []string // the Content-Encodings it also lies packed in, best first
	mediaType string
	immutable bool
	etag      func() (string, error) // hashes the file when first called
}

// encodings are the variants that the build makes, best first, with the ending of their names.
var encodings = []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}}

const indexFile = "index.html"

// cspRest is the policy but for the hash of SvelteKit's inline start script. style-src-attr is for Kit's route
// announcer; the two Trusted Types policies are Svelte's own and ours for the worker's URL.
const cspRest = "style-src 'self'; style-src-attr 'unsafe-hashes' 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='; " +
	"img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; " +
	"base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; " +
	"trusted-types svelte-trusted-html sw"

// newWeb lists the app. Without files (the document is printed, tests of the API) no app is served.
func newWeb(files fs.FS) (*web, error) {
	w := &web{source: files, files: map[string]*webFile{}, csp: "default-src 'none'; frame-ancestors 'none'"}
	if files == nil {
		return w, nil
	}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !isVariant(name) {
			w.add(name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if w.files[indexFile] == nil {
		return nil, errors.New("the app is not built: run scripts/run, or npm run build in frontend")
	}
	index, err := fs.ReadFile(files, indexFile)
	if err != nil {
		return nil, err
	}
	source, err := startScriptSource(index)
	w.csp = fmt.Sprintf("default-src 'none'; script-src 'self' %s; %s", source, cspRest)
	return w, err
}

func isVariant(name string) bool {
	for _, encoding := range encodings {
		if strings.HasSuffix(name, encoding.ending) {
			return true
		}
	}
	return false
}

func (w *web) add(name string) {
	file := &webFile{mediaType: mediaTypeOf(name), immutable: strings.HasPrefix(name, "_app/immutable/")}
	for _, encoding := range encodings {
		if _, err := fs.Stat(w.source, name+encoding.ending); err == nil {
			file.variants = append(file.variants, encoding.name)
		}
	}
	file.etag = sync.OnceValues(func() (string, error) {
		content, err := fs.ReadFile(w.source, name)
		sum := sha256.Sum256(content)
		return `"` + hex.EncodeToString(sum[:8]) + `"`, err
	})
	w.files[name] = file
}

// mediaTypes are those of the files in the app. Package mime would read the machine's own table, which differs.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".txt": "text/plain; charset=utf-8", ".json": "application/json", ".webmanifest": "application/manifest+json",
	".png": "image/png", ".svg": "image/svg+xml",
}

func mediaTypeOf(name string) string {
	if mediaType := mediaTypes[path.Ext(name)]; mediaType != "" {
		return mediaType
	}
	return fiber.MIMEOctetStream
}

// startScriptSource is the CSP source of the shell's one inline script. The browser hashes after turning CRLF into
// LF, so a CR in the shell would block the start.
func startScriptSource(index []byte) (string, error) {
	_, rest, _ := bytes.Cut(index, []byte("<script>"))
	body, _, closed := bytes.Cut(rest, []byte("</script>"))
	if !closed || bytes.Count(index, []byte("<script")) != 1 || bytes.IndexByte(index, '\r') >= 0 {
		return "", errors.New("index.html: want exactly one inline script and LF line ends")
	}
	sum := sha256.Sum256(body)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", nil
}

// serve answers with the named file, with the shell for the app's own paths, and with 404 for a missing file: a shell
// in its place would be cached as a script.
func (w *web) serve(c *fiber.Ctx) error {
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		c.Set(fiber.HeaderAllow, "GET, HEAD")
		return fiber.ErrMethodNotAllowed
	}
	name := strings.TrimPrefix(c.Path(), "/")
	file := w.files[name]
	if file == nil {
		if path.Ext(name) != "" {
			return fiber.ErrNotFound
		}
		name = indexFile
		if file = w.files[name]; file == nil {
			return fiber.ErrNotFound
		}
	}
	return w.send(c, name, file)
}

func (w *web) send(c *fiber.Ctx, name string, file *webFile) error {
	etag, err := file.etag()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, file.mediaType)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderETag, etag)
	if file.immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	} else {
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if c.Get(fiber.HeaderIfNoneMatch) == etag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	accepted := c.Get(fiber.HeaderAcceptEncoding)
	for _, encoding := range encodings {
		if slices.Contains(file.variants, encoding.name) && strings.Contains(accepted, encoding.name) {
			c.Set(fiber.HeaderContentEncoding, encoding.name)
			name += encoding.ending
			break
		}
	}
	content, err := fs.ReadFile(w.source, name)
	if err != nil {
		return err
	}
	return c.Send(content)
}
