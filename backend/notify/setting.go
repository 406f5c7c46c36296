package notify

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/mail"
	"einverstanden/backend/school"
)

// Setting is how a person wants to be told.
type Setting struct {
	Address     string // typed by the person; empty: none
	Confirmed   bool
	Language    string // of the messages
	NoReminders bool
	MailOnly    bool  // nothing by push
	Hours       Hours // of reminders
	MailIsSetUp bool  // the school sends mail at all
}

// Hours are the times of day in which a person wants to be reminded, in minutes from midnight by the school's clock,
// Until exclusive. The zero value is no wish: the usual hours.
type Hours struct{ From, Until int }

// Own hours lie between six and ten, and leave an hour: they are the person's to choose (decision 0038), but a slip of the
// finger must wake nobody.
const (
	earliestHour = 6 * 60
	latestHour   = 22 * 60
	leastHours   = 60
)

func (h Hours) check() error {
	if h == (Hours{}) || h.From >= earliestHour && h.Until <= latestHour && h.Until-h.From >= leastHours {
		return nil
	}
	return fault.InvalidField("hours", fault.HoursInvalid)
}

// Choice is what a person chooses about its messages.
type Choice struct {
	Language    string
	NoReminders bool
	MailOnly    bool
	Hours       Hours
}

// confirmEvery is how often a confirmation goes to an address, whoever asks, so that nobody is plagued (X27).
const confirmEvery = 24 * time.Hour

// confirmWithin is how long a link of a confirmation opens.
const confirmWithin = 7 * 24 * time.Hour

func mayKeep(actor authz.Actor) error {
	if !actor.May(authz.KeepNotices) || actor.Person.ID == "" {
		return fault.New(fault.NotAllowedHere)
	}
	return nil
}

// SettingOf is the actor's own.
func (s *Service) SettingOf(ctx context.Context, actor authz.Actor) (setting Setting, err error) {
	if err := mayKeep(actor); err != nil {
		return Setting{}, err
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		setting, err = s.settingOf(tx, actor.Person)
		return err
	})
	return setting, err
}

func (s *Service) settingOf(tx *db.Tx, person id.Person) (setting Setting, err error) {
	address, err := findAddress(tx, person)
	if err != nil {
		return Setting{}, err
	}
	row, err := findSetting(tx, person)
	if err != nil {
		return Setting{}, err
	}
	_, setting.MailIsSetUp = s.channels[Mail]
	setting.NoReminders, setting.MailOnly, setting.Hours = row.NoReminders, row.MailOnly, row.hours()
	if setting.Language, err = s.languageOf(tx, person); err != nil || address.Address == nil {
		return setting, err
	}
	setting.Address, err = s.openAddress(address)
	setting.Confirmed = address.ConfirmedAt != nil
	return setting, err
}

func (s *Service) openAddress(row addressRow) (string, error) {
	plain, err := s.vault.Open(addressColumn.At(row.SchoolID, row.PersonID), row.Address)
	return string(plain), err
}

// SetAddress keeps an address that the person typed, in the place of an earlier one, and sends the confirmation there.
// Until its link was opened nothing else goes there. A second confirmation to one address within a day is refused with
// TooManyTries.
func (s *Service) SetAddress(ctx context.Context, actor authz.Actor, address string) error {
	address = strings.TrimSpace(address)
	if err := mayKeep(actor); err != nil {
		return err
	}
	if !mail.IsAddress(address) {
		return fault.InvalidField("address", fault.FieldInvalid)
	}
	if _, ok := s.channels[Mail]; !ok {
		return fault.New(fault.MailNotSetUp)
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		hash := s.addressHash(tx.School, address)
		free, err := takeConfirmation(tx, hash, confirmEvery)
		if err != nil {
			return err
		}
		if !free {
			return fault.New(fault.TooManyTries).After(confirmEvery)
		}
		sealed, err := s.vault.Seal(addressColumn.At(tx.School, actor.Person.ID), []byte(address))
		if err != nil {
			return err
		}
		row := addressRow{
			SchoolID: tx.School, PersonKind: actor.Person.Kind, PersonID: actor.Person.ID, Address: sealed, AddressHash: hash,
			AddedAt: tx.Now.UnixMicro(),
		}
		if err := putAddress(tx, row); err != nil {
			return err
		}
		message := Message{Event: "address:" + row.version(), Kind: ConfirmAddress, Person: actor.Person, Subject: row.version()}
		if err := Tell(tx, message); err != nil {
			return err
		}
		return recordFor(tx, actor, audit.AddressAdded)
	})
}

