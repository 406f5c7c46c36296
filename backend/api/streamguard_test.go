package api

import (
	"log/slog"
	"testing"

	"einverstanden/backend/authz"
)

// A panic while rights are checked must neither end the process nor leave a roster open that nobody watches any more.
func TestAPanicWhileRightsAreCheckedEndsTheStreams(t *testing.T) {
	s := &Server{log: slog.New(slog.DiscardHandler)} // without accounts, asking panics
	w := &rosterWriter{server: s, actor: authz.Actor{Session: "s"}}
	revoked := 0
	w.revoke = func() { revoked++ }
	newStreamGuard(s).check(watchedMeeting{school: "x", meeting: "y"}, []*rosterWriter{w, w})
	if revoked != 2 {
		t.Errorf("%d of 2 streams end", revoked)
	}
}
