package intake_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"einverstanden/backend/fault"
	"einverstanden/backend/intake"
)

func utf16(t *testing.T, text string, mark unicode.BOMPolicy) []byte {
	t.Helper()
	data, err := unicode.UTF16(unicode.LittleEndian, mark).NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// faultsOf reads a file that must be refused, and gives "place: code" for each fault.
func faultsOf(t *testing.T, data []byte) ([]string, *fault.Error) {
	t.Helper()
	list, err := intake.Read(data)
	var refused *fault.Error
	if !errors.As(err, &refused) {
		t.Fatalf("Read took it: %d rows, err %v", len(list.Rows), err)
	}
	if len(list.Rows) != 0 {
		t.Errorf("a list with faults has %d rows", len(list.Rows))
	}
	var found []string
	for _, field := range refused.Fields {
		found = append(found, field.Name+": "+string(field.Code))
	}
	return found, refused
}

func TestReadNamesLineAndColumnOfEveryFault(t *testing.T) {
	good := "Ohm;Ida;7b;02.02.2014"
	plain := string(lines(plainHeader, good))
	guardians := plainHeader + ";Erzieher 1: Vorname;Erzieher 1: Nachname"
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"UTF-16":                {utf16(t, plain, unicode.UseBOM), []string{"line 1: file_encoding"}},
		"UTF-16 without a mark": {utf16(t, plain, unicode.IgnoreBOM), []string{"line 1: file_encoding"}},
		"UTF-8 by its mark only": {
			[]byte("\xEF\xBB\xBF" + plainHeader + "\nOhm;Id\xE4;7b;02.02.2014\n"),
			[]string{"line 2, Vorname: file_control_char"},
		},
		"NUL": {
			lines(plainHeader, good, "Ahl;J\x00;7b;02.02.2014"),
			[]string{"line 3: file_binary"},
		},
		"xlsx renamed":         {[]byte("PK\x03\x04\x14\x00\x06\x00"), []string{"line 1: file_binary"}},
		"xls renamed":          {[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), []string{"line 1: file_binary"}},
		"PDF renamed":          {[]byte("%PDF-1.7\n%âãÏÓ\n"), []string{"line 1: file_binary"}},
		"nothing":              {nil, []string{"line 1: file_empty"}},
		"blank lines":          {[]byte("\r\n \r\n"), []string{"line 1: file_empty"}},
		"a header alone":       {lines(plainHeader), []string{"line 1: file_empty"}},
		"no known column":      {lines("Hallo;Welt", "Ohm;Ida"), []string{"line 1: file_no_known_column"}},
		"a pupil for a header": {lines("Ohm;Ida;7b;7b", "Ahl;Jo;7b;7b"), []string{"line 1: file_no_known_column"}},
		"two columns of one name": {
			lines(plainHeader+"; NACHNAME", good+";x"),
			[]string{"line 1, NACHNAME: file_column_twice"},
		},
		"two unknown of one name": {
			lines(plainHeader+";Notiz;notiz", good+";;"),
			[]string{"line 1, notiz: file_column_twice"},
		},
		"needed columns missing": {
			lines("", "Vorname;Ort", "Ida;X"),
			[]string{
				"line 2, Nachname: file_column_missing", "line 2, Klasse: file_column_missing",
				"line 2, Geburtsdatum: file_column_missing",
			},
		},
		"guardians without names": {
			lines(plainHeader+";Erzieher 2: E-Mail", good+";"),
			[]string{"line 1, Erzieher 2: Nachname: file_column_missing"},
		},
		"an address for unnamed people": {
			lines(plainHeader+";Erzieher: E-Mail", good+";"),
			[]string{"line 1, Erzieher 1: Nachname: file_column_missing"},
		},
		"65 columns": {
			lines(strings.Repeat("Klasse;", 64)+"Nachname", good),
			[]string{"line 1, #65: file_too_many_columns"},
		},
		"quote never closed": {
			lines(plainHeader, good, `Ohm;"Ida;7b;02.02.2014`, good),
			[]string{"line 3, Vorname: file_quote_open"},
		},
		"quote closed too late": {
			lines(plainHeader, `"Ohm";"Ida;"7b";"02.02.2014"`, `"Ahl";"Jo";"7b";"02.02.2014"`),
			[]string{"line 2, Vorname: file_quote_open"},
		},
		"quote closed a line later": {
			lines(plainHeader, `"Ohm";"Ida";"7b";"02.02.2014`, `"Ahl";"Jo";"7b";"02.02.2014"`),
			[]string{"line 2, Geburtsdatum: file_quote_open"},
		},
		"quote within a cell": {
			lines(plainHeader, `Ohm;Ida "Mo;7b;02.02.2014`),
			[]string{"line 2, Vorname: file_quote_open"},
		},
		"quote open in the header": {lines(`Nachname;"Vorname`, good), []string{"line 1, #2: file_quote_open"}},
		"a line too short": {
			lines(plainHeader, "Ohm;Ida;7b", good),
			[]string{"line 2, Geburtsdatum: file_row_ragged"},
		},
		"a line too long": {lines(plainHeader, good, good+";x"), []string{"line 3, #5: file_row_ragged"}},
		"an id twice": {
			lines("Interne ID-Nummer;"+plainHeader, "1;"+good, "1;Ahl;Jo;7b;02.02.2014"),
			[]string{"line 3, Interne ID-Nummer: file_id_twice"},
		},
		"a line twice": {
			lines("Interne ID-Nummer;"+plainHeader, "1;"+good, "1;"+good),
			[]string{"line 3, Interne ID-Nummer: file_id_twice"},
		},
		"an id twice, with another guardian": {
			lines("Interne ID-Nummer;"+guardians, "1;"+good+";Ute;Ohm", "1;Ahl;Jo;7b;02.02.2014;Udo;Ahl"),
			[]string{"line 3, Interne ID-Nummer: file_id_twice"},
		},
		"a pupil in two classes, with another guardian": {
			lines("Interne ID-Nummer;"+guardians, "1;"+good+";Ute;Ohm", "1;Ohm;Ida;8a;02.02.2014;Udo;Kern"),
			[]string{"line 3, Interne ID-Nummer: file_id_twice"},
		},
		"a pupil twice without id": {
			lines(plainHeader, good, "OHM;ida;8a;2.2.2014"),
			[]string{"line 3, Nachname: file_id_twice"},
		},
		"31.02.": {
			lines(plainHeader, good, "Ahl;Jo;7b;31.02.2015"),
			[]string{"line 3, Geburtsdatum: file_date_invalid"},
		},
		"two digits of a year": {
			lines(plainHeader, "Ahl;Jo;7b;01.02.15"),
			[]string{"line 2, Geburtsdatum: file_date_invalid"},
		},
		"American order": {
			lines(plainHeader, "Ahl;Jo;7b;02/28/2015"),
			[]string{"line 2, Geburtsdatum: file_date_invalid"},
		},
		"a word in a date": {
			lines(plainHeader, "Ahl;Jo;7b;01.02.2o14"),
			[]string{"line 2, Geburtsdatum: file_date_invalid"},
		},
		"before 1900": {
			lines(plainHeader, "Ahl;Jo;7b;01.02.1015"),
			[]string{"line 2, Geburtsdatum: file_date_invalid"},
		},
		"29.02. of no leap year": {
			lines(plainHeader, "Ahl;Jo;7b;29.02.2014"),
			[]string{"line 2, Geburtsdatum: file_date_invalid"},
		},
		"a wrong last day": {
			lines(plainHeader+";Entlassdatum", good+";bald"),
			[]string{"line 2, Entlassdatum: file_date_invalid"},
		},
		"names missing": {
			lines(plainHeader, ";;7b;02.02.2014"),
			[]string{"line 2, Nachname: file_value_missing", "line 2, Vorname: file_value_missing"},
		},
		"class and birth missing": {
			lines(plainHeader, "Ohm;Ida; ;"),
			[]string{"line 2, Klasse: file_value_missing", "line 2, Geburtsdatum: file_value_missing"},
		},
		"guardian's name missing": {
			lines(guardians, good+";Ute;"),
			[]string{"line 2, Erzieher 1: Nachname: file_value_missing"},
		},
		"a name of 201 characters": {
			lines(plainHeader, strings.Repeat("ä", 201)+";Ida;7b;02.02.2014"),
			[]string{"line 2, Nachname: file_value_too_long"},
		},
		"a cell of 1 MiB": {
			lines(plainHeader+";Notiz", good+";"+strings.Repeat("x", 1<<20)),
			[]string{"line 2, Notiz: file_value_too_long"},
		},
		"a header of 1 MiB": {
			lines(plainHeader+";"+strings.Repeat("x", 1<<20), good+";"),
			[]string{"line 1, #5: file_value_too_long"},
		},
		"a bell in a name": {
			lines(plainHeader, "Ohm;I\ada;7b;02.02.2014"),
			[]string{"line 2, Vorname: file_control_char"},
		},
		"a line end in a name": {
			lines(plainHeader, "\"Oh\nm\";Ida;7b;02.02.2014"),
			[]string{"line 2, Nachname: file_control_char"},
		},
		"a bell in a remark": {
			lines(plainHeader+";Notiz", good+";\a"),
			[]string{"line 2, Notiz: file_control_char"},
		},
		"a name written backwards": {
			lines(plainHeader, "Ohm;\u202eadI;7b;02.02.2014"),
			[]string{"line 2, Vorname: file_control_char"},
		},
		"bytes outside Windows-1252": {
			[]byte(plainHeader + "\nOhm;Id\xE4\x81;7b;02.02.2014\n"),
			[]string{"line 2, Vorname: file_control_char"},
		},
		"a replaced character": {
			lines(plainHeader+";Notiz", good+";M\ufffdller"),
			[]string{"line 2, Notiz: file_control_char"},
		},
		"a lone carriage return": {
			[]byte(plainHeader + "\rOhm;Ida;7b;02.02.2014\n" + good + "\n"),
			[]string{"line 1, #4: file_control_char", "line 1, Geburtsdatum: file_column_missing"},
		},
		"a control in the header": {lines(plainHeader+";x\ay", good+";"), []string{"line 1, #5: file_control_char"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, refused := faultsOf(t, c.data)
			if !slices.Equal(found, c.want) {
				t.Errorf("\n got %q\nwant %q", found, c.want)
			}
			if refused.Code != fault.FileInvalid || refused.Kind() != fault.Invalid {
				t.Errorf("code %s, kind %v", refused.Code, refused.Kind())
			}
		})
	}
}

