package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

// X27: an address gets one confirmation a day, whoever asks; and nobody learns of it without a mail server.
func TestX27AnAddressIsConfirmedOnceADay(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		put := func(address string) answer {
			body, err := json.Marshal(object{"address": address})
			if err != nil {
				t.Fatal(err)
			}
			return c.send("PUT", "/notices/address", "", body, nil)
		}
		c.want(204, put("mutter@familie.example"))
		c.wantProblem(429, "too_many_tries", put("MUTTER@familie.example"))
		for _, bad := range []string{"mutter", "a@b\r\nBcc: c@d.example", "Lena <a@b.example>", "a@b.example,c@d.example"} {
			c.wantProblem(422, "invalid_input", put(bad))
		}
		var shown noticesBody
		c.want(200, c.get("/notices")).into(t, &shown)
		if shown.Address != "mutter@familie.example" || shown.Confirmed || !shown.MailIsSetUp {
			t.Errorf("%+v", shown)
		}
		c.want(204, c.send("DELETE", "/notices/address", "", nil, nil))
		shown = noticesBody{}
		c.want(200, c.get("/notices")).into(t, &shown)
		if shown.Address != "" {
			t.Errorf("%+v", shown)
		}
		c.wantProblem(429, "too_many_tries", put("mutter@familie.example")) // removing it frees nothing
		var jobs int64
		h.Read(func(tx *db.Tx) error {
			return tx.G().Table("outbox").Where("topic = 'message.send' AND payload LIKE '%confirm_address%'").Count(&jobs).Error
		})
		if jobs != 1 {
			t.Errorf("%d confirmations", jobs)
		}
	})
}

// RFC 8058: mail programs post a form, with no cookie and no script; a browser that opens the address is asked first.
func TestTheOneClickTakesAForm(t *testing.T) {
	h := newHouse(t, testkit.NewSQLite(t))
	post := func(token string) int {
		response, err := http.Post(h.base+apiPrefix+"/notices/stop/"+token, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	if got := post("a.b.c.d"); got != 404 {
		t.Errorf("a link of nobody's: %d", got)
	}
	token := h.server.Notify.StopToken(h.ID, id.GuardianOf(h.guardian.ID))
	if got := post(token); got != 204 {
		t.Errorf("a link of ours: %d", got)
	}
	var shown noticesBody
	c := h.as(authz.Guardian)
	c.want(200, c.get("/notices")).into(t, &shown)
	if !shown.NoReminders {
		t.Error("still to be reminded")
	}
}
