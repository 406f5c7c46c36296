package privacy_test

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/hold"
	"einverstanden/backend/id"
	"einverstanden/backend/notify"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/push"
	"einverstanden/backend/sanction"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

// The canaries' family. Nobody else in the tests has any of these.
const (
	canaryGiven  = "Kanarella"
	canaryFamily = "Zwitscherling"
	canaryMail   = "kasimira@kanarien.example"
	canaryTyped  = "piepmatz@kanarien.example"
	canaryStreet = "Singvogelgasse"
	canaryPlace  = "Bad Kanarienhausen"
	canaryBirth  = "2013-11-29"
	canaryImport = "SCHILD-4711-PIEP"
	canaryAsk    = "the ask of the canary"
)

// canaryHousehold comes by a class list and does everything that leaves a trace.
func canaryHousehold(w *world) (h household, receipt id.Statement) {
	w.t.Helper()
	list := "Interne ID-Nummer;Nachname;Vorname;Klasse;Geburtsdatum;Aufnahmedatum;Entlassdatum;" +
		"Erzieher 1: Vorname;Erzieher 1: Nachname;Erzieher 1: E-Mail;Erzieher 1: Straße\n" +
		canaryImport + ";" + canaryFamily + ";" + canaryGiven + ";7b;29.11.2013;01.08.2026;;Kasimira;" + canaryFamily + ";" + canaryMail + ";" + canaryStreet + "\n"
	plan, err := w.app.Intake.Propose(w.Ctx, w.head, []byte(list))
	if err == nil {
		_, err = w.app.Intake.Apply(w.Ctx, w.head, plan.ID, nil)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.Read(func(tx *db.Tx) error {
		pupils, err := w.Service.AllPupils(tx)
		if err != nil {
			return err
		}
		guardians, err := w.Service.AllGuardians(tx)
		for _, p := range pupils {
			if p.Family == canaryFamily {
				h.pupil = p
			}
		}
		for _, g := range guardians {
			if g.Family == canaryFamily {
				h.guardian = g
			}
		}
		return err
	})
	if h.pupil.ID == "" || h.guardian.Contact.Email != canaryMail {
		w.t.Fatalf("the list made %+v", h)
	}
	letters, err := w.app.Accounts.IssueLetters(w.Ctx, w.office, []account.Recipient{{Person: h.parent()}})
	if err != nil {
		w.t.Fatal(err)
	}
	signedIn, err := w.app.Accounts.RedeemLetter(w.Ctx, letters[0].LetterNo, string(letters[0].Secret), calendar.MustParse(canaryBirth),
		account.Device{Address: netip.MustParseAddr("203.0.113.9"), Language: "tr"})
	must(w.t, err)
	_, err = w.app.Accounts.BeginPasskey(w.Ctx, signedIn.Actor, canaryGiven) // gives the account its handle
	must(w.t, err)
	_, err = w.app.Accounts.AddPasskey(w.Ctx, account.Passkey{
		Account: signedIn.Actor.Account, Credential: []byte("the passkey of the mother"), PublicKey: []byte("its key"),
	})
	must(w.t, err)
	_, err = w.app.Lowering.Renew(w.Ctx, signedIn.Actor, h.pupil.ID)
	must(w.t, err)
	must(w.t, w.app.Notify.SetAddress(w.Ctx, signedIn.Actor, canaryTyped))
	must(w.t, w.app.Notify.Choose(w.Ctx, signedIn.Actor, notify.Choice{Language: "uk", NoReminders: true}))
	w.exec(`INSERT INTO message (school_id, id, event, kind, person_kind, person_id, channel, state, code, made_at, at)
		VALUES (?, ?, 'e', 'receipt', 'guardian', ?, 'mail', 'bounced', 'a code of the mother', 0, 0)`, w.ID, id.New[string](), h.guardian.ID)
	w.exec("INSERT INTO told_mode (school_id, pupil_id, person_kind, person_id, mode, told_at) VALUES (?, ?, 'guardian', ?, 'video', 0)", w.ID, h.pupil.ID, h.guardian.ID)
	w.card(h.pupil.ID)
	receipt = w.answers(h.guardian, h.pupil, participation.Video).Receipt.ID
	w.browser(signedIn.Actor)
	w.school(h)
	w.provider(h)
	w.exec(`INSERT INTO ask (school_id, id, purpose, pupil_id, person_kind, person_id, edition, channel, asked_at, due_on)
		VALUES (?, ?, 'video_conference', ?, 'guardian', ?, 99, 'letter', 0, '2026-12-01')`, w.ID, canaryAsk, h.pupil.ID, h.guardian.ID)
	w.exec(`INSERT INTO reminder (school_id, id, ask_id, person_kind, person_id, step, push, mail, at)
		VALUES (?, 'a reminder of the canary', ?, 'guardian', ?, 'first', ?, ?, 0)`, w.ID, canaryAsk, h.guardian.ID, false, true)
	w.exec(`INSERT INTO mail_bounce (school_id, person_kind, person_id, address_hash, at)
		VALUES (?, 'guardian', ?, 'hash of an address that came back', 0)`, w.ID, h.guardian.ID)
	w.exec(`INSERT INTO reminder_request (school_id, person_kind, person_id, made_by, made_at)
		VALUES (?, 'guardian', ?, 'who wants the canary reminded', 0)`, w.ID, h.guardian.ID)
	return h, receipt
}

// browser takes push messages, and was told something.
func (w *world) browser(actor authz.Actor) {
	w.t.Helper()
	kept := id.New[id.PushSubscription]()
	sealed, err := w.Vault.SealJSON(push.Sealed[0].At(w.ID, string(kept)), push.Target{Endpoint: "https://fcm.googleapis.com/fcm/send/kanarienvogel"})
	must(w.t, err)
	w.exec(`INSERT INTO push_subscription (school_id, id, account_id, session_id, endpoint_hash, body, vapid_key_id, language, created_at, seen_at, errors)
		VALUES (?, ?, ?, ?, 'a hash of the endpoint', ?, 'x', 'tr', 0, 0, 0)`, w.ID, kept, actor.Account, actor.Session, sealed)
	w.exec("INSERT INTO push_seen (school_id, account_id, path, seen_at) VALUES (?, ?, '/receipts/of-the-canary', 0)", w.ID, actor.Account)
	w.exec(`INSERT INTO push_message (school_id, id, account_id, subscription_id, event, kind, path, state, made_at)
		VALUES (?, 'a-link-of-the-canaries', ?, ?, 'x', 'receipt', '/home', 'accepted', 0)`, w.ID, actor.Account, kept)
}

// card lets the pupil come in once by its card, after a wrong PIN on another device; an earlier card is void.
func (w *world) card(pupil id.Pupil) {
	w.t.Helper()
	var card account.NewCard
	for range 2 {
		must(w.t, w.app.Accounts.IssueCards(w.Ctx, w.office, []id.Pupil{pupil}, func(cards []account.NewCard) error {
			card = cards[0]
			return nil
		}))
	}
	wrong := card.PIN
	slices.Reverse(wrong[:])
	device := account.Device{Address: netip.MustParseAddr("203.0.113.9"), Language: "tr"}
	if _, err := w.app.Accounts.SignInWithPIN(w.Ctx, w.ID, pupil, wrong, device); !fault.Has(err, fault.PINWrong) {
		w.t.Fatal(err)
	}
	device.Token = account.KnownDevice("")
	_, err := w.app.Accounts.SignInWithPIN(w.Ctx, w.ID, pupil, card.PIN, device)
	must(w.t, err)
}

// school does to the household what a school does: a sanction, a hold, an edit of custody, a recorded yes that is
// rejected, a meeting, and a limit of the pupil's own.
func (w *world) school(h household) {
	w.t.Helper()
	sanctions, holds := sanction.NewService(w.DB, w.Log, w.Service, readyRules(w.t, w.School), w.Hub), hold.NewService(w.DB, w.Log, w.Service, w.Hub)
	imposed, err := sanctions.Impose(w.Ctx, w.head, sanction.New{
		Pupil: h.pupil.ID, Kind: sanction.Educational, Measure: sanction.AudioOnly, RuleKey: "NO_RECORDING", NotedOn: w.Today(), From: w.Today(), Until: w.Today(),
	})
	must(w.t, err)
	w.Write(func(tx *db.Tx) error {
		known, err := sanction.Find(tx, imposed)
		if err == nil {
			_, err = sanctions.ObjectIn(tx, w.As(h.parent()), known)
		}
		return err
	})
	w.Read(func(tx *db.Tx) error {
		objections, err := sanction.Objections(tx, []id.Sanction{imposed})
		if err == nil {
			err = sanctions.Answer(w.Ctx, w.head, imposed, objections[imposed][0].ID, sanction.Upheld, "")
		}
		return err
	})
	placed, err := holds.Place(w.Ctx, w.head, h.pupil.ID, hold.Objection)
	must(w.t, err)
	must(w.t, holds.Settle(w.Ctx, w.head, placed))
	custody := w.GuardianshipOf(h.guardian, h.pupil)
	_, err = w.Service.SetGuardianship(w.Ctx, w.office, custody.ID, school.Change{Custody: custody.Custody})
	must(w.t, err)
	yes := participation.Audio
	recorded, err := w.app.Consents.Record(w.Ctx, w.office, consent.Received{
		Pupil: h.pupil.ID, Person: h.parent(), Channel: consent.Paper, Answer: &yes, ReceivedOn: w.Today(),
	})
	must(w.t, err)
	must(w.t, w.app.Consents.RejectYes(w.Ctx, w.head, recorded.Proposal))
	withdrawn, err := w.app.Consents.Record(w.Ctx, w.office, consent.Received{
		Pupil: h.pupil.ID, Person: h.parent(), Channel: consent.Phone, Extent: consent.Picture, ReceivedOn: w.Today(),
	})
	must(w.t, err)
	must(w.t, w.app.Consents.Invalidate(w.Ctx, w.head, withdrawn.Decision, consent.WrongAnswer))
	teacher := id.New[id.Account]()
	w.exec("INSERT INTO account (school_id, id, profile, language, created_at) VALUES (?, ?, ?, 'de', 0)", w.ID, teacher, []byte("-"))
	planned := id.New[id.Meeting]()
	w.exec(`INSERT INTO meeting (school_id, id, title, kind, class_id, whole_class, responsible_id, legal_basis, starts_at, ends_at, created_at)
		SELECT school_id, ?, 'Lesekreis', 'small_group', class_id, ?, ?, 'consent', 1, 2, 0 FROM membership WHERE pupil_id = ?`,
		planned, false, teacher, h.pupil.ID)
	w.exec("INSERT INTO meeting_pupil (school_id, meeting_id, pupil_id) VALUES (?, ?, ?)", w.ID, planned, h.pupil.ID)
	w.exec("INSERT INTO meeting_entry (school_id, meeting_id, ref, pupil_id, entered_at) VALUES (?, ?, 'e-name-of-the-canary', ?, 0)", w.ID, planned, h.pupil.ID)
	w.exec("INSERT INTO roster_seen (school_id, meeting_id, pupil_id, mode, link) VALUES (?, ?, ?, 'video', '')", w.ID, planned, h.pupil.ID)
	w.exec("INSERT INTO alternative_contact (school_id, meeting_id, pupil_id, kind, done_at, done_by) VALUES (?, ?, ?, 'phone', 1, ?)", w.ID, planned, h.pupil.ID, teacher)
	w.exec("INSERT INTO meeting_limit (school_id, meeting_id, pupil_id, reach, set_by, set_at) VALUES (?, ?, ?, 'audio', ?, 0)", w.ID, planned, h.pupil.ID, teacher)
	w.exec("INSERT INTO breach (school_id, id, meeting_id, pupil_id, rule_key, heard, noted_on, reported_by, reported_at, sanction_id) VALUES (?, ?, ?, ?, 'PRIVACY', '', '2026-11-01', ?, 0, ?)",
		w.ID, id.New[id.Breach](), planned, h.pupil.ID, teacher, imposed)
	w.exec("INSERT INTO own_limit (school_id, id, pupil_id, reach, set_at) VALUES (?, ?, ?, 'none', 0)", w.ID, id.New[id.Meeting](), h.pupil.ID)
	must(w.t, w.app.Rules.Ready(w.Ctx))
	w.exec(`INSERT INTO acknowledgement (school_id, id, pupil_id, version_id, half_year_from, rule_keys, explain, at)
		SELECT school_id, ?, ?, id, '2026-08-01', 'ON_TIME', ?, 0 FROM rules_version`, id.New[id.Acknowledgement](), h.pupil.ID, true)
	w.exec("INSERT INTO join_address (school_id, token_hash, meeting_id, pupil_id, session_id, made_at) VALUES (?, 'hash of an address', ?, ?, 'x', 0)",
		w.ID, planned, h.pupil.ID)
}

// provider links the pupil to a subject of the school's OpenID provider, and lets another one wait who has the same name.
func (w *world) provider(h household) {
	w.t.Helper()
	must(w.t, w.app.Accounts.SetOIDC(w.Ctx, w.head, account.OIDCSettings{Issuer: "https://iserv.schule.example", ClientID: "x"}, "y"))
	for i, subject := range []string{"a hash of the pupil's subject", "a hash of a subject that waits"} {
		link := id.New[id.OIDCLink]()
		sealed, err := w.Vault.SealJSON(vault.Place{School: w.ID, Table: "oidc_link", Column: "body", Row: string(link)},
			map[string]string{"name": canaryGiven + " " + canaryFamily, "importId": canaryImport, "role": "pupil"})
		must(w.t, err)
		w.exec("INSERT INTO oidc_link (school_id, id, issuer_hash, subject_hash, body, seen_at) VALUES (?, ?, 'x', ?, ?, 0)", w.ID, link, subject, sealed)
		if i == 0 {
			w.exec(`UPDATE oidc_link SET account_id = (SELECT account_id FROM account_person WHERE person_id = ?), person_id = ?, linked_at = 0
				WHERE id = ?`, h.pupil.ID, h.pupil.ID, link)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// canaries are what must be nowhere afterwards: what people can read, and the very bytes in which it lay sealed or hashed.
func (w *world) canaries(h household) map[string][]byte {
	w.t.Helper()
	found := map[string][]byte{}
	for _, plain := range []string{canaryGiven, canaryFamily, canaryMail, canaryTyped, canaryStreet, canaryPlace, canaryBirth, canaryImport} {
		found["the text "+plain] = []byte(plain)
	}
	keep := func(name, query string, values ...any) {
		var cells [][]byte
		w.Read(func(tx *db.Tx) error {
			rows, err := tx.G().Raw(query, values...).Rows()
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var cell []byte
				if err := rows.Scan(&cell); err != nil {
					return err
				}
				cells = append(cells, cell)
			}
			return rows.Err()
		})
		if len(cells) == 0 {
			w.t.Fatalf("there is no %s", name)
		}
		for i, cell := range cells {
			if len(cell) < 8 {
				w.t.Fatalf("%s is too short to be looked for: %q", name, cell)
			}
			found[fmt.Sprintf("%s %d", name, i)] = cell
		}
	}
	pupil, guardian := h.pupil.ID, h.guardian.ID
	keep("pupil profile", "SELECT profile FROM pupil WHERE id = ?", pupil)
	keep("reminder", "SELECT id FROM reminder WHERE person_id = ?", guardian)
	keep("import hash", "SELECT import_hash FROM pupil WHERE id = ?", pupil)
	keep("guardian profile", "SELECT profile FROM guardian WHERE id = ?", guardian)
	keep("mail hash", "SELECT email_hash FROM guardian WHERE id = ?", guardian)
	keep("typed address", "SELECT address FROM mail_address WHERE person_id = ?", guardian)
	keep("hash of the typed address", "SELECT address_hash FROM mail_address WHERE person_id = ?", guardian)
	keep("address that came back", "SELECT address_hash FROM mail_bounce WHERE person_id = ?", guardian)
	keep("wanted reminder", "SELECT made_by FROM reminder_request WHERE person_id = ?", guardian)
	keep("outcome of a message", "SELECT code FROM message WHERE person_id = ?", guardian)
	keep("letter number", "SELECT letter_no FROM letter WHERE person_id = ?", guardian)
	keep("letter secret", "SELECT secret_hash FROM letter WHERE person_id = ?", guardian)
	keep("card key", "SELECT key_hash FROM pupil_card WHERE pupil_id = ?", pupil)
	keep("picture PIN", "SELECT pin_hash FROM pupil_card WHERE pupil_id = ?", pupil)
	keep("device of a wrong PIN", "SELECT device_hash FROM pin_failure JOIN pupil_card ON card_id = pupil_card.id WHERE pupil_id = ?", pupil)
	keep("acknowledgement", "SELECT id FROM acknowledgement WHERE pupil_id = ?", pupil)
	keep("address into a room", "SELECT token_hash FROM join_address WHERE pupil_id = ?", pupil)
	keep("device of the pupil", "SELECT device_hash FROM session WHERE person_id = ?", pupil)
	keep("device", "SELECT device_hash FROM session WHERE person_id = ?", guardian)
	keep("passkey", "SELECT body FROM passkey JOIN account_person ON account_person.account_id = passkey.account_id WHERE person_id = ?", guardian)
	keep("passkey handle", "SELECT handle FROM passkey_user JOIN account_person ON account_person.account_id = passkey_user.account_id WHERE person_id = ?", guardian)
	keep("handle's hash", "SELECT handle_hash FROM passkey_user JOIN account_person ON account_person.account_id = passkey_user.account_id WHERE person_id = ?", guardian)
	keep("refresh token", "SELECT refresh_hash FROM session WHERE person_id = ?", guardian)
	keep("account", "SELECT profile FROM account JOIN account_person ON account_id = account.id WHERE person_id = ?", guardian)
	keep("proposal", "SELECT body FROM proposal WHERE pupil_id = ?", pupil)
	keep("name in the conference", "SELECT ref FROM meeting_entry WHERE pupil_id = ?", pupil)
	keep("plan", "SELECT body FROM import_plan")
	keep("link to the provider", "SELECT body FROM oidc_link WHERE person_id = ?", pupil)
	keep("subject at the provider", "SELECT subject_hash FROM oidc_link WHERE person_id = ?", pupil)
	keep("push subscription", "SELECT body FROM push_subscription")
	keep("push endpoint", "SELECT endpoint_hash FROM push_subscription")
	keep("link of a push message", "SELECT id FROM push_message")
	keep("page that was looked at", "SELECT path FROM push_seen")
	keep("who waits", "SELECT body FROM oidc_link WHERE account_id IS NULL")
	for i, statement := range w.statementsOf(h) {
		keep(fmt.Sprintf("statement %d", i), "SELECT body FROM statement WHERE id = ?", statement)
		keep(fmt.Sprintf("salt %d", i), "SELECT salt FROM statement WHERE id = ?", statement)
	}
	keep("private part", "SELECT private FROM statement JOIN decision ON statement_id = statement.id WHERE pupil_id = ?", pupil)
	return found
}

// statementsOf are those whose text speaks of the household, found without the code under test.
func (w *world) statementsOf(h household) (ids []id.Statement) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		names := []string{string(h.pupil.ID), string(h.guardian.ID)}
		var decisions []string
		if err := tx.G().Table("decision").Where("pupil_id = ?", h.pupil.ID).Pluck("id", &decisions).Error; err != nil {
			return err
		}
		var all []id.Statement
		if err := tx.G().Table("statement").Order("leaf_seq").Pluck("id", &all).Error; err != nil {
			return err
		}
		for _, one := range all {
			body, err := w.Log.Statement(tx, one)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(append(names, decisions...), func(name string) bool { return strings.Contains(string(body), name) }) {
				ids = append(ids, one)
			}
		}
		return nil
	})
	return ids
}

