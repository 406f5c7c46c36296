package api

import "golang.org/x/text/language"

// languages are those in which the app's texts are complete for guardians; the first is the fallback.
var languages = []string{"de", "en", "tr"}

var matcher = language.NewMatcher([]language.Tag{language.German, language.English, language.Turkish})

// preferredLanguage picks one of languages for an Accept-Language header (RFC 9110).
func preferredLanguage(header string) string {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return languages[0]
	}
	_, index, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return languages[0]
	}
	return languages[index]
}
