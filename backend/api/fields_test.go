package api

// Checklist D7, D8, D10: which fields go out to whom, and what comes in.

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
)

var update = flag.Bool("update", false, "write the golden lists of fields anew")

const goldenFields = "testdata/fields.txt"

// The canaries' contact: a second guardian's, whom office, head and dpo alone may reach.
const (
	canaryMail   = "mara@kanarien.example"
	canaryStreet = "Singvogelgasse 7"
)

// D7: the fields of every reply, for each role that gets one, are those of the golden list, so that a new one is seen by
// whoever reviews the change. Teachers, pupils and programs get no contact, pupils no signature.
func TestD7EachRoleGetsTheFieldsOfTheGoldenList(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	w.secondGuardian()
	vera := w.as(authz.Guardian)
	vera.want(201, vera.post(vera.decisions(), "d7", vera.yes("video")))
	var lines []string
	for _, op := range w.operations() {
		if op.OperationID == "streamRoster" {
			continue // sends the rows of getRoster
		}
		for _, role := range everybody {
			c := w.clientOf(op.OperationID, role) // before the call is made, which may end sessions
			got := w.ask(c, op.Method, rights[op.OperationID].call(w, own, role))
			if got.status >= 300 || !strings.HasPrefix(got.header.Get("Content-Type"), "application/json") {
				continue
			}
			fields := fieldsOf(t, got.body)
			w.checkFields(role, op.OperationID, fields, got.body)
			lines = append(lines, fmt.Sprintf("%s %s: %s\n", roleKey(role), op.OperationID, strings.Join(fields, " ")))
		}
	}
	slices.Sort(lines)
	written := strings.Join(lines, "")
	if *update {
		if err := os.WriteFile(goldenFields, []byte(written), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(goldenFields)
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range differences(string(golden), written) {
		t.Error(difference)
	}
}

func (w *world) secondGuardian() {
	w.t.Helper()
	mara := school.Guardian{
		ID: id.New[id.Guardian](), Name: school.Name{Given: "Mara", Family: "Brückner"}, Language: "de",
		Contact: school.Contact{Email: canaryMail, Street: canaryStreet, Postcode: "12345", City: "Musterstadt"},
	}
	w.Write(func(tx *db.Tx) error { return w.Service.AddGuardians(tx, []school.Guardian{mara}) })
	w.Custody(mara, w.pupil, school.JointCustody)
}

var (
	contactField   = regexp.MustCompile(`(?i)(e-?mail|contact|street|postcode|city|phone|address|birth)`)
	signatureField = regexp.MustCompile(`(?i)(^|\.)(signature|strokes|typedName)(\[\]|\.|$)`)
)

// checkFields says what no golden list may hold, whoever writes it anew.
func (w *world) checkFields(role authz.Role, operation string, fields []string, body []byte) {
	w.t.Helper()
	switch {
	case role == authz.Office || role == authz.Head || role == authz.DPO:
		return
	case operation == "getReceipt": // whole, for whoever signed it alone
		return
	}
	for _, field := range fields {
		if contactField.MatchString(field) {
			w.t.Errorf("%s gets %s from %s", roleKey(role), field, operation)
		}
		if role != authz.Guardian && signatureField.MatchString(field) {
			w.t.Errorf("%s gets %s from %s", roleKey(role), field, operation)
		}
	}
	for _, canary := range []string{canaryMail, canaryStreet} {
		if strings.Contains(string(body), canary) {
			w.t.Errorf("%s gets a contact from %s: %s", roleKey(role), operation, body)
		}
	}
}

// fieldsOf are the paths of all fields of a body, elements of lists as [].
func fieldsOf(t *testing.T, body []byte) (fields []string) {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	walkFields(value, "", func(field string) {
		if !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	})
	slices.Sort(fields)
	return fields
}

func walkFields(value any, path string, see func(string)) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			field := strings.TrimPrefix(path+"."+name, ".")
			see(field)
			walkFields(inner, field, see)
		}
	case []any:
		for _, inner := range v {
			walkFields(inner, path+"[]", see)
		}
	}
}

func differences(want, got string) (found []string) {
	known, present := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range present {
		if !slices.Contains(known, line) {
			found = append(found, "not in the golden list (go test ./backend/api -run TestD7 -update): "+line)
		}
	}
	for _, line := range known {
		if !slices.Contains(present, line) {
			found = append(found, "in the golden list alone: "+line)
		}
	}
	return found
}

// D8: what would give somebody another role or school, and whatever else an operation does not know, is refused with the
// field's name; a field that comes twice, in whatever case, is refused too. Nothing is changed by either.
func TestD8NoOperationTakesWhatItDoesNotKnow(t *testing.T) {
	w := newWorld(t, testkit.NewSQLite(t))
	asked := 0
	for _, op := range w.operations() {
		role := whoMayEver(w.house, op.Method+" "+op.Path)
		if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil || isFileRoute(op.Path) {
			continue
		}
		call := call{path: "/account/totp/confirm", body: object{"code": "000000"}} // its own would start a secret
		if op.OperationID != "confirmTotp" {
			call = rights[op.OperationID].call(w, own, role)
		}
		c := w.clientOf("", role)
		asked++
		before := w.dump()
		for _, field := range []string{"schoolId", "school_id", "school", "isAdmin", "role"} {
			if field == "role" && (op.OperationID == "invite" || op.OperationID == "setRole") {
				continue // that is what they are for
			}
			got := w.ask(c, op.Method, call.with(t, fmt.Sprintf(`%q: "head"`, field)))
			if _, fields := got.code(); got.status != 422 || !slices.Contains(fields, field) {
				t.Errorf("%s with %s: %d %s", op.OperationID, field, got.status, got.body)
			}
		}
		for _, twice := range []string{`"x": 1, "x": 2`, `"x": 1, "X": 2`, `"x": 1, "\u0078": 2`} {
			if got := w.ask(c, op.Method, call.with(t, twice)); got.status != 400 {
				t.Errorf("%s with %s: %d %s", op.OperationID, twice, got.status, got.body)
			}
		}
		if w.dump() != before {
			t.Errorf("%s has changed something", op.OperationID)
		}
	}
	if asked < 20 {
		t.Errorf("only %d operations were asked", asked)
	}
}

