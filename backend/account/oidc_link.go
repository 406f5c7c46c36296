package account

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/oidc"
	"einverstanden/backend/vault"
)

// OIDCLink says who somebody of the provider's is here, or waits for the office to say so.
type OIDCLink struct {
	ID       id.OIDCLink
	Name     string // as the provider has it
	ImportID string
	Role     authz.Role // that their groups grant: teacher or pupil
	SeenAt   time.Time
	LinkedAt time.Time // zero: waits
	Account  id.Account
	Pupil    id.Pupil // of a linked pupil
}

// sealedOIDCLink is what lies sealed in oidc_link.body.
type sealedOIDCLink struct {
	Name     string     `json:"name"`
	ImportID string     `json:"importId,omitempty"`
	Role     authz.Role `json:"role"`
}

// oidcWaiting is how long somebody stays on the list of those who wait, after they last came.
const oidcWaiting = 30 * 24 * time.Hour

func oidcLinkPlace(school id.School, link id.OIDCLink) vault.Place {
	return vault.Place{School: school, Table: "oidc_link", Column: "body", Row: string(link)}
}

// subjectHash is of a subject of one issuer in one school: the same subject of another issuer is somebody else
// (OpenID Connect Core 1.0, 5.7; checklist C8).
func (s *Service) subjectHash(tx *db.Tx, issuer, subject string) string {
	return s.vault.Index(tx.School, "oidc_link.subject", issuer+"\x00"+subject)
}

// linkFor finds who it is, or makes the link where nothing is doubtful: a pupil by the import id, a teacher whose name
// nobody else at the school has. Everybody else waits for the office; a name never links anybody (abuse X12). Who has
// come to be linked stays so, whatever their groups are by now; comeByLink judges those.
func (s *Service) linkFor(tx *db.Tx, issuer sealedIssuer, person oidc.Person, language string) (oidcLinkRow, error) {
	link, err := oidcLinkBySubject(tx, s.subjectHash(tx, issuer.Issuer, person.Subject))
	if err != nil || link.AccountID != nil {
		return link, err
	}
	grant := issuer.grants(person.Groups)
	if grant == authz.Nobody {
		return link, fault.New(fault.OIDCNoRole)
	}
	if link, err = s.keepWaiting(tx, issuer, link, person, grant); err != nil {
		return link, err
	}
	if grant == authz.Pupil {
		return s.linkByImportID(tx, link, person, language)
	}
	doubtful := person.Name == ""
	if !doubtful {
		doubtful, err = s.hasNamesake(tx, person.Name)
	}
	if err != nil || doubtful {
		return link, err
	}
	link.AccountID, err = s.newOIDCTeacher(tx, audit.System, person.Name, language)
	if err != nil {
		return link, err
	}
	return link, s.settle(tx, audit.System, link)
}

func (s *Service) keepWaiting(tx *db.Tx, issuer sealedIssuer, link oidcLinkRow, person oidc.Person, grant authz.Role) (oidcLinkRow, error) {
	if err := deleteOIDCWaitingBefore(tx, tx.Now.Add(-oidcWaiting)); err != nil {
		return link, err
	}
	isNew := link.ID == "" || time.UnixMicro(link.SeenAt).Before(tx.Now.Add(-oidcWaiting))
	if isNew {
		link = oidcLinkRow{
			SchoolID: tx.School, ID: id.New[id.OIDCLink](), IssuerHash: s.issuerFingerprint(issuer.Issuer),
			SubjectHash: s.subjectHash(tx, issuer.Issuer, person.Subject), SeenAt: tx.Now.UnixMicro(),
		}
	}
	var err error
	link.Body, err = s.vault.SealJSON(oidcLinkPlace(tx.School, link.ID), sealedOIDCLink{Name: person.Name, ImportID: person.ImportID, Role: grant})
	if err != nil {
		return link, err
	}
	if isNew {
		return link, insertOIDCLink(tx, link)
	}
	return link, touchOIDCLink(tx, link.ID, link.Body)
}

