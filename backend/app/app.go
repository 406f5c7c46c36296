// Package app builds the program from its configuration, starts it and stops it in order. It is the only place that
// reads the clock and that knows all domains at once. The demo school is made here, by the same use cases as a real one.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/api"
	"einverstanden/backend/breach"
	"einverstanden/backend/card"
	"einverstanden/backend/conference"
	"einverstanden/backend/config"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/intake"
	"einverstanden/backend/invite"
	"einverstanden/backend/lowering"
	"einverstanden/backend/meeting"
	"einverstanden/backend/notice"
	"einverstanden/backend/notify"
	"einverstanden/backend/oidc"
	"einverstanden/backend/outbound"
	"einverstanden/backend/paper"
	"einverstanden/backend/privacy"
	"einverstanden/backend/push"
	"einverstanden/backend/reminder"
	"einverstanden/backend/room"
	"einverstanden/backend/rotation"
	"einverstanden/backend/rules"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/signal"
	"einverstanden/backend/standing"
	"einverstanden/backend/vault"
	"einverstanden/frontend"
)

// Version is the program's version, set by the build.
var Version = "dev"

// now is the program's clock.
func now() time.Time { return time.Now().UTC() }

// App is the program, built but not yet answering.
type App struct {
	Config    config.Config
	DB        *db.DB
	Vault     *vault.Vault
	Hub       *signal.Hub
	Schools   *school.Service
	Accounts  *account.Service
	Consents  *consent.Service
	Standings *standing.Service
	Meetings  *meeting.Service
	Rooms     *room.Service
	Rules     *rules.Service
	Intake    *intake.Service
	Invites   *invite.Service
	Reminders *reminder.Service
	Notary    *evidence.Notary
	Outbound  *outbound.Client
	Lowering  *lowering.Service
	Sanctions *sanction.Service
	Breaches  *breach.Service
	Limits    *meeting.Limits
	Cards     *card.Service
	printer   *paper.Printer
	Rotation  *rotation.Service
	Privacy   *privacy.Service
	Notify    *notify.Service
	Notices   *notice.Service
	Push      *push.Service
	log       *slog.Logger
	demo      bool
}

// Open opens keys and database and builds the services. It changes nothing.
func Open(c config.Config, log *slog.Logger) (*App, error) { return open(c, log, false) }

// OpenToRead is Open without a writer: every change is refused, and a database file that is missing is not made.
func OpenToRead(c config.Config, log *slog.Logger) (*App, error) { return open(c, log, true) }

func open(c config.Config, log *slog.Logger, readOnly bool) (*App, error) {
	if c.Keys == "" {
		return nil, errors.New("EINVERSTANDEN_KEYS is not set: name the folder of the key files, outside the data folder")
	}
	keys, err := vault.Open(c.Keys)
	if err != nil {
		return nil, err
	}
	d, err := openDatabase(c, readOnly)
	if err != nil {
		return nil, err
	}
	return Build(c, d, keys, log)
}

func openDatabase(c config.Config, readOnly bool) (*db.DB, error) {
	options := db.Options{Runtime: c.Database, Owner: c.DatabaseOwner, Clock: now, ReadOnly: readOnly}
	if c.Database == "" {
		options.File = c.File()
	}
	return db.Open(options)
}

// Migrate brings the schema up to date. It needs no keys: on a new machine it is the first command.
func Migrate(ctx context.Context, c config.Config) error {
	d, err := openDatabase(c, false)
	if err != nil {
		return err
	}
	return errors.Join(d.Migrate(ctx), d.Close())
}

