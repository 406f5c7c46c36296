package conference

// White box: the tests sign with SHA-1 too, which the program does not.

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	"einverstanden/backend/fault"
)

const vectorSecret = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"

func sum1(call, query, secret string) string {
	sum := sha1.Sum([]byte(call + query + secret))
	return hex.EncodeToString(sum[:])
}

// The vector of BigBlueButton's own documents, and the same input by SHA-256.
func TestChecksumsAreThoseOfTheVectors(t *testing.T) {
	const query = "name=Test+Meeting&meetingID=abc123&attendeePW=111222&moderatorPW=333444"
	if got := sum1("create", query, vectorSecret); got != "1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17" {
		t.Errorf("SHA-1: %s", got)
	}
	if got := checksum("create", query, vectorSecret); got != "da9185f7f333cfdfcd6eeac32dca3777510c4c436020d8b887ba5515bd1d189e" {
		t.Errorf("SHA-256: %s", got)
	}
}

// testdata/urls.json comes from scripts/conference.
func TestAddressesAreThoseOfAnotherClient(t *testing.T) {
	content, err := os.ReadFile("testdata/urls.json")
	if err != nil {
		t.Fatal(err)
	}
	var theirs map[string]string
	if err := json.Unmarshal(content, &theirs); err != nil {
		t.Fatal(err)
	}
	ours := map[string]url.Values{
		"create": {"name": {"Mathe & Physik: Übung #3 + Größe (7b) 100% „gut“ 🎒"}, "meetingID": {"e-1"}, "attendeePW": {"a b"}, "moderatorPW": {"c/d"}},
		"join": {"fullName": {"Zoë Ärmel"}, "meetingID": {"e-1"}, "password": {"c/d"}, "createTime": {"1700000000001"}, "userID": {"p=1"},
			"role": {"VIEWER"}},
		"end": {"meetingID": {"e-1"}, "password": {"c/d"}}, "getMeetingInfo": {"meetingID": {"e-1"}}, "getMeetings": {},
	}
	server := Server{URL: "https://bbb.schule.example/bigbluebutton", Secret: vectorSecret}
	for call, values := range ours {
		address, err := url.Parse(theirs[call])
		if err != nil {
			t.Fatal(err)
		}
		query, _, _ := strings.Cut(address.RawQuery, "checksum=")
		query = strings.TrimSuffix(query, "&")
		if got := server.signed(call, query, sum1(call, query, vectorSecret)); got != theirs[call] {
			t.Errorf("%s: %s, theirs is %s", call, got, theirs[call])
		}
		parsed, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Encode() != values.Encode() { // theirs writes a blank as %20, ours as +; both are signed as sent
			t.Errorf("%s sends %s, theirs %s", call, values.Encode(), parsed.Encode())
		}
	}
}

func TestAddressesOfServersAsPeopleCopyThem(t *testing.T) {
	for text, want := range map[string]string{
		"https://bbb.schule.example/bigbluebutton/":       "https://bbb.schule.example/bigbluebutton",
		" https://BBB.schule.example/bigbluebutton/api/ ": "https://bbb.schule.example/bigbluebutton",
		"https://bbb.schule.example":                      "https://bbb.schule.example/bigbluebutton",
		"https://bbb.schule.example:8443/x/bigbluebutton": "https://bbb.schule.example:8443/x/bigbluebutton",
		"http://bbb.lan/bigbluebutton":                    "http://bbb.lan/bigbluebutton", // the outbound client judges
		"":                                                "", "javascript:alert(1)": "", "ftp://bbb.schule.example": "", "https://": "", "bbb.schule.example": "",
		"https://a:b@bbb.schule.example": "", "https://bbb.schule.example/?x=1": "", "https://bbb.schule.example/#x": "", "https://%zz": "",
	} {
		got, err := ParseURL(text)
		if got != want || (want == "") != fault.Has(err, fault.InvalidInput) {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}

// S7 and settled 30: no way of recording is left open, pupils' cameras are as the style says, and a style that nobody
// knows is the strictest.
func TestRoomsAreNeverRecordedAndLockAsTheStyleSays(t *testing.T) {
	for style, want := range map[Style]map[string]string{
		TeacherOnly: {"webcamsOnlyForModerator": "true", "lockSettingsDisableCam": ""},
		Cameras:     {"webcamsOnlyForModerator": "", "lockSettingsDisableCam": ""},
		NoCameras:   {"webcamsOnlyForModerator": "", "lockSettingsDisableCam": "true"},
		"":          {"lockSettingsDisableCam": "true"},
	} {
		sent, err := url.ParseQuery(string(Room{ID: "e-1", Name: "M", Style: style, Callback: "https://wir.example/x"}.Params()))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"record", "autoStartRecording", "allowStartStopRecording", "meetingKeepEvents", "allowDuplicateExtUserid"} {
			if sent.Get(name) != "false" {
				t.Errorf("%s: %s is %q", style, name, sent.Get(name))
			}
		}
		for name, value := range want {
			if sent.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", style, name, sent.Get(name), value)
			}
		}
		if sent.Get("lockSettingsLockOnJoin") != "true" || sent.Get("guestPolicy") != "ALWAYS_DENY" || sent.Get("name") != "M–" {
			t.Errorf("%s: %v", style, sent)
		}
	}
	long := Room{ID: "e-1", Name: strings.Repeat("ü", 80)}.Params()
	if sent, _ := url.ParseQuery(string(long)); sent.Get("name") != strings.Repeat("ü", 64) {
		t.Errorf("a long name is sent as %q", sent.Get("name"))
	}
}

func TestOnlyModeratorsAreModerators(t *testing.T) {
	server := Server{URL: "https://bbb.schule.example/bigbluebutton", Secret: "s"}
	for _, who := range []Join{{Name: "Lena B.", UserID: "1", NoCamera: true}, {Name: "Frau Yılmaz", UserID: "2", Moderator: true}} {
		address, err := url.Parse(server.JoinURL(Made{ID: "e-1", CreateTime: "7"}, who))
		if err != nil {
			t.Fatal(err)
		}
		sent := address.Query()
		role, camera := "VIEWER", "false"
		if who.Moderator {
			role, camera = "MODERATOR", ""
		}
		if sent.Get("role") != role || sent.Get("userdata-bbb_enable_video") != camera || sent.Get("createTime") != "7" || sent.Get("password") != "" {
			t.Errorf("%+v is sent as %v", who, sent)
		}
	}
}