func (s *Service) linkByImportID(tx *db.Tx, link oidcLinkRow, person oidc.Person, language string) (oidcLinkRow, error) {
	if person.ImportID == "" {
		return link, nil
	}
	pupil, err := s.oidc.pupils.PupilByImportID(tx, person.ImportID)
	if err != nil || pupil == "" {
		return link, err
	}
	linked, err := s.linkPupil(tx, audit.System, link, pupil, language)
	if fault.Has(err, fault.AlreadyExists) || fault.Has(err, fault.NotAllowedHere) { // another subject is the pupil already: the office looks
		return link, nil
	}
	return linked, err
}

// linkPupil makes the pupil an account where it has none. One pupil is one subject.
func (s *Service) linkPupil(tx *db.Tx, by string, link oidcLinkRow, pupil id.Pupil, language string) (oidcLinkRow, error) {
	known, err := accountOfPerson(tx, id.PupilOf(pupil))
	if err != nil {
		return link, err
	}
	if known.ID != "" {
		links, err := countOIDCLinksOf(tx, known.ID)
		if err != nil {
			return link, err
		}
		if links > 0 {
			return link, fault.New(fault.AlreadyExists)
		}
	}
	account, _, err := s.accountFor(tx, id.PupilOf(pupil), language)
	if err != nil {
		return link, err
	}
	link.AccountID, link.PersonID = &account.ID, &pupil
	return link, s.settle(tx, by, link)
}

func (s *Service) settle(tx *db.Tx, by string, link oidcLinkRow) error {
	if err := settleOIDCLink(tx, link); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Actor: by, Action: audit.OIDCLinked, SubjectKind: "oidc_link", SubjectID: string(link.ID)})
}

// hasNamesake tells whether somebody on the staff, disabled or not, has the name: perhaps it is the same person.
func (s *Service) hasNamesake(tx *db.Tx, name string) (bool, error) {
	rows, err := allStaff(tx)
	if err != nil {
		return false, err
	}
	for _, row := range rows {
		profile, err := s.openProfile(row.Account)
		if err != nil {
			return false, err
		}
		if strings.EqualFold(strings.Join(strings.Fields(profile.Name), " "), strings.Join(strings.Fields(name), " ")) {
			return true, nil
		}
	}
	return false, nil
}

// newOIDCTeacher makes an account without password and address: its owner comes by the provider alone.
func (s *Service) newOIDCTeacher(tx *db.Tx, by, name, language string) (*id.Account, error) {
	account := accountRow{SchoolID: tx.School, ID: id.New[id.Account](), Language: familyLanguage(language), CreatedAt: tx.Now.UnixMicro()}
	var err error
	if account.Profile, err = s.vault.SealJSON(profilePlace(tx.School, account.ID), sealedProfile{Name: name}); err != nil {
		return nil, err
	}
	if err := insertAccount(tx, account, authz.Teacher); err != nil {
		return nil, err
	}
	return &account.ID, recordAccount(tx, by, audit.AccountCreated, account.ID)
}

