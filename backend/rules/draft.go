package rules

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// German is the language that rules; all others are reading aids.
const German = "de"

// Draft is a whole set of rules as it is written in a file and kept once it is published: the rules in their order with
// their pools of questions, and the texts of both by language.
type Draft struct {
	Rules     []DraftRule `json:"rules" nullable:"false"`
	Languages []Texts     `json:"languages" nullable:"false"`
}

// DraftRule is one rule by its key, with the questions that may be asked about it.
type DraftRule struct {
	Key       string          `json:"key"`
	Questions []DraftQuestion `json:"questions" nullable:"false"`
}

// DraftQuestion is a little scene with answers to choose from, by their ids; Right is one of them.
type DraftQuestion struct {
	ID      string   `json:"id"`
	Answers []string `json:"answers" nullable:"false"`
	Right   string   `json:"right"`
}

// Texts are what a set says in one language. Line is what a pupil says at each door once it has read the rules.
type Texts struct {
	Language  string         `json:"language"`
	Line      string         `json:"line"`
	Rules     []CardText     `json:"rules" nullable:"false"`
	Questions []QuestionText `json:"questions" nullable:"false"`
}

// CardText is one rule on its card. FromTwelve is added for pupils of twelve and older: a younger child is not told that
// something may be a crime (StGB §§ 19, 201; clause L27).
type CardText struct {
	Key        string `json:"key"`
	Title      string `json:"title"`
	Text       string `json:"text"`
	FromTwelve string `json:"fromTwelve,omitempty"`
}

// QuestionText is a question with its answers, and Why is what explains it kindly.
type QuestionText struct {
	ID      string   `json:"id"`
	Text    string   `json:"text"`
	Answers []Answer `json:"answers" nullable:"false"`
	Why     string   `json:"why"`
}

// Answer is one to choose.
type Answer struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// find gives the first that is named so, and what has no texts when there is none.
func find[T any](all []T, isIt func(T) bool) (found T) {
	if i := slices.IndexFunc(all, isIt); i >= 0 {
		return all[i]
	}
	return found
}

func (t Texts) card(key string) CardText {
	return find(t.Rules, func(c CardText) bool { return c.Key == key })
}

func (t Texts) question(id string) QuestionText {
	return find(t.Questions, func(q QuestionText) bool { return q.ID == id })
}

func (t QuestionText) answer(id string) Answer {
	return find(t.Answers, func(a Answer) bool { return a.ID == id })
}

func (d *Draft) texts(language string) Texts {
	return find(d.Languages, func(t Texts) bool { return t.Language == language })
}

const (
	maxRules    = 12
	maxText     = 400 // runes of any one text: a card is read by a child
	leastAsked  = 2   // questions in the pool of each rule
	mostChoices = 4
)

var (
	keyForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,39}$`)
	idForm  = regexp.MustCompile(`^[a-z0-9_]{1,60}$`)
	tagForm = regexp.MustCompile(`^[a-z]{2,3}(-[a-z]{2,8})?$`)
)

// ParseDraft reads a draft file and checks it.
func ParseDraft(content []byte) (Draft, error) {
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	var draft Draft
	if err := decoder.Decode(&draft); err != nil {
		return Draft{}, fmt.Errorf("the rules' file cannot be read: %w", err)
	}
	return draft, draft.Check()
}

// Flaw is what is wrong with a draft, and where.
type Flaw struct {
	Field string // for instance languages.tr.rules.ON_TIME
	Text  string // for whoever writes the file
}

func (f *Flaw) Error() string { return f.Field + ": " + f.Text }

func flaw(text string, path ...string) error {
	return &Flaw{Field: strings.Join(path, "."), Text: text}
}

// Check gives the first Flaw of a draft: every rule wants its questions, and every language all texts.
func (d *Draft) Check() error {
	if len(d.Rules) == 0 || len(d.Rules) > maxRules {
		return flaw(fmt.Sprintf("1 to %d rules are wanted", maxRules), "rules")
	}
	seen := map[string]bool{}
	for _, rule := range d.Rules {
		if err := rule.check(seen); err != nil {
			return err
		}
	}
	german := d.texts(German)
	if german.Language == "" {
		return flaw("the German text is missing; it is the one that counts", "languages", German)
	}
	for _, texts := range d.Languages {
		if !tagForm.MatchString(texts.Language) || seen[texts.Language] {
			return flaw("a language tag like tr or de-simple is wanted, each once", "languages", texts.Language)
		}
		seen[texts.Language] = true
		if err := texts.check(d.Rules, german, "languages", texts.Language); err != nil {
			return err
		}
	}
	return nil
}

func (r DraftRule) check(seen map[string]bool) error {
	if !keyForm.MatchString(r.Key) || seen[r.Key] {
		return flaw("a key of the form ON_TIME is wanted, each once", "rules", r.Key)
	}
	seen[r.Key] = true
	if len(r.Questions) < leastAsked {
		return flaw(fmt.Sprintf("at least %d questions are wanted", leastAsked), "rules", r.Key, "questions")
	}
	for _, q := range r.Questions {
		if !idForm.MatchString(q.ID) || seen[q.ID] {
			return flaw("an id of the form on_time_1 is wanted, each once", "rules", r.Key, "questions", q.ID)
		}
		seen[q.ID] = true
		if len(q.Answers) < 2 || len(q.Answers) > mostChoices || !slices.Contains(q.Answers, q.Right) {
			return flaw(fmt.Sprintf("2 to %d answers are wanted, one of them right", mostChoices), "rules", r.Key, "questions", q.ID)
		}
	}
	return nil
}

func (t Texts) check(rules []DraftRule, german Texts, at ...string) error {
	if err := checkText(t.Line, append(slices.Clone(at), "line")...); err != nil {
		return err
	}
	for _, rule := range rules {
		card, place := t.card(rule.Key), append(slices.Clone(at), "rules", rule.Key)
		for _, text := range []string{card.Title, card.Text} {
			if err := checkText(text, place...); err != nil {
				return err
			}
		}
		if (card.FromTwelve == "") != (german.card(rule.Key).FromTwelve == "") || utf8.RuneCountInString(card.FromTwelve) > maxText {
			return flaw("fromTwelve is missing, too long, or not in the German text", place...)
		}
		for _, q := range rule.Questions {
			if err := t.question(q.ID).check(q, append(slices.Clone(at), "questions", q.ID)...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t QuestionText) check(q DraftQuestion, at ...string) error {
	texts := []string{t.Text, t.Why}
	for _, answer := range q.Answers {
		texts = append(texts, t.answer(answer).Text)
	}
	for _, text := range texts {
		if err := checkText(text, at...); err != nil {
			return err
		}
	}
	return nil
}

var textWanted = fmt.Sprintf("a text is missing or longer than %d characters", maxText)

func checkText(text string, at ...string) error {
	if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > maxText {
		return flaw(textWanted, at...)
	}
	return nil
}

// wording is what a rule says in German. A rule whose wording is another one has changed, and is asked again; other
// questions or better translations ask nobody.
func (d *Draft) wording(key string) CardText { return d.texts(German).card(key) }

// textsIn gives the texts in the first of the languages that the set has, German otherwise.
func (d *Draft) textsIn(language string) Texts {
	base, _, _ := strings.Cut(language, "-")
	for _, tag := range []string{language, base} {
		if texts := d.texts(tag); texts.Language != "" {
			return texts
		}
	}
	return d.texts(German)
}

// tags lists the languages of the set in their order.
func (d *Draft) tags() []string {
	tags := make([]string, len(d.Languages))
	for i, texts := range d.Languages {
		tags[i] = texts.Language
	}
	return tags
}
