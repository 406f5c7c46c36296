package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/outbox"
)

func (s *Server) messageRoutes() {
	list := get("/messages", "messages", "listMessages", "What became of the messages of the last 30 days")
	list.Description = "Accepted, failed, bounced, or waiting to be handed over on paper; nobody knows who has read what."
	route(s, authz.SeeMessages, list, s.listMessages)
	route(s, authz.SeeMessages, answers(post("/messages/{id}/handed-over", "messages", "handOverMessage", "A message was handed over on paper"), http.StatusNoContent, 404), s.handOverMessage)
	route(s, authz.SeeMessages, get("/outbox/dead", "messages", "listDeadJobs", "Work that was given up after many attempts"), s.listDeadJobs)
	route(s, authz.SeeMessages, answers(post("/outbox/dead/{id}/retry", "messages", "retryDeadJob", "Try it once more"), http.StatusNoContent, 404), s.retryDeadJob)
}

type messageCountBody struct {
	Kind    notify.Kind        `json:"kind"`
	Channel notify.ChannelName `json:"channel" enum:"mail,push,slip"`
	State   string             `json:"state" enum:"waiting,accepted,failed,bounced"`
	Count   int64              `json:"count"`
}

type troubleBody struct {
	ID       string             `json:"id"`
	Kind     notify.Kind        `json:"kind"`
	Name     string             `json:"name" doc:"whom it was for; empty for the data protection officer"`
	Children []string           `json:"children" nullable:"false"`
	Channel  notify.ChannelName `json:"channel" enum:"mail,push,slip"`
	State    string             `json:"state" enum:"waiting,failed,bounced"`
	Code     string             `json:"code,omitempty" doc:"ours, or the status of the server"`
	At       time.Time          `json:"at"`
}

type messagesBody struct {
	Since       time.Time          `json:"since"`
	MailIsSetUp bool               `json:"mailIsSetUp"`
	Counts      []messageCountBody `json:"counts" nullable:"false"`
	Troubles    []troubleBody      `json:"troubles" nullable:"false" doc:"what needs somebody, the latest first, at most 200"`
}

func (s *Server) listMessages(ctx context.Context, _ *none) (*out[messagesBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	overview, err := s.Notify.OverviewOf(ctx, actor)
	if err != nil {
		return nil, err
	}
	persons := make([]id.Person, len(overview.Troubles))
	for i, trouble := range overview.Troubles {
		persons[i] = trouble.Person
	}
	names, err := s.Invites.NamesOf(ctx, persons)
	if err != nil {
		return nil, err
	}
	body := messagesBody{
		Since: overview.Since, MailIsSetUp: overview.Mail,
		Counts: make([]messageCountBody, len(overview.Counts)), Troubles: make([]troubleBody, len(overview.Troubles)),
	}
	for i, count := range overview.Counts {
		body.Counts[i] = messageCountBody{Kind: count.Kind, Channel: count.Channel, State: count.State, Count: count.N}
	}
	for i, t := range overview.Troubles {
		body.Troubles[i] = troubleBody{
			ID: t.ID, Kind: t.Kind, Name: names[t.Person].Name, Children: orEmpty(names[t.Person].Children), Channel: t.Channel,
			State: t.State, Code: t.Code, At: t.At,
		}
	}
	return reply(body), nil
}

type messagePath struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *Server) handOverMessage(ctx context.Context, in *messagePath) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Notify.HandOver(ctx, actor, in.ID)
}

type deadJobBody struct {
	ID       id.Job       `json:"id"`
	Topic    outbox.Topic `json:"topic"`
	Attempts int          `json:"attempts"`
	Code     string       `json:"code" doc:"what went wrong at last"`
	At       time.Time    `json:"at" doc:"when it was given up"`
}

func (s *Server) listDeadJobs(ctx context.Context, _ *none) (*out[list[deadJobBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	dead, err := s.Notify.DeadLetters(ctx, actor)
	bodies := make([]deadJobBody, len(dead))
	for i, d := range dead {
		bodies[i] = deadJobBody{ID: d.ID, Topic: d.Topic, Attempts: d.Attempts, Code: d.Reason, At: d.At}
	}
	return reply(listOf(bodies)), err
}

type jobPath struct {
	ID id.Job `path:"id" maxLength:"64"`
}

func (s *Server) retryDeadJob(ctx context.Context, in *jobPath) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Notify.Retry(ctx, actor, in.ID)
}
