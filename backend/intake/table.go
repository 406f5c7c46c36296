package intake

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"einverstanden/backend/fault"
)

// The limits of a table. A school has at most a few thousand pupils; a cell beyond maxCell bytes is no
// cell of a class list but a quote that somebody lost.
const (
	maxRows    = 5000
	maxColumns = 64
	maxCell    = 16 << 10
)

// delimiters are tried in this order; the one that the header line has most of wins.
const delimiters = ";|,\t"

// record is one row of a table with the number of the line in which it begins.
type record struct {
	line  int
	cells []cell
}

// cell is a value with the number of the line in which it begins: a quoted cell may span lines.
type cell struct {
	text string
	line int
}

func (r record) blank() bool {
	for _, each := range r.cells {
		if strings.TrimSpace(each.text) != "" {
			return false
		}
	}
	return true
}

// table is a file cut into its header and its rows, each row as wide as the header.
type table struct {
	header record
	rows   []record
}

// maxLabel is how many characters of a column's name are repeated in a fault.
const maxLabel = 60

// label names a column as the file does, or by its number where the file gives it no name fit to repeat.
func (t table) label(column int) string {
	number := "#" + strconv.Itoa(column+1)
	if column >= len(t.header.cells) {
		return number
	}
	text := t.header.cells[column].text
	name := strings.Join(strings.Fields(text), " ")
	if name == "" || utf8.RuneCountInString(name) > maxLabel || strings.ContainsFunc(text, isUnwanted) {
		return number
	}
	return name
}

// cut reads a table after RFC 4180, with the delimiters of German school software and either line end. The
// rows are read only when the header is in order, since every place in them is named by it.
//
// It has a scanner of its own because encoding/csv cannot name the cell of an open quote: it drops the
// record and reports where it gave up, which is the end of the file or a quote many pupils later. This one
// knows where each quote was opened. It is as strict: a quote stands around a whole cell or is doubled.
func cut(text string, found *faults) (table, columns, bool) {
	scan := scanner{text: text, line: 1}
	t, ok := cutHeader(&scan, found)
	if !ok {
		return table{}, columns{}, false
	}
	c, ok := findColumns(t, found)
	if !ok {
		return table{}, columns{}, false
	}
	whole := t.cutRows(&scan, found)
	return t, c, whole
}

func cutHeader(scan *scanner, found *faults) (table, bool) {
	header, ok := scan.header()
	t := table{header: header}
	switch {
	case scan.open != nil:
		t.reportOpenQuote(scan.open, found)
	case !ok:
		found.add(1, "", fault.FileEmpty, nil)
	case len(header.cells) > maxColumns:
		t.reportTooWide(found)
	default:
		return t, true
	}
	return table{}, false
}

// cutRows adds the rows below the header. A ragged row is reported and left out; an open quote or a row
// too many ends the reading, since what follows cannot be trusted or is not wanted.
func (t *table) cutRows(scan *scanner, found *faults) bool {
	count := 0
	for {
		row, more := scan.record()
		if scan.open != nil {
			t.reportOpenQuote(scan.open, found)
			return false
		}
		if !more {
			return true
		}
		if row.blank() {
			continue
		}
		if count++; count > maxRows {
			found.add(row.line, "", fault.FileTooManyRows, fault.Params{"limit": strconv.Itoa(maxRows)})
			return false
		}
		if len(row.cells) != len(t.header.cells) {
			t.reportRagged(row, found)
			continue
		}
		t.rows = append(t.rows, row)
	}
}

func (t *table) reportOpenQuote(at *openQuote, found *faults) {
	found.add(at.line, t.label(at.column), fault.FileQuoteOpen, nil)
}

func (t *table) reportTooWide(found *faults) {
	found.add(t.header.line, "#"+strconv.Itoa(maxColumns+1), fault.FileTooManyColumns,
		fault.Params{"limit": strconv.Itoa(maxColumns)})
}

// reportRagged names the first column that is missing or one too many.
func (t *table) reportRagged(row record, found *faults) {
	first := min(len(row.cells), len(t.header.cells))
	found.add(row.line, t.label(first), fault.FileRowRagged, fault.Params{
		"found": strconv.Itoa(len(row.cells)), "expected": strconv.Itoa(len(t.header.cells)),
	})
}

// scanner walks through a text record by record.
type scanner struct {
	text      string
	at        int // offset of the next byte
	line      int // number of the line at that offset
	delimiter byte
	open      *openQuote // set when a quote does not pair; nothing is read after it
}

type openQuote struct{ line, column int }

// header skips blank lines, settles the delimiter and reads the header; false when the text holds nothing.
func (s *scanner) header() (record, bool) {
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		if strings.TrimSpace(rest[:end]) != "" {
			s.delimiter = delimiterOf(rest[:end])
			return s.record()
		}
		s.at = min(s.at+end+1, len(s.text))
		s.line++
	}
	return record{}, false
}

func delimiterOf(header string) byte {
	best, most := delimiters[0], 0
	for i := range len(delimiters) {
		if count := countUnquoted(header, delimiters[i]); count > most {
			best, most = delimiters[i], count
		}
	}
	return best
}

func countUnquoted(line string, wanted byte) int {
	count, quoted := 0, false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case wanted:
			if !quoted {
				count++
			}
		}
	}
	return count
}

// record reads up to the next line end outside quotes; false at the end of the text or after an open quote.
func (s *scanner) record() (record, bool) {
	if s.at >= len(s.text) {
		return record{}, false
	}
	row := record{line: s.line}
	for {
		next := cell{line: s.line}
		paired := s.readCell(&next)
		if !paired || s.misplacedQuote() {
			s.open = &openQuote{line: next.line, column: len(row.cells)}
			return record{}, false
		}
		row.cells = append(row.cells, next)
		if !s.skipDelimiter() {
			return row, true
		}
	}
}

// readCell reads one value; false when its quote is never closed.
func (s *scanner) readCell(into *cell) bool {
	if s.at < len(s.text) && s.text[s.at] == '"' {
		return s.readQuoted(into)
	}
	begin := s.at
	for s.at < len(s.text) && !s.endsCell() && s.text[s.at] != '"' {
		s.at++
	}
	into.text = s.text[begin:s.at]
	return true
}

func (s *scanner) readQuoted(into *cell) bool {
	var value strings.Builder
	for s.at++; ; s.at++ {
		end := strings.IndexByte(s.text[s.at:], '"')
		if end < 0 {
			return false
		}
		piece := s.text[s.at : s.at+end]
		s.line += strings.Count(piece, "\n")
		value.WriteString(piece)
		s.at += end + 1
		if s.at >= len(s.text) || s.text[s.at] != '"' {
			into.text = value.String()
			return true
		}
		value.WriteByte('"')
	}
}

// misplacedQuote reports whether something other than a delimiter or a line end follows a cell: text after
// a closing quote, or a quote in the middle of an unquoted cell.
func (s *scanner) misplacedQuote() bool { return s.at < len(s.text) && !s.endsCell() }

func (s *scanner) endsCell() bool {
	switch s.text[s.at] {
	case s.delimiter, '\n':
		return true
	case '\r':
		return s.at+1 < len(s.text) && s.text[s.at+1] == '\n'
	}
	return false
}

// skipDelimiter steps over what ended a cell and reports whether the record goes on.
func (s *scanner) skipDelimiter() bool {
	if s.at >= len(s.text) {
		return false
	}
	switch s.text[s.at] {
	case s.delimiter:
		s.at++
		return true
	case '\r':
		s.at++
	}
	s.at++
	s.line++
	return false
}
