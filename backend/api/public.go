package api

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

func (s *Server) publicRoutes() {
	route(s, authz.Public, get("/entry", "public", "getEntry", "What the entry page needs before anyone is signed in"), s.getEntry)
	route(s, authz.Public, get("/texts/{school}", "public", "getText", "The form in force, to read without a code and pass on"), s.getText)
}

type entryBody struct {
	School    *Named   `json:"school,omitempty" doc:"only where the deployment holds a single school"`
	Languages []string `json:"languages" nullable:"false"`
	Demo      bool     `json:"demo,omitempty"`
	OIDC      string   `json:"oidc,omitempty" doc:"what people call the school's own sign-in, where it has one"`
}

func (s *Server) getEntry(ctx context.Context, _ *none) (*out[entryBody], error) {
	entry := entryBody{Languages: languages, Demo: s.Demo}
	schools, err := s.DB.Schools(ctx)
	if err != nil || len(schools) != 1 {
		return reply(entry), err
	}
	err = s.DB.Read(db.InSchool(ctx, schools[0]), func(tx *db.Tx) error {
		settings, err := s.Schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		entry.School = &Named{ID: string(schools[0]), Name: settings.Name}
		entry.OIDC, err = s.Accounts.OIDCLabel(tx)
		return err
	})
	return reply(entry), err
}

type textInput struct {
	School   id.School `path:"school"`
	Language string    `query:"lang" maxLength:"20"`
}

type publicTextBody struct {
	School    Named       `json:"school"`
	Version   versionBody `json:"version"`
	Text      textBody    `json:"text"`
	German    textBody    `json:"german"`
	Languages []string    `json:"languages" nullable:"false"`
}

func (s *Server) getText(ctx context.Context, in *textInput) (*out[publicTextBody], error) {
	ctx = db.InSchool(ctx, in.School)
	sheet, err := s.Consents.Public(ctx, in.Language)
	if fault.Has(err, fault.NoFormInForce) {
		return nil, fault.New(fault.NothingHere) // a school without a form looks like no school
	}
	if err != nil {
		return nil, err
	}
	body := publicTextBody{
		Version: versionOf(sheet.Version), Text: textOf(sheet.Shown), German: textOf(sheet.German), Languages: sheet.Languages,
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.Schools.SettingsInClear(tx)
		body.School = Named{ID: string(in.School), Name: settings.Name}
		return err
	})
	return reply(body), err
}
