package api

import (
	"context"
	"net/http"

	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

func (s *Server) groupRoutes() {
	route(s, authz.GiveClasses, get("/groups", "classes", "listGroups", "Groups of this school year with their members and teachers"), s.listGroups)
	made := answers(idempotent(post("/groups", "classes", "makeGroup", "Make a group; it is given to teachers as a class is")), 201)
	route(s, authz.GiveClasses, made, s.makeGroup)
	members := put("/groups/{id}/members", "classes", "setMembers", "Who is in a group from today on; whoever is left out was in it until yesterday")
	members.DefaultStatus = http.StatusNoContent
	route(s, authz.GiveClasses, members, s.setMembers)
}

type groupBody struct {
	Named
	SchoolYear string     `json:"schoolYear"`
	Members    []PupilRef `json:"members" nullable:"false"`
	Teachers   []Named    `json:"teachers" nullable:"false"`
}

func (s *Server) listGroups(ctx context.Context, _ *none) (*out[list[groupBody]], error) {
	var bodies []groupBody
	var teachers []id.Account
	given := map[string][]id.Account{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		day, err := s.Schools.Today(tx)
		if err != nil {
			return err
		}
		groups, err := s.Schools.GroupsOn(tx, day)
		if err != nil {
			return err
		}
		bodies, teachers = nil, nil
		for _, group := range groups {
			members, err := s.Schools.PupilsOfClass(tx, group.ID, day)
			if err != nil {
				return err
			}
			body, err := s.groupOf(tx, group, members)
			if err != nil {
				return err
			}
			if given[body.ID], err = s.Schools.TeachersOf(tx, group.ID); err != nil {
				return err
			}
			teachers = append(teachers, given[body.ID]...)
			bodies = append(bodies, body)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	names, err := s.Accounts.Names(ctx, teachers)
	for i := range bodies {
		for _, account := range given[bodies[i].ID] {
			bodies[i].Teachers = append(bodies[i].Teachers, Named{ID: string(account), Name: names[account]})
		}
	}
	return reply(listOf(bodies)), err
}

func (s *Server) groupOf(tx *db.Tx, group school.Class, members []id.Pupil) (groupBody, error) {
	pupils, err := s.Schools.Pupils(tx, members)
	body := groupBody{Named: classNamed(group), SchoolYear: group.SchoolYear, Members: []PupilRef{}, Teachers: []Named{}}
	for _, member := range members {
		body.Members = append(body.Members, PupilRef{ID: member, PersonName: nameOf(pupils[member].Name)})
	}
	school.SortByName(body.Members, func(m PupilRef) school.Name { return pupils[m.ID].Name })
	return body, err
}

type groupInput struct {
	Body struct {
		Name string `json:"name" maxLength:"160"`
	}
}

func (s *Server) makeGroup(ctx context.Context, in *groupInput) (*out[groupBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	group, err := s.Schools.MakeGroup(ctx, actor, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return reply(groupBody{Named: classNamed(group), SchoolYear: group.SchoolYear, Members: []PupilRef{}, Teachers: []Named{}}), nil
}

type membersInput struct {
	ID   id.Class `path:"id"`
	Body struct {
		Pupils []id.Pupil `json:"pupils" maxItems:"200" doc:"all of them, each in a class today"`
	}
}

func (s *Server) setMembers(ctx context.Context, in *membersInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Schools.SetMembers(ctx, actor, in.ID, in.Body.Pupils)
}
