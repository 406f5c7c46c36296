package app

import (
	"context"
	"fmt"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// demoPupil is how a child of the running meeting comes in: by its card, or by the link of its class.
type demoPupil struct {
	ClassLink string      `json:"classLink"`
	CardLink  string      `json:"cardLink"`
	Pupil     id.Pupil    `json:"pupil"`
	PIN       account.PIN `json:"pin"` // names of pictures, in their order
}

// freshCard gives the first pupil of the class a new card, and the class a new link, as its teacher would. The others
// get cards when they have none: their tiles show at the class link.
func (a *App) freshCard(ctx context.Context, class school.Class) (demoPupil, error) {
	teacher, err := a.demoActor(ctx, authz.Teacher)
	if err != nil {
		return demoPupil{}, err
	}
	door, err := a.Cards.Of(ctx, teacher, class.ID)
	if err != nil {
		return demoPupil{}, err
	}
	var without []id.Pupil
	for i, holder := range door.Holders {
		if i == 0 || holder.IssuedAt.IsZero() {
			without = append(without, holder.Pupil)
		}
	}
	if len(without) == 0 {
		return demoPupil{}, fmt.Errorf("nobody is in class %s of the demo school", class.Name)
	}
	issued, err := a.Cards.Issue(ctx, teacher, class.ID, without)
	if err != nil {
		return demoPupil{}, err
	}
	link, err := a.Cards.RenewLink(ctx, teacher, class.ID)
	if err != nil {
		return demoPupil{}, err
	}
	_, err = a.Cards.OpenLink(ctx, teacher, class.ID) // a demo is shown on Sundays too
	made := issued.Cards[0]
	return demoPupil{
		ClassLink: a.Cards.URL(string(link)), CardLink: a.Cards.URL(string(made.Key)), Pupil: made.Pupil, PIN: made.PIN,
	}, err
}
