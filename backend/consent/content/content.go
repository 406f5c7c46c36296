// Package content holds the consent form that ships: our own wording of the school's letter, clause by clause, complete
// by GDPR Art. 13, in German with English and Turkish as reading aids. A school publishes it as it is, or its own file
// of the same shape.
package content

import _ "embed"

// VideoConference is the form as a draft; consent.ParseDraft reads it.
//
//go:embed video_conference.json
var VideoConference []byte
