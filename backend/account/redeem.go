package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// nowhere is asked like a school when a letter number is unknown, so that it takes the same work. No school has this id.
const nowhere id.School = "nowhere"

// RedeemLetter signs in whoever holds a letter. An unknown number and a wrong secret are CodeInvalid, alike in text and
// work. Whoever shows the right secret is not guessing and hears what is the matter: LetterUsed with the day (UTC) in
// usedOn, LetterVoid, LetterBlocked, LetterExpired, BirthDateMismatch. NotAllowedHere is the answer in a browser in which the issuer
// has been signed in: nobody redeems what they printed (X2). Guesses are limited (TooManyTries), and a wrong birth date
// is one, or a found letter would give a child's birth date away: a letter that has had too many is void from then on.
func (s *Service) RedeemLetter(ctx context.Context, letterNo, secret string, birthDate calendar.Date, device Device) (SignedIn, error) {
	device.way = ByLetter
	var signedIn SignedIn
	err := s.present(ctx, letterNo, device, func(ctx context.Context, letterNo string) (err error) {
		signedIn, err = s.redeemIn(ctx, letterNo, secret, birthDate, device)
		return err
	})
	return signedIn, err
}

// present tries a letter at each school that may have issued it, and counts the try unless it was no guess.
func (s *Service) present(ctx context.Context, letterNo string, device Device, try func(context.Context, string) error) error {
	letterNo = normalLetterNo(letterNo)
	schools, err := s.schoolsOfLetter(ctx, letterNo)
	if err != nil {
		return err
	}
	return s.guess(ctx, letterCounters(letterNo, device.Address, schools[0]), func() (err error) {
		for _, school := range schools {
			err = try(db.InSchool(ctx, school), letterNo)
			if !fault.Has(err, fault.CodeInvalid) {
				break
			}
		}
		return err
	})
}

// isGuess tells which outcomes stay counted.
func isGuess(err error) bool {
	return fault.Has(err, fault.CodeInvalid) || fault.Has(err, fault.BirthDateMismatch) || fault.Has(err, fault.PasswordWrong) ||
		fault.Has(err, fault.PasskeyRefused) || fault.Has(err, fault.DeviceCodeInvalid) || fault.Has(err, fault.SecondFactorWrong) ||
		fault.Has(err, fault.OIDCRefused)
}

// normalLetterNo forgives the blanks and hyphens of whoever types in groups.
func normalLetterNo(text string) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(text)
}

func (s *Service) schoolsOfLetter(ctx context.Context, letterNo string) (schools []id.School, err error) {
	err = s.db.ReadOutside(ctx, func(tx *db.Tx) error {
		schools, err = schoolsOf(tx, directoryLetter, s.letterFingerprint(letterNo))
		return err
	})
	if len(schools) == 0 {
		schools = []id.School{nowhere}
	}
	return schools, err
}

func (s *Service) redeemIn(ctx context.Context, letterNo, secret string, birthDate calendar.Date, device Device) (SignedIn, error) {
	if err := s.checkSecret(ctx, letterNo, secret); err != nil {
		return SignedIn{}, err
	}
	var signedIn SignedIn
	var wrong error // what a wrong birth date is told once it is counted
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		wrong = nil
		letter, err := letterByNo(tx, letterNo)
		if err != nil {
			return err
		}
		err = s.mayUse(tx, letter, birthDate, device)
		if fault.Has(err, fault.BirthDateMismatch) {
			wrong, err = s.wrongDate(tx, letter)
			return err
		}
		if err != nil {
			return err
		}
		signedIn, err = s.use(tx, letter, device)
		return err
	})
	if err == nil {
		err = wrong
	}
	return signedIn, err
}

// wrongDatesMost is how many wrong birth dates a letter takes in its life: of some 400 that a class may have, a twentieth.
const wrongDatesMost = 20

// wrongDate counts a wrong birth date and makes the letter void that has had too many. Whoever tries one holds the secret
// and is no stranger, so that nobody else can be locked out by it (X20).
func (s *Service) wrongDate(tx *db.Tx, letter letterRow) (told, err error) {
	tx.MarkAudited() // what is void is on record; the tries before are not
	tries, err := raiseWrongDates(tx, letter.ID)
	if err != nil {
		return nil, err
	}
	if tries < wrongDatesMost {
		return fault.New(fault.BirthDateMismatch), nil
	}
	voided, err := voidAll(tx, audit.System, []letterRow{letter})
	if err == nil && len(voided) > 0 {
		err = s.attest(tx, stepsOf(voided, letterVoided, audit.System))
	}
	return fault.New(fault.LetterBlocked), err
}

