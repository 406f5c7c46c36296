// Package room owns the school's own conference server and the rooms on it: its address and secret, rooms made at first
// need, the way into them, their end, and who is in. Meetings and their rosters are for package meeting; what a
// BigBlueButton is told, and how, for package conference.
//
// A room that cannot be opened or closed is ConferenceUnavailable; ConferenceRefused or ConferenceFailed where the server
// answers and says no. The cause is for the log. Nothing here waits for the server inside a transaction.
package room

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"einverstanden/backend/conference"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/school"
	"einverstanden/backend/vault"
)

// Service owns the use cases.
type Service struct {
	db       *db.DB
	vault    *vault.Vault
	schools  *school.Service
	meetings *meeting.Service
	client   *conference.Client
	public   *url.URL
	log      *slog.Logger
	making   singleflight.Group // a class that comes in at once makes its room once

	mu     sync.Mutex
	active map[id.School]struct{} // schools that may have open rooms
}

// NewService needs the database, the keys, the school's settings, its meetings, the client for its server, the public
// URL, to which the server tells a room's end, and the log.
func NewService(
	d *db.DB, v *vault.Vault, schools *school.Service, meetings *meeting.Service, client *conference.Client, public *url.URL, log *slog.Logger,
) *Service {
	return &Service{
		db: d, vault: v, schools: schools, meetings: meetings, client: client, public: public, log: log, active: map[id.School]struct{}{},
	}
}

// Sealed lists the columns that hold sealed values.
var Sealed = []vault.Column{
	{Table: "conference_server", Column: "body", Row: "school_id"}, {Table: "conference_room", Column: "body", Row: "id"},
}

// seenFor is how long a room counts as open after the server was heard of it.
const seenFor = 20 * time.Second

// State implements meeting.Conferences.
func (s *Service) State(tx *db.Tx, m meeting.Meeting) (meeting.RoomState, error) {
	server, ok, err := findServer(tx)
	if err != nil || !ok {
		return meeting.RoomState{}, err
	}
	style, err := styleOf(tx, m, server)
	if err != nil {
		return meeting.RoomState{}, err
	}
	state := meeting.RoomState{Kind: meeting.BigBlueButton, Style: string(style)}
	rooms, err := roomsOf(tx, m.ID)
	for _, row := range rooms {
		state.Recorded = state.Recorded || row.RecordedAt != nil
		if row.EndedAt == nil && row.CreateTime != nil {
			state.Open, state.Silent, state.Strangers = true, server.Silent, int(row.Strangers)
		}
	}
	return state, err
}

// styleOf is the style of the meeting's next room: what its teacher chose, or the school's.
func styleOf(tx *db.Tx, m meeting.Meeting, server serverRow) (conference.Style, error) {
	chosen, err := chosenStyle(tx, m.ID)
	if err != nil || chosen != "" {
		return chosen, err
	}
	return server.Style, nil
}

// unavailable is what people are told when the server fails: whether it answered, and when trying again may help. The log
// gets the cause.
func (s *Service) unavailable(ctx context.Context, doing string, m id.Meeting, err error) error {
	if ctx.Err() == nil {
		s.log.Warn("the conference server fails", "doing", doing, "meeting", m, "err", err)
	}
	told := fault.Wrap(fault.ConferenceUnavailable, err).After(retryAfter)
	var known *fault.Error
	if !errors.As(err, &known) {
		return told
	}
	if known.Code == fault.ConferenceRefused || known.Code == fault.ConferenceFailed {
		told.Code = known.Code
	}
	return told.After(max(retryAfter, known.RetryAfter))
}

const retryAfter = 5 * time.Second
