package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/paper"
)

func (s *Server) pupilDoorRoutes() {
	look := answers(post("/session/pin/door", "session", "lookAtDoor", "Who may come in by a card or a class link, and the pictures that PINs are made of"), 200, 401, 429)
	look.Description = "Gives the browser a device cookie, by which wrong PINs are told apart. A class link shows nobody outside its hours."
	route(s, authz.Public, look, s.lookAtDoor)
	route(s, authz.Public, answers(post("/session/pin", "session", "signInWithPin", "Sign in as a pupil: card or class link, and picture PIN"), 200, 401, 429), s.signInWithPIN)
	prove := answers(post("/session/pin/proof", "session", "provePin", "Prove a pupil's session anew by its picture PIN"), http.StatusNoContent, 401, 429)
	route(s, authz.SeeOwnDay, prove, s.provePIN)
	route(s, authz.SeeOwnDay, get("/session/pin/pictures", "session", "getPictures", "The pictures that PINs are made of"), s.getPictures)
	route(s, authz.OpenForChild, answers(post("/children/{pupil}/openings", "children", "openForChild", "Let a child in on a device, once, within ten minutes"), 201, 429), s.openForChild)
	route(s, authz.Public, answers(post("/session/child", "session", "signInForChild", "Sign in as the child that a guardian has opened for"), 200, 401, 404, 429), s.signInForChild)
	route(s, authz.SeeOwnDay, get("/my-day", "pupils", "getMyDay", "A pupil's own day: its mode and its next meetings"), s.getMyDay)

	route(s, authz.IssueCards, get("/classes/{id}/door", "classes", "getClassDoor", "Who of a class has a card, and how its link stands"), s.getClassDoor)
	printing := post("/classes/{id}/cards", "classes", "printCards", "Issue cards with picture PINs and print them")
	printing.Description = "The PDF is made once and kept nowhere; a pupil's earlier card is void from then on."
	printing.Responses = map[string]*huma.Response{"200": {
		Description: "one page per card", Content: map[string]*huma.MediaType{"application/pdf": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	route(s, authz.IssueCards, as(files, printing), s.printCards)
	route(s, authz.IssueCards, answers(post("/classes/{id}/link", "classes", "renewClassLink", "Give a class a new link; the old one is worthless from then on"), 201), s.renewClassLink)
	route(s, authz.IssueCards, put("/classes/{id}/link/opening", "classes", "openClassLink", "Open the link of a class now, for an hour"), s.openClassLink)
}

type doorInput struct {
	device
	Body struct {
		Key account.DoorKey `json:"key" maxLength:"200" doc:"what stands behind the # of a card's or a class's link"`
	}
}

type tileBody struct {
	Pupil id.Pupil `json:"pupil"`
	Name  string   `json:"name" doc:"given name and the first letter of the family name"`
}

type pictureBody struct {
	Name string `json:"name" enum:"sun,moon,star,tree,flower,fish,bird,house,car,boat,umbrella,apple"`
	Path string `json:"path" doc:"data of one SVG path on a square of 100 units"`
}

type doorBody struct {
	School   string        `json:"school"`
	Class    string        `json:"class,omitempty" doc:"of a class link"`
	Open     bool          `json:"open" doc:"false: a class link outside its hours"`
	Tiles    []tileBody    `json:"tiles" nullable:"false" doc:"of a card: the one pupil"`
	Pictures []pictureBody `json:"pictures" nullable:"false"`
}

type doorReply struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      doorBody
}

// lookAtDoor sets the device cookie alone: looking signs nobody in or out.
func (s *Server) lookAtDoor(ctx context.Context, in *doorInput) (*doorReply, error) {
	door, err := s.Cards.Look(ctx, in.Body.Key, in.address)
	if err != nil {
		return nil, err
	}
	body := doorBody{School: door.School, Class: door.Class, Open: door.Open, Tiles: make([]tileBody, len(door.Tiles)), Pictures: pictures()}
	for i, tile := range door.Tiles {
		body.Tiles[i] = tileBody{Pupil: tile.Pupil, Name: tile.Name}
	}
	return &doorReply{Body: body, SetCookie: []http.Cookie{hostCookie(deviceCookie, account.KnownDevice(in.token), deviceLife)}}, nil
}

func pictures() []pictureBody {
	bodies := make([]pictureBody, len(paper.Pictures))
	for i, picture := range paper.Pictures {
		bodies[i] = pictureBody{Name: picture.Name, Path: picture.Path}
	}
	return bodies
}

func (s *Server) getPictures(context.Context, *none) (*out[list[pictureBody]], error) {
	return reply(listOf(pictures())), nil
}

// PINField is a picture PIN in a body.
type PINField struct {
	PIN []string `json:"pin" minItems:"4" maxItems:"4" doc:"names of four pictures, in their order"`
}

func (f PINField) parse() (account.PIN, error) {
	pin, err := account.ParsePIN(f.PIN)
	if err != nil {
		return pin, fault.InvalidField("pin", fault.FieldInvalid)
	}
	return pin, nil
}

type pinInput struct {
	device
	Body struct {
		Key   account.DoorKey `json:"key" maxLength:"200"`
		Pupil id.Pupil        `json:"pupil" maxLength:"64" doc:"of the tile"`
		PINField
	}
}

func (s *Server) signInWithPIN(ctx context.Context, in *pinInput) (*signedInReply, error) {
	pin, err := in.Body.parse()
	if err != nil {
		return nil, err
	}
	signedIn, err := s.Cards.SignIn(ctx, in.Body.Key, in.Body.Pupil, pin, in.device.device())
	return s.signedIn(ctx, signedIn, err)
}

type pinProofInput struct {
	device
	Body struct{ PINField }
}

func (s *Server) provePIN(ctx context.Context, in *pinProofInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	pin, err := in.Body.parse()
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.ProvePIN(ctx, actor, pin, in.device.device())
}

type childPath struct {
	Pupil id.Pupil `path:"pupil"`
}

func (s *Server) openForChild(ctx context.Context, in *childPath) (*out[deviceLinkBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	opening, err := s.Cards.OpenForChild(ctx, actor, in.Pupil)
	if err != nil {
		return nil, err
	}
	body := deviceLinkBody{Code: account.FormatDeviceCode(opening.Code), URL: s.Cards.URL(opening.Code), ExpiresAt: opening.ExpiresAt}
	body.QR, err = newQRBody(body.URL)
	return reply(body), err
}

type childSignInInput struct {
	device
	Body struct {
		Code string `json:"code" maxLength:"40"`
	}
}

func (s *Server) signInForChild(ctx context.Context, in *childSignInInput) (*signedInReply, error) {
	signedIn, err := s.Cards.SignInForChild(ctx, in.Body.Code, in.device.device())
	return s.signedIn(ctx, signedIn, err)
}

type ownMeetingBody struct {
	ID       id.Meeting `json:"id"`
	Title    string     `json:"title"`
	Teacher  string     `json:"teacher"`
	StartsAt time.Time  `json:"startsAt"`
	EndsAt   time.Time  `json:"endsAt"`
	Today    bool       `json:"today"`
	Mode     mode       `json:"mode,omitempty" enum:"video,audio,none" doc:"told for today alone"`
	OpensAt  time.Time  `json:"opensAt" doc:"from when on the pupil may come in"`
	Rules    string     `json:"rules,omitempty" enum:"yes,not_yet,not_needed" doc:"whether they are read; told for today alone"`
	OwnLimit mode       `json:"ownLimit,omitempty" enum:"audio,none" doc:"what the pupil has limited itself to in this meeting"`
}

type myDayBody struct {
	GivenName string           `json:"givenName"`
	ClassName string           `json:"className,omitempty"`
	Mode      mode             `json:"mode" enum:"video,audio,none" doc:"today, without a meeting"`
	AsOf      time.Time        `json:"asOf"`
	Meetings  []ownMeetingBody `json:"meetings" nullable:"false" doc:"of the next seven days, the next one first"`
}

func (s *Server) getMyDay(ctx context.Context, _ *none) (*out[myDayBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	own, err := s.Meetings.OwnDay(ctx, actor)
	if err != nil {
		return nil, err
	}
	accounts := make([]id.Account, len(own.Meetings))
	for i, m := range own.Meetings {
		accounts[i] = m.HeldBy()
	}
	names, err := s.Accounts.Names(ctx, accounts)
	body := myDayBody{
		GivenName: own.Name.Given, ClassName: own.Class.Name, Mode: modeOf(own.Mode), AsOf: own.AsOf, Meetings: make([]ownMeetingBody, len(own.Meetings)),
	}
	for i, m := range own.Meetings {
		body.Meetings[i] = ownMeetingBody{
			ID: m.ID, Title: m.Title, Teacher: names[m.HeldBy()], StartsAt: m.StartsAt, EndsAt: m.EndsAt, Today: m.Today,
			OpensAt: m.OpensAt(), Rules: string(m.Acknowledged),
		}
		if m.Today {
			body.Meetings[i].Mode = modeOf(m.Mode)
		}
		if m.Limited {
			body.Meetings[i].OwnLimit = modeOf(m.OwnReach)
		}
	}
	return reply(body), err
}

type holderBody struct {
	Pupil id.Pupil `json:"pupil"`
	PersonName
	IssuedAt *time.Time `json:"issuedAt,omitempty" doc:"of the card; absent: none"`
	Blocked  bool       `json:"blocked" doc:"after too many wrong PINs: a new card is needed"`
}

type classDoorBody struct {
	Class     Named        `json:"class"`
	Pupils    []holderBody `json:"pupils" nullable:"false"`
	HasLink   bool         `json:"hasLink"`
	OpenUntil *time.Time   `json:"openUntil,omitempty" doc:"by the teacher's tap"`
}

func (s *Server) getClassDoor(ctx context.Context, in *classInput) (*out[classDoorBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	door, err := s.Cards.Of(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	body := classDoorBody{Class: classNamed(door.Class), HasLink: door.HasLink, Pupils: make([]holderBody, len(door.Holders))}
	if !door.OpenUntil.IsZero() {
		body.OpenUntil = &door.OpenUntil
	}
	for i, holder := range door.Holders {
		body.Pupils[i] = holderBody{Pupil: holder.Pupil, PersonName: nameOf(holder.Name), Blocked: holder.Blocked}
		if !holder.IssuedAt.IsZero() {
			body.Pupils[i].IssuedAt = &door.Holders[i].IssuedAt
		}
	}
	return reply(body), nil
}

type cardsInput struct {
	ID   id.Class `path:"id"`
	Body struct {
		Pupils []id.Pupil `json:"pupils" minItems:"1" maxItems:"60" doc:"of the class"`
	}
}

type cardsReply struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (s *Server) printCards(ctx context.Context, in *cardsInput) (*cardsReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	issued, err := s.Cards.Issue(ctx, actor, in.ID, in.Body.Pupils)
	if err != nil {
		return nil, err
	}
	return &cardsReply{ContentType: "application/pdf", Disposition: `attachment; filename="karten.pdf"`, Body: issued.PDF}, nil
}

type classLinkBody struct {
	URL string `json:"url" doc:"shown once"`
	QR  qrBody `json:"qr" doc:"the URL as a QR code"`
}

func (s *Server) renewClassLink(ctx context.Context, in *classInput) (*out[classLinkBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	key, err := s.Cards.RenewLink(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	body := classLinkBody{URL: s.Cards.URL(string(key))}
	body.QR, err = newQRBody(body.URL)
	return reply(body), err
}

type openedBody struct {
	OpenUntil time.Time `json:"openUntil"`
}

func (s *Server) openClassLink(ctx context.Context, in *classInput) (*out[openedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	until, err := s.Cards.OpenLink(ctx, actor, in.ID)
	return reply(openedBody{OpenUntil: until}), err
}
