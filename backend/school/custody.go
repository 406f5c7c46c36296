package school

import (
	"cmp"
	"slices"

	"einverstanden/backend/audit"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// cause says by whom a guardianship is changed: by an account of the school, with a second one where two are needed, or
// by the guardian while answering.
type cause struct {
	Account  id.Account
	Second   id.Account
	Proposal id.Proposal
	Guardian id.Guardian
}

// stateOf is a guardianship as a statement holds it.
func stateOf(g Guardianship) proof.CustodyState {
	return proof.CustodyState{
		ID: g.ID, Custody: string(g.Custody), Basis: string(g.Basis), Relation: string(g.Relation), Prevented: g.Prevented,
		Disputed: g.Disputed, From: g.Period.From, Until: g.Period.Until,
	}
}

// attest writes the evidence of a changed custody. It comes last in its transaction: the log's head is locked by it.
func (s *Service) attest(tx *db.Tx, before, after Guardianship, by cause) error {
	if stateOf(before) == stateOf(after) {
		return nil // only the protection of an address: the audit entry is enough
	}
	_, err := s.log.Append(tx, proof.Statement{
		Kind: proof.KindCustody,
		Declaration: &proof.CustodyDeclared{
			School: tx.School, Pupil: after.Pupil, Guardian: after.Guardian, Before: stateOf(before), After: stateOf(after),
		},
		Server: &proof.CustodyServer{
			At: tx.Now, Account: by.Account, Second: by.Second, Proposal: by.Proposal, Guardian: by.Guardian,
		},
	}, evidence.Part{})
	return err
}

// carryOut makes a guardianship what it is to be, with everything that follows: a say given back begins a new
// guardianship; a guardian who is left without a child loses open letters; open rosters hear of it. It gives the
// guardianship that stands now. The pupil must be locked.
func (s *Service) carryOut(tx *db.Tx, before, after Guardianship, today calendar.Date, by cause) (Guardianship, error) {
	if after.regainsSay(before, today) {
		var err error
		if after, err = renew(tx, before, after, today); err != nil {
			return Guardianship{}, err
		}
	} else if err := updateGuardianship(tx, after); err != nil {
		return Guardianship{}, err
	}
	voided, err := s.voidLettersWithoutChild(tx, after.Guardian, today, by)
	if err != nil {
		return Guardianship{}, err
	}
	if err := s.hub.Touch(tx, after.Pupil); err != nil {
		return Guardianship{}, err
	}
	if err := recordCustody(tx, after.ID, by); err != nil {
		return Guardianship{}, err
	}
	if err := s.attest(tx, before, after, by); err != nil {
		return Guardianship{}, err
	}
	return after, s.attestVoided(tx, id.GuardianOf(after.Guardian), voided, by)
}

// renew ends the old guardianship yesterday and begins a new one today. A yes counts only under the guardianship under
// which it was given, so giving a say back raises nothing.
func renew(tx *db.Tx, before, after Guardianship, today calendar.Date) (Guardianship, error) {
	old := before
	if yesterday := today.AddDays(-1); !isOver(old.Period, today) {
		old.Period.Until = yesterday
	}
	if old.Period.From == today {
		// It began today and so was in force on no whole day. One guardian's guardianships for a pupil begin on
		// different days, so the old one makes room, and stays without a day.
		from, err := freeStart(tx, old, today)
		if err != nil {
			return Guardianship{}, err
		}
		old.Period = calendar.Period{From: from, Until: from.AddDays(-1)}
	}
	if err := updateGuardianship(tx, old); err != nil {
		return Guardianship{}, err
	}
	after.ID = id.New[id.Guardianship]()
	after.Period.From = today
	return after, insertAll(tx, []guardianshipRow{newGuardianshipRow(tx, after)})
}

// freeStart is the last day before today on which no guardianship of the same two begins.
func freeStart(tx *db.Tx, of Guardianship, today calendar.Date) (calendar.Date, error) {
	rows, err := findGuardianships(tx, []id.Pupil{of.Pupil})
	if err != nil {
		return calendar.Date{}, err
	}
	taken := map[calendar.Date]bool{}
	for _, row := range rows {
		taken[row.FromOn] = taken[row.FromOn] || row.GuardianID == of.Guardian
	}
	free := today.AddDays(-1)
	for taken[free] {
		free = free.AddDays(-1)
	}
	return free, nil
}

// voidLettersWithoutChild takes away the letters with which a guardian without any child could still sign in (abuse X9),
// and gives them.
func (s *Service) voidLettersWithoutChild(
	tx *db.Tx, guardian id.Guardian, today calendar.Date, by cause,
) ([]id.Letter, error) {
	children, err := s.ChildrenOf(tx, guardian, today)
	if err != nil || len(children) > 0 {
		return nil, err
	}
	letters, err := findOpenLetters(tx, id.GuardianOf(guardian))
	if err != nil {
		return nil, err
	}
	for _, letter := range letters {
		if err := voidLetter(tx, letter); err != nil {
			return nil, err
		}
		entry := audit.Entry{Actor: by.actor(), Action: audit.LetterVoided, SubjectKind: "letter", SubjectID: string(letter)}
		if err := audit.Record(tx, entry); err != nil {
			return nil, err
		}
	}
	return letters, nil
}

// attestVoided is to letters what attest is to custody.
func (s *Service) attestVoided(tx *db.Tx, person id.Person, letters []id.Letter, by cause) error {
	statements := make([]proof.Statement, len(letters))
	for i, letter := range letters {
		statements[i] = proof.Statement{
			Kind:        proof.KindLetter,
			Declaration: &proof.LetterDeclared{Letter: letter, Person: person, Act: "void"},
			Server:      &proof.LetterServer{At: tx.Now, By: cmp.Or(by.Second, by.Account)},
		}
	}
	_, err := s.log.AppendAll(tx, statements)
	return err
}

func recordCustody(tx *db.Tx, guardianship id.Guardianship, by cause) error {
	return audit.Record(tx, audit.Entry{
		Actor: by.actor(), Action: audit.GuardianshipChanged, SubjectKind: "guardianship", SubjectID: string(guardianship),
	})
}

// actor is whoever made the change stand: of two, the one who confirmed it.
func (c cause) actor() string {
	switch {
	case c.Second != "":
		return string(c.Second)
	case c.Account != "":
		return string(c.Account)
	}
	return string(c.Guardian)
}

// DeclareCustody keeps what a guardian said about their custody while answering: joint or sole, and whether as legal
// guardian (BGB §§ 1773, 1789). What the office has confirmed stands, and nobody gives themselves custody.
// known are all guardianships of the pupil, read since the caller's change has locked it (LockPupil).
func (s *Service) DeclareCustody(tx *db.Tx, known []Guardianship, wanted id.Guardianship, custody Custody, legal bool) error {
	at := slices.IndexFunc(known, func(g Guardianship) bool { return g.ID == wanted })
	if at < 0 {
		return fault.New(fault.NothingHere)
	}
	before := known[at]
	today, err := s.Today(tx)
	if err != nil {
		return err
	}
	others := slices.Concat(known[:at], known[at+1:])
	after := before.declared(custody, legal, others, today)
	if after == before {
		return nil
	}
	_, err = s.carryOut(tx, before, after, today, cause{Guardian: before.Guardian})
	return err
}

func (s *Service) othersOf(tx *db.Tx, g Guardianship) ([]Guardianship, error) {
	all, err := s.GuardianshipsOf(tx, []id.Pupil{g.Pupil})
	if err != nil {
		return nil, err
	}
	var others []Guardianship
	for _, other := range all[g.Pupil] {
		if other.ID != g.ID {
			others = append(others, other)
		}
	}
	return others, nil
}
