package authz_test

import (
	"slices"
	"testing"

	"einverstanden/backend/authz"
)

// Settled 20, written down a second time: programs read classes, modes and counts, whatever the scopes.
func TestProgramsMayReadAndNothingElse(t *testing.T) {
	readable := []authz.Permission{authz.Public, authz.SeeClasses, authz.SeeAllClasses, authz.SeeModes, authz.CountOpen}
	all, ok := authz.NewScopes(authz.AllScopes)
	if !ok {
		t.Fatal("the scopes are none")
	}
	for _, permission := range authz.Permissions() {
		may := authz.Actor{Role: authz.Program, Scopes: all}.May(permission)
		if want := slices.Contains(readable, permission); may != want {
			t.Errorf("%s: %t", permission, may)
		}
		if permission != authz.Public && (authz.Actor{Role: authz.Program}).May(permission) {
			t.Errorf("%s without a scope", permission)
		}
		for _, role := range authz.Roles { // scopes add nothing to people
			if (authz.Actor{Role: role, Scopes: all}).May(permission) != authz.Allows(role, permission) {
				t.Errorf("%s by %s with scopes", permission, role)
			}
		}
	}
}

func TestEveryScopeOpensWhatTheTableGivesToPrograms(t *testing.T) {
	for _, scope := range authz.AllScopes {
		opened := authz.PermissionsOf(scope)
		if len(opened) == 0 {
			t.Errorf("%s opens nothing", scope)
		}
		for _, permission := range opened {
			if !authz.Allows(authz.Program, permission) {
				t.Errorf("%s would open %s, which the table does not give to programs", scope, permission)
			}
		}
	}
}

func TestScopesAreSortedAndKnown(t *testing.T) {
	for _, test := range []struct {
		scopes []authz.Scope
		want   authz.Scopes
		ok     bool
	}{
		{[]authz.Scope{"modes", "classes", "modes"}, "classes modes", true},
		{authz.AllScopes, "classes open_answers modes", true},
		{nil, "", false},
		{[]authz.Scope{"classes", "decide"}, "", false},
		{[]authz.Scope{""}, "", false},
	} {
		if got, ok := authz.NewScopes(test.scopes); got != test.want || ok != test.ok {
			t.Errorf("%v: %q %t", test.scopes, got, ok)
		}
	}
	if all, _ := authz.NewScopes(authz.AllScopes); !slices.Equal(all.List(), authz.AllScopes) {
		t.Errorf("listed as %v", all.List())
	}
}
