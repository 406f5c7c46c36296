package account

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"einverstanden/backend/audit"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/oidc"
	"einverstanden/backend/vault"
)

// Pupils tells what a sign-in by OpenID Connect must know of a school's pupils.
type Pupils interface {
	// PupilByImportID is the pupil whom the school's administration knows by the id; empty when there is none.
	PupilByImportID(tx *db.Tx, importID string) (id.Pupil, error)
	// IsPupil tells whether the school has the pupil.
	IsPupil(tx *db.Tx, pupil id.Pupil) (bool, error)
}

// openID is what a sign-in by OpenID Connect takes.
type openID struct {
	caller   *oidc.Caller
	pupils   Pupils
	redirect string
}

// OIDCCallback is where providers send browsers back to, below the public URL.
const OIDCCallback = "/api/v1/session/oidc/callback"

// WithOIDC lets schools sign people in by their own provider.
func (s *Service) WithOIDC(caller *oidc.Caller, pupils Pupils, public *url.URL) *Service {
	s.oidc = &openID{caller: caller, pupils: pupils, redirect: public.Scheme + "://" + public.Host + OIDCCallback}
	return s
}

// OIDCSettings are how a school's provider is reached, and whom it vouches for as what.
type OIDCSettings struct {
	Issuer    string
	ClientID  string
	Label     string // what people call the provider: IServ
	Teachers  []oidc.Group
	Pupils    []oidc.Group
	Seen      []oidc.Group // that people have come with, so that nobody needs to type ids
	Redirect  string       // to be registered with the provider
	ChangedAt time.Time    // zero: nothing is set up
}

const (
	labelMax     = 30
	clientMax    = 200
	issuerMax    = 300
	mappedMax    = 100
	seenMax      = 300
	defaultLabel = "IServ"
)

// sealedIssuer is what lies sealed in oidc_issuer.body. The groups' kinds and ids decide; their names are for people.
type sealedIssuer struct {
	Issuer   string       `json:"issuer"`
	ClientID string       `json:"clientId"`
	Secret   string       `json:"secret"`
	Label    string       `json:"label"`
	Teachers []oidc.Group `json:"teachers"`
	Pupils   []oidc.Group `json:"pupils"`
}

func issuerPlace(school id.School, column string) vault.Place {
	return vault.Place{School: school, Table: "oidc_issuer", Column: column, Row: string(school)}
}

func (s *Service) issuerFingerprint(issuer string) string {
	return s.vault.Fingerprint(string(directoryOIDC), issuer)
}

// issuerOf opens what the school has set up; ok is false when that is nothing.
func (s *Service) issuerOf(tx *db.Tx) (issuer sealedIssuer, row issuerRow, ok bool, err error) {
	if row, err = findIssuer(tx); err != nil || row.SchoolID == "" {
		return issuer, row, false, err
	}
	err = s.vault.OpenJSON(issuerPlace(tx.School, "body"), row.Body, &issuer)
	return issuer, row, err == nil, err
}

func (s *Service) seenGroups(tx *db.Tx, row issuerRow) (seen []oidc.Group, err error) {
	if row.Seen != nil {
		err = s.vault.OpenJSON(issuerPlace(tx.School, "seen"), row.Seen, &seen)
	}
	return seen, err
}

func (i sealedIssuer) client(redirect string) oidc.Client {
	return oidc.Client{Issuer: i.Issuer, ID: i.ClientID, Secret: i.Secret, Redirect: redirect}
}

// grants is what the school lets somebody in these groups come as: teacher, pupil, or nothing (settled 19). Who is in
// groups of both is neither, because the mapping contradicts itself.
func (i sealedIssuer) grants(groups []oidc.Group) authz.Role {
	in := func(mapped []oidc.Group) bool {
		return slices.ContainsFunc(mapped, func(m oidc.Group) bool {
			return slices.ContainsFunc(groups, func(g oidc.Group) bool { return g.Kind == m.Kind && g.ID == m.ID })
		})
	}
	switch teacher, pupil := in(i.Teachers), in(i.Pupils); {
	case teacher && !pupil:
		return authz.Teacher
	case pupil && !teacher:
		return authz.Pupil
	}
	return authz.Nobody
}

// OIDC tells the head what is set up; the secret is not told.
func (s *Service) OIDC(ctx context.Context, actor authz.Actor) (settings OIDCSettings, err error) {
	if err := s.allowOIDC(actor, authz.SetUpOIDC); err != nil {
		return settings, err
	}
	settings = OIDCSettings{Label: defaultLabel, Redirect: s.oidc.redirect}
	err = s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		issuer, row, ok, err := s.issuerOf(tx)
		if err != nil || !ok {
			return err
		}
		settings = OIDCSettings{
			Issuer: issuer.Issuer, ClientID: issuer.ClientID, Label: issuer.Label, Teachers: issuer.Teachers, Pupils: issuer.Pupils,
			Redirect: s.oidc.redirect, ChangedAt: time.UnixMicro(row.ChangedAt).UTC(),
		}
		settings.Seen, err = s.seenGroups(tx, row)
		return err
	})
	return settings, err
}

func (s *Service) allowOIDC(actor authz.Actor, permission authz.Permission) error {
	if s.oidc == nil {
		return fault.New(fault.NotAllowedHere)
	}
	return allow(actor, permission)
}

