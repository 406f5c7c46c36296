package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/config"
	"einverstanden/backend/consent"
	"einverstanden/backend/consent/content"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
	"einverstanden/backend/vault"
	"einverstanden/frontend"
)

const (
	classCount = 9
	classSize  = 30
)

// world is a school of 270 pupils with two guardians each, all signed in, made by the use cases of a real one. Copies
// of its database share its keys, its sessions and its port.
type world struct {
	config    config.Config
	keys      *vault.Vault
	guardians []*guardian
	school    id.School
	teacher   authz.Actor
	token     string // the teacher's
	class     id.Class
	meeting   id.Meeting // of the first class, running now
	version   id.Version
	textHash  string
}

// guardian is a signed-in guardian of one pupil.
type guardian struct {
	token string
	pupil id.Pupil
	now   progress
	mark  progress // where rewind goes back to
}

// progress is how far a guardian has come.
type progress struct {
	last    string // the own decision last seen
	receipt string // of that decision
	turn    int
}

func newLog() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

// newWorld fills an empty, migrated database; folder is for the keys.
func newWorld(ctx context.Context, options db.Options, folder string) (*world, error) {
	return newWorldOf(ctx, options, folder, classCount)
}

func newWorldOf(ctx context.Context, options db.Options, folder string, classes int) (w *world, err error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	w = &world{config: config.Config{Addr: address, URL: &url.URL{Scheme: "http", Host: address}, Data: folder, Keys: folder + "/keys"}}
	if err = vault.Create(w.config.Keys); err != nil {
		return nil, err
	}
	if w.keys, err = vault.Open(w.config.Keys); err != nil {
		return nil, err
	}
	a, err := w.open(options)
	if err != nil {
		return nil, err
	}
	return w, errors.Join(w.fill(ctx, a, classes), a.Close())
}

func (w *world) open(options db.Options) (*app.App, error) {
	options.Clock = clock
	d, err := db.Open(options)
	if err != nil {
		return nil, err
	}
	return app.Build(w.config, d, w.keys, newLog())
}

func clock() time.Time { return time.Now().UTC() }

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return fmt.Sprintf("localhost:%d", port), listener.Close()
}

func (w *world) fill(ctx context.Context, a *app.App, classes int) (err error) {
	if err = a.DB.Migrate(ctx); err != nil {
		return err
	}
	w.school, err = a.CreateSchool(ctx, school.Settings{
		Name: "Schule der Messung", Address: "Messweg 1, 45000 Musterstadt",
		Officers:      school.Officers{HeadName: "Leitung", DPOName: "Datenschutz", DPOContact: "dsb@messung.example"},
		AuthorityName: "LDI NRW", AuthorityContact: "www.ldi.nrw.de", ConferenceSystem: "IServ-Videokonferenz",
		ProcessorName: "IServ GmbH", UserRules: "Nutzerordnung", RetentionYears: 5, LessonBasis: "consent",
		RoomHosts: []string{"iserv.messung.example"}, Zone: "Europe/Berlin",
	})
	if err != nil {
		return err
	}
	ctx = db.InSchool(ctx, w.school)
	head := authz.Actor{School: w.school, Role: authz.Head}
	if head.Account, err = w.staff(ctx, a, authz.Head, 0); err != nil {
		return err
	}
	if err = w.publish(ctx, a, head); err != nil {
		return err
	}
	plan, err := a.Intake.Propose(ctx, head, classList(classes))
	if err != nil {
		return err
	}
	if _, err = a.Intake.Apply(ctx, head, plan.ID, nil); err != nil {
		return err
	}
	if err = w.beginMeeting(ctx, a, head); err != nil {
		return err
	}
	return w.signInGuardians(ctx, a)
}

const password = "eine-lange-messung-2026" //nolint:gosec // opens nothing but the benchmark's own school

func (w *world) staff(ctx context.Context, a *app.App, role authz.Role, n int) (id.Account, error) {
	made, err := a.Accounts.CreateStaff(ctx, account.NewStaff{
		Name: fmt.Sprintf("Person %d", n), Email: staffEmail(role, n), Role: role, Password: password, Language: "de",
	})
	if err != nil {
		return "", err
	}
	return made, a.Accounts.SetUpTOTP(ctx, made, totpSecret)
}

var totpSecret = account.TOTPSecret("twenty bytes of ours")

func signInWithPassword(ctx context.Context, a *app.App, email string) (account.SignedIn, error) {
	code, err := totpSecret.Code(time.Now())
	if err != nil {
		return account.SignedIn{}, err
	}
	return a.Accounts.SignInWithPassword(ctx, email, password, account.Proof{Code: code}, account.Device{Language: "de"})
}

