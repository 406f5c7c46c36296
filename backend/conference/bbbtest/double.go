// Package bbbtest plays a BigBlueButton for tests: the calls that package conference makes, with their checks. What it
// refuses, a real server refuses too: a checksum that does not fit the exact bytes, a room made again with other words, an
// address of an earlier room, an unknown room. It ends rooms later than it says so, and fails in every way on request.
package bbbtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// Failure is a way in which a server fails.
type Failure string

// The failures; the zero value is none.
const (
	Garbage   Failure = "garbage"   // not XML
	Truncated Failure = "truncated" // XML that stops in the middle
	Entities  Failure = "entities"  // XML that declares entities
	Failed    Failure = "failed"    // FAILED, with a key and a long message
	Redirect  Failure = "redirect"  // to somewhere else
	Silence   Failure = "silence"   // until the caller gives up
	Broken    Failure = "broken"    // status 502
	Refusal   Failure = "refusal"   // the checksum is wrong, whatever it is
	Huge      Failure = "huge"      // a list that does not end
)

// Attendee is somebody in a room.
type Attendee struct {
	UserID, Name string
	Moderator    bool
	Video        bool
	Data         url.Values // userdata-* of the address
}

// Room is a room that is open, or about to close.
type Room struct {
	ID        string
	Params    url.Values
	Created   int64
	Recording bool
	Attendees []Attendee

	ending bool // shown in one more list
}

// Double is the server. Use it as an http.Handler.
type Double struct {
	secret string

	mu     sync.Mutex
	rooms  map[string]*Room
	fail   Failure
	calls  map[string]int
	clock  int64
	onEnd  func(callback string)
	joined int
}

// New makes a server that shares the secret.
func New(secret string) *Double {
	return &Double{secret: secret, rooms: map[string]*Room{}, calls: map[string]int{}, clock: 1_700_000_000_000}
}

// OnEnd says what is done with the callback of a room that ends.
func (d *Double) OnEnd(call func(callback string)) { d.locked(func() { d.onEnd = call }) }

// Fail makes every call fail in this way from now on.
func (d *Double) Fail(failure Failure) { d.locked(func() { d.fail = failure }) }

// Calls tells how often a call was made, refused ones included; the empty name counts all.
func (d *Double) Calls(call string) (count int) {
	d.locked(func() { count = d.calls[call] })
	return count
}

// Rooms are those that are open and not about to close, in no order.
func (d *Double) Rooms() (rooms []Room) {
	d.locked(func() {
		for _, room := range d.rooms {
			if !room.ending {
				rooms = append(rooms, *room)
			}
		}
	})
	return rooms
}

// Change alters an open room: who is in it, who shows a camera, whether it is recorded. An unknown room is not altered.
func (d *Double) Change(room string, change func(*Room)) {
	d.locked(func() {
		if r := d.rooms[room]; r != nil {
			change(r)
		}
	})
}

// Close ends a room as if its last moderator had.
func (d *Double) Close(room string) {
	d.locked(func() {
		if r := d.rooms[room]; r != nil {
			d.drop(r)
		}
	})
}

