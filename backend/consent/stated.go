package consent

import (
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/evidence"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
)

// ActStated is a decision as the rule sees it, from its statement alone; ok is false for another kind of statement. An
// invalidation is a statement of its own, and not in it.
func ActStated(a evidence.Attested, zone *time.Location) (act participation.Act, ok bool) {
	d, ok := a.Statement.Declaration.(*proof.DecisionDeclared)
	if !ok || d.Purpose != string(VideoConference) {
		return participation.Act{}, false
	}
	s := a.Statement.Server.(*proof.DecisionServer)
	stated := Decision{
		ID: s.Decision, Leaf: a.Leaf, Person: d.Person, Guardianship: s.Guardianship, Schooling: s.Schooling, Kind: Withdrawal,
		Extent: Extent(d.Extent), Edition: s.Edition,
	}
	if d.Answer != "" {
		stated.Kind = Answer
		// An answer that is no mode is the strictest, which ParseMode gives beside its error.
		stated.Answer, _ = participation.ParseMode(d.Answer)
	}
	return stated.act(calendar.Today(s.ReceivedAt, zone)), true
}

// VersionStated is a version as the rule sees it, from its statement alone; ok is false for another kind of statement.
func VersionStated(a evidence.Attested) (version participation.Version, ok bool) {
	d, ok := a.Statement.Declaration.(*proof.VersionDeclared)
	if !ok || d.Purpose != string(VideoConference) {
		return participation.Version{}, false
	}
	ages, err := SaySettings(d.Say).ages()
	if err != nil {
		ages = participation.Ages{} // unknown: then nobody has a say
	}
	return Version{
		ID: d.Version, Number: d.Number, Edition: d.Edition, Policy: participation.Policy(d.Policy), Ages: ages, InForceOn: d.InForceOn,
	}.fact(), true
}
