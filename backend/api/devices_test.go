package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// ownDevice is a second device of the caller; elsewhere it is one of the place's teacher, who is never the caller.
func ownDevice(w *world, at place, role authz.Role) call {
	return call{path: "/devices/" + fresh(w, at, func(s site) id.Session {
		switch {
		case at == own && (role == authz.Guardian || role == authz.Pupil):
			c, second := w.clientOf("", role), w.nobody()
			second.want(200, second.post("/session/passkey", "", second.assertion(c.addPasskey())))
			return second.current()
		case at == own && role != authz.Nobody && role != authz.Program:
			return w.as(role).current()
		}
		in, err := w.accounts.SignInWithPassword(s.Ctx, fmt.Sprintf("lehrkraft%d@schule.example", at), "kupfer-Lampe-41-wiese", account.Proof{}, account.Device{})
		if err != nil {
			w.t.Fatal(err)
		}
		return in.Actor.Session
	})}
}

func (c *client) devices() devicesBody {
	c.h.t.Helper()
	var body devicesBody
	c.want(200, c.get("/devices")).into(c.h.t, &body)
	return body
}

func (c *client) current() id.Session {
	c.h.t.Helper()
	for _, device := range c.devices().Devices {
		if device.Current {
			return device.ID
		}
	}
	c.h.t.Fatal("no device is the one that asks")
	return ""
}

func TestAFurtherDeviceComesByItsLinkAndGoesByTheList(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		first := h.as(authz.Guardian)
		var link deviceLinkBody
		first.want(201, first.send("POST", "/session/device-links", "", nil, nil)).into(t, &link)
		code := strings.ReplaceAll(link.Code, "-", "")
		if link.URL != h.base+"/link#"+code || link.QR.Modules < 29 || !strings.HasPrefix(link.QR.Path, "M4 4h7v1h-7z") {
			t.Errorf("%+v", link)
		}
		second := h.nobody()
		second.want(200, second.post("/session/device-link", "", object{"code": link.Code}))
		second.want(200, second.get("/children"))
		devices := first.devices().Devices
		if len(devices) != 2 || !devices[0].Linked || devices[0].Current || !devices[1].Current {
			t.Errorf("%+v", devices)
		}
		first.want(204, first.send("DELETE", "/devices/"+string(devices[0].ID), "", nil, nil))
		second.wantProblem(401, "not_signed_in", second.get("/children"))
		if strings.Contains(h.logs.String(), code) || strings.Contains(h.logs.String(), link.Code) {
			t.Error("the log holds the code")
		}
	})
}

func TestASharedDevicesCookiesGoWithTheBrowser(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	issued, err := h.accounts.IssueForSystem(h.Ctx, []account.Recipient{{Person: id.GuardianOf(h.guardian.ID)}})
	if err != nil {
		t.Fatal(err)
	}
	c := h.nobody()
	got := c.want(200, c.post("/session/letter", "", object{
		"letterNo": issued[0].LetterNo, "secret": string(issued[0].Secret), "birthDate": h.pupil.BirthDate.String(), "shared": true,
	}))
	cookies := append(got.header["Set-Cookie"], c.want(200, c.send("POST", "/session/refresh", "", nil, nil)).header["Set-Cookie"]...)
	if len(cookies) != 6 {
		t.Fatalf("cookies %v", cookies)
	}
	for _, cookie := range cookies {
		if strings.Contains(cookie, "Max-Age") || strings.Contains(cookie, "Expires") || !strings.HasPrefix(cookie, "__Host-") ||
			!strings.HasSuffix(cookie, "; Path=/; HttpOnly; Secure; SameSite=Lax") {
			t.Errorf("cookie %s", cookie)
		}
	}
	if devices := c.devices().Devices; len(devices) != 1 || !devices[0].Shared {
		t.Errorf("%+v", devices)
	}
}

// Checklist B9: whoever is disabled, or signed out from elsewhere, loses an open stream at the next check; that comes
// often enough for five seconds, with the second that a session may be remembered.
func TestB9ADisabledAccountLosesItsStreams(t *testing.T) {
	if checkEvery+time.Second > 5*time.Second {
		t.Errorf("a stream may outlive its session by %s", checkEvery+time.Second)
	}
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.server.checkEvery = 20 * time.Millisecond
		teacher := h.as(authz.Teacher)
		var planned meetingBody
		teacher.want(201, teacher.post("/meetings", "m1", object{
			"title": "Mathematik", "kind": "lesson", "classId": h.class.ID, "minutes": 45,
		})).into(t, &planned)
		events := teacher.stream("/meetings/" + string(planned.ID) + "/roster/stream")
		if name, _ := events.next(t); name != "snapshot" {
			t.Fatalf("got %s", name)
		}
		err := env.DB.WriteUnaudited(h.Ctx, func(tx *db.Tx) error {
			return tx.G().Exec("UPDATE account SET disabled_at = 1 WHERE id = ?", h.passwords[authz.Teacher].account).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		env.Clock.Set(time.Now().Add(2 * time.Second)) // past what is remembered
		if name, _ := events.next(t); name != "end" {
			t.Errorf("got %s", name)
		}
		teacher.wantProblem(401, "not_signed_in", teacher.get("/me"))
	})
}
