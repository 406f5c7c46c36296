package api

import (
	"context"
	"net/http"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/school"
)

func (s *Server) officeRoutes() {
	route(s, authz.SeePupils, answers(get("/guardianships", "office", "listGuardianships", "Guardianships of a pupil, ended ones included"), 404), s.listGuardianships)
	set := idempotent(put("/guardianships/{id}", "office", "setGuardianship", "Custody and marks; what could raise a mode waits for a second member of staff"))
	route(s, authz.EditGuardianships, answers(set, 200, 202), s.setGuardianship)
	record := idempotent(post("/pupils/{id}/recorded-decisions", "office", "recordDecision", "A decision received on paper, by phone or in person"))
	route(s, authz.RecordForOthers, answers(lowersByAnswer(record), 201, 202), s.recordDecision)
	route(s, authz.RecordForOthers, idempotent(post("/decisions/{id}/invalidation", "office", "invalidateDecision", "A recorded decision was not that person's")), s.invalidateDecision)
	route(s, authz.RecordForOthers, idempotent(post("/decisions/{id}/confirmation", "office", "confirmWithdrawal", "The office has checked a withdrawal that a teacher received")), s.confirmWithdrawal)
	route(s, authz.RecordForOthers, get("/received-withdrawals", "office", "listReceivedWithdrawals", "Withdrawals that teachers received, not confirmed yet"), s.listReceived)
}

type guardianBody struct {
	ID id.Guardian `json:"id"`
	PersonName
	Email string `json:"email,omitempty"`
}

type guardianshipBody struct {
	ID       id.Guardianship `json:"id"`
	Guardian guardianBody    `json:"guardian"`
	Pupil    struct {
		PupilRef
		ClassName string `json:"className"`
	} `json:"pupil"`
	Relation  string `json:"relation" enum:"mother,father,parent,legal_guardian,other"`
	Custody   string `json:"custody" enum:"joint,sole,none"`
	Basis     string `json:"basis" enum:"assumed,declared,confirmed"`
	Prevented bool   `json:"prevented" doc:"has custody but cannot act"`
	Disputed  bool   `json:"disputed" doc:"is needed, never suffices alone"`
	Protected bool   `json:"protected" doc:"the address must not reach the other side"`
	From      string `json:"from,omitempty" format:"date"`
	Until     string `json:"until,omitempty" format:"date"`
}

func (s *Server) guardianshipsOf(tx *db.Tx, pupils []id.Pupil) ([]guardianshipBody, error) {
	links, err := s.Schools.GuardianshipsOf(tx, pupils)
	if err != nil {
		return nil, err
	}
	known, err := s.Schools.Pupils(tx, pupils)
	if err != nil {
		return nil, err
	}
	day, err := s.Schools.Today(tx)
	if err != nil {
		return nil, err
	}
	classes, err := s.Schools.ClassNamesOf(tx, pupils, day)
	if err != nil {
		return nil, err
	}
	var ids []id.Guardian
	for _, pupil := range pupils {
		for _, link := range links[pupil] {
			ids = append(ids, link.Guardian)
		}
	}
	guardians, err := s.Schools.Guardians(tx, ids)
	bodies := []guardianshipBody{}
	for _, pupil := range pupils {
		for _, link := range links[pupil] {
			body := guardianshipOf(link, guardians[link.Guardian])
			body.Pupil.PupilRef = PupilRef{ID: pupil, PersonName: nameOf(known[pupil].Name)}
			body.Pupil.ClassName = classes[pupil].Name
			bodies = append(bodies, body)
		}
	}
	return bodies, err
}

func guardianshipOf(link school.Guardianship, guardian school.Guardian) guardianshipBody {
	return guardianshipBody{
		ID: link.ID, Guardian: guardianBody{ID: link.Guardian, PersonName: nameOf(guardian.Name), Email: guardian.Contact.Email},
		Relation: string(link.Relation), Custody: string(link.Custody), Basis: string(link.Basis), Prevented: link.Prevented,
		Disputed: link.Disputed, Protected: link.Protected, From: textOfDate(link.Period.From), Until: textOfDate(link.Period.Until),
	}
}

type guardianshipsInput struct {
	Pupil id.Pupil `query:"pupil" required:"true" maxLength:"64"`
}

func (s *Server) listGuardianships(ctx context.Context, in *guardianshipsInput) (*out[list[guardianshipBody]], error) {
	var bodies []guardianshipBody
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		known, err := s.Schools.Pupils(tx, []id.Pupil{in.Pupil})
		if err != nil {
			return err
		}
		if _, ok := known[in.Pupil]; !ok {
			return fault.New(fault.NothingHere)
		}
		bodies, err = s.guardianshipsOf(tx, []id.Pupil{in.Pupil})
		return err
	})
	return reply(listOf(bodies)), err
}

type setGuardianshipInput struct {
	ID   id.Guardianship `path:"id"`
	Body struct {
		Custody   string `json:"custody" enum:"joint,sole,none"`
		Prevented bool   `json:"prevented"`
		Disputed  bool   `json:"disputed"`
		Protected bool   `json:"protected"`
		Until     string `json:"until,omitempty" format:"date" doc:"last day; absent: no end"`
	}
}

// setReply is 200 when everything took effect and 202 when a part waits.
type setReply struct {
	Status int
	Body   struct {
		Guardianship guardianshipBody `json:"guardianship"`
		Proposal     id.Proposal      `json:"proposal,omitempty"`
	}
}

