package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/notify"
)

func (s *Server) noticeRoutes() {
	route(s, authz.KeepNotices, get("/notices", "notices", "getNotices", "Where and how the caller is told"), s.getNotices)
	route(s, authz.KeepNotices, answers(put("/notices", "notices", "chooseNotices", "Language of messages; whether, when and by what to be reminded"), http.StatusNoContent), s.chooseNotices)
	address := answers(put("/notices/address", "notices", "setMailAddress", "Type an address; its confirmation is mailed there"), http.StatusNoContent, 409, 429)
	address.Description = "Nothing but the confirmation goes there until its link was opened. One confirmation a day goes to one address."
	route(s, authz.KeepNotices, address, s.setMailAddress)
	route(s, authz.KeepNotices, answers(remove("/notices/address", "notices", "removeMailAddress", "Forget the address"), http.StatusNoContent), s.removeMailAddress)

	route(s, authz.Public, tokenLink("/notices/confirm", "confirmMailAddress", "Open the link of a confirmation"), s.confirmMailAddress)
	route(s, authz.Public, tokenLink("/notices/stop", "stopReminders", "Open the link of a reminder: no more of these"), s.stopReminders)
	route(s, authz.Public, as(withdrawing, tokenLink("/notices/not-me", "sayNotMe", "That was not me, by the link of a notice; it can only lower")), s.sayNotMe)
	once := answers(post(oneClickPath+"{token}", "notices", "stopRemindersAtOnce", "The one click of mail programs (RFC 8058)"), http.StatusNoContent, 404)
	once.Description = "The body is not read."
	route(s, authz.Public, once, s.stopRemindersAtOnce)
	page := answers(get(oneClickPath+"{token}", "notices", "openStopPage", "The same address opened in a browser: leads to the page that asks"), http.StatusSeeOther)
	route(s, authz.Public, page, s.openStopPage)
}

const oneClickPath = "/notices/stop/"

// isOneClick is what mail programs send with a form's body, which nobody reads.
func isOneClick(path string) bool { return strings.HasPrefix(path, apiPrefix+oneClickPath) }

func tokenLink(path, name, summary string) huma.Operation {
	return answers(post(path, "notices", name, summary), http.StatusNoContent, 404)
}

type noticesBody struct {
	Address     string `json:"address,omitempty" doc:"absent: none"`
	Confirmed   bool   `json:"confirmed" doc:"its link was opened"`
	Language    string `json:"language" enum:"ar,de,en,ru,tr,uk" doc:"of messages"`
	NoReminders bool   `json:"noReminders"`
	MailOnly    bool   `json:"mailOnly" doc:"nothing by push"`
	FromHour    int    `json:"fromHour" doc:"of reminders, by the school's clock; both 0: the usual hours"`
	UntilHour   int    `json:"untilHour"`
	MailIsSetUp bool   `json:"mailIsSetUp" doc:"the school sends mail"`
}

const minutesOfHour = 60

func (s *Server) getNotices(ctx context.Context, _ *none) (*out[noticesBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	setting, err := s.Notify.SettingOf(ctx, actor)
	return reply(noticesBody{
		Address: setting.Address, Confirmed: setting.Confirmed, Language: setting.Language, NoReminders: setting.NoReminders,
		MailOnly: setting.MailOnly, FromHour: setting.Hours.From / minutesOfHour, UntilHour: setting.Hours.Until / minutesOfHour,
		MailIsSetUp: setting.MailIsSetUp,
	}), err
}

type chooseNoticesInput struct {
	Body struct {
		Language    string `json:"language" enum:"ar,de,en,ru,tr,uk"`
		NoReminders bool   `json:"noReminders"`
		MailOnly    bool   `json:"mailOnly,omitempty" doc:"nothing by push"`
		FromHour    int    `json:"fromHour,omitempty" minimum:"0" maximum:"24" doc:"of reminders, by the school's clock: from 6 to 22, an hour at least; absent: the usual hours"`
		UntilHour   int    `json:"untilHour,omitempty" minimum:"0" maximum:"24" doc:"exclusive"`
	}
}

func (s *Server) chooseNotices(ctx context.Context, in *chooseNoticesInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Notify.Choose(ctx, actor, notify.Choice{
		Language: in.Body.Language, NoReminders: in.Body.NoReminders, MailOnly: in.Body.MailOnly,
		Hours: notify.Hours{From: in.Body.FromHour * minutesOfHour, Until: in.Body.UntilHour * minutesOfHour},
	})
}

type addressInput struct {
	Body struct {
		Address string `json:"address" minLength:"3" maxLength:"254"`
	}
}

func (s *Server) setMailAddress(ctx context.Context, in *addressInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Notify.SetAddress(ctx, actor, in.Body.Address)
}

func (s *Server) removeMailAddress(ctx context.Context, _ *none) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Notify.RemoveAddress(ctx, actor)
}

type linkInput struct {
	Body struct {
		Token string `json:"token" maxLength:"300" doc:"as it stands behind the #"`
	}
}

func (s *Server) confirmMailAddress(ctx context.Context, in *linkInput) (*empty, error) {
	return nil, s.Notify.ConfirmAddress(ctx, in.Body.Token)
}

func (s *Server) stopReminders(ctx context.Context, in *linkInput) (*empty, error) {
	return nil, s.Notify.StopReminders(ctx, in.Body.Token)
}

func (s *Server) sayNotMe(ctx context.Context, in *linkInput) (*empty, error) {
	return nil, s.Notices.NotMe(ctx, in.Body.Token)
}

type linkPath struct {
	Token string `path:"token"`
}

func (s *Server) stopRemindersAtOnce(ctx context.Context, in *linkPath) (*empty, error) {
	return nil, s.Notify.StopReminders(ctx, in.Token)
}

func (s *Server) openStopPage(_ context.Context, in *linkPath) (*redirectReply, error) {
	return &redirectReply{Location: s.url.String() + "/m#stop=" + url.QueryEscape(in.Token)}, nil
}
