package intake_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/intake"
)

var today = day("2026-11-24")

var home = intake.Address{Street: "Weg 1", Postcode: "00417", Town: "Auenbrück"}

// The family of most stories: Ida and Jo Ohm in 7b and 5a, their parents Ute and Udo; and forty others, so
// that one change is not a tenth of the school.
func schoolOfOhm() intake.Snapshot {
	base := intake.Snapshot{
		Pupils: []intake.KnownPupil{
			{
				ID: "p-ida", ImportID: "1", GivenName: "Ida", FamilyName: "Ohm", BirthDate: day("2014-02-02"), Class: "7b",
				From: day("2024-08-01"), Email: "ida@example.org", Address: home,
			},
			{
				ID: "p-jo", ImportID: "2", GivenName: "Jo", FamilyName: "Ohm", BirthDate: day("2016-03-03"), Class: "5a",
				From: day("2026-08-01"), Address: home,
			},
		},
		Guardians: []intake.KnownGuardian{
			{ID: "g-ute", GivenName: "Ute", FamilyName: "Ohm", Email: "ute@example.org", Address: home},
			{ID: "g-udo", GivenName: "Udo", FamilyName: "Ohm", Email: "udo@example.org", Address: home},
		},
		Guardianships: []intake.KnownGuardianship{
			{Guardian: "g-ute", Pupil: "p-ida"}, {Guardian: "g-udo", Pupil: "p-ida"},
			{Guardian: "g-ute", Pupil: "p-jo"}, {Guardian: "g-udo", Pupil: "p-jo"},
		},
	}
	for i := range 40 {
		base.Pupils = append(base.Pupils, intake.KnownPupil{
			ID: id.Pupil(fmt.Sprintf("p-%02d", i)), ImportID: fmt.Sprint(100 + i), GivenName: "Kind" + strings.Repeat("a", i),
			FamilyName: "Ahl", BirthDate: day("2012-01-01").AddDays(i), Class: "9c", From: day("2022-08-01"),
		})
	}
	return base
}

// listOf is the list of a school in which nothing has changed.
func listOf(base intake.Snapshot) intake.List {
	var list intake.List
	for i, p := range base.Pupils {
		row := intake.Row{
			Line: i + 2, ImportID: p.ImportID, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.BirthDate,
			Class: p.Class, Status: intake.Active, JoinedOn: p.From, Email: p.Email, Phone: p.Phone, Address: p.Address,
		}
		for _, link := range base.Guardianships {
			for _, g := range base.Guardians {
				if link.Pupil == p.ID && link.Guardian == g.ID {
					row.Guardians = append(row.Guardians, intake.Guardian{
						GivenName: g.GivenName, FamilyName: g.FamilyName, Email: g.Email, Address: g.Address, Relation: intake.Parent,
					})
				}
			}
		}
		list.Rows = append(list.Rows, row)
	}
	return list
}

func newcomer() intake.Row {
	return intake.Row{
		Line: 99, ImportID: "900", GivenName: "Mia", FamilyName: "Roth", BirthDate: day("2014-05-05"), Class: "7b",
		Status: intake.Active, JoinedOn: day("2026-11-01"), Address: home,
		Guardians: []intake.Guardian{{GivenName: "Eva", FamilyName: "Roth", Email: "eva@example.org", Relation: intake.Mother}},
	}
}

// show writes an entry so that a table of expectations can be read: outcome, reason, whom, changes, notes.
func show(e intake.Entry) string {
	text := string(e.Outcome)
	if e.NeedsConfirmation != "" {
		text += "?" + string(e.NeedsConfirmation)
	}
	text += " " + e.Pupil.GivenName
	if e.PupilID != "" {
		text += "=" + string(e.PupilID)
	}
	if e.GuardianID != "" {
		text += " " + string(e.GuardianID)
	}
	for _, c := range e.Changes {
		text += fmt.Sprintf(" %s:%s→%s", c.Field, c.From, c.To)
	}
	for _, n := range e.Notes {
		text += " !" + string(n)
	}
	return text
}

