package api

import (
	"crypto/rand"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/push"
	"einverstanden/backend/testkit"
)

var noBrowser = object{"endpoint": "x", "keys": object{"p256dh": "", "auth": ""}, "key": "", "language": "de"}

// browserOf is what the caller's browser hands over; its push service is never reached.
func (c *client) browserOf() object {
	c.h.t.Helper()
	var key pushKeyBody
	c.want(200, c.get("/push/key")).into(c.h.t, &key)
	return object{
		"endpoint": "https://fcm.googleapis.com/fcm/send/" + rand.Text(), "key": key.Key, "language": "tr",
		"keys": object{"p256dh": key.Key, "auth": "AAAAAAAAAAAAAAAAAAAAAA"}, // any point will do
	}
}

func (h *house) actorOf(c *client) authz.Actor {
	h.t.Helper()
	actor, err := h.accounts.Authenticate(h.Ctx, c.cookies[accessCookie])
	if err != nil {
		h.t.Fatal(err)
	}
	return actor
}

// pushOwner is the caller at the own place; elsewhere a guardian who has just come, and is never the caller.
func pushOwner(w *world, s site, at place, role authz.Role) authz.Actor {
	if at == own && role != authz.Nobody && role != authz.Program {
		return w.actorOf(w.clientOf("", role))
	}
	newcomer := s.Guardian("Bo", "Neumann", s.Pupil("Kai", "Neumann", "2014-04-04", s.class))
	letters, err := w.accounts.IssueForSystem(s.Ctx, []account.Recipient{{Person: id.GuardianOf(newcomer.ID)}})
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := w.accounts.RedeemLetter(s.Ctx, letters[0].LetterNo, string(letters[0].Secret), calendar.MustParse("2014-04-04"), account.Device{})
	if err != nil {
		w.t.Fatal(err)
	}
	return in.Actor
}

func pushSubscription(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, role authz.Role) call {
		return call{body: body, path: "/push/subscriptions/" + fresh(w, at, func(s site) id.PushSubscription {
			key, err := w.server.Push.Key()
			if err != nil {
				w.t.Fatal(err)
			}
			kept, err := w.server.Push.Subscribe(s.Ctx, pushOwner(w, s, at, role), push.New{
				Endpoint: "https://fcm.googleapis.com/fcm/send/" + rand.Text(), P256dh: key.PublicText(), Auth: "AAAAAAAAAAAAAAAAAAAAAA", Key: key.PublicText(),
			})
			if err != nil {
				w.t.Fatal(err)
			}
			w.server.Push.Wait()
			s.Write(func(tx *db.Tx) error { return tx.G().Exec("UPDATE push_subscription SET opened_at = NULL").Error })
			return kept
		}) + suffix}
	}
}

func pushMessage(w *world, at place, role authz.Role) call {
	return call{path: "/push/messages/" + fresh(w, at, func(s site) string {
		link := rand.Text()
		owner := pushOwner(w, s, at, role)
		s.Write(func(tx *db.Tx) error {
			return tx.G().Exec(`INSERT INTO push_message (school_id, id, account_id, subscription_id, event, kind, path, state, made_at)
				VALUES (?, ?, ?, ?, 'x', 'open_consent', '/home', 'accepted', 0)`, s.ID, link, owner.Account, link).Error
		})
		return link
	})}
}

func TestPushSubscriptionsOverHTTP(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		browser := c.browserOf()
		var first, again pushSubscribedBody
		c.want(200, c.post("/push/subscriptions", "", browser)).into(t, &first)
		c.want(200, c.post("/push/subscriptions", "", browser)).into(t, &again)
		if first != again || first.ID == "" {
			t.Errorf("%+v and %+v", first, again)
		}
		h.server.Push.Wait()
		var listed list[pushSubscriptionBody]
		c.want(200, c.get("/push/subscriptions")).into(t, &listed)
		if len(listed.Items) != 1 || !listed.Items[0].Current || listed.Items[0].Active || listed.Items[0].LastError != push.Unreachable {
			t.Errorf("%+v", listed.Items)
		}
		browser["endpoint"] = "https://127.0.0.1/latest/meta-data"
		refused := c.post("/push/subscriptions", "", browser)
		c.wantProblem(422, "invalid_input", refused)
		browser["endpoint"], browser["owner"] = "https://fcm.googleapis.com/x", "somebody"
		c.wantProblem(422, "invalid_input", c.post("/push/subscriptions", "", browser))
		c.want(204, c.send("DELETE", "/session", "", nil, nil))
		h.Read(func(tx *db.Tx) error {
			var left int64
			err := tx.G().Table("push_subscription").Count(&left).Error
			if left != 0 {
				t.Errorf("%d rows after signing out", left)
			}
			return err
		})
	})
}

// A message about consents says whether they are still wanted.
func TestAPushMessageSaysWhenItsMatterIsSettled(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		link, actor := rand.Text(), h.actorOf(c)
		h.Write(func(tx *db.Tx) error {
			return tx.G().Exec(`INSERT INTO push_message (school_id, id, account_id, subscription_id, event, kind, path, state, made_at)
				VALUES (?, ?, ?, 'x', 'x', 'open_consent', '/home', 'accepted', 0)`, h.ID, link, actor.Account).Error
		})
		var message pushMessageBody
		c.want(200, c.get("/push/messages/"+link)).into(t, &message)
		if message.Settled || message.Path != "/home" {
			t.Errorf("%+v", message)
		}
		var decided decidedBody
		c.want(200, c.post("/push/subscriptions", "", c.browserOf())) // without a browser to tell nobody's looking is kept
		h.server.Push.Wait()
		c.want(201, c.post(c.decisions(), "k", c.yes("none"))).into(t, &decided)
		receipt := "/receipts/" + string(decided.Receipt.ID)
		for _, want := range []int64{0, 1, 1} {
			h.Read(func(tx *db.Tx) error {
				var seen int64
				err := tx.G().Table("push_seen").Where("account_id = ? AND path = ?", actor.Account, receipt).Count(&seen).Error
				if seen != want {
					t.Errorf("the receipt was seen %d times, want %d", seen, want)
				}
				return err
			})
			c.want(200, c.get(receipt+"/summary"))
		}
		c.want(200, c.get("/push/messages/"+link)).into(t, &message)
		if !message.Settled {
			t.Errorf("%+v", message)
		}
	})
}
