package proof

import "einverstanden/backend/id"

// Concerns lists whom a statement is about: erasing one of them erases the statement. An invalidation names nobody and
// goes with its decision (Decided); what staff did as staff concerns the school.
func (s Statement) Concerns() []id.Person {
	switch d := s.Declaration.(type) {
	case *DecisionDeclared:
		return []id.Person{d.Person, id.PupilOf(d.Pupil)}
	case *SanctionDeclared:
		return []id.Person{id.PupilOf(d.Pupil)}
	case *HoldDeclared:
		return []id.Person{id.PupilOf(d.Pupil)}
	case *ObjectionDeclared:
		return []id.Person{d.Person, id.PupilOf(d.Pupil)}
	case *CustodyDeclared:
		return []id.Person{id.GuardianOf(d.Guardian), id.PupilOf(d.Pupil)}
	case *LetterDeclared:
		return []id.Person{d.Person}
	}
	return nil
}

// Signer is the person whose own act a statement is, and who gets its receipt; the zero value where it is nobody's.
func (s Statement) Signer() id.Person {
	if d, ok := s.Declaration.(*DecisionDeclared); ok {
		return d.Person
	}
	return id.Person{}
}

// Decided is the decision that a statement records or invalidates; empty for the other kinds.
func (s Statement) Decided() id.Decision {
	if server, ok := s.Server.(*DecisionServer); ok {
		return server.Decision
	}
	if d, ok := s.Declaration.(*InvalidationDeclared); ok {
		return d.Decision
	}
	return ""
}