func showAll(plan intake.Plan) []string {
	var all []string
	for _, e := range plan.Entries {
		all = append(all, show(e))
	}
	return all
}

func TestMakeSortsRowsByOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		school func(*intake.Snapshot)
		file   func(*intake.List)
		want   []string
	}{
		"nothing changed": {},
		"case, blanks and empty cells are no changes": {
			file: func(l *intake.List) {
				l.Rows[0].Class, l.Rows[0].Email, l.Rows[0].Address = "7B", "IDA@example.org", intake.Address{}
				l.Rows[0].Guardians[0].Email = ""
				l.Rows[1].Guardians = nil
			},
		},
		"new": {
			file: func(l *intake.List) { l.Rows = append(l.Rows, newcomer()) },
			want: []string{"new Mia"},
		},
		"new, and the file names no guardian": {
			file: func(l *intake.List) { r := newcomer(); r.Guardians = nil; l.Rows = append(l.Rows, r) },
			want: []string{"new Mia !no_guardian"},
		},
		"new, birth date unknown": {
			file: func(l *intake.List) { r := newcomer(); r.BirthDate = calendar.Date{}; l.Rows = append(l.Rows, r) },
			want: []string{"new Mia !birth_date_unknown"},
		},
		"new, of age today: guardians are not taken": {
			file: func(l *intake.List) { r := newcomer(); r.BirthDate = day("2008-11-24"); l.Rows = append(l.Rows, r) },
			want: []string{"new Mia !adult"},
		},
		"new twins": {
			file: func(l *intake.List) {
				a, b := newcomer(), newcomer()
				b.Line, b.ImportID, b.GivenName = 100, "901", "Max"
				l.Rows = append(l.Rows, a, b)
			},
			want: []string{"new Mia !twin", "new Max !twin"},
		},
		"a birth date in the future": {
			file: func(l *intake.List) { r := newcomer(); r.BirthDate = day("2027-01-01"); l.Rows = append(l.Rows, r) },
			want: []string{"doubtful?birth_date_implausible Mia"},
		},
		"another class": {
			file: func(l *intake.List) { l.Rows[0].Class = "7c" },
			want: []string{"moved Ida=p-ida className:7b→7c"},
		},
		"another class and more": {
			file: func(l *intake.List) { l.Rows[0].Class = "7c"; l.Rows[0].FamilyName = "Ohm-Roth" },
			want: []string{"changed Ida=p-ida familyName:Ohm→Ohm-Roth className:7b→7c"},
		},
		"another class and a telephone": {
			file: func(l *intake.List) { l.Rows[0].Class, l.Rows[0].Phone = "7c", "1" },
			want: []string{"changed Ida=p-ida className:7b→7c phone:→1"},
		},
		"contacts": {
			file: func(l *intake.List) {
				l.Rows[0].Email, l.Rows[0].Phone, l.Rows[0].Address.Street = "i.ohm@example.org", "1", "Weg 2"
			},
			want: []string{"changed Ida=p-ida email:ida@example.org→i.ohm@example.org phone:→1 street:Weg 1→Weg 2"},
		},
		"an import id for a pupil without": {
			school: func(s *intake.Snapshot) { s.Pupils[0].ImportID = "" },
			file:   func(l *intake.List) { l.Rows[0].ImportID = "1" },
			want:   []string{"changed Ida=p-ida importId:→1"},
		},
		"a file without ids": {
			file: func(l *intake.List) {
				for i := range l.Rows {
					l.Rows[i].ImportID = ""
				}
				l.Rows[0].Class = "7c"
			},
			want: []string{"moved Ida=p-ida className:7b→7c"},
		},
		"a file without ids and birth dates": {
			file: func(l *intake.List) {
				for i := range l.Rows {
					l.Rows[i].ImportID, l.Rows[i].BirthDate = "", calendar.Date{}
				}
			},
		},
		"left, by status": {
			file: func(l *intake.List) { l.Rows[0].Status = intake.Left },
			want: []string{"leaving Ida=p-ida until:→2026-11-23"},
		},
		"left, by a last day that has passed": {
			file: func(l *intake.List) { l.Rows[0].LeftOn = day("2026-11-23"); l.TellsLeaving = true },
			want: []string{"leaving Ida=p-ida until:→2026-11-23"},
		},
		"left earlier than planned": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Until = day("2027-07-31") },
			file:   func(l *intake.List) { l.Rows[0].Status = intake.Left; l.Rows[0].LeftOn = day("2026-11-20") },
			want:   []string{"leaving Ida=p-ida until:2027-07-31→2026-11-20"},
		},
		"has left already": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Until = day("2026-07-31") },
			file:   func(l *intake.List) { l.Rows[0].Status = intake.Left },
		},
		"today is the last day": {
			file: func(l *intake.List) { l.Rows[0].LeftOn = today; l.TellsLeaving = true },
			want: []string{"changed Ida=p-ida until:→2026-11-24"},
		},
		"stays longer": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Until = day("2027-01-31") },
			file: func(l *intake.List) {
				l.TellsLeaving = true
				l.Rows[0].LeftOn = day("2027-07-31")
			},
			want: []string{"changed?stays_longer Ida=p-ida until:2027-01-31→2027-07-31"},
		},
		"the planned last day falls away": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Until = day("2027-01-31") },
			file:   func(l *intake.List) { l.TellsLeaving = true },
			want:   []string{"changed?stays_longer Ida=p-ida until:2027-01-31→"},
		},
		"a file that knows no last days leaves them alone": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Until = day("2027-01-31") },
		},
		"returning": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Until = day("2026-01-31"); s.Pupils[0].Class = "" },
			file:   func(l *intake.List) { l.Rows[0].Class = "7c" },
			want:   []string{"changed?returning Ida=p-ida until:2026-01-31→ from:2024-08-01→2026-11-24 className:→7c"},
		},
		"returning at the beginning of a half-year": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Until = day("2026-01-31") },
			file: func(l *intake.List) {
				l.Rows[0].JoinedOn = day("2027-02-01")
				l.Rows[0].BirthDate = day("2010-02-02")
			},
			want: []string{
				"changed?returning Ida=p-ida until:2026-01-31→ from:2024-08-01→2027-02-01 birthDate:2014-02-02→2010-02-02",
			},
		},
		"a first day to come moves": {
			school: func(s *intake.Snapshot) { s.Pupils[0].From = day("2027-02-01") },
			file:   func(l *intake.List) { l.Rows[0].JoinedOn = day("2027-01-01") },
			want:   []string{"changed Ida=p-ida from:2027-02-01→2027-01-01"},
		},
		"a first day that has passed stays": {
			file: func(l *intake.List) { l.Rows[0].JoinedOn = day("2024-09-01") },
		},
		"not in the list": {
			file: func(l *intake.List) { l.Rows = l.Rows[1:] },
			want: []string{"missing?not_in_list Ida=p-ida until:→2026-11-23"},
		},
		"ended, and not in the list": {
			school: func(s *intake.Snapshot) { s.Pupils[0].Until = day("2026-07-31") },
			file:   func(l *intake.List) { l.Rows = l.Rows[1:] },
		},
		"on a waiting list": {
			file: func(l *intake.List) { r := newcomer(); r.Status = intake.Other; l.Rows = append(l.Rows, r) },
			want: []string{"ignored Mia !status_ignored"},
		},
		"on leave: not imported, and not missing": {
			file: func(l *intake.List) { l.Rows[0].Status = intake.Other },
			want: []string{"ignored Ida=p-ida !status_ignored"},
		},
		"left before the school knew": {
			file: func(l *intake.List) { r := newcomer(); r.Status = intake.Left; l.Rows = append(l.Rows, r) },
			want: []string{"ignored Mia !already_left"},
		},
		"a teacher's account": {
			file: func(l *intake.List) { r := newcomer(); r.Status = intake.Staff; l.Rows = append(l.Rows, r) },
			want: []string{"ignored Mia !not_a_pupil"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := schoolOfOhm()
			if c.school != nil {
				c.school(&base)
			}
			list := listOf(base)
			for i := range list.Rows { // a file tells last days only where a story says so
				list.Rows[i].LeftOn = calendar.Date{}
			}
			if c.file != nil {
				c.file(&list)
			}
			plan := intake.Make(base, list, today)
			if got := showAll(plan); !slices.Equal(got, c.want) {
				t.Errorf("\n got %q\nwant %q", got, c.want)
			}
			if plan.NeedsHead {
				t.Error("one pupil of forty-two is no matter for the head")
			}
		})
	}
}

