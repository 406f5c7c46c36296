package app

import (
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"einverstanden/backend/account"
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
)

// demoList is a class list as SchILD-NRW writes it. Every name in it is invented.
//
//go:embed demo/schueler.txt
var demoList []byte

const demoClass = "7b" // the class with the running meeting

// OpenDemo opens the demo school in the data folder, making keys, database and school when they are missing. It refuses
// any other address than this machine's, because the sign-ins are written into a file.
func OpenDemo(ctx context.Context, c config.Config, log *slog.Logger) (*App, error) {
	if c.Database != "" {
		return nil, errors.New("the demo lives in SQLite: leave EINVERSTANDEN_DATABASE empty")
	}
	if c.URL.Hostname() != "localhost" {
		return nil, errors.New("the demo is for this machine alone: leave EINVERSTANDEN_URL empty")
	}
	if c.Keys == "" {
		c.Keys = filepath.Join(c.Data, "keys")
	}
	if c.PushContact == "" {
		c.PushContact = "https://einverstanden.example" // nobody's: good enough to try push with
	}
	_, err := vault.Complete(c.Keys) // a demo of an earlier version goes on without a question
	if errors.Is(err, vault.ErrNoKeys) {
		err = vault.Create(c.Keys)
	}
	if err != nil {
		return nil, err
	}
	a, err := Open(c, log)
	if err != nil {
		return nil, err
	}
	a.demo = true
	if err := a.prepareDemo(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) prepareDemo(ctx context.Context) error {
	if err := a.DB.Migrate(ctx); err != nil {
		return err
	}
	schools, err := a.DB.Schools(ctx)
	if err != nil {
		return err
	}
	if len(schools) == 0 {
		if err := a.markDemo(ctx); err != nil {
			return err
		}
	}
	if err := a.Prepare(ctx); err != nil {
		return err
	}
	if len(schools) == 0 {
		return a.makeDemoSchool(ctx)
	}
	return nil
}

const demoKind = "demo"

func (a *App) isDemo(ctx context.Context) (bool, error) {
	return a.DB.InDirectory(ctx, demoKind, "")
}

func (a *App) markDemo(ctx context.Context) error {
	return a.DB.AddToDirectory(ctx, demoKind, "", "demo")
}

// demoPassword is the same at every start of one demo and differs between demos.
func (a *App) demoPassword(role authz.Role) string {
	return "demo-" + hex.EncodeToString(a.Vault.TokenKey("demo password " + string(role)))[:24]
}

// demoTOTP is the secret of the role's one-time codes, the same at every start of one demo.
func (a *App) demoTOTP(role authz.Role) account.TOTPSecret {
	return account.TOTPSecret(a.Vault.TokenKey("demo totp " + string(role))[:20])
}

// setUpDemoTOTP gives the role its second factor; one that somebody has set up in the meantime stands.
func (a *App) setUpDemoTOTP(ctx context.Context, role authz.Role) error {
	actor, err := a.demoActor(ctx, role)
	if err != nil {
		return err
	}
	return a.Accounts.SetUpTOTP(ctx, actor.Account, a.demoTOTP(role))
}

var demoStaff = []struct {
	role  authz.Role
	name  string
	email string
}{
	{authz.Teacher, "Selin Yılmaz", "lehrkraft@demo.example"},
	{authz.Office, "Beate Kornfeld", "sekretariat@demo.example"},
	{authz.Head, "Dr. Henrik Aldenhoff", "schulleitung@demo.example"},
	{authz.DPO, "Marlene Tschirner", "datenschutz@demo.example"},
}

// makeDemoSchool goes the way of a real school: school, staff, form, class list, letters, answers.
func (a *App) makeDemoSchool(ctx context.Context) error {
	made, err := a.CreateSchool(ctx, school.Settings{
		Name: "Gesamtschule am Lindenhain", Address: "Lindenhain 4, 45000 Musterstadt",
		Officers:      school.Officers{HeadName: demoStaff[2].name, DPOName: demoStaff[3].name, DPOContact: demoStaff[3].email},
		AuthorityName: "Landesbeauftragte für Datenschutz und Informationsfreiheit Nordrhein-Westfalen", AuthorityContact: "www.ldi.nrw.de",
		ConferenceSystem: "IServ-Videokonferenz", ProcessorName: "IServ GmbH", UserRules: "IServ-Nutzerordnung vom 1. August 2026",
		RetentionYears: 5, LessonBasis: "consent", RoomHosts: []string{"iserv.demo.example"}, Zone: "Europe/Berlin",
	})
	if err != nil {
		return err
	}
	ctx = db.InSchool(ctx, made)
	staff := map[authz.Role]authz.Actor{}
	for _, s := range demoStaff {
		created, err := a.Accounts.CreateStaff(ctx, account.NewStaff{
			Name: s.name, Email: s.email, Role: s.role, Password: a.demoPassword(s.role), Language: "de",
		})
		if err != nil {
			return err
		}
		staff[s.role] = authz.Actor{School: made, Account: created, Role: s.role}
	}
	draft, err := consent.ParseDraft(content.VideoConference)
	if err != nil {
		return err
	}
	if _, err := a.Consents.Publish(ctx, staff[authz.Head], draft, calendar.Date{}); err != nil {
		return err
	}
	plan, err := a.Intake.Propose(ctx, staff[authz.Head], demoList)
	if err != nil {
		return err
	}
	if _, err := a.Intake.Apply(ctx, staff[authz.Head], plan.ID, nil); err != nil {
		return err
	}
	return a.fillDemo(ctx, staff)
}

// fillDemo gives the teacher two classes and lets some families answer.
func (a *App) fillDemo(ctx context.Context, staff map[authz.Role]authz.Actor) error {
	classes, err := a.classesToday(ctx)
	if err != nil {
		return err
	}
	for i, class := range classes {
		if class.Name == demoClass || i == 0 {
			if err := a.Schools.GiveClass(ctx, staff[authz.Office], class.ID, staff[authz.Teacher].Account); err != nil {
				return err
			}
		}
		if err := a.answerInClass(ctx, class); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) classesToday(ctx context.Context) (classes []school.Class, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		day, err := a.Schools.Today(tx)
		if err == nil {
			classes, err = a.Schools.ClassesOn(tx, day)
		}
		return err
	})
	return classes, err
}

