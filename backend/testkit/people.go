package testkit

import (
	"context"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
)

// School is a school in an Env, with makers of the people in it. Each maker ends the test when it fails.
type School struct {
	*Env
	ID      id.School
	Ctx     context.Context // has entered the school
	Service *school.Service
	Hub     *signal.Hub
	Log     *evidence.Log

	tb testing.TB
}

// NewSchool makes a school. The options change its settings before it is created.
func (e *Env) NewSchool(tb testing.TB, options ...func(*school.Settings)) *School {
	tb.Helper()
	hub, log := signal.NewHub(), evidence.NewLog(e.Vault)
	s := &School{Env: e, Service: school.NewService(e.DB, e.Vault, hub, log), Hub: hub, Log: log, tb: tb}
	settings := school.Settings{
		Name: "Gesamtschule Musterstadt", Address: "Lindenallee 4, 12345 Musterstadt",
		Officers:      school.Officers{HeadName: "Ada Musterfrau", DPOName: "Jo Beispiel", DPOContact: "dsb@schule.example"},
		AuthorityName: "Landesbeauftragte für Datenschutz", ConferenceSystem: "IServ", ProcessorName: "IServ GmbH",
		UserRules: "Nutzungsordnung vom 1. August 2026", RoomHosts: []string{"schule.example"},
	}
	for _, option := range options {
		option(&settings)
	}
	var err error
	if s.ID, err = s.Service.Create(context.Background(), settings); err != nil {
		tb.Fatal(err)
	}
	s.Ctx = e.InSchool(s.ID)
	return s
}

// Today is the civil day of the clock in the school's zone.
func (s *School) Today() (today calendar.Date) {
	s.tb.Helper()
	s.Read(func(tx *db.Tx) (err error) {
		today, err = s.Service.Today(tx)
		return err
	})
	return today
}

// Read runs f on a consistent view of the school.
func (s *School) Read(f func(*db.Tx) error) {
	s.tb.Helper()
	if err := s.DB.Read(s.Ctx, f); err != nil {
		s.tb.Fatal(err)
	}
}

// Write runs f as a change that needs no trace, as the ground on which a test stands.
func (s *School) Write(f func(*db.Tx) error) {
	s.tb.Helper()
	if err := s.DB.WriteUnaudited(s.Ctx, f); err != nil {
		s.tb.Fatal(err)
	}
}

// Staff is a fresh actor of the role, without an account row.
func (s *School) Staff(role authz.Role) authz.Actor {
	return authz.Actor{School: s.ID, Account: id.New[id.Account](), Session: id.New[id.Session](), Role: role}
}

// As is an actor who comes as that person.
func (s *School) As(person id.Person) authz.Actor {
	role := authz.Guardian
	if person.Kind == id.PupilPerson {
		role = authz.Pupil
	}
	actor := s.Staff(role)
	actor.Person = person
	return actor
}

// Class makes a class in today's school year.
func (s *School) Class(name string) school.Class {
	s.tb.Helper()
	class := school.Class{ID: id.New[id.Class](), Name: name, SchoolYear: calendar.SchoolYearOf(s.Today()).String(), Kind: school.HomeClass}
	s.Write(func(tx *db.Tx) error { return s.Service.AddClasses(tx, []school.Class{class}) })
	return class
}

// Pupil makes a pupil who is at the school, and in the class, since today's school year began. birth is YYYY-MM-DD, or
// empty when unknown.
func (s *School) Pupil(given, family, birth string, class school.Class) school.Pupil {
	s.tb.Helper()
	pupil := school.Pupil{ID: id.New[id.Pupil](), Name: school.Name{Given: given, Family: family}}
	if birth != "" {
		pupil.BirthDate = calendar.MustParse(birth)
	}
	since := calendar.SchoolYearOf(s.Today()).Period()
	s.Write(func(tx *db.Tx) error {
		if err := s.Service.AddPupils(tx, []school.Pupil{pupil}); err != nil {
			return err
		}
		schooling := school.Schooling{ID: id.New[id.Schooling](), Pupil: pupil.ID, Period: calendar.Period{From: since.From}}
		if err := s.Service.AddSchoolings(tx, []school.Schooling{schooling}); err != nil {
			return err
		}
		membership := school.Membership{ID: id.New[id.Membership](), Pupil: pupil.ID, Class: class.ID, Period: since}
		return s.Service.AddMemberships(tx, []school.Membership{membership})
	})
	return pupil
}

// Guardian makes a guardian with joint custody of the pupils since today's school year began.
func (s *School) Guardian(given, family string, pupils ...school.Pupil) school.Guardian {
	s.tb.Helper()
	guardian := school.Guardian{ID: id.New[id.Guardian](), Name: school.Name{Given: given, Family: family}, Language: "de"}
	s.Write(func(tx *db.Tx) error { return s.Service.AddGuardians(tx, []school.Guardian{guardian}) })
	for _, pupil := range pupils {
		s.Custody(guardian, pupil, school.JointCustody)
	}
	return guardian
}

// Custody links a guardian to a pupil since today's school year began, on the basis of the class list. The options
// change the guardianship before it is stored.
func (s *School) Custody(
	guardian school.Guardian, pupil school.Pupil, custody school.Custody, options ...func(*school.Guardianship),
) school.Guardianship {
	s.tb.Helper()
	guardianship := school.Guardianship{
		ID: id.New[id.Guardianship](), Guardian: guardian.ID, Pupil: pupil.ID, Relation: school.Parent,
		Custody: custody, Basis: school.Assumed,
		Period: calendar.Period{From: calendar.SchoolYearOf(s.Today()).Period().From},
	}
	for _, option := range options {
		option(&guardianship)
	}
	s.Write(func(tx *db.Tx) error {
		return s.Service.AddGuardianships(tx, []school.Guardianship{guardianship})
	})
	return guardianship
}

// GuardianshipOf gives the latest guardianship of the two.
func (s *School) GuardianshipOf(guardian school.Guardian, pupil school.Pupil) (latest school.Guardianship) {
	s.tb.Helper()
	s.Read(func(tx *db.Tx) error {
		all, err := s.Service.GuardianshipsOf(tx, []id.Pupil{pupil.ID})
		for _, g := range all[pupil.ID] {
			if g.Guardian == guardian.ID {
				latest = g
			}
		}
		return err
	})
	if latest.ID == "" {
		s.tb.Fatalf("%s %s is no guardian of %s", guardian.Given, guardian.Family, pupil.Given)
	}
	return latest
}
