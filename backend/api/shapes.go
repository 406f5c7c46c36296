package api

import (
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// Bodies that several resources share.

// PersonName is a person's name in a body.
type PersonName struct {
	GivenName  string `json:"givenName"`
	FamilyName string `json:"familyName"`
}

func nameOf(n school.Name) PersonName { return PersonName{GivenName: n.Given, FamilyName: n.Family} }

// Named is something with a name, by its id.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func classNamed(c school.Class) Named { return Named{ID: string(c.ID), Name: c.Name} }

// list is a page of a list.
type list[T any] struct {
	Items      []T    `json:"items" nullable:"false"`
	NextCursor string `json:"nextCursor,omitempty" doc:"give it as cursor to go on; absent at the end"`
	Total      int    `json:"total,omitempty" doc:"how many there are on all pages, where that is known"`
}

func listOf[T any](items []T) list[T] {
	if items == nil {
		items = []T{}
	}
	return list[T]{Items: items}
}

// out wraps a body for huma.
type out[T any] struct{ Body T }

func reply[T any](body T) *out[T] { return &out[T]{Body: body} }

// none is the input of operations without parameters; empty is the reply of those without a body.
type (
	none  struct{}
	empty struct{}
)

// mode is how a pupil takes part, as a word of the contract.
type mode string

func modeOf(m participation.Mode) mode { return mode(m.String()) }

type versionBody struct {
	ID        id.Version `json:"id"`
	Number    int        `json:"number"`
	InForceOn string     `json:"inForceOn" format:"date"`
}

func versionOf(v consent.Version) versionBody {
	return versionBody{ID: v.ID, Number: v.Number, InForceOn: v.InForceOn.String()}
}

type blockBody struct {
	ID    string   `json:"id"`
	Kind  string   `json:"kind" enum:"point,heading,paragraph,list"`
	Icon  string   `json:"icon,omitempty"`
	Text  string   `json:"text,omitempty"`
	Items []string `json:"items,omitempty"`
}

type textBody struct {
	Language   string      `json:"language"`
	Title      string      `json:"title"`
	Blocks     []blockBody `json:"blocks" nullable:"false"`
	TextSHA256 string      `json:"textSha256" doc:"SHA-256 of the canonical JSON {formVersion, language, title, blocks}"`
}

func textOf(t consent.Text) textBody {
	body := textBody{Language: t.Language, Title: t.Title, TextSHA256: t.SHA256, Blocks: make([]blockBody, len(t.Blocks))}
	for i, b := range t.Blocks {
		body.Blocks[i] = blockBody{ID: b.ID, Kind: b.Kind, Icon: b.Icon, Text: b.Text, Items: b.Items}
	}
	return body
}

// ReceiptBody names what proves that a decision was received.
type ReceiptBody struct {
	ID              id.Statement `json:"id"`
	Leaf            int64        `json:"leaf" doc:"number in the school's log, from 0"`
	StatementSHA256 string       `json:"statementSha256"`
}

func receiptOf(r consent.Receipt) ReceiptBody {
	return ReceiptBody{ID: r.ID, Leaf: r.Leaf, StatementSHA256: r.StatementSHA256}
}

// DecisionBody is a decision as whoever made it sees it.
type DecisionBody struct {
	ID          id.Decision `json:"id"`
	Kind        string      `json:"kind" enum:"answer,withdrawal"`
	Answer      string      `json:"answer,omitempty" enum:"video,audio,none"`
	Extent      string      `json:"extent,omitempty" enum:"picture,all"`
	ReceivedAt  time.Time   `json:"receivedAt"`
	Language    string      `json:"language,omitempty"`
	Channel     string      `json:"channel" enum:"app,paper,phone,in_person,teacher"`
	Means       string      `json:"means,omitempty" enum:"key,staff,mail,session,passkey" doc:"what ties it to its person; mail: an invitation by mail had let the browser in; key: a lowering key was shown, and nobody was signed in"`
	Invalidated bool        `json:"invalidated"`
	Receipt     ReceiptBody `json:"receipt"`
}

func decisionOf(o consent.Outcome) DecisionBody {
	d := o.Decision
	body := DecisionBody{
		ID: d.ID, Kind: string(d.Kind), Extent: string(d.Extent), ReceivedAt: d.ReceivedAt, Language: d.Language,
		Channel: string(d.Channel), Means: string(d.Means), Invalidated: d.Invalidated != nil, Receipt: receiptOf(o.Receipt),
	}
	if d.Kind == consent.Answer {
		body.Answer = d.Answer.String()
	}
	return body
}

type rowBody struct {
	Pupil id.Pupil `json:"pupil"`
	PersonName
	Mode         mode       `json:"mode" enum:"video,audio,none"`
	Acknowledged string     `json:"acknowledged,omitempty" enum:"yes,not_yet,not_needed" doc:"whether the rules are read; in meetings alone"`
	Explain      bool       `json:"explain,omitempty" doc:"read today, and a word of explanation would help"`
	Stricter     bool       `json:"stricter,omitempty" doc:"than the running meeting has shown it, and nobody has said seen"`
	EnteredAt    *time.Time `json:"enteredAt,omitempty" doc:"when the door last let it in"`
	Present      bool       `json:"present,omitempty" doc:"is in, as far as the conference server says"`
	Twice        bool       `json:"twice,omitempty" doc:"is in more than once"`
	Camera       bool       `json:"camera,omitempty" doc:"shows a camera that should be off"`
}

func rowsOf(rows []meeting.Row) []rowBody {
	bodies := make([]rowBody, len(rows))
	for i, row := range rows {
		bodies[i] = rowBody{
			Pupil: row.Pupil, PersonName: nameOf(row.Name), Mode: modeOf(row.Mode), Acknowledged: string(row.Acknowledged), Explain: row.Explain,
			Stricter: row.Stricter, Present: row.Present, Twice: row.Twice, Camera: row.Camera,
		}
		if !row.EnteredAt.IsZero() {
			bodies[i].EnteredAt = &row.EnteredAt
		}
	}
	return bodies
}

// dateOf reads a civil date of an input; an empty one is unknown.
func dateOf(text string) (calendar.Date, error) {
	if text == "" {
		return calendar.Date{}, nil
	}
	return calendar.Parse(text)
}

// textOfDate writes a civil date; unknown is empty.
func textOfDate(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
