package intake_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/calendar"
	"einverstanden/backend/intake"
)

// The demo school's list is an export like any other; this holds it to what the demo promises to show.
func demoList(t *testing.T) ([]byte, intake.List) {
	t.Helper()
	data, err := os.ReadFile("../app/demo/schueler.txt")
	if err != nil {
		t.Fatal(err)
	}
	list, err := intake.Read(data)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return data, list
}

func TestDemoIsATextExportOfSchILD(t *testing.T) {
	data, list := demoList(t)
	if !bytes.Contains(data, []byte("M\xFCller")) || bytes.Contains(data, []byte("ü")) {
		t.Error("not in Windows-1252")
	}
	if bytes.Count(data, []byte("\n")) != bytes.Count(data, []byte("\r\n")) {
		t.Error("not every line ends with CRLF")
	}
	if !bytes.HasPrefix(data, []byte(`"Interne ID-Nummer";"Nachname";`)) {
		t.Error("not quoted, or other columns")
	}
	for _, unread := range []string{"Konfession", "1. Staatsang.", "Klassenlehrer"} {
		if !bytes.Contains(data, []byte(`"`+unread+`"`)) {
			t.Errorf("no column %s, which shows that it is not read", unread)
		}
	}
	for _, row := range list.Rows {
		if len(row.Notes) != 0 {
			t.Errorf("line %d has notes: %v", row.Line, row.Notes)
		}
	}
}

func TestDemoPlansAWholeSchool(t *testing.T) {
	_, list := demoList(t)
	plan := intake.Make(intake.Snapshot{}, list, today)
	if want := (intake.Counts{New: 100, Ignored: 2}); plan.Counts != want {
		t.Errorf("counts %+v, want %+v", plan.Counts, want)
	}
	if plan.NeedsHead || len(plan.People) != 162 {
		t.Errorf("needs head %v, %d guardians, want 162", plan.NeedsHead, len(plan.People))
	}
	classes := map[string]int{}
	notes := map[intake.Note]int{}
	guardians := map[int]int{} // pupils by number of guardians
	children := map[int][]string{}
	for _, e := range plan.Entries {
		for _, n := range e.Notes {
			notes[n]++
		}
		if e.Outcome != intake.New {
			continue
		}
		classes[e.Pupil.Class]++
		guardians[len(e.Guardians)]++
		for _, link := range e.Guardians {
			children[link.Person] = append(children[link.Person], e.Pupil.Class)
		}
	}
	if want := map[string]int{"5a": 25, "7b": 25, "9c": 25, "10a": 25}; !maps.Equal(classes, want) {
		t.Errorf("classes %v, want %v", classes, want)
	}
	if want := map[int]int{0: 1, 1: 18, 2: 81}; !maps.Equal(guardians, want) {
		t.Errorf("pupils by number of guardians %v, want %v", guardians, want)
	}
	wantNotes := map[intake.Note]int{intake.NoteTwin: 6, intake.NoteStatusIgnored: 1, intake.NoteAlreadyLeft: 1}
	if !maps.Equal(notes, wantNotes) {
		t.Errorf("notes %v, want %v", notes, wantNotes)
	}
	acrossClasses := 0
	for _, of := range children {
		if len(slices.Compact(slices.Sorted(slices.Values(of)))) > 1 {
			acrossClasses++
		}
	}
	if acrossClasses != 13 {
		t.Errorf("%d guardians with children in two classes, want 13", acrossClasses)
	}
}

func TestDemoIsPlausible(t *testing.T) {
	data, list := demoList(t)
	ages := map[string][2]int{"5a": {10, 11}, "7b": {12, 13}, "9c": {14, 15}, "10a": {15, 16}}
	adults := 0
	for _, row := range list.Rows {
		if row.Status != intake.Active {
			continue
		}
		age, ok := calendar.AgeOn(row.BirthDate, today)
		switch bounds := ages[row.Class]; {
		case ok && age >= 18:
			adults++
		case !ok || age < bounds[0] || age > bounds[1]:
			t.Errorf("line %d: %d years old in %s", row.Line, age, row.Class)
		}
	}
	if adults != 1 {
		t.Errorf("%d adult pupils, want 1", adults)
	}
	for cell := range bytes.FieldsFuncSeq(data, func(r rune) bool { return r == '"' || r == ';' }) {
		if bytes.Contains(cell, []byte("@")) &&
			!bytes.HasSuffix(cell, []byte("example.org")) && !bytes.HasSuffix(cell, []byte("example.com")) {
			t.Errorf("an address that might be somebody's: %s", cell)
		}
	}
}

func TestNothingOfAnUnknownColumnIsKept(t *testing.T) {
	_, list := demoList(t)
	plan, err := json.Marshal(intake.Make(intake.Snapshot{}, list, today))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, unread := range []string{"ohne Bekenntnis", "andere", "Hagenkötter"} {
		if strings.Contains(string(plan), unread) || strings.Contains(string(rows), unread) {
			t.Errorf("%q was kept", unread)
		}
	}
}

// A second import of the same list into the school that the first one made finds nothing to do.
func TestDemoImportedTwiceChangesNothing(t *testing.T) {
	_, list := demoList(t)
	first := intake.Make(intake.Snapshot{}, list, today)
	second := intake.Make(applied(t, first), list, today)
	want := intake.Counts{Unchanged: 100, Ignored: 2}
	if second.Counts != want || second.NeedsHead || len(second.People) != 0 {
		t.Errorf("counts %+v, want %+v; entries %q", second.Counts, want, showAll(second))
	}
}