// Build puts the services together on an open database.
func Build(c config.Config, d *db.DB, keys *vault.Vault, log *slog.Logger) (*App, error) {
	printer, err := paper.NewPrinter()
	if err != nil {
		return nil, err
	}
	a := &App{Config: c, DB: d, Vault: keys, Hub: signal.NewHub(), printer: printer, log: log}
	evidenceLog := evidence.NewLog(keys)
	a.Notary = evidence.NewNotary(d, evidenceLog, keys, evidence.NewWitness(filepath.Join(c.Data, "checkpoints")), log)
	a.Schools = school.NewService(d, keys, a.Hub, evidenceLog)
	a.Consents = consent.NewService(d, keys, evidenceLog, a.Schools, a.Hub)
	a.Standings = standing.NewService(d, a.Consents, a.Schools)
	a.Rules = rules.NewService(d, a.Schools, a.Hub)
	a.Meetings = meeting.NewService(d, a.Schools, a.Standings, a.Rules, a.Hub)
	a.Accounts = account.NewService(d, keys, evidenceLog, families{a.Schools}, now, log).WithPasskeys(c.URL).WithLessons(a.Meetings.LessonEnd)
	a.Consents.WithPasskeys(a.credentials, c.URL.Scheme+"://"+c.URL.Host).WithUnproven(a.Accounts.NeedsPasskey).WithSessions(a.Accounts.IsAlive)
	a.Consents.WithInvitations(a.Accounts.CameByMail)
	a.Consents.WithAccounts(a.Accounts.Joined)
	a.Intake = intake.NewService(d, keys, a.Schools, a.Hub)
	a.Lowering = lowering.NewService(d, keys, a.Accounts, a.Consents, a.Standings)
	a.Invites = invite.NewService(d, a.Schools, a.Consents, a.Accounts, printer, c.URL)
	a.Invites.WithLoweringKeys(a.Lowering)
	a.Accounts.WithPupilMeetings(a.Meetings.FirstEndFor)
	a.Cards = card.NewService(d, a.Schools, a.Accounts, a.Meetings, a.Standings, printer, c.URL)
	a.Sanctions = sanction.NewService(d, evidenceLog, a.Schools, a.Rules, a.Hub)
	a.Breaches = breach.NewService(d, a.Schools, a.Meetings, a.Standings, a.Sanctions, a.Rules)
	a.Limits = meeting.NewLimits(a.Meetings, a.Hub)
	a.Outbound = outbound.New(c.PrivateHosts, Version)
	a.Accounts.WithOIDC(oidc.NewCaller(a.Outbound, now), a.Schools, c.URL)
	a.Rooms = room.NewService(d, keys, a.Schools, a.Meetings, conference.NewClient(a.Outbound, now), c.URL, log)
	a.Meetings.WithConferences(a.Rooms).WithRooms(a.Rooms)
	a.Notify = a.tellBy(c)
	a.Invites.WithMailboxes(a.Notify)
	a.Notices = notice.NewService(d, a.Schools, a.Accounts, a.Consents, a.Standings, a.Notify).WithMeetings(a.Meetings)
	a.withPush(a.Outbound.HTTP(), push.KnownServices)
	a.Reminders = reminder.NewService(d, a.Schools, a.Consents, a.Invites, reminder.ContactsOf(a.Notify, a.asked))
	a.Reminders.Checks(a.Notify)
	a.Rotation = rotation.NewService(d, keys, Sealed())
	a.Privacy = privacy.NewService(d, evidenceLog, a.domains(), log)
	a.Notices.WithErasures(a.Privacy)
	return a, nil
}

// RetireKeys takes the old keys out of use and names the files they lie in now; see rotation.Service.Retire.
func (a *App) RetireKeys(ctx context.Context) ([]string, error) {
	return a.Rotation.Retire(ctx, a.Config.Keys, now())
}

// Close closes the database.
func (a *App) Close() error { return a.DB.Close() }

// Prepare brings the schema up to date where this process may, and refuses to go on with a database that is not
// current, that the role could see through, or that belongs to the demo.
func (a *App) Prepare(ctx context.Context) error {
	if err := a.DB.Lock(); err != nil {
		return err
	}
	if a.Config.Database == "" || a.Config.DatabaseOwner != "" {
		if err := a.DB.Migrate(ctx); err != nil {
			return err
		}
	}
	if err := a.DB.Check(ctx); err != nil {
		return err
	}
	if err := a.CheckSchema(ctx); err != nil {
		return err
	}
	marked, err := a.isDemo(ctx)
	if err != nil {
		return err
	}
	if marked != a.demo {
		if marked {
			return errors.New("this database belongs to the demo, whose sign-ins are written into a file: serve refuses it")
		}
		return errors.New("this database belongs to a real school: the demo refuses it")
	}
	return a.makeRulesReady(ctx)
}

// CheckSchema refuses a database that is not current, with what to do about it.
func (a *App) CheckSchema(ctx context.Context) error {
	current, err := a.DB.Current(ctx)
	if current {
		return nil
	}
	return errors.Join(errors.New("the database schema is not current: run einverstanden migrate (on PostgreSQL with EINVERSTANDEN_DATABASE_OWNER set)"), err)
}