func (s *Service) addressHash(school id.School, address string) string {
	return s.vault.Index(school, "mail_address.address", strings.ToLower(address))
}

// RemoveAddress forgets the address; there may be none.
func (s *Service) RemoveAddress(ctx context.Context, actor authz.Actor) error {
	if err := mayKeep(actor); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		if err := deleteAddress(tx, actor.Person); err != nil {
			return err
		}
		return recordFor(tx, actor, audit.AddressRemoved)
	})
}

// Choose keeps the language of messages, whether and when the person wants to be reminded, and whether by mail alone.
func (s *Service) Choose(ctx context.Context, actor authz.Actor, choice Choice) error {
	if err := mayKeep(actor); err != nil {
		return err
	}
	if !HasLanguage(choice.Language) {
		return fault.InvalidField("language", fault.FieldInvalid)
	}
	if err := choice.Hours.check(); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		row := settingRow{
			SchoolID: tx.School, PersonKind: actor.Person.Kind, PersonID: actor.Person.ID, Language: &choice.Language,
			NoReminders: choice.NoReminders, MailOnly: choice.MailOnly,
		}
		if choice.Hours != (Hours{}) {
			row.HoursFrom, row.HoursUntil = &choice.Hours.From, &choice.Hours.Until
		}
		if err := putSetting(tx, row); err != nil {
			return err
		}
		return recordFor(tx, actor, audit.NoticesChanged)
	})
}

func recordFor(tx *db.Tx, actor authz.Actor, action audit.Action) error {
	return audit.Record(tx, audit.Entry{
		Actor: string(actor.Account), Action: action, SubjectKind: string(actor.Person.Kind), SubjectID: actor.Person.ID,
	})
}

// ConfirmAddress opens the link of a confirmation. NothingHere when it is none of ours, when it is older than a week, and
// when the person has typed another address since. The second time it changes nothing.
func (s *Service) ConfirmAddress(ctx context.Context, token string) error {
	school, parts, err := splitToken(token, 2)
	if err != nil {
		return err
	}
	person := id.Person{Kind: id.PersonKind(parts[0]), ID: parts[1]}
	return s.db.Write(db.InSchool(ctx, school), func(tx *db.Tx) error {
		row, err := findAddress(tx, person)
		if err != nil {
			return err
		}
		if err := s.holds(useConfirm, token, row.version(), row.AddressHash); err != nil {
			return err
		}
		if row.Address == nil || tx.Now.Sub(time.UnixMicro(row.AddedAt)) > confirmWithin {
			return fault.New(fault.NothingHere)
		}
		if err := errors.Join(confirmAddress(tx, row), deleteBounce(tx, person, row.AddressHash)); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{
			Actor: audit.System, Action: audit.AddressConfirmed, SubjectKind: string(person.Kind), SubjectID: person.ID,
		})
	})
}

func (s *Service) confirmToken(row addressRow) string {
	return s.token(useConfirm, row.SchoolID, []string{string(row.PersonKind), row.PersonID}, row.version(), row.AddressHash)
}

// StopReminders opens the link of a reminder, by one click of a person or of its mail program (RFC 8058).
func (s *Service) StopReminders(ctx context.Context, token string) error {
	school, parts, err := splitToken(token, 2)
	if err == nil {
		err = s.holds(useStop, token)
	}
	if err != nil {
		return err
	}
	person := id.Person{Kind: id.PersonKind(parts[0]), ID: parts[1]}
	return s.db.Write(db.InSchool(ctx, school), func(tx *db.Tx) error {
		row, err := findSetting(tx, person)
		if err != nil {
			return err
		}
		row.SchoolID, row.PersonKind, row.PersonID, row.NoReminders = tx.School, person.Kind, person.ID, true
		if err := putSetting(tx, row); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{
			Actor: audit.System, Action: audit.NoticesChanged, SubjectKind: string(person.Kind), SubjectID: person.ID,
		})
	})
}

