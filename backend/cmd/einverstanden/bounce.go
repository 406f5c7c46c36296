package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"

	"einverstanden/backend/app"
	"einverstanden/backend/config"
	"einverstanden/backend/fault"
)

// bounce reads a message that came back from a mail server's pipe. What is not about a message of ours ends well, or the
// mail server would send it on its way again.
func bounce(ctx context.Context, in io.Reader) error {
	c, err := config.Load(os.LookupEnv)
	if err != nil {
		return err
	}
	log := app.NewLog(c.LogLevel)
	a, err := app.Open(c, log)
	if err != nil {
		return err
	}
	err = a.Notify.Bounced(ctx, in)
	if fault.Has(err, fault.NothingHere) {
		log.Info("nothing of ours came back", slog.Any("why", err))
		err = nil
	}
	return errors.Join(err, a.Close())
}
