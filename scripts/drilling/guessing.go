package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"

	"einverstanden/backend/account"
)

const (
	guesses         = 200 // of each kind
	secretSymbols   = 14
	guessesPerPlace = 8 // below the ten an hour that one address has for one letter
)

// drillGuessing is the time of checklist C3: whoever guesses cannot tell by the clock whether a letter exists, nor whether
// it was used. Guesses of every kind take turns, so that what else the machine does meets all alike.
func drillGuessing(ctx context.Context, d *demo) ([]figure, error) {
	letter := d.known.Accounts.Guardian
	kinds := []struct {
		name  string
		guess func() letterSignIn
	}{
		{"unknown number", func() letterSignIn { return letterSignIn{unlike(letter.LetterNo), wrongSecret(), letter.BirthDate} }},
		{"wrong secret", func() letterSignIn { return letterSignIn{letter.LetterNo, wrongSecret(), letter.BirthDate} }},
	}
	open, err := d.guessInTurn(ctx, len(kinds), func(kind int) letterSignIn { return kinds[kind].guess() })
	if err != nil {
		return nil, err
	}
	if _, err := d.signIn("letter", letter); err != nil {
		return nil, err
	}
	used, err := d.guessInTurn(ctx, len(kinds), func(kind int) letterSignIn { return kinds[kind].guess() })
	if err != nil {
		return nil, err
	}
	return []figure{
		{name: "unknown number: mean", value: mean(open[0]), unit: "ms"},
		{name: "wrong secret of an open letter: mean", value: mean(open[1]), unit: "ms"},
		atMost(10, figure{name: "the two differ by", value: apart(open[0], open[1]), unit: "%"}),
		{name: "wrong secret of a used letter: mean", value: mean(used[1]), unit: "ms"},
		atMost(10, figure{name: "from an unknown number it differs by", value: apart(used[0], used[1]), unit: "%"}),
	}, nil
}

// guessInTurn tries each kind by turns, from ever other addresses of this machine, and gives how long the answers took.
func (d *demo) guessInTurn(ctx context.Context, kinds int, guess func(kind int) letterSignIn) ([][]time.Duration, error) {
	took := make([][]time.Duration, kinds)
	var client *fasthttp.HostClient
	for i := range guesses {
		if i%guessesPerPlace == 0 {
			d.places++
			client = d.clientAt(net.IPv4(127, 0, 1, d.places))
		}
		for kind := range kinds {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			status, wait, err := d.do(client, call{"POST", "/session/letter", guess((kind + i) % kinds), ""})
			if err != nil {
				return nil, err
			}
			if status != fasthttp.StatusUnauthorized {
				return nil, fmt.Errorf("a guess got %d", status)
			}
			took[(kind+i)%kinds] = append(took[(kind+i)%kinds], wait)
		}
	}
	return took, nil
}

// wrongSecret is well-formed, so that the program has to look it up. One of 32 random ones is.
func wrongSecret() string {
	for {
		text := rand.Text()[:secretSymbols] // base32 of RFC 4648, of which U is no symbol here
		if _, err := account.ParseSecret(text); err == nil {
			return text
		}
	}
}

// unlike gives a number of eight digits that is not this one, and in a school of a hundred letters nobody's.
func unlike(letterNo string) string {
	digits := []byte(letterNo)
	for i := range digits {
		digits[i] = '0' + ('9'-digits[i]+byte(i))%10
	}
	return string(digits)
}

func mean(waits []time.Duration) float64 {
	var sum time.Duration
	for _, wait := range waits {
		sum += wait
	}
	return float64(sum.Microseconds()) / float64(len(waits)) / 1000
}

// apart is by how much of the smaller the means differ.
func apart(a, b []time.Duration) float64 {
	less, more := min(mean(a), mean(b)), max(mean(a), mean(b))
	return 100 * (more - less) / less
}
