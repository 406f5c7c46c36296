package notify

import (
	"embed"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed texts/*.json page.html
var files embed.FS

const german = "de"

// words are those of one kind: the subject and the paragraphs of a mail, the line of a notification, the link's label.
type words struct {
	Subject string   `json:"subject"`
	Short   string   `json:"short"`
	Body    []string `json:"body"`
	Action  string   `json:"action"`
	NotMe   string   `json:"notMe,omitempty"`

	Steps map[string][]string `json:"steps,omitempty"` // in the place of the body, by Message.Step
}

// bodyOf is what the message says; a step without words of its own says what the kind does.
func (w words) bodyOf(m Message) []string {
	if step, ok := w.Steps[m.Step]; ok {
		return step
	}
	return w.Body
}

// frame are the words around every mail.
type frame struct {
	Greeting  string `json:"greeting"`
	Closing   string `json:"closing"`
	Automatic string `json:"automatic"`
	Stop      string `json:"stop"`
}

type language struct {
	Frame frame          `json:"frame"`
	Kinds map[Kind]words `json:"kinds"`
}

// languages are the texts by BCP 47 tag. A file that cannot be read is a broken build, so loading panics.
var languages = mustLoadTexts()

var page = htmltemplate.Must(htmltemplate.ParseFS(files, "page.html"))

func mustLoadTexts() map[string]language {
	found, err := files.ReadDir("texts")
	if err != nil {
		panic(err)
	}
	loaded := map[string]language{}
	for _, file := range found {
		content, err := files.ReadFile(path.Join("texts", file.Name()))
		if err != nil {
			panic(err)
		}
		var l language
		if err := json.Unmarshal(content, &l); err != nil {
			panic(fmt.Sprintf("notify: %s: %v", file.Name(), err))
		}
		loaded[strings.TrimSuffix(file.Name(), ".json")] = l
	}
	return loaded
}

// Languages are those that messages are written in.
func Languages() []string { return slices.Sorted(maps.Keys(languages)) }

// HasLanguage reports whether messages are written in the language.
func HasLanguage(tag string) bool { _, ok := languages[tag]; return ok }

// IsRightToLeft reports how the language runs.
func IsRightToLeft(tag string) bool { return tag == "ar" }

// Short is the one line of a kind, for a lock screen. It names nobody and nothing that was decided.
func Short(tag string, kind Kind) string { return wordsOf(tag, kind).Short }

func wordsOf(tag string, kind Kind) words {
	if w, ok := languages[tag].Kinds[kind]; ok {
		return w
	}
	return languages[german].Kinds[kind]
}

func frameOf(tag string) frame {
	if l, ok := languages[tag]; ok {
		return l.Frame
	}
	return languages[german].Frame
}

// written is a mail as it is sent.
type written struct {
	Language  string
	Direction string
	Subject   string
	Greeting  string
	Body      []string
	Action    string
	Link      string
	NotMe     string
	NotMeLink string
	Closing   string
	Automatic string
	Stop      string
	StopLink  string
	Others    []passage
}

// passage is the same once more in another language.
type passage struct {
	Language  string
	Direction string
	Lines     []string
}

// links are where a mail leads to; empty ones are left out.
type links struct{ action, notMe, stop string }

func write(tag string, m Message, school string, zone *time.Location, to links) written {
	if !HasLanguage(tag) {
		tag = german
	}
	w, f := wordsOf(tag, m.Kind), frameOf(tag)
	fill := m.filler(tag, school, zone)
	out := written{
		Language: tag, Subject: fill.Replace(w.Subject), Greeting: f.Greeting, Action: w.Action, Link: to.action,
		Closing: fill.Replace(f.Closing), Automatic: fill.Replace(f.Automatic),
	}
	out.Direction = direction(tag)
	for _, paragraph := range w.bodyOf(m) {
		if m.Values[DayValue] != "" || !strings.Contains(paragraph, dayPlace) {
			out.Body = append(out.Body, fill.Replace(paragraph))
		}
	}
	if to.notMe != "" && w.NotMe != "" {
		out.NotMe, out.NotMeLink = w.NotMe, to.notMe
	}
	if rules[m.Kind].everybody {
		out.Others = m.passages(tag, school, zone)
	}
	if to.stop != "" {
		out.Stop, out.StopLink = f.Stop, to.stop
	}
	return out
}

// dayPlace is where a text names DayValue.
const dayPlace = "{{" + DayValue + "}}"

func direction(tag string) string {
	if IsRightToLeft(tag) {
		return "rtl"
	}
	return "ltr"
}

// passages are, beside another language, the whole text in German, and beside German one line in each of the others.
func (m Message) passages(tag, school string, zone *time.Location) (found []passage) {
	if tag != german {
		fill := m.filler(german, school, zone)
		p := passage{Language: german, Direction: "ltr"}
		for _, paragraph := range wordsOf(german, m.Kind).bodyOf(m) {
			p.Lines = append(p.Lines, fill.Replace(paragraph))
		}
		return []passage{p}
	}
	for _, other := range Languages() {
		if other != german {
			found = append(found, passage{other, direction(other), []string{Short(other, m.Kind)}})
		}
	}
	return found
}

func (m Message) filler(tag, school string, zone *time.Location) *strings.Replacer {
	layout := "02.01.2006"
	if tag == "en" {
		layout = "2 January 2006"
	}
	pairs := []string{"{{school}}", school, "{{when}}", m.At.In(zone).Format(layout + ", 15:04")}
	for _, name := range slices.Sorted(maps.Keys(m.Values)) {
		value := m.Values[name]
		if day, err := time.Parse(time.DateOnly, value); err == nil {
			value = day.Format(layout)
		}
		pairs = append(pairs, "{{"+name+"}}", value)
	}
	return strings.NewReplacer(pairs...)
}

// text is the plain version.
func (w written) text() string {
	parts := append([]string{w.Greeting}, w.Body...)
	for _, link := range [][2]string{{w.Action, w.Link}, {w.NotMe, w.NotMeLink}} {
		if link[1] != "" {
			parts = append(parts, link[0]+":\n"+link[1])
		}
	}
	for _, p := range w.Others {
		parts = append(parts, p.Lines...)
	}
	parts = append(parts, w.Closing, "-- \n"+w.Automatic)
	if w.StopLink != "" {
		parts = append(parts, w.Stop+":\n"+w.StopLink)
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// html is the same, escaped by the template.
func (w written) html() (string, error) {
	var out strings.Builder
	err := page.Execute(&out, w)
	return out.String(), err
}
