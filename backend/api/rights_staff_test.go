package api

import (
	"fmt"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/id"
)

// What the rights matrix asks about staff accounts.

func isStaff(role authz.Role) bool {
	return role != authz.Nobody && role != authz.Guardian && role != authz.Pupil && role != authz.Program
}

// startedTOTP confirms a secret that was started by a session of its own; afterwards the account has the house's again.
func startedTOTP(w *world, _ place, role authz.Role) call {
	if !isStaff(role) {
		return call{path: "/account/totp/confirm", body: object{"code": "000000"}}
	}
	var started totpBody
	c := w.as(role)
	c.want(200, c.post("/account/totp", "", object{})).into(w.t, &started)
	secret, err := account.ParseTOTPSecret(started.Secret)
	if err != nil {
		w.t.Fatal(err)
	}
	l := w.passwords[role]
	l.secret = secret
	w.passwords[role] = l
	code, err := secret.Code(w.Clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.clients[role] = nil // all sessions of the account end
	return call{path: "/account/totp/confirm", body: object{"code": code}}
}

func samePassword(w *world, _ place, role authz.Role) call {
	w.clients[role] = nil // all sessions of the account end
	return call{path: "/account/password", body: object{"present": w.passwords[role].password, "new": "kupfer-Lampe-41-wiese"}}
}

func ownPassword(w *world, _ place, role authz.Role) call {
	body := object{"password": "x"}
	if isStaff(role) {
		body = object{"password": w.staff(role).password, "totp": w.code(w.staff(role))}
	}
	return call{path: "/session/reauthentication", body: body}
}

func newInvitation(w *world, _ place, _ authz.Role) call {
	w.keys++
	return call{path: "/invitations", body: object{"role": "teacher", "name": "Nele Neu", "email": fmt.Sprintf("neu%d@schule.example", w.keys)}}
}

func invitation(w *world, at place, _ authz.Role) call {
	return call{path: "/invitations/" + fresh(w, at, func(s site) id.Invitation {
		w.keys++
		made, err := w.accounts.InviteForSystem(s.Ctx, account.NewInvitation{
			Role: authz.Teacher, Email: fmt.Sprintf("neu%d@schule.example", w.keys), Name: "Nele Neu",
		})
		if err != nil {
			w.t.Fatal(err)
		}
		return made.ID
	}) + "/void", body: object{}}
}

// anAccount is about a teacher made for the call.
func anAccount(suffix string, body any) func(*world, place, authz.Role) call {
	return func(w *world, at place, _ authz.Role) call {
		return call{path: "/accounts/" + fresh(w, at, func(s site) id.Account {
			w.keys++
			return w.newTeacher(s.Ctx, fmt.Sprintf("konto%d", w.keys)).Account
		}) + suffix, body: body}
	}
}
