package outbox

import (
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// Dead is a job that was given up.
type Dead struct {
	ID       id.Job
	Topic    Topic
	Attempts int
	Reason   string // a code of ours
	At       time.Time
}

// DeadLetters lists what was given up, the latest first, at most 100.
func DeadLetters(tx *db.Tx) ([]Dead, error) {
	rows, err := findDead(tx)
	dead := make([]Dead, len(rows))
	for i, row := range rows {
		dead[i] = row.dead()
	}
	return dead, err
}

// Retry makes a job that was given up due at once, with all its attempts. NothingHere when there is none.
func Retry(tx *db.Tx, by id.Account, job id.Job) error {
	if err := revive(tx, job); err != nil {
		return err
	}
	tx.Ring(bellName)
	return audit.Record(tx, audit.Entry{Actor: string(by), Action: audit.JobRetried, SubjectKind: "outbox", SubjectID: string(job)})
}

// keptFor is how long done jobs stay, and with them what their keys keep from being done twice.
const keptFor = 90 * 24 * time.Hour

// Sweep deletes what was done long ago; the daily round calls it.
func Sweep(tx *db.Tx) error { return deleteDoneBefore(tx, tx.Now.Add(-keptFor)) }
