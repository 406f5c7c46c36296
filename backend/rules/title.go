package rules

import (
	"slices"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Choice is a rule that can be broken, with its title.
type Choice struct {
	Key   string
	Title string
}

// Choices are the rules in force, in their order, with their titles in the language or the nearest that the set has.
func (s *Service) Choices(tx *db.Tx, language string) ([]Choice, error) {
	now, err := s.at(tx)
	if err != nil || !now.known {
		return nil, err
	}
	texts := now.version.set.textsIn(language)
	choices := make([]Choice, len(now.version.set.Rules))
	for i, rule := range now.version.set.Rules {
		choices[i] = Choice{Key: rule.Key, Title: texts.card(rule.Key).Title}
	}
	return choices, nil
}

// VersionOf is the version in force, which the key must be of; else the field ruleKey is RuleUnknown.
func (s *Service) VersionOf(tx *db.Tx, key string) (id.RulesVersion, error) {
	now, err := s.at(tx)
	if err != nil {
		return "", err
	}
	if !now.known || !now.version.set.has(key) {
		return "", fault.InvalidField("ruleKey", fault.RuleUnknown)
	}
	return now.version.ID, nil
}

// Titles says what rules are called in one language.
type Titles struct {
	versions []Version
	shipped  Draft
	language string
}

// Titles reads what the rules of all versions are called in the language or the nearest that each has.
func (s *Service) Titles(tx *db.Tx, language string) (Titles, error) {
	versions, err := s.versions(tx)
	if err != nil {
		return Titles{}, err
	}
	shipped, err := Default()
	return Titles{versions: versions, shipped: shipped, language: language}, err
}

// Of is the title of a rule of the version; of an unknown version, from before versions were recorded, it is that of the
// latest one that has the key. A version or a key that nobody knows has none.
func (t Titles) Of(version id.RulesVersion, key string) string {
	for _, known := range slices.Backward(t.versions) {
		if (known.ID == version || version == "") && known.set.has(key) {
			return known.set.textsIn(t.language).card(key).Title
		}
	}
	if version != "" {
		return ""
	}
	return t.shipped.textsIn(t.language).card(key).Title
}

func (d *Draft) has(key string) bool {
	return slices.ContainsFunc(d.Rules, func(rule DraftRule) bool { return rule.Key == key })
}