// with adds members to the call's object.
func (c call) with(t *testing.T, members string) call {
	t.Helper()
	body, err := json.Marshal(c.body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSuffix(strings.TrimSpace(string(body)), "}")
	if text == "null" {
		text = "{"
	}
	if text != "{" {
		text += ", "
	}
	return call{path: c.path, body: json.RawMessage(text + members + "}")}
}

// dump is what the tables hold that a request could change; failed tries are counted on purpose.
func (w *world) dump() string {
	w.t.Helper()
	var out strings.Builder
	w.Read(func(tx *db.Tx) error {
		for _, table := range []string{"account", "account_role", "session", "decision", "letter", "invitation", "api_token", "guardianship", "proposal", "meeting", "teaching", "totp", "audit"} {
			var n int64
			if err := tx.G().Table(table).Count(&n).Error; err != nil {
				return err
			}
			fmt.Fprintln(&out, table, n)
		}
		return nil
	})
	return out.String()
}

// D10: a false that is sent is kept as false, and what is withdrawn is not what it was: no zero value is taken for
// "leave it as it is". Each boolean of the outer contract is set, cleared alone, and set again.
func TestD10AFalseThatIsSentIsKept(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		office, other := h.as(authz.Office), h.as(authz.Head)
		link := func() id.Guardianship { return h.GuardianshipOf(h.guardian, h.pupil).ID } // a change makes a new row
		names := []string{"prevented", "disputed", "protected"}
		set := func(key string, values object) {
			t.Helper()
			values["custody"] = "joint"
			got := office.send("PUT", "/guardianships/"+string(link()), key, mustJSON(t, values), nil)
			var reply struct{ Proposal string }
			got.into(t, &reply)
			if got.status != 200 && got.status != 202 {
				t.Fatalf("%v: %d %s", values, got.status, got.body)
			}
			if reply.Proposal != "" { // what could raise a mode waits for a second person
				other.want(204, other.post("/proposals/"+reply.Proposal+"/confirm", key, object{}))
			}
			kept, latest := map[string]bool{}, link()
			h.Read(func(tx *db.Tx) error {
				row := tx.G().Raw("SELECT prevented, disputed, protected FROM guardianship WHERE id = ?", latest).Row()
				var bits [3]sql.NullBool
				err := row.Scan(&bits[0], &bits[1], &bits[2])
				for i, name := range names {
					kept[name] = bits[i].Bool
				}
				return err
			})
			for _, name := range names {
				if kept[name] != values[name] {
					t.Errorf("%s: %v: %s is %t", key, values, name, kept[name])
				}
			}
		}
		for i, name := range names {
			all := object{"prevented": true, "disputed": true, "protected": true}
			set(fmt.Sprintf("set-%d", i), all)
			all[name] = false
			set(fmt.Sprintf("cleared-%d", i), all)
		}
		set("none", object{"prevented": false, "disputed": false, "protected": false})

		guardian := h.as(authz.Guardian)
		guardian.want(201, guardian.post(guardian.decisions(), "yes", guardian.yes("video")))
		guardian.wantMode("video")
		guardian.want(201, guardian.post("/children/"+string(h.pupil.ID)+"/withdrawals", "all", object{"extent": "all"}))
		guardian.wantMode("none")
		h.Read(func(tx *db.Tx) error {
			var extents []string
			err := tx.G().Raw("SELECT extent FROM decision WHERE kind = 'withdrawal' AND pupil_id = ?", h.pupil.ID).Scan(&extents).Error
			if !slices.Equal(extents, []string{"all"}) {
				t.Errorf("kept withdrawals: %v", extents)
			}
			return err
		})
		for _, shared := range []bool{true, false} {
			c := h.nobody()
			bo := h.Guardian("Bo", "Neumann", h.Pupil("Kai", "Neumann", "2014-04-04", h.class))
			letter := h.letterTo(id.GuardianOf(bo.ID))
			c.want(200, c.post("/session/letter", "", object{
				"letterNo": letter.LetterNo, "secret": string(letter.Secret), "birthDate": "2014-04-04", "shared": shared,
			}))
			if found := c.devices().Devices[0].Shared; found != shared {
				t.Errorf("shared is %t, sent %t", found, shared)
			}
		}
	})
}

func (h *house) letterTo(person id.Person) account.IssuedLetter {
	h.t.Helper()
	letters, err := h.accounts.IssueForSystem(h.Ctx, []account.Recipient{{Person: person}})
	if err != nil {
		h.t.Fatal(err)
	}
	return letters[0]
}

func mustJSON(t *testing.T, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}
