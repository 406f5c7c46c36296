package account_test

import (
	"net/netip"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/calendar"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// Checklist C3 in time: both must take the same (a drill compares their means).
func BenchmarkC3RedeemUnknown(b *testing.B) {
	benchmarkGuess(b, func(account.IssuedLetter) string { return "10000000" })
}

func BenchmarkC3RedeemWrong(b *testing.B) {
	benchmarkGuess(b, func(letter account.IssuedLetter) string { return letter.LetterNo })
}

func benchmarkGuess(b *testing.B, number func(account.IssuedLetter) string) {
	d := newDoor(b, testkit.NewSQLite(b))
	letterNo, wrong, born := number(d.issue(b, d.family())[0]), string(account.NewSecret()), calendar.MustParse(birthDate)
	device := account.Device{Address: netip.MustParseAddr("10.0.0.1")}
	for b.Loop() {
		device.Address = device.Address.Next() // each with a guess limit of its own
		if _, err := d.RedeemLetter(b.Context(), letterNo, wrong, born, device); !fault.Has(err, fault.CodeInvalid) {
			b.Fatal(err)
		}
		d.exec(b, "DELETE FROM attempt") // or the school's limit is reached
	}
}

func BenchmarkAuthenticateCached(b *testing.B) {
	d := newDoor(b, testkit.NewSQLite(b))
	token := d.signedInGuardian(b).AccessToken
	for b.Loop() {
		if _, err := d.Authenticate(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// A whole deployment's letters, on both databases; "s/30,000 letters" must stay below 30. The second round makes the
// first one's void as well.
func BenchmarkIssueLetters(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *testkit.Env{"sqlite": testkit.NewSQLite, "postgres": testkit.NewPostgres} {
		b.Run(name, func(b *testing.B) {
			d := newDoor(b, open(b))
			persons := make([]id.Person, 30_000)
			for i := range persons {
				persons[i] = d.family()
			}
			for b.Loop() {
				d.issue(b, persons...)
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/30,000-letters")
		})
	}
}
