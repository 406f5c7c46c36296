package bbbtest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// write gives the room in the server's words.
func (r *Room) write(w *strings.Builder) {
	fmt.Fprintf(w, "<meetingName>%s</meetingName><meetingID>%s</meetingID><internalMeetingID>i-%d</internalMeetingID><createTime>%d</createTime>"+
		"<running>true</running><recording>%t</recording><hasBeenForciblyEnded>%t</hasBeenForciblyEnded><participantCount>%d</participantCount><attendees>",
		text(r.Params.Get("name")), text(r.ID), r.Created, r.Created, r.Recording, r.ending, len(r.Attendees))
	for _, a := range r.Attendees {
		role := "VIEWER"
		if a.Moderator {
			role = "MODERATOR"
		}
		fmt.Fprintf(w, "<attendee><userID>%s</userID><fullName>%s</fullName><role>%s</role><isPresenter>false</isPresenter>"+
			"<isListeningOnly>false</isListeningOnly><hasJoinedVoice>true</hasJoinedVoice><hasVideo>%t</hasVideo>"+
			"<clientType>HTML5</clientType></attendee>", text(a.UserID), text(a.Name), role, a.Video)
	}
	w.WriteString("</attendees><metadata></metadata>")
}

func text(plain string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(plain)) // a strings.Builder takes everything
	return escaped.String()
}

func failWith(w http.ResponseWriter, key, message string) {
	fmt.Fprintf(w, "<response><returncode>FAILED</returncode><messageKey>%s</messageKey><message>%s</message></response>", key, message)
}

// fail answers, or does not, in the way of the failure.
func fail(w http.ResponseWriter, request *http.Request, failure Failure) {
	switch failure {
	case Garbage:
		fmt.Fprint(w, "<!doctype html><title>Wartung</title><p>secret-of-the-other-side")
	case Truncated:
		fmt.Fprint(w, "<response><returncode>SUCCESS</returncode><meetings><meeting>")
	case Entities:
		fmt.Fprint(w, `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><response><returncode>SUCCESS</returncode></response>`)
	case Failed:
		failWith(w, "internalError<!-- -->", "secret-of-the-other-side")
	case Redirect:
		http.Redirect(w, request, "http://127.0.0.1:1/elsewhere", http.StatusFound)
	case Silence:
		<-request.Context().Done()
	case Broken:
		http.Error(w, "secret-of-the-other-side", http.StatusBadGateway)
	case Refusal:
		failWith(w, "checksumError", "You did not pass the checksum security check")
	case Huge:
		_, _ = fmt.Fprint(w, "<response><returncode>SUCCESS</returncode><meetings>") // the caller hangs up in the middle
		for range 1 << 14 {
			if _, err := fmt.Fprint(w, strings.Repeat("<meeting><meetingID>x</meetingID></meeting>", 32)); err != nil {
				return
			}
		}
	}
}
