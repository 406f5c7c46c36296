package account

import (
	"context"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// NewCard is a card on its way to paper: the only moment at which key and PIN are known.
type NewCard struct {
	Pupil id.Pupil
	Key   DoorKey
	PIN   PIN
}

// Card is what is known of a pupil's open card.
type Card struct {
	ID       id.Card
	Pupil    id.Pupil
	IssuedAt time.Time
	Blocked  bool // after too many wrong PINs: the pupil needs a new card
}

// IssueCards makes a card with a PIN for each of the pupils in the context's school, has them printed, and only then
// keeps what is needed to know them again: an earlier card stays good when printing fails, and is void afterwards.
// Whether the pupils are the issuer's to give cards to is the caller's to check.
func (s *Service) IssueCards(ctx context.Context, actor authz.Actor, pupils []id.Pupil, onPaper func([]NewCard) error) error {
	if err := allow(actor, authz.IssueCards); err != nil {
		return err
	}
	cards, rows := make([]NewCard, len(pupils)), make([]cardRow, len(pupils))
	for i, pupil := range pupils {
		cards[i] = NewCard{Pupil: pupil, Key: NewDoorKey(actor.School), PIN: newPIN()}
		rows[i] = cardRow{
			SchoolID: actor.School, ID: id.New[id.Card](), PupilID: pupil, KeyHash: cards[i].Key.Hash(), IssuedBy: string(actor.Account),
		}
		hash, err := s.hasher.hash(ctx, s.vault.PINPepper(actor.School, rows[i].ID, cards[i].PIN.text()))
		if err != nil {
			return err
		}
		rows[i].PINHash = hash
	}
	if err := onPaper(cards); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if err := voidCards(tx, pupils); err != nil {
			return err
		}
		entries := make([]audit.Entry, len(rows))
		for i := range rows {
			rows[i].IssuedAt = tx.Now.UnixMicro()
			entries[i] = audit.Entry{
				Actor: string(actor.Account), Action: audit.CardIssued, SubjectKind: "pupil_card", SubjectID: string(rows[i].ID),
			}
		}
		if err := insertCards(tx, rows); err != nil {
			return err
		}
		return audit.Record(tx, entries...)
	})
}

// CardsOf are the open cards of the pupils; who has none is missing.
func (s *Service) CardsOf(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil]Card, error) {
	rows, err := openCards(tx, pupils)
	cards := make(map[id.Pupil]Card, len(rows))
	for _, row := range rows {
		cards[row.PupilID] = row.card()
	}
	return cards, err
}

// PupilOfKey is whose card the key opens. A key that is none is DoorKeyUnknown, one of a card that was replaced CardVoid.
func (s *Service) PupilOfKey(tx *db.Tx, key DoorKey) (id.Pupil, error) {
	row, err := cardByKey(tx, key.Hash())
	switch {
	case err != nil:
		return "", err
	case row.ID == "":
		return "", fault.New(fault.DoorKeyUnknown)
	case row.VoidAt != nil:
		return "", fault.New(fault.CardVoid)
	}
	return row.PupilID, nil
}

func (r cardRow) card() Card {
	return Card{ID: r.ID, Pupil: r.PupilID, IssuedAt: time.UnixMicro(r.IssuedAt).UTC(), Blocked: r.blocked()}
}

func (r cardRow) blocked() bool { return r.Failures >= pinBlocks }
