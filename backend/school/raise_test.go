package school_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

// often are the draws of one property: most families are at none whatever is done, so that few would prove little.
const often = 40

// family is one pupil's guardianships with what their guardians have decided.
type family struct {
	today         calendar.Date
	guardianships []school.Guardianship
	acts          []participation.Act
	policy        participation.Policy
}

var reaches = []participation.Mode{participation.Video, participation.Video, participation.Audio, participation.None}

func check(t *testing.T, property func(*rapid.T)) {
	rapid.Check(t, func(t *rapid.T) {
		for range often {
			property(t)
		}
	})
}

func anyFamily(t *rapid.T) family {
	f := family{
		today:  calendar.MustParse("2026-11-24"),
		policy: rapid.SampledFrom([]participation.Policy{participation.One, participation.One, participation.All}).Draw(t, "policy"),
	}
	for i := range rapid.IntRange(2, 3).Draw(t, "guardians") {
		g := school.Guardianship{
			ID: id.Guardianship(fmt.Sprintf("link%d", i)), Guardian: id.Guardian(fmt.Sprintf("guardian%d", i)), Pupil: "pupil",
			Relation: school.Parent, Custody: anyCustody(t),
			Basis:     rapid.SampledFrom([]school.Basis{school.Assumed, school.Declared, school.Confirmed}).Draw(t, "basis"),
			Prevented: rapid.IntRange(0, 4).Draw(t, "prevented") == 0,
			Disputed:  rapid.IntRange(0, 3).Draw(t, "disputed") == 0,
			Period:    calendar.Period{From: calendar.MustParse("2026-08-01"), Until: anyEnd(t)},
		}
		f.guardianships = append(f.guardianships, g)
		for range rapid.IntRange(0, 3).Draw(t, "acts") / 2 {
			f.acts = append(f.acts, participation.Act{
				ID: fmt.Sprint(len(f.acts)), Number: participation.LogNumber(len(f.acts) + 1), Kind: participation.Answer,
				Person:       participation.Person{Kind: participation.Guardian, ID: string(g.Guardian)},
				Reach:        rapid.SampledFrom(reaches).Draw(t, "reach"),
				Guardianship: string(g.ID), Schooling: "schooling", Edition: 1, Day: calendar.MustParse("2026-09-01"),
			})
		}
	}
	return f
}

func anyCustody(t *rapid.T) school.Custody {
	return rapid.SampledFrom([]school.Custody{
		school.JointCustody, school.JointCustody, school.SoleCustody, school.SoleCustody, school.NoCustody,
	}).Draw(t, "custody")
}

func anyEnd(t *rapid.T) calendar.Date {
	ends := []string{"2026-10-01", "2026-11-23", "2026-11-24", "2027-07-31"}
	if at := rapid.IntRange(0, 11).Draw(t, "end"); at < len(ends) {
		return calendar.MustParse(ends[at])
	}
	return calendar.Date{}
}

func (f family) modeOn(day calendar.Date) participation.Mode {
	facts := participation.Facts{
		Pupil: "pupil", Today: day, Birth: calendar.MustParse("2014-03-01"), Acts: f.acts,
		Versions: []participation.Version{{
			ID: "version", Number: 1, Edition: 1, InForce: calendar.MustParse("2026-08-01"),
			Policy: f.policy, Ages: participation.AsTheLetter(),
		}},
		Schoolings: []participation.Schooling{{ID: "schooling", Days: calendar.Period{From: calendar.MustParse("2026-08-01")}}},
	}
	for _, g := range f.guardianships {
		facts.Guardianships = append(facts.Guardianships, participation.Guardianship{
			ID: string(g.ID), Guardian: string(g.Guardian), Custody: participation.Custody(g.Custody),
			Basis: participation.Basis(g.Basis), Prevented: g.Prevented, Disputed: g.Disputed, Days: g.Period,
		})
	}
	return participation.Decide(facts).Mode
}

func (f family) others(i int) []school.Guardianship {
	return slices.Delete(slices.Clone(f.guardianships), i, i+1)
}

// with replaces one guardianship, as the service does: a say that is regained gets a guardianship of its own.
func (f family) with(i int, next school.Guardianship) family {
	before := f.guardianships[i]
	f.guardianships = f.others(i)
	if next.RegainsSay(before, f.today) {
		if yesterday := f.today.AddDays(-1); before.Period.Until.IsZero() || before.Period.Until.After(yesterday) {
			before.Period.Until = yesterday
		}
		f.guardianships = append(f.guardianships, before)
		next.ID, next.Period.From = "renewed", f.today
	}
	f.guardianships = append(f.guardianships, next)
	return f
}

func (f family) neverRaisedBy(t *rapid.T, changed family) {
	if before, after := f.modeOn(f.today), changed.modeOn(f.today); after > before {
		t.Fatalf("raised from %s to %s: %+v\nto %+v", before, after, f, changed.guardianships)
	}
}

// product.md, "Only these raise": of all that one member of staff can do to a guardianship alone, nothing raises.
func TestWhatTakesEffectAtOnceNeverRaises(t *testing.T) {
	check(t, func(t *rapid.T) {
		f := anyFamily(t)
		i := rapid.IntRange(0, len(f.guardianships)-1).Draw(t, "which")
		change := school.Change{
			Custody: anyCustody(t), Prevented: rapid.Bool().Draw(t, "prevent"), Disputed: rapid.Bool().Draw(t, "dispute"),
			Until: anyEnd(t),
		}
		next, _ := change.Split(f.guardianships[i], f.others(i), f.today)
		f.neverRaisedBy(t, f.with(i, next))
	})
}