// languageOf is the one that the person chose for messages, or in the app, or that of the school's lists, or German.
func (s *Service) languageOf(tx *db.Tx, person id.Person) (string, error) {
	if person.Kind == Staff {
		contact, err := s.staff(tx, id.Account(person.ID))
		if !HasLanguage(contact.Language) {
			contact.Language = german
		}
		return contact.Language, err
	}
	row, err := findSetting(tx, person)
	if err != nil {
		return "", err
	}
	if row.Language != nil && HasLanguage(*row.Language) {
		return *row.Language, nil
	}
	if chosen, err := s.language(tx, person); err != nil || HasLanguage(chosen) {
		return chosen, err
	}
	if guardian, ok, err := s.listedGuardian(tx, person); err != nil || ok && HasLanguage(guardian.Language) {
		return guardian.Language, err
	}
	return german, nil
}

// listedGuardian is the guardian as the school's lists have it.
func (s *Service) listedGuardian(tx *db.Tx, person id.Person) (school.Guardian, bool, error) {
	if person.Kind != id.GuardianPerson {
		return school.Guardian{}, false, nil
	}
	guardians, err := s.schools.Guardians(tx, []id.Guardian{id.Guardian(person.ID)})
	guardian, ok := guardians[id.Guardian(person.ID)]
	return guardian, ok, err
}

// ListedAddress is the mail address that the school's lists have of the person; empty: none that could be used.
func (s *Service) ListedAddress(tx *db.Tx, person id.Person) (string, error) {
	guardian, ok, err := s.listedGuardian(tx, person)
	if err != nil || !ok || !mail.IsAddress(guardian.Contact.Email) {
		return "", err
	}
	return guardian.Contact.Email, nil
}

// SendsMail reports whether mail is set up.
func (s *Service) SendsMail() bool { _, ok := s.channels[Mail]; return ok }

// Unreachable tells which of the texts are no addresses, and which addresses are not to be trusted with a secret: those that
// are dead for anybody, as for reminders, and those that gave back or refused what went there last, for whatever reason.
func (s *Service) Unreachable(tx *db.Tx, addresses []string) (map[string]bool, error) {
	hashes := make([]string, len(addresses))
	for i, address := range addresses {
		hashes[i] = s.addressHash(tx.School, address)
	}
	dead, err := deadFor(tx, hashes)
	if err != nil {
		return nil, err
	}
	last, err := lastOf(tx, hashes)
	found := map[string]bool{}
	for i, address := range addresses {
		state := last[hashes[i]]
		if state == stateBounced || state == stateFailed || slices.Contains(dead, hashes[i]) || !mail.IsAddress(address) {
			found[address] = true
		}
	}
	return found, err
}

// StatesOf tells what became of the messages by mail of a kind, by event: waiting, accepted, failed or bounced. An event
// whose message nobody has begun with is missing.
func (s *Service) StatesOf(tx *db.Tx, kind Kind, events []string) (map[string]string, error) {
	outcomes, err := OutcomesOf(tx, events, kind)
	found := make(map[string]string, len(outcomes))
	for event, sent := range outcomes {
		for _, s := range sent {
			if s.Channel == Mail {
				found[event] = s.State
			}
		}
	}
	return found, err
}

// Refuse notes that the message about an event came to somebody whom it was not for: its address is no way to its person.
func (s *Service) Refuse(tx *db.Tx, kind Kind, event string) error {
	rows, err := refuse(tx, kind, event)
	for _, row := range rows {
		if err == nil && row.AddressHash != nil {
			err = putBounces(tx, row.person(), []string{*row.AddressHash})
		}
	}
	return err
}

// IsListed reports whether the school's lists have a mail address of the person, and mail is sent at all.
func (s *Service) IsListed(tx *db.Tx, person id.Person) (bool, error) {
	if _, ok := s.channels[Mail]; !ok {
		return false, nil
	}
	address, err := s.ListedAddress(tx, person)
	return address != "", err
}
