package notice_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/breach"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notify"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// browsers is the channel Push with a browser of each of some people, and remembers what came to whom.
type browsers struct {
	of  map[id.Person]string
	got []string
}

func (b *browsers) Name() notify.ChannelName { return notify.Push }

func (b *browsers) Deliver(_ context.Context, _ string, m notify.Message) (notify.Outcome, error) {
	name, ok := b.of[m.Person]
	if !ok {
		return notify.Outcome{}, notify.ErrNoWay
	}
	b.got = append(b.got, name+": "+string(m.Kind)+" "+strings.TrimSuffix(m.Path, m.Subject))
	return notify.Outcome{Host: "push.example"}, nil
}

// told is a world with sanctions and meetings, whose people have browsers.
type told struct {
	*world
	browsers      *browsers
	meetings      *meeting.Service
	sanctions     *sanction.Service
	breaches      *breach.Service
	head, teacher authz.Actor
	lessons       int
}

const headAddress = "leitung@schule.example"

func newTold(t *testing.T, env *testkit.Env, custody ...func(*school.Guardianship)) *told {
	t.Helper()
	return newToldOn(t, newWorldOn(t, env, nil, custody...))
}

func newToldOn(t *testing.T, in *world) *told {
	t.Helper()
	env := in.Env
	w := &told{world: in, browsers: &browsers{of: map[id.Person]string{}}}
	standings := standing.NewService(env.DB, w.consents, w.Service)
	rules := readyRules(t, w.School)
	w.meetings = meeting.NewService(env.DB, w.Service, standings, rules, w.Hub)
	w.sanctions = sanction.NewService(env.DB, w.Log, w.Service, rules, w.Hub)
	w.breaches = breach.NewService(env.DB, w.Service, w.meetings, standings, w.sanctions, rules)
	w.notify.WithChannel(w.browsers).WithStaff(func(tx *db.Tx, account id.Account) (contact notify.Contact, err error) {
		contact.Email, contact.Language, err = w.accounts.StaffContact(tx, account)
		return contact, err
	})
	w.notices.WithMeetings(w.meetings).Handle(w.worker)
	w.head, w.teacher = w.member(authz.Head, headAddress), w.member(authz.Teacher, "lehrerin@schule.example")
	must(t, w.Service.GiveClass(w.Ctx, w.office, w.theClass().ID, w.teacher.Account))
	w.browsers.of = map[id.Person]string{
		id.GuardianOf(w.mother.ID): "mother", id.GuardianOf(w.father.ID): "father", id.PupilOf(w.pupil.ID): "pupil",
		notify.StaffOf(w.head.Account): "head", notify.StaffOf(w.teacher.Account): "teacher",
	}
	return w
}

func (w *told) member(role authz.Role, email string) authz.Actor {
	w.t.Helper()
	made, err := w.accounts.CreateStaff(w.Ctx, account.NewStaff{
		Name: "Person " + string(role), Email: email, Role: role, Password: "Vier Eulen rechnen mit Kreide", Language: "de",
	})
	must(w.t, err)
	actor := w.Staff(role)
	actor.Account = made
	return actor
}

// theClass is the one that there is.
func (w *told) theClass() (class school.Class) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		found, err := w.Service.ClassesOn(tx, w.Today())
		if len(found) == 1 {
			class = found[0]
		}
		return err
	})
	return class
}

// works does what is due, and gives what came to browsers since the last time.
func (w *told) works() []string {
	w.t.Helper()
	w.work()
	got := w.browsers.got
	w.browsers.got = nil
	slices.Sort(got)
	return got
}

func (w *told) wants(what string, want ...string) {
	w.t.Helper()
	slices.Sort(want)
	if got := w.works(); !slices.Equal(got, want) {
		w.t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// slips are the people whom the office tells on paper.
func (w *told) slips() (waiting []string) {
	names := map[id.Person]string{
		id.GuardianOf(w.mother.ID): "mother", id.GuardianOf(w.father.ID): "father", id.PupilOf(w.pupil.ID): "pupil",
	}
	for _, trouble := range w.overview().Troubles {
		if trouble.Channel == notify.Slip {
			waiting = append(waiting, fmt.Sprint(names[trouble.Person], ": ", trouble.Kind))
		}
	}
	slices.Sort(waiting)
	return waiting
}

// readyRules gives the school the rules that ship.
func readyRules(tb testing.TB, s *testkit.School) *rules.Service {
	tb.Helper()
	service := rules.NewService(s.DB, s.Service, s.Hub)
	if err := service.Ready(s.Ctx); err != nil {
		tb.Fatal(err)
	}
	return service
}
