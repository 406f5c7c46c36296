package intake

import (
	"strconv"
	"strings"

	"einverstanden/backend/calendar"
	"einverstanden/backend/fault"
)

// MaxBytes is how large a file may be. Nothing larger is looked at.
const MaxBytes = 2 << 20

// Read understands the text export of SchILD-NRW, the user export of IServ, and any table whose header
// names columns as German schools do: delimiter ; | , or tab, quoted or not, UTF-8 or Windows-1252.
//
// A file larger than MaxBytes gives fault.BodyTooLarge. Any other fault gives fault.FileInvalid, whose
// fields say for up to a hundred places what is wrong ("line 17, Geburtsdatum"): the faults of the table,
// and, when it can be cut into rows, those of all values at once. There is no list with faults in it.
func Read(data []byte) (List, error) {
	if len(data) > MaxBytes {
		return List{}, fault.New(fault.BodyTooLarge).With("limit", strconv.Itoa(MaxBytes))
	}
	var found faults
	list := read(data, &found)
	if err := found.err(); err != nil {
		return List{}, err
	}
	return list, nil
}

func read(data []byte, found *faults) List {
	text, ok := decode(data, found)
	if !ok {
		return List{}
	}
	t, c, ok := cut(text, found)
	if !ok {
		return List{}
	}
	if len(t.rows) == 0 && found.none() {
		found.add(t.header.line, "", fault.FileEmpty, nil)
	}
	r := reader{table: t, columns: c, found: found}
	return List{Rows: r.pupils(), TellsLeaving: c.has(leftOn)}
}

// reader turns the rows of a table into pupils.
type reader struct {
	table   table
	columns columns
	found   *faults
}

// pupils reads all rows and joins those that belong to one pupil.
func (r reader) pupils() []Row {
	joined := joiner{reader: r, byKey: map[string]*draft{}}
	for _, row := range r.table.rows {
		if checkCells(r.table, r.columns, row, r.found) {
			joined.add(r.draft(row))
		}
	}
	return joined.rows()
}

// value is the text of a cell, its blanks made even; empty when the file has no such column.
func (r reader) value(row record, wanted column) string {
	at, ok := r.columns.at[wanted]
	if !ok {
		return ""
	}
	return strings.Join(strings.Fields(row.cells[at].text), " ")
}

// report records a fault at the cell of a column that the file has.
func (r reader) report(row record, at column, code fault.Code, params fault.Params) {
	position := r.columns.at[at]
	r.found.add(row.cells[position].line, r.table.label(position), code, params)
}

// draft reads one row.
func (r reader) draft(row record) draft {
	family, _, _ := strings.Cut(r.value(row, familyName), "#") // SchILD tells namesakes apart as Name#Klasse
	d := draft{
		Row: Row{
			Line:       row.line,
			ImportID:   r.value(row, importID),
			GivenName:  r.value(row, givenName),
			FamilyName: strings.TrimSpace(family),
			BirthDate:  r.date(row, birthDate),
			Class:      r.value(row, className),
			Status:     r.status(row),
			JoinedOn:   r.date(row, joinedOn),
			LeftOn:     r.date(row, leftOn),
			Phone:      r.value(row, phone),
			Address:    r.address(row, street, postcode, town),
		},
		record:       row,
		rawName:      r.value(row, familyName),
		furtherPhone: r.value(row, furtherPhone),
	}
	if d.Phone == "" {
		d.Phone = d.furtherPhone
	}
	d.Email = r.email(row, email, &d.Row)
	r.requireValues(&d)
	r.addGuardians(&d)
	return d
}

// status of a row. In an IServ export the column of that name is the state of an account; there, whoever is
// of another type or has no class is no pupil.
func (r reader) status(row record) Status {
	if r.columns.fromIServ() {
		kind := strings.ToLower(r.value(row, userType))
		if r.value(row, className) == "" || kind != "" && !strings.HasPrefix(kind, "schül") {
			return Staff
		}
		return Active
	}
	if !r.columns.has(status) {
		return Active
	}
	return readStatus(r.value(row, status))
}

func (r reader) date(row record, wanted column) calendar.Date {
	text := r.value(row, wanted)
	if text == "" {
		return calendar.Date{}
	}
	date, ok := readDate(text)
	if !ok {
		r.report(row, wanted, fault.FileDateInvalid, fault.Params{"value": shortened(text)})
		return calendar.Date{}
	}
	return date
}

// shortened is a wrong value as it may be repeated to the person who sent the file.
func shortened(text string) string {
	const most = 20
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func (r reader) address(row record, street, postcode, town column) Address {
	return Address{Street: r.value(row, street), Postcode: r.value(row, postcode), Town: r.value(row, town)}
}

// email is a usable address or nothing; what cannot be used is noted, because offices write "keine" there
// and a whole list should not fail for it.
func (r reader) email(row record, wanted column, into *Row) string {
	text := r.value(row, wanted)
	if text != "" && !usableEmail(text) {
		into.note(NoteEmailUnusable)
		return ""
	}
	return text
}

// requireValues reports what a pupil cannot do without. A class and a birth date are asked for only from
// those who will be imported: a waiting list has neither.
func (r reader) requireValues(d *draft) {
	required := []column{familyName, givenName}
	if d.Status == Active {
		required = append(required, className)
		if !r.columns.fromIServ() {
			required = append(required, birthDate)
		}
	}
	if d.Status == Staff {
		return
	}
	for _, wanted := range required {
		if r.value(d.record, wanted) == "" {
			r.report(d.record, wanted, fault.FileValueMissing, nil)
		}
	}
}