// checkSecret does the same for every number and every secret, also for what cannot be one. It only reads: a wave of
// guesses must not keep decisions waiting.
func (s *Service) checkSecret(ctx context.Context, letterNo, typed string) error {
	secret, malformed := ParseSecret(typed)
	hash := s.vault.LetterHash(letterNo, string(secret))
	var letter letterRow
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		letter, err = letterByNo(tx, letterNo)
		return err
	})
	if err != nil {
		return err
	}
	if right := sameHash(letter.SecretHash, hash); !right || malformed != nil {
		return fault.New(fault.CodeInvalid)
	}
	return nil
}

// mayUse says why a letter whose secret is right cannot be used.
func (s *Service) mayUse(tx *db.Tx, letter letterRow, birthDate calendar.Date, device Device) error {
	if err := letter.fault(tx.Now); err != nil {
		return err
	}
	if device.Token != "" {
		own, err := usedDevice(tx, id.Account(letter.IssuedBy), tokenHash(device.Token))
		if err != nil {
			return err
		}
		if own {
			return fault.New(fault.NotAllowedHere)
		}
	}
	return s.checkBirthDate(tx, letter, birthDate)
}

func (s *Service) checkBirthDate(tx *db.Tx, letter letterRow, birthDate calendar.Date) error {
	dates, err := s.families.BirthDates(tx, letter.person())
	if err != nil {
		return err
	}
	if birthDate.IsZero() || !slices.Contains(dates, birthDate) {
		return fault.New(fault.BirthDateMismatch)
	}
	return nil
}

func (r letterRow) fault(now time.Time) error {
	switch r.state(now) {
	case LetterUsed, LetterDisowned:
		return fault.New(fault.LetterUsed).With("usedOn", calendar.Today(time.UnixMicro(*r.UsedAt), time.UTC).String())
	case LetterVoid:
		return fault.New(fault.LetterVoid)
	case LetterBlocked:
		return fault.New(fault.LetterBlocked)
	case LetterExpired:
		return fault.New(fault.LetterExpired)
	case LetterOpen:
	}
	return nil
}

// use is where many at once become one: whoever comes second reads again what the first has left.
func (s *Service) use(tx *db.Tx, letter letterRow, device Device) (SignedIn, error) {
	first, err := useLetter(tx, letter.ID)
	if err != nil {
		return SignedIn{}, err
	}
	if !first {
		return SignedIn{}, db.ErrAgain
	}
	account, role, err := s.accountFor(tx, letter.person(), device.Language)
	if err != nil {
		return SignedIn{}, err
	}
	if err := audit.Record(tx, auditEntry(string(account.ID), audit.LetterRedeemed, letter.ID)); err != nil {
		return SignedIn{}, err
	}
	if err := s.beginAnew(tx, account.ID, letter); err != nil {
		return SignedIn{}, err
	}
	signedIn, err := s.openSession(tx, account, role, letter.person(), device)
	if err != nil {
		return SignedIn{}, err
	}
	return signedIn, s.attest(tx, []letterStep{{
		letter: letter.ID, person: letter.person(), act: letterRedeemed, session: signedIn.Actor.Session,
	}})
}

// accountFor finds the account that the person has joined, or makes it.
func (s *Service) accountFor(tx *db.Tx, person id.Person, language string) (accountRow, authz.Role, error) {
	role := authz.Guardian
	if person.Kind == id.PupilPerson {
		role = authz.Pupil
	}
	known, err := accountOfPerson(tx, person)
	switch {
	case err != nil:
		return accountRow{}, role, err
	case known.DisabledAt != nil:
		return accountRow{}, role, fault.New(fault.NotAllowedHere)
	case known.ID != "":
		return known, role, nil
	}
	account := accountRow{SchoolID: tx.School, ID: id.New[id.Account](), Language: familyLanguage(language), CreatedAt: tx.Now.UnixMicro()}
	account.Profile, err = s.vault.SealJSON(profilePlace(tx.School, account.ID), sealedProfile{})
	if err != nil {
		return accountRow{}, role, err
	}
	if err := insertAccount(tx, account, role); err != nil {
		return accountRow{}, role, err
	}
	return account, role, joinPerson(tx, account.ID, person)
}

// familyLanguage falls back to the school's German when a browser asks for nothing that is a language.
func familyLanguage(asked string) string {
	if isLanguage(asked) {
		return asked
	}
	return "de"
}
