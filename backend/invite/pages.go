package invite

import (
	"context"
	"strings"

	"einverstanden/backend/account"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/lowering"
	"einverstanden/backend/paper"
)

// pages are the letters as they are printed, in the order of the mailing.
func (s *Service) pages(mailing mailing, issued []account.IssuedLetter) []paper.Letter {
	byPerson := make(map[id.Person]account.IssuedLetter, len(issued))
	for _, letter := range issued {
		byPerson[letter.Person] = letter
	}
	zone := mailing.settings.Location()
	pages := make([]paper.Letter, len(mailing.invitations))
	for i, invitation := range mailing.invitations {
		letter := byPerson[invitation.person]
		pages[i] = paper.Letter{
			School:    paper.School{Name: mailing.settings.Name, Address: mailing.settings.Address},
			HeadName:  mailing.settings.Officers.HeadName,
			Reader:    invitation.reader,
			Recipient: invitation.recipient,
			Children:  childrenLines(invitation.children),
			LetterNo:  letter.LetterNo,
			Secret:    letter.Secret.Format(),
			URL:       s.typedURL(),
			QRText:    strings.TrimSuffix(s.baseURL.String(), "/") + account.DoorPath(letter.LetterNo, letter.Secret),
			IssuedOn:  calendar.Today(letter.IssuedAt, zone),
			ExpiresOn: letter.LastDay(zone),
		}
	}
	return pages
}

// addLoweringCodes puts on each page the lowering links of its recipient, a child each.
func (s *Service) addLoweringCodes(ctx context.Context, pages []paper.Letter, invitations []invitation) error {
	if s.keys == nil {
		return nil
	}
	var owners []lowering.Owner
	for _, invitation := range invitations {
		for _, child := range invitation.children {
			owners = append(owners, lowering.Owner{Person: invitation.person, Pupil: child.pupil})
		}
	}
	return s.db.Read(ctx, func(tx *db.Tx) error {
		keys, err := s.keys.KeysOf(tx, owners)
		if err != nil {
			return err
		}
		for i, invitation := range invitations {
			for n, child := range invitation.children {
				code := paper.LoweringCode{Child: child.name.Given, QRText: lowering.URL(s.baseURL, keys[n])}
				pages[i].Lowering = append(pages[i].Lowering, code)
			}
			keys = keys[len(invitation.children):]
		}
		return nil
	})
}

// typedURL is the public address as people type it: browsers add https by themselves.
func (s *Service) typedURL() string {
	return strings.TrimPrefix(strings.TrimSuffix(s.baseURL.String(), "/"), "https://")
}

func childrenLines(children []child) []string {
	lines := make([]string, len(children))
	for i, child := range children {
		lines[i] = child.name.Given
		if child.class != "" {
			lines[i] += ", " + child.class
		}
	}
	return lines
}
