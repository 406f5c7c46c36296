package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/paper"
	"einverstanden/backend/participation"
	"einverstanden/backend/testkit"
)

// cardOf gives the pupil of the site a fresh card, as the office does.
func (w *world) cardOf(s site, pupil id.Pupil) account.NewCard {
	w.t.Helper()
	return w.house.cardOf(s.class.ID, pupil)
}

func (h *house) cardOf(class id.Class, pupil id.Pupil) account.NewCard {
	h.t.Helper()
	issued, err := h.server.Cards.Issue(h.Ctx, h.Staff(authz.Office), class, []id.Pupil{pupil})
	if err != nil {
		h.t.Fatal(err)
	}
	return issued.Cards[0]
}

func (c *client) signInWithCard(card account.NewCard) answer {
	c.h.t.Helper()
	return c.post("/session/pin", "", object{"key": string(card.Key), "pupil": card.Pupil, "pin": card.PIN[:]})
}

func TestAPupilComesInByItsCardAndSeesItsOwnDay(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		card, c := h.cardOf(h.class.ID, h.pupil.ID), h.nobody()

		var door doorBody
		c.want(200, c.post("/session/pin/door", "", object{"key": string(card.Key)})).into(t, &door)
		if !door.Open || door.Class != "" || !slices.Equal(door.Tiles, []tileBody{{h.pupil.ID, "Lena B."}}) || len(door.Pictures) != 12 {
			t.Errorf("the door of a card: %+v", door)
		}
		if c.cookies[deviceCookie] == "" || c.cookies[accessCookie] != "" {
			t.Errorf("looking leaves the cookies %v", c.cookies)
		}

		var me meBody
		c.want(200, c.signInWithCard(card)).into(t, &me)
		if me.Role != authz.Pupil || !me.NoSay || len(me.Children) != 0 || me.Account.Name != "" {
			t.Errorf("who came in by a card: %+v", me)
		}
		var day myDayBody
		c.want(200, c.get("/my-day")).into(t, &day)
		if day.GivenName != "Lena" || day.ClassName != "7b" || day.Mode != "none" {
			t.Errorf("own day: %+v", day)
		}
		c.want(204, c.send("DELETE", "/session", "", nil, nil))
		c.want(401, c.get("/my-day"))
	})
}

// Whoever holds the tablet decides nothing, not even where the pupil could by its own letter, and touches none of the
// devices that the pupil has elsewhere.
func TestAPupilWhoCameByACardDecidesNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		adult := w.adult()
		c := w.nobody()
		c.want(200, c.signInWithCard(w.cardOf(w.sites[own], adult.ID)))
		path := "/children/" + string(adult.ID)
		refused := []answer{
			c.get("/children"), c.get(path + "/consent"), c.get(path + "/lowering-key"), c.get("/devices"),
			c.post(path+"/decisions", "a", no(w)), c.post(path+"/withdrawals", "b", object{"extent": "all"}), c.post(path+"/lowering-key", "c", object{}),
			c.send("DELETE", "/devices", "", nil, nil), c.send("POST", "/session/passkey/registration", "", nil, nil),
		}
		for i, got := range refused {
			if code, _ := got.code(); got.status != 403 || code != "not_allowed" {
				t.Errorf("call %d: %d %s", i, got.status, got.body)
			}
		}
		own := w.as(authz.Pupil)
		own.want(201, own.post(path+"/decisions", "d", no(w)))
	})
}

// Checklist C10.
func TestC10TheSixthWrongPINOfADeviceWaitsAndClassmatesBehindTheSameAddressDoNot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		mate := h.Pupil("Mia", "Zander", "2014-05-05", h.class)
		card, other := h.cardOf(h.class.ID, h.pupil.ID), h.cardOf(h.class.ID, mate.ID)
		c := h.nobody()
		c.want(200, c.post("/session/pin/door", "", object{"key": string(card.Key)}))
		wrong := card
		slices.Reverse(wrong.PIN[:])
		for range 5 {
			if code, _ := c.want(401, c.signInWithCard(wrong)).code(); code != "pin_wrong" {
				t.Fatalf("a wrong PIN is %s", code)
			}
		}
		waits := c.want(429, c.signInWithCard(card))
		if code, _ := waits.code(); code != "pin_wait" || waits.header.Get("Retry-After") != "30" {
			t.Errorf("the sixth try: %s, Retry-After %s", code, waits.header.Get("Retry-After"))
		}
		c.want(200, c.signInWithCard(other))
		env.Clock.Advance(31 * time.Second)
		c.want(200, c.signInWithCard(card))
	})
}

