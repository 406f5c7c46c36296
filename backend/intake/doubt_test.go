package intake_test

import (
	"fmt"
	"slices"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/intake"
)

// X11: an import may not hand a yes to another person, nor move ages and addresses unseen.
func TestX11MakeDoubtsWhoSomebodyIs(t *testing.T) {
	for name, c := range map[string]struct {
		school func(*intake.Snapshot)
		file   func(*intake.List)
		want   []string
	}{
		"same id, other name and birth date": {
			file: func(l *intake.List) { r := newcomer(); r.ImportID, r.Line = "1", 2; l.Rows[0] = r },
			want: []string{"doubtful?id_reused Mia=p-ida"},
		},
		"same id, other name, birth date unknown": {
			file: func(l *intake.List) {
				l.Rows[0].GivenName, l.Rows[0].BirthDate, l.Rows[0].Guardians = "Eda", calendar.Date{}, nil
			},
			want: []string{"doubtful?id_reused Eda=p-ida !birth_date_unknown !no_guardian"},
		},
		"ids of two pupils exchanged": {
			file: func(l *intake.List) { l.Rows[0].ImportID, l.Rows[1].ImportID = "2", "1" },
			want: []string{
				"doubtful?id_reused Ida=p-jo", "doubtful?same_person Ida g-ute", "doubtful?same_person Ida g-udo",
				"doubtful?id_reused Jo=p-ida",
			},
		},
		"ids of twins exchanged": {
			school: func(s *intake.Snapshot) { s.Pupils[1].BirthDate = s.Pupils[0].BirthDate },
			file: func(l *intake.List) {
				l.Rows[0].ImportID, l.Rows[0].Guardians = "2", nil
				l.Rows[1].ImportID, l.Rows[1].Guardians = "1", nil
			},
			want: []string{
				"doubtful?id_reused Ida=p-jo !twin !no_guardian", "doubtful?id_reused Jo=p-ida !twin !no_guardian",
			},
		},
		"a reused id ends nobody's schooling": {
			file: func(l *intake.List) {
				r := newcomer()
				r.ImportID, r.Status, r.Line = "1", intake.Left, 2
				l.Rows[0] = r
			},
			want: []string{"ignored Mia !already_left", "missing?not_in_list Ida=p-ida until:→2026-11-23"},
		},
		"nor does one with a last day that has passed": {
			file: func(l *intake.List) {
				r := newcomer()
				r.ImportID, r.LeftOn, r.Line = "1", day("2026-11-01"), 2
				l.Rows[0] = r
			},
			want: []string{"ignored Mia !already_left", "missing?not_in_list Ida=p-ida until:→2026-11-23"},
		},
		"same id and birth date, both names others": {
			file: func(l *intake.List) { l.Rows[0].GivenName, l.Rows[0].FamilyName = "Mia", "Roth" },
			want: []string{"changed?name_changed_wholly Mia=p-ida givenName:Ida→Mia familyName:Ohm→Roth"},
		},
		"another given name alone is a correction": {
			file: func(l *intake.List) { l.Rows[0].GivenName = "Ida Marie" },
			want: []string{"changed Ida Marie=p-ida givenName:Ida→Ida Marie"},
		},
		"same name and birth date under another id": {
			file: func(l *intake.List) { l.Rows[0].ImportID = "77"; l.Rows[0].Class = "7c" },
			want: []string{"doubtful?other_id Ida=p-ida importId:1→77 className:7b→7c"},
		},
		"a namesake of a pupil who is in the file": {
			file: func(l *intake.List) {
				r := l.Rows[0]
				r.ImportID, r.Line, r.Guardians = "77", 99, nil
				l.Rows = append(l.Rows, r)
			},
			want: []string{"doubtful?namesake Ida !no_guardian"},
		},
		"two newcomers alike": {
			file: func(l *intake.List) {
				a, b := newcomer(), newcomer()
				b.ImportID, b.Line = "901", 100
				l.Rows = append(l.Rows, a, b)
			},
			want: []string{"new Mia", "doubtful?namesake Mia"},
		},
		"like a pupil who is missing, but for the given name": {
			file: func(l *intake.List) {
				l.Rows[0].ImportID, l.Rows[0].GivenName, l.Rows[0].Guardians = "77", "Ada", nil
			},
			want: []string{
				"doubtful?possible_twin Ada=p-ida !no_guardian", "missing?not_in_list Ida=p-ida until:→2026-11-23",
			},
		},
		"a twin of a pupil who is in the file": {
			file: func(l *intake.List) {
				r := l.Rows[0]
				r.ImportID, r.GivenName, r.Line, r.Guardians = "77", "Ada", 99, nil
				l.Rows = append(l.Rows, r)
			},
			want: []string{"new Ada !twin !no_guardian"},
		},
		"another id, and contacts of somebody who has answered": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Answered = true },
			file:   func(l *intake.List) { l.Rows[0].ImportID, l.Rows[0].Email = "77", "x@example.com" },
			want:   []string{"doubtful?other_id Ida=p-ida importId:1→77 email:ida@example.org→x@example.com"},
		},
		"leaving under another id": {
			file: func(l *intake.List) { l.Rows[0].ImportID, l.Rows[0].Status = "77", intake.Left },
			want: []string{"ignored Ida !already_left", "missing?not_in_list Ida=p-ida until:→2026-11-23"},
		},
		"a birth date that was in the future": {
			school: func(s *intake.Snapshot) { s.Pupils[0].BirthDate = day("2041-02-02") },
			file:   func(l *intake.List) { l.Rows[0].BirthDate = day("2014-02-02") },
			want:   []string{"changed?birth_date_across_age Ida=p-ida birthDate:2041-02-02→2014-02-02"},
		},
		"birth date across an age": {
			file: func(l *intake.List) { l.Rows[0].BirthDate = day("2012-11-24"); l.Rows[0].Class = "7c" },
			want: []string{
				"moved Ida=p-ida className:7b→7c",
				"changed?birth_date_across_age Ida=p-ida birthDate:2014-02-02→2012-11-24",
			},
		},
		"birth date within an age": {
			file: func(l *intake.List) { l.Rows[0].BirthDate = day("2012-11-25") },
			want: []string{"changed Ida=p-ida birthDate:2014-02-02→2012-11-25"},
		},
		"birth date across majority": {
			school: func(s *intake.Snapshot) { s.Pupils[0].BirthDate = day("2008-11-25") },
			file:   func(l *intake.List) { l.Rows[0].BirthDate = day("2008-11-24") },
			want:   []string{"changed?birth_date_across_age Ida=p-ida birthDate:2008-11-25→2008-11-24"},
		},
		"birth date in the future": {
			file: func(l *intake.List) { l.Rows[0].BirthDate = day("2027-01-01") },
			want: []string{"changed?birth_date_across_age Ida=p-ida birthDate:2014-02-02→2027-01-01"},
		},
		"birth date of an infant": {
			file: func(l *intake.List) { l.Rows[0].BirthDate = day("2024-02-02") },
			want: []string{"changed?birth_date_across_age Ida=p-ida birthDate:2014-02-02→2024-02-02"},
		},
		"reused id, and a birth date in the future": {
			file: func(l *intake.List) {
				l.Rows[0].GivenName, l.Rows[0].BirthDate, l.Rows[0].Guardians = "Eda", day("2027-01-01"), nil
			},
			want: []string{"doubtful?id_reused Eda=p-ida !no_guardian"},
		},
		"no id, same name and class, other birth date": {
			file: func(l *intake.List) {
				l.Rows[0].ImportID, l.Rows[0].BirthDate, l.Rows[0].Guardians = "", day("2014-02-03"), nil
			},
			want: []string{"new Ida !no_guardian", "missing?not_in_list Ida=p-ida until:→2026-11-23"},
		},
		"spelling of a guardian who has answered": {
			school: func(s *intake.Snapshot) { s.Guardians[0].Answered = true },
			file:   func(l *intake.List) { l.Rows[0].Guardians[0].FamilyName = "OHM" },
			want:   []string{"changed Ida=p-ida g-ute familyName:Ohm→OHM"},
		},
		"birth date that was unknown": {
			school: func(s *intake.Snapshot) { s.Pupils[0].BirthDate = calendar.Date{} },
			file:   func(l *intake.List) { l.Rows[0].BirthDate = day("2010-02-02") },
			want:   []string{"changed Ida=p-ida birthDate:→2010-02-02"},
		},
		"address of a pupil who has answered": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Answered = true },
			file:   func(l *intake.List) { l.Rows[0].Email = "x@example.com" },
			want:   []string{"changed?contact_of_answered Ida=p-ida email:ida@example.org→x@example.com"},
		},
		"address of a guardian who has answered": {
			school: func(s *intake.Snapshot) { s.Guardians[0].Answered = true },
			file: func(l *intake.List) {
				l.Rows[0].Guardians[0].Email = "x@example.com"
				l.Rows[1].Guardians[0].Email = "x@example.com"
			},
			want: []string{"changed?contact_of_answered Ida=p-ida g-ute email:ute@example.org→x@example.com"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := schoolOfOhm()
			if c.school != nil {
				c.school(&base)
			}
			list := listOf(base)
			c.file(&list)
			if got := showAll(intake.Make(base, list, today)); !slices.Equal(got, c.want) {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestX11MakeAsksTheHeadAboveATenth(t *testing.T) {
	base := schoolOfOhm() // 42 pupils: a tenth is 4.2
	for name, c := range map[string]struct {
		change func(i int, r *intake.Row)
		many   int
		want   bool
	}{
		"four changed":      {func(_ int, r *intake.Row) { r.Phone = "1" }, 4, false},
		"five changed":      {func(_ int, r *intake.Row) { r.Phone = "1" }, 5, true},
		"five leaving":      {func(_ int, r *intake.Row) { r.Status = intake.Left }, 5, true},
		"five other ids":    {func(i int, r *intake.Row) { r.ImportID = fmt.Sprint("x", i) }, 5, true},
		"all move class":    {func(_ int, r *intake.Row) { r.Class = "10c" }, 40, false},
		"five on leave":     {func(_ int, r *intake.Row) { r.Status = intake.Other }, 5, false},
		"five birth dates":  {func(_ int, r *intake.Row) { r.BirthDate = day("2008-01-01") }, 5, true},
		"twice in one plan": {func(_ int, r *intake.Row) { r.Phone = "1"; r.BirthDate = day("2008-01-01") }, 4, false},
	} {
		list := listOf(base)
		for i := range c.many {
			c.change(i, &list.Rows[i+2])
		}
		if got := intake.Make(base, list, today).NeedsHead; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	list := listOf(base)
	list.Rows = list.Rows[:len(list.Rows)-5]
	if !intake.Make(base, list, today).NeedsHead {
		t.Error("five gone of forty-two: want the head")
	}
	if intake.Make(intake.Snapshot{}, list, today).NeedsHead {
		t.Error("the first import changes nobody")
	}
}

func TestX11AnAddressOfManyChildrenCountsForEachOfThem(t *testing.T) {
	base := schoolOfOhm()
	for i := range 5 {
		base.Guardianships = append(base.Guardianships, intake.KnownGuardianship{Guardian: "g-ute", Pupil: base.Pupils[2+i].ID})
	}
	list := listOf(base)
	for i := range list.Rows {
		for j := range list.Rows[i].Guardians {
			if list.Rows[i].Guardians[j].GivenName == "Ute" {
				list.Rows[i].Guardians[j].Email = "elsewhere@example.com"
			}
		}
	}
	if !intake.Make(base, list, today).NeedsHead {
		t.Error("one address of seven children: want the head")
	}
}
