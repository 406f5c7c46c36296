package intake_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"einverstanden/backend/calendar"
	"einverstanden/backend/intake"
)

// lines makes a file with CRLF, as Windows programs do.
func lines(text ...string) []byte { return []byte(strings.Join(text, "\r\n") + "\r\n") }

func windows1252(t *testing.T, text string) []byte {
	t.Helper()
	data, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatalf("not in Windows-1252: %v", err)
	}
	return data
}

func read(t *testing.T, data []byte) []intake.Row {
	t.Helper()
	list, err := intake.Read(data)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return list.Rows
}

func day(text string) calendar.Date { return calendar.MustParse(text) }

const plainHeader = "Nachname;Vorname;Klasse;Geburtsdatum"

func TestReadTakesAPlainTableInEveryDress(t *testing.T) {
	const umlauts = "Nachname;Vorname;Klasse;Geburtsdatum\r\nJäger-Öz;Änne;7b;01.02.2014\r\n"
	decomposed := strings.NewReplacer("ä", "a\u0308", "Ö", "O\u0308", "Ä", "A\u0308").Replace(umlauts)
	for name, data := range map[string][]byte{
		"UTF-8":                        []byte(umlauts),
		"UTF-8 with a byte order mark": append([]byte{0xEF, 0xBB, 0xBF}, umlauts...),
		"UTF-8, decomposed":            []byte(decomposed),
		"Windows-1252":                 windows1252(t, umlauts),
		"LF":                           []byte(strings.ReplaceAll(umlauts, "\r\n", "\n")),
		"CRLF and LF mixed":            []byte(strings.Replace(umlauts, "\r\n", "\n", 1)),
		"no end of the last line":      []byte(strings.TrimSuffix(umlauts, "\r\n")),
		"blank lines":                  []byte("\r\n\n" + umlauts + "\r\n;;;\r\n \n"),
		"commas":                       []byte(strings.ReplaceAll(umlauts, ";", ",")),
		"bars, as in .dat files":       []byte(strings.ReplaceAll(umlauts, ";", "|")),
		"tabs":                         []byte(strings.ReplaceAll(umlauts, ";", "\t")),
		"everything quoted":            lines(`"Nachname";"Vorname";"Klasse";"Geburtsdatum"`, `"Jäger-Öz";"Änne";"7b";"01.02.2014"`),
		"commas within quoted names":   lines(`"Nachname";"a,b,c,d,e,f";Vorname;Klasse;Geburtsdatum`, `Jäger-Öz;;Änne;7b;01.02.2014`),
		"columns in another order":     lines("Geburtsdatum;Klasse;Vorname;Nachname", "01.02.2014;7b;Änne;Jäger-Öz"),
		"blanks and case in headers":   lines(" NACHNAME ;vorname;\u00a0Klasse; GeburtsDatum", "Jäger-Öz;Änne;7b;01.02.2014"),
		"blanks around values":         lines(plainHeader, "  Jäger-Öz ;\u00a0Änne; 7b ; 01.02.2014 "),
		"short dates":                  lines(plainHeader, "Jäger-Öz;Änne;7b;1.2.2014"),
		"ISO dates":                    lines(plainHeader, "Jäger-Öz;Änne;7b;2014-02-01"),
		"other names of the columns":   lines("Familienname;Rufname;Lerngruppe;Geburtsdatum", "Jäger-Öz;Änne;7b;01.02.2014"),
		"a namesake marked by SchILD":  lines(plainHeader, "Jäger-Öz#7b;Änne;7b;01.02.2014"),
	} {
		t.Run(name, func(t *testing.T) {
			rows := read(t, data)
			if len(rows) != 1 {
				t.Fatalf("got %d rows, want 1: %+v", len(rows), rows)
			}
			row := rows[0]
			if row.FamilyName != "Jäger-Öz" || row.GivenName != "Änne" || row.Class != "7b" ||
				row.BirthDate != day("2014-02-01") || row.Status != intake.Active {
				t.Errorf("got %+v", row)
			}
		})
	}
}

const schildHeader = `"Interne ID-Nummer";"Vorname";"Nachname";"Geburtsdatum";"Klasse";"Status";` +
	`"Aufnahmedatum";"Entlassdatum";"Straße";"Postleitzahl";"Ortsname";"Telefon-Nr.";"E-Mail (privat)";"Erzieher: Art (Klartext)";` +
	`"Erzieher 1: Anrede";"Erzieher 1: Vorname";"Erzieher 1: Nachname";"Erzieher 1: E-Mail";` +
	`"Erzieher 2: Anrede";"Erzieher 2: Vorname";"Erzieher 2: Nachname";"Erzieher 2: E-Mail";"Konfession"`

