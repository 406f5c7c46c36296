package signal

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

const channel = "einverstanden_change"

// notify is delivered by PostgreSQL when tx commits, and not at all when it does not.
func notify(tx *db.Tx, change Change) error {
	if tx.Dialect() != db.Postgres {
		return nil
	}
	_, err := db.Exec(tx, "select pg_notify(?, ?)", channel, string(change.School)+" "+string(change.Pupil))
	return err
}

// Listen passes on what other instances of a PostgreSQL deployment change, until ctx ends. What was sent while the
// connection was away is lost, so every new connection counts as "anything may have changed".
func (h *Hub) Listen(ctx context.Context, dsn string, log *slog.Logger) {
	for ctx.Err() == nil {
		err := h.listenOnce(ctx, dsn)
		if err == nil || ctx.Err() != nil {
			return
		}
		log.Warn("change notices interrupted", "err", err)
		wait(ctx, time.Second)
	}
}

func (h *Hub) listenOnce(ctx context.Context, dsn string) (err error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, "listen "+channel); err != nil {
		return err
	}
	h.Publish(Change{})
	for {
		notice, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		school, pupil, _ := strings.Cut(notice.Payload, " ")
		h.Publish(Change{School: id.School(school), Pupil: id.Pupil(pupil)})
	}
}

// Watch notices, once a second until ctx ends, that another process has written to the SQLite file. Its first look
// counts as a change, for nobody knows what was written just before.
func (h *Hub) Watch(ctx context.Context, d *db.DB, log *slog.Logger) {
	last := int64(-1) // no version has been seen
	for ctx.Err() == nil {
		version, err := d.DataVersion(ctx)
		switch {
		case err == nil && version != last:
			last = version
			h.Publish(Change{})
		case err != nil && ctx.Err() == nil:
			log.Warn("cannot see whether another process wrote", "err", err)
		}
		wait(ctx, time.Second)
	}
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
