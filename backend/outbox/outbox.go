// Package outbox owns jobs that are written in the same transaction as the change that causes them, so that none is
// lost and none runs for a change that did not happen. Delivery is at least once: handlers repeat without harm.
package outbox

import (
	"encoding/json"
	"slices"
	"time"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// Topic says which handler a job is for.
type Topic string

// DecisionRecorded is about somebody who answered or withdrew; receipts and notices follow from it.
const DecisionRecorded Topic = "decision.recorded"

// DecisionInvalidated is about a decision that no longer counts, whether the office or its own person said so.
const DecisionInvalidated Topic = "decision.invalidated"

// DeviceLinked is about a further device that was signed in by a link; its owner's other devices are told.
const DeviceLinked Topic = "device.linked"

// What is told to whoever belongs to a meeting and to whoever holds it; the payload is meeting.News.
const (
	MeetingPlanned   Topic = "meeting.planned"
	MeetingMoved     Topic = "meeting.moved"
	MeetingCancelled Topic = "meeting.cancelled"
)

// What is told to the contacts that the school had from its import, never to those typed in a session: whoever holds a
// letter that is not theirs must not be the only one to hear of it (X1, X2, X29).
const (
	LetterIssued   Topic = "letter.issued"
	LetterMailed   Topic = "letter.mailed" // was issued to go by mail, which is what this job does
	LetterRedeemed Topic = "letter.redeemed"
	LetterDisowned Topic = "letter.disowned" // to the office as well
	FirstAnswer    Topic = "answer.first"    // the first of a session
)

// What is told about a sanction: to everybody with a say and to the pupil; an objection and its answer to the head and to
// whoever objects.
const (
	SanctionImposed   Topic = "sanction.imposed"
	SanctionEnded     Topic = "sanction.ended" // before its time
	SanctionObjection Topic = "sanction.objection"
)

// BreachReported is about a teacher's report that waits for the head.
const BreachReported Topic = "breach.reported"

// RightsRequestChanged is about somebody's rights in data: a step of an erasure of which the person hears; the payload is
// privacy.Told.
const RightsRequestChanged Topic = "rights.changed"

// Job is one thing to be done after the change is durable. Payload holds opaque ids only.
type Job struct {
	Topic    Topic
	Payload  any
	RunAt    time.Time // zero: at once
	DedupKey string    // at most one job of a school has this key; empty: no such limit
}

// Enqueue writes the jobs into the transaction. When the school has a job of the same DedupKey already, waiting or done,
// that one stands and nothing is written: the change that asked for it again is not refused for it.
func Enqueue(tx *db.Tx, jobs ...Job) error {
	rows := make([]row, len(jobs))
	for i, job := range jobs {
		payload, err := json.Marshal(job.Payload)
		if err != nil {
			return err
		}
		runAt := job.RunAt
		if runAt.IsZero() {
			runAt = tx.Now
		}
		rows[i] = row{
			SchoolID: tx.School, ID: id.New[id.Job](), Topic: job.Topic, Payload: string(payload), RunAt: runAt.UnixMicro(),
		}
		if job.DedupKey != "" {
			rows[i].DedupKey = &job.DedupKey
		}
	}
	tx.Ring(bellName)
	return insert(tx, rows)
}

// Unwritten leaves out the jobs whose DedupKey the school has already: for whoever looks again and again, and would wake the
// writer and the worker each time for nothing. Enqueue decides.
func Unwritten(tx *db.Tx, jobs []Job) ([]Job, error) {
	keys := make([]string, len(jobs))
	for i, job := range jobs {
		keys[i] = job.DedupKey
	}
	known, err := findKeys(tx, keys)
	return slices.DeleteFunc(slices.Clone(jobs), func(job Job) bool { return slices.Contains(known, job.DedupKey) }), err
}

// bellName wakes this process's worker; other processes find the job at their next poll.
const bellName = "outbox"