// places are the copies of the database in which somebody could look, by name.
func (w *world) places() map[string][]byte {
	w.t.Helper()
	if w.Options.File == "" {
		return map[string][]byte{"a dump": w.dump()}
	}
	backup := filepath.Join(w.t.TempDir(), "backup.db")
	pool, err := sql.Open("sqlite", w.Options.File)
	must(w.t, err)
	_, err = pool.Exec("VACUUM INTO ?", backup)
	must(w.t, err)
	must(w.t, pool.Close())
	found := map[string][]byte{}
	for _, file := range []string{w.Options.File, w.Options.File + "-wal", backup} {
		content, err := os.ReadFile(file)
		must(w.t, err)
		found[filepath.Base(file)] = content
	}
	return found
}

// dump is every row of every table as text, as pg_dump would write it.
func (w *world) dump() []byte {
	w.t.Helper()
	var all bytes.Buffer
	w.Read(func(tx *db.Tx) error {
		var tables []string
		err := tx.G().Raw("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()").Scan(&tables).Error
		if err != nil {
			return err
		}
		for _, table := range tables {
			var rows []string
			if err := tx.G().Raw(fmt.Sprintf("SELECT CAST(t AS text) FROM %s t", table)).Scan(&rows).Error; err != nil {
				return err
			}
			all.WriteString(strings.Join(rows, "\n"))
		}
		return nil
	})
	return all.Bytes()
}

