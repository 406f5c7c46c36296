package intake_test

import (
	"slices"
	"testing"

	"einverstanden/backend/intake"
)

// rowOf is one more pupil with these guardians; every one is born on another day and has another name.
func rowOf(line int, guardians ...intake.Guardian) intake.Row {
	row := newcomer()
	row.Line, row.Guardians = line, guardians
	row.GivenName += string(rune('a' + line))
	row.ImportID += string(rune('a' + line))
	row.BirthDate = row.BirthDate.AddDays(line)
	return row
}

func guardian(given, family, email, street string) intake.Guardian {
	g := intake.Guardian{GivenName: given, FamilyName: family, Email: email, Relation: intake.Parent}
	if street != "" {
		g.Address = intake.Address{Street: street, Town: "Auenbrück"}
	}
	return g
}

func names(people []intake.Person) []string {
	var all []string
	for _, p := range people {
		all = append(all, p.GivenName+" "+p.FamilyName+" <"+p.Email+">")
	}
	return all
}

func links(plan intake.Plan) [][]int {
	var all [][]int
	for _, e := range plan.Entries {
		var of []int
		for _, link := range e.Guardians {
			of = append(of, link.Person)
		}
		all = append(all, of)
	}
	return all
}

func TestMakeJoinsTheGuardiansOfSiblings(t *testing.T) {
	eva := guardian("Eva", "Roth", "eva@example.org", "Weg 1")
	for name, c := range map[string]struct {
		other intake.Guardian
		want  int // persons
	}{
		"same name and e-mail":             {guardian("Eva", "Roth", "EVA@example.org", "Weg 9"), 1},
		"same name and address":            {guardian("eva", "ROTH", "", "weg 1"), 1},
		"same name, two e-mails, one home": {guardian("Eva", "Roth", "neu@example.org", "Weg 1"), 1},
		"same name alone":                  {guardian("Eva", "Roth", "", ""), 2},
		"same name, all else other":        {guardian("Eva", "Roth", "neu@example.org", "Weg 9"), 2},
		"same e-mail alone":                {guardian("Ewa", "Roth", "eva@example.org", "Weg 1"), 2},
	} {
		plan := intake.Make(intake.Snapshot{}, intake.List{Rows: []intake.Row{rowOf(2, eva), rowOf(3, c.other)}}, today)
		if len(plan.People) != c.want {
			t.Errorf("%s: %q, want %d persons", name, names(plan.People), c.want)
		}
		if plan.Counts != (intake.Counts{New: 2}) {
			t.Errorf("%s: within one file nothing is proposed: %+v", name, plan.Counts)
		}
	}
}

func TestMakeJoinsByWhatAnySiblingTells(t *testing.T) {
	plan := intake.Make(intake.Snapshot{}, intake.List{Rows: []intake.Row{
		rowOf(2, guardian("Eva", "Roth", "", "Weg 1")),
		rowOf(3, guardian("Eva", "Roth", "eva@example.org", "Weg 1")),
		rowOf(4, guardian("Eva", "Roth", "eva@example.org", "Weg 9")),
	}}, today)
	if !slices.Equal(names(plan.People), []string{"Eva Roth <eva@example.org>"}) {
		t.Errorf("got %q", names(plan.People))
	}
}

func TestMakeNeverMakesTwoGuardiansOfOneChildOne(t *testing.T) {
	grandfather := guardian("Max", "Roth", "alt@example.org", "Weg 1")
	father := guardian("Max", "Roth", "jung@example.org", "Weg 1")
	plan := intake.Make(intake.Snapshot{}, intake.List{Rows: []intake.Row{
		rowOf(2, grandfather, father), rowOf(3, father, grandfather),
	}}, today)
	if got := links(plan); len(plan.People) != 2 || got[0][0] == got[0][1] || got[1][0] == got[1][1] {
		t.Errorf("persons %q, links %v", names(plan.People), got)
	}
}

func TestMakeOnlyProposesAGuardianOfTheSchool(t *testing.T) {
	base := schoolOfOhm()
	for name, c := range map[string]struct {
		told intake.Guardian
		want string // the guardian proposed, or nobody
	}{
		"same name and e-mail":      {guardian("Ute", "Ohm", "ute@example.org", ""), "g-ute"},
		"same name and address":     {intake.Guardian{GivenName: "Udo", FamilyName: "Ohm", Address: home}, "g-udo"},
		"same name alone":           {guardian("Ute", "Ohm", "", ""), ""},
		"same e-mail alone":         {guardian("Eva", "Roth", "ute@example.org", ""), ""},
		"same home, another person": {intake.Guardian{GivenName: "Eva", FamilyName: "Ohm", Address: home}, ""},
	} {
		list := listOf(base)
		list.Rows = append(list.Rows, rowOf(99, c.told))
		plan := intake.Make(base, list, today)
		person := plan.People[0]
		if string(person.Same) != c.want {
			t.Errorf("%s: proposes %q, want %q", name, person.Same, c.want)
			continue
		}
		if c.want == "" {
			continue
		}
		proposal := plan.Entries[slices.IndexFunc(plan.Entries, func(e intake.Entry) bool { return e.Ref == person.SameRef })]
		if proposal.NeedsConfirmation != intake.SamePerson || string(proposal.GuardianID) != c.want || *proposal.Person != 0 {
			t.Errorf("%s: proposal %+v", name, proposal)
		}
		if plan.NeedsHead {
			t.Errorf("%s: a proposal changes nobody", name)
		}
	}
}

