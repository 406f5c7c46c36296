package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/rules"
)

func (s *Server) rulesRoutes() {
	route(s, authz.SeeRules, get("/rules", "rules", "listRules", "What the rules in force are called, in German"), s.listRules)
	route(s, authz.PublishRules, get("/rules-versions", "rules", "listRulesVersions", "All versions of the pupils' rules with their texts, the newest first"), s.listRulesVersions)
	check := answers(post("/rules-versions/check", "rules", "checkRules", "Say whether a set of rules is complete, and publish nothing"), http.StatusNoContent, 422)
	route(s, authz.PublishRules, check, s.checkRules)
	publish := answers(idempotent(post("/rules-versions", "rules", "publishRules", "Publish the next version of the pupils' rules")), 201, 422)
	publish.Description = "A published version never changes. Pupils read a rule again whose German wording differs, and no other."
	route(s, authz.PublishRules, publish, s.publishRules)
}

// RuleTitle is a rule that can be broken.
type RuleTitle struct {
	Key   string `json:"key"`
	Title string `json:"title"`
}

func (s *Server) listRules(ctx context.Context, _ *none) (*out[list[RuleTitle]], error) {
	var bodies []RuleTitle
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		choices, err := s.Rules.Choices(tx, rules.German)
		bodies = make([]RuleTitle, len(choices))
		for i, choice := range choices {
			bodies[i] = RuleTitle(choice)
		}
		return err
	})
	return reply(listOf(bodies)), err
}

// RulesVersionBody is a published set of rules by its id.
type RulesVersionBody struct {
	ID        id.RulesVersion `json:"id"`
	Number    int             `json:"number"`
	InForceOn string          `json:"inForceOn" format:"date"`
}

func rulesVersionOf(v rules.Version) RulesVersionBody {
	return RulesVersionBody{ID: v.ID, Number: v.Number, InForceOn: v.InForceOn.String()}
}

type publishedRulesBody struct {
	RulesVersionBody
	PublishedAt time.Time   `json:"publishedAt"`
	Set         rules.Draft `json:"set"`
}

func publishedRulesOf(v rules.Version) publishedRulesBody {
	return publishedRulesBody{RulesVersionBody: rulesVersionOf(v), PublishedAt: v.PublishedAt, Set: v.Draft()}
}

func (s *Server) listRulesVersions(ctx context.Context, _ *none) (*out[list[publishedRulesBody]], error) {
	versions, err := s.Rules.Versions(ctx)
	bodies := make([]publishedRulesBody, len(versions))
	for i, version := range versions {
		bodies[i] = publishedRulesOf(version)
	}
	return reply(listOf(bodies)), err
}

type checkRulesInput struct {
	Body struct {
		Set rules.Draft `json:"set"`
	}
}

func (s *Server) checkRules(_ context.Context, in *checkRulesInput) (*empty, error) {
	return nil, incomplete(in.Body.Set.Check())
}

// incomplete names the place in the set.
func incomplete(err error) error {
	var found *rules.Flaw
	if errors.As(err, &found) {
		return fault.InvalidField("set."+found.Field, fault.FieldInvalid)
	}
	return err
}

type publishRulesInput struct {
	Body struct {
		Set       rules.Draft `json:"set"`
		InForceOn string      `json:"inForceOn,omitempty" format:"date" doc:"absent: today for the first version, in 14 days for later ones"`
	}
}

func (s *Server) publishRules(ctx context.Context, in *publishRulesInput) (*out[publishedRulesBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Body.Set.Check(); err != nil {
		return nil, incomplete(err)
	}
	day, err := dateOf(in.Body.InForceOn)
	if err != nil {
		return nil, fault.InvalidField("inForceOn", fault.FieldInvalid)
	}
	version, err := s.Rules.Publish(ctx, actor, in.Body.Set, day)
	if err != nil {
		return nil, err
	}
	return reply(publishedRulesOf(version)), nil
}
