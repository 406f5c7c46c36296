package push

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// Rows are the structs that are read from and written to whole tables.
var Rows = []any{row{}, messageRow{}, seenRow{}, endedRow{}}

// Kinds are all that have a manner to travel.
func Kinds() []Kind { return slices.Sorted(maps.Keys(manners)) }

// ChoiceOf is the choice that a kind belongs to.
func ChoiceOf(kind Kind) Choice { return manners[kind].choice }

// Encode writes the longest message of a kind.
func Encode(kind Kind, language, navigate string) ([]byte, error) {
	return note{
		kind: kind, language: language, navigate: navigate, topic: strings.Repeat("a", 32), badge: 100, proof: strings.Repeat("p", 60),
	}.encode()
}

// Rush is how many messages go to a service without a pause.
const Rush = rush

// TakeTurns takes so many turns at a service.
func (s *Sender) TakeTurns(host string, n int) {
	for range n {
		s.hosts.turn(host)
	}
}

// SleepBy replaces how the sender waits for a turn.
func (s *Sender) SleepBy(sleep func(ctx context.Context, wait time.Duration) error) { s.sleep = sleep }
