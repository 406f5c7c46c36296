package notify

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/id"
)

var update = flag.Bool("update", false, "write the snapshots anew")

var placeholder = regexp.MustCompile(`\{\{\w+\}\}`)

// Every language has every kind with the same placeholders, and nothing that would end a header line.
func TestEveryLanguageHasEveryKind(t *testing.T) {
	if got := strings.Join(Languages(), " "); got != "ar de en ru tr uk" {
		t.Fatalf("languages: %s", got)
	}
	kinds := slices.Sorted(maps.Keys(languages[german].Kinds))
	for kind := range rules {
		if !slices.Contains(kinds, kind) {
			t.Errorf("%s has a rule and no words", kind)
		}
	}
	for tag, l := range languages {
		if got := slices.Sorted(maps.Keys(l.Kinds)); !slices.Equal(got, kinds) {
			t.Errorf("%s has %v, want %v", tag, got, kinds)
		}
		for kind, w := range l.Kinds {
			wanted := languages[german].Kinds[kind]
			if w.Subject == "" || w.Short == "" || (w.Action == "") != (wanted.Action == "") || (w.NotMe == "") != (wanted.NotMe == "") {
				t.Errorf("%s %s lacks something", tag, kind)
				continue
			}
			if strings.ContainsAny(w.Subject+w.Short, "\r\n{") {
				t.Errorf("%s %s: subject or line with a placeholder or a line end", tag, kind)
			}
			wantParagraphs(t, tag+" "+string(kind), w.Body, wanted.Body)
			if got, want := slices.Sorted(maps.Keys(w.Steps)), slices.Sorted(maps.Keys(wanted.Steps)); !slices.Equal(got, want) {
				t.Errorf("%s %s has the steps %v, want %v", tag, kind, got, want)
				continue
			}
			for step, paragraphs := range w.Steps {
				wantParagraphs(t, tag+" "+string(kind)+" "+step, paragraphs, wanted.Steps[step])
			}
		}
	}
}

func wantParagraphs(t *testing.T, name string, got, german []string) {
	t.Helper()
	if len(got) != len(german) {
		t.Errorf("%s: %d paragraphs, want %d", name, len(got), len(german))
		return
	}
	for i, paragraph := range got {
		if !slices.Equal(placeholder.FindAllString(paragraph, -1), placeholder.FindAllString(german[i], -1)) {
			t.Errorf("%s: paragraph %d has other placeholders than the German one", name, i+1)
		}
		for sentence := range strings.SplitSeq(paragraph, ". ") {
			if n := len(strings.Fields(sentence)); n > 15 {
				t.Errorf("%s: a sentence of %d words", name, n)
			}
		}
	}
}

// What a mail looks like, for every language: all kinds as text, and one as HTML. -update writes them anew.
func TestSnapshots(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range Languages() {
		var all strings.Builder
		for _, kind := range slices.Sorted(maps.Keys(languages[german].Kinds)) {
			m := Message{
				Kind: kind, Person: id.GuardianOf("mother"), At: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC),
				Values: Values{"note": "einverstanden\n42\nabc", DayValue: "2026-12-08", "until": "2026-12-15"},
			}
			to := links{action: "https://schule.example/x", notMe: "https://schule.example/m#not-me=token"}
			if rules[kind].stoppable {
				to.stop = "https://schule.example/m#stop=token"
			}
			if kind == Checkpoint {
				to = links{}
			}
			w := write(tag, m, "Gesamtschule <Müsterstadt> & Söhne", zone, to)
			all.WriteString("=== " + string(kind) + ": " + w.Subject + "\n\n" + w.text() + "\n")
			if kind == Reminder || kind == Invitation {
				html, err := w.html()
				if err != nil {
					t.Fatal(err)
				}
				all.WriteString(html + "\n")
			}
			for _, m.Step = range slices.Sorted(maps.Keys(languages[german].Kinds[kind].Steps)) {
				all.WriteString("=== " + string(kind) + " " + m.Step + "\n\n" + write(tag, m, "Gesamtschule", zone, to).text() + "\n")
			}
		}
		if strings.Contains(all.String(), "{{") {
			t.Errorf("%s: a placeholder is left", tag)
		}
		if strings.Contains(all.String(), `<html lang="`+tag+`" dir="rtl"`) != (tag == "ar") {
			t.Errorf("%s: wrong direction", tag)
		}
		golden := filepath.Join("testdata", tag+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(all.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || string(want) != all.String() {
			t.Errorf("%s differs from %s (%v); look at it, then run with -update", tag, golden, err)
		}
	}
}