func TestX22TheClassLinkShowsTilesInItsHoursOrAfterTheTeachersTapAlone(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		card := h.cardOf(h.class.ID, h.pupil.ID)
		h.Pupil("Ohne", "Karte", "2014-05-05", h.class)
		teacher := h.as(authz.Teacher)
		var link classLinkBody
		teacher.want(201, teacher.post("/classes/"+string(h.class.ID)+"/link", "", object{})).into(t, &link)
		_, key, _ := strings.Cut(link.URL, "#")

		pupil := h.nobody()
		look := func() (door doorBody) {
			pupil.want(200, pupil.post("/session/pin/door", "", object{"key": key})).into(t, &door)
			return door
		}
		byTile := object{"key": key, "pupil": h.pupil.ID, "pin": card.PIN[:]}
		if door := look(); door.Open || len(door.Tiles) != 0 {
			t.Errorf("outside its hours the link shows %+v", door)
		}
		if code, _ := pupil.want(403, pupil.post("/session/pin", "", byTile)).code(); code != "class_link_closed" {
			t.Errorf("outside its hours: %s", code)
		}
		teacher.want(200, teacher.send("PUT", "/classes/"+string(h.class.ID)+"/link/opening", "", nil, nil))
		if door := look(); !door.Open || door.Class != "7b" || !slices.Equal(door.Tiles, []tileBody{{h.pupil.ID, "Lena B."}}) {
			t.Errorf("after the tap the link shows %+v", door)
		}
		pupil.want(200, pupil.post("/session/pin", "", byTile))
		stranger := object{"key": key, "pupil": h.stranger.ID, "pin": card.PIN[:]}
		if code, _ := h.nobody().post("/session/pin", "", stranger).code(); code != "door_key_unknown" {
			t.Errorf("a pupil of another class: %s", code)
		}
		teacher.want(201, teacher.post("/classes/"+string(h.class.ID)+"/link", "", object{}))
		pupil.want(401, pupil.post("/session/pin/door", "", object{"key": key}))
	})
}

func TestAGuardianOpensForItsChildAndGivesNothingOfItsOwn(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		guardian, child := h.as(authz.Guardian), h.nobody()
		var opening deviceLinkBody
		guardian.want(201, guardian.post("/children/"+string(h.pupil.ID)+"/openings", "", object{})).into(t, &opening)
		var me meBody
		child.want(200, child.post("/session/child", "", object{"code": opening.Code})).into(t, &me)
		if me.Role != authz.Pupil || !me.NoSay {
			t.Errorf("the child comes as %+v", me)
		}
		child.want(403, child.get("/children"))
		child.want(200, child.get("/my-day"))
		guardian.want(200, guardian.get("/children"))
		child.want(401, h.nobody().post("/session/child", "", object{"code": opening.Code}))

		// In the guardian's own browser, without a passkey to come back with, nothing happens.
		guardian.want(201, guardian.post("/children/"+string(h.pupil.ID)+"/openings", "", object{})).into(t, &opening)
		if code, _ := guardian.want(403, guardian.post("/session/child", "", object{"code": opening.Code})).code(); code != "own_device_needs_passkey" {
			t.Errorf("on the own device: %s", code)
		}
		guardian.want(200, guardian.get("/children"))
		guardian.want(201, guardian.post("/children/"+string(h.pupil.ID)+"/openings", "", object{})).into(t, &opening)
		guardian.addPasskey()
		guardian.want(200, guardian.post("/session/child", "", object{"code": opening.Code}))
		guardian.want(403, guardian.get("/children"))
	})
}

func TestNoKeyAndNoPINReachesTheLog(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	card, c := h.cardOf(h.class.ID, h.pupil.ID), h.nobody()
	c.want(200, c.post("/session/pin/door", "", object{"key": string(card.Key)}))
	c.want(200, c.signInWithCard(card))
	_, secret, _ := strings.Cut(string(card.Key), ".")
	for _, canary := range []string{secret, strings.Join(card.PIN[:], " "), `"` + card.PIN[0] + `"`} {
		if strings.Contains(h.logs.String(), canary) {
			t.Errorf("%q stands in the log", canary)
		}
	}
}

func TestEveryPictureOfAPINIsDrawn(t *testing.T) {
	var drawn []string
	for _, picture := range paper.Pictures {
		drawn = append(drawn, picture.Name)
	}
	if !slices.Equal(drawn, account.Pictures) {
		t.Errorf("drawn are %v, PINs are made of %v", drawn, account.Pictures)
	}
}

func TestX8APupilsSessionEndsWithItsMeeting(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		card, c := w.cardOf(w.sites[own], w.pupil.ID), w.nobody()
		planned, err := w.meetings.Plan(w.Ctx, w.sites[own].teacher, meeting.Plan{
			Title: "Mathematik", Kind: participation.Lesson, Class: w.class.ID, Length: 10 * time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		c.want(http.StatusOK, c.signInWithCard(card))
		var day myDayBody
		c.want(200, c.get("/my-day")).into(t, &day)
		if len(day.Meetings) != 1 || day.Meetings[0].ID != planned.ID || !day.Meetings[0].Today || day.Meetings[0].Mode != "none" {
			t.Errorf("own day: %+v", day)
		}
		env.Clock.Set(planned.EndsAt.Add(-2 * time.Second))
		c.want(200, c.get("/my-day"))
		env.Clock.Set(planned.EndsAt)
		c.want(401, c.get("/my-day"))
		c.want(401, c.post("/session/refresh", "", nil))
	})
}
