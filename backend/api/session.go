package api

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// The cookies. The __Host- prefix makes browsers refuse them from anywhere but this origin, over a secure line.
const (
	accessCookie  = "__Host-einv_access"
	refreshCookie = "__Host-einv_refresh"
	deviceCookie  = "__Host-einv_device"
)

const deviceLife = 400 * 24 * time.Hour // the longest that browsers keep a cookie

func (s *Server) sessionRoutes() {
	route(s, authz.Public, answers(post("/session/letter", "session", "signInWithLetter", "Sign in with a letter's number and code"), 401, 429), s.signInWithLetter)
	disown := answers(post("/session/letter/disown", "session", "disownLetter", "That was not me: set aside what a used letter has opened"), http.StatusNoContent, 401, 404, 429)
	disown.Description = "Ends the sessions and passkeys of the letter's redemption and invalidates their yeses; limits stay. Doing it twice changes nothing. 404 for a letter that nobody has used."
	route(s, authz.Public, disown, s.disownLetter)
	route(s, authz.Public, answers(post("/session/password", "session", "signInWithPassword", "Sign in as staff: password, and a code where a second factor is set up"), 401, 429), s.signInWithPassword)
	route(s, authz.Public, answers(post("/session/refresh", "session", "refreshSession", "Get a fresh access token"), 401), s.refreshSession)
	leave := remove("/session", "session", "signOut", "Sign out; the session ends at once")
	leave.DefaultStatus = http.StatusNoContent
	route(s, authz.Self, leave, s.signOut)
	route(s, authz.Self, get("/me", "session", "getMe", "Who is signed in"), s.getMe)
	language := put("/me/language", "session", "chooseLanguage", "Keep the chosen language")
	language.DefaultStatus = http.StatusNoContent
	route(s, authz.Self, language, s.chooseLanguage)
}

type meBody struct {
	Account  Named      `json:"account"`
	Role     authz.Role `json:"role" enum:"guardian,pupil,teacher,office,head,dpo"`
	Language string     `json:"language"`
	School   Named      `json:"school"`
	Children []PupilRef `json:"children,omitempty" doc:"of a guardian, or the pupil itself"`
	Classes  []Named    `json:"classes,omitempty" doc:"of a teacher"`
	NoSay    bool       `json:"noSay,omitempty" doc:"a pupil who came by card, class link or the guardian's app: sees its own day, decides nothing"`
	Limited  bool       `json:"limited,omitempty" doc:"signed in by a password alone: a second factor must be set up first"`
	Demo     bool       `json:"demo,omitempty" doc:"this is the demo school"`
}

// PupilRef is a child in a list.
type PupilRef struct {
	ID id.Pupil `json:"id"`
	PersonName
}

type signedInReply struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	ClearData string        `header:"Clear-Site-Data"`
	Body      meBody
}

// device is what the request tells of the browser. X-Real-IP counts only from a trusted proxy (Fiber's c.IP).
type device struct {
	address  netip.Addr
	token    string
	language string
	agent    string
}

// Resolve takes what is needed from the request before the handler runs; huma calls it.
func (d *device) Resolve(ctx huma.Context) []error {
	d.address, _ = netip.ParseAddr(ctx.RemoteAddr()) // not an address: counted as one unknown client
	d.token = cookieOf(ctx, deviceCookie)
	d.language = preferredLanguage(ctx.Header("Accept-Language"))
	d.agent = ctx.Header("User-Agent")
	return nil
}

