package participation_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

// TestMain draws more than rapid's usual hundred histories, because the rarest of the known mistakes need a
// few hundred to show; a -rapid.checks on the command line still wins.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "500"); err != nil {
		panic(err)
	}
	flag.Parse()
	os.Exit(m.Run())
}

// Short names for what these tests say on every line.
const (
	none  = participation.None
	audio = participation.Audio
	video = participation.Video
)

var (
	mother = participation.Person{Kind: participation.Guardian, ID: "mother"}
	father = participation.Person{Kind: participation.Guardian, ID: "father"}
	child  = participation.Person{Kind: participation.Pupil, ID: "child"}

	day = calendar.MustParse
)

// world is a school as far as one pupil is concerned: the facts, and the log that numbers what happens. Its
// methods do what the callers of the rule do: they refuse who has no say, a yes made before a later act,
// and log the same stance once.
type world struct {
	facts participation.Facts
	log   participation.LogNumber
}

// newWorld is a twelve-year-old with two guardians in joint custody, at school since August, the form in
// force since then, and nobody has answered.
func newWorld() *world {
	w := &world{log: 100}
	w.facts = participation.Facts{
		Pupil: child.ID,
		Birth: day("2014-05-17"),
		Today: day("2026-11-23"),
		Versions: []participation.Version{{
			ID: "v1", Number: 1, Edition: 1, InForce: day("2026-08-01"),
			Policy: participation.One, Ages: participation.AsTheLetter(),
		}},
		Schoolings:    []participation.Schooling{{ID: "schooling-1", Days: since("2026-08-01")}},
		Guardianships: []participation.Guardianship{guardianshipOf("mother"), guardianshipOf("father")},
	}
	return w
}

func since(from string) calendar.Period { return calendar.Period{From: day(from)} }

func guardianshipOf(guardian string) participation.Guardianship {
	return participation.Guardianship{
		ID: "of-" + guardian, Guardian: guardian,
		Custody: participation.Joint, Basis: participation.Assumed, Days: since("2014-05-17"),
	}
}

// with changes the facts before anything happens.
func (w *world) with(change func(f *participation.Facts)) *world {
	change(&w.facts)
	return w
}

func (w *world) policy(policy participation.Policy) *world {
	w.facts.Versions[0].Policy = policy
	return w
}

func (w *world) ages(ages participation.Ages) *world {
	w.facts.Versions[0].Ages = ages
	return w
}

func (w *world) born(birth string) *world {
	w.facts.Birth = day(birth)
	return w
}

func (w *world) on(today string) *world {
	w.facts.Today = day(today)
	return w
}

func (w *world) next() participation.LogNumber {
	w.log++
	return w.log
}

func (w *world) standing() participation.Standing { return participation.Decide(w.facts) }

func (w *world) mode() participation.Mode { return w.standing().Mode }

func (w *world) edition() participation.Edition {
	edition, _ := participation.EditionOn(w.facts.Versions, w.facts.Today)
	return edition
}

// act is a decision as it would be logged now.
func (w *world) act(person participation.Person, kind participation.ActKind, reach participation.Mode) participation.Act {
	number := w.next()
	act := participation.Act{
		ID: fmt.Sprintf("act-%d", number), Number: number, Person: person, Kind: kind, Reach: reach,
		Edition: w.edition().Number, Schooling: w.schooling(), Day: w.facts.Today,
	}
	for _, g := range w.facts.Guardianships {
		if g.Guardian == person.ID && person.Kind == participation.Guardian && g.Days.Contains(w.facts.Today) {
			act.Guardianship = g.ID
		}
	}
	return act
}

// schooling is the one that a decision is made for: the present one, or the one to come.
func (w *world) schooling() string {
	for _, s := range w.facts.Schoolings {
		if s.Days.Contains(w.facts.Today) || s.Days.From.After(w.facts.Today) {
			return s.ID
		}
	}
	return ""
}

// record logs a decision, unless the person has no say or it changes nothing.
func (w *world) record(act participation.Act) (logged bool) {
	if !participation.HasSay(w.facts, act.Person) || participation.SameStance(w.facts, act) {
		return false
	}
	w.facts.Acts = append(w.facts.Acts, act)
	return true
}

func (w *world) answers(person participation.Person, answer participation.Mode) *world {
	w.record(w.act(person, participation.Answer, answer))
	return w
}

func (w *world) withdraws(person participation.Person, left participation.Mode) *world {
	w.record(w.act(person, participation.Withdrawal, left))
	return w
}

// last is the id of the latest act.
func (w *world) last() string {
	if len(w.facts.Acts) == 0 {
		return ""
	}
	return w.facts.Acts[len(w.facts.Acts)-1].ID
}

func (w *world) invalidates(act string) *world {
	number := w.next()
	for i := range w.facts.Acts {
		if w.facts.Acts[i].ID == act {
			w.facts.Acts[i].Invalidated = number
		}
	}
	return w
}

func (w *world) publishes(change participation.Change, policy participation.Policy, ages participation.Ages, inForce calendar.Date) *world {
	previous := w.facts.Versions[len(w.facts.Versions)-1]
	number := previous.Number + 1
	w.facts.Versions = append(w.facts.Versions, participation.Version{
		ID: fmt.Sprintf("v%d", number), Number: number,
		Edition: participation.NextEdition(previous, change, policy, ages),
		InForce: inForce, Policy: policy, Ages: ages,
	})
	return w
}

// newEdition publishes a material version with the same terms, in force today.
func (w *world) newEdition() *world {
	previous := w.facts.Versions[len(w.facts.Versions)-1]
	return w.publishes(participation.Material, previous.Policy, previous.Ages, w.facts.Today)
}

func (w *world) guardianship(guardian participation.Person) *participation.Guardianship {
	for i := range w.facts.Guardianships {
		if w.facts.Guardianships[i].Guardian == guardian.ID {
			return &w.facts.Guardianships[i]
		}
	}
	panic("no guardianship of " + guardian.ID)
}

// clone is a world that can go its own way.
func (w *world) clone() *world {
	c := *w
	c.facts = cloneFacts(w.facts)
	return &c
}

func cloneFacts(f participation.Facts) participation.Facts {
	f.Versions = slices.Clone(f.Versions)
	f.Schoolings = slices.Clone(f.Schoolings)
	f.Guardianships = slices.Clone(f.Guardianships)
	f.Acts = slices.Clone(f.Acts)
	f.Sanctions = slices.Clone(f.Sanctions)
	f.Holds = slices.Clone(f.Holds)
	f.OwnLimits = slices.Clone(f.OwnLimits)
	f.Meeting.TeacherLimits = slices.Clone(f.Meeting.TeacherLimits)
	return f
}

// want checks the mode and returns the world, so that a story can go on.
func (w *world) want(t *testing.T, want participation.Mode) *world {
	t.Helper()
	if got := w.standing(); got.Mode != want {
		t.Fatalf("mode %s because of %v, want %s", got.Mode, kinds(got), want)
	}
	return w
}

// wantReasons checks the kinds of all reasons, in order.
func (w *world) wantReasons(t *testing.T, want ...participation.ReasonKind) *world {
	t.Helper()
	if got := kinds(w.standing()); !slices.Equal(got, want) {
		t.Fatalf("reasons %v, want %v", got, want)
	}
	return w
}

func kinds(s participation.Standing) []participation.ReasonKind {
	var kinds []participation.ReasonKind
	for _, r := range s.Reasons {
		kinds = append(kinds, r.Kind)
	}
	return kinds
}
