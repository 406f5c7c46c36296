package notify

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/mail"
	"einverstanden/backend/outbox"
	"einverstanden/backend/school"
)

// mailer is the channel Mail.
type mailer struct {
	*Service
	sender *mail.Sender
}

// WithMail adds the channel Mail.
func (s *Service) WithMail(sender *mail.Sender) *Service { return s.WithChannel(mailer{s, sender}) }

// Name is Mail.
func (mailer) Name() ChannelName { return Mail }

// Deliver sends the message to the person's addresses, as the kind's rule says.
func (c mailer) Deliver(ctx context.Context, message string, m Message) (Outcome, error) {
	out := Outcome{Host: c.sender.Host()}
	var letters []mail.Letter
	var hash string
	err := c.db.Read(ctx, func(tx *db.Tx) (err error) {
		letters, err = c.lettersTo(tx, message, m)
		if len(letters) == 1 {
			hash = c.addressHash(tx.School, letters[0].To)
		}
		return err
	})
	switch {
	case err != nil:
		return out, err
	case len(letters) == 0:
		return out, ErrNoWay
	}
	out, err = c.sendAll(ctx, m.Person, letters, out)
	if err == nil || outbox.IsPermanent(err) {
		out.Address = hash
	}
	return out, err
}

// sendAll is done when one address has it: a second one of the same person is a courtesy. A failure that may pass is
// tried again for all of them; their message ids tell whoever has it already that it is the same.
func (c mailer) sendAll(ctx context.Context, person id.Person, letters []mail.Letter, out Outcome) (Outcome, error) {
	reached := false
	var dead []string
	var failed *mail.Failed
	for _, letter := range letters {
		err := c.sender.Send(ctx, letter)
		reached = reached || err == nil
		var f *mail.Failed
		if errors.As(err, &f) && (failed == nil || failed.Permanent) {
			failed = f
		}
		if f != nil && f.NoSuchAddress {
			dead = append(dead, letter.To)
		}
	}
	if err := c.noteRefused(ctx, person, dead); err != nil {
		return out, err
	}
	switch {
	case reached:
		return out, nil
	case failed.Permanent:
		out.Code = failed.Code()
		return out, outbox.Permanent(failed.Code())
	}
	out.Code = failed.Code()
	return out, outbox.After(failed.Code(), 0, failed)
}

// noteRefused keeps addresses that the server says do not exist: they are no way to the person, as if a message had come
// back from there.
func (c mailer) noteRefused(ctx context.Context, person id.Person, dead []string) error {
	if len(dead) == 0 || person.Kind == DPO {
		return nil
	}
	return c.db.WriteUnaudited(ctx, func(tx *db.Tx) error {
		hashes := make([]string, len(dead))
		for i, address := range dead {
			hashes[i] = c.addressHash(tx.School, address)
		}
		return putBounces(tx, person, hashes)
	})
}

func (c mailer) lettersTo(tx *db.Tx, message string, m Message) ([]mail.Letter, error) {
	settings, err := c.schools.Settings(tx)
	if err != nil {
		return nil, err
	}
	to, action, err := c.addressesOf(tx, m, settings)
	if err != nil || len(to) == 0 {
		return nil, err
	}
	tag, err := c.languageOf(tx, m.Person)
	if err != nil {
		return nil, err
	}
	if carrier, ok := c.carriers[m.Kind]; ok {
		var path string
		if path, m.Values, err = carrier.Fill(tx, m); err != nil {
			return nil, err
		}
		action = c.link(path)
	}
	where := links{action: action, notMe: c.notMeLink(tx.School, m)}
	stop := c.stopURL(tx.School, m)
	if stop != nil {
		where.stop = c.link("/m#stop=" + c.StopToken(tx.School, m.Person))
	}
	w := write(tag, m, settings.Name, settings.Location(), where)
	html, err := w.html()
	if err != nil {
		return nil, err
	}
	letters := make([]mail.Letter, len(to))
	for i, address := range to {
		letters[i] = mail.Letter{
			ID: message, To: address, SenderName: senderName(settings), Subject: w.Subject, Text: w.text(), HTML: html, Language: tag,
			Stop: stop, Token: c.bounceToken(message),
		}
	}
	return letters, nil
}

// senderName is the school's, which a person in the office typed: what cannot stand in a header line is left out.
func senderName(settings school.Settings) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, settings.Name)
}

// addressesOf gives the addresses of a message, and the link in it.
func (c mailer) addressesOf(tx *db.Tx, m Message, settings school.Settings) (to []string, action string, err error) {
	if m.Kind == ConfirmAddress {
		return c.toBeConfirmed(tx, m)
	}
	action = c.link(m.Path)
	if m.Person.Kind == DPO {
		if mail.IsAddress(settings.Officers.DPOContact) {
			to = []string{settings.Officers.DPOContact}
		}
		return to, "", nil
	}
	if m.Person.Kind == Staff {
		contact, err := c.staff(tx, id.Account(m.Person.ID))
		if mail.IsAddress(contact.Email) {
			to = []string{contact.Email}
		}
		return to, action, err
	}
	to, err = c.addressesTo(tx, m.Person, rules[m.Kind].contacts)
	if err == nil && rules[m.Kind].stoppable { // what guards a letter is tried all the same
		to, err = c.alive(tx, m.Person, to)
	}
	return to, action, err
}

func (s *Service) alive(tx *db.Tx, person id.Person, addresses []string) ([]string, error) {
	dead, err := deadAddresses(tx, []id.Person{person})
	return slices.DeleteFunc(addresses, func(address string) bool { return !s.isAlive(tx.School, address, dead[person]) }), err
}

// addressesTo are a person's own, each once.
func (s *Service) addressesTo(tx *db.Tx, person id.Person, wanted contacts) (to []string, err error) {
	if wanted&listed != 0 {
		guardian, _, err := s.listedGuardian(tx, person)
		if err != nil {
			return nil, err
		}
		if mail.IsAddress(guardian.Contact.Email) {
			to = append(to, guardian.Contact.Email)
		}
	}
	if wanted&typed == 0 {
		return to, nil
	}
	row, err := findAddress(tx, person)
	if err != nil || row.Address == nil || row.ConfirmedAt == nil {
		return to, err
	}
	address, err := s.openAddress(row)
	if err == nil && !slices.ContainsFunc(to, func(known string) bool { return strings.EqualFold(known, address) }) {
		to = append(to, address)
	}
	return to, err
}

// toBeConfirmed is the address as it was typed, unless another was typed since.
func (c mailer) toBeConfirmed(tx *db.Tx, m Message) (to []string, action string, err error) {
	row, err := findAddress(tx, m.Person)
	if err != nil || row.Address == nil || row.ConfirmedAt != nil || row.version() != m.Subject {
		return nil, "", err
	}
	address, err := c.openAddress(row)
	return []string{address}, c.link("/m#confirm=" + c.confirmToken(row)), err
}

func (s *Service) link(path string) string { return strings.TrimSuffix(s.baseURL.String(), "/") + path }

// StopToken is what stands in the link by which the person wants no more reminders.
func (s *Service) StopToken(school id.School, person id.Person) string {
	return s.token(useStop, school, []string{string(person.Kind), person.ID})
}

// stopURL takes the one click of RFC 8058; nil for what is no reminder.
func (s *Service) stopURL(school id.School, m Message) *url.URL {
	if !rules[m.Kind].stoppable {
		return nil
	}
	return s.baseURL.JoinPath("api", "v1", "notices", "stop", s.StopToken(school, m.Person))
}