// Not even by several such changes one after another, to one guardianship or to several.
func TestSmallStepsTogetherNeverRaise(t *testing.T) {
	check(t, func(t *rapid.T) {
		f := anyFamily(t)
		changed := f
		for range rapid.IntRange(2, 4).Draw(t, "steps") {
			i := rapid.IntRange(0, len(f.guardianships)-1).Draw(t, "which")
			if i >= len(changed.guardianships) || changed.guardianships[i].ID == "renewed" {
				continue
			}
			g := changed.guardianships[i]
			if rapid.Bool().Draw(t, "declares") {
				changed = changed.with(i, g.Declared(anyCustody(t), changed.others(i), f.today))
				continue
			}
			change := school.Change{
				Custody: anyCustody(t), Prevented: rapid.Bool().Draw(t, "prevent"), Disputed: rapid.Bool().Draw(t, "dispute"),
				Until: g.Period.Until,
			}
			next, _ := change.Split(g, changed.others(i), f.today)
			changed = changed.with(i, next)
		}
		f.neverRaisedBy(t, changed)
	})
}

func TestDeclaringCustodyNeverRaises(t *testing.T) {
	check(t, func(t *rapid.T) {
		f := anyFamily(t)
		i := rapid.IntRange(0, len(f.guardianships)-1).Draw(t, "which")
		f.neverRaisedBy(t, f.with(i, f.guardianships[i].Declared(anyCustody(t), f.others(i), f.today)))
	})
}

// The other direction: each of these does raise, so it is right that it waits.
func TestWhatWaitsCanRaise(t *testing.T) {
	today := calendar.MustParse("2026-11-24")
	since := calendar.Period{From: calendar.MustParse("2026-08-01")}
	mother := school.Guardianship{ID: "m", Guardian: "mother", Custody: school.JointCustody, Basis: school.Confirmed, Period: since}
	father := school.Guardianship{ID: "f", Guardian: "father", Custody: school.JointCustody, Basis: school.Assumed, Period: since}
	act := func(number int, guardian, link string, reach participation.Mode) participation.Act {
		return participation.Act{
			ID: fmt.Sprint(number), Number: participation.LogNumber(number), Kind: participation.Answer, Reach: reach,
			Person:       participation.Person{Kind: participation.Guardian, ID: guardian},
			Guardianship: link, Schooling: "schooling", Edition: 1, Day: calendar.MustParse("2026-09-01"),
		}
	}
	motherSaysYes, fatherSaysNo := act(1, "mother", "m", participation.Video), act(2, "father", "f", participation.None)
	cases := []struct {
		name    string
		prepare func(mother, father *school.Guardianship)
		acts    []participation.Act
		ofWhom  int // 0 mother, 1 father
		change  func(*school.Change)
	}{
		{"custody ended", nil, []participation.Act{motherSaysYes, fatherSaysNo}, 1,
			func(c *school.Change) { c.Custody = school.NoCustody }},
		{"prevented", nil, []participation.Act{motherSaysYes, fatherSaysNo}, 1,
			func(c *school.Change) { c.Prevented = true }},
		{"ended by a date", nil, []participation.Act{motherSaysYes, fatherSaysNo}, 1,
			func(c *school.Change) { c.Until = today.AddDays(-1) }},
		{"disputed mark removed", func(m, _ *school.Guardianship) { m.Disputed = true }, []participation.Act{motherSaysYes}, 0,
			func(c *school.Change) { c.Disputed = false }},
		{"sole made joint beside another custody",
			func(m, _ *school.Guardianship) { m.Custody, m.Basis = school.SoleCustody, school.Declared },
			[]participation.Act{motherSaysYes}, 0, func(c *school.Change) { c.Custody = school.JointCustody }},
		{"the other custody confirmed beside a sole one",
			func(m, _ *school.Guardianship) { m.Custody = school.SoleCustody },
			[]participation.Act{motherSaysYes}, 1, func(*school.Change) {}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := family{today: today, guardianships: []school.Guardianship{mother, father}, acts: c.acts, policy: participation.One}
			if c.prepare != nil {
				c.prepare(&f.guardianships[0], &f.guardianships[1])
			}
			g := f.guardianships[c.ofWhom]
			change := school.Change{
				Custody: g.Custody, Prevented: g.Prevented, Disputed: g.Disputed, Protected: g.Protected, Until: g.Period.Until,
			}
			c.change(&change)
			next, waits := change.Split(g, f.others(c.ofWhom), today)
			if !waits {
				t.Fatalf("nothing waits: %+v", next)
			}
			wanted := g
			wanted.Custody, wanted.Prevented, wanted.Disputed = change.Custody, change.Prevented, change.Disputed
			wanted.Period.Until, wanted.Basis = change.Until, school.Confirmed
			before, after := f.modeOn(today), f.with(c.ofWhom, wanted).modeOn(today)
			if before != participation.None || after != participation.Video {
				t.Fatalf("the change takes the mode from %s to %s", before, after)
			}
		})
	}
}