func holds(place, canary []byte) bool {
	return bytes.Contains(place, canary) || bytes.Contains(place, []byte(hex.EncodeToString(canary)))
}

// Checklist G8.
func TestG8AnErasedPersonIsNowhereAndAllOtherProofsHold(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		w := newWorld(t, env)
		others := []household{w.household("Ole", "Bleibt"), w.household("Pia", "Bleibt")}
		w.answers(others[0].guardian, others[0].pupil, participation.Video)
		h, receipt := canaryHousehold(w)
		w.answers(others[1].guardian, others[1].pupil, participation.None)

		canaries, wanted := w.canaries(h), w.statementsOf(h)
		if len(wanted) != 12 { // two of the letter, two decisions and an invalidation, two each of sanction, objection and hold, custody
			t.Fatalf("%d statements speak of the household", len(wanted))
		}
		w.wantCanariesIn(canaries)
		kept := w.count("SELECT count(*) FROM statement") - len(wanted)

		w.leaves(h.pupil, "2027-07-31")
		w.at("2033-01-01")
		modes := w.modes(others)
		w.erases(h.child(), h.parent())

		for name, place := range w.places() {
			for what, canary := range canaries {
				if holds(place, canary) {
					t.Errorf("%s is in %s", what, name)
				}
			}
		}
		for what, canary := range canaries {
			if holds(w.log.Bytes(), canary) {
				t.Errorf("%s is in the log", what)
			}
		}
		if len(w.log.Bytes()) == 0 {
			t.Error("nothing was logged at all")
		}
		if n := w.count("SELECT count(*) FROM lowering_key"); n != 0 {
			t.Errorf("%d lowering keys are left", n)
		}
		w.wantForeignKeys()
		w.wantProofs(wanted, kept+2)
		w.wantErased(receipt, wanted)
		if after := w.modes(others); fmt.Sprint(after) != fmt.Sprint(modes) {
			t.Errorf("modes were %v and are %v", modes, after)
		}
	})
}

