package lowering

import (
	"crypto/subtle"
	"log/slog"
	"net/url"
	"strings"

	"einverstanden/backend/id"
)

// Key is what stands behind the # of a lowering link: school, child and secret, with points between. It prints itself
// to no log; string(k) shows it.
type Key string

// String hides the key from everything that prints values in passing.
func (k Key) String() string { return "[lowering key]" }

// GoString hides the key from %#v.
func (k Key) GoString() string { return k.String() }

// LogValue hides the key from the log.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

const (
	keyLength = 200 // characters; ours are shorter
	point     = "."
)

// parts are what a key names and proves.
type parts struct {
	school id.School
	pupil  id.Pupil
	secret string
}

func (p parts) key() Key {
	return Key(strings.Join([]string{string(p.school), string(p.pupil), p.secret}, point))
}

// parse reads a key; ok is false for what none of ours looks like.
func parse(text string) (p parts, ok bool) {
	if len(text) > keyLength {
		return parts{}, false
	}
	fields := strings.Split(text, point)
	if len(fields) != 3 || fields[0] == "" || fields[1] == "" || fields[2] == "" {
		return parts{}, false
	}
	return parts{school: id.School(fields[0]), pupil: id.Pupil(fields[1]), secret: fields[2]}, true
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// URL is the address that a key is printed as. The key stands behind the #, which no server and no log sees.
func URL(base *url.URL, key Key) string { return base.JoinPath("w").String() + "#" + string(key) }
