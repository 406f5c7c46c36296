package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/push"
	"einverstanden/backend/standing"
)

func (s *Server) pushRoutes() {
	route(s, authz.ReceivePush, answers(get("/push/key", "push", "getPushKey", "What a browser subscribes with from now on"), 200, 404), s.getPushKey)
	route(s, authz.ReceivePush, get("/push/subscriptions", "push", "listPushSubscriptions", "The own browsers that get messages"), s.listPushSubscriptions)
	subscribe := answers(post("/push/subscriptions", "push", "subscribeToPush", "Send messages to this browser; again at every start of the app"), 200, 404)
	route(s, authz.ReceivePush, subscribe, s.subscribeToPush)
	one := remove("/push/subscriptions/{id}", "push", "unsubscribeFromPush", "Send no more messages to one of the own browsers")
	one.DefaultStatus = http.StatusNoContent
	route(s, authz.ReceivePush, one, s.unsubscribeFromPush)
	kinds := put("/push/subscriptions/{id}/kinds", "push", "choosePushKinds", "Choose what comes to one of the own browsers")
	kinds.DefaultStatus = http.StatusNoContent
	route(s, authz.ReceivePush, kinds, s.choosePushKinds)
	test := answers(post("/push/subscriptions/{id}/test", "push", "testPush", "Send a message to one of the own browsers, now"), 200, 429)
	route(s, authz.ReceivePush, test, s.testPush)
	proof := post("/push/activation", "push", "activatePush", "Show that messages arrive; the proof came in one")
	proof.DefaultStatus = http.StatusNoContent
	route(s, authz.Public, proof, s.activatePush)
	route(s, authz.ReceivePush, get("/push/messages/{id}", "push", "openPushMessage", "Where a message leads"), s.openPushMessage)
}

type pushKeyBody struct {
	Key string `json:"key" doc:"VAPID public key, base64url without padding (RFC 8292): the browser's applicationServerKey"`
}

func (s *Server) getPushKey(context.Context, *none) (*out[pushKeyBody], error) {
	key, err := s.Push.Key()
	if err != nil {
		return nil, err
	}
	return reply(pushKeyBody{Key: key.PublicText()}), nil
}

type pushSubscriptionBody struct {
	ID         id.PushSubscription `json:"id"`
	Kind       account.DeviceKind  `json:"kind" enum:"phone,tablet,computer,unknown"`
	Browser    account.Browser     `json:"browser" enum:"chrome,edge,firefox,opera,safari,samsung,unknown"`
	Current    bool                `json:"current" doc:"of the sign-in that asks"`
	Active     bool                `json:"active" doc:"it has been seen to get messages; before that none but tests are sent"`
	MadeAt     time.Time           `json:"madeAt"`
	SeenAt     time.Time           `json:"seenAt" doc:"when the app was last started there"`
	AcceptedAt *time.Time          `json:"acceptedAt,omitempty" doc:"when its push service last accepted a message; nobody can tell whether it was seen"`
	Kinds      []push.Choice       `json:"kinds" nullable:"false" enum:"consents,receipts,changes,meetings,other" doc:"what comes there; whatever else comes by the other channels alone"`
	LastError  push.Verdict        `json:"lastError,omitempty" enum:"mismatched,unauthorized,refused,too_large,throttled,busy,unreachable,paused" doc:"since then"`
}

