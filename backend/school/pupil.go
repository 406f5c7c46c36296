package school

import (
	"strings"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// pupilProfile is what lies sealed in pupil.profile.
type pupilProfile struct {
	Name
	BirthDate calendar.Date `json:"birthDate,omitzero"`
	ImportID  string        `json:"importId,omitempty"`
	Email     string        `json:"email,omitempty"`
	Phone     string        `json:"phone,omitempty"`
	Address   Address       `json:"address,omitzero"`
}

// Pupils gives the wanted pupils; unknown and erased ones are missing from the answer.
func (s *Service) Pupils(tx *db.Tx, wanted []id.Pupil) (map[id.Pupil]Pupil, error) {
	rows, err := findPupils(tx, wanted)
	if err != nil {
		return nil, err
	}
	found := make(map[id.Pupil]Pupil, len(rows))
	for _, row := range rows {
		if found[row.ID], err = s.openPupil(tx, row); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// PupilByImportID is the pupil whom the school's administration knows by the id; empty when there is none.
func (s *Service) PupilByImportID(tx *db.Tx, importID string) (id.Pupil, error) {
	hash := s.indexOf(tx, "pupil.import", importID)
	if hash == nil {
		return "", nil
	}
	return findPupilByImport(tx, *hash)
}

// IsPupil tells whether the school has the pupil.
func (s *Service) IsPupil(tx *db.Tx, pupil id.Pupil) (bool, error) {
	rows, err := findPupils(tx, []id.Pupil{pupil})
	return len(rows) == 1, err
}

// AllPupils gives every pupil of the school, past and future ones too, in the order of their names.
func (s *Service) AllPupils(tx *db.Tx) ([]Pupil, error) {
	rows, err := findAllPupils(tx)
	if err != nil {
		return nil, err
	}
	found := make([]Pupil, len(rows))
	for i, row := range rows {
		if found[i], err = s.openPupil(tx, row); err != nil {
			return nil, err
		}
	}
	SortByName(found, func(p Pupil) Name { return p.Name })
	return found, nil
}

func (s *Service) openPupil(tx *db.Tx, row pupilRow) (Pupil, error) {
	var profile pupilProfile
	err := s.vault.OpenJSON(place(tx, "pupil", "profile", string(row.ID)), row.Profile, &profile)
	return Pupil{
		ID: row.ID, Name: profile.Name, BirthDate: profile.BirthDate, ImportID: profile.ImportID,
		Email: profile.Email, Phone: profile.Phone, Address: profile.Address,
	}, err
}

func (s *Service) sealPupil(tx *db.Tx, p Pupil) (pupilRow, error) {
	profile := pupilProfile{
		Name: p.Name, BirthDate: p.BirthDate, ImportID: p.ImportID, Email: p.Email, Phone: p.Phone, Address: p.Address,
	}
	sealed, err := s.vault.SealJSON(place(tx, "pupil", "profile", string(p.ID)), profile)
	return pupilRow{SchoolID: tx.School, ID: p.ID, ImportHash: s.indexOf(tx, "pupil.import", p.ImportID), Profile: sealed}, err
}

// indexOf is the blind index of a value; none of an empty one.
func (s *Service) indexOf(tx *db.Tx, column, value string) *string {
	if value == "" {
		return nil
	}
	index := s.vault.Index(tx.School, column, value)
	return &index
}

func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// LockLists makes every other import of the school wait until the transaction ends.
func (s *Service) LockLists(tx *db.Tx) error { return lockSchool(tx) }

// AddPupils adds new pupils, whose ids the caller has made. An import id that is in use gives db.ErrUnique.
func (s *Service) AddPupils(tx *db.Tx, added []Pupil) error {
	rows := make([]pupilRow, len(added))
	for i, p := range added {
		var err error
		if rows[i], err = s.sealPupil(tx, p); err != nil {
			return err
		}
	}
	return insertAll(tx, rows)
}

// ChangePupils replaces what is known about pupils; two may exchange their import ids. A pupil's standing may differ by
// it: whoever changes one tells the hub.
func (s *Service) ChangePupils(tx *db.Tx, changed []Pupil) error {
	ids := make([]id.Pupil, len(changed))
	for i, p := range changed {
		ids[i] = p.ID
	}
	if err := clearImportIDs(tx, ids); err != nil {
		return err
	}
	for _, p := range changed {
		row, err := s.sealPupil(tx, p)
		if err != nil {
			return err
		}
		if err := updatePupil(tx, row); err != nil {
			return err
		}
	}
	return nil
}

// SchoolingsOf gives every time at the school of each pupil, the earliest first.
func (s *Service) SchoolingsOf(tx *db.Tx, wanted []id.Pupil) (map[id.Pupil][]Schooling, error) {
	rows, err := findSchoolings(tx, wanted)
	return schoolingsByPupil(rows), err
}

// AllSchoolings is SchoolingsOf for the whole school.
func (s *Service) AllSchoolings(tx *db.Tx) (map[id.Pupil][]Schooling, error) {
	rows, err := findAllSchoolings(tx)
	return schoolingsByPupil(rows), err
}

func schoolingsByPupil(rows []schoolingRow) map[id.Pupil][]Schooling {
	found := map[id.Pupil][]Schooling{}
	for _, row := range rows {
		found[row.PupilID] = append(found[row.PupilID], row.schooling())
	}
	return found
}

// AddSchoolings begins times at the school, with ids that the caller has made.
func (s *Service) AddSchoolings(tx *db.Tx, added []Schooling) error {
	rows := make([]schoolingRow, len(added))
	for i, schooling := range added {
		rows[i] = schoolingRow{
			SchoolID: tx.School, ID: schooling.ID, PupilID: schooling.Pupil,
			FromOn: schooling.Period.From, UntilOn: schooling.Period.Until,
		}
	}
	return insertAll(tx, rows)
}

// ChangeSchooling sets first and last day of a time at the school; whoever changes one tells the hub.
func (s *Service) ChangeSchooling(tx *db.Tx, changed Schooling) error {
	return updateSchooling(tx, changed)
}
