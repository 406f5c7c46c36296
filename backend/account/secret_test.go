package account_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"einverstanden/backend/account"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func TestASecretIsReadAsPeopleTypeIt(t *testing.T) {
	const want = account.Secret("0123456789ABCB")
	cases := []struct {
		name, text string
		ok         bool
	}{
		{"as kept", "0123456789ABCB", true},
		{"as printed", "0123-4567-89AB-CB", true},
		{"lower case", "0123456789abcb", true},
		{"blanks and a tab", " 0123 4567\t89AB CB ", true},
		{"O for 0", "o123456789ABCB", true},
		{"I for 1", "0i23456789ABCB", true},
		{"L for 1", "0L23456789ABCB", true},
		{"empty", "", false},
		{"too short", "0123456789ABC", false},
		{"too long", "0123456789ABCB0", false},
		{"U is no symbol", "U123456789ABCB", false},
		{"another check symbol", "0123456789ABCD", false},
		{"two symbols changed places", "1023456789ABCB", false},
		{"letters of other scripts", "０123456789ABCB", false},
		{"a line break", "0123456\n789ABCB", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			secret, err := account.ParseSecret(c.text)
			if (err == nil) != c.ok {
				t.Fatalf("got %v", err)
			}
			if c.ok && secret != want {
				t.Fatalf("read %s", string(secret))
			}
		})
	}
}

func drawSecret(t *rapid.T) string {
	symbols := rapid.SliceOfN(rapid.SampledFrom([]byte(crockford)), 13, 13).Draw(t, "symbols")
	for _, check := range crockford {
		if whole := string(symbols) + string(check); parses(whole) {
			return whole
		}
	}
	t.Fatal("no check symbol fits")
	return ""
}

func parses(text string) bool {
	_, err := account.ParseSecret(text)
	return err == nil
}

// Exactly one check symbol fits, every wrong symbol is noticed, and every two that changed places.
func TestTheCheckSymbolNoticesSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := drawSecret(t)
		for i := range secret {
			for _, other := range crockford {
				wrong := secret[:i] + string(other) + secret[i+1:]
				if parses(wrong) != (wrong == secret) {
					t.Fatalf("%s instead of %s at %d passes", string(other), secret, i)
				}
			}
			for j := range i {
				swapped := []byte(secret)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				if parses(string(swapped)) != (secret[i] == secret[j]) {
					t.Fatalf("%s with %d and %d changed passes", secret, j, i)
				}
			}
		}
	})
}

// Checklist C5: no repeat among 30,000, and no symbol favoured anywhere (31 degrees of freedom: 110 is one chance in
// ten thousand million).
func TestC5SecretsAreRandom(t *testing.T) {
	const codes = 30_000
	seen := make(map[account.Secret]bool, codes)
	var tally [14][32]float64
	for range codes {
		secret := account.NewSecret()
		if seen[secret] || !parses(string(secret)) {
			t.Fatal("a secret came twice or does not read")
		}
		seen[secret] = true
		for i, symbol := range string(secret) {
			tally[i][strings.IndexRune(crockford, symbol)]++
		}
	}
	for i, counts := range tally {
		chi := 0.0
		for _, n := range counts {
			chi += (n - codes/32.0) * (n - codes/32.0) / (codes / 32.0)
		}
		if chi > 110 {
			t.Errorf("symbol %d: chi-square %.1f", i, chi)
		}
	}
}

func TestASecretShowsItselfOnlyWhenAsked(t *testing.T) {
	secret := account.NewSecret()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("letter", "secret", secret)
	printed := fmt.Sprintf("%v %s %+v %#v %s", secret, secret, secret, secret, log.String())
	if strings.Contains(printed, string(secret)) {
		t.Fatalf("printed %s", printed)
	}
	if format := secret.Format(); strings.ReplaceAll(format, "-", "") != string(secret) || len(format) != 17 {
		t.Errorf("format %s", format)
	}
	if text, err := json.Marshal(secret); err != nil || string(text) != `"`+string(secret)+`"` {
		t.Errorf("JSON %s %v", text, err)
	}
}

func FuzzParseSecret(f *testing.F) {
	for _, seed := range []string{"0123-4567-89AB-CB", "oil", "", "UUUU", "０123456789ABCB", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := account.ParseSecret(text)
		if err != nil {
			return
		}
		if len(secret) != 14 || strings.Trim(string(secret), crockford) != "" {
			t.Fatalf("%q gives %q", text, string(secret))
		}
		for _, again := range []string{string(secret), secret.Format(), strings.ToLower(secret.Format())} {
			if same, err := account.ParseSecret(again); err != nil || same != secret {
				t.Fatalf("%q gives %q (%v)", again, string(same), err)
			}
		}
	})
}
