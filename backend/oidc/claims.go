package oidc

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"einverstanden/backend/fault"
)

// Person is whom a provider vouches for. Only Subject says who it is; the rest is what the provider's people typed.
type Person struct {
	Subject  string // the provider's own, never given to another person (5.7)
	Name     string
	ImportID string // what the school's administration knows the account by; empty where the provider keeps no such id
	Groups   []Group
	AuthTime time.Time // when the person last proved who they are there; zero when the provider does not say
}

// GroupKind says whether people are in it by the school or have it as a role.
type GroupKind string

// The kinds there are. IServ sends both.
const (
	KindGroup GroupKind = "group"
	KindRole  GroupKind = "role"
)

// Group is a group or role of the provider. ID and kind name it; Name is for people and decides nothing, since anyone
// might call a group of their own like another (abuse X12).
type Group struct {
	Kind GroupKind `json:"kind"`
	ID   string    `json:"id"`
	Name string    `json:"name,omitempty"`
}

const (
	subjectMax = 255 // characters (OpenID Connect Core 1.0, 2)
	textMax    = 100
	groupsMax  = 500
)

// described are the claims that may come with the user info as well as in the ID token.
var described = []string{"name", "given_name", "family_name", "iserv:uuid", "uuid", "iserv:groups", "groups", "iserv:roles", "roles"}

type claims map[string]json.RawMessage

func (c claims) text(name string) string {
	var text string
	if json.Unmarshal(c[name], &text) != nil {
		return ""
	}
	return text
}

func personOf(c claims) (Person, error) {
	p := Person{Subject: c.text("sub"), Name: plain(c.text("name"))}
	if p.Subject == "" || len(p.Subject) > subjectMax {
		return Person{}, fault.New(fault.OIDCRefused)
	}
	if p.Name == "" {
		p.Name = plain(c.text("given_name") + " " + c.text("family_name"))
	}
	for _, name := range []string{"iserv:uuid", "uuid"} {
		if p.ImportID == "" {
			p.ImportID = plain(c.text(name))
		}
	}
	p.Groups = append(c.groups(KindGroup, "iserv:groups", "groups"), c.groups(KindRole, "iserv:roles", "roles")...)
	var seconds int64
	if json.Unmarshal(c["auth_time"], &seconds) == nil && seconds > 0 {
		p.AuthTime = time.Unix(seconds, 0).UTC()
	}
	return p, nil
}

// groups reads the first of the claims that is there: an array or a map of objects, of which any member may be missing,
// or an array of names.
func (c claims) groups(kind GroupKind, names ...string) []Group {
	for _, name := range names {
		raw, ok := c[name]
		if !ok {
			continue
		}
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			var byKey map[string]json.RawMessage
			if json.Unmarshal(raw, &byKey) != nil {
				return nil
			}
			for _, one := range byKey {
				list = append(list, one)
			}
		}
		return groupsOf(kind, list)
	}
	return nil
}

func groupsOf(kind GroupKind, list []json.RawMessage) []Group {
	var found []Group
	for _, raw := range list[:min(len(list), groupsMax)] {
		group := Group{Kind: kind}
		var object struct {
			ID      json.RawMessage `json:"id"`
			Account string          `json:"act"`
			Name    string          `json:"name"`
			Display string          `json:"displayName"`
		}
		if json.Unmarshal(raw, &object) == nil {
			group.ID, group.Name = idOf(object.ID), plain(object.Name+object.Display)
			if group.ID == "" {
				group.ID = object.Account
			}
		} else {
			group.ID = idOf(raw)
		}
		if group.ID != "" && group.ID == plain(group.ID) {
			found = append(found, group)
		}
	}
	slices.SortFunc(found, func(a, b Group) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(found, func(a, b Group) bool { return a.ID == b.ID })
}

// idOf takes a number as it is written: providers send both.
func idOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var number json.Number
	if json.NewDecoder(bytes.NewReader(raw)).Decode(&number) == nil {
		return number.String()
	}
	return ""
}

// plain is a text for people without what could mislead them: control and formatting characters, and more than fits.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	runes := []rune(strings.TrimSpace(text))
	return strings.TrimSpace(string(runes[:min(len(runes), textMax)]))
}
