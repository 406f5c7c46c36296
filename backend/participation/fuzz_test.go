package participation_test

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

// FuzzDecide holds that the rule is total and that what it does not know it decides in the strictest way:
// whatever one of the known words stands for, an unheard-of word in its place never allows more.
func FuzzDecide(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("a mother, a father, a child, and a form that everybody has read"))
	f.Add([]byte{2, 1, 1, 1, 0, 1, 1, 1, 1, 2, 1, 0, 0, 1, 1, 1, 1, 3, 1, 1, 1, 2, 1, 1, 1, 100, 1, 2, 0, 1, 2, 1, 1, 100, 2})
	f.Fuzz(func(t *testing.T, data []byte) { checkRule(t, data) })
}

func TestTheRuleIsTotalAndStrictAboutTheUnknown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkRule(t, rapid.SliceOfN(rapid.Byte(), 20, 150).Draw(t, "data"))
	})
}

func checkRule(t rapid.TB, data []byte) {
	facts := (&decoder{data: data}).facts()
	before := cloneFacts(facts)
	known := participation.Decide(facts)
	checkTotal(t, facts, known)
	for i := range unknowns(&facts) {
		less := cloneFacts(facts)
		unknowns(&less)[i]()
		if got := participation.Decide(less); got.Mode > known.Mode {
			t.Fatalf("forgetting %d raised from %s to %s:\n%+v", i, known.Mode, got.Mode, facts)
		}
	}
	if !reflect.DeepEqual(facts, before) {
		t.Fatalf("the facts were changed from\n%+v to\n%+v", before, facts)
	}
}

func checkTotal(t rapid.TB, facts participation.Facts, s participation.Standing) {
	lowest := video
	for _, r := range s.Reasons {
		lowest = min(lowest, r.Ceiling)
	}
	if s.Mode != lowest {
		t.Fatalf("%s, but the reasons allow %s", s.Mode, lowest)
	}
	if !s.Until.IsZero() && !s.Until.After(facts.Today) {
		t.Fatalf("on %s until %s", facts.Today, s.Until)
	}
	for _, person := range append(participation.WhoHasSay(facts), child) {
		participation.StanceOf(facts, person)
		participation.HasAnswered(facts, person)
		participation.SameStance(facts, participation.Act{Person: person, Kind: participation.Answer, Reach: video})
		participation.AnsweredMeanwhile(facts, person, "a")
	}
	participation.OpenAsks(facts)
}

// unknowns are functions that each make one enumeration or day of the facts unknown.
func unknowns(f *participation.Facts) []func() {
	forget := []func(){
		func() { f.Today = calendar.Date{} },
		func() { f.Birth = calendar.Date{} },
		func() { f.Meeting.Basis = "?" },
		func() { f.Meeting.Kind = "?" },
	}
	for i := range f.Versions {
		v := &f.Versions[i]
		forget = append(forget,
			func() { v.Policy = "?" },
			func() { v.Ages.Reaching = "?" },
			func() { v.Ages = participation.Ages{} },
		)
	}
	for i := range f.Guardianships {
		g := &f.Guardianships[i]
		forget = append(forget, func() { g.Custody = "?" }, func() { g.Basis = "?" })
	}
	for i := range f.Acts {
		a := &f.Acts[i]
		forget = append(forget,
			func() { a.Kind = "?" },
			func() { a.Person.Kind = "?" },
			func() { a.Reach = 200 },
			func() { a.Edition = 0 },
		)
	}
	for i := range f.Sanctions {
		s := &f.Sanctions[i]
		forget = append(forget, func() { s.Measure = "?" })
	}
	return forget
}

// decoder reads facts from bytes, a small number at a time, so that every input means something.
type decoder struct {
	data []byte
}

func (d *decoder) number(below int) int {
	if len(d.data) == 0 {
		return 0
	}
	n := int(d.data[0]) % below
	d.data = d.data[1:]
	return n
}

func pick[T any](d *decoder, from ...T) T { return from[d.number(len(from))] }

func (d *decoder) bool() bool { return d.number(2) == 1 }

// date is unknown or a day in ten years, with steps that meet birthdays and bounds often.
func (d *decoder) date() calendar.Date {
	n := d.number(200)
	if n == 0 {
		return calendar.Date{}
	}
	return day("2020-03-01").AddDays((n - 100) * 37)
}

func (d *decoder) period() calendar.Period {
	return calendar.Period{From: d.date(), Until: d.date()}
}

func (d *decoder) facts() participation.Facts {
	f := participation.Facts{
		Pupil: child.ID,
		Today: day("2026-02-28").AddDays(d.number(250)),
		Birth: day("2008-02-29").AddDays(d.number(250) * 15),
	}
	for i := range d.number(4) {
		f.Versions = append(f.Versions, participation.Version{
			Number: i + 1, Edition: d.number(3), InForce: d.date(),
			Policy: pick(d, participation.One, participation.All, ""), Ages: d.ages(),
		})
	}
	for range d.number(3) {
		f.Schoolings = append(f.Schoolings, participation.Schooling{ID: pick(d, "s1", "s2"), Days: d.period()})
	}
	for range d.number(4) {
		f.Guardianships = append(f.Guardianships, d.guardianship())
	}
	for range d.number(8) {
		f.Acts = append(f.Acts, d.act())
	}
	for range d.number(3) {
		f.Sanctions = append(f.Sanctions, participation.Sanction{
			Measure: pick(d, participation.AudioOnly, participation.Excluded, ""), Days: d.period(), EndedEarly: d.bool(),
		})
	}
	f.Holds = make([]participation.Hold, d.number(2))
	f.OwnLimits = pick(d, nil, []participation.Mode{video}, []participation.Mode{audio}, []participation.Mode{77, none})
	f.Meeting = participation.Meeting{
		Kind:          pick(d, participation.Lesson, participation.SmallGroup, ""),
		Basis:         pick(d, participation.Consent, participation.Statute, ""),
		TeacherLimits: pick(d, nil, nil, []participation.Mode{audio}),
	}
	return f
}

func (d *decoder) ages() participation.Ages {
	return pick(d,
		participation.AsTheLetter(),
		participation.FromFourteen(),
		participation.Ages{AloneFrom: 16, Reaching: participation.EndsAtOnce},
		participation.Ages{BesideFrom: d.number(30) - 5, AloneFrom: d.number(30) - 5, Reaching: participation.CarriesOn},
	)
}

func (d *decoder) guardianship() participation.Guardianship {
	return participation.Guardianship{
		ID: pick(d, "g1", "g2"), Guardian: pick(d, "mother", "father", ""),
		Custody:   pick(d, participation.Joint, participation.Sole, participation.NoCustody, ""),
		Basis:     pick(d, participation.Confirmed, participation.Declared, participation.Assumed, ""),
		Prevented: d.bool(), Disputed: d.bool(), Days: d.period(), SaySince: participation.LogNumber(d.number(9)),
	}
}

func (d *decoder) act() participation.Act {
	return participation.Act{
		ID: pick(d, "a", "b"), Number: participation.LogNumber(d.number(9)), Person: pick(d, mother, father, child, participation.Person{}),
		Kind: pick(d, participation.Answer, participation.Withdrawal, ""), Reach: pick(d, video, audio, none, 9),
		Edition: d.number(3), Guardianship: pick(d, "g1", "g2"), Schooling: pick(d, "s1", "s2"),
		Day: d.date(), Invalidated: participation.LogNumber(d.number(2)),
	}
}
