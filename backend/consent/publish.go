package consent

import (
	"context"
	"fmt"
	"slices"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
)

// noticeDays is how long people have to hear of a new version before it comes into force.
const noticeDays = 14

// Publish makes a draft the next version of the form. It comes into force on the given day: by default the first
// version today and later ones in 14 days; a past day, or one before
// an earlier version's, is refused.
func (s *Service) Publish(ctx context.Context, actor authz.Actor, draft Draft, inForceOn calendar.Date) (Version, error) {
	if err := draft.check(); err != nil {
		return Version{}, fault.Wrap(fault.InvalidInput, err)
	}
	var version Version
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		version, err = s.publish(tx, actor, draft, inForceOn)
		return err
	})
	return version, err
}

func (s *Service) publish(tx *db.Tx, actor authz.Actor, draft Draft, inForceOn calendar.Date) (Version, error) {
	versions, err := s.versions(tx)
	if err != nil {
		return Version{}, err
	}
	today, err := s.schools.Today(tx)
	if err != nil {
		return Version{}, err
	}
	version, err := next(versions, draft, today, inForceOn)
	if err != nil {
		return Version{}, err
	}
	texts, err := s.fillTexts(tx, version.ID, draft)
	if err != nil {
		return Version{}, err
	}
	if err := insertVersion(tx, actor.Account, draft, version, texts); err != nil {
		return Version{}, err
	}
	_, err = s.log.Append(tx, publication(tx, actor, draft, version, texts), evidence.Part{})
	if err != nil {
		return Version{}, err
	}
	return version, s.hub.Touch(tx, "") // every standing may differ
}

func next(versions versionList, draft Draft, today, inForceOn calendar.Date) (Version, error) {
	ages, err := draft.Say.ages()
	if err != nil {
		return Version{}, fault.Wrap(fault.InvalidInput, err)
	}
	version := Version{
		ID: id.New[id.Version](), Number: 1, Edition: 1, Policy: draft.Policy, Ages: ages, InForceOn: inForceOn,
	}
	earliest := today
	if inForceOn.IsZero() {
		version.InForceOn = today
	}
	if len(versions) > 0 {
		last := versions[len(versions)-1]
		version.Number = last.Number + 1
		version.Edition = participation.NextEdition(last.fact(), draft.Change, draft.Policy, ages)
		if inForceOn.IsZero() {
			version.InForceOn = today.AddDays(noticeDays)
		}
		if last.InForceOn.After(today) {
			earliest = last.InForceOn
		}
	}
	if version.InForceOn.Before(earliest) {
		return Version{}, fault.InvalidField("inForceOn", fault.FieldInvalid)
	}
	return version, nil
}

// fillTexts puts the school's particulars in and hashes each language's text as it will be served.
func (s *Service) fillTexts(tx *db.Tx, version id.Version, draft Draft) ([]Text, error) {
	settings, err := s.schools.Settings(tx)
	if err != nil {
		return nil, err
	}
	var texts []Text
	for language, drafted := range draft.Languages {
		title, blocks, err := drafted.fill(settings)
		if err != nil {
			return nil, fault.Wrap(fault.InvalidInput, fmt.Errorf("%s: %w", language, err))
		}
		text := Text{Language: language, Title: title, Blocks: blocks}
		encoded, err := text.encode(version)
		if err != nil {
			return nil, err
		}
		text.SHA256 = proof.SHA256Hex(encoded)
		texts = append(texts, text)
	}
	slices.SortFunc(texts, func(a, b Text) int { return slices.Compare([]byte(a.Language), []byte(b.Language)) })
	return texts, nil
}

func publication(tx *db.Tx, actor authz.Actor, draft Draft, version Version, texts []Text) proof.Statement {
	d := &proof.VersionDeclared{
		Version: version.ID, Purpose: string(draft.Purpose), Number: version.Number, Edition: version.Edition,
		Change: string(draft.Change), Policy: string(version.Policy), Say: proof.Say(draft.Say), InForceOn: version.InForceOn,
		Texts: map[string]string{}, By: actor.Account,
	}
	for _, text := range texts {
		d.Texts[text.Language] = text.SHA256
	}
	return proof.Statement{Kind: proof.KindVersion, Declaration: d, Server: &proof.ActServer{At: tx.Now}}
}
