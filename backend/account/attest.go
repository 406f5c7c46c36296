package account

import (
	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// letterAct is a step in a letter's life, as its statement names it.
type letterAct string

const (
	letterIssued   letterAct = "issued"
	letterRedeemed letterAct = "redeemed"
	letterVoided   letterAct = "void"
)

// letterStep is what a statement says of a letter: neither its number nor anything of its secret.
type letterStep struct {
	letter  id.Letter
	person  id.Person
	act     letterAct
	by      string     // account id or audit.System, of an issue or a void
	session id.Session // of a redemption
}

func stepsOf(letters []letterRow, act letterAct, by string) []letterStep {
	steps := make([]letterStep, len(letters))
	for i, letter := range letters {
		steps[i] = letterStep{letter: letter.ID, person: letter.person(), act: act, by: by}
	}
	return steps
}

func issueSteps(letters []IssuedLetter, by string) []letterStep {
	steps := make([]letterStep, len(letters))
	for i, letter := range letters {
		steps[i] = letterStep{letter: letter.ID, person: letter.Person, act: letterIssued, by: by}
	}
	return steps
}

// attest writes the evidence of the steps. It comes last in its transaction: the log's head is locked by it.
func (s *Service) attest(tx *db.Tx, steps []letterStep) error {
	statements := make([]proof.Statement, len(steps))
	for i, step := range steps {
		server := &proof.LetterServer{At: tx.Now, Session: step.session}
		if step.by != audit.System {
			server.By = id.Account(step.by)
		}
		statements[i] = proof.Statement{
			Kind:        proof.KindLetter,
			Declaration: &proof.LetterDeclared{Letter: step.letter, Person: step.person, Act: string(step.act)},
			Server:      server,
		}
	}
	_, err := s.proofs.AppendAll(tx, statements)
	return err
}