func TestReadTakesTheTextExportOfSchILD(t *testing.T) {
	data := windows1252(t, string(lines(schildHeader,
		`4711;"Zoë";"Großmann";03.04.2014;"7b";2;01.08.2024;;`+
			`"Am Bühl 4";"00417";"Auenbrück";"0221 4710-100";"zoe@example.org";"Eltern";`+
			`"Frau";"Ulla";"Großmann";"ulla@example.org";"Herr";"Sönke";"O’Hara";"sönke ohne";"ER"`)))
	row := read(t, data)[0]
	home := intake.Address{Street: "Am Bühl 4", Postcode: "00417", Town: "Auenbrück"}
	want := intake.Row{
		Line: 2, ImportID: "4711", GivenName: "Zoë", FamilyName: "Großmann", BirthDate: day("2014-04-03"), Class: "7b",
		Status: intake.Active, JoinedOn: day("2024-08-01"), Email: "zoe@example.org", Phone: "0221 4710-100", Address: home,
	}
	guardians, notes := row.Guardians, row.Notes
	row.Guardians, row.Notes = nil, nil
	if !equalRows(row, want) {
		t.Errorf("pupil\n got %+v\nwant %+v", row, want)
	}
	wantGuardians := []intake.Guardian{
		{
			Salutation: "Frau", GivenName: "Ulla", FamilyName: "Großmann", Email: "ulla@example.org",
			Address: home, Relation: intake.Mother,
		},
		{Salutation: "Herr", GivenName: "Sönke", FamilyName: "O’Hara", Address: home, Relation: intake.Father},
	}
	if !slices.Equal(guardians, wantGuardians) {
		t.Errorf("guardians\n got %+v\nwant %+v", guardians, wantGuardians)
	}
	if !slices.Equal(notes, []intake.Note{intake.NoteEmailUnusable}) {
		t.Errorf("notes %v: an address that is none is left out and noted", notes)
	}
}

func equalRows(a, b intake.Row) bool {
	return a.Line == b.Line && a.ImportID == b.ImportID && a.GivenName == b.GivenName && a.FamilyName == b.FamilyName &&
		a.BirthDate == b.BirthDate && a.Class == b.Class && a.Status == b.Status && a.JoinedOn == b.JoinedOn &&
		a.LeftOn == b.LeftOn && a.Email == b.Email && a.Phone == b.Phone && a.Address == b.Address
}

func TestReadTakesTheUserExportOfIServ(t *testing.T) {
	rows := read(t, lines(
		"Account;Vorname;Nachname;Status;Erstellt am;Erstellt von;UUID;Benutzertyp;Import-ID;Klasse/Information;E-Mail-Adresse;Gruppen",
		`mia.roth;Mia;Roth;aktiviert;01.08.2024;admin;u-1;Schüler;900;7b;mia.roth@schule.example.org;"Klasse 7b;Chor"`,
		"t.wittkamp;Tilo;Wittkamp;aktiviert;01.08.2019;admin;u-2;Lehrer;;7b;;",
		"hausmeister;Egon;;aktiviert;01.08.2019;admin;u-3;;;;;",
		"jo.ahl;Jo;Ahl;aktiviert;01.08.2024;admin;u-4;;;7b;;",
	))
	if len(rows) != 4 {
		t.Fatalf("got %d rows, want 4", len(rows))
	}
	mia := rows[0]
	if mia.Status != intake.Active || mia.ImportID != "900" || mia.Class != "7b" || !mia.BirthDate.IsZero() ||
		mia.Email != "mia.roth@schule.example.org" {
		t.Errorf("pupil: %+v", mia)
	}
	if rows[1].Status != intake.Staff || rows[2].Status != intake.Staff {
		t.Errorf("another type, and no class, are no pupils: %q, %q", rows[1].Status, rows[2].Status)
	}
	if rows[3].Status != intake.Active || rows[3].ImportID != "" {
		t.Errorf("an account without type and import id, but with a class: %+v", rows[3])
	}
}

