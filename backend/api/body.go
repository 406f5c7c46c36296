package api

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"einverstanden/backend/fault"
)

const maxDepth = 12 // no body of ours nests deeper; strokes are the deepest

// checkBody refuses what would be read otherwise than the sender meant, before huma sees it: packed bodies (Fiber
// would unpack them without a limit), other types than JSON, and repeated fields, in any case spelling, of which
// encoding/json would silently keep the last.
func checkBody(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return fault.New(fault.EncodingUnsupported)
	}
	body := c.BodyRaw()
	if len(body) == 0 || isFileRoute(c.Path()) || isOneClick(c.Path()) {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || mediaType != fiber.MIMEApplicationJSON {
		return fault.New(fault.MediaTypeUnsupported)
	}
	return checkJSON(body)
}

// checkAddress refuses text that PostgreSQL does not take, before it gets there: no id and no name holds such bytes. And
// it refuses query parameters that the operation has no use for (D9).
func checkAddress(op *huma.Operation, c *fiber.Ctx) error {
	if !isText(c.Path()) {
		return fault.New(fault.NothingHere)
	}
	if c.Context().QueryArgs().Len() == 0 {
		return nil
	}
	for name, value := range c.Context().QueryArgs().All() {
		switch field := "query." + strings.ToValidUTF8(string(name), "?"); {
		case !isText(string(value)):
			return fault.InvalidField(field, fault.FieldInvalid)
		case !takes(op, string(name)):
			return fault.InvalidField(field, fault.UnknownField)
		}
	}
	return nil
}

// takes reports whether an operation has a use for a query parameter. Those of every list are welcome wherever something
// is read; a filter that does nothing would make somebody believe in a list that was never narrowed.
func takes(op *huma.Operation, name string) bool {
	if op.Metadata[anyQuery] != nil || op.Method == http.MethodGet && slices.Contains(queryOfLists, name) {
		return true
	}
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
}

var queryOfLists = []string{"limit", "cursor", "lang"}

func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return fault.New(fault.MalformedBody)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := walkValue(decoder, "", 0); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fault.New(fault.MalformedBody)
	}
	return nil
}

// walkValue reads one value and names the first field that stands twice in one object.
func walkValue(decoder *json.Decoder, path string, depth int) error {
	token, err := decoder.Token()
	if err != nil || depth > maxDepth {
		return fault.Wrap(fault.MalformedBody, err)
	}
	switch token {
	case json.Delim('{'):
		return walkObject(decoder, path, depth)
	case json.Delim('['):
		for decoder.More() {
			if err := walkValue(decoder, path, depth+1); err != nil {
				return err
			}
		}
		return closeDelim(decoder)
	}
	if text, ok := token.(string); ok && !isText(text) {
		return fault.New(fault.MalformedBody)
	}
	return nil
}

func walkObject(decoder *json.Decoder, path string, depth int) error {
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok || !isText(name) {
			return fault.Wrap(fault.MalformedBody, err)
		}
		field := strings.TrimPrefix(path+"."+name, ".")
		folded := strings.ToLower(name)
		if seen[folded] {
			return fault.New(fault.DuplicateField).WithField(field, fault.DuplicateField, nil)
		}
		seen[folded] = true
		if err := walkValue(decoder, field, depth+1); err != nil {
			return err
		}
	}
	return closeDelim(decoder)
}

func closeDelim(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil {
		return fault.Wrap(fault.MalformedBody, err)
	}
	return nil
}
