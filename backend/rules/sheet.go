package rules

import (
	"hash/fnv"
	"slices"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// crimeFrom is the age from which a pupil is told what the law says.
const crimeFrom = 12

// simpleBelow is the age up to which German is simple German, unless something else is asked for.
const simpleBelow = 10

const (
	asked      = 2 // questions
	wrongTries = 2 // after which nothing more is asked
)

// Sheet is what one pupil reads: every rule, which of them it has yet to read, and two questions about those.
type Sheet struct {
	Version   Version
	HalfYear  calendar.Period
	Language  string
	Languages []string // that the set has
	Line      string   // what is said at each door
	Rules     []Rule
	Questions []Question // none when nothing is due
}

// Rule is one card.
type Rule struct {
	Key   string
	Title string
	Text  string
	Older string // what a pupil of twelve is told besides
	Due   bool
}

// Question is a scene with answers to choose from.
type Question struct {
	ID      string
	Rule    string
	Text    string
	Answers []Answer
	Right   string
	Why     string
}

// Sheet gives what the pupil reads, in the language or the nearest that the set has; an empty one is simple German for
// children below ten, and German. A school without rules gives NothingHere.
func (s *Service) Sheet(tx *db.Tx, pupil id.Pupil, language string) (Sheet, error) {
	now, err := s.at(tx)
	if err != nil {
		return Sheet{}, err
	}
	if !now.known {
		return Sheet{}, fault.New(fault.NothingHere)
	}
	due, err := s.dueFor(tx, now, pupil)
	if err != nil {
		return Sheet{}, err
	}
	people, err := s.schools.Pupils(tx, []id.Pupil{pupil})
	if err != nil {
		return Sheet{}, err
	}
	age, aged := calendar.AgeOn(people[pupil].BirthDate, now.today)
	if language == "" && aged && age < simpleBelow {
		language = "de-simple"
	}
	set := now.version.set
	texts := set.textsIn(language)
	sheet := Sheet{Version: now.version, HalfYear: now.halfYear, Language: texts.Language, Languages: set.tags(), Line: texts.Line}
	for _, rule := range set.Rules {
		text := texts.card(rule.Key)
		card := Rule{Key: rule.Key, Title: text.Title, Text: text.Text, Due: slices.Contains(due, rule.Key)}
		if aged && age >= crimeFrom {
			card.Older = text.FromTwelve
		}
		sheet.Rules = append(sheet.Rules, card)
	}
	for _, q := range now.questions(due, pupil) {
		sheet.Questions = append(sheet.Questions, q.in(texts))
	}
	return sheet, nil
}

func (s *Service) dueFor(tx *db.Tx, now present, pupil id.Pupil) ([]string, error) {
	read, err := acknowledgementsOf(tx, []id.Pupil{pupil}, now.halfYear)
	if err != nil {
		return nil, err
	}
	return now.due(read[pupil]), nil
}

// pooled is a question with the key of its rule.
type pooled struct {
	DraftQuestion
	rule string
}

func (p pooled) in(texts Texts) Question {
	text := texts.question(p.ID)
	q := Question{ID: p.ID, Rule: p.rule, Text: text.Text, Right: p.Right, Why: text.Why}
	for _, answer := range p.Answers {
		q.Answers = append(q.Answers, text.answer(answer))
	}
	return q
}

// questions are two about what is due, of two rules where there are two. Which they are differs between pupils, halves of
// a year and versions, and stays the same meanwhile, so that nothing about them has to be kept.
func (p present) questions(due []string, pupil id.Pupil) []pooled {
	if len(due) == 0 {
		return nil
	}
	sum := fnv.New64a()
	for _, part := range []string{string(pupil), p.halfYear.From.String(), string(p.version.ID)} {
		_, _ = sum.Write([]byte(part)) // a hash never fails
	}
	chance := sum.Sum64()
	draw := func(n int) int {
		drawn := chance % uint64(n) //nolint:gosec // n is the length of a short list
		chance /= uint64(n)         //nolint:gosec // as above
		return int(drawn)           //nolint:gosec // below n
	}
	var chosen []pooled
	rules := slices.Clone(due)
	for len(chosen) < asked {
		if len(rules) == 0 {
			rules = slices.Clone(due)
		}
		at := draw(len(rules))
		left := p.pool(rules[at], chosen)
		rules = slices.Delete(rules, at, at+1)
		if len(left) > 0 {
			chosen = append(chosen, left[draw(len(left))])
		}
	}
	return chosen
}

// pool are the questions about a rule that are not chosen yet; every rule has two.
func (p present) pool(key string, chosen []pooled) (left []pooled) {
	for _, rule := range p.version.set.Rules {
		for _, q := range rule.Questions {
			if rule.Key == key && !slices.ContainsFunc(chosen, func(c pooled) bool { return c.ID == q.ID }) {
				left = append(left, pooled{q, key})
			}
		}
	}
	return left
}

// Given is one answer that a pupil gave, right or wrong.
type Given struct {
	Question string
	Answer   string
}

// Acknowledge notes that the pupil has read what was due, and forgets how it answered. When another version has come into
// force meanwhile, the answer is RulesSuperseded. Whoever has read everything already changes nothing.
func (s *Service) Acknowledge(tx *db.Tx, actor authz.Actor, version id.RulesVersion, given []Given) error {
	pupil := id.Pupil(actor.Person.ID)
	now, err := s.at(tx)
	if err != nil {
		return err
	}
	if !now.known || now.version.ID != version {
		return fault.New(fault.RulesSuperseded)
	}
	due, err := s.dueFor(tx, now, pupil)
	if err != nil || len(due) == 0 {
		return err
	}
	explain, err := judge(now.questions(due, pupil), given)
	if err != nil {
		return err
	}
	made := id.New[id.Acknowledgement]()
	read := acknowledgement{version: version, keys: due, explain: explain, at: tx.Now}
	if err := insertAcknowledgement(tx, made, pupil, now.halfYear, read); err != nil {
		return err
	}
	if err := s.hub.Touch(tx, pupil); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{
		Actor: string(actor.Account), Action: audit.RulesAcknowledged, SubjectKind: "acknowledgement", SubjectID: string(made),
	})
}

// judge tells whether a word of explanation would help: after two wrong answers nothing more is asked. Before that both
// questions want their right answer.
func judge(asked []pooled, given []Given) (explain bool, err error) {
	wrong, right := 0, map[string]bool{}
	for _, g := range given {
		at := slices.IndexFunc(asked, func(q pooled) bool { return q.ID == g.Question && slices.Contains(q.Answers, g.Answer) })
		switch {
		case at < 0:
			return false, fault.InvalidField("answers", fault.FieldInvalid)
		case asked[at].Right == g.Answer:
			right[g.Question] = true
		default:
			wrong++
		}
	}
	if wrong < wrongTries && len(right) < len(asked) {
		return false, fault.InvalidField("answers", fault.FieldMissing)
	}
	return wrong >= wrongTries, nil
}