func TestReadTakesQuotesAndLineEndsInCells(t *testing.T) {
	rows := read(t, lines(plainHeader+";Bemerkung",
		`"von ""der"" Heide";Tom;7b;01.02.2014;"erste Zeile`, "zweite; Zeile\t\"", "Ohm;Ida;7b;02.02.2014;"))
	if got := rows[0].FamilyName; got != `von "der" Heide` {
		t.Errorf("family name %q", got)
	}
	if rows[1].Line != 4 {
		t.Errorf("the pupil after a cell of two lines stands in line %d, want 4", rows[1].Line)
	}
}

func TestReadUnderstandsStatus(t *testing.T) {
	for value, want := range map[string]intake.Status{
		"2": intake.Active, "Aktiv": intake.Active, "8": intake.Left, "9": intake.Left, "Abgänger": intake.Left,
		"0": intake.Other, "1": intake.Other, "3": intake.Other, "6": intake.Other, "": intake.Other, "12": intake.Other,
	} {
		if got := read(t, lines(plainHeader+";Status", "Ohm;Ida;7b;02.02.2014;"+value))[0].Status; got != want {
			t.Errorf("status %q is %q, want %q", value, got, want)
		}
	}
}

func TestReadAsksNoClassOrBirthDateOfThoseWhoAreNotImported(t *testing.T) {
	if rows := read(t, lines(plainHeader+";Status", "Ohm;Ida;;;1", "Ahl;Jo;;;8")); len(rows) != 2 {
		t.Fatalf("got %d rows, want 2", len(rows))
	}
}

func TestReadUnderstandsRelations(t *testing.T) {
	header := plainHeader + ";Erzieher: Art (Klartext);Erzieher 1: Anrede;Erzieher 1: Nachname"
	for _, c := range []struct {
		kind, salutation string
		want             intake.Relation
	}{
		{"Eltern", "Frau", intake.Mother}, {"Eltern", "Herr Dr.", intake.Father}, {"Eltern", "", intake.Parent},
		{"Mutter", "Frau", intake.Mother}, {"Mutter", "Herr", intake.Parent}, {"Vater", "Herr", intake.Father},
		{"Vormund", "Herr", intake.LegalGuardian}, {"Jugendamt", "", intake.LegalGuardian},
		{"Pflegeeltern", "Frau", intake.OtherRelation}, {"Großeltern", "Frau", intake.OtherRelation},
		{"Stiefvater", "Herr", intake.OtherRelation}, {"", "Frau", intake.Parent},
	} {
		row := read(t, lines(header, "Ohm;Ida;7b;02.02.2014;"+c.kind+";"+c.salutation+";Ohm"))[0]
		if got := row.Guardians[0].Relation; got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.kind, c.salutation, got, c.want)
		}
	}
}

const guardianHeader = "Interne ID-Nummer;" + plainHeader +
	";Erzieher: Art (Klartext);Erzieher: E-Mail;Erzieher: Straße;Erzieher: Postleitzahl;Erzieher: Ort;" +
	"Erzieher 1: Vorname;Erzieher 1: Nachname;Erzieher 1: E-Mail;Erzieher 2: Vorname;Erzieher 2: Nachname;" +
	"Telefon-Nummern: Telefon-Nummer"

func TestReadJoinsTheLinesOfOnePupil(t *testing.T) {
	rows := read(t, lines(guardianHeader,
		"1;Ohm;Ida;7b;02.02.2014;Mutter;;;;;Ute;Ohm;;;;111",
		"2;Ahl;Jo;7b;03.02.2014;;;;;;;;;;;",
		"1;Ohm;Ida;7b;02.02.2014;Vater;;Weg 1;00417;Auenbrück;Udo;Kern;udo@example.org;;;111",
		"1;Ohm;Ida;7b;02.02.2014;Mutter;;;;;Ute;Ohm;ute@example.org;;;111",
		"1;Ohm;Ida;7b;02.02.2014;Mutter;;;;;Ute;Ohm;keine;;;222",
	))
	if len(rows) != 2 {
		t.Fatalf("got %d pupils, want 2", len(rows))
	}
	ida := rows[0]
	if len(ida.Guardians) != 2 || ida.Phone != "111" || ida.Line != 2 ||
		!slices.Equal(ida.Notes, []intake.Note{intake.NoteEmailUnusable}) {
		t.Fatalf("joined: %+v", ida)
	}
	if got := ida.Guardians[0].Email; got != "ute@example.org" {
		t.Errorf("a later line brings the address: %q", got)
	}
	if got := ida.Guardians[1]; got.Address.Town != "Auenbrück" || got.Relation != intake.Parent {
		t.Errorf("the other line's guardian: %+v", got)
	}
}