func (s *Server) setGuardianship(ctx context.Context, in *setGuardianshipInput) (*setReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	until, err := dateOf(in.Body.Until)
	if err != nil {
		return nil, fault.InvalidField("until", fault.FieldInvalid)
	}
	outcome, err := s.Schools.SetGuardianship(ctx, actor, in.ID, school.Change{
		Custody: school.Custody(in.Body.Custody), Prevented: in.Body.Prevented, Disputed: in.Body.Disputed,
		Protected: in.Body.Protected, Until: until,
	})
	if err != nil {
		return nil, err
	}
	answer := &setReply{Status: http.StatusOK}
	if outcome.Proposal != "" {
		answer.Status = http.StatusAccepted
		answer.Body.Proposal = outcome.Proposal
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		bodies, err := s.guardianshipsOf(tx, []id.Pupil{outcome.Guardianship.Pupil})
		for _, body := range bodies {
			if body.ID == outcome.Guardianship.ID {
				answer.Body.Guardianship = body
			}
		}
		return err
	})
	return answer, err
}

type recordInput struct {
	ID   id.Pupil `path:"id"`
	Body struct {
		Person struct {
			Kind id.PersonKind `json:"kind" enum:"guardian,pupil"`
			ID   string        `json:"id" maxLength:"64"`
		} `json:"person"`
		Channel     string     `json:"channel" enum:"paper,phone,in_person"`
		Answer      string     `json:"answer,omitempty" enum:"video,audio,none"`
		Extent      string     `json:"extent,omitempty" enum:"picture,all"`
		ReceivedOn  string     `json:"receivedOn" format:"date"`
		FormVersion id.Version `json:"formVersion,omitempty" maxLength:"64"`
		Identified  string     `json:"identified,omitempty" enum:"signed_form,known,document,callback" doc:"how staff knew the person; a yes in person needs it"`
	}
}

// recordReply is 201 for a decision and 202 for a yes that waits for a second member of staff.
type recordReply struct {
	Status int
	Body   recordedBody
}

func (s *Server) recordDecision(ctx context.Context, in *recordInput) (*recordReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	received := consent.Received{
		Pupil: in.ID, Person: id.Person{Kind: in.Body.Person.Kind, ID: in.Body.Person.ID}, Channel: consent.Channel(in.Body.Channel),
		Extent: consent.Extent(in.Body.Extent), Version: in.Body.FormVersion, Identified: consent.Identified(in.Body.Identified),
	}
	if received.ReceivedOn, err = dateOf(in.Body.ReceivedOn); err != nil {
		return nil, fault.InvalidField("receivedOn", fault.FieldInvalid)
	}
	if in.Body.Answer != "" {
		answer, err := participation.ParseMode(in.Body.Answer)
		if err != nil {
			return nil, fault.InvalidField("answer", fault.FieldInvalid)
		}
		received.Answer = &answer
	}
	recorded, err := s.Consents.Record(ctx, actor, received)
	if err != nil {
		return nil, err
	}
	return s.recordReply(ctx, recorded)
}

func (s *Server) recordReply(ctx context.Context, recorded consent.Recorded) (*recordReply, error) {
	answer := &recordReply{Status: http.StatusCreated}
	if recorded.Proposal != "" {
		answer.Status = http.StatusAccepted
	}
	var err error
	answer.Body, err = s.recorded(ctx, recorded)
	return answer, err
}

type invalidationInput struct {
	ID   id.Decision `path:"id"`
	Body struct {
		Reason string `json:"reason" enum:"wrong_person,wrong_answer,not_authentic"`
	}
}

func (s *Server) invalidateDecision(ctx context.Context, in *invalidationInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Consents.Invalidate(ctx, actor, in.ID, consent.InvalidReason(in.Body.Reason))
}

type decisionInput struct {
	ID id.Decision `path:"id"`
}

func (s *Server) confirmWithdrawal(ctx context.Context, in *decisionInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Consents.Confirm(ctx, actor, in.ID)
}

type receivedBody struct {
	DecisionID id.Decision `json:"decisionId"`
	Pupil      PupilRef    `json:"pupil"`
	Person     personBody  `json:"person"`
	Extent     string      `json:"extent" enum:"picture,all"`
	ReceivedAt time.Time   `json:"receivedAt"`
	By         string      `json:"by" doc:"the teacher"`
}

func (s *Server) listReceived(ctx context.Context, _ *none) (*out[list[receivedBody]], error) {
	var bodies []receivedBody
	var accounts []id.Account
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		decisions, err := s.Consents.Unconfirmed(tx)
		if err != nil {
			return err
		}
		for _, d := range decisions {
			body, err := s.receivedOf(tx, d)
			if err != nil {
				return err
			}
			bodies = append(bodies, body)
			accounts = append(accounts, d.RecordedBy)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(ctx, accounts)
	for i := range bodies {
		bodies[i].By = names[accounts[i]]
	}
	return reply(listOf(bodies)), err
}

func (s *Server) receivedOf(tx *db.Tx, d consent.Decision) (receivedBody, error) {
	body := receivedBody{
		DecisionID: d.ID, Extent: string(d.Extent), ReceivedAt: d.ReceivedAt, Person: personBody{Kind: d.Person.Kind, ID: d.Person.ID},
	}
	pupils, err := s.Schools.Pupils(tx, []id.Pupil{d.Pupil})
	if err != nil {
		return body, err
	}
	body.Pupil = PupilRef{ID: d.Pupil, PersonName: nameOf(pupils[d.Pupil].Name)}
	if d.Person.Kind == id.PupilPerson {
		body.Person.Name = fullName(pupils[d.Pupil].Name)
		return body, nil
	}
	guardian := id.Guardian(d.Person.ID)
	guardians, err := s.Schools.Guardians(tx, []id.Guardian{guardian})
	body.Person.Name = fullName(guardians[guardian].Name)
	return body, err
}
