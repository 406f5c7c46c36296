package api

import (
	"context"
	"net/http"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/id"
	"einverstanden/backend/lowering"
)

func (s *Server) loweringRoutes() {
	look := get("/lowering/{key}", "lowering", "getLowering", "What a lowering key shows: one child, its mode, and what can be lowered")
	look.Description = "The key is the secret behind the # of a lowering link. A wrong key, one that was renewed, and that of a child who has left are 404 alike."
	route(s, authz.Public, answers(look, 429), s.getLowering)
	lower := answers(idempotent(post("/lowering/{key}", "lowering", "lower", "Withdraw with a lowering key, without signing in")), 201, 200, 429)
	lower.Description = "The withdrawal is that of the person whom the key was printed for; its statement says that only a key was shown."
	route(s, authz.Public, as(withdrawing, lower), s.lower)

	route(s, authz.DecideForChild, get("/children/{pupil}/lowering-key", "children", "getLoweringKey", "The caller's lowering key for a child, to keep"), s.getLoweringKey)
	renew := answers(idempotent(post("/children/{pupil}/lowering-key", "children", "renewLoweringKey", "A new lowering key; those printed so far end")), http.StatusOK)
	route(s, authz.DecideForChild, renew, s.renewLoweringKey)
}

type loweringBody struct {
	Child   string   `json:"child" doc:"first name, and the first letter of the family name"`
	Mode    mode     `json:"mode" enum:"video,audio,none"`
	Extents []string `json:"extents" nullable:"false" enum:"picture,all" doc:"what would lower the own word; empty: nothing is left to lower"`
}

type loweringInput struct {
	device
	Key string `path:"key" doc:"as it stands behind the #"`
}

func (s *Server) getLowering(ctx context.Context, in *loweringInput) (*out[loweringBody], error) {
	state, err := s.Lowering.Look(ctx, in.Key, in.address)
	if err != nil {
		return nil, err
	}
	body := loweringBody{Child: state.Child.Short(), Mode: modeOf(state.Mode), Extents: []string{}}
	for _, extent := range state.Extents {
		body.Extents = append(body.Extents, string(extent))
	}
	return reply(body), nil
}

type lowerInput struct {
	device
	Key  string `path:"key" doc:"as it stands behind the #"`
	Body struct {
		Extent string `json:"extent" enum:"picture,all"`
	}
}

func (s *Server) lower(ctx context.Context, in *lowerInput) (*decided, error) {
	outcome, err := s.Lowering.Lower(ctx, in.Key, consent.Extent(in.Body.Extent), in.address)
	return decidedOf(outcome, err)
}

type loweringKeyBody struct {
	URL string `json:"url" doc:"opens the page that lowers, for whoever has it"`
	QR  qrBody `json:"qr" doc:"the URL as a QR code"`
}

func (s *Server) loweringKeyOf(key lowering.Key) (*out[loweringKeyBody], error) {
	body := loweringKeyBody{URL: lowering.URL(s.url, key)}
	qr, err := newQRBody(body.URL)
	body.QR = qr
	return reply(body), err
}

type loweringKeyInput struct {
	Pupil id.Pupil `path:"pupil"`
}

func (s *Server) getLoweringKey(ctx context.Context, in *loweringKeyInput) (*out[loweringKeyBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	key, err := s.Lowering.Own(ctx, actor, in.Pupil)
	if err != nil {
		return nil, err
	}
	return s.loweringKeyOf(key)
}

func (s *Server) renewLoweringKey(ctx context.Context, in *loweringKeyInput) (*out[loweringKeyBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	key, err := s.Lowering.Renew(ctx, actor, in.Pupil)
	if err != nil {
		return nil, err
	}
	return s.loweringKeyOf(key)
}
