package participation_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"einverstanden/backend/participation"
)

var update = flag.Bool("update", false, "rewrite truth_table.md from the rule")

const truthTable = "truth_table.md"

// TestTheTruthTableIsWhatTheRuleDecides compares the file that a headteacher reads with what the rule does.
func TestTheTruthTableIsWhatTheRuleDecides(t *testing.T) {
	got := renderTruthTable()
	if *update {
		if err := os.WriteFile(truthTable, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(truthTable)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if g, w := line(gotLines, i), line(wantLines, i); g != w {
			t.Fatalf("%s, line %d: the rule says\n%s\nthe file says\n%s\n(after a wanted change: go test ./backend/participation -run TruthTable -update)", truthTable, i+1, g, w)
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// row is one situation in words, and the world that it means.
type row struct {
	situation string
	world     *world
}

func renderTruthTable() string {
	var b strings.Builder
	b.WriteString(`# Wie darf das Kind teilnehmen?

Diese Tafeln zeigen, was das Programm in welcher Lage entscheidet. Sie werden aus dem Programm selbst
erzeugt und bei jedem Testlauf mit ihm verglichen: Was hier steht, gilt.

Es gibt drei Arten der Teilnahme: **Bild und Ton**, **nur Ton** und **auf anderem Weg** (Anruf, Brief,
persönlich). Der Grundsatz: Mehr wird es nur durch ein neues Ja von jemandem, der mitzusprechen hat.
Weniger wird es jederzeit, sofort und ohne Form.

„Uneinig“ heißt: Die Beteiligten haben Verschiedenes gesagt; die Schulleitung wird darauf hingewiesen.
Die Gründe sehen Sekretariat, Schulleitung und Datenschutzbeauftragte. Lehrkräfte sehen nur die Art der
Teilnahme, Eltern nur, was sie selbst erklärt haben.

Wo nichts anderes steht: Das Kind ist zwölf Jahre alt, Mutter und Vater haben die gemeinsame Sorge, und es
genügt das Ja von einer Person („ich/wir“).
`)
	renderParents(&b, "1. Zwei Eltern, ein Ja genügt", participation.One)
	renderParents(&b, "2. Zwei Eltern, beide müssen zustimmen", participation.All)
	for _, table := range []struct {
		title, intro string
		rows         []row
	}{
		{"3. Eine Person erklärt nacheinander Verschiedenes", "Der Vater hat „Ja, Bild und Ton“ gesagt; es geht um die Erklärungen der Mutter.", inSequence()},
		{"4. Die Einwilligung wird neu gefasst", "Eine neue Ausgabe fragt alle noch einmal. Sie beendet jedes Ja, aber kein Nein und keinen Widerruf.", newEditions()},
		{"5. Das Sekretariat hat etwas falsch eingetragen", "Ein falscher Eintrag wird für ungültig erklärt. Das nimmt ein Ja weg, hebt aber nie eine Grenze auf.", invalidations()},
		{"6. Wer mitzusprechen hat: das Sorgerecht", "", custody()},
		{"7. Das Alter, wie im Brief der Schule", "Bis 18 entscheiden die Eltern, ab 18 die Schülerin oder der Schüler allein.", agesAsLetter()},
		{"8. Das Alter, zweite Voreinstellung", "Ab 14 gemeinsam mit den Eltern, ab 16 allein. In dieser Tafel müssen alle zustimmen, die mitzusprechen haben.", agesFromFourteen()},
		{"9. Das Kind selbst, Maßnahmen, angehaltene Verarbeitung", "Beide Eltern haben „Ja, Bild und Ton“ gesagt.", restrictions(participation.Consent)},
		{"10. Unterricht, der auf dem Schulgesetz beruht", "Hier nimmt das Kind kraft Gesetzes teil. Ohne Einwilligung bleibt die Kamera aus; ausgeschlossen wird deshalb niemand.", byStatute()},
		{"11. Anmeldung, Abgang, Rückkehr", "Die Mutter hat „Ja, Bild und Ton“ gesagt.", schooling()},
		{"12. Wenn etwas nicht bekannt ist", "Was das Programm nicht weiß, entscheidet es streng.", unknownFacts()},
	} {
		renderRows(&b, table.title, table.intro, table.rows)
	}
	return b.String()
}

// said is everything that one of two parents may have said, in the words of the form.
var said = []struct {
	words string
	say   func(w *world, person participation.Person)
}{
	{"Ja, Bild und Ton", func(w *world, p participation.Person) { w.answers(p, video) }},
	{"Ja, nur Ton", func(w *world, p participation.Person) { w.answers(p, audio) }},
	{"Nein", func(w *world, p participation.Person) { w.answers(p, none) }},
	{"Ja, dann Bild widerrufen", func(w *world, p participation.Person) { w.answers(p, video).withdraws(p, audio) }},
	{"Ja, dann alles widerrufen", func(w *world, p participation.Person) { w.answers(p, video).withdraws(p, none) }},
	{"nur das Bild abgelehnt, ohne Antwort", func(w *world, p participation.Person) { w.withdraws(p, audio) }},
	{"keine Antwort", func(w *world, p participation.Person) {}},
}

func renderParents(b *strings.Builder, title string, policy participation.Policy) {
	fmt.Fprintf(b, "\n## %s\n\nZeilen: die Mutter. Spalten: der Vater.\n\n|", title)
	for _, father := range said {
		fmt.Fprintf(b, " | %s", father.words)
	}
	b.WriteString(" |\n|" + strings.Repeat(" --- |", len(said)+1) + "\n")
	for _, mothers := range said {
		fmt.Fprintf(b, "| **%s**", mothers.words)
		for _, fathers := range said {
			w := newWorld().policy(policy)
			mothers.say(w, mother)
			fathers.say(w, father)
			fmt.Fprintf(b, " | %s", verdict(w.standing()))
		}
		b.WriteString(" |\n")
	}
}

func renderRows(b *strings.Builder, title, intro string, rows []row) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if intro != "" {
		b.WriteString(intro + "\n\n")
	}
	b.WriteString("| Lage | Teilnahme | Gründe | gilt bis zum Vortag des |\n| --- | --- | --- | --- |\n")
	for _, r := range rows {
		s := r.world.standing()
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", r.situation, verdict(s), reasonsInGerman(s), dayInGerman(s))
	}
}

func verdict(s participation.Standing) string {
	words := map[participation.Mode]string{video: "Bild und Ton", audio: "nur Ton", none: "auf anderem Weg"}[s.Mode]
	if s.Conflict {
		words += ", uneinig"
	}
	return words
}

func dayInGerman(s participation.Standing) string {
	if s.Until.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", s.Until.Day(), s.Until.Month(), s.Until.Year())
}

var inGerman = map[participation.ReasonKind]string{
	participation.Unclear:       "eine Angabe fehlt oder widerspricht sich",
	participation.NotAtSchool:   "heute nicht an der Schule",
	participation.NoForm:        "noch keine Fassung in Kraft",
	participation.BirthUnknown:  "Geburtsdatum unbekannt",
	participation.NobodyHasSay:  "niemand mit Sorgerecht bekannt",
	participation.Unanswered:    "Ja fehlt",
	participation.Refused:       "Nein",
	participation.Withdrawn:     "widerrufen",
	participation.SoundOnly:     "nur Ton erlaubt",
	participation.AskedAgain:    "falsch eingetragen, wird neu gefragt",
	participation.Disputed:      "Sorge strittig, Ja genügt allein nicht",
	participation.PupilBeside:   "Ja neben den Eltern genügt allein nicht",
	participation.ToBeConfirmed: "Alter erreicht, noch zu bestätigen",
	participation.OwnLimit:      "eigener Wunsch des Kindes",
	participation.Sanctioned:    "Maßnahme der Schule",
	participation.TeacherLimit:  "Grenze der Lehrkraft für diese Konferenz",
	participation.Held:          "Verarbeitung angehalten",
}

func reasonsInGerman(s participation.Standing) string {
	who := map[participation.Person]string{mother: "Mutter: ", father: "Vater: ", child: "Kind: "}
	var parts []string
	for _, r := range s.Reasons {
		parts = append(parts, who[r.Person]+inGerman[r.Kind])
	}
	return strings.Join(parts, "; ")
}

func TestTheTruthTableShowsEveryReasonInWords(t *testing.T) {
	shown := map[participation.ReasonKind]bool{}
	for _, kind := range reasonsShown() {
		shown[kind] = true
		if inGerman[kind] == "" {
			t.Errorf("%s has no words", kind)
		}
	}
	for kind := range inGerman {
		if !shown[kind] {
			t.Errorf("no situation shows %s", kind)
		}
	}
}

// reasonsShown is every reason in any situation of the table.
func reasonsShown() []participation.ReasonKind {
	var shown []participation.ReasonKind
	for _, rows := range [][]row{
		inSequence(), newEditions(), invalidations(), custody(), agesAsLetter(), agesFromFourteen(),
		restrictions(participation.Consent), byStatute(), schooling(), unknownFacts(),
	} {
		for _, r := range rows {
			shown = append(shown, kinds(r.world.standing())...)
		}
	}
	return shown
}
