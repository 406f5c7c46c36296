package push

import "time"

// Kind says what a message is about, in no more words than a lock screen may show.
type Kind string

// The kinds. Opening and Test are about push itself.
const (
	OpenConsent Kind = "open_consent" // an answer is wanted; about a guardian's children together
	Receipt     Kind = "receipt"      // there is a receipt
	ModeChanged Kind = "mode_changed" // a child takes part in another way
	Lesson      Kind = "lesson"       // to a teacher, about a lesson that is near
	LessonSoon  Kind = "lesson_soon"  // to a teacher, about a lesson that comes next
	Meeting     Kind = "meeting"      // to a pupil, about its plan
	Soon        Kind = "soon"         // to a pupil, about a meeting that begins
	OwnNews     Kind = "own_news"     // News to a pupil
	News        Kind = "news"         // whatever else the school has to tell
	Opening     Kind = "opening"      // the first to a browser: it brings the proof that messages arrive
	Test        Kind = "test"
)

// Choice is what a browser's owner may want or not: one of a few, where there are many kinds.
type Choice string

// The choices.
const (
	Consents Choice = "consents" // what waits for an answer
	Receipts Choice = "receipts"
	Changes  Choice = "changes"  // in how somebody takes part
	Meetings Choice = "meetings" // what changes in a plan, or is near
	Other    Choice = "other"
)

// Choices are all of them.
var Choices = []Choice{Consents, Receipts, Changes, Meetings, Other}

// manner is how messages of a kind travel.
type manner struct {
	choice  Choice // empty: about push itself
	ttl     time.Duration
	urgency Urgency
	replace bool // a later message about the same object takes the place of an earlier one
}

const day = 24 * time.Hour

var manners = map[Kind]manner{
	OpenConsent: {choice: Consents, ttl: 3 * day, urgency: Normal, replace: true},
	Receipt:     {choice: Receipts, ttl: day, urgency: Normal},
	ModeChanged: {choice: Changes, ttl: 7 * day, urgency: High, replace: true},
	Lesson:      {choice: Meetings, ttl: time.Hour, urgency: High, replace: true},
	LessonSoon:  {choice: Meetings, ttl: day, urgency: High, replace: true},
	Meeting:     {choice: Meetings, ttl: day, urgency: High, replace: true},
	Soon:        {choice: Meetings, ttl: time.Hour, urgency: High, replace: true},
	OwnNews:     {choice: Other, ttl: 3 * day, urgency: Normal},
	News:        {choice: Other, ttl: 3 * day, urgency: Normal},
	Opening:     {ttl: time.Hour, urgency: High},
	Test:        {ttl: 10 * time.Minute, urgency: High},
}