// demoAnswers is what the families of a class answer, over and over; a blank leaves the family unanswered. Two letters
// are two guardians: v is video, a audio, n none.
var demoAnswers = []string{"v", "v", "a", "", "vv", "n", "v", "", "av", "v", "vn", "", "v", "a", ""}

// answerInClass lets guardians redeem letters and answer as they would on their phones.
func (a *App) answerInClass(ctx context.Context, class school.Class) error {
	families, err := a.familiesOf(ctx, class.ID)
	if err != nil {
		return err
	}
	answered := map[id.Guardian]bool{}
	for i, family := range families {
		answers := demoAnswers[i%len(demoAnswers)]
		for j, guardian := range family.guardians {
			if j >= len(answers) || answered[guardian] {
				continue
			}
			answered[guardian] = true
			if err := a.answerFor(ctx, guardian, family.pupil, answers[j]); err != nil {
				return fmt.Errorf("demo answer in %s: %w", class.Name, err)
			}
		}
	}
	return nil
}

// EachFamily visits every pupil under 18 who is in a class today, class by class and by name, with those guardians who
// have a say.
func (a *App) EachFamily(ctx context.Context, visit func(school.Class, school.Pupil, []id.Guardian) error) error {
	classes, err := a.classesToday(ctx)
	if err != nil {
		return err
	}
	for _, class := range classes {
		families, err := a.familiesOf(ctx, class.ID)
		if err != nil {
			return err
		}
		for _, f := range families {
			if err := visit(class, f.pupil, f.guardians); err != nil {
				return err
			}
		}
	}
	return nil
}

type family struct {
	pupil     school.Pupil
	guardians []id.Guardian
}