func TestMakeCountsEntries(t *testing.T) {
	base := schoolOfOhm()
	list := listOf(base)
	list.Rows[0].Class = "7c"
	list.Rows[1].Phone = "1"
	list.Rows[2].Status = intake.Left
	list.Rows[3].ImportID = "77"
	list.Rows[4].Status = intake.Other
	list.Rows[5] = newcomer()
	plan := intake.Make(base, list, today)
	want := intake.Counts{New: 1, Changed: 1, Moved: 1, Doubtful: 1, Missing: 1, Leaving: 1, Ignored: 1, Unchanged: 36}
	if plan.Counts != want {
		t.Errorf("\n got %+v\nwant %+v", plan.Counts, want)
	}
	for i, e := range plan.Entries {
		if e.Ref != fmt.Sprint(i+1) {
			t.Errorf("entry %d has ref %q", i, e.Ref)
		}
	}
}

func TestMakeKeepsOfIgnoredRowsOnlyWhatFindsThem(t *testing.T) {
	row := newcomer()
	row.Status, row.Email = intake.Other, "mia@example.org"
	plan := intake.Make(intake.Snapshot{}, intake.List{Rows: []intake.Row{row}}, today)
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"mia@example.org", "2014-05-05", "eva@example.org", "Weg 1"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the plan holds %q of a row that is not imported", secret)
		}
	}
}

