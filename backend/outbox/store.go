package outbox

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"github.com/google/uuid"
)

type row struct {
	SchoolID   id.School
	ID         id.Job
	Topic      Topic
	DedupKey   *string
	Payload    string
	RunAt      int64
	Attempts   int64
	LeaseUntil int64
	LeaseBy    *string
	DoneAt     int64
	DeadAt     int64
	LastError  *string
}

func (row) TableName() string { return "outbox" }

// insert says DO NOTHING because on PostgreSQL a violated key would take the whole transaction with it. It names the
// columns: a clash of ids stays an error. It is written out because every decision goes this way.
func insert(tx *db.Tx, rows []row) error {
	for some := range slices.Chunk(rows, db.RowsAtOnce) {
		values := make([]any, 0, 6*len(some))
		for _, r := range some {
			values = append(values, r.SchoolID, r.ID, r.Topic, r.DedupKey, r.Payload, r.RunAt)
		}
		_, err := db.Exec(tx, "INSERT INTO outbox (school_id, id, topic, dedup_key, payload, run_at, attempts, lease_until, done_at, dead_at) VALUES "+
			"(?, ?, ?, ?, ?, ?, 0, 0, 0, 0)"+strings.Repeat(", (?, ?, ?, ?, ?, ?, 0, 0, 0, 0)", len(some)-1)+
			" ON CONFLICT (school_id, dedup_key) DO NOTHING", values...)
		if err != nil {
			return err
		}
	}
	return nil
}

// claim is a job with its school.
type claim struct {
	Claimed
	school id.School
}

const claimText = `UPDATE outbox SET lease_until = ?, lease_by = ?, attempts = attempts + 1
	WHERE (school_id, id) IN (SELECT school_id, id FROM outbox
		WHERE done_at = 0 AND dead_at = 0 AND run_at <= ? AND lease_until <= ? AND topic IN ?
		ORDER BY run_at, id LIMIT ? `

const returning = `) RETURNING school_id, id, topic, payload, attempts`

// claim takes up to so many due jobs for the length of a lease. Its transaction is in no school: on PostgreSQL the jobs
// role sees this table alone, of all schools. On SQLite it waits in the queue of changes like any other, and is as short.
func (w *Worker) claim(ctx context.Context, most int) (jobs []claim, err error) {
	if len(w.handlers) == 0 {
		return nil, nil
	}
	token := w.name + "/" + uuid.NewString()
	statement := claimText + returning
	if w.claims.Dialect() == db.Postgres {
		statement = claimText + "FOR UPDATE SKIP LOCKED" + returning
	}
	topics := slices.Sorted(maps.Keys(w.handlers))
	err = w.claims.Outside(ctx, func(tx *db.Tx) error {
		now := w.clock()
		var rows []row
		err := tx.G().Raw(statement, now.Add(lease).UnixMicro(), token, now.UnixMicro(), now.UnixMicro(), topics, most).Scan(&rows).Error
		jobs = make([]claim, len(rows))
		for i, r := range rows {
			jobs[i] = claim{school: r.SchoolID, Claimed: Claimed{
				ID: r.ID, Topic: r.Topic, Payload: []byte(r.Payload), Attempts: int(r.Attempts), token: token,
			}}
		}
		return err
	})
	slices.SortFunc(jobs, func(a, b claim) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return jobs, err
}

// finish keeps the outcome, unless the lease was lost to another meanwhile.
func (w *Worker) finish(ctx context.Context, job claim, end outcome) error {
	return w.claims.Outside(ctx, func(tx *db.Tx) error {
		now := w.clock().UnixMicro()
		columns := map[string]any{"lease_until": 0, "lease_by": nil, "last_error": nil}
		if end.reason != "" {
			columns["last_error"] = end.reason
		}
		switch {
		case end.done:
			columns["done_at"] = now
		case end.until.IsZero():
			columns["dead_at"] = now
		default:
			columns["run_at"] = end.until.UnixMicro()
			if !end.failed {
				columns["attempts"] = job.Attempts - 1
			}
		}
		return tx.G().Table("outbox").
			Where("school_id = ? AND id = ? AND lease_by = ? AND done_at = 0", job.school, job.ID, job.token).Updates(columns).Error
	})
}

func findKeys(tx *db.Tx, keys []string) (known []string, err error) {
	for some := range slices.Chunk(keys, db.RowsAtOnce) {
		var found []string
		err := tx.G().Table("outbox").Where("school_id = ? AND dedup_key IN ?", tx.School, some).Pluck("dedup_key", &found).Error
		if err != nil {
			return nil, err
		}
		known = append(known, found...)
	}
	return known, nil
}

const deadShown = 100

func findDead(tx *db.Tx) (rows []row, err error) {
	err = tx.G().Where("school_id = ? AND dead_at > 0", tx.School).Order("dead_at DESC, id").Limit(deadShown).Find(&rows).Error
	return rows, err
}

func (r row) dead() Dead {
	reason := ""
	if r.LastError != nil {
		reason = *r.LastError
	}
	return Dead{ID: r.ID, Topic: r.Topic, Attempts: int(r.Attempts), Reason: reason, At: time.UnixMicro(r.DeadAt).UTC()}
}

func revive(tx *db.Tx, job id.Job) error {
	return db.MustAffect(tx.G().Table("outbox").Where("school_id = ? AND id = ? AND dead_at > 0", tx.School, job).
		Updates(map[string]any{"dead_at": 0, "attempts": 0, "run_at": tx.Now.UnixMicro(), "last_error": nil}))
}

func deleteDoneBefore(tx *db.Tx, before time.Time) error {
	return tx.G().Where("school_id = ? AND done_at > 0 AND done_at < ?", tx.School, before.UnixMicro()).Delete(&row{}).Error
}
