package api

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
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

// checkAddress refuses text that PostgreSQL does not take, before it gets there: no id and no name holds such bytes.
func checkAddress(op *huma.Operation, c *fiber.Ctx) error {
	if !isText(c.Path()) {
		return fault.New(fault.NothingHere)
	}
	for _, parameter := range op.Parameters {
		if parameter.In == "query" && !isText(c.Query(parameter.Name)) {
			return fault.InvalidField("query."+parameter.Name, fault.FieldInvalid)
		}
	}
	return nil
}

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