func TestMakeWritesClassesAsTheSchoolDoes(t *testing.T) {
	list := intake.List{Rows: []intake.Row{newcomer(), newcomer()}}
	list.Rows[0].Class, list.Rows[1].Class = "7B", "8A"
	list.Rows[1].ImportID, list.Rows[1].GivenName = "901", "Max"
	more := newcomer()
	more.ImportID, more.GivenName, more.Class = "902", "Pia", "8a"
	list.Rows = append(list.Rows, more)
	var classes []string
	for _, e := range intake.Make(schoolOfOhm(), list, today).Entries {
		if e.Outcome == intake.New {
			classes = append(classes, e.Pupil.Class)
		}
	}
	if !slices.Equal(classes, []string{"7b", "8A", "8A"}) {
		t.Errorf("got %q", classes)
	}
}

func TestMakeDoesNotDependOnTheOrderOfTheDatabase(t *testing.T) {
	base := schoolOfOhm()
	list := listOf(base)
	list.Rows[0].Class, list.Rows[1].Email = "7c", "jo@example.org"
	list.Rows = append(list.Rows[:10], newcomer())
	shuffled := intake.Snapshot{
		Pupils:        slices.Clone(base.Pupils),
		Guardians:     slices.Clone(base.Guardians),
		Guardianships: slices.Clone(base.Guardianships),
	}
	slices.Reverse(shuffled.Pupils)
	slices.Reverse(shuffled.Guardians)
	slices.Reverse(shuffled.Guardianships)
	if a, b := intake.Make(base, list, today), intake.Make(shuffled, list, today); !reflect.DeepEqual(a, b) {
		t.Errorf("\n%+v\n%+v", a, b)
	}
	if base.Pupils[0].ID != "p-ida" || shuffled.Pupils[0].ID == "p-ida" {
		t.Error("Make reordered the caller's snapshot")
	}
}

