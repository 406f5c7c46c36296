package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/authz"
)

func (s *Server) rightsRoutes() {
	op := get("/rights", "public", "getRights", "Who may do what: the table that every request is checked against")
	op.Description = "A role that has a permission still sees its own children, classes or school alone."
	route(s, authz.Public, op, s.getRights)
}

// permissionName is an authz.Permission whose schema lists every one there is, so that a client that has a text for each
// of them fails to build when one is added.
type permissionName authz.Permission

// Schema is a string of the table; huma calls it.
func (permissionName) Schema(huma.Registry) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString}
	for _, permission := range authz.Permissions() {
		schema.Enum = append(schema.Enum, string(permission))
	}
	return schema
}

var _ huma.SchemaProvider = permissionName("")

// rightBody is a line of the table.
type rightBody struct {
	Permission permissionName `json:"permission"`
	Roles      []string       `json:"roles" enum:"nobody,guardian,pupil,teacher,office,head,dpo,program" nullable:"false" doc:"nobody: whoever has not signed in"`
}

type scopeBody struct {
	Scope       authz.Scope      `json:"scope" enum:"classes,open_answers,modes"`
	Permissions []permissionName `json:"permissions" nullable:"false"`
}

type rightsBody struct {
	Rights []rightBody `json:"rights" nullable:"false"`
	Scopes []scopeBody `json:"scopes" nullable:"false" doc:"of a program's permissions, what each scope of its token opens"`
}

func (s *Server) getRights(context.Context, *none) (*out[rightsBody], error) {
	var body rightsBody
	for _, permission := range authz.Permissions() {
		line := rightBody{Permission: permissionName(permission)}
		for _, role := range authz.RolesWith(permission) {
			line.Roles = append(line.Roles, roleKey(role))
		}
		body.Rights = append(body.Rights, line)
	}
	for _, scope := range authz.AllScopes {
		line := scopeBody{Scope: scope}
		for _, permission := range authz.PermissionsOf(scope) {
			line.Permissions = append(line.Permissions, permissionName(permission))
		}
		body.Scopes = append(body.Scopes, line)
	}
	return reply(body), nil
}

func roleKey(role authz.Role) string {
	if role == authz.Nobody {
		return "nobody"
	}
	return string(role)
}
