package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
)

func (s *Server) deviceRoutes() {
	route(s, authz.Self, get("/devices", "session", "listDevices", "Where the own account is signed in, and its passkeys"), s.listDevices)
	one := remove("/devices/{id}", "session", "endDevice", "Sign one of the own devices out")
	one.DefaultStatus = http.StatusNoContent
	route(s, authz.Self, one, s.endDevice)
	others := remove("/devices", "session", "endOtherDevices", "Sign all other devices out")
	others.DefaultStatus = http.StatusNoContent
	route(s, authz.Self, others, s.endOtherDevices)
	route(s, authz.LinkDevices, answers(post("/session/device-links", "session", "makeDeviceLink", "Make a code that signs a further device in"), 201, 429), s.makeDeviceLink)
	route(s, authz.Public, answers(post("/session/device-link", "session", "signInWithDeviceLink", "Sign in as a further device"), 200, 401, 429), s.signInWithDeviceLink)
}

type deviceBody struct {
	ID        id.Session         `json:"id"`
	Kind      account.DeviceKind `json:"kind" enum:"phone,tablet,computer,unknown"`
	Browser   account.Browser    `json:"browser" enum:"chrome,edge,firefox,opera,safari,samsung,unknown"`
	Linked    bool               `json:"linked" doc:"signed in by a device link"`
	FirstSeen time.Time          `json:"firstSeen"`
	LastSeen  time.Time          `json:"lastSeen" doc:"to within ten minutes"`
	Current   bool               `json:"current" doc:"the device that asks"`
	Shared    bool               `json:"shared" doc:"others use it too: its session ends soon by itself"`
}

type devicesBody struct {
	Devices  []deviceBody  `json:"devices" nullable:"false"`
	Passkeys []passkeyBody `json:"passkeys" nullable:"false"`
}

func (s *Server) listDevices(ctx context.Context, _ *none) (*out[devicesBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	devices, passkeys, err := s.Accounts.Devices(ctx, actor)
	body := devicesBody{Devices: make([]deviceBody, len(devices)), Passkeys: make([]passkeyBody, len(passkeys))}
	for i, d := range devices {
		body.Devices[i] = deviceBody{
			ID: d.ID, Kind: d.Kind, Browser: d.Browser, Linked: d.Way == account.ByDeviceLink,
			FirstSeen: d.FirstSeen, LastSeen: d.LastSeen, Current: d.Current, Shared: d.Shared,
		}
	}
	for i, p := range passkeys {
		body.Passkeys[i] = passkeyOf(p)
	}
	return reply(body), err
}

type devicePath struct {
	ID id.Session `path:"id"`
}

func (s *Server) endDevice(ctx context.Context, in *devicePath) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.EndDevice(ctx, actor, in.ID)
}

func (s *Server) endOtherDevices(ctx context.Context, _ *none) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.EndOtherDevices(ctx, actor)
}

type deviceLinkBody struct {
	Code      string    `json:"code" doc:"8 symbols, XXXX-XXXX; blanks, hyphens, case and O/I/L are forgiven"`
	URL       string    `json:"url" doc:"the same code behind the #"`
	QR        qrBody    `json:"qr" doc:"the URL as a QR code"`
	ExpiresAt time.Time `json:"expiresAt"`
}

func (s *Server) makeDeviceLink(ctx context.Context, _ *none) (*out[deviceLinkBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	link, err := s.Accounts.MakeDeviceLink(ctx, actor)
	if err != nil {
		return nil, err
	}
	body := deviceLinkBody{
		Code: account.FormatDeviceCode(link.Code), URL: s.url.String() + "/link#" + link.Code, ExpiresAt: link.ExpiresAt,
	}
	body.QR, err = newQRBody(body.URL)
	return reply(body), err
}

type deviceLinkInput struct {
	device
	Body struct {
		Code   string `json:"code" maxLength:"40"`
		Shared bool   `json:"shared,omitempty" doc:"others use this device too: the session ends when the browser closes, or after 30 minutes without use"`
	}
}

func (s *Server) signInWithDeviceLink(ctx context.Context, in *deviceLinkInput) (*signedInReply, error) {
	where := in.device.device()
	where.Shared = in.Body.Shared
	signedIn, err := s.Accounts.SignInWithDeviceLink(ctx, in.Body.Code, where)
	return s.signedIn(ctx, signedIn, err)
}
