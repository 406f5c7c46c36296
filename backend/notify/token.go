package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// use is what a token opens; a token of one use opens nothing of another.
type use string

const (
	useConfirm use = "confirm address"
	useStop    use = "stop reminders"
	useNotMe   use = "that was not me"
	useBounce  use = "bounce"
)

const macLength = 22 // symbols of base64url: 132 bits

// token joins what it is about with a keyed hash over that and over what only we know: school, parts, hash, with points
// between. Nothing of it is stored.
func (s *Service) token(u use, school id.School, parts []string, known ...string) string {
	text := strings.Join(append([]string{string(school)}, parts...), ".")
	return text + "." + s.mac(u, append([]string{text}, known...))
}

func (s *Service) mac(u use, parts []string) string {
	m := hmac.New(sha256.New, s.vault.TokenKey("notify "+string(u)))
	for _, part := range parts {
		m.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))[:macLength]
}

// splitToken gives the school and as many parts as are wanted; check the hash with holds, once what it covers is known.
func splitToken(token string, parts int) (school id.School, found []string, err error) {
	found = strings.Split(token, ".")
	if len(token) > 300 || len(found) != parts+2 || found[0] == "" {
		return "", nil, fault.New(fault.NothingHere)
	}
	return id.School(found[0]), found[1 : len(found)-1], nil
}

func (s *Service) holds(u use, token string, known ...string) error {
	end := strings.LastIndexByte(token, '.')
	if end < 0 || !hmac.Equal([]byte(token[end+1:]), []byte(s.mac(u, append([]string{token[:end]}, known...)))) {
		return fault.New(fault.NothingHere)
	}
	return nil
}