// Serve answers requests until ctx ends, then stops in order: no new requests, streams end, requests finish, the
// background work ends, the database closes.
func (a *App) Serve(ctx context.Context, web fs.FS, ready func(net.Addr)) error {
	live := meeting.NewLive(a.Meetings, a.Hub, now, a.log)
	server, err := api.New(a.deps(live, web))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", a.Config.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.Config.Addr, err)
	}
	background, stopBackground := context.WithCancel(context.Background())
	defer stopBackground()
	jobsStopped, err := a.work(background)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	a.listenForChanges(background)
	go a.guarded("sign checkpoints", func() { a.Notary.Run(background) })
	go a.guarded("erase", func() { a.eraseByDate(background) })
	go a.guarded("watch rooms", func() { a.Rooms.Watch(background) })
	go a.guarded("collect contacts", func() { a.collectContacts(background) })
	go a.guarded("tell what begins", func() { a.lookAhead(background) })
	go a.guarded("push", func() { a.tidyPush(background) })

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if ready != nil {
		ready(listener.Addr())
	}
	go a.guarded("memory", func() { a.keepSmall(background) })
	select {
	case err := <-failed:
		live.Close()
		stopBackground()
		err = errors.Join(err, jobsStopped())
		a.Push.Wait()
		return errors.Join(err, a.Close())
	case <-ctx.Done():
	}
	a.log.Info("stopping")
	stopping, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err = server.Shutdown(stopping)
	live.Close()
	stopBackground()
	err = errors.Join(err, jobsStopped())
	a.Push.Wait()
	return errors.Join(err, a.Close())
}

func (a *App) listenForChanges(ctx context.Context) {
	go a.guarded("keys", func() { a.watchKeys(ctx) })
	if a.DB.Dialect() == db.Postgres {
		go a.guarded("listen", func() { a.Hub.Listen(ctx, a.Config.DatabaseListen, a.log) })
		return
	}
	go a.guarded("watch", func() { a.Hub.Watch(ctx, a.DB, a.log) })
}

// watchKeys says when the key file cannot be read any more. Sealing looks at the file by itself, and goes on with the
// keys as they were; an operator must know, because a rotation relies on every server following it.
func (a *App) watchKeys(ctx context.Context) {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-minute.C:
			if err := a.Vault.Reload(); err != nil {
				a.log.Error("the key file cannot be read: sealing goes on with the keys as they were; retire none", "err", err)
			}
		}
	}
}

// guarded keeps a panic in background work from ending the process.
func (a *App) guarded(name string, work func()) {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("panic in the background", "work", name, "panic", r)
		}
	}()
	work()
}

func (a *App) deps(live *meeting.Live, web fs.FS) api.Deps {
	return api.Deps{
		DB: a.DB, Accounts: a.Accounts, Schools: a.Schools, Consents: a.Consents, Standings: a.Standings, Meetings: a.Meetings, Rules: a.Rules, Rooms: a.Rooms,
		Live: live, Intake: a.Intake, Invites: a.Invites, Reminders: a.Reminders, Notary: a.Notary, Lowering: a.Lowering, Cards: a.Cards,
		Sanctions: a.Sanctions, Breaches: a.Breaches, Limits: a.Limits, Notify: a.Notify, Notices: a.Notices, Push: a.Push, Printer: a.printer, Web: web, URL: a.Config.URL, Proxies: a.Config.TrustedProxies,
		Clock: now, Log: a.log, Version: Version, Demo: a.demo,
	}
}

// Web is the embedded app; an error says that it was not built.
func Web() (fs.FS, error) { return frontend.Files() }

// Document prints the OpenAPI document, for which nothing needs to be open.
func Document() ([]byte, error) {
	log := slog.New(slog.DiscardHandler)
	c, err := config.Load(func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, err
	}
	server, err := api.New(api.Deps{URL: c.URL, Clock: now, Log: log, Version: "1"})
	if err != nil {
		return nil, err
	}
	document, err := server.Document()
	return append(document, '\n'), err
}

// Code is the one-time code of a secret, in base32, at this moment.
func Code(secret string) (string, error) {
	parsed, err := account.ParseTOTPSecret(secret)
	if err != nil {
		return "", err
	}
	return parsed.Code(now())
}

// NewLog writes JSON lines to the standard error stream, in UTC, without values of queries or bodies.
func NewLog(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