func staffEmail(role authz.Role, n int) string { return fmt.Sprintf("%s%d@messung.example", role, n) }

func (w *world) publish(ctx context.Context, a *app.App, head authz.Actor) error {
	draft, err := consent.ParseDraft(content.VideoConference)
	if err != nil {
		return err
	}
	_, err = a.Consents.Publish(ctx, head, draft, calendar.Date{})
	return err
}

// classList is a plain CSV; every family has a name of its own.
func classList(classes int) []byte {
	var list strings.Builder
	list.WriteString("Nachname;Vorname;Klasse;Geburtsdatum;Erzieher 1: Vorname;Erzieher 1: Nachname;Erzieher 2: Vorname;Erzieher 2: Nachname\n")
	for i := range classes * classSize {
		name := "Fam" + letters(i)
		fmt.Fprintf(&list, "%s;Kind%s;%d;%02d.%02d.%d;Anna;%s;Bernd;%s\n",
			name, letters(i), 5+i/classSize, 1+i%28, 1+i%12, 2014, name, name)
	}
	return []byte(list.String())
}

// letters spells a number below 17,576 in three letters: digits are no part of a name.
func letters(n int) string {
	return string([]byte{'a' + byte(n/676%26), 'a' + byte(n/26%26), 'a' + byte(n%26)}) //nolint:gosec // below 26 each
}

func (w *world) beginMeeting(ctx context.Context, a *app.App, head authz.Actor) error {
	teacher, err := w.staff(ctx, a, authz.Teacher, 0)
	if err != nil {
		return err
	}
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		day, err := a.Schools.Today(tx)
		if err != nil {
			return err
		}
		classes, err := a.Schools.ClassesOn(tx, day)
		if err == nil {
			w.class = classes[0].ID
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := a.Schools.GiveClass(ctx, head, w.class, teacher); err != nil {
		return err
	}
	signedIn, err := signInWithPassword(ctx, a, staffEmail(authz.Teacher, 0))
	if err != nil {
		return err
	}
	w.teacher, w.token = signedIn.Actor, signedIn.AccessToken
	made, err := a.Meetings.Plan(ctx, w.teacher, meeting.Plan{
		Title: "Mathematik", Kind: participation.Lesson, Class: w.class, Length: 90 * time.Minute,
	})
	w.meeting = made.ID
	return err
}

// signInGuardians redeems a letter for every guardian. The children of the first class come first.
func (w *world) signInGuardians(ctx context.Context, a *app.App) error {
	return a.EachFamily(ctx, func(class school.Class, pupil school.Pupil, guardians []id.Guardian) error {
		for _, one := range guardians {
			issued, err := a.Accounts.IssueForSystem(ctx, []account.Recipient{{Person: id.GuardianOf(one)}})
			if err != nil {
				return err
			}
			signedIn, err := a.Accounts.RedeemLetter(ctx, issued[0].LetterNo, string(issued[0].Secret), pupil.BirthDate, account.Device{Language: "de"})
			if err != nil {
				return err
			}
			if err := w.learnForm(ctx, a, signedIn.Actor, pupil.ID); err != nil {
				return err
			}
			w.guardians = append(w.guardians, &guardian{token: signedIn.AccessToken, pupil: pupil.ID})
		}
		return nil
	})
}

func (w *world) learnForm(ctx context.Context, a *app.App, actor authz.Actor, pupil id.Pupil) error {
	if w.version != "" {
		return nil
	}
	return a.DB.Read(ctx, func(tx *db.Tx) error {
		sheet, err := a.Consents.Sheet(tx, actor, pupil, consent.German)
		w.version, w.textHash = sheet.Version.ID, sheet.German.SHA256
		return err
	})
}

// serve answers requests on the world's address with the given database until stop is called.
func (w *world) serve(options db.Options) (stop func() error, err error) {
	a, err := w.open(options)
	if err != nil {
		return nil, err
	}
	web, err := frontend.Files()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, web, func(net.Addr) { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		cancel()
		return nil, err
	}
	return func() error {
		cancel()
		return <-ended
	}, nil
}

// rewind takes every guardian back to the mark, for a copy of the database from that moment. At first that is before
// the first decision.
func (w *world) rewind() {
	for _, g := range w.guardians {
		g.now = g.mark
	}
}

// setMark makes this moment the one that rewind goes back to.
func (w *world) setMark() {
	for _, g := range w.guardians {
		g.mark = g.now
	}
}
