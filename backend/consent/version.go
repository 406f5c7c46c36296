package consent

import (
	"slices"
	"sync"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
)

// versionList holds all published versions of one school's form, by number.
type versionList []Version

func (s *Service) versions(tx *db.Tx) (versionList, error) {
	return db.OnceAGroup(tx, versionsKey{}, func() (versionList, error) { return listVersions(tx, VideoConference) })
}

// versionsKey is what a transaction remembers the versions by.
type versionsKey struct{}

func (l versionList) byID(version id.Version) (Version, bool) {
	for _, v := range l {
		if v.ID == version {
			return v, true
		}
	}
	return Version{}, false
}

// inForce is the version with the highest number among those whose day has come. Publishing keeps the days in the
// order of the numbers, so its edition is the one that participation.EditionOn finds.
func (l versionList) inForce(today calendar.Date) (Version, bool) {
	for i := len(l) - 1; i >= 0; i-- {
		if !l[i].InForceOn.After(today) {
			return l[i], true
		}
	}
	return Version{}, false
}

func (l versionList) facts() []participation.Version {
	facts := make([]participation.Version, len(l))
	for i, v := range l {
		facts[i] = v.fact()
	}
	return facts
}

func (v Version) fact() participation.Version {
	return participation.Version{
		ID: string(v.ID), Number: v.Number, Edition: v.Edition, InForce: v.InForceOn, Policy: v.Policy, Ages: v.Ages,
	}
}

// textCache keeps texts that were read once: they never change.
type textCache struct {
	mu    sync.Mutex
	texts map[id.School]map[id.Version]map[string]Text
}

// textsOf gives a version's texts by language.
func (s *Service) textsOf(tx *db.Tx, version id.Version) (map[string]Text, error) {
	s.texts.mu.Lock()
	cached, ok := s.texts.texts[tx.School][version]
	s.texts.mu.Unlock()
	if ok {
		return cached, nil
	}
	texts, err := listTexts(tx, version)
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, fault.New(fault.NothingHere)
	}
	s.texts.mu.Lock()
	defer s.texts.mu.Unlock()
	if s.texts.texts == nil {
		s.texts.texts = map[id.School]map[id.Version]map[string]Text{}
	}
	if s.texts.texts[tx.School] == nil {
		s.texts.texts[tx.School] = map[id.Version]map[string]Text{}
	}
	s.texts.texts[tx.School][version] = texts
	return texts, nil
}

// InForce gives the version in force today with its texts; NoFormInForce when there is none.
func (s *Service) InForce(tx *db.Tx) (Version, map[string]Text, error) {
	versions, err := s.versions(tx)
	if err != nil {
		return Version{}, nil, err
	}
	today, err := s.schools.Today(tx)
	if err != nil {
		return Version{}, nil, err
	}
	version, ok := versions.inForce(today)
	if !ok {
		return Version{}, nil, fault.New(fault.NoFormInForce)
	}
	texts, err := s.textsOf(tx, version.ID)
	return version, texts, err
}

// VersionOf gives a published version.
func (s *Service) VersionOf(tx *db.Tx, version id.Version) (Version, error) {
	versions, err := s.versions(tx)
	if err != nil {
		return Version{}, err
	}
	if v, ok := versions.byID(version); ok {
		return v, nil
	}
	return Version{}, fault.New(fault.NothingHere)
}

// LanguagesOf lists the languages of a version's texts, German first, the others by their tags.
func LanguagesOf(texts map[string]Text) []string {
	languages := make([]string, 0, len(texts))
	for language := range texts {
		languages = append(languages, language)
	}
	slices.Sort(languages)
	if i := slices.Index(languages, German); i > 0 {
		languages = slices.Insert(slices.Delete(languages, i, i+1), 0, German)
	}
	return languages
}
