package app

import (
	"context"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// CreateSchool makes a school with the pupils' rules that ship.
func (a *App) CreateSchool(ctx context.Context, settings school.Settings) (id.School, error) {
	made, err := a.Schools.Create(ctx, settings)
	if err != nil {
		return "", err
	}
	return made, a.Rules.Ready(db.InSchool(ctx, made))
}

// makeRulesReady gives schools from an earlier version of the program the rules that ship.
func (a *App) makeRulesReady(ctx context.Context) error {
	schools, err := a.DB.Schools(ctx)
	if err != nil {
		return err
	}
	for _, school := range schools {
		if err := a.Rules.Ready(db.InSchool(ctx, school)); err != nil {
			return err
		}
	}
	return nil
}
