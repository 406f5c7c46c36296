package notify

import (
	"bufio"
	"context"
	"crypto/hmac"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"net/textproto"
	"regexp"
	"slices"
	"strings"

	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// bounceToken names the message in a return path: 32 hex digits of its id and 12 of a keyed hash, so that nobody can make
// us believe that a message came back. It is in lower case, as some servers write what is before the @.
func (s *Service) bounceToken(message string) string {
	plain := strings.ReplaceAll(message, "-", "")
	return plain + strings.ToLower(hexOnly(s.mac(useBounce, []string{plain})))
}

// hexOnly makes 12 symbols that survive a change of case.
func hexOnly(mac string) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 12)
	for i := range out {
		out[i] = digits[mac[i]%16]
	}
	return string(out)
}

var returned = regexp.MustCompile(`(?i)\+([0-9a-f]{32})([0-9a-f]{12})@`)

// Bounced reads a message that came back (a delivery status notification, RFC 3464) and notes for whichever school it was
// that the message did not arrive. What is no final failure, or not about a message of ours, is NothingHere.
func (s *Service) Bounced(ctx context.Context, in io.Reader) error {
	raw, err := netmail.ReadMessage(bufio.NewReader(io.LimitReader(in, 1<<20)))
	if err != nil {
		return fault.Wrap(fault.NothingHere, err)
	}
	message, err := s.messageOf(raw.Header)
	if err != nil {
		return err
	}
	failed, err := failureIn(raw)
	if err != nil {
		return err
	}
	return s.markBounced(ctx, message, failed)
}

// messageOf finds the token where the mail server put the address that the notification was for.
func (s *Service) messageOf(header netmail.Header) (string, error) {
	for _, name := range []string{"Delivered-To", "X-Original-To", "To", "Envelope-To"} {
		for _, value := range header[textproto.CanonicalMIMEHeaderKey(name)] {
			found := returned.FindStringSubmatch(value)
			if found == nil {
				continue
			}
			plain := strings.ToLower(found[1])
			if hmac.Equal([]byte(strings.ToLower(found[2])), []byte(hexOnly(s.mac(useBounce, []string{plain})))) {
				return plain[:8] + "-" + plain[8:12] + "-" + plain[12:16] + "-" + plain[16:20] + "-" + plain[20:], nil
			}
		}
	}
	return "", fault.New(fault.NothingHere)
}

var statusCode = regexp.MustCompile(`^5\.\d{1,3}\.\d{1,3}$`)

// failure is what a notification says of a message that did not arrive.
type failure struct {
	status     string   // enhanced, RFC 3463
	recipients []string // as it was addressed, and where it was forwarded to (RFC 3464, 2.3.1 and 2.3.2)
}

// failureIn reads a notification about a failure; a delay is none.
func failureIn(raw *netmail.Message) (failure, error) {
	kind, params, err := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" {
		return failure{}, fault.New(fault.NothingHere)
	}
	parts := multipart.NewReader(raw.Body, params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return failure{}, fault.Wrap(fault.NothingHere, err)
		}
		if !strings.HasPrefix(part.Header.Get("Content-Type"), "message/delivery-status") {
			continue
		}
		return failedRecipient(textproto.NewReader(bufio.NewReader(part)))
	}
}

func failedRecipient(fields *textproto.Reader) (failure, error) {
	for {
		header, err := fields.ReadMIMEHeader()
		if status := header.Get("Status"); strings.EqualFold(header.Get("Action"), "failed") && statusCode.MatchString(status) {
			found := failure{status: status}
			for _, name := range []string{"Original-Recipient", "Final-Recipient"} {
				if _, address, ok := strings.Cut(header.Get(name), ";"); ok {
					found.recipients = append(found.recipients, strings.TrimSpace(address))
				}
			}
			return found, nil
		}
		if err != nil {
			return failure{}, fault.New(fault.NothingHere)
		}
	}
}

// markBounced looks through the schools, which are few: the return path has no room for one.
func (s *Service) markBounced(ctx context.Context, message string, failed failure) error {
	schools, err := s.db.Schools(ctx)
	if err != nil {
		return err
	}
	for _, school := range schools {
		err := s.db.WriteUnaudited(db.InSchool(ctx, school), func(tx *db.Tx) error {
			row, err := bounce(tx, message, failed.status)
			if err != nil {
				return err
			}
			if carrier := s.carriers[row.Kind]; carrier.Lost != nil {
				if err := carrier.Lost(tx, row.event()); err != nil {
					return err
				}
			}
			return s.noteDead(tx, row, failed.recipients)
		})
		if !errors.Is(err, fault.New(fault.NothingHere)) {
			return err
		}
	}
	return fault.New(fault.NothingHere)
}

// noteDead keeps which of the person's addresses the message came back from: the one that it went to, whatever the lists
// say by now. Of several it is those that the notification names, and all when it names none of them, as after forwarding.
func (s *Service) noteDead(tx *db.Tx, row messageRow, named []string) error {
	person := row.person()
	if person.Kind == DPO {
		return nil
	}
	if row.AddressHash != nil {
		return putBounces(tx, person, []string{*row.AddressHash})
	}
	went, err := s.addressesTo(tx, person, rules[row.Kind].contacts)
	if err != nil {
		return err
	}
	var dead, every []string
	for _, address := range went {
		hash := s.addressHash(tx.School, address)
		every = append(every, hash)
		if slices.ContainsFunc(named, func(name string) bool { return strings.EqualFold(name, address) }) {
			dead = append(dead, hash)
		}
	}
	if len(dead) == 0 {
		dead = every
	}
	return putBounces(tx, person, dead)
}

// NotMe opens the link "that was not me": what it is about, by kind (letter or decision) and id.
func (s *Service) NotMe(token string) (school id.School, kind, subject string, err error) {
	school, parts, err := splitToken(token, 2)
	if err == nil {
		err = s.holds(useNotMe, token)
	}
	if err != nil {
		return "", "", "", err
	}
	return school, parts[0], parts[1], nil
}

// notMeLink leads to a page that asks once more; empty for what nobody has to contradict.
func (s *Service) notMeLink(school id.School, m Message) string {
	kind := notMeKinds[m.Kind]
	if kind == "" || m.Subject == "" {
		return ""
	}
	use := "not-me"
	if m.Kind == Invitation {
		use = "not-mine" // nothing has happened yet that somebody else could have done
	}
	return s.link("/m#" + use + "=" + s.token(useNotMe, school, []string{kind, m.Subject}))
}

// What a message's Subject is, where its reader may say "that was not me".
const (
	NotMeLetter   = "letter"
	NotMeDecision = "decision"
)

var notMeKinds = map[Kind]string{
	Invitation: NotMeLetter, FirstAnswer: NotMeLetter, LetterRedeemed: NotMeLetter, AnswerRecorded: NotMeDecision}
