package account

import (
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

type letterRow struct {
	SchoolID   id.School
	ID         id.Letter
	LetterNo   string
	SecretHash string
	Purpose    string
	PersonKind id.PersonKind
	PersonID   string
	IssuedBy   string
	IssuedAt   int64
	ExpiresAt  int64
	UsedAt     *int64
	VoidAt     *int64
	DisownedAt *int64
	Delivery   Delivery
	WrongDates int64 // birth dates tried with the right secret
}

func (letterRow) TableName() string { return "letter" }

func (r letterRow) state(now time.Time) LetterState {
	switch {
	case r.DisownedAt != nil:
		return LetterDisowned
	case r.UsedAt != nil:
		return LetterUsed
	case r.VoidAt != nil && r.WrongDates >= wrongDatesMost:
		return LetterBlocked
	case r.VoidAt != nil:
		return LetterVoid
	case r.ExpiresAt <= now.UnixMicro():
		return LetterExpired
	}
	return LetterOpen
}

func (r letterRow) person() id.Person { return id.Person{Kind: r.PersonKind, ID: r.PersonID} }

func (r letterRow) letter(now time.Time) Letter {
	letter := Letter{
		ID: r.ID, LetterNo: r.LetterNo, Person: r.person(), State: r.state(now), IssuedBy: r.IssuedBy,
		Delivery: r.Delivery, IssuedAt: time.UnixMicro(r.IssuedAt).UTC(), ExpiresAt: time.UnixMicro(r.ExpiresAt).UTC(),
	}
	if r.UsedAt != nil {
		letter.UsedAt = time.UnixMicro(*r.UsedAt).UTC()
	}
	if r.DisownedAt != nil {
		letter.DisownedAt = time.UnixMicro(*r.DisownedAt).UTC()
	}
	return letter
}

// lockIssuing lets one transaction at a time issue letters in a school, so that two taps at once leave one open letter
// for each person. SQLite has one writer anyway, and its dialect leaves the clause out.
func lockIssuing(tx *db.Tx) error {
	var school []id.School
	return tx.G().Table("school").Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Where("school_id = ?", tx.School).
		Pluck("school_id", &school).Error
}

func insertLetters(tx *db.Tx, rows []letterRow) error {
	return tx.G().CreateInBatches(rows, batchSize).Error
}

func lettersOfSchool(tx *db.Tx) *gorm.DB {
	return tx.G().Table("letter").Where("school_id = ? AND purpose = ?", tx.School, purpose)
}

// letterByNo is the zero row when the school has no letter of that number.
func letterByNo(tx *db.Tx, letterNo string) (row letterRow, err error) {
	err = lettersOfSchool(tx).Where("letter_no = ?", letterNo).Limit(1).Find(&row).Error
	return row, err
}

func letterByID(tx *db.Tx, letter id.Letter) (row letterRow, err error) {
	err = lettersOfSchool(tx).Where("id = ?", letter).Take(&row).Error
	return row, err
}

// openLetters are those of the persons that could still be redeemed.
func openLetters(tx *db.Tx, persons []id.Person) (letters []letterRow, err error) {
	for some := range slices.Chunk(personIDs(persons), batchSize) {
		var found []letterRow
		err := openOnly(lettersOfSchool(tx), tx.Now).Where("person_kind IN ? AND person_id IN ?", personKinds, some).
			Order("id").Find(&found).Error
		if err != nil {
			return nil, err
		}
		letters = append(letters, found...)
	}
	return letters, nil
}

// personKinds stand in queries by person, because the index begins with the kind.
var personKinds = []id.PersonKind{id.GuardianPerson, id.PupilPerson}

// personIDs suffice to tell persons apart: ids are unique across the kinds.
func personIDs(persons []id.Person) []string {
	ids := make([]string, len(persons))
	for i, person := range persons {
		ids[i] = person.ID
	}
	return ids
}

func openOnly(g *gorm.DB, now time.Time) *gorm.DB {
	return g.Where("used_at IS NULL AND void_at IS NULL AND expires_at > ?", now.UnixMicro())
}

func listLetters(tx *db.Tx, filter LetterFilter, after id.Letter, limit int) (rows []letterRow, err error) {
	g := lettersOfSchool(tx)
	if filter.Persons != nil {
		g = g.Where("person_id IN ?", personIDs(filter.Persons))
	}
	switch filter.State {
	case LetterOpen:
		g = openOnly(g, tx.Now)
	case LetterUsed:
		g = g.Where("used_at IS NOT NULL AND disowned_at IS NULL")
	case LetterDisowned:
		g = g.Where(`disowned_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM letter newer WHERE newer.school_id = letter.school_id
			AND newer.person_kind = letter.person_kind AND newer.person_id = letter.person_id AND newer.issued_at > letter.disowned_at)`)
	case LetterVoid:
		g = g.Where("used_at IS NULL AND void_at IS NOT NULL AND wrong_dates < ?", wrongDatesMost)
	case LetterBlocked:
		g = g.Where("used_at IS NULL AND void_at IS NOT NULL AND wrong_dates >= ?", wrongDatesMost)
	case LetterExpired:
		g = g.Where("used_at IS NULL AND void_at IS NULL AND expires_at <= ?", tx.Now.UnixMicro())
	}
	if after != "" {
		g = g.Where("id < ?", after)
	}
	err = g.Order("id DESC").Limit(limit).Find(&rows).Error
	return rows, err
}

// mailedSince are the letters of the persons that went by mail since the instant.
func mailedSince(tx *db.Tx, persons []id.Person, since time.Time) (letters []letterRow, err error) {
	for some := range slices.Chunk(personIDs(persons), batchSize) {
		var found []letterRow
		err := lettersOfSchool(tx).Where("person_kind IN ? AND person_id IN ?", personKinds, some).
			Where("delivery = ? AND issued_at > ?", ByMail, since.UnixMicro()).Find(&found).Error
		if err != nil {
			return nil, err
		}
		letters = append(letters, found...)
	}
	return letters, nil
}

func openMailed(tx *db.Tx, before time.Time) (letters []id.Letter, err error) {
	err = openOnly(lettersOfSchool(tx), tx.Now).Where("delivery = ? AND issued_at < ?", ByMail, before.UnixMicro()).
		Order("id").Pluck("id", &letters).Error
	return letters, err
}

// useLetter tells whether this call, among however many at once, is the one that uses the letter.
func useLetter(tx *db.Tx, letter id.Letter) (first bool, err error) {
	result := openOnly(lettersOfSchool(tx), tx.Now).Where("id = ?", letter).
		Updates(map[string]any{"used_at": tx.Now.UnixMicro()})
	return result.RowsAffected == 1, result.Error
}

const updateWrongDates = `UPDATE letter SET wrong_dates = wrong_dates + 1 WHERE school_id = ? AND id = ? RETURNING wrong_dates`

// raiseWrongDates gives how many there are now; the letter is locked until the transaction ends.
func raiseWrongDates(tx *db.Tx, letter id.Letter) (tries int64, err error) {
	err = tx.G().Raw(updateWrongDates, tx.School, letter).Scan(&tries).Error
	return tries, err
}

const updateVoid = `UPDATE letter SET void_at = ? WHERE school_id = ? AND purpose = ? AND id IN ?
	AND used_at IS NULL AND void_at IS NULL RETURNING id`

// voidLetters gives the letters that were neither used nor void until now.
func voidLetters(tx *db.Tx, letters []id.Letter) (voided []id.Letter, err error) {
	err = tx.G().Raw(updateVoid, tx.Now.UnixMicro(), tx.School, purpose, letters).Scan(&voided).Error
	return voided, err
}
