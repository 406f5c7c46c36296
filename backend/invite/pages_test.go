package invite

// White box: a PDF shows codes as drawings, so the links are looked at on their way there.

import (
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/lowering"
	"einverstanden/backend/paper"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

func TestEachPageHasTheLoweringKeysOfItsRecipient(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		s := env.NewSchool(t)
		consents := consent.NewService(env.DB, env.Vault, s.Log, s.Service, s.Hub)
		accounts := account.NewService(env.DB, env.Vault, evidence.NewLog(env.Vault), nil, env.Clock.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
		keys := lowering.NewService(env.DB, env.Vault, accounts, consents, standing.NewService(env.DB, consents, s.Service))
		base, err := url.Parse("https://einverstanden.schule.example")
		if err != nil {
			t.Fatal(err)
		}
		invites := NewService(env.DB, s.Service, consents, accounts, nil, base)
		class := s.Class("7b")
		mia, jan := s.Pupil("Mia", "Amselweg", "2014-03-01", class), s.Pupil("Jan", "Amselweg", "2016-05-02", class)
		mother, father := s.Guardian("Hanne", "Amselweg", mia, jan), s.Guardian("Otto", "Amselweg", mia)
		of := func(person id.Person, pupils ...school.Pupil) invitation {
			i := invitation{person: person}
			for _, pupil := range pupils {
				i.children = append(i.children, child{pupil: pupil.ID, name: pupil.Name})
			}
			return i
		}
		invitations := []invitation{of(id.GuardianOf(mother.ID), jan, mia), of(id.GuardianOf(father.ID), mia)}
		pages := make([]paper.Letter, len(invitations))
		if err := invites.addLoweringCodes(s.Ctx, pages, invitations); err != nil || pages[0].Lowering != nil {
			t.Fatalf("without keys: %v, %v", pages[0].Lowering, err)
		}
		invites.WithLoweringKeys(keys)
		if err := invites.addLoweringCodes(s.Ctx, pages, invitations); err != nil {
			t.Fatal(err)
		}
		for i, page := range pages {
			if len(page.Lowering) != len(invitations[i].children) {
				t.Fatalf("page %d has %d codes", i, len(page.Lowering))
			}
			for n, code := range page.Lowering {
				child := invitations[i].children[n]
				var want lowering.Key
				s.Read(func(tx *db.Tx) (err error) {
					want, err = keys.KeyOf(tx, invitations[i].person, child.pupil)
					return err
				})
				if code.Child != child.name.Given || code.QRText != base.String()+"/w#"+string(want) {
					t.Errorf("page %d: %s with a link that ends in %s", i, code.Child, code.QRText[strings.LastIndex(code.QRText, "."):])
				}
			}
		}
	})
}