// familiesOf gives the pupils of a class under 18, by name, with their guardians.
func (a *App) familiesOf(ctx context.Context, class id.Class) ([]family, error) {
	standings, _, err := a.Standings.OfClass(ctx, class)
	var families []family
	for _, st := range standings {
		f := family{pupil: st.Pupil}
		for _, person := range participation.WhoHasSay(st.Facts) {
			if person.Kind == participation.Guardian {
				f.guardians = append(f.guardians, id.Guardian(person.ID))
			}
		}
		if len(f.guardians) > 0 {
			families = append(families, f)
		}
	}
	school.SortByName(families, func(f family) school.Name { return f.pupil.Name })
	return families, err
}

func (a *App) answerFor(ctx context.Context, guardian id.Guardian, pupil school.Pupil, answer byte) error {
	letters, err := a.Accounts.IssueForSystem(ctx, []account.Recipient{{Person: id.GuardianOf(guardian)}})
	if err != nil {
		return err
	}
	signedIn, err := a.Accounts.RedeemLetter(ctx, letters[0].LetterNo, string(letters[0].Secret), pupil.BirthDate, account.Device{Language: "de"})
	if err != nil {
		return err
	}
	input := consent.AnswerInput{Pupil: pupil.ID, Language: consent.German, Relation: consent.Together}
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		sheet, err := a.Consents.Sheet(tx, signedIn.Actor, pupil.ID, consent.German)
		input.Version, input.TextSHA256, input.After = sheet.Version.ID, sheet.German.SHA256, sheet.After
		return err
	})
	if err != nil {
		return err
	}
	input.Answer = map[byte]participation.Mode{'v': participation.Video, 'a': participation.Audio, 'n': participation.None}[answer]
	if input.Answer > participation.None {
		input.Signature = &consent.Signature{Kind: string(consent.TypedSignature), Name: "Demo-Unterschrift"}
	}
	if _, err := a.Consents.Answer(ctx, signedIn.Actor, input); err != nil {
		return err
	}
	return a.Accounts.SignOut(ctx, signedIn.Actor)
}

// DemoFile is what demo.json holds.
type DemoFile struct {
	BaseURL  string         `json:"baseUrl"`
	Accounts map[string]any `json:"accounts"`
	IDs      map[string]any `json:"ids"`
}

type demoGuardian struct {
	LetterNo  string     `json:"letterNo"`
	Secret    string     `json:"secret"`
	BirthDate string     `json:"birthDate"`
	Children  []id.Pupil `json:"children"`
}

type demoLogin struct {
	Email      string `json:"email"`
	Password   string `json:"password"`
	TOTPSecret string `json:"totpSecret"` // base32
}

// WelcomeToDemo makes sure that a meeting is running, issues a fresh letter for a child of it without an answer, writes
// demo.json into the data folder and prints one line per role.
func (a *App) WelcomeToDemo(ctx context.Context, out io.Writer) error {
	schools, err := a.DB.Schools(ctx)
	if err != nil {
		return err
	}
	ctx = db.InSchool(ctx, schools[0])
	classes, err := a.classesToday(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(classes, func(c school.Class) bool { return c.Name == demoClass })
	if i < 0 {
		return fmt.Errorf("the demo school has no class %s this school year: remove %s and start again", demoClass, a.Config.Data)
	}
	running, err := a.runningMeeting(ctx, classes[i])
	if err != nil {
		return err
	}
	guardian, err := a.freshLetter(ctx, classes[i])
	if err != nil {
		return err
	}
	pupil, err := a.freshCard(ctx, classes[i])
	if err != nil {
		return err
	}
	file := DemoFile{
		BaseURL:  a.Config.URL.String(),
		Accounts: map[string]any{"guardian": guardian, "pupil": pupil},
		IDs: map[string]any{
			"school": schools[0], "class": classes[i].ID, "pupil": guardian.Children[0], "meeting": running.ID,
		},
	}
	for _, s := range demoStaff {
		if err := a.setUpDemoTOTP(ctx, s.role); err != nil {
			return err
		}
		file.Accounts[string(s.role)] = demoLogin{Email: s.email, Password: a.demoPassword(s.role), TOTPSecret: a.demoTOTP(s.role).Text()}
	}
	if err := writeDemoFile(filepath.Join(a.Config.Data, "demo.json"), file); err != nil {
		return err
	}
	return a.printWelcome(out, guardian, pupil)
}

func writeDemoFile(path string, file DemoFile) error {
	content, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o600)
}

