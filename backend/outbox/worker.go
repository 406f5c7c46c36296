package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

const (
	atOnce = 16 // jobs that one instance works on at the same time
	// deadline is a handler's; the lease is longer, so that nobody takes a job that is still worked on.
	deadline = 45 * time.Second
	lease    = 2 * time.Minute
	poll     = 15 * time.Second // finds what fell due, and what other processes wrote
	// breath is how long a job waits for others: those of a rush are claimed together, and whoever looks at what has just
	// changed, an open roster above all, has the processor first.
	breath   = 100 * time.Millisecond
	planning = time.Hour // how often it is looked which periodic jobs are missing
)

// Claimed is a job that this instance works on.
type Claimed struct {
	ID       id.Job
	Topic    Topic
	Payload  []byte
	Attempts int // this one included
	token    string
}

// Handler does one job in its school, which the context has entered, and reads the state again before it acts: a job
// tells that something happened, not that it still holds. It may be called more than once for one job.
type Handler func(ctx context.Context, job Claimed) error

// Periodic is work that every school needs once for each key: the key of a moment is, for instance, its date.
type Periodic struct {
	Topic Topic
	Key   func(now time.Time) string
}

// Worker claims jobs by lease and hands them to their handlers. Several instances share the work of one database: a job
// is claimed by one at a time, and by another when the first has died (at least once, decision 0033).
type Worker struct {
	db       *db.DB
	claims   *db.DB
	clock    func() time.Time
	jitter   func() float64
	log      *slog.Logger
	name     string
	handlers map[Topic]Handler
	periodic []Periodic
	planned  map[Topic]string // the last key written by this instance
}

// NewWorker works on d. claims sees the jobs of all schools: on PostgreSQL a database opened under the jobs role, on
// SQLite d itself.
func NewWorker(d, claims *db.DB, clock func() time.Time, log *slog.Logger) *Worker {
	return &Worker{
		db: d, claims: claims, clock: clock, jitter: rand.Float64, log: log, name: uuid.NewString(),
		handlers: map[Topic]Handler{}, planned: map[Topic]string{},
	}
}

// WithJitter replaces the source of numbers in [0, 1) that spread the retries.
func (w *Worker) WithJitter(jitter func() float64) *Worker {
	w.jitter = jitter
	return w
}

// Handle registers the handler of a topic, before Run. Jobs of a topic without one wait unread.
func (w *Worker) Handle(topic Topic, handler Handler) { w.handlers[topic] = handler }

// Every registers periodic work, before Run.
func (w *Worker) Every(p Periodic) { w.periodic = append(w.periodic, p) }

// Run works until ctx ends, and returns when the handlers that were running have finished or run out of their time.
func (w *Worker) Run(ctx context.Context) {
	ctx = db.InBackground(ctx)
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	defer running.Wait()
	tick, plan := time.NewTicker(poll), time.NewTicker(planning)
	defer tick.Stop()
	defer plan.Stop()
	w.plan(ctx)
	bell := w.db.Bell(bellName)
	for ctx.Err() == nil {
		if w.fill(ctx, slots, &running) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-bell:
			w.pause(ctx)
		case <-tick.C:
		case <-plan.C:
			w.plan(ctx)
		}
	}
}

func (w *Worker) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(breath):
	}
}

// fill waits for a free slot, claims as many jobs as there are free ones and starts them. It reports whether more may be
// due.
func (w *Worker) fill(ctx context.Context, slots chan struct{}, running *sync.WaitGroup) bool {
	select {
	case <-ctx.Done():
		return false
	case slots <- struct{}{}:
	}
	free := 1
	for free < atOnce {
		select {
		case slots <- struct{}{}:
			free++
			continue
		default:
		}
		break
	}
	jobs, err := w.claim(ctx, free)
	if err != nil && ctx.Err() == nil {
		w.log.Warn("no jobs claimed", "err", err)
	}
	for range free - len(jobs) {
		<-slots
	}
	for _, job := range jobs {
		running.Go(func() {
			defer func() { <-slots }()
			w.work(ctx, job)
		})
	}
	return len(jobs) == free
}

// Once claims what is due and works on it, one after the other, until nothing is due: for tests and commands.
func (w *Worker) Once(ctx context.Context) (done int, err error) {
	w.plan(ctx)
	for {
		jobs, err := w.claim(ctx, atOnce)
		if err != nil || len(jobs) == 0 {
			return done, err
		}
		for _, job := range jobs {
			w.work(ctx, job)
		}
		done += len(jobs)
	}
}

// work runs the handler and keeps its outcome. The handler's context does not end with ctx: what has been begun is
// finished while the program stops.
func (w *Worker) work(ctx context.Context, job claim) {
	ctx = db.InSchool(context.WithoutCancel(ctx), job.school)
	handling, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	err := w.handle(handling, job)
	end := outcomeOf(err, job.Attempts, w.clock(), w.jitter)
	if err != nil && end.until.IsZero() {
		w.log.Error("job given up", "topic", job.Topic, "job", job.ID, "attempts", job.Attempts, "err", err)
	} else if err != nil && end.failed {
		w.log.Warn("job failed", "topic", job.Topic, "job", job.ID, "attempts", job.Attempts, "err", err)
	}
	if err := w.finish(ctx, job, end); err != nil {
		w.log.Warn("outcome of a job not kept: it runs again", "topic", job.Topic, "job", job.ID, "err", err)
	}
}

func (w *Worker) handle(ctx context.Context, job claim) (err error) {
	if job.Attempts > attempts {
		return Permanent("interrupted") // every attempt ended with the process that made it
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("outbox: panic in a handler: %v\n%s", r, debug.Stack())
		}
	}()
	return w.handlers[job.Topic](ctx, job.Claimed)
}

// plan writes the periodic jobs whose key this instance has not written; their keys make them one for all instances.
func (w *Worker) plan(ctx context.Context) {
	for _, p := range w.periodic {
		key := string(p.Topic) + ":" + p.Key(w.clock())
		if w.planned[p.Topic] == key {
			continue
		}
		if err := w.planEverywhere(ctx, Job{Topic: p.Topic, DedupKey: key, Payload: struct{}{}}); err != nil {
			if ctx.Err() == nil {
				w.log.Warn("periodic jobs not written", "topic", p.Topic, "err", err)
			}
			continue
		}
		w.planned[p.Topic] = key
	}
}

func (w *Worker) planEverywhere(ctx context.Context, job Job) error {
	schools, err := w.db.Schools(ctx)
	if err != nil {
		return err
	}
	for _, school := range schools {
		err := w.db.WriteUnaudited(db.InSchool(ctx, school), func(tx *db.Tx) error { return Enqueue(tx, job) })
		if err != nil {
			return err
		}
	}
	return nil
}
