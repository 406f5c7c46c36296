package standing

import (
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// MustKeep refuses to let somebody be erased while the answers for one of the pupils contradict each other. Once the
// pupil has left there is nothing to take part in, and the contradiction is about nothing any more.
func (s *Service) MustKeep(tx *db.Tx, _ id.Person, pupils []id.Pupil) error {
	standings, err := s.Of(tx, pupils)
	if err != nil {
		return err
	}
	for _, standing := range standings {
		if _, stays := school.LastDay(standing.Schoolings, standing.Facts.Today); stays && standing.Conflict {
			return fault.New(fault.KeptForConflict)
		}
	}
	return nil
}
