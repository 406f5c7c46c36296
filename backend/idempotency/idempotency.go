// Package idempotency owns "the same key gives the same reply, also after a crash" (the Idempotency-Key header of the
// outer contract). What a call has made is written beside it in the same transaction; a repetition gets the ids and
// its reply is built again from the rows. Only calls that succeeded leave a key behind, for 30 days.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
)

// Key is one client's name for one call. Keys of different actors or routes never meet.
type Key struct {
	Actor string // account id; without a session, whoever the call is made for (As)
	Route string // method and path pattern
	Value string // the header
	Body  []byte // the body's bytes as they came
}

type contextKey struct{}

// With puts the key into the context.
func With(ctx context.Context, key Key) context.Context {
	return context.WithValue(ctx, contextKey{}, key)
}

// As gives the context's key to somebody whom a call without a session has made known by what it carries.
func As(ctx context.Context, actor string) context.Context {
	key, ok := Of(ctx)
	if !ok {
		return ctx
	}
	key.Actor = actor
	return With(ctx, key)
}

// Of is the context's key; the second value is false for calls that have none (commands at the shell, imports).
func Of(ctx context.Context) (Key, bool) {
	key, ok := ctx.Value(contextKey{}).(Key)
	return key, ok
}

// Do runs effect, unless the context's key has been used before: then made is filled with what the first call
// recorded and repeated is true. The same key with another body is refused. Made must be a pointer to a value that
// survives JSON, and is recorded after effect.
func Do(ctx context.Context, tx *db.Tx, made any, effect func() error) (repeated bool, err error) {
	key, ok := Of(ctx)
	if !ok {
		return false, effect()
	}
	found, err := find(tx, key)
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(key.Body)
	hash := hex.EncodeToString(sum[:])
	if found != nil {
		if found.BodyHash != hash {
			return false, fault.New(fault.IdempotencyKeyReused)
		}
		tx.MarkAudited() // the first call did; this one changes nothing
		return true, json.Unmarshal([]byte(found.Made), made)
	}
	if err := effect(); err != nil {
		// The same call may have come twice at once and been refused because of itself: then look again.
		if twin, findErr := find(tx, key); findErr == nil && twin != nil {
			return false, errors.Join(db.ErrAgain, err)
		}
		return false, err
	}
	refs, err := json.Marshal(made)
	if err != nil {
		return false, err
	}
	err = insert(tx, key, hash, string(refs))
	if db.Violated(err, db.ErrUnique) {
		return false, errors.Join(db.ErrAgain, err) // the same call came twice at once: look again
	}
	return false, err
}

// Forget deletes the keys of an actor who is erased, with the hashes of what was sent.
func Forget(tx *db.Tx, actor string) error { return deleteOf(tx, actor) }
