package account_test

import (
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/testkit"
)

func TestStaffAreListedByName(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		teacher := d.staff(t, "Birte Zaun", "zaun@schule.example", authz.Teacher)
		head := d.staff(t, "Ali Berg", "berg@schule.example", authz.Head)
		d.signedInGuardian(t) // guardians are no staff

		staff, err := d.Staff(d.ctx, head)
		want := []account.Staff{
			{Account: head.Account, Name: "Ali Berg", Role: authz.Head},
			{Account: teacher.Account, Name: "Birte Zaun", Role: authz.Teacher},
			{Account: d.office.Account, Name: "Hanne Amselweg", Role: authz.Office},
		}
		if err != nil || len(staff) != len(want) {
			t.Fatalf("got %v, %v", staff, err)
		}
		for i := range want {
			if staff[i] != want[i] {
				t.Errorf("%d: got %v, want %v", i, staff[i], want[i])
			}
		}
		_, err = d.Staff(d.ctx, teacher)
		wantFault(t, err, fault.NotAllowedHere)
	})
}

func TestWhoHasTwoRolesComesAsTheFirst(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		d.exec(t, "INSERT INTO account_role (school_id, account_id, role) VALUES (?, ?, 'teacher'), (?, ?, 'head')",
			d.school, d.office.Account, d.school, d.office.Account)
		staff, err := d.Staff(d.ctx, d.office)
		if err != nil || len(staff) != 1 || staff[0].Role != authz.Head {
			t.Errorf("listed as %v (%v)", staff, err)
		}
		signedIn, err := d.SignInWithPassword(t.Context(), "office@schule.example", goodPassword, account.Proof{}, phone)
		if err != nil || signedIn.Actor.Role != authz.Head {
			t.Errorf("signed in as %v (%v)", signedIn.Actor.Role, err)
		}
	})
}

func TestNewStaffAreChecked(t *testing.T) {
	good := account.NewStaff{Name: "Birte Zaun", Email: "zaun@schule.example", Role: authz.Teacher, Password: goodPassword, Language: "de"}
	cases := []struct {
		name   string
		change func(*account.NewStaff)
		field  string
		code   fault.Code
	}{
		{"no name", func(n *account.NewStaff) { n.Name = " " }, "name", fault.FieldMissing},
		{"long name", func(n *account.NewStaff) { n.Name = strings.Repeat("ü", 101) }, "name", fault.FieldTooLong},
		{"no address", func(n *account.NewStaff) { n.Email = "zaun" }, "email", fault.FieldInvalid},
		{"a name in the address", func(n *account.NewStaff) { n.Email = "Zaun <zaun@schule.example>" }, "email", fault.FieldInvalid},
		{"long address", func(n *account.NewStaff) { n.Email = strings.Repeat("z", 250) + "@a.de" }, "email", fault.FieldInvalid},
		{"guardian", func(n *account.NewStaff) { n.Role = authz.Guardian }, "role", fault.FieldInvalid},
		{"no role", func(n *account.NewStaff) { n.Role = authz.Nobody }, "role", fault.FieldInvalid},
		{"no language", func(n *account.NewStaff) { n.Language = "" }, "language", fault.FieldInvalid},
		{"14 characters", func(n *account.NewStaff) { n.Password = "xK4mPq9LwZr2Tv" }, "password", fault.PasswordShort},
		{"135 characters", func(n *account.NewStaff) { n.Password = strings.Repeat("xK4mPq9Lö", 15) }, "password", fault.FieldTooLong},
		{"common", func(n *account.NewStaff) { n.Password = "Passwort12345678" }, "password", fault.PasswordCommon},
		{"own name", func(n *account.NewStaff) { n.Password = "Birte-Zaun-19671967" }, "password", fault.PasswordCommon},
	}
	env := testkit.NewSQLite(t)
	d := newDoor(t, env)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			staff := good
			c.change(&staff)
			_, err := d.CreateStaff(d.ctx, staff)
			e := heard(t, err, fault.InvalidInput)
			if len(e.Fields) != 1 || e.Fields[0].Name != c.field || e.Fields[0].Code != c.code {
				t.Fatalf("got %v", e.Fields)
			}
		})
	}
	for name, change := range map[string]func(*account.NewStaff){
		"15 characters": func(n *account.NewStaff) { n.Password = "xK4mPq9LwZr2Tvü" },
		"128 characters": func(n *account.NewStaff) {
			n.Email, n.Password = "b@schule.example", strings.Repeat("xK4mPq9LwZr2Tvü+", 8)
		},
	} {
		staff := good
		change(&staff)
		if _, err := d.CreateStaff(d.ctx, staff); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAddressIsGivenOnceInASchool(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		_, err := d.CreateStaff(d.ctx, account.NewStaff{
			Name: "Otto Berg", Email: " Office@Schule.example ", Role: authz.Teacher, Password: goodPassword, Language: "de",
		})
		e := heard(t, err, fault.AlreadyExists)
		if len(e.Fields) != 1 || e.Fields[0].Name != "email" {
			t.Errorf("fields %v", e.Fields)
		}
		if n := d.count(t, "SELECT count(*) FROM account"); n != 1 {
			t.Errorf("%d accounts stand", n)
		}
	})
}

func TestWhatIsPersonalLiesSealed(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		for _, canary := range []string{"Amselweg", "office@schule.example", goodPassword} {
			if where := d.searchDatabase(t, canary); where != "" {
				t.Errorf("%s lies open in %s", canary, where)
			}
		}
	})
}

func TestProfileNamesAndLanguage(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		d := newDoor(t, env)
		guardian := d.signedInGuardian(t).Actor
		if own, err := d.Profile(d.ctx, guardian); err != nil || own.Name != "" || own.Language != "tr" || own.Role != authz.Guardian {
			t.Errorf("guardian: %v, %v", own, err)
		}
		if err := d.SetLanguage(d.ctx, guardian, "en"); err != nil {
			t.Fatal(err)
		}
		if own, err := d.Profile(d.ctx, guardian); err != nil || own.Language != "en" {
			t.Errorf("language stayed: %v, %v", own, err)
		}
		if n := d.count(t, "SELECT count(*) FROM audit WHERE action = 'language.chosen' AND actor = ?", guardian.Account); n != 1 {
			t.Errorf("%d audit entries", n)
		}
		for _, tag := range []string{"", "deutsch!", strings.Repeat("a", 40)} {
			wantFault(t, d.SetLanguage(d.ctx, guardian, tag), fault.InvalidInput)
		}
		if own, err := d.Profile(d.ctx, d.office); err != nil || own.Name != "Hanne Amselweg" || own.Account != d.office.Account {
			t.Errorf("office: %v, %v", own, err)
		}

		names, err := d.Names(d.ctx, []id.Account{d.office.Account, guardian.Account, "unknown"})
		if err != nil || len(names) != 1 || names[d.office.Account] != "Hanne Amselweg" {
			t.Errorf("names %v, %v", names, err)
		}
		if names, err := d.Names(d.ctx, nil); err != nil || len(names) != 0 {
			t.Errorf("nobody's names: %v, %v", names, err)
		}
		gone := authz.Actor{School: d.school, Account: "unknown", Role: authz.Office}
		_, err = d.Profile(d.ctx, gone)
		wantFault(t, err, fault.NotSignedIn)
		wantFault(t, d.SetLanguage(d.ctx, gone, "en"), fault.NothingHere)
	})
}
