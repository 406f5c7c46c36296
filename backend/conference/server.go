package conference

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"einverstanden/backend/fault"
)

// Server is a conference server and the secret that we share with it.
type Server struct {
	URL    string `json:"url"` // as ParseURL gives it
	Secret string `json:"secret"`
}

// standardPath is where BigBlueButton lives on a host of its own.
const standardPath = "/bigbluebutton"

// ParseURL reads a server's address as people copy it: with or without the API's folder and slashes at the end, and of a
// bare host too. What cannot be an address of a server is FieldInvalid of the field url; whether we may call it, the
// outbound client says.
func ParseURL(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery ||
		u.Fragment != "" || u.Opaque != "" {
		return "", fault.InvalidField("url", fault.FieldInvalid)
	}
	path := strings.TrimSuffix(strings.TrimRight(u.EscapedPath(), "/"), "/api")
	if path == "" {
		path = standardPath
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + path, nil
}

// address is that of a call, signed over the bytes that are sent.
func (s Server) address(call, query string) string {
	return s.signed(call, query, checksum(call, query, s.Secret))
}

func (s Server) signed(call, query, sum string) string {
	if query != "" {
		query += "&"
	}
	return s.URL + "/api/" + call + "?" + query + "checksum=" + sum
}

// checksum is that of BigBlueButton's API: the hash of call, query and secret.
func checksum(call, query, secret string) string {
	sum := sha256.Sum256([]byte(call + query + secret))
	return hex.EncodeToString(sum[:])
}
