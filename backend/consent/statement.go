package consent

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/idempotency"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
)

// statement is the evidence of a decision, with the part that a shared copy leaves out.
func (s *Service) statement(ctx context.Context, tx *db.Tx, d draft) (proof.Statement, evidence.Part, error) {
	identity, err := s.schools.IdentityOf(tx, d.pupil)
	if err != nil {
		return proof.Statement{}, evidence.Part{}, err
	}
	if identity.Names.Person, err = s.nameOf(tx, d.decision.Person, identity); err != nil {
		return proof.Statement{}, evidence.Part{}, err
	}
	private, err := evidence.NewPrivate(identity.BirthDate)
	if err != nil {
		return proof.Statement{}, evidence.Part{}, err
	}
	private.Place, private.Signature = d.place, (*proof.Signature)(d.signature)
	if d.passkey != nil {
		private.Blind = d.blind
	}
	part, err := evidence.NewPart(private)
	if err != nil {
		return proof.Statement{}, evidence.Part{}, err
	}
	declared := d.declared(ctx, tx.School, part.SHA256)
	if err := s.checkPasskey(d.passkey, declared); err != nil {
		return proof.Statement{}, evidence.Part{}, err
	}
	return proof.Statement{Kind: proof.KindDecision, Declaration: declared, Server: d.server(tx, identity.Names)}, part, nil
}

// nameOf is the deciding person's name as the school knows it now.
func (s *Service) nameOf(tx *db.Tx, person id.Person, identity school.Identity) (string, error) {
	if person.Kind == id.PupilPerson {
		return identity.Names.Pupil, nil
	}
	guardian := id.Guardian(person.ID)
	known, err := s.schools.Guardians(tx, []id.Guardian{guardian})
	return known[guardian].Full(), err
}

// declared is what the person knows of the decision.
func (d draft) declared(ctx context.Context, school id.School, privateSHA256 string) *proof.DecisionDeclared {
	decision := d.decision
	declared := &proof.DecisionDeclared{
		School: school, Pupil: decision.Pupil, Person: decision.Person, Purpose: string(VideoConference),
		Extent: string(decision.Extent), FormVersion: decision.Version, TextSHA256: decision.TextSHA256, Language: decision.Language,
		Relation: string(decision.Relation), PrivateSHA256: privateSHA256, After: decision.After,
	}
	if decision.Kind == Answer {
		declared.Answer = decision.Answer.String()
	}
	if key, ok := idempotency.Of(ctx); ok && decision.Channel == App {
		declared.IdempotencyKey = key.Value
	}
	return declared
}

// server is what the school's system adds.
func (d draft) server(tx *db.Tx, names proof.Names) *proof.DecisionServer {
	decision := d.decision
	server := &proof.DecisionServer{
		Decision: decision.ID, VersionNumber: d.version.Number, Edition: decision.Edition, GermanTextSHA256: d.german,
		Guardianship: decision.Guardianship, Schooling: decision.Schooling, Channel: string(decision.Channel),
		Means: decision.Means, Session: decision.Session, Passkey: d.passkey,
		RecordedBy: decision.RecordedBy, Identified: string(d.identified), SecondBy: decision.SecondBy, Names: names,
		ReceivedAt: decision.ReceivedAt.UTC(), RecordedAt: tx.Now,
	}
	return server
}

// tie notes what ties the decision to its person, and the session it was made in.
func (s *Service) tie(tx *db.Tx, actor authz.Actor, d *draft) (err error) {
	decision := &d.decision
	decision.Means, decision.Session = d.means(actor)
	if decision.Means != proof.MeansSession || s.invited == nil {
		return nil
	}
	byMail, err := s.invited(tx, decision.Person)
	if byMail {
		decision.Means = proof.MeansMail
	}
	return err
}

// means says what ties the decision to its person, and the session it was made in.
func (d draft) means(actor authz.Actor) (proof.Means, id.Session) {
	switch {
	case d.byKey:
		return proof.MeansKey, ""
	case d.passkey != nil:
		return proof.MeansPasskey, actor.Session
	case d.decision.Channel == App:
		return proof.MeansSession, actor.Session
	}
	return proof.MeansStaff, ""
}
