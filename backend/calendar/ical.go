package calendar

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrHolidayFile is the fault of every file that is no list of whole days in iCalendar form.
var ErrHolidayFile = errors.New("calendar: not a list of holidays in iCalendar form")

// HolidayFault is an ErrHolidayFile that knows its line.
type HolidayFault struct {
	Line   int // from 1
	Reason string
}

func (f *HolidayFault) Error() string {
	return fmt.Sprintf("%s: line %d: %s", ErrHolidayFile, f.Line, f.Reason)
}

// Unwrap is ErrHolidayFile.
func (f *HolidayFault) Unwrap() error { return ErrHolidayFile }

func last(lines []contentLine) int {
	if len(lines) == 0 {
		return 0
	}
	return lines[len(lines)-1].number
}

const (
	longestHolidayFile = 1 << 20 // bytes
	longestVacation    = 70      // days; more is a mistyped year
)

// ReadHolidays reads the events of an iCalendar file (RFC 5545, section 3.6.1) as periods of whole days. It is strict: an
// event without DTSTART, one that is not a DATE, repeats, lasts by DURATION or longer than ten weeks is refused with its
// line, because a holiday that is passed over in silence would have people written to. DTEND is the day after the last
// one (section 3.6.1); without it an event is one day.
func ReadHolidays(file io.Reader) ([]Period, error) {
	lines, err := contentLines(file)
	if err != nil {
		return nil, err
	}
	r := holidayReader{}
	for _, line := range lines {
		if err := r.take(string(line.text)); err != nil {
			return nil, &HolidayFault{Line: line.number, Reason: err.Error()}
		}
	}
	if !r.ended {
		return nil, &HolidayFault{Line: max(1, last(lines)), Reason: "no END:VCALENDAR"}
	}
	return r.periods, nil
}

type contentLine struct {
	number int
	text   []byte
}

// contentLines joins folded lines (RFC 5545, section 3.1).
func contentLines(file io.Reader) (lines []contentLine, err error) {
	limited := &io.LimitedReader{R: file, N: longestHolidayFile + 1}
	scanner := bufio.NewScanner(limited)
	for number := 1; scanner.Scan(); number++ {
		text := bytes.TrimSuffix(scanner.Bytes(), []byte("\r"))
		switch {
		case len(text) == 0:
		case (text[0] == ' ' || text[0] == '\t') && len(lines) > 0:
			folded := &lines[len(lines)-1].text
			*folded = append(*folded, text[1:]...)
		default:
			lines = append(lines, contentLine{number, bytes.Clone(text)})
		}
	}
	if limited.N <= 0 {
		return nil, fmt.Errorf("%w: more than 1 MiB", ErrHolidayFile)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHolidayFile, err)
	}
	return lines, nil
}

// holidayReader is what has been read so far.
type holidayReader struct {
	periods          []Period
	begun, ended     bool
	inEvent, hasEnds bool
	event            Period
}

func (r *holidayReader) take(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return errors.New("no property")
	}
	name, params, _ := strings.Cut(strings.ToUpper(name), ";")
	switch value = strings.TrimSpace(value); {
	case name == "BEGIN" && value == "VCALENDAR" && !r.begun:
		r.begun = true
	case !r.begun || r.ended:
		return errors.New("outside VCALENDAR")
	case name == "END" && value == "VCALENDAR" && !r.inEvent:
		r.ended = true
	case name == "BEGIN" && value == "VEVENT" && !r.inEvent:
		r.inEvent, r.hasEnds, r.event = true, false, Period{}
	case name == "END" && value == "VEVENT" && r.inEvent:
		r.inEvent = false
		return r.keep()
	case r.inEvent:
		return r.property(name, params, value)
	}
	return nil
}

func (r *holidayReader) property(name, params, value string) (err error) {
	switch name {
	case "DTSTART":
		r.event.From, err = icalDate(params, value)
	case "DTEND":
		r.hasEnds = true
		r.event.Until, err = icalDate(params, value)
		r.event.Until = r.event.Until.AddDays(-1)
	case "RRULE", "RDATE", "DURATION":
		err = fmt.Errorf("%s is not read", name)
	}
	return err
}

func (r *holidayReader) keep() error {
	if r.event.From.IsZero() {
		return errors.New("an event without DTSTART")
	}
	if !r.hasEnds {
		r.event.Until = r.event.From
	}
	if days, ok := r.event.From.DaysUntil(r.event.Until); !ok || days < 0 || days > longestVacation {
		return errors.New("an event that ends before it begins, or lasts more than ten weeks")
	}
	r.periods = append(r.periods, r.event)
	return nil
}

// icalDate reads a DATE (RFC 5545, section 3.3.4); midnights of programs that write holidays as DATE-TIME are refused.
func icalDate(params, value string) (Date, error) {
	if !strings.Contains(";"+params+";", ";VALUE=DATE;") || len(value) != len("YYYYMMDD") {
		return Date{}, errors.New("no whole day (VALUE=DATE:YYYYMMDD)")
	}
	date, err := Parse(value[:4] + "-" + value[4:6] + "-" + value[6:])
	if err != nil {
		return Date{}, errors.New("no such day")
	}
	return date, nil
}