func TestReadCollectsTheFaultsOfAllRows(t *testing.T) {
	found, _ := faultsOf(t, lines("Interne ID-Nummer;"+plainHeader+";Aufnahmedatum",
		"1;Ohm;Ida;7b;02.02.2014;32.01.2024",
		"2;Ahl;;7b;31.02.2015;",
		"3;zu;kurz",
		"1;Roth;Mia;7b;03.02.2014;",
	))
	want := []string{
		"line 2, Aufnahmedatum: file_date_invalid",
		"line 3, Geburtsdatum: file_date_invalid",
		"line 3, Vorname: file_value_missing",
		"line 4, Klasse: file_row_ragged",
		"line 5, Interne ID-Nummer: file_id_twice",
	}
	if !slices.Equal(found, want) {
		t.Errorf("\n got %q\nwant %q", found, want)
	}
}

func TestReadGivesWhatATextNeeds(t *testing.T) {
	_, refused := faultsOf(t, lines("Interne ID-Nummer;"+plainHeader,
		"1;Ohm;Ida;7b;02.02.2014", "1;Ahl;Jo;7b;am dritten Februar zweitausend", "1;x"))
	want := []fault.Params{
		{"line": "3", "column": "Geburtsdatum", "value": "am dritten Februar z…"},
		{"line": "3", "column": "Interne ID-Nummer", "value": "1", "first": "2"},
		{"line": "4", "column": "Vorname", "found": "2", "expected": "5"},
	}
	if len(refused.Fields) != len(want) {
		t.Fatalf("%d faults, want %d: %v", len(refused.Fields), len(want), refused)
	}
	for i, params := range want {
		if got := refused.Fields[i].Params; fmt.Sprint(got) != fmt.Sprint(params) {
			t.Errorf("fault %d: %v, want %v", i, got, params)
		}
	}
}

