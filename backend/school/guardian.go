package school

import (
	"cmp"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// guardianProfile is what lies sealed in guardian.profile.
type guardianProfile struct {
	Name
	Salutation string  `json:"salutation,omitempty"`
	Contact    Contact `json:"contact,omitzero"`
}

const defaultLanguage = "de"

// Guardians gives the wanted guardians; unknown and erased ones are missing from the answer.
func (s *Service) Guardians(tx *db.Tx, wanted []id.Guardian) (map[id.Guardian]Guardian, error) {
	rows, err := findGuardians(tx, wanted)
	if err != nil {
		return nil, err
	}
	found := make(map[id.Guardian]Guardian, len(rows))
	for _, row := range rows {
		if found[row.ID], err = s.openGuardian(tx, row); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// AllGuardians gives every guardian of the school in the order of their names.
func (s *Service) AllGuardians(tx *db.Tx) ([]Guardian, error) {
	rows, err := findAllGuardians(tx)
	if err != nil {
		return nil, err
	}
	found := make([]Guardian, len(rows))
	for i, row := range rows {
		if found[i], err = s.openGuardian(tx, row); err != nil {
			return nil, err
		}
	}
	SortByName(found, func(g Guardian) Name { return g.Name })
	return found, nil
}

func (s *Service) openGuardian(tx *db.Tx, row guardianRow) (Guardian, error) {
	var profile guardianProfile
	err := s.vault.OpenJSON(place(tx, "guardian", "profile", string(row.ID)), row.Profile, &profile)
	return Guardian{
		ID: row.ID, Name: profile.Name, Salutation: profile.Salutation, Contact: profile.Contact, Language: row.Language,
	}, err
}

func (s *Service) sealGuardian(tx *db.Tx, g Guardian) (guardianRow, error) {
	profile := guardianProfile{Name: g.Name, Salutation: g.Salutation, Contact: g.Contact}
	sealed, err := s.vault.SealJSON(place(tx, "guardian", "profile", string(g.ID)), profile)
	return guardianRow{
		SchoolID: tx.School, ID: g.ID, Profile: sealed, Language: cmp.Or(g.Language, defaultLanguage),
		EmailHash: s.indexOf(tx, "guardian.email", emailKey(g.Contact.Email)),
	}, err
}

// AddGuardians adds guardians, whose ids the caller has made. Two may share an e-mail address: it is nobody's identity.
func (s *Service) AddGuardians(tx *db.Tx, added []Guardian) error {
	rows := make([]guardianRow, len(added))
	for i, g := range added {
		var err error
		if rows[i], err = s.sealGuardian(tx, g); err != nil {
			return err
		}
	}
	return insertAll(tx, rows)
}

// ChangeGuardian replaces name, salutation and contact; the language is the guardian's own choice and stays.
func (s *Service) ChangeGuardian(tx *db.Tx, g Guardian) error {
	row, err := s.sealGuardian(tx, g)
	if err != nil {
		return err
	}
	return updateGuardian(tx, row)
}

// Guardianship is one guardianship; NothingHere when there is none.
func (s *Service) Guardianship(tx *db.Tx, wanted id.Guardianship) (Guardianship, error) {
	row, err := findGuardianship(tx, wanted)
	return row.guardianship(), err
}

// GuardianshipsOf gives all guardianships of each pupil, also those that have ended, the earliest first.
func (s *Service) GuardianshipsOf(tx *db.Tx, wanted []id.Pupil) (map[id.Pupil][]Guardianship, error) {
	rows, err := findGuardianships(tx, wanted)
	return guardianshipsByPupil(rows), err
}

// AllGuardianships is GuardianshipsOf for the whole school.
func (s *Service) AllGuardianships(tx *db.Tx) (map[id.Pupil][]Guardianship, error) {
	rows, err := findAllGuardianships(tx)
	return guardianshipsByPupil(rows), err
}

func guardianshipsByPupil(rows []guardianshipRow) map[id.Pupil][]Guardianship {
	found := map[id.Pupil][]Guardianship{}
	for _, row := range rows {
		found[row.PupilID] = append(found[row.PupilID], row.guardianship())
	}
	return found
}

// ChildrenOf gives the pupils for whom the guardian holds custody on the day.
func (s *Service) ChildrenOf(tx *db.Tx, guardian id.Guardian, day calendar.Date) ([]id.Pupil, error) {
	rows, err := findGuardianshipsOf(tx, guardian, day)
	if err != nil {
		return nil, err
	}
	children := make([]id.Pupil, len(rows))
	for i, row := range rows {
		children[i] = row.PupilID
	}
	return children, nil
}

// GuardianshipInForce gives the guardianship by which the guardian holds custody for the pupil on the day;
// NothingHere otherwise, whether there is no such child or it is somebody else's.
func (s *Service) GuardianshipInForce(
	tx *db.Tx, guardian id.Guardian, pupil id.Pupil, day calendar.Date,
) (Guardianship, error) {
	rows, err := findGuardianshipsOf(tx, guardian, day)
	if err != nil {
		return Guardianship{}, err
	}
	for _, row := range rows {
		if row.PupilID == pupil {
			return row.guardianship(), nil
		}
	}
	return Guardianship{}, fault.New(fault.NothingHere)
}

// AddGuardianships adds guardianships with ids that the caller has made.
func (s *Service) AddGuardianships(tx *db.Tx, added []Guardianship) error {
	rows := make([]guardianshipRow, len(added))
	for i, g := range added {
		rows[i] = newGuardianshipRow(tx, g)
	}
	return insertAll(tx, rows)
}
