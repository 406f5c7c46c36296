package proof

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// State is what the verifier says of a claim; the zero value is unknown.
type State string

// The states. Withheld is for what a shared copy leaves out on purpose: it does not speak against the rest.
const (
	Unknown  State = ""
	Holds    State = "holds"
	Fails    State = "fails"
	Withheld State = "withheld"
)

// String is the state as a word: unknown for the zero value.
func (s State) String() string {
	if s == Unknown {
		return "unknown"
	}
	return string(s)
}

// ClaimID names what is claimed. Texts for people are found by it.
type ClaimID string

// The claims of a receipt, in the order in which they are judged.
const (
	ClaimFile       ClaimID = "file"       // the bytes are those that were handed out
	ClaimStatement  ClaimID = "statement"  // it is a statement of a known shape
	ClaimCommitment ClaimID = "commitment" // the leaf commits to this statement
	ClaimLeaf       ClaimID = "leaf"       // what leaf and statement both say is the same
	ClaimInclusion  ClaimID = "inclusion"  // the leaf is in the log of the checkpoint
	ClaimCheckpoint ClaimID = "checkpoint" // the checkpoint was signed by the key in the file
	ClaimTime       ClaimID = "time"       // recorded before the checkpoint was signed
	ClaimText       ClaimID = "text"       // the words in the file are those that were shown
	ClaimPrivate    ClaimID = "private"    // birth date, place and signature are those of the statement
	ClaimPasskey    ClaimID = "passkey"    // a passkey signed this declaration
	ClaimKey        ClaimID = "key"        // the key is the one that was given for comparison
	ClaimLater      ClaimID = "later"      // a later checkpoint continues this log
	ClaimPage       ClaimID = "page"       // the printed page shows what the file says
)

// Claim is one thing that a receipt asserts, and whether it holds. Cause is for whoever looks into a failure; it holds
// nothing of the receipt's content.
type Claim struct {
	ID    ClaimID `json:"id"`
	State State   `json:"state"`
	Cause string  `json:"cause,omitempty"`
}

// Limit names what no receipt can show.
type Limit string

// The limits. LimitKey does not apply when the key was compared, LimitMail to what came by an invitation by mail alone.
const (
	LimitKey    Limit = "key"    // that the key belongs to the school
	LimitPerson Limit = "person" // that the named person acted
	LimitMail   Limit = "mail"   // who read the mailbox that an invitation went to
	LimitClock  Limit = "clock"  // that the server's clock was right
	LimitLater  Limit = "later"  // what was decided afterwards
)

// Report is the outcome of a verification.
type Report struct {
	Claims []Claim
	Limits []Limit
	About  About
}

// Holds reports whether every claim holds that the file makes.
func (r Report) Holds() bool {
	for _, claim := range r.Claims {
		if claim.State != Holds && claim.State != Withheld {
			return false
		}
	}
	return len(r.Claims) > 0
}

// Of gives the state of a claim; Unknown when it was not made. Of a claim that was made more than once (ClaimLater), it
// is the first that does not hold.
func (r Report) Of(wanted ClaimID) State {
	found := Unknown
	for _, claim := range r.Claims {
		if claim.ID != wanted {
			continue
		}
		if claim.State != Holds {
			return claim.State
		}
		found = Holds
	}
	return found
}

//go:embed texts/*.json
var textFiles embed.FS

// texts are the sentences for people, by language and key.
var texts = sync.OnceValue(func() map[string]map[string]string {
	entries, err := textFiles.ReadDir("texts")
	if err != nil {
		panic(err) // embedded: it is there or the program was not built
	}
	all := map[string]map[string]string{}
	for _, entry := range entries {
		content, err := textFiles.ReadFile(path.Join("texts", entry.Name()))
		if err != nil {
			panic(err)
		}
		var byKey map[string]string
		if err := json.Unmarshal(content, &byKey); err != nil {
			panic(fmt.Errorf("%s: %w", entry.Name(), err))
		}
		all[strings.TrimSuffix(entry.Name(), ".json")] = byKey
	}
	return all
})

// Languages lists the languages of the verifier's sentences, by their tags.
func Languages() []string { return slices.Sorted(maps.Keys(texts())) }

func text(language, key string) string {
	if found, ok := texts()[language][key]; ok {
		return found
	}
	return texts()[German][key]
}

// Text says in the language what the claim's state means; German where there is no text of that language.
func (c Claim) Text(language string) string {
	return text(language, fmt.Sprintf("claim.%s.%s", c.ID, c.State))
}

// Text says in the language what no receipt can show.
func (l Limit) Text(language string) string { return text(language, "limit."+string(l)) }

// Word is one of the verifier's other words: a heading, a label, a state.
func Word(language, key string) string { return text(language, "word."+key) }
