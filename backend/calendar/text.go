package calendar

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// Parse reads exactly YYYY-MM-DD (RFC 3339 full-date) and refuses days that do not exist.
func Parse(text string) (Date, error) {
	if len(text) != len("YYYY-MM-DD") || text[4] != '-' || text[7] != '-' {
		return Date{}, ErrDate
	}
	year, month, day := digits(text[:4]), digits(text[5:7]), digits(text[8:])
	date := On(year, time.Month(month), day)
	if date.IsZero() {
		return Date{}, ErrDate
	}
	return date, nil
}

// MustParse is Parse for constants in tests and tables; it panics on a fault.
func MustParse(text string) Date {
	date, err := Parse(text)
	if err != nil {
		panic(fmt.Sprintf("%v: %q", err, text))
	}
	return date
}

// digits is the number that ASCII digits write, or -1 when there is anything else among them.
func digits(text string) int {
	number := 0
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return -1
		}
		number = number*10 + int(text[i]-'0')
	}
	return number
}

// String is YYYY-MM-DD, empty for the unknown day.
func (d Date) String() string {
	text, _ := d.AppendText(nil)
	return string(text)
}

// AppendText implements encoding.TextAppender; it never fails.
func (d Date) AppendText(b []byte) ([]byte, error) {
	if d.IsZero() {
		return b, nil
	}
	digit := func(n int) byte { return "0123456789"[n%10] }
	y, m, day := d.Year(), int(d.month), d.Day()
	return append(b,
		digit(y/1000), digit(y/100), digit(y/10), digit(y), '-',
		digit(m/10), digit(m), '-',
		digit(day/10), digit(day)), nil
}

// MarshalText is String; the unknown day is the empty text.
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(make([]byte, 0, len("YYYY-MM-DD"))) }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	date, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = date
	return nil
}

// MarshalJSON writes "YYYY-MM-DD", and null for the unknown day.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	b, _ := d.AppendText([]byte{'"'})
	return append(b, '"'), nil
}

// UnmarshalJSON reads "YYYY-MM-DD" or null. The empty string is refused: a client that sends it has lost
// a date, and should hear of it.
func (d *Date) UnmarshalJSON(data []byte) error {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("%w: %w", ErrDate, err)
	}
	if text == nil {
		*d = Date{}
		return nil
	}
	date, err := Parse(*text)
	if err != nil {
		return err
	}
	*d = date
	return nil
}

// Value implements driver.Valuer: the text YYYY-MM-DD, NULL for the unknown day. Text sorts as days do, in
// both databases.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan implements sql.Scanner for text columns, and for date columns, which some drivers hand over as an
// instant: its civil day is taken as it stands, in the instant's own zone.
func (d *Date) Scan(source any) error {
	switch value := source.(type) {
	case nil:
		*d = Date{}
		return nil
	case string:
		return d.scanText(value)
	case []byte:
		return d.scanText(string(value))
	case time.Time:
		*d = On(value.Date())
		return nil
	default:
		return fmt.Errorf("%w: cannot scan %T", ErrDate, source)
	}
}

func (d *Date) scanText(text string) error {
	date, err := Parse(text)
	if err != nil {
		return err
	}
	*d = date
	return nil
}