// SetOIDC keeps what the head has set up. An empty secret leaves the one that is kept, for the same issuer and client
// only: a secret goes to nobody but whom it was given for. With another issuer all links end, since its subjects are
// other people, and so do the sessions that came by it.
func (s *Service) SetOIDC(ctx context.Context, actor authz.Actor, set OIDCSettings, secret string) error {
	if err := s.allowOIDC(actor, authz.SetUpOIDC); err != nil {
		return err
	}
	if set.Label = strings.TrimSpace(set.Label); set.Label == "" {
		set.Label = defaultLabel
	}
	if err := set.check(secret); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		was, row, known, err := s.issuerOf(tx)
		if err != nil {
			return err
		}
		if secret == "" {
			if secret = was.Secret; was.Issuer != set.Issuer || was.ClientID != set.ClientID {
				return fault.InvalidField("secret", fault.FieldMissing)
			}
		}
		if known && was.Issuer != set.Issuer {
			if err := s.forgetIssuer(tx, was); err != nil {
				return err
			}
			row = issuerRow{}
		}
		if row.SchoolID == "" {
			if err := insertDirectory(tx, directoryOIDC, s.issuerFingerprint(set.Issuer)); err != nil {
				return err
			}
		}
		row.SchoolID, row.IssuerHash, row.ChangedAt = tx.School, s.issuerFingerprint(set.Issuer), tx.Now.UnixMicro()
		row.Body, err = s.vault.SealJSON(issuerPlace(tx.School, "body"), sealedIssuer{
			Issuer: set.Issuer, ClientID: set.ClientID, Secret: secret, Label: set.Label, Teachers: set.Teachers, Pupils: set.Pupils,
		})
		if err != nil {
			return err
		}
		if err := putIssuer(tx, row); err != nil {
			return err
		}
		return recordOIDC(tx, actor, audit.OIDCChanged, "oidc_issuer", string(tx.School))
	})
}

func (o OIDCSettings) check(secret string) error {
	invalid := fault.New(fault.InvalidInput)
	if oidc.CheckIssuer(o.Issuer) != nil || len(o.Issuer) > issuerMax {
		invalid = invalid.WithField("issuer", fault.FieldInvalid, nil)
	}
	switch {
	case o.ClientID == "":
		invalid = invalid.WithField("clientId", fault.FieldMissing, nil)
	case len(o.ClientID) > clientMax || !isVisible(o.ClientID):
		invalid = invalid.WithField("clientId", fault.FieldInvalid, nil)
	}
	if len(secret) > clientMax || !isVisible(secret) {
		invalid = invalid.WithField("secret", fault.FieldInvalid, nil)
	}
	if utf8.RuneCountInString(o.Label) > labelMax {
		invalid = invalid.WithField("label", fault.FieldTooLong, nil)
	}
	for name, groups := range map[string][]oidc.Group{"teachers": o.Teachers, "pupils": o.Pupils} {
		if len(groups) > mappedMax {
			invalid = invalid.WithField(name, fault.FieldTooLong, nil)
		}
		if slices.ContainsFunc(groups, func(g oidc.Group) bool {
			return g.ID == "" || g.Kind != oidc.KindGroup && g.Kind != oidc.KindRole
		}) {
			invalid = invalid.WithField(name, fault.FieldInvalid, nil)
		}
	}
	if len(invalid.Fields) > 0 {
		return invalid
	}
	return nil
}

// isVisible tells whether a text is of those that client ids and secrets are made of (RFC 6749, appendix A).
func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// RemoveOIDC ends the sign-in by the provider: settings, links and the sessions that came by it.
func (s *Service) RemoveOIDC(ctx context.Context, actor authz.Actor) error {
	if err := s.allowOIDC(actor, authz.SetUpOIDC); err != nil {
		return err
	}
	return s.db.Write(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		issuer, _, ok, err := s.issuerOf(tx)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.NothingHere)
		}
		if err := s.forgetIssuer(tx, issuer); err != nil {
			return err
		}
		return recordOIDC(tx, actor, audit.OIDCRemoved, "oidc_issuer", string(tx.School))
	})
}

func (s *Service) forgetIssuer(tx *db.Tx, issuer sealedIssuer) error {
	open, err := openSessionsByWay(tx, ByOIDC, ByOIDCFactor)
	if err != nil {
		return err
	}
	if err := s.endAll(tx, open); err != nil {
		return err
	}
	return deleteIssuer(tx, s.issuerFingerprint(issuer.Issuer))
}

// TryOIDC tries what is set up, as far as that takes no person.
func (s *Service) TryOIDC(ctx context.Context, actor authz.Actor) ([]oidc.Finding, error) {
	if err := s.allowOIDC(actor, authz.SetUpOIDC); err != nil {
		return nil, err
	}
	var issuer sealedIssuer
	err := s.db.Read(db.InSchool(ctx, actor.School), func(tx *db.Tx) error {
		var ok bool
		var err error
		if issuer, _, ok, err = s.issuerOf(tx); err == nil && !ok {
			err = fault.New(fault.NothingHere)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.oidc.caller.Probe(ctx, issuer.client(s.oidc.redirect)), nil
}

// OIDCLabel is what people call the provider of the transaction's school; empty when it has none.
func (s *Service) OIDCLabel(tx *db.Tx) (string, error) {
	if s.oidc == nil {
		return "", nil
	}
	issuer, _, _, err := s.issuerOf(tx)
	return issuer.Label, err
}

func recordOIDC(tx *db.Tx, actor authz.Actor, action audit.Action, kind, subject string) error {
	return audit.Record(tx, audit.Entry{Actor: string(actor.Account), Action: action, SubjectKind: kind, SubjectID: subject})
}
