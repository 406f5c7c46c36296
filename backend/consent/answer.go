package consent

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/participation"
)

const maxPlace = 80 // characters

// clean checks what can be checked without the database and brings texts into the form that is kept.
func (in *AnswerInput) clean() error {
	in.Place = strings.Join(strings.Fields(norm.NFC.String(in.Place)), " ")
	if utf8.RuneCountInString(in.Place) > maxPlace {
		return fault.InvalidField("place", fault.FieldTooLong)
	}
	switch in.Relation {
	case "", Together, Alone, LegalGuardian:
	default:
		return fault.InvalidField("relation", fault.FieldInvalid)
	}
	if in.Answer == participation.None {
		if in.Signature != nil {
			return fault.InvalidField("signature", fault.SignatureUnexpected)
		}
		return nil
	}
	if in.Signature == nil {
		return fault.InvalidField("signature", fault.SignatureMissing)
	}
	return in.Signature.clean()
}

// draftAnswer checks the answer against the form and against what the person has decided so far.
func (s *Service) draftAnswer(tx *db.Tx, who sayer, in AnswerInput) (draft, error) {
	versions, err := s.versions(tx)
	if err != nil {
		return draft{}, err
	}
	today, err := s.schools.Today(tx)
	if err != nil {
		return draft{}, err
	}
	answered, ok := versions.byID(in.Version)
	if !ok {
		return draft{}, fault.InvalidField("formVersion", fault.TextUnknown)
	}
	current, ok := versions.inForce(today)
	if !ok {
		return draft{}, fault.New(fault.NoFormInForce)
	}
	if in.Answer > participation.None {
		if answered.ID != current.ID {
			return draft{}, fault.New(fault.FormSuperseded)
		}
		if participation.AnsweredMeanwhile(who.facts, ruleperson(who.person), string(in.After)) {
			return draft{}, fault.New(fault.AnsweredMeanwhile)
		}
	}
	german, err := s.checkShown(tx, answered, in)
	if err != nil {
		return draft{}, err
	}
	d := who.decision()
	d.Kind, d.Answer, d.Version, d.Edition = Answer, in.Answer, answered.ID, answered.Edition
	d.Language, d.TextSHA256, d.Relation = in.Language, in.TextSHA256, in.Relation
	if in.Signature != nil {
		d.HasSignature = SignatureKind(in.Signature.Kind)
	}
	return draft{decision: d, version: answered, german: german, place: in.Place, signature: in.Signature}, nil
}

// checkShown demands that the text the person saw is one that we serve, and gives the hash of the German one.
func (s *Service) checkShown(tx *db.Tx, version Version, in AnswerInput) (germanSHA256 string, err error) {
	texts, err := s.textsOf(tx, version.ID)
	if err != nil {
		return "", err
	}
	shown, ok := texts[in.Language]
	if !ok {
		return "", fault.InvalidField("language", fault.TextUnknown)
	}
	if shown.SHA256 != in.TextSHA256 {
		return "", fault.InvalidField("textSha256", fault.TextUnknown)
	}
	return texts[German].SHA256, nil
}
