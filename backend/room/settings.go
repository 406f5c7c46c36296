package room

import (
	"context"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/conference"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/vault"
)

// Settings are where the school's meetings may happen. The server's secret is never told.
type Settings struct {
	Hosts     []string // of IServ rooms
	URL       string   // of the school's own server; empty when it has none
	Style     conference.Style
	ChangedAt time.Time // of the server; zero: none
}

const (
	mostHosts     = 20
	longestSecret = 200
)

// Settings shows the head what is set up.
func (s *Service) Settings(ctx context.Context, actor authz.Actor) (settings Settings, err error) {
	if !actor.May(authz.SetUpRooms) {
		return settings, fault.New(fault.NotAllowedHere)
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		school, err := s.schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		settings = Settings{Hosts: school.RoomHosts, Style: conference.TeacherOnly}
		row, ok, err := findServer(tx)
		if err != nil || !ok {
			return err
		}
		server, err := s.openServer(tx, row)
		settings.URL, settings.Style, settings.ChangedAt = server.URL, row.Style, time.UnixMicro(row.ChangedAt).UTC()
		return err
	})
	return settings, err
}

func (s *Service) openServer(tx *db.Tx, row serverRow) (server conference.Server, err error) {
	err = s.vault.OpenJSON(serverPlace(tx), row.Body, &server)
	return server, err
}

func serverPlace(tx *db.Tx) vault.Place { return Sealed[0].At(tx.School, string(tx.School)) }

// SetHosts says which hosts the links of IServ rooms may lead to.
func (s *Service) SetHosts(ctx context.Context, actor authz.Actor, hosts []string) error {
	if !actor.May(authz.SetUpRooms) {
		return fault.New(fault.NotAllowedHere)
	}
	clean := []string{}
	for _, host := range hosts {
		clean = append(clean, strings.ToLower(strings.TrimSpace(host)))
	}
	slices.Sort(clean)
	if clean = slices.Compact(clean); len(clean) > mostHosts {
		return fault.InvalidField("roomHosts", fault.FieldTooLong)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error { return s.schools.SetRoomHosts(tx, string(actor.Account), clean) })
}

// SetServer keeps the school's own server. An empty secret leaves the one that is kept, for the same address only: a
// secret goes to nobody but whom it was given for. Rooms on another address count as closed.
func (s *Service) SetServer(ctx context.Context, actor authz.Actor, address, secret string, style conference.Style) error {
	if !actor.May(authz.SetUpRooms) {
		return fault.New(fault.NotAllowedHere)
	}
	address, err := conference.ParseURL(address)
	if err != nil {
		return err
	}
	if !slices.Contains(conference.Styles, style) {
		return fault.InvalidField("style", fault.FieldInvalid)
	}
	if secret = strings.TrimSpace(secret); len(secret) > longestSecret || strings.ContainsFunc(secret, notVisible) {
		return fault.InvalidField("secret", fault.FieldInvalid)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		row, known, err := findServer(tx)
		if err != nil {
			return err
		}
		var was conference.Server
		if known {
			if was, err = s.openServer(tx, row); err != nil {
				return err
			}
		}
		if secret == "" {
			if secret = was.Secret; was.URL != address || secret == "" {
				return fault.InvalidField("secret", fault.FieldMissing)
			}
		}
		if known && was.URL != address {
			if err := endAllRooms(tx); err != nil {
				return err
			}
		}
		sealed, err := s.vault.SealJSON(serverPlace(tx), conference.Server{URL: address, Secret: secret})
		if err != nil {
			return err
		}
		if err := putServer(tx, serverRow{SchoolID: tx.School, Body: sealed, Style: style, ChangedAt: tx.Now.UnixMicro()}); err != nil {
			return err
		}
		return record(tx, actor, audit.RoomsSetUp, "conference_server", string(tx.School))
	})
}

func notVisible(r rune) bool { return r <= ' ' || r > '~' }

// RemoveServer forgets the server; meetings without an IServ room have none then.
func (s *Service) RemoveServer(ctx context.Context, actor authz.Actor) error {
	if !actor.May(authz.SetUpRooms) {
		return fault.New(fault.NotAllowedHere)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := endAllRooms(tx); err != nil {
			return err
		}
		removed, err := deleteServer(tx)
		if err != nil {
			return err
		}
		if !removed {
			return fault.New(fault.NothingHere)
		}
		return record(tx, actor, audit.RoomsRemoved, "conference_server", string(tx.School))
	})
}

// Try asks the server as it is kept, and tells how that went.
func (s *Service) Try(ctx context.Context, actor authz.Actor) (conference.Finding, error) {
	if !actor.May(authz.SetUpRooms) {
		return "", fault.New(fault.NotAllowedHere)
	}
	var server conference.Server
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		row, ok, err := findServer(tx)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.NothingHere)
		}
		server, err = s.openServer(tx, row)
		return err
	})
	if err != nil {
		return "", err
	}
	return s.client.Probe(ctx, server), nil
}

func record(tx *db.Tx, actor authz.Actor, action audit.Action, kind, subject string) error {
	by := string(actor.Account)
	if by == "" {
		by = audit.System
	}
	return audit.Record(tx, audit.Entry{Actor: by, Action: action, SubjectKind: kind, SubjectID: subject})
}