func cookieOf(ctx huma.Context, name string) string {
	cookie, err := huma.ReadCookie(ctx, name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (d *device) device() account.Device {
	return account.Device{Address: d.address, Token: d.token, Language: d.language, UserAgent: d.agent}
}

type letterInput struct {
	device
	Body struct {
		LetterNo  string `json:"letterNo" maxLength:"20" doc:"8 digits"`
		Secret    string `json:"secret" maxLength:"40" doc:"14 symbols; blanks, hyphens, case and O/I/L are forgiven"`
		BirthDate string `json:"birthDate" format:"date" doc:"of any child of the letter's recipient"`
		Shared    bool   `json:"shared,omitempty" doc:"others use this device too: the session ends when the browser closes, or after 30 minutes without use"`
	}
}

func (s *Server) signInWithLetter(ctx context.Context, in *letterInput) (*signedInReply, error) {
	birthDate, err := dateOf(in.Body.BirthDate)
	if err != nil {
		return nil, fault.InvalidField("birthDate", fault.FieldInvalid)
	}
	where := in.device.device()
	where.Shared = in.Body.Shared
	signedIn, err := s.Accounts.RedeemLetter(ctx, in.Body.LetterNo, in.Body.Secret, birthDate, where)
	return s.signedIn(ctx, signedIn, err)
}

type passwordInput struct {
	device
	Body struct {
		Email    string `json:"email" maxLength:"254"`
		Password string `json:"password" maxLength:"512"`
		SecondProof
	}
}

func (s *Server) signInWithPassword(ctx context.Context, in *passwordInput) (*signedInReply, error) {
	signedIn, err := s.Accounts.SignInWithPassword(ctx, in.Body.Email, in.Body.Password, in.Body.proof(), in.device.device())
	return s.signedIn(ctx, signedIn, err)
}

type refreshInput struct {
	device
	refresh string
}

// Resolve reads the refresh cookie beside the device's.
func (in *refreshInput) Resolve(ctx huma.Context) []error {
	in.refresh = cookieOf(ctx, refreshCookie)
	return in.device.Resolve(ctx)
}

func (s *Server) refreshSession(ctx context.Context, in *refreshInput) (*signedInReply, error) {
	signedIn, err := s.Accounts.Refresh(ctx, in.refresh, in.token)
	return s.signedIn(ctx, signedIn, err)
}

// signedIn answers a sign-in with cookies and who it is.
func (s *Server) signedIn(ctx context.Context, signedIn account.SignedIn, err error) (*signedInReply, error) {
	if err != nil {
		return nil, err
	}
	ctx = db.InSchool(authz.With(ctx, signedIn.Actor), signedIn.Actor.School)
	me, err := s.me(ctx, signedIn.Actor)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	cookie := hostCookie
	if signedIn.Shared {
		cookie = passingCookie
	}
	return &signedInReply{Body: me, SetCookie: []http.Cookie{
		cookie(accessCookie, signedIn.AccessToken, signedIn.AccessExpires.Sub(now)),
		cookie(refreshCookie, signedIn.RefreshToken, signedIn.RefreshExpires.Sub(now)+lessonGrace(signedIn)),
		cookie(deviceCookie, signedIn.DeviceToken, deviceLife),
	}}, nil
}

// passingCookie is a hostCookie that is gone when the browser closes, whatever its life.
func passingCookie(name, value string, _ time.Duration) http.Cookie {
	return http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// lessonGrace keeps the cookie of staff while a lesson may carry their session; whether it does, the session says.
func lessonGrace(signedIn account.SignedIn) time.Duration {
	if role := signedIn.Actor.Role; role == authz.Guardian || role == authz.Pupil || signedIn.Actor.Limited {
		return 0
	}
	return account.LessonGrace
}

// hostCookie lives for the given time; zero or less removes it.
func hostCookie(name, value string, life time.Duration) http.Cookie {
	seconds := int(life / time.Second)
	if seconds <= 0 {
		seconds = -1
	}
	return http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

type signOutReply struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	ClearData string        `header:"Clear-Site-Data"`
}

func (s *Server) signOut(ctx context.Context, _ *none) (*signOutReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Accounts.SignOut(ctx, actor); err != nil {
		return nil, err
	}
	return &signOutReply{
		ClearData: `"cache", "storage"`,
		SetCookie: []http.Cookie{hostCookie(accessCookie, "", 0), hostCookie(refreshCookie, "", 0)},
	}, nil
}

func (s *Server) getMe(ctx context.Context, _ *none) (*out[meBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, actor)
	return reply(me), err
}

func (s *Server) me(ctx context.Context, actor authz.Actor) (meBody, error) {
	profile, err := s.Accounts.Profile(ctx, actor)
	if err != nil {
		return meBody{}, err
	}
	me := meBody{
		Account: Named{ID: string(actor.Account), Name: profile.Name}, Role: actor.Role, Language: profile.Language, Demo: s.Demo,
		Limited: actor.Limited, NoSay: actor.NoSay,
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		settings, err := s.Schools.SettingsInClear(tx)
		if err != nil {
			return err
		}
		me.School = Named{ID: string(actor.School), Name: settings.Name}
		if actor.Role != authz.Teacher || actor.Limited {
			return nil
		}
		classes, err := s.Schools.ClassesOfTeacher(tx, actor.Account, settings.Today(tx.Now))
		for _, class := range classes {
			me.Classes = append(me.Classes, classNamed(class))
		}
		return err
	})
	if err != nil || !actor.May(authz.DecideForChild) {
		return me, err
	}
	children, err := s.Standings.Children(ctx, actor)
	for _, child := range children {
		me.Children = append(me.Children, PupilRef{ID: child.Pupil.ID, PersonName: nameOf(child.Pupil.Name)})
	}
	return me, err
}

type languageInput struct {
	Body struct {
		Language string `json:"language" maxLength:"20"`
	}
}

func (s *Server) chooseLanguage(ctx context.Context, in *languageInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.SetLanguage(ctx, actor, in.Body.Language)
}
