package push

import (
	"encoding/json"
	"strconv"
)

// declarative is the number by which a browser knows a declarative message (Push API, Declarative Web Push). Safari shows
// those itself; elsewhere the app's worker reads the same members.
const declarative = 8030

// payload is what a browser decrypts. There is no member for a name, and there must be none.
type payload struct {
	WebPush      int          `json:"web_push"`
	AppBadge     string       `json:"app_badge,omitempty"` // open consents; Safari from 18.5 reads it here
	Mutable      bool         `json:"mutable"`             // Safari asks the worker as well
	Notification notification `json:"notification"`
	Proof        string       `json:"proof,omitempty"` // what the browser gives back to be activated
}

type notification struct {
	Title    string `json:"title"`
	Body     string `json:"body"`
	Navigate string `json:"navigate"` // absolute, on our own origin
	Lang     string `json:"lang"`
	Dir      string `json:"dir"`
	Tag      string `json:"tag,omitempty"`
	Silent   bool   `json:"silent"`
	AppBadge string `json:"app_badge,omitempty"` // Safari 18.4 reads it here
}

// note is a message before it is written for one browser.
type note struct {
	kind     Kind
	language string
	navigate string
	topic    string
	badge    int // open consents; negative: says nothing
	proof    string
}

func (n note) encode() ([]byte, error) {
	words := textsIn(n.language)
	p := payload{
		WebPush: declarative, Mutable: n.proof != "", Proof: n.proof,
		Notification: notification{
			Title: words.Title, Body: words.Bodies[n.kind], Navigate: n.navigate, Lang: words.Language, Dir: words.Dir, Tag: n.topic,
		},
	}
	if n.badge >= 0 {
		p.AppBadge = strconv.Itoa(n.badge)
		p.Notification.AppBadge = p.AppBadge
	}
	return json.Marshal(p)
}
