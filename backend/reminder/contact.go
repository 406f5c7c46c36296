package reminder

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
)

// Contact is how a person can be reached, and wants to be.
type Contact struct {
	Reach
	Preferences
}

// Contacts knows the contacts of people. Who is missing from its answer cannot be reached.
type Contacts func(tx *db.Tx, persons []id.Person) (map[id.Person]Contact, error)

// ContactsOf reaches people by addresses that did not come back and by browsers that were seen to get messages, as they
// have chosen. browsers gives the people who have one, or the one that is asked for.
func ContactsOf(n *notify.Service, browsers func(tx *db.Tx, one id.Person) ([]id.Person, error)) Contacts {
	return func(tx *db.Tx, persons []id.Person) (map[id.Person]Contact, error) {
		reach, err := n.ReachOf(tx, persons)
		if err != nil {
			return nil, err
		}
		var one id.Person
		if len(persons) == 1 {
			one = persons[0]
		}
		reached, err := browsers(tx, one)
		if err != nil {
			return nil, err
		}
		contacts := make(map[id.Person]Contact, len(reach))
		for person, r := range reach {
			hours := Hours{From: Clock(r.Hours.From), Until: Clock(r.Hours.Until)}
			contacts[person] = Contact{Reach{Mail: r.Mail}, Preferences{Stopped: r.NoReminders, Hours: hours}}
		}
		for _, person := range reached {
			if contact, wanted := contacts[person]; wanted {
				contact.Push = !reach[person].MailOnly
				contacts[person] = contact
			}
		}
		return contacts, nil
	}
}
