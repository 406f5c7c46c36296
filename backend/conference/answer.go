package conference

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"einverstanden/backend/fault"
)

const (
	deepest    = 12      // elements within each other; real answers have 6
	mostTokens = 1 << 20 // of 3,000 people about 120,000
)

// answer is every shape of answer that we read, in one.
type answer struct {
	XMLName    xml.Name  `xml:"response"`
	ReturnCode string    `xml:"returncode"`
	MessageKey string    `xml:"messageKey"`
	Meetings   []meeting `xml:"meetings>meeting"`
	meeting
}

type meeting struct {
	ID         string     `xml:"meetingID"`
	CreateTime string     `xml:"createTime"`
	Recording  string     `xml:"recording"`
	Ended      string     `xml:"hasBeenForciblyEnded"`
	Attendees  []attendee `xml:"attendees>attendee"`
}

type attendee struct {
	UserID string `xml:"userID"`
	Role   string `xml:"role"`
	Video  string `xml:"hasVideo"`
}

// Open is a room that is open, and who is in it.
type Open struct {
	Made
	Recording bool
	People    []Present
}

// Present is one person in a room, once for each device. An id that we did not give is a stranger's.
type Present struct {
	UserID    string
	Moderator bool
	Camera    bool
}

var errShape = errors.New("conference: not an answer of this API")

// parse reads an answer. FAILED is an error: ConferenceRefused for a wrong checksum, ConferenceFailed for the rest.
func parse(call string, body []byte) (answer, error) {
	var a answer
	d := xml.NewTokenDecoder(&bounded{from: xml.NewDecoder(bytes.NewReader(body)), left: mostTokens})
	if err := d.Decode(&a); err != nil {
		return answer{}, fault.Wrap(fault.HostAnswer, errShape)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) { // something after the end
		return answer{}, fault.Wrap(fault.HostAnswer, errShape)
	}
	switch a.ReturnCode {
	case "SUCCESS":
		return a, nil
	case "FAILED":
		return answer{}, failed(call, a.MessageKey)
	}
	return answer{}, fault.Wrap(fault.HostAnswer, errShape)
}

// notFound is the message key of a room that is not there, or no longer.
const notFound = "notFound"

var errNotFound = errors.New("conference: no such room")

func failed(call, key string) error {
	switch key {
	case "checksumError":
		return fault.New(fault.ConferenceRefused)
	case notFound:
		return fault.Wrap(fault.ConferenceFailed, errNotFound)
	}
	return fault.Wrap(fault.ConferenceFailed, errors.New("conference: "+call+" failed: "+word(key)))
}

// word keeps of a message key what can be one.
func word(key string) string {
	key = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, key)
	return key[:min(len(key), 40)]
}

func (m meeting) made() (Made, error) {
	if _, err := strconv.ParseUint(m.CreateTime, 10, 64); err != nil || m.ID == "" {
		return Made{}, fault.Wrap(fault.HostAnswer, errShape)
	}
	return Made{ID: m.ID, CreateTime: m.CreateTime}, nil
}

func (m meeting) open() (Open, error) {
	made, err := m.made()
	open := Open{Made: made, Recording: m.Recording == "true"}
	for _, a := range m.Attendees {
		open.People = append(open.People, Present{UserID: a.UserID, Moderator: a.Role == "MODERATOR", Camera: a.Video == "true"})
	}
	slices.SortFunc(open.People, func(a, b Present) int { return strings.Compare(a.UserID, b.UserID) })
	return open, err
}

// bounded hands tokens on until there are too many, or too many within each other. It lets no declaration of entities
// through (XML external entities, OWASP ASVS 5.0, 1.5.1).
type bounded struct {
	from  *xml.Decoder
	left  int
	depth int
}

// Token implements xml.TokenReader.
func (b *bounded) Token() (xml.Token, error) {
	token, err := b.from.Token()
	if err != nil {
		return nil, err
	}
	switch token.(type) {
	case xml.StartElement:
		b.depth++
	case xml.EndElement:
		b.depth--
	case xml.Directive:
		return nil, errShape
	}
	if b.left--; b.left < 0 || b.depth > deepest {
		return nil, errShape
	}
	return token, nil
}
