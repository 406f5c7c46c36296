package api

import (
	"context"

	"einverstanden/backend/authz"
	"einverstanden/backend/id"
	"einverstanden/backend/invite"
)

type mailingInput struct {
	Class         id.Class   `query:"class" maxLength:"64"`
	Pupils        []id.Pupil `query:"pupils" maxItems:"100"`
	AllUnanswered bool       `query:"allUnanswered" doc:"everyone whose answer is missing"`
}

type mailingPlanBody struct {
	ByMail  int              `json:"byMail" doc:"letters that would go by mail"`
	OnPaper int              `json:"onPaper" doc:"letters that have to be printed"`
	Lately  int              `json:"lately" doc:"people who get nothing now, because they were mailed within a day"`
	Others  []mailingRowBody `json:"others" nullable:"false" doc:"everybody whose letter would not go by mail"`
}

type mailingRowBody struct {
	Person   personBody `json:"person"`
	Children []string   `json:"children" nullable:"false"`
	Obstacle string     `json:"obstacle" enum:"no_address,shared_address,unreachable,mailed_lately"`
}

func (s *Server) planMailing(ctx context.Context, in *mailingInput) (*out[mailingPlanBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	selection, err := SelectionBody{ClassID: in.Class, Pupils: in.Pupils, AllUnanswered: in.AllUnanswered}.selection("class")
	if err != nil {
		return nil, err
	}
	plan, err := s.Invites.PlanMailing(ctx, actor, selection)
	if err != nil {
		return nil, err
	}
	return s.mailingPlan(ctx, plan)
}

func (s *Server) mailingPlan(ctx context.Context, plan invite.MailingPlan) (*out[mailingPlanBody], error) {
	var persons []id.Person
	for _, row := range plan.Rows {
		if row.Obstacle != "" {
			persons = append(persons, row.Person)
		}
	}
	names, err := s.Invites.NamesOf(ctx, persons)
	if err != nil {
		return nil, err
	}
	body := mailingPlanBody{Others: []mailingRowBody{}}
	body.ByMail, body.OnPaper, body.Lately = plan.Count()
	for _, row := range plan.Rows {
		if row.Obstacle != "" {
			name := names[row.Person]
			body.Others = append(body.Others, mailingRowBody{
				Person:   personBody{Kind: row.Person.Kind, ID: row.Person.ID, Name: name.Name},
				Children: orEmpty(name.Children), Obstacle: string(row.Obstacle),
			})
		}
	}
	return reply(body), nil
}

type mailInput struct {
	Body SelectionBody
}

type mailedBody struct {
	Mailed  int `json:"mailed" doc:"letters that were issued and go by mail"`
	OnPaper int `json:"onPaper" doc:"letters that have to be printed"`
	Lately  int `json:"lately" doc:"people who got nothing, because they were mailed within a day"`
}

func (s *Server) mailLetters(ctx context.Context, in *mailInput) (*out[mailedBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	selection, err := in.Body.selection("classId")
	if err != nil {
		return nil, err
	}
	made, err := s.Invites.Mail(ctx, actor, selection)
	return reply(mailedBody(made)), err
}