func TestReadReportsAHundredFaultsAndTheirNumber(t *testing.T) {
	file := []string{plainHeader}
	for range 150 {
		file = append(file, "Ohm;;7b;02.02.2014")
	}
	found, refused := faultsOf(t, lines(file...))
	// The 149 repetitions of a pupil without a given name are the same pupil twice as well.
	if len(found) != 100 || refused.Params["count"] != "299" {
		t.Errorf("%d faults listed, count %q; want 100 of 299", len(found), refused.Params["count"])
	}
	if found[0] != "line 2, Vorname: file_value_missing" {
		t.Errorf("first fault %q", found[0])
	}
}

func TestReadRefusesTheFirstRowTooMany(t *testing.T) {
	var file bytes.Buffer
	file.WriteString("\n" + plainHeader + "\n")
	for i := range 5001 {
		fmt.Fprintf(&file, "Ohm;Ida %d;7b;02.02.2014\n\n", i)
	}
	found, refused := faultsOf(t, file.Bytes())
	// Line 1 is blank, line 2 the header, and a blank line follows each pupil.
	if !slices.Equal(found, []string{"line 10003: file_too_many_rows"}) || refused.Fields[0].Params["limit"] != "5000" {
		t.Errorf("got %q, %v", found, refused.Fields)
	}
}

func TestReadLooksAtNothingOverTwoMebibytes(t *testing.T) {
	for size, want := range map[int]fault.Code{intake.MaxBytes: fault.FileInvalid, intake.MaxBytes + 1: fault.BodyTooLarge} {
		_, err := intake.Read(bytes.Repeat([]byte{'x'}, size))
		if !fault.Has(err, want) {
			t.Errorf("%d bytes: %v, want %s", size, err, want)
		}
	}
}