// wantCanariesIn shows that the search would find them. The texts lie sealed, so their absence proves little.
func (w *world) wantCanariesIn(canaries map[string][]byte) {
	w.t.Helper()
	must(w.t, w.DB.EmptyWAL(w.Ctx))
	for name, place := range w.places() {
		if strings.HasSuffix(name, "-wal") {
			if len(place) != 0 {
				w.t.Errorf("%s has %d bytes after it was emptied", name, len(place))
			}
			continue
		}
		for what, canary := range canaries {
			if !strings.HasPrefix(what, "the text ") && !holds(place, canary) {
				w.t.Errorf("%s is not in %s before: the search finds nothing", what, name)
			}
		}
	}
}

func (w *world) wantForeignKeys() {
	w.t.Helper()
	if w.Options.File == "" {
		return // PostgreSQL has checked them all at each commit
	}
	var broken []map[string]any
	w.Read(func(tx *db.Tx) error { return tx.G().Raw("PRAGMA foreign_key_check").Scan(&broken).Error })
	if len(broken) != 0 {
		w.t.Errorf("foreign keys are broken: %v", broken)
	}
}

// wantProofs checks the tree by package tlog, what is kept against its leaves, and that every leaf without a statement
// is named by an erasure.
func (w *world) wantProofs(erased []id.Statement, kept int) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		var rows []struct {
			ID         id.Statement
			LeafSeq    int64
			Body, Salt []byte
		}
		if err := tx.G().Table("statement").Order("leaf_seq").Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) != kept {
			w.t.Errorf("%d statements are kept, want %d", len(rows), kept)
		}
		size := int64(len(rows) + len(erased))
		root, err := tlog.TreeHash(size, w.Log.Hashes(tx))
		if err != nil {
			return err
		}
		without := map[int64]bool{}
		for leaf := range size {
			record, err := w.Log.Record(tx, leaf)
			if err != nil {
				return err
			}
			path, err := tlog.ProveRecord(size, leaf, w.Log.Hashes(tx))
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(path, size, root, leaf, tlog.RecordHash(record)); err != nil {
				w.t.Errorf("leaf %d: %v", leaf, err)
			}
			without[leaf] = true
		}
		for _, row := range rows {
			delete(without, row.LeafSeq)
			body, err := w.Vault.Open(vault.Place{School: tx.School, Table: "statement", Column: "body", Row: string(row.ID)}, row.Body)
			if err != nil {
				return err
			}
			salt, err := w.Vault.Open(vault.Place{School: tx.School, Table: "statement", Column: "salt", Row: string(row.ID)}, row.Salt)
			if err != nil {
				return err
			}
			record, err := w.Log.Record(tx, row.LeafSeq)
			if err != nil {
				return err
			}
			leaf, err := proof.DecodeLeaf(record)
			if err != nil || !bytes.Equal(leaf.Commit, proof.Commitment(salt, body)) {
				w.t.Errorf("leaf %d is not of its statement (%v)", row.LeafSeq, err)
			}
			statement, err := proof.DecodeStatement(body)
			if err != nil {
				return err
			}
			if declared, ok := statement.Declaration.(*proof.ErasureDeclared); ok {
				if declared.Reason != "request" || statement.Server.(*proof.ErasureServer).AskedBy != w.office.Account ||
					statement.Server.(*proof.ErasureServer).ApprovedBy != w.head.Account {
					w.t.Errorf("erased by %+v for %s", statement.Server, declared.Reason)
				}
				for _, leaf := range declared.Leaves {
					if !without[leaf] {
						w.t.Errorf("leaf %d was erased and is there, or was erased twice", leaf)
					}
					delete(without, leaf)
				}
			}
		}
		if len(without) != 0 {
			w.t.Errorf("leaves %v have neither a statement nor an erasure", without)
		}
		return nil
	})
}

