package consent

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Sheet is what a person sees before answering for a pupil: the text in its language beside the German one that
// counts, and its own decisions so far.
type Sheet struct {
	Version   Version
	Shown     Text
	German    Text
	Languages []string
	Own       []Outcome   // in the order of the log
	After     id.Decision // goes back with a yes
	Signing   *Signing    // where the actor has a passkey
}

// Sheet gives the form in force for a pupil the actor has a say for.
func (s *Service) Sheet(tx *db.Tx, actor authz.Actor, pupil id.Pupil, language string) (Sheet, error) {
	who, err := s.sayerOf(tx, actor.Person, pupil)
	if err != nil {
		return Sheet{}, err
	}
	version, texts, err := s.InForce(tx)
	if err != nil {
		return Sheet{}, err
	}
	sheet := Sheet{Version: version, German: texts[German], Shown: shown(texts, language), Languages: LanguagesOf(texts), After: who.lastID()}
	if sheet.Signing, err = s.signing(tx, actor, who); err != nil {
		return Sheet{}, err
	}
	for _, d := range who.own {
		outcome, err := s.outcomeOf(tx, d)
		if err != nil {
			return Sheet{}, err
		}
		sheet.Own = append(sheet.Own, outcome)
	}
	return sheet, nil
}

// shown picks the language's text, or the German one.
func shown(texts map[string]Text, language string) Text {
	if text, ok := texts[language]; ok {
		return text
	}
	return texts[German]
}

// Public gives the form in force to anyone: the letter's text can be read without a code and passed on.
func (s *Service) Public(ctx context.Context, language string) (Sheet, error) {
	var sheet Sheet
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		version, texts, err := s.InForce(tx)
		sheet = Sheet{Version: version, German: texts[German], Shown: shown(texts, language), Languages: LanguagesOf(texts)}
		return err
	})
	return sheet, err
}

// Record is what stands behind a receipt: the signer's own decision with all that only the signer may see.
type Record struct {
	Outcome
	Version   *Version // of an answer
	Signature *Signature
	Place     string
}

// ReceiptOf gives the record behind a receipt to its signer; to anybody else it does not exist.
func (s *Service) ReceiptOf(tx *db.Tx, actor authz.Actor, receipt id.Statement) (Record, error) {
	found, err := listDecisions(tx, "decision.statement_id = ?", receipt)
	if err != nil {
		return Record{}, err
	}
	if len(found) == 0 || actor.Person.ID == "" || found[0].Person != actor.Person {
		return Record{}, fault.New(fault.NothingHere)
	}
	record := Record{}
	if record.Outcome, err = s.outcomeOf(tx, found[0]); err != nil {
		return Record{}, err
	}
	if found[0].Version != "" {
		version, err := s.VersionOf(tx, found[0].Version)
		if err != nil {
			return Record{}, err
		}
		record.Version = &version
	}
	private, err := s.log.Private(tx, receipt)
	if err != nil {
		return Record{}, err
	}
	if private != nil {
		record.Signature, record.Place = (*Signature)(private.Signature), private.Place
	}
	return record, nil
}

// outcome builds the reply for a decision again from the rows.
func (s *Service) outcome(tx *db.Tx, decision id.Decision) (Outcome, error) {
	d, ok, err := findDecision(tx, decision)
	if err != nil {
		return Outcome{}, err
	}
	if !ok {
		return Outcome{}, fault.New(fault.NothingHere)
	}
	out, err := s.outcomeOf(tx, d)
	out.Repeated = true
	return out, err
}

func (s *Service) outcomeOf(tx *db.Tx, d Decision) (Outcome, error) {
	entry, err := s.log.Entry(tx, d.Statement)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Decision: d, Receipt: Receipt{ID: d.Statement, Leaf: d.Leaf, StatementSHA256: entry.StatementSHA256}}, nil
}
