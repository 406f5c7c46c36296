package evidence_test

import (
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
)

// BenchmarkAppend shows on SQLite what a statement costs: the writing alone, with a synced COMMIT of its own, and by 32
// writers who share commits.
func BenchmarkAppend(b *testing.B) {
	b.Run("without commit", func(b *testing.B) {
		h := newHouse(b, testkit.NewSQLite(b))
		err := h.DB.WriteAlone(h.ctx, func(tx *db.Tx) error {
			for b.Loop() {
				if _, err := h.log.Append(tx, answer("Münster").Statement, answer("Münster").part()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	})
	b.Run("alone", func(b *testing.B) {
		h := newHouse(b, testkit.NewSQLite(b))
		for b.Loop() {
			h.append(b, answer("Münster"))
		}
	})
	b.Run("32 writers", func(b *testing.B) {
		h := newHouse(b, testkit.NewSQLite(b))
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				err := h.DB.Write(h.ctx, func(tx *db.Tx) error {
					_, err := h.log.Append(tx, answer("Münster").Statement, answer("Münster").part())
					return err
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	})
}