func (a *App) printWelcome(out io.Writer, guardian demoGuardian, pupil demoPupil) error {
	base := a.Config.URL.String()
	_, err := fmt.Fprintf(out, "Einverstanden, demo school: %s\n  guardian  %s/e#%s.%s  (birth date %s)\n",
		base, base, guardian.LetterNo, guardian.Secret, guardian.BirthDate)
	if err == nil {
		_, err = fmt.Fprintf(out, "  pupil     %s  (pictures: %s)\n", pupil.CardLink, strings.Join(pupil.PIN[:], ", "))
	}
	for _, s := range demoStaff {
		if err == nil {
			_, err = fmt.Fprintf(out, "  %-8s  %s/sign-in  %s  %s  (code: einverstanden code %s)\n",
				s.role, base, s.email, a.demoPassword(s.role), a.demoTOTP(s.role).Text())
		}
	}
	return err
}

// runningMeeting is the class's meeting that runs now, or a fresh one of ninety minutes.
func (a *App) runningMeeting(ctx context.Context, class school.Class) (meeting.Meeting, error) {
	teacher, err := a.demoActor(ctx, authz.Teacher)
	if err != nil {
		return meeting.Meeting{}, err
	}
	at := now()
	listed, err := a.Meetings.List(ctx, teacher, at.Add(10*time.Minute), at.Add(10*time.Minute), meeting.Page{Limit: 50})
	if err != nil {
		return meeting.Meeting{}, err
	}
	for _, m := range listed.Meetings {
		if m.Class.ID == class.ID && m.Runs(at) {
			return m, nil
		}
	}
	return a.Meetings.Plan(ctx, teacher, meeting.Plan{
		Title: "Mathematik", Kind: participation.Lesson, Class: class.ID, Length: 90 * time.Minute,
		Room: meeting.Room{URL: "https://iserv.demo.example/iserv/videoconference/klasse-7b"},
	})
}

func (a *App) demoActor(ctx context.Context, role authz.Role) (authz.Actor, error) {
	school, _ := db.SchoolOf(ctx)
	staff, err := a.Accounts.Staff(ctx, authz.Actor{School: school, Role: authz.Head})
	for _, member := range staff {
		if member.Role == role {
			return authz.Actor{School: school, Account: member.Account, Role: role}, err
		}
	}
	return authz.Actor{}, errors.Join(fmt.Errorf("the demo has no %s", role), err)
}

// freshLetter issues a letter for a guardian of the class whose child nobody has answered for.
func (a *App) freshLetter(ctx context.Context, class school.Class) (demoGuardian, error) {
	families, err := a.familiesOf(ctx, class.ID)
	if err != nil {
		return demoGuardian{}, err
	}
	standings, _, err := a.Standings.OfClass(ctx, class.ID)
	if err != nil {
		return demoGuardian{}, err
	}
	i := slices.IndexFunc(families, func(f family) bool { return len(standings[f.pupil.ID].Decisions) == 0 })
	if i < 0 {
		i = 0 // everybody has answered by now: a letter opens all the same
	}
	letters, err := a.Accounts.IssueForSystem(ctx, []account.Recipient{{Person: id.GuardianOf(families[i].guardians[0])}})
	if err != nil {
		return demoGuardian{}, err
	}
	guardian := demoGuardian{
		LetterNo: letters[0].LetterNo, Secret: string(letters[0].Secret), BirthDate: families[i].pupil.BirthDate.String(),
		Children: []id.Pupil{families[i].pupil.ID},
	}
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		day, err := a.Schools.Today(tx)
		if err != nil {
			return err
		}
		children, err := a.Schools.ChildrenOf(tx, families[i].guardians[0], day)
		for _, child := range children {
			if child != guardian.Children[0] {
				guardian.Children = append(guardian.Children, child)
			}
		}
		return err
	})
	return guardian, err
}
