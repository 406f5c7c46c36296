package account

import "strings"

// DeviceKind says in one word what a device is, so that its owner recognises it in a list. More is not kept: a whole
// User-Agent would tell devices apart that nobody needs to tell apart.
type DeviceKind string

// Browser is the family of a browser.
type Browser string

// The kinds of devices and the families of browsers that are told apart.
const (
	UnknownDevice DeviceKind = "unknown"
	Phone         DeviceKind = "phone"
	Tablet        DeviceKind = "tablet"
	Computer      DeviceKind = "computer"

	UnknownBrowser  Browser = "unknown"
	Chrome          Browser = "chrome"
	Edge            Browser = "edge"
	Firefox         Browser = "firefox"
	Opera           Browser = "opera"
	Safari          Browser = "safari"
	SamsungInternet Browser = "samsung"
)

// Both lists are read from the top, because browsers claim to be others: Edge says that it is Chrome, and Chrome that
// it is Safari. An iPad of today claims to be a Mac, and then is a computer here.
var (
	deviceMarks = []struct {
		mark string
		kind DeviceKind
	}{
		{"ipad", Tablet}, {"tablet", Tablet}, {"iphone", Phone}, {"mobile", Phone}, {"android", Tablet},
		{"windows", Computer}, {"macintosh", Computer}, {"cros", Computer}, {"linux", Computer}, {"x11", Computer},
	}
	browserMarks = []struct {
		mark   string
		family Browser
	}{
		{"edg", Edge}, {"opr/", Opera}, {"samsungbrowser", SamsungInternet}, {"firefox", Firefox}, {"fxios", Firefox},
		{"crios", Chrome}, {"chrome", Chrome}, {"chromium", Chrome}, {"safari", Safari},
	}
)

// describe reads a User-Agent (RFC 9110, section 10.1.5) coarsely.
func describe(userAgent string) (DeviceKind, Browser) {
	text := strings.ToLower(userAgent)
	kind, family := UnknownDevice, UnknownBrowser
	for _, m := range deviceMarks {
		if strings.Contains(text, m.mark) {
			kind = m.kind
			break
		}
	}
	for _, m := range browserMarks {
		if strings.Contains(text, m.mark) {
			family = m.family
			break
		}
	}
	return kind, family
}