func withAnswerOfUte() intake.Snapshot {
	base := schoolOfOhm()
	base.Guardians[0].Answered = true
	return base
}

func listWithOtherAddressOfUte() intake.List {
	list := listOf(schoolOfOhm())
	list.Rows[0].Guardians[0].Email, list.Rows[1].Guardians[0].Email = "x@example.com", "x@example.com"
	return list
}

func TestPlanFitsOnlyTheSchoolItWasMadeFor(t *testing.T) {
	list := listOf(schoolOfOhm())
	list.Rows[0].Class = "7c"
	moved := intake.Make(schoolOfOhm(), list, today)
	redirected := intake.Make(schoolOfOhm(), listWithOtherAddressOfUte(), today)
	seen := intake.Make(withAnswerOfUte(), listWithOtherAddressOfUte(), today)
	for name, c := range map[string]struct {
		plan   intake.Plan
		change func(*intake.Snapshot)
		want   bool
	}{
		"unchanged":                    {moved, func(*intake.Snapshot) {}, true},
		"somebody renamed":             {moved, func(s *intake.Snapshot) { s.Pupils[5].FamilyName = "Bey" }, false},
		"somebody gone":                {moved, func(s *intake.Snapshot) { s.Pupils = s.Pupils[:40] }, false},
		"a guardianship gone":          {moved, func(s *intake.Snapshot) { s.Guardianships = s.Guardianships[1:] }, false},
		"somebody answered":            {moved, func(s *intake.Snapshot) { s.Guardians[0].Answered = true }, true},
		"whom it redirects answered":   {redirected, func(s *intake.Snapshot) { s.Guardians[0].Answered = true }, false},
		"another guardian answered":    {redirected, func(s *intake.Snapshot) { s.Guardians[1].Answered = true }, true},
		"who had answered before":      {seen, func(s *intake.Snapshot) { s.Guardians[0].Answered = true }, true},
		"the pupil answered by itself": {redirected, func(s *intake.Snapshot) { s.Pupils[0].Answered = true }, true},
	} {
		base := schoolOfOhm()
		c.change(&base)
		if got := c.plan.Fits(base); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPlanChoosesWhatNeedsNoWordAndWhatHasIt(t *testing.T) {
	base := schoolOfOhm()
	list := listOf(base)
	list.Rows[0].Class = "7c"                           // happens
	list.Rows[1].ImportID = "77"                        // waits
	list.Rows[2].Status = intake.Other                  // only informs
	list.Rows = append(list.Rows[:5], list.Rows[6:]...) // missing: waits
	plan := intake.Make(base, list, today)
	for _, c := range []struct {
		confirmed []string
		want      []string
		known     bool
	}{
		{nil, []string{"1"}, true},
		{[]string{"2"}, []string{"1", "2"}, true},
		{[]string{"4", "3", "1"}, []string{"1", "4"}, true},
		{[]string{"5"}, []string{"1"}, false},
	} {
		chosen, known := plan.Chosen(c.confirmed)
		var refs []string
		for _, e := range chosen {
			refs = append(refs, e.Ref)
		}
		if !slices.Equal(refs, c.want) || known != c.known {
			t.Errorf("confirmed %q: %q, %v; want %q, %v", c.confirmed, refs, known, c.want, c.known)
		}
	}
}

func TestEntriesThatCreate(t *testing.T) {
	for reason, want := range map[intake.Reason]bool{
		intake.IDReused: true, intake.Namesake: true, intake.PossibleTwin: true, intake.BirthDateImplausible: true,
		intake.OtherID: false, intake.SamePerson: false,
	} {
		if got := (intake.Entry{Outcome: intake.Doubtful, NeedsConfirmation: reason}).Creates(); got != want {
			t.Errorf("%s: %v, want %v", reason, got, want)
		}
	}
	if !(intake.Entry{Outcome: intake.New}).Creates() || (intake.Entry{Outcome: intake.Changed}).Creates() {
		t.Error("new creates, changed does not")
	}
}