func TestMakeProposesByEmailBeforeAddress(t *testing.T) {
	base := schoolOfOhm()
	base.Guardians = append(base.Guardians, intake.KnownGuardian{
		ID: "g-ute2", GivenName: "Ute", FamilyName: "Ohm", Email: "ute2@example.org",
	})
	list := listOf(base)
	atHome := intake.Guardian{GivenName: "Ute", FamilyName: "Ohm", Address: home}
	byMail := atHome
	byMail.Email = "ute2@example.org"
	list.Rows = append(list.Rows, rowOf(98, atHome), rowOf(99, byMail))
	plan := intake.Make(base, list, today)
	if len(plan.People) != 1 || plan.People[0].Same != "g-ute2" {
		t.Errorf("got %+v", plan.People)
	}
}

func TestMakeProposesTheFirstOfGuardiansAlike(t *testing.T) {
	base := schoolOfOhm()
	later := base.Guardians[0]
	later.ID = "g-ute-later"
	base.Guardians = append([]intake.KnownGuardian{later}, base.Guardians...)
	list := intake.List{Rows: []intake.Row{rowOf(99, guardian("Ute", "Ohm", "ute@example.org", ""))}}
	if plan := intake.Make(base, list, today); plan.People[0].Same != "g-ute" {
		t.Errorf("proposes %q", plan.People[0].Same)
	}
}

func TestX11AProposalIsNoChange(t *testing.T) {
	base := schoolOfOhm()
	for i := range 10 {
		base.Guardianships = append(base.Guardianships, intake.KnownGuardianship{Guardian: "g-ute", Pupil: base.Pupils[2+i].ID})
	}
	list := listOf(base)
	list.Rows = append(list.Rows, rowOf(99, guardian("Ute", "Ohm", "ute@example.org", "")))
	if plan := intake.Make(base, list, today); plan.Counts.Doubtful != 1 || plan.NeedsHead {
		t.Errorf("counts %+v, needs head %v", plan.Counts, plan.NeedsHead)
	}
}

func TestMakeComparesGuardiansOfAPupil(t *testing.T) {
	for name, c := range map[string]struct {
		file func(*intake.List)
		want []string
	}{
		"another e-mail": {
			func(l *intake.List) {
				l.Rows[0].Guardians[0].Email = "neu@example.org"
				l.Rows[1].Guardians[0].Email = ""
			},
			[]string{"changed Ida=p-ida g-ute email:ute@example.org→neu@example.org"},
		},
		"another home, once for both children": {
			func(l *intake.List) {
				l.Rows[0].Guardians[1].Address.Street = "Weg 2"
				l.Rows[1].Guardians[1].Address.Street = "Weg 2"
			},
			[]string{"changed Ida=p-ida g-udo street:Weg 1→Weg 2"},
		},
		"siblings' lines disagree": {
			func(l *intake.List) { l.Rows[1].Guardians[0].Email = "neu@example.org" },
			[]string{"changed?contact_contradictory Ida=p-ida g-ute email:ute@example.org→neu@example.org"},
		},
		"another spelling": {
			func(l *intake.List) { l.Rows[0].Guardians[0].FamilyName = "OHM" },
			[]string{"changed Ida=p-ida g-ute familyName:Ohm→OHM"},
		},
		"a name left out": {
			func(l *intake.List) { l.Rows[0].Guardians = l.Rows[0].Guardians[:1] },
			nil,
		},
		"one more": {
			func(l *intake.List) {
				l.Rows[1].Guardians = append(l.Rows[1].Guardians, guardian("Eva", "Roth", "eva@example.org", ""))
			},
			[]string{"changed Jo=p-jo guardian:→Eva Roth"},
		},
		"one more without a given name": {
			func(l *intake.List) { l.Rows[1].Guardians = append(l.Rows[1].Guardians, guardian("", "Roth", "", "")) },
			[]string{"changed Jo=p-jo guardian:→Roth"},
		},
		"without a given name, and two could be meant": {
			func(l *intake.List) { l.Rows[0].Guardians[0].GivenName, l.Rows[0].Guardians[0].Email = "", "" },
			[]string{"changed Ida=p-ida guardian:→Ohm"},
		},
		"another family name, the same given name and e-mail": {
			func(l *intake.List) { l.Rows[1].Guardians[0].FamilyName = "Roth" },
			[]string{"changed Jo=p-jo guardian:→Ute Roth", "doubtful?same_person Jo=p-jo g-ute familyName:Ohm→Roth"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := schoolOfOhm()
			list := listOf(base)
			c.file(&list)
			if got := showAll(intake.Make(base, list, today)); !slices.Equal(got, c.want) {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestMakeFindsAGuardianWithoutAGivenName(t *testing.T) {
	base := schoolOfOhm()
	base.Guardians[1].FamilyName = "Kern"
	list := listOf(base)
	list.Rows[0].Guardians[1].GivenName = ""
	if plan := intake.Make(base, list, today); len(plan.Entries) != 0 {
		t.Errorf("got %q", showAll(plan))
	}
}

func TestMakeLinksNewGuardiansOnceOnly(t *testing.T) {
	base := schoolOfOhm()
	list := listOf(base)
	list.Rows[1].Guardians = append(list.Rows[1].Guardians, guardian("Eva", "Roth", "eva@example.org", ""))
	list.Rows[1].BirthDate = day("2008-01-02") // of age now: guardians are not taken
	plan := intake.Make(base, list, today)
	if len(plan.People) != 0 || plan.Entries[0].NeedsConfirmation != intake.BirthDateAcrossAge {
		t.Errorf("persons %q, entries %q", names(plan.People), showAll(plan))
	}

	list.Rows[1].BirthDate = day("2012-01-02") // another band, still a child
	plan = intake.Make(base, list, today)
	if got := links(plan); len(got) != 2 || len(got[0]) != 1 || len(got[1]) != 0 {
		t.Errorf("links %v of %q: with the plain changes, not again with those that wait", got, showAll(plan))
	}
}
