package sanction

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/calendar"
)

//go:embed texts/*.json
var textFiles embed.FS

// Step is what a notice tells.
type Step string

// The steps. The last two are told to whoever objected, and to nobody else.
const (
	Imposed  Step = "imposed"
	Ended    Step = "ended" // before its time
	Received Step = "received"
	Answered Step = "answered"
)

// Notice is what a person is told, without anybody's name: it may stand in a mail or on a locked screen.
type Notice struct {
	Title      string
	Paragraphs []string
}

// notices holds every text by language. A file that cannot be read is a broken build, so loading panics.
var notices = mustLoadNotices()

func mustLoadNotices() map[string]map[string]string {
	files, err := textFiles.ReadDir("texts")
	if err != nil {
		panic(err)
	}
	loaded := map[string]map[string]string{}
	for _, file := range files {
		content, err := textFiles.ReadFile(path.Join("texts", file.Name()))
		if err != nil {
			panic(err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(content, &texts); err != nil {
			panic(fmt.Sprintf("sanction: %s: %v", file.Name(), err))
		}
		loaded[strings.TrimSuffix(file.Name(), ".json")] = texts
	}
	return loaded
}

// Languages lists those that notices are written in.
func Languages() []string { return slices.Sorted(maps.Keys(notices)) }

// ForGuardian is the notice of a step to somebody with a say, with the legal remedy. The objection is for the steps of
// one, and its days are those of the zone; rule is the title of the rule in the language, and left out where it is empty. A
// language without texts reads German.
func ForGuardian(language string, step Step, s Sanction, rule string, o Objection, zone *time.Location) Notice {
	say := speaker(language, s)
	switch step {
	case Imposed:
		paragraphs := []string{say("imposed." + string(s.Measure))}
		if rule != "" {
			paragraphs = append(paragraphs, strings.ReplaceAll(say("rule"), "{{rule}}", rule))
		}
		if s.Kind != "" {
			paragraphs = append(paragraphs, say("kind."+string(s.Kind)), say("remedy."+string(s.Kind)))
		}
		return Notice{say("title.imposed"), append(paragraphs, say("after"))}
	case Ended:
		return Notice{say("title.ended"), []string{say("ended")}}
	case Received:
		return Notice{say("title.received"), []string{on(say("received"), "received", o.ReceivedAt, zone)}}
	case Answered:
		outcome := string(o.Outcome)
		paragraphs := []string{on(say(outcome), "answered", o.AnsweredAt, zone)}
		if o.Next != "" {
			paragraphs = append(paragraphs, say("next."+string(o.Next)))
		}
		return Notice{say("title." + outcome), paragraphs}
	}
	return Notice{}
}

// ForPupil is the notice to the pupil itself, kind and in simple words: no rule, no law.
func ForPupil(language string, step Step, s Sanction) Notice {
	say := speaker(language, s)
	if step == Ended {
		return Notice{say("pupil.title"), []string{say("pupil.ended")}}
	}
	return Notice{say("pupil.title"), []string{say("pupil." + string(s.Measure))}}
}

// speaker fills in the sanction's days.
func speaker(language string, s Sanction) func(key string) string {
	texts, ok := notices[language]
	if !ok {
		texts = notices["de"]
	}
	days := strings.NewReplacer("{{from}}", written(s.Period.From), "{{until}}", written(s.Period.Until))
	return func(key string) string { return days.Replace(texts[key]) }
}

func on(text, name string, at time.Time, zone *time.Location) string {
	return strings.ReplaceAll(text, "{{"+name+"}}", written(calendar.Today(at, zone)))
}

// written is a day as DD.MM.YYYY: legal dates read the same in every language.
func written(day calendar.Date) string {
	return fmt.Sprintf("%02d.%02d.%04d", day.Day(), day.Month(), day.Year())
}
