package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
)

func (s *Server) contactRoutes() {
	route(s, authz.ContactOtherwise, answers(get("/alternative-contacts", "contacts", "listOpenContacts", "Pupils whom the caller still has to reach another way; never a reason"), 404), s.listOpenContacts)
	route(s, authz.CountContacts, get("/alternative-contacts/counts", "contacts", "countContacts", "How many are open and done in each class, never by teacher"), s.countContacts)
	route(s, authz.ContactOtherwise, get("/meetings/{id}/alternative-contacts", "contacts", "listContacts", "Who had to be reached another way for a meeting"), s.listContacts)
	route(s, authz.ContactOtherwise, put("/meetings/{id}/alternative-contacts/{pupil}", "contacts", "setContact", "How a pupil was reached, and whether that is done"), s.setContact)
	back := answers(remove("/meetings/{id}/alternative-contacts/{pupil}", "contacts", "takeContactBack", "Undo that a pupil is marked as absent; nobody else is taken off the list"), http.StatusNoContent, 404)
	route(s, authz.ContactOtherwise, back, s.takeContactBack)
	numbers := answers(post("/meetings/{id}/alternative-contacts/{pupil}/numbers", "contacts", "showNumbers", "Whom to call for an open contact; each look is on record"), 200)
	route(s, authz.ContactOtherwise, numbers, s.showNumbers)
}

type contactBody struct {
	Meeting struct {
		ID       id.Meeting `json:"id"`
		Title    string     `json:"title"`
		Class    Named      `json:"class"`
		StartsAt time.Time  `json:"startsAt"`
		EndsAt   time.Time  `json:"endsAt"`
	} `json:"meeting"`
	Pupil id.Pupil `json:"pupil"`
	PersonName
	Kind   string     `json:"kind,omitempty" enum:"phone,letter,in_person" doc:"absent: not known yet"`
	DoneAt *time.Time `json:"doneAt,omitempty" doc:"absent: open"`
	Absent bool       `json:"absent,omitempty" doc:"might have come and did not; can be taken back while open"`
}

func contactOf(c meeting.Contact) contactBody {
	body := contactBody{Pupil: c.Pupil, PersonName: nameOf(c.Name), Kind: string(c.Kind), Absent: c.Absent}
	body.Meeting.ID, body.Meeting.Title, body.Meeting.Class = c.Meeting.ID, c.Meeting.Title, classNamed(c.Meeting.Class)
	body.Meeting.StartsAt, body.Meeting.EndsAt = c.Meeting.StartsAt, c.Meeting.EndsAt
	if !c.DoneAt.IsZero() {
		body.DoneAt = &c.DoneAt
	}
	return body
}

func contactsOf(contacts []meeting.Contact) *out[list[contactBody]] {
	bodies := make([]contactBody, len(contacts))
	for i, contact := range contacts {
		bodies[i] = contactOf(contact)
	}
	return reply(listOf(bodies))
}

type openContactsInput struct {
	Class id.Class `query:"class" maxLength:"64" doc:"those of a class of the caller's, whoever is responsible; absent: the caller's own"`
}

func (s *Server) listOpenContacts(ctx context.Context, in *openContactsInput) (*out[list[contactBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	open, err := s.Meetings.OpenContacts(ctx, actor, in.Class)
	return contactsOf(open), err
}

func (s *Server) listContacts(ctx context.Context, in *meetingInput) (*out[list[contactBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	contacts, err := s.Meetings.Contacts(ctx, actor, in.ID)
	return contactsOf(contacts), err
}

type contactInput struct {
	ID    id.Meeting `path:"id"`
	Pupil id.Pupil   `path:"pupil"`
}

type setContactInput struct {
	ID    id.Meeting `path:"id"`
	Pupil id.Pupil   `path:"pupil"`
	Body  struct {
		Kind string `json:"kind,omitempty" enum:"phone,letter,in_person" doc:"absent: not known yet; adds whoever did not come to a meeting that has begun"`
		Done bool   `json:"done"`
	}
}

func (s *Server) setContact(ctx context.Context, in *setContactInput) (*out[contactBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	set, err := s.Meetings.SetContact(ctx, actor, in.ID, in.Pupil, meeting.ContactKind(in.Body.Kind), in.Body.Done)
	return reply(contactOf(set)), err
}

func (s *Server) takeContactBack(ctx context.Context, in *contactInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Meetings.TakeBack(ctx, actor, in.ID, in.Pupil)
}

type numberBody struct {
	PersonName
	Number string `json:"number"`
}

func (s *Server) showNumbers(ctx context.Context, in *contactInput) (*out[list[numberBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	numbers, err := s.Meetings.Numbers(ctx, actor, in.ID, in.Pupil)
	bodies := make([]numberBody, len(numbers))
	for i, n := range numbers {
		bodies[i] = numberBody{PersonName: nameOf(n.Name), Number: n.Number}
	}
	return reply(listOf(bodies)), err
}

type contactCountBody struct {
	Class Named `json:"class"`
	Open  int   `json:"open"`
	Done  int   `json:"done" doc:"this school year"`
}

func (s *Server) countContacts(ctx context.Context, _ *none) (*out[list[contactCountBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.Meetings.CountContacts(ctx, actor)
	bodies := make([]contactCountBody, len(counts))
	for i, count := range counts {
		bodies[i] = contactCountBody{Class: classNamed(count.Class), Open: count.Open, Done: count.Done}
	}
	return reply(listOf(bodies)), err
}
