package db

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"einverstanden/backend/id"
)

// Tx is one transaction in one school. It carries its instant, so that a row, its leaf and the receipt agree.
type Tx struct {
	School id.School // empty in Outside
	Now    time.Time // UTC, whole microseconds

	g       *gorm.DB
	dialect Dialect
	audited bool
	after   []func()
	known   map[any]any
	group   map[any]any // what is known to all changes of one commit; nil: no group
	bells   *bells
}

// Once reads a thing the first time in a transaction and gives the same afterwards; whoever changes the thing forgets
// it. The key is of a type of the caller's own, as with context.
func Once[T any](tx *Tx, key any, read func() (T, error)) (T, error) {
	if known, ok := tx.known[key]; ok {
		return known.(T), nil
	}
	value, err := read()
	if err == nil {
		if tx.known == nil {
			tx.known = map[any]any{}
		}
		tx.known[key] = value
	}
	return value, err
}

// OnceAGroup is Once for what belongs to the whole school and hardly ever changes: where changes share one commit, as
// on SQLite, they share what was read.
func OnceAGroup[T any](tx *Tx, key any, read func() (T, error)) (T, error) {
	if tx.group == nil {
		return Once(tx, key, read)
	}
	ours := groupKey{tx.School, key}
	if known, ok := tx.group[ours]; ok {
		return known.(T), nil
	}
	value, err := read()
	if err == nil {
		tx.group[ours] = value
	}
	return value, err
}

type groupKey struct {
	school id.School
	key    any
}

// Forget makes Once and OnceAGroup read the thing again.
func (t *Tx) Forget(key any) {
	delete(t.known, key)
	delete(t.group, groupKey{t.School, key})
}

// G is the query builder inside this transaction; for store.go files only.
func (t *Tx) G() *gorm.DB { return t.g.Session(&gorm.Session{NewDB: true}) }

// Dialect is the database's.
func (t *Tx) Dialect() Dialect { return t.dialect }

// MarkAudited is called by packages audit and evidence when they have written what happened.
func (t *Tx) MarkAudited() { t.audited = true }

// AfterCommit runs f once the change is durable, in the order of the calls. It does not run if anything fails.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Ring makes, once the change is durable, whoever waits at DB.Bell of this name look again.
func (t *Tx) Ring(name string) { t.AfterCommit(func() { t.bells.ring(name) }) }

// ErrNotAudited says that a change was about to be committed that left neither evidence nor an audit entry.
// It is always a mistake in the program.
var ErrNotAudited = errors.New("db: change left neither evidence nor an audit entry")

// ErrNoSchool says that a tenant transaction was asked for in a context that has entered no school.
var ErrNoSchool = errors.New("db: context has entered no school")

type schoolKey struct{}

// InSchool gives a context in which Read and Write work in that school.
func InSchool(ctx context.Context, school id.School) context.Context {
	return context.WithValue(ctx, schoolKey{}, school)
}

type backgroundKey struct{}

// InBackground gives a context whose work waits for that of people, however much waits behind it: its changes on SQLite,
// where they queue, and its reads too on PostgreSQL.
func InBackground(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

func isBackground(ctx context.Context) bool {
	return ctx.Value(backgroundKey{}) != nil
}

// SchoolOf tells which school the context has entered.
func SchoolOf(ctx context.Context) (id.School, bool) {
	school, ok := ctx.Value(schoolKey{}).(id.School)
	return school, ok && school != ""
}

// work is one closure on its way through a transaction.
type work struct {
	ctx       context.Context
	school    id.School
	unaudited bool
	run       func(*Tx) error
}

// in runs the closure inside g and returns what is to be done after the commit. group is nil outside one.
func (w work) in(g *gorm.DB, dialect Dialect, now time.Time, bells *bells, group map[any]any) (after []func(), err error) {
	tx := &Tx{School: w.school, Now: now.UTC().Truncate(time.Microsecond), g: g, dialect: dialect, bells: bells, group: group}
	if err := w.run(tx); err != nil {
		return nil, err
	}
	if !w.unaudited && !tx.audited {
		return nil, ErrNotAudited
	}
	return tx.after, nil
}