// wantErased looks the erased statements up as a receipt's reader would.
func (w *world) wantErased(receipt id.Statement, erased []id.Statement) {
	w.t.Helper()
	w.Read(func(tx *db.Tx) error {
		for _, statement := range erased {
			_, err := w.Log.Statement(tx, statement)
			wantFault(w.t, err, fault.StatementErased)
			_, err = w.Log.Private(tx, statement)
			wantFault(w.t, err, fault.StatementErased)
			_, err = w.Log.Entry(tx, statement)
			wantFault(w.t, err, fault.StatementErased)
			if left, ok, err := w.Log.Erased(tx, statement); err != nil || !ok || left.Signer != (id.Person{}) {
				w.t.Errorf("left is %+v, %v, %v", left, ok, err)
			}
		}
		_, err := w.Log.Statement(tx, "unknown")
		wantFault(w.t, err, fault.NothingHere)
		_, ok, err := w.Log.Erased(tx, "unknown")
		if ok {
			w.t.Error("what never was counts as erased")
		}
		if !slices.Contains(erased, receipt) {
			w.t.Error("the receipt is not among the erased")
		}
		return err
	})
}

func (w *world) modes(of []household) map[id.Pupil]participation.Mode {
	w.t.Helper()
	modes := map[id.Pupil]participation.Mode{}
	w.Read(func(tx *db.Tx) error {
		var pupils []id.Pupil
		for _, h := range of {
			pupils = append(pupils, h.pupil.ID)
		}
		var standings map[id.Pupil]standing.Standing
		standings, err := w.app.Standings.Of(tx, pupils)
		for pupil, s := range standings {
			modes[pupil] = s.Mode
		}
		return err
	})
	return modes
}
