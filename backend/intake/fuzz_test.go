package intake_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"einverstanden/backend/fault"
	"einverstanden/backend/intake"
)

// FuzzRead holds that no bytes make Read panic, that whatever it refuses it refuses with a place, and that
// whatever it takes can be planned and comes out of JSON as it went in.
func FuzzRead(f *testing.F) {
	f.Add(lines(plainHeader, "Ohm;Ida;7b;02.02.2014"))
	f.Add(lines(schildHeader, `1;"a";"b";03.04.2014;"7b";2;;;"";"";"";"";"";"";"";"";"";"";"";"";"";"";""`))
	f.Add(lines(plainHeader, `"a;"b""`, "\"\r\n"))
	f.Add([]byte("\xFF\xFEN\x00"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("Nachname,Vorname\tKlasse|Geburtsdatum\r\r\n\n\",\""))
	f.Fuzz(func(t *testing.T, data []byte) { readAndPlan(t, data) })
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func readAndPlan(t failer, data []byte) {
	t.Helper()
	list, err := intake.Read(data)
	if err != nil {
		var refused *fault.Error
		if !errors.As(err, &refused) {
			t.Fatalf("a foreign error: %v", err)
		}
		if refused.Code == fault.FileInvalid && (len(refused.Fields) == 0 || refused.Fields[0].Params["line"] == "") {
			t.Fatalf("refused without a place: %v", err)
		}
		return
	}
	plan := intake.Make(intake.Snapshot{}, list, day("2026-11-24"))
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatalf("plan has no JSON form: %v", err)
	}
	var again intake.Plan
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(plan, again) {
		t.Fatalf("plan changed in JSON: %v\n%+v\n%+v", err, plan, again)
	}
}

// TestReadTakesWhateverIsWrittenByTheRules builds tables cell by cell, so that the random search gets past
// the header, which random bytes seldom do.
func TestReadTakesWhateverIsWrittenByTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := []string{"7b", "2", "9", "01.02.2014", "31.02.2015", "2014-02-01", "1", `"`, `""`, "a@example.org"}
		cell := rapid.OneOf(rapid.StringMatching(`[A-Za-zäöüß' -]{0,12}`), rapid.String(), rapid.SampledFrom(values))
		quoted := rapid.Map(cell, func(s string) string { return `"` + s + `"` })
		data := []byte(schildHeader + "\n")
		for range rapid.IntRange(0, 6).Draw(t, "rows") {
			for i := range 23 {
				if i > 0 {
					data = append(data, ';')
				}
				data = append(data, rapid.OneOf(cell, quoted).Draw(t, "cell")...)
			}
			data = append(data, rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")...)
		}
		readAndPlan(t, data)
	})
}
