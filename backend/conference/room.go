package conference

import (
	"net/url"
	"strconv"
	"unicode/utf8"
)

// Style is who may show a camera in a room. It is chosen before the room is made, and holds for all viewers: no server
// locks the camera of a single one.
type Style string

// The styles.
const (
	TeacherOnly Style = "teacher_only" // viewers' cameras reach the moderators alone
	Cameras     Style = "cameras"      // everybody sees all cameras
	NoCameras   Style = "no_cameras"   // viewers cannot show any
)

// Styles lists every style, the most careful default first.
var Styles = []Style{TeacherOnly, Cameras, NoCameras}

// Room is a room to be made.
type Room struct {
	ID       string // letters, digits and hyphens; nobody can guess it
	Name     string // shown inside; 2 to 64 characters are sent
	Style    Style
	Most     int    // how many people it holds; 0: no limit
	Minutes  int    // after which it ends by itself; 0: never
	Callback string // asked at its end, with recordingmarks; holds a secret, because the call is not signed
	Exit     string // where people come out
	// The server takes a repeated call for the same room only when these two words are the same. They open nothing:
	// joining goes by role.
	ViewerWord, ModeratorWord string
}

// Params is a room as the server is asked for it. They are kept and sent unchanged, so that a repeated call is the same.
type Params string

const (
	shortestName = 2
	longestName  = 64
	emptyFor     = 30 // minutes without anybody after which a room goes
)

// switchedOff are features that show more about people than a lesson needs, or that escape the room's locks.
const switchedOff = "learningDashboard,learningDashboardDownloadSessionData,privateChat,sharedNotes,breakoutRooms,cameraAsContent"

// Params gives the parameters of the room. Recording is off in every way there is.
func (r Room) Params() Params {
	yes, no := "true", "false"
	query := url.Values{
		"name": {clip(r.Name)}, "meetingID": {r.ID}, "attendeePW": {r.ViewerWord}, "moderatorPW": {r.ModeratorWord},
		"record": {no}, "autoStartRecording": {no}, "allowStartStopRecording": {no}, "recordFullDurationMedia": {no}, "meetingKeepEvents": {no},
		"lockSettingsLockOnJoin": {yes}, "lockSettingsLockOnJoinConfigurable": {no}, "lockSettingsDisablePrivateChat": {yes},
		"allowModsToEjectCameras": {yes}, "muteOnStart": {yes}, "userCameraCap": {"1"}, "allowDuplicateExtUserid": {no},
		"guestPolicy": {"ALWAYS_DENY"}, "disabledFeatures": {switchedOff},
		"endWhenNoModerator": {yes}, "endWhenNoModeratorDelayInMinutes": {"10"},
		"meetingExpireIfNoUserJoinedInMinutes": {strconv.Itoa(emptyFor)}, "meetingExpireWhenLastUserLeftInMinutes": {"10"},
	}
	switch r.Style {
	case NoCameras:
		query.Set("lockSettingsDisableCam", yes)
	case Cameras:
	case TeacherOnly:
		query.Set("webcamsOnlyForModerator", yes)
	default: // an unknown style is the strictest
		query.Set("lockSettingsDisableCam", yes)
	}
	if r.Most > 0 {
		query.Set("maxParticipants", strconv.Itoa(r.Most))
	}
	if r.Minutes > 0 {
		query.Set("duration", strconv.Itoa(r.Minutes))
	}
	if r.Callback != "" {
		query.Set("meta_endCallbackUrl", r.Callback)
	}
	if r.Exit != "" {
		query.Set("logoutURL", r.Exit)
	}
	return Params(query.Encode())
}

func clip(name string) string {
	for utf8.RuneCountInString(name) > longestName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	for utf8.RuneCountInString(name) < shortestName {
		name += "–"
	}
	return name
}

// Made is a room as it stands on the server. Addresses that were built for an earlier one of the same id do not open it.
type Made struct {
	ID         string
	CreateTime string
}

// Join is somebody who is let in.
type Join struct {
	Name      string
	UserID    string // by which Meetings names them again
	Moderator bool   // the locks of a room bind viewers alone
	NoCamera  bool   // hides the camera's button; a comfort, not a lock
	Elsewhere string // where the browser goes when the room is gone
}

// JoinURL is the address that lets somebody into the room. Whoever holds it comes in as them: it is made at the tap, for
// a redirect, and kept nowhere.
func (s Server) JoinURL(room Made, who Join) string {
	query := url.Values{
		"fullName": {who.Name}, "meetingID": {room.ID}, "createTime": {room.CreateTime}, "userID": {who.UserID}, "role": {"VIEWER"},
		"excludeFromDashboard": {"true"}, "userdata-bbb_record_permission": {"false"},
	}
	if who.Moderator {
		query.Set("role", "MODERATOR")
	}
	if who.NoCamera {
		query.Set("userdata-bbb_enable_video", "false")
		query.Set("userdata-bbb_auto_share_webcam", "false")
	}
	if who.Elsewhere != "" {
		query.Set("errorRedirectUrl", who.Elsewhere)
	}
	return s.address("join", query.Encode())
}
