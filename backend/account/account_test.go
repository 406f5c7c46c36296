package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// door is one school with its accounts: an office that issues letters, and families of whom only birth dates are known.
type door struct {
	*account.Service
	env      *testkit.Env
	school   id.School
	ctx      context.Context
	office   authz.Actor
	families *families
	log      *logBuffer
	hashings *atomic.Int64
}

const goodPassword = "Kirschbaum-im-Nebel-77"

func newDoor(t testing.TB, env *testkit.Env) *door {
	t.Helper()
	d := &door{env: env, school: addSchool(t, env), families: &families{}, log: &logBuffer{}}
	d.ctx = env.InSchool(d.school)
	d.Service = d.anotherInstance()
	d.hashings = d.HashFast()
	d.office = d.staff(t, "Hanne Amselweg", "office@schule.example", authz.Office)
	return d
}

// anotherInstance is the same program once more on the same database.
func (d *door) anotherInstance() *account.Service {
	return account.NewService(d.env.DB, d.env.Vault, evidence.NewLog(d.env.Vault), d.families, d.env.Clock.Now, slog.New(slog.NewJSONHandler(d.log, nil)))
}

func (d *door) staff(t testing.TB, name, email string, role authz.Role) authz.Actor {
	t.Helper()
	made, err := d.CreateStaff(d.ctx, account.NewStaff{Name: name, Email: email, Role: role, Password: goodPassword, Language: "de"})
	if err != nil {
		t.Fatal(err)
	}
	return authz.Actor{School: d.school, Account: made, Role: role}
}

const birthDate = "2014-05-17"

// family makes a guardian with a child born on birthDate.
func (d *door) family() id.Person {
	person := id.GuardianOf(id.New[id.Guardian]())
	d.families.add(person, birthDate)
	return person
}

func (d *door) issue(t testing.TB, persons ...id.Person) []account.IssuedLetter {
	t.Helper()
	recipients := make([]account.Recipient, len(persons))
	for i, person := range persons {
		recipients[i] = account.Recipient{Person: person}
	}
	letters, err := d.IssueLetters(d.ctx, d.office, recipients)
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

// redeem presents a letter as its owner would, from a phone that was never seen before.
func (d *door) redeem(letter account.IssuedLetter) (account.SignedIn, error) {
	return d.redeemFrom(letter, string(letter.Secret), birthDate, phone)
}

func (d *door) redeemFrom(letter account.IssuedLetter, secret, born string, device account.Device) (account.SignedIn, error) {
	return d.RedeemLetter(context.Background(), letter.LetterNo, secret, calendar.MustParse(born), device)
}

func (d *door) signedInGuardian(t testing.TB) account.SignedIn {
	t.Helper()
	signedIn, err := d.redeem(d.issue(t, d.family())[0])
	if err != nil {
		t.Fatal(err)
	}
	return signedIn
}

// exec changes the database as the program itself never would.
func (d *door) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if err := d.env.DB.WriteUnaudited(d.ctx, func(tx *db.Tx) error { return tx.G().Exec(sql, args...).Error }); err != nil {
		t.Fatal(err)
	}
}

func (d *door) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	if err := d.env.DB.Read(d.ctx, func(tx *db.Tx) error { return tx.G().Raw(sql, args...).Scan(&n).Error }); err != nil {
		t.Fatal(err)
	}
	return n
}

var phone = account.Device{Address: netip.MustParseAddr("203.0.113.7"), Language: "tr"}

func from(address string) account.Device {
	return account.Device{Address: netip.MustParseAddr(address), Language: "de"}
}

func addSchool(t testing.TB, env *testkit.Env) id.School {
	t.Helper()
	school := id.New[id.School]()
	err := env.DB.WriteUnaudited(env.InSchool(school), func(tx *db.Tx) error {
		return tx.G().Exec(`INSERT INTO school (school_id, name, address, officers, authority_name, authority_contact,
			conference_system, processor_name, user_rules, retention_years, lesson_basis, room_hosts, zone, created_at)
			VALUES (?, 'Gesamtschule Musterstadt', '-', '-', '-', '-', '-', '-', '-', 5, 'consent', '[]', 'Europe/Berlin', 0)`, school).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return school
}

type families struct {
	mu    sync.Mutex
	dates map[id.Person][]calendar.Date
	fault error
}

func (f *families) breakWith(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = err
}

func (f *families) add(person id.Person, dates ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dates == nil {
		f.dates = map[id.Person][]calendar.Date{}
	}
	for _, date := range dates {
		f.dates[person] = append(f.dates[person], calendar.MustParse(date))
	}
}

func (f *families) addUnknown(person id.Person) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dates == nil {
		f.dates = map[id.Person][]calendar.Date{}
	}
	f.dates[person] = append(f.dates[person], calendar.Date{})
}

func (f *families) BirthDates(_ *db.Tx, person id.Person) ([]calendar.Date, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dates[person], f.fault
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func wantFault(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if !fault.Has(err, code) {
		t.Fatalf("want %s, got %v", code, err)
	}
}

// heard is wantFault for whoever wants to know more about the fault.
func heard(t testing.TB, err error, code fault.Code) *fault.Error {
	t.Helper()
	wantFault(t, err, code)
	return asFault(err)
}

// shown is all that the outside may see of a fault.
func shown(err error) string {
	e := asFault(err)
	if e == nil {
		return fmt.Sprintf("no fault: %v", err)
	}
	return fmt.Sprintf("%s %v %v %v", e.Code, e.Fields, e.Params, e.RetryAfter)
}

func asFault(err error) *fault.Error {
	var e *fault.Error
	errors.As(err, &e)
	return e
}

// searchDatabase names the first table in which the text stands, in whatever column.
func (d *door) searchDatabase(t testing.TB, text string) string {
	t.Helper()
	for _, table := range []string{"account", "account_role", "account_person", "session", "letter", "totp", "recovery_code", "invitation", "audit", "directory", "attempt"} {
		var rows []map[string]any
		if err := d.env.DB.Read(d.ctx, func(tx *db.Tx) error { return tx.G().Table(table).Find(&rows).Error }); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for column, value := range row {
				if raw, ok := value.([]byte); ok {
					value = string(raw)
				}
				if strings.Contains(fmt.Sprint(value), text) {
					return table + "." + column
				}
			}
		}
	}
	return ""
}