func (d *Double) locked(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// ServeHTTP implements http.Handler.
func (d *Double) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	_, call, ok := strings.Cut(request.URL.Path, "/bigbluebutton/api/")
	if !ok || request.Method != http.MethodGet {
		http.NotFound(w, request)
		return
	}
	var failure Failure
	d.locked(func() {
		d.calls[call]++
		d.calls[""]++
		failure = d.fail
	})
	if failure != "" {
		fail(w, request, failure)
		return
	}
	query, signed := strings.CutSuffix(request.URL.RawQuery, "checksum="+request.URL.Query().Get("checksum"))
	if !signed || request.URL.Query().Get("checksum") != d.checksum(call, strings.TrimSuffix(query, "&")) {
		failWith(w, "checksumError", "You did not pass the checksum security check")
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch call {
	case "create":
		d.create(w, request.URL.Query())
	case "join":
		d.join(w, request, request.URL.Query())
	case "end":
		d.end(w, request.URL.Query().Get("meetingID"))
	case "getMeetingInfo":
		d.info(w, request.URL.Query().Get("meetingID"))
	case "getMeetings":
		d.list(w)
	default:
		failWith(w, "unsupportedRequest", "This request is not supported.")
	}
}

// checksum is written down a second time on purpose, over the bytes as they came.
func (d *Double) checksum(call, query string) string {
	sum := sha256.Sum256([]byte(call + query + d.secret))
	return hex.EncodeToString(sum[:])
}

func (d *Double) create(w http.ResponseWriter, query url.Values) {
	id, name := query.Get("meetingID"), query.Get("name")
	if len(id) < 2 || len(id) > 256 || strings.Contains(id, ",") || len([]rune(name)) < 2 || len([]rune(name)) > 64 {
		failWith(w, "validationError", "a parameter is wrong")
		return
	}
	key := ""
	room := d.rooms[id]
	switch {
	case room == nil || room.ending:
		d.clock++
		room = &Room{ID: id, Params: query, Created: d.clock}
		d.rooms[id] = room
	case room.Params.Get("attendeePW") == query.Get("attendeePW") && room.Params.Get("moderatorPW") == query.Get("moderatorPW"):
		key = "<messageKey>duplicateWarning</messageKey>"
	default:
		failWith(w, "idNotUnique", "A meeting already exists with that meeting ID.")
		return
	}
	fmt.Fprintf(w, "<response><returncode>SUCCESS</returncode><meetingID>%s</meetingID><internalMeetingID>i-%d</internalMeetingID>"+
		"<createTime>%d</createTime>%s</response>", id, room.Created, room.Created, key)
}

func (d *Double) join(w http.ResponseWriter, request *http.Request, query url.Values) {
	room := d.rooms[query.Get("meetingID")]
	if room == nil || room.ending {
		if elsewhere := query.Get("errorRedirectUrl"); elsewhere != "" {
			http.Redirect(w, request, elsewhere, http.StatusFound)
			return
		}
		failWith(w, "invalidMeetingIdentifier", "The meeting ID that you supplied did not match any existing meetings")
		return
	}
	if query.Get("createTime") != strconv.FormatInt(room.Created, 10) {
		failWith(w, "mismatchCreateTimeParam", "The createTime parameter submitted mismatches with the current meeting.")
		return
	}
	role := query.Get("role")
	if query.Get("fullName") == "" || role != "MODERATOR" && role != "VIEWER" {
		failWith(w, "validationError", "a parameter is wrong")
		return
	}
	who := Attendee{UserID: query.Get("userID"), Name: query.Get("fullName"), Moderator: role == "MODERATOR", Data: url.Values{}}
	for name, values := range query {
		if strings.HasPrefix(name, "userdata-") {
			who.Data[name] = values
		}
	}
	if who.UserID == "" {
		d.joined++
		who.UserID = fmt.Sprintf("w_%d", d.joined)
	}
	if room.Params.Get("allowDuplicateExtUserid") == "false" { // who comes again takes the place of who was there
		kept := room.Attendees[:0]
		for _, a := range room.Attendees {
			if a.UserID != who.UserID {
				kept = append(kept, a)
			}
		}
		room.Attendees = kept
	}
	room.Attendees = append(room.Attendees, who)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><html lang=de><title>Raum</title><h1>Im Raum</h1><p id=role>%s</p>", role)
}

// Viewer turns the camera of somebody on, as the server lets viewers; it reports whether that went.
func (r *Room) Viewer(user string, camera bool) bool {
	for i, a := range r.Attendees {
		if a.UserID == user {
			if camera && !a.Moderator && r.Params.Get("lockSettingsDisableCam") == "true" {
				return false
			}
			r.Attendees[i].Video = camera
			return true
		}
	}
	return false
}

// end says that it will, and does so once it was asked for a list again.
func (d *Double) end(w http.ResponseWriter, id string) {
	room := d.rooms[id]
	if room == nil {
		failWith(w, "notFound", "We could not find a meeting with that meeting ID")
		return
	}
	room.ending = true
	fmt.Fprint(w, "<response><returncode>SUCCESS</returncode><messageKey>sentEndMeetingRequest</messageKey><message>later</message></response>")
}

func (d *Double) drop(room *Room) {
	delete(d.rooms, room.ID)
	if d.onEnd == nil || room.Params.Get("meta_endCallbackUrl") == "" {
		return
	}
	callback, separator := room.Params.Get("meta_endCallbackUrl"), "?"
	if strings.Contains(callback, "?") {
		separator = "&"
	}
	go d.onEnd(fmt.Sprintf("%s%smeetingID=%s&recordingmarks=%t", callback, separator, url.QueryEscape(room.ID), room.Recording))
}

func (d *Double) info(w http.ResponseWriter, id string) {
	room := d.rooms[id]
	if room == nil {
		failWith(w, "notFound", "We could not find a meeting with that meeting ID")
		return
	}
	var inside strings.Builder
	room.write(&inside)
	fmt.Fprintf(w, "<response><returncode>SUCCESS</returncode>%s</response>", inside.String())
}

func (d *Double) list(w http.ResponseWriter) {
	var inside strings.Builder
	for _, room := range d.rooms {
		inside.WriteString("<meeting>")
		room.write(&inside)
		inside.WriteString("</meeting>")
		if room.ending {
			d.drop(room)
		}
	}
	key := ""
	if inside.Len() == 0 {
		key = "<messageKey>noMeetings</messageKey><message>no meetings were found on this server</message>"
	}
	fmt.Fprintf(w, "<response><returncode>SUCCESS</returncode><meetings>%s</meetings>%s</response>", inside.String(), key)
}