func TestReadJoinsNoMoreThanTenGuardians(t *testing.T) {
	file := []string{guardianHeader}
	for i := range 11 {
		file = append(file, "1;Ohm;Ida;7b;02.02.2014;;;;;;Ute "+string(rune('A'+i))+";Ohm;;;;")
	}
	if rows := read(t, lines(file[:11]...)); len(rows[0].Guardians) != 10 {
		t.Errorf("got %d guardians, want 10", len(rows[0].Guardians))
	}
	if found, _ := faultsOf(t, lines(file...)); !slices.Equal(found, []string{"line 12, Interne ID-Nummer: file_id_twice"}) {
		t.Errorf("got %q", found)
	}
}

func TestReadGivesTheSharedAddressToTheFirstGuardianAlone(t *testing.T) {
	row := read(t, lines(guardianHeader, "1;Ohm;Ida;7b;02.02.2014;Eltern;haus@example.org;;;;Ute;Ohm;;Udo;Kern;"))[0]
	if row.Guardians[0].Email != "haus@example.org" || row.Guardians[1].Email != "" {
		t.Errorf("got %+v", row.Guardians)
	}
}

func TestReadLeavesOutWhoIsNoGuardian(t *testing.T) {
	for name, line := range map[string]string{
		"a pupil of age as its own contact": "1;Ohm;Ida;7b;02.02.2008;Schüler ist volljährig;;;;;Ida;Ohm;ida@example.org;;;",
		"an address without a name":         "1;Ohm;Ida;7b;02.02.2014;;haus@example.org;;;;;;;;;",
	} {
		if row := read(t, lines(guardianHeader, line))[0]; len(row.Guardians) != 0 {
			t.Errorf("%s: %+v", name, row.Guardians)
		}
	}
}

func TestReadTakesOnlyBareAddresses(t *testing.T) {
	header := plainHeader + ";E-Mail (privat)"
	for address, usable := range map[string]bool{
		"ida@example.org": true, "ida.ohm+schule@mail.example.org": true, "": true,
		"keine": false, "ida@": false, "ida@localhost": false, "ida@example.": false, "Ida <ida@example.org>": false,
		"<ida@example.org>": false, "a@example.org, b@example.org": false, "ida @example.org": false,
	} {
		row := read(t, lines(header, "Ohm;Ida;7b;02.02.2014;"+address))[0]
		if noted := slices.Contains(row.Notes, intake.NoteEmailUnusable); noted == usable || usable != (row.Email == address) {
			t.Errorf("%q: e-mail %q, notes %v", address, row.Email, row.Notes)
		}
	}
}

func TestReadPrefersTheBetterOfTwoColumns(t *testing.T) {
	row := read(t, lines("UUID;Interne ID-Nummer;"+plainHeader+";E-Mail (privat);E-Mail (Schule)",
		"u;1;Ohm;Ida;7b;02.02.2014;privat@example.org;schule@example.org"))[0]
	if row.ImportID != "1" || row.Email != "schule@example.org" {
		t.Errorf("id %q, e-mail %q", row.ImportID, row.Email)
	}
}

func TestReadTellsWhetherTheFileKnowsLastDays(t *testing.T) {
	for header, want := range map[string]bool{plainHeader: false, plainHeader + ";Entlassdatum": true} {
		cells := "Ohm;Ida;7b;02.02.2014" + strings.Repeat(";", strings.Count(header, ";")-3)
		list, err := intake.Read(lines(header, cells))
		if err != nil || list.TellsLeaving != want {
			t.Errorf("%q: %v, %v", header, list.TellsLeaving, err)
		}
	}
}

func TestReadTakesAsMuchAsItSays(t *testing.T) {
	wide := plainHeader
	for i := 5; i <= 64; i++ {
		wide += ";Spalte " + string(rune('A'+i%26)) + string(rune('a'+i/26))
	}
	var file bytes.Buffer
	file.WriteString(wide + "\n")
	for i := range 5000 {
		born := calendar.On(2010, 1, 1).AddDays(i % 900)
		file.WriteString("Ohm;Ida" + strings.Repeat("a", i/900) + ";7b;" + born.String() + strings.Repeat(";", 60) + "\n")
	}
	if rows := read(t, file.Bytes()); len(rows) != 5000 {
		t.Errorf("got %d rows, want 5000", len(rows))
	}
}
