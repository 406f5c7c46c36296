package notify

import (
	"slices"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/mail"
)

// Reach is whether a person can be reminded by mail now, and how it wants to be reminded.
type Reach struct {
	Mail        bool // there is an address: confirmed or from the school's lists, and none that came back
	MailOnly    bool
	NoReminders bool
	Hours       Hours
}

// ReachOf tells it of people; each is in the answer.
func (s *Service) ReachOf(tx *db.Tx, persons []id.Person) (map[id.Person]Reach, error) {
	reach := make(map[id.Person]Reach, len(persons))
	for _, person := range persons {
		reach[person] = Reach{}
	}
	settings, err := all[settingRow](tx, persons)
	if err != nil {
		return nil, err
	}
	for _, row := range settings {
		person := id.Person{Kind: row.PersonKind, ID: row.PersonID}
		if r, wanted := reach[person]; wanted {
			r.MailOnly, r.NoReminders, r.Hours = row.MailOnly, row.NoReminders, row.hours()
			reach[person] = r
		}
	}
	if _, ok := s.channels[Mail]; !ok {
		return reach, nil
	}
	return reach, s.findAddresses(tx, persons, reach)
}

// findAddresses says who has an address. None is opened that need not be.
func (s *Service) findAddresses(tx *db.Tx, persons []id.Person, reach map[id.Person]Reach) error {
	dead, err := deadAddresses(tx, persons)
	if err != nil {
		return err
	}
	has := func(person id.Person) {
		if r, wanted := reach[person]; wanted {
			r.Mail = true
			reach[person] = r
		}
	}
	typed, err := all[addressRow](tx, persons)
	if err != nil {
		return err
	}
	for _, row := range typed {
		person := id.Person{Kind: row.PersonKind, ID: row.PersonID}
		if row.ConfirmedAt != nil && !slices.Contains(dead[person], row.AddressHash) {
			has(person)
		}
	}
	var guardians []id.Guardian
	for _, person := range persons {
		if person.Kind == id.GuardianPerson && !reach[person].Mail {
			guardians = append(guardians, id.Guardian(person.ID))
		}
	}
	listed, err := s.schools.Guardians(tx, guardians)
	for name, guardian := range listed {
		if person := id.GuardianOf(name); s.isAlive(tx.School, guardian.Contact.Email, dead[person]) {
			has(person)
		}
	}
	return err
}

func deadAddresses(tx *db.Tx, persons []id.Person) (map[id.Person][]string, error) {
	rows, err := all[bounceRow](tx, persons)
	dead := make(map[id.Person][]string, len(rows))
	for _, row := range rows {
		person := id.Person{Kind: row.PersonKind, ID: row.PersonID}
		dead[person] = append(dead[person], row.AddressHash)
	}
	return dead, err
}

func (s *Service) isAlive(school id.School, address string, dead []string) bool {
	return mail.IsAddress(address) && (len(dead) == 0 || !slices.Contains(dead, s.addressHash(school, address)))
}

// Sent is what became of a message on one channel.
type Sent struct {
	Channel ChannelName
	State   string // waiting, accepted, failed or bounced; never "read"
	Code    string // of ours, or the server's status; empty when it was accepted
}

// OutcomesOf tells what became of the messages of some kinds, by their events.
func OutcomesOf(tx *db.Tx, events []string, kinds ...Kind) (map[string][]Sent, error) {
	keys := make([]string, 0, len(events)*len(kinds))
	for _, event := range events {
		for _, kind := range kinds {
			keys = append(keys, Message{Kind: kind, Event: event}.key())
		}
	}
	rows, err := messagesOf(tx, keys)
	outcomes := make(map[string][]Sent, len(rows))
	for _, row := range rows {
		outcomes[row.event()] = append(outcomes[row.event()], Sent{Channel: row.Channel, State: string(row.State), Code: row.Code})
	}
	return outcomes, err
}

// IsBegun reports whether a channel has been tried for the event of the message, with its person.
func IsBegun(tx *db.Tx, m Message) (bool, error) {
	rows, err := messagesOf(tx, []string{m.key()})
	return slices.ContainsFunc(rows, func(row messageRow) bool {
		return row.PersonKind == m.Person.Kind && row.PersonID == m.Person.ID
	}), err
}
