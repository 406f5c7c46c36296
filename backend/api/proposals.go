package api

import (
	"context"
	"time"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proposal"
	"einverstanden/backend/school"
)

func (s *Server) proposalRoutes() {
	route(s, authz.RecordForOthers, get("/proposals", "office", "listProposals", "What waits for a second member of staff"), s.listProposals)
	route(s, authz.RecordForOthers, idempotent(post("/proposals/{id}/confirm", "office", "confirmProposal", "Carry out what a colleague proposed")), s.confirmProposal)
	route(s, authz.RecordForOthers, idempotent(post("/proposals/{id}/reject", "office", "rejectProposal", "Refuse what a colleague proposed")), s.rejectProposal)
}

type proposalBody struct {
	ID         id.Proposal       `json:"id"`
	Kind       string            `json:"kind" enum:"recorded_yes,guardianship_change"`
	Pupil      PupilRef          `json:"pupil"`
	ProposedBy string            `json:"proposedBy"`
	ProposedAt time.Time         `json:"proposedAt"`
	Own        bool              `json:"own" doc:"the caller proposed it, so somebody else must confirm"`
	Yes        *proposedYes      `json:"yes,omitempty"`
	From       *guardianshipBody `json:"from,omitempty" doc:"the guardianship as it stands"`
	To         *guardianshipBody `json:"to,omitempty" doc:"as it would be"`
}

type proposedYes struct {
	Person     personBody `json:"person"`
	Answer     string     `json:"answer" enum:"video,audio"`
	Channel    string     `json:"channel" enum:"paper,in_person"`
	ReceivedOn string     `json:"receivedOn" format:"date"`
}

func (s *Server) listProposals(ctx context.Context, _ *none) (*out[list[proposalBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := s.Schools.Proposals(ctx, actor)
	if err != nil {
		return nil, err
	}
	var bodies []proposalBody
	var accounts []id.Account
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		waiting, err := proposal.Open(tx)
		if err != nil {
			return err
		}
		for _, p := range waiting {
			body, err := s.proposalOf(tx, p)
			if err != nil {
				return err
			}
			if err := s.addChange(tx, &body, changes); err != nil {
				return err
			}
			body.Own = p.ProposedBy == actor.Account
			bodies = append(bodies, body)
			accounts = append(accounts, p.ProposedBy)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(ctx, accounts)
	for i := range bodies {
		bodies[i].ProposedBy = names[accounts[i]]
	}
	return reply(listOf(bodies)), err
}

// addChange shows a guardianship as it stands and as it would be.
func (s *Server) addChange(tx *db.Tx, body *proposalBody, changes []school.GuardianshipProposal) error {
	for _, change := range changes {
		if change.ID != body.ID {
			continue
		}
		guardian := change.Guardianship.Guardian
		guardians, err := s.Schools.Guardians(tx, []id.Guardian{guardian})
		if err != nil {
			return err
		}
		from, to := guardianshipOf(change.Guardianship, guardians[guardian]), guardianshipOf(change.Wanted, guardians[guardian])
		from.Pupil.PupilRef, to.Pupil.PupilRef = body.Pupil, body.Pupil
		body.From, body.To = &from, &to
	}
	return nil
}

type proposalInput struct {
	ID id.Proposal `path:"id"`
}

func (s *Server) confirmProposal(ctx context.Context, in *proposalInput) (*empty, error) {
	actor, found, err := s.findProposal(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if found.Kind == proposal.GuardianshipChange {
		return nil, s.Schools.ConfirmProposal(ctx, actor, in.ID)
	}
	_, err = s.Consents.ConfirmYes(ctx, actor, in.ID)
	return nil, err
}

func (s *Server) rejectProposal(ctx context.Context, in *proposalInput) (*empty, error) {
	actor, found, err := s.findProposal(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if found.Kind == proposal.GuardianshipChange {
		return nil, s.Schools.RejectProposal(ctx, actor, in.ID)
	}
	return nil, s.Consents.RejectYes(ctx, actor, in.ID)
}

func (s *Server) findProposal(ctx context.Context, wanted id.Proposal) (authz.Actor, proposal.Proposal, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return actor, proposal.Proposal{}, err
	}
	var found proposal.Proposal
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = proposal.Find(tx, wanted)
		return err
	})
	if err == nil && found.Kind != proposal.GuardianshipChange && found.Kind != proposal.RecordedYes {
		err = fault.New(fault.NothingHere)
	}
	return actor, found, err
}

// proposalOf opens what a proposal of a yes is about; changes of guardianships are added by the caller.
func (s *Server) proposalOf(tx *db.Tx, p proposal.Proposal) (proposalBody, error) {
	body := proposalBody{ID: p.ID, Kind: string(p.Kind), ProposedAt: p.ProposedAt}
	pupils, err := s.Schools.Pupils(tx, []id.Pupil{p.Pupil})
	if err != nil {
		return body, err
	}
	body.Pupil = PupilRef{ID: p.Pupil, PersonName: nameOf(pupils[p.Pupil].Name)}
	if p.Kind != proposal.RecordedYes {
		return body, nil
	}
	received, err := s.Consents.ReceivedProposal(tx, p.ID)
	if err != nil {
		return body, err
	}
	yes := &proposedYes{
		Person:  personBody{Kind: received.Person.Kind, ID: received.Person.ID, Name: fullName(pupils[p.Pupil].Name)},
		Channel: string(received.Channel), ReceivedOn: received.ReceivedOn.String(), Answer: received.Answer.String(),
	}
	if received.Person.Kind == id.GuardianPerson {
		guardian := id.Guardian(received.Person.ID)
		guardians, err := s.Schools.Guardians(tx, []id.Guardian{guardian})
		if err != nil {
			return body, err
		}
		yes.Person.Name = fullName(guardians[guardian].Name)
	}
	body.Yes = yes
	return body, nil
}
