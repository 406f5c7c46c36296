package authz

import (
	"slices"
	"strings"
)

// Scope is a part of what programs may ever do, as an API token grants it.
type Scope string

// Every scope there is. All of them only read, and none shows contacts, letters or evidence (decision 0027).
const (
	ScopeClasses Scope = "classes"      // classes by name, with counts of today's modes: nobody's name
	ScopeModes   Scope = "modes"        // who may take part how today, and in which meeting
	ScopeOpen    Scope = "open_answers" // how many answers are missing in each class: nobody's name
)

// AllScopes lists them, the one that shows least first.
var AllScopes = []Scope{ScopeClasses, ScopeOpen, ScopeModes}

// opened is what each scope opens of the permissions that the table gives to programs.
var opened = map[Scope][]Permission{
	ScopeClasses: {SeeClasses, SeeAllClasses},
	ScopeOpen:    {SeeClasses, SeeAllClasses, CountOpen},
	ScopeModes:   {SeeClasses, SeeAllClasses, SeeModes},
}

// Scopes are those of one token, in the order of AllScopes and with a blank between them, as in RFC 6749, 3.3. Unlike a
// list it can be compared.
type Scopes string

// NewScopes refuses what is no scope, and none at all.
func NewScopes(scopes []Scope) (Scopes, bool) {
	var sorted []string
	for _, scope := range AllScopes {
		if slices.Contains(scopes, scope) {
			sorted = append(sorted, string(scope))
		}
	}
	for _, scope := range scopes {
		if !slices.Contains(AllScopes, scope) {
			return "", false
		}
	}
	return Scopes(strings.Join(sorted, " ")), len(sorted) > 0
}

// List gives them one by one.
func (s Scopes) List() []Scope {
	var scopes []Scope
	for scope := range strings.FieldsSeq(string(s)) {
		scopes = append(scopes, Scope(scope))
	}
	return scopes
}

func (s Scopes) open(permission Permission) bool {
	return permission == Public || slices.ContainsFunc(s.List(), func(scope Scope) bool {
		return slices.Contains(opened[scope], permission)
	})
}

// PermissionsOf is what a scope opens.
func PermissionsOf(scope Scope) []Permission { return slices.Clone(opened[scope]) }

// RolesWith are the roles that the table gives the permission, programs among them; Public is everybody's, and nobody's
// too.
func RolesWith(permission Permission) []Role {
	if permission == Public {
		return append([]Role{Nobody, Program}, Roles...)
	}
	return slices.Clone(table[permission])
}
