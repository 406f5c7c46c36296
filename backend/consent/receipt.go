package consent

import (
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// ReceiptTexts gives the texts that belong into the receipt of a statement, as shown and the German one, to whoever may
// have that receipt: a decision's own person; of a sanction or a hold, whoever has a say for the pupil. To anybody else
// there is none. That one was erased is StatementErased to its signer alone.
func (s *Service) ReceiptTexts(tx *db.Tx, actor authz.Actor, statement id.Statement) ([][]byte, error) {
	said, err := s.said(tx, statement)
	if fault.Has(err, fault.StatementErased) {
		return nil, s.erasedTo(tx, actor, statement, err)
	}
	if err != nil {
		return nil, err
	}
	switch d := said.Declaration.(type) {
	case *proof.DecisionDeclared:
		if actor.Person.ID == "" || d.Person != actor.Person {
			return nil, fault.New(fault.NothingHere)
		}
		return s.shownTexts(tx, d)
	case *proof.SanctionDeclared:
		_, err = s.sayerOf(tx, actor.Person, d.Pupil)
		return nil, err
	case *proof.HoldDeclared:
		_, err = s.sayerOf(tx, actor.Person, d.Pupil)
		return nil, err
	}
	return nil, fault.New(fault.NothingHere)
}

// erasedTo keeps from everybody but the signer that something was erased (abuse X26).
func (s *Service) erasedTo(tx *db.Tx, actor authz.Actor, statement id.Statement, told error) error {
	erased, _, err := s.log.Erased(tx, statement)
	if err != nil {
		return err
	}
	if actor.Person.ID == "" || erased.Signer != actor.Person {
		return fault.New(fault.NothingHere)
	}
	return told
}

// said is the statement as it was written.
func (s *Service) said(tx *db.Tx, statement id.Statement) (proof.Statement, error) {
	body, err := s.log.Statement(tx, statement)
	if err != nil {
		return proof.Statement{}, err
	}
	return proof.DecodeStatement(body)
}

// shownTexts are the canonical JSON of the text that was shown and of the German one; one where that is the same.
func (s *Service) shownTexts(tx *db.Tx, d *proof.DecisionDeclared) ([][]byte, error) {
	if d.FormVersion == "" {
		return nil, nil
	}
	texts, err := s.textsOf(tx, d.FormVersion)
	if err != nil {
		return nil, err
	}
	languages := []string{d.Language}
	if d.Language != German {
		languages = append(languages, German)
	}
	var encoded [][]byte
	for _, language := range languages {
		text, err := texts[language].encode(d.FormVersion)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, text)
	}
	return encoded, nil
}
