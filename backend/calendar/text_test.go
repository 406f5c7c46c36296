package calendar_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"einverstanden/backend/calendar"
)

func TestParseTakesOneFormOnly(t *testing.T) {
	for _, text := range []string{
		"", "2026-8-1", "2026-08-1", "01.08.2026", "2026/08/01", "2026-08-01T00:00:00Z", " 2026-08-01",
		"2026-08-01 ", "+026-08-01", "-026-08-01", "2026-0x-01", "٢٠٢٦-08-01", "2015-02-31", "0000-01-01",
		"2026-00-10", "2026-10-00",
	} {
		if got, err := calendar.Parse(text); !errors.Is(err, calendar.ErrDate) || !got.IsZero() {
			t.Errorf("%q: got %q and %v, want ErrDate", text, got, err)
		}
	}
}

func TestTextsReadBackAsTheSameDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := someDay().Draw(t, "day")
		if got, err := calendar.Parse(want.String()); err != nil || got != want {
			t.Fatalf("Parse(String): got %s and %v, want %s", got, err, want)
		}
		text, err := want.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var read calendar.Date
		if err := read.UnmarshalText(text); err != nil || read != want {
			t.Fatalf("text: got %s and %v, want %s", read, err, want)
		}
	})
}

func TestJSON(t *testing.T) {
	type row struct {
		From  calendar.Date `json:"from"`
		Until calendar.Date `json:"until"`
		Gone  calendar.Date `json:"gone,omitzero"`
	}
	data, err := json.Marshal(row{From: day("0987-06-05")})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"from":"0987-06-05","until":null}`; string(data) != want {
		t.Errorf("got %s, want %s", data, want)
	}
	read := row{Until: day("2020-01-01")}
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	if (read != row{From: day("0987-06-05")}) {
		t.Errorf("null must clear what was there, got %+v", read)
	}
	byDay := map[calendar.Date]int{day("2026-08-01"): 3}
	if data, err = json.Marshal(byDay); err != nil || string(data) != `{"2026-08-01":3}` {
		t.Errorf("as a key: got %s and %v", data, err)
	}
}

func TestJSONRefusesWhatIsNoDay(t *testing.T) {
	for _, data := range []string{`""`, `"2015-02-31"`, `20260801`, `{}`, `["2026-08-01"]`, `true`} {
		kept := day("2020-01-01")
		if err := json.Unmarshal([]byte(data), &kept); !errors.Is(err, calendar.ErrDate) {
			t.Errorf("%s: got %v, want ErrDate", data, err)
		}
		if kept != day("2020-01-01") {
			t.Errorf("%s: a fault must not change the value", data)
		}
	}
}

func TestUnmarshalTextRefusesWhatIsNoDay(t *testing.T) {
	kept := day("2020-01-01")
	if err := kept.UnmarshalText([]byte("2015-02-31")); !errors.Is(err, calendar.ErrDate) {
		t.Errorf("got %v, want ErrDate", err)
	}
	if err := kept.UnmarshalText(nil); err != nil || !kept.IsZero() {
		t.Errorf("the empty text is the unknown day, got %s and %v", kept, err)
	}
}

func TestColumns(t *testing.T) {
	value, err := day("2026-08-01").Value()
	if err != nil || value != "2026-08-01" {
		t.Errorf("got %v and %v", value, err)
	}
	if value, err = (calendar.Date{}).Value(); err != nil || value != nil {
		t.Errorf("the unknown day is NULL, got %v and %v", value, err)
	}
	late := time.Date(2026, time.August, 1, 23, 30, 0, 0, time.FixedZone("", -5*3600))
	for _, tt := range []struct {
		name   string
		source any
		want   string
	}{
		{"text", "2026-08-01", "2026-08-01"},
		{"bytes", []byte("2026-08-01"), "2026-08-01"},
		{"date column", late, "2026-08-01"},
		{"NULL", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			read := day("2000-01-01")
			if err := read.Scan(tt.source); err != nil || read.String() != tt.want {
				t.Errorf("got %q and %v, want %q", read, err, tt.want)
			}
		})
	}
	for _, source := range []any{"", "1 August", []byte("2026"), int64(20260801), 1.5, true} {
		kept := day("2000-01-01")
		if err := kept.Scan(source); !errors.Is(err, calendar.ErrDate) || kept != day("2000-01-01") {
			t.Errorf("%v: got %s and %v, want ErrDate and no change", source, kept, err)
		}
	}
}

func TestMustParsePanicsOnAFault(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a wrong constant must not pass")
		}
	}()
	calendar.MustParse("2015-02-31")
}

func FuzzParse(f *testing.F) {
	f.Add("2024-02-29")
	f.Add("2023-02-29")
	f.Fuzz(func(t *testing.T, text string) {
		date, err := calendar.Parse(text)
		if (err == nil) == date.IsZero() {
			t.Fatalf("%q: got %s and %v", text, date, err)
		}
		if err == nil && date.String() != text {
			t.Fatalf("%q reads as %s", text, date)
		}
	})
}