func (s *Server) listPushSubscriptions(ctx context.Context, _ *none) (*out[list[pushSubscriptionBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Push.List(ctx, actor)
	if err != nil {
		return nil, err
	}
	bodies := make([]pushSubscriptionBody, len(all))
	for i, one := range all {
		bodies[i] = pushSubscriptionBody{
			ID: one.ID, Kind: account.DeviceKind(one.DeviceKind), Browser: account.Browser(one.Browser), Current: one.Current,
			Active: one.Active, MadeAt: one.Made, SeenAt: one.Seen, LastError: one.LastError, Kinds: one.Wanted,
		}
		if !one.Accepted.IsZero() {
			bodies[i].AcceptedAt = &one.Accepted
		}
	}
	return reply(listOf(bodies)), nil
}

type pushSubscribeInput struct {
	Body struct {
		Endpoint string `json:"endpoint" maxLength:"1024" doc:"https, at a push service of Google, Mozilla, Apple or Microsoft"`
		Keys     struct {
			P256dh string `json:"p256dh" maxLength:"100" doc:"65 bytes, a point on P-256, base64url without padding"`
			Auth   string `json:"auth" maxLength:"30" doc:"16 bytes, base64url without padding"`
		} `json:"keys"`
		Key      string `json:"key" maxLength:"100" doc:"the applicationServerKey that the browser subscribed with"`
		Language string `json:"language" maxLength:"20" doc:"of the messages, BCP 47; German where there is none"`
	}
}

type pushSubscribedBody struct {
	ID    id.PushSubscription `json:"id,omitempty" doc:"absent with renew"`
	Renew bool                `json:"renew,omitempty" doc:"the push service has ended this endpoint: unsubscribe, and subscribe for another"`
}

func (s *Server) subscribeToPush(ctx context.Context, in *pushSubscribeInput) (*out[pushSubscribedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := s.Push.Subscribe(ctx, actor, push.New{
		Endpoint: in.Body.Endpoint, P256dh: in.Body.Keys.P256dh, Auth: in.Body.Keys.Auth, Key: in.Body.Key, Language: in.Body.Language,
	})
	if errors.Is(err, push.ErrEnded) {
		return reply(pushSubscribedBody{Renew: true}), nil
	}
	if err != nil {
		return nil, err
	}
	return reply(pushSubscribedBody{ID: kept}), nil
}

type pushSubscriptionPath struct {
	ID id.PushSubscription `path:"id"`
}

func (s *Server) unsubscribeFromPush(ctx context.Context, in *pushSubscriptionPath) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Push.Remove(ctx, actor, in.ID)
}

type pushKindsInput struct {
	ID   id.PushSubscription `path:"id"`
	Body struct {
		Kinds []push.Choice `json:"kinds" nullable:"false" maxItems:"5" uniqueItems:"true" enum:"consents,receipts,changes,meetings,other" doc:"none: tests alone"`
	}
}

func (s *Server) choosePushKinds(ctx context.Context, in *pushKindsInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Push.Choose(ctx, actor, in.ID, in.Body.Kinds)
}

type pushTestBody struct {
	Verdict push.Verdict `json:"verdict" enum:"accepted,gone,mismatched,unauthorized,refused,too_large,throttled,busy,unreachable,paused" doc:"what the push service made of it"`
}

func (s *Server) testPush(ctx context.Context, in *pushSubscriptionPath) (*out[pushTestBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	verdict, err := s.Push.Test(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return reply(pushTestBody{Verdict: verdict}), nil
}

type pushActivationInput struct {
	Body struct {
		Proof string `json:"proof" maxLength:"100"`
	}
}

func (s *Server) activatePush(ctx context.Context, in *pushActivationInput) (*empty, error) {
	return nil, s.Push.Activate(ctx, in.Body.Proof)
}

type pushMessagePath struct {
	ID string `path:"id" maxLength:"40"`
}

type pushMessageBody struct {
	Path    string `json:"path" doc:"of the app's page"`
	Settled bool   `json:"settled" doc:"what it was about is done already"`
}

func (s *Server) openPushMessage(ctx context.Context, in *pushMessagePath) (*out[pushMessageBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	opened, err := s.Push.Open(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	body := pushMessageBody{Path: opened.Path}
	if opened.Kind == push.OpenConsent {
		body.Settled, err = s.nothingOpen(ctx, actor)
	}
	return reply(body), err
}

// nothingOpen tells whether no answer is wanted of the actor any more.
func (s *Server) nothingOpen(ctx context.Context, actor authz.Actor) (bool, error) {
	if !actor.May(authz.DecideForChild) {
		return false, nil
	}
	children, err := s.Standings.Children(ctx, actor)
	return !slices.ContainsFunc(children, func(c standing.Child) bool { return c.Open }), err
}
