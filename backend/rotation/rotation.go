// Package rotation seals anew what lies on an old key, while servers run, and says when an old key is needed no more.
//
// It keeps no state of its own: each sealed value begins with the id of its key, so that a run that was killed goes on
// where it stopped. It knows no domain: package app says which columns hold sealed values.
package rotation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/vault"
)

// batchSize is how many values one transaction seals anew: few enough that nobody waits long behind it.
const batchSize = 100

// quiet is how long the key file must have been unchanged before a key is retired. What was sealed just before the
// promotion is committed by then: a request ends after 10 s, an import soon after.
const quiet = time.Minute

// Service walks the sealed columns of every school.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	columns []vault.Column
}

// NewService needs every column that holds sealed values; what is missing here is lost when its key is retired.
func NewService(d *db.DB, v *vault.Vault, columns []vault.Column) *Service {
	return &Service{db: d, vault: v, columns: columns}
}

// Count says how many values of a column, over all schools, are on a key. Key is 0 for what no key has sealed.
type Count struct {
	Column vault.Column
	Key    vault.KeyID
	Values int64
}

// Counts counts every value, column by column.
func (s *Service) Counts(ctx context.Context) ([]Count, error) {
	schools, err := s.db.Schools(ctx)
	if err != nil {
		return nil, err
	}
	var counts []Count
	for _, column := range s.columns {
		inColumn := map[vault.KeyID]int64{}
		for _, school := range schools {
			err := s.db.Read(db.InSchool(ctx, school), func(tx *db.Tx) error { return countKeys(tx, column, inColumn) })
			if err != nil {
				return nil, fmt.Errorf("count %s.%s: %w", column.Table, column.Column, err)
			}
		}
		counts = appendCounts(counts, column, inColumn)
	}
	return counts, nil
}

// Progress is what a run has done to a column so far, over all schools.
type Progress struct {
	Column vault.Column
	Values int64         // are on the primary key now and were not before
	Broken []vault.Place // do not open and stay as they are
	Done   bool          // nothing of the column is left to do
}

// Renew seals everything with the primary key that is not on it yet. It reports after each batch and when it is through
// with a column; an error of report ends the run. It may run beside servers, be killed, and be run again. What a
// writer changes meanwhile stays as the writer left it.
func (s *Service) Renew(ctx context.Context, report func(Progress) error) error {
	if err := s.vault.Reload(); err != nil {
		return err
	}
	ring := s.vault.Keyring()
	if len(ring.Waiting) > 0 {
		return fmt.Errorf("key %s waits: promote it first, or everything would be sealed with the old key", ring.Waiting[0])
	}
	schools, err := s.db.Schools(ctx)
	if err != nil {
		return err
	}
	r := run{Service: s, primary: ring.Primary, report: report, traced: map[id.School]bool{}}
	for _, column := range s.columns {
		progress := Progress{Column: column}
		for _, school := range schools {
			if err := r.school(db.InSchool(ctx, school), &progress); err != nil {
				return fmt.Errorf("seal %s.%s anew: %w", column.Table, column.Column, err)
			}
		}
		progress.Done = true
		if err := report(progress); err != nil {
			return err
		}
	}
	return nil
}

// run is one call of Renew. traced are the schools whose audit trail says that it changed something.
type run struct {
	*Service
	primary vault.KeyID
	report  func(Progress) error
	traced  map[id.School]bool
}

// school walks one column of one school until a walk finds nothing more to do: a value that a writer changed between
// being read and being written is met again.
func (r *run) school(ctx context.Context, progress *Progress) error {
	for {
		before := progress.Values
		broken, err := r.walk(ctx, progress)
		if err != nil {
			return err
		}
		if progress.Values == before {
			progress.Broken = append(progress.Broken, broken...)
			return nil
		}
	}
}

// walk goes through the rows once, in the order of their keys.
func (r *run) walk(ctx context.Context, progress *Progress) (broken []vault.Place, err error) {
	for after := ""; ; {
		var values []value
		err := r.db.Read(ctx, func(tx *db.Tx) (err error) {
			values, err = valuesNotOn(tx, progress.Column, r.primary, after, batchSize)
			return err
		})
		if err != nil || len(values) == 0 {
			return broken, err
		}
		after = values[len(values)-1].Place
		moved, failed, err := r.batch(ctx, progress.Column, values)
		if err != nil {
			return nil, err
		}
		broken = append(broken, failed...)
		progress.Values += moved
		if err := r.report(*progress); err != nil {
			return nil, err
		}
	}
}

// batch opens and seals outside the transaction, which then only exchanges the values that are still the same.
func (r *run) batch(ctx context.Context, column vault.Column, values []value) (moved int64, broken []vault.Place, err error) {
	school, _ := db.SchoolOf(ctx)
	var fresh []exchange
	for _, v := range values {
		place := column.At(school, v.Place)
		sealed, err := r.vault.Renew(place, v.Sealed)
		switch {
		case errors.Is(err, vault.ErrSealBroken):
			broken = append(broken, place)
		case err != nil:
			return 0, nil, err
		default:
			fresh = append(fresh, exchange{value: v, fresh: sealed})
		}
	}
	if len(fresh) == 0 {
		return 0, broken, nil
	}
	write := r.db.WriteUnaudited // the run's first change in a school leaves the trace for all
	if !r.traced[school] {
		write = r.db.Write
	}
	err = write(ctx, func(tx *db.Tx) (err error) {
		if moved, err = exchangeAll(tx, column, fresh); err != nil || r.traced[school] {
			return err
		}
		return audit.Record(tx, audit.Entry{
			Actor: audit.System, Action: audit.SealRenewed, SubjectKind: "school", SubjectID: string(school),
		})
	})
	if err == nil {
		r.traced[school] = true
	}
	return moved, broken, err
}

// Retire takes the old keys out of the master keyset in folder and names the files that they lie in now. It refuses
// while a value is on one of them, and for a minute after the key file was changed.
func (s *Service) Retire(ctx context.Context, folder string, now time.Time) ([]string, error) {
	ring, changed, err := vault.Keys(folder)
	if err != nil {
		return nil, err
	}
	if len(ring.Waiting) > 0 {
		return nil, fmt.Errorf("key %s waits to be promoted: promote it and seal everything anew first", ring.Waiting[0])
	}
	if len(ring.Old) == 0 {
		return nil, errors.New("there is no old key to retire")
	}
	if age := now.Sub(changed); age < quiet {
		return nil, fmt.Errorf("the keys were changed %d s ago, and what was sealed just before may still be on its way to the database: "+
			"wait a minute, reseal again, then retire", int(age.Seconds()))
	}
	counts, err := s.Counts(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range ring.Old {
		if err := refuseUsed(key, counts); err != nil {
			return nil, err
		}
	}
	return vault.RetireKeys(folder)
}

func refuseUsed(key vault.KeyID, counts []Count) error {
	var errs []error
	for _, c := range counts {
		if c.Key == key && c.Values > 0 {
			errs = append(errs, fmt.Errorf("%d values of %s.%s are on key %s: run reseal first", c.Values, c.Column.Table, c.Column.Column, key))
		}
	}
	return errors.Join(errs...)
}
