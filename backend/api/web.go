package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// web serves the embedded app. Each file is read once; br and gzip variants made at build time are used as they are.
type web struct {
	files map[string]webFile
	csp   string
}

type webFile struct {
	content   []byte
	variants  map[string][]byte // by Content-Encoding
	mediaType string
	etag      string
	immutable bool
}

const indexFile = "index.html"

// cspRest is the policy but for the hash of SvelteKit's inline start script. style-src-attr is for Kit's route
// announcer; the two Trusted Types policies are Svelte's own and ours for the worker's URL.
const cspRest = "style-src 'self'; style-src-attr 'unsafe-hashes' 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='; " +
	"img-src 'self' data: blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; " +
	"base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; " +
	"trusted-types svelte-trusted-html sw"

// newWeb reads the app. Without files (the document is printed, tests of the API) no app is served.
func newWeb(files fs.FS) (*web, error) {
	w := &web{files: map[string]webFile{}, csp: "default-src 'none'; frame-ancestors 'none'"}
	if files == nil {
		return w, nil
	}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err == nil {
			w.add(name, content)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	index, ok := w.files[indexFile]
	if !ok {
		return nil, errors.New("the app is not built: run scripts/run, or npm run build in frontend")
	}
	source, err := startScriptSource(index.content)
	w.csp = fmt.Sprintf("default-src 'none'; script-src 'self' %s; %s", source, cspRest)
	return w, err
}

func (w *web) add(name string, content []byte) {
	for suffix, encoding := range map[string]string{".br": "br", ".gz": "gzip"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			file := w.files[base]
			if file.variants == nil {
				file.variants = map[string][]byte{}
			}
			file.variants[encoding] = content
			w.files[base] = file
			return
		}
	}
	sum := sha256.Sum256(content)
	file := w.files[name]
	file.content = content
	file.mediaType = mediaTypeOf(name)
	file.etag = `"` + hex.EncodeToString(sum[:8]) + `"`
	file.immutable = strings.HasPrefix(name, "_app/immutable/")
	w.files[name] = file
}

func mediaTypeOf(name string) string {
	if strings.HasSuffix(name, ".webmanifest") {
		return "application/manifest+json"
	}
	if mediaType := mime.TypeByExtension(path.Ext(name)); mediaType != "" {
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

// serve answers with the Named file, with the shell for the app's own paths, and with 404 for a missing file: a shell
// in its place would be cached as a script.
func (w *web) serve(c *fiber.Ctx) error {
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
		c.Set(fiber.HeaderAllow, "GET, HEAD")
		return fiber.ErrMethodNotAllowed
	}
	name := strings.TrimPrefix(c.Path(), "/")
	file, ok := w.files[name]
	if !ok || len(file.content) == 0 {
		if path.Ext(name) != "" {
			return fiber.ErrNotFound
		}
		if file, ok = w.files[indexFile]; !ok {
			return fiber.ErrNotFound
		}
	}
	return send(c, file)
}

func send(c *fiber.Ctx, file webFile) error {
	c.Set(fiber.HeaderContentType, file.mediaType)
	c.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	c.Set(fiber.HeaderETag, file.etag)
	if file.immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	} else {
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if c.Get(fiber.HeaderIfNoneMatch) == file.etag {
		return c.SendStatus(fiber.StatusNotModified)
	}
	accepted := c.Get(fiber.HeaderAcceptEncoding)
	for _, encoding := range []string{"br", "gzip"} {
		if packed, ok := file.variants[encoding]; ok && strings.Contains(accepted, encoding) {
			c.Set(fiber.HeaderContentEncoding, encoding)
			return c.Send(packed)
		}
	}
	return c.Send(file.content)
}