// OIDCLinks lists who waits, the latest first, and then who is linked, by name.
func (s *Service) OIDCLinks(ctx context.Context, actor authz.Actor) (links []OIDCLink, err error) {
	if err := s.allowOIDC(actor, authz.LinkOIDC); err != nil {
		return nil, err
	}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		rows, err := oidcLinks(tx)
		links = make([]OIDCLink, 0, len(rows))
		for _, row := range rows {
			if row.AccountID == nil && time.UnixMicro(row.SeenAt).Before(tx.Now.Add(-oidcWaiting)) {
				continue
			}
			link, err := s.openOIDCLink(row)
			if err != nil {
				return err
			}
			links = append(links, link)
		}
		return err
	})
	slices.SortFunc(links, func(a, b OIDCLink) int {
		if a.LinkedAt.IsZero() != b.LinkedAt.IsZero() {
			return a.LinkedAt.Compare(b.LinkedAt)
		}
		if a.LinkedAt.IsZero() {
			return cmp.Or(b.SeenAt.Compare(a.SeenAt), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return links, err
}

func (s *Service) openOIDCLink(row oidcLinkRow) (OIDCLink, error) {
	var body sealedOIDCLink
	if err := s.vault.OpenJSON(oidcLinkPlace(row.SchoolID, row.ID), row.Body, &body); err != nil {
		return OIDCLink{}, err
	}
	link := OIDCLink{ID: row.ID, Name: body.Name, ImportID: body.ImportID, Role: body.Role, SeenAt: time.UnixMicro(row.SeenAt).UTC()}
	if row.LinkedAt != nil {
		link.LinkedAt = time.UnixMicro(*row.LinkedAt).UTC()
	}
	if row.AccountID != nil {
		link.Account = *row.AccountID
	}
	if row.PersonID != nil {
		link.Pupil = *row.PersonID
	}
	return link, nil
}

// OIDCIdentity is who the office says that somebody is: a pupil, an account of the staff, or, when both are empty, a new
// teacher.
type OIDCIdentity struct {
	Pupil   id.Pupil
	Account id.Account
}

// LinkOIDC says who somebody is that waits. A pupil's groups make a pupil, a teacher's a member of staff, and nobody
// gives more than they have: the account of a head or a dpo is linked by a head. Who is not there, or does not wait, is
// NothingHere; whose link is another one's already, AlreadyExists.
func (s *Service) LinkOIDC(ctx context.Context, actor authz.Actor, wanted id.OIDCLink, who OIDCIdentity) error {
	if err := s.allowOIDC(actor, authz.LinkOIDC); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		row, err := oidcLinkByID(tx, wanted)
		if err != nil {
			return err
		}
		if row.ID == "" || row.AccountID != nil {
			return fault.New(fault.NothingHere)
		}
		link, err := s.openOIDCLink(row)
		if err != nil {
			return err
		}
		if link.Role == authz.Pupil {
			return s.linkNamedPupil(tx, actor, row, who)
		}
		return s.linkNamedStaff(tx, actor, row, link.Name, who)
	})
}

func (s *Service) linkNamedPupil(tx *db.Tx, actor authz.Actor, row oidcLinkRow, who OIDCIdentity) error {
	if who.Pupil == "" || who.Account != "" {
		return fault.InvalidField("pupil", fault.FieldMissing)
	}
	known, err := s.oidc.pupils.IsPupil(tx, who.Pupil)
	if err != nil {
		return err
	}
	if !known {
		return fault.InvalidField("pupil", fault.FieldInvalid)
	}
	_, err = s.linkPupil(tx, string(actor.Account), row, who.Pupil, "")
	return err
}

func (s *Service) linkNamedStaff(tx *db.Tx, actor authz.Actor, row oidcLinkRow, name string, who OIDCIdentity) (err error) {
	if who.Pupil != "" {
		return fault.InvalidField("pupil", fault.FieldInvalid)
	}
	if who.Account == "" {
		if row.AccountID, err = s.newOIDCTeacher(tx, string(actor.Account), cmp.Or(name, "–"), ""); err != nil {
			return err
		}
		return s.settle(tx, string(actor.Account), row)
	}
	target, err := staffByID(tx, who.Account)
	if err != nil {
		return err
	}
	links, err := countOIDCLinksOf(tx, who.Account)
	switch {
	case err != nil:
		return err
	case target.Account.ID == "":
		return fault.InvalidField("account", fault.FieldInvalid)
	case !authz.MayInvite(actor.Role, target.Role):
		return fault.New(fault.NotAllowedHere)
	case links > 0:
		return fault.New(fault.AlreadyExists)
	}
	row.AccountID = &who.Account
	return s.settle(tx, string(actor.Account), row)
}

// UnlinkOIDC ends a link, or takes somebody from the list of those who wait. The account's sessions end.
func (s *Service) UnlinkOIDC(ctx context.Context, actor authz.Actor, wanted id.OIDCLink) error {
	if err := s.allowOIDC(actor, authz.LinkOIDC); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		row, err := oidcLinkByID(tx, wanted)
		if err != nil {
			return err
		}
		if row.ID == "" {
			return fault.New(fault.NothingHere)
		}
		if row.AccountID != nil {
			if err := s.endSessionsOf(tx, *row.AccountID); err != nil {
				return err
			}
		}
		if err := deleteOIDCLink(tx, row.ID); err != nil {
			return err
		}
		return recordOIDC(tx, actor, audit.OIDCUnlinked, "oidc_link", string(row.ID))
	})
}
