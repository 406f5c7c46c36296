package evidence_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
)

// office is a school whose log is signed.
type office struct {
	*house
	*evidence.Notary
	folder string // of the witness
	logs   *bytes.Buffer
}

func newOffice(t *testing.T, env *testkit.Env) *office {
	t.Helper()
	h := newHouse(t, env)
	school, _ := db.SchoolOf(h.ctx)
	if err := h.DB.AddToDirectory(h.ctx, "school", string(school), school); err != nil {
		t.Fatal(err)
	}
	return openOffice(h, t.TempDir())
}

// openOffice is a process of its own on the same database.
func openOffice(h *house, folder string) *office {
	logs := &bytes.Buffer{}
	report := slog.New(slog.NewTextHandler(logs, nil))
	return &office{h, evidence.NewNotary(h.DB, h.log, h.Vault, evidence.NewWitness(folder), report), folder, logs}
}

func (o *office) sign(t *testing.T) evidence.Signed {
	t.Helper()
	signed, err := o.Sign(o.ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (o *office) receipt(t *testing.T, statement id.Statement) []byte {
	t.Helper()
	file, err := o.Receipt(o.ctx, statement, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// tamper runs SQL as whoever owns the tables could: without the triggers that forbid it.
func (o *office) tamper(t *testing.T, statements ...string) {
	t.Helper()
	if o.DB.Dialect() == db.SQLite {
		for _, table := range []string{"leaf", "tlog_hash", "checkpoint"} {
			statements = append([]string{
				"DROP TRIGGER IF EXISTS " + table + "_no_update", "DROP TRIGGER IF EXISTS " + table + "_no_delete",
			}, statements...)
		}
		for _, statement := range statements {
			if err := o.exec(statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		return
	}
	pool, err := sql.Open("pgx", o.Options.Owner)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	school, _ := db.SchoolOf(o.ctx)
	statements = append([]string{
		"SELECT set_config('app.school_id', '" + string(school) + "', true)",
		"ALTER TABLE leaf DISABLE TRIGGER USER", "ALTER TABLE tlog_hash DISABLE TRIGGER USER", "ALTER TABLE checkpoint DISABLE TRIGGER USER",
	}, statements...)
	if _, err := pool.Exec("BEGIN; " + strings.Join(statements, "; ") + "; COMMIT"); err != nil {
		t.Fatal(err)
	}
}

func TestAReceiptVerifiesAndStaysTheSame(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		o := newOffice(t, env)
		for i := range 5 {
			o.append(t, answer(fmt.Sprint(i)))
		}
		entry := o.append(t, o.withdrawal())
		first := o.receipt(t, entry.StatementID)
		report := proof.Verify(first, proof.Against{})
		if !report.Holds() || report.About.Leaf.Seq != entry.Leaf || report.About.Checkpoint.Size <= entry.Leaf {
			t.Fatalf("%+v", report.Claims)
		}
		for i := range 5 {
			env.Clock.Advance(time.Hour)
			o.append(t, answer(fmt.Sprint(i)))
			o.sign(t)
		}
		if again := o.receipt(t, entry.StatementID); !bytes.Equal(again, first) {
			t.Errorf("the receipt became another\n%s\n%s", first, again)
		}
		if other := openOffice(o.house, o.folder).receipt(t, entry.StatementID); !bytes.Equal(other, first) {
			t.Error("another process gives another receipt")
		}
		shared, err := o.Receipt(o.ctx, entry.StatementID, nil, true)
		if err != nil || !proof.Verify(shared, proof.Against{}).Holds() || bytes.Contains(shared, []byte("2014-05-06")) {
			t.Errorf("shared copy: %v\n%s", err, shared)
		}
	})
}

// withdrawal rests on no text; its receipt is of this school's log.
func (o *office) withdrawal() act {
	a := answer("Münster")
	declared := *a.Declaration.(*proof.DecisionDeclared)
	declared.Answer, declared.Extent = "", "all"
	declared.School, _ = db.SchoolOf(o.ctx)
	declared.FormVersion, declared.Language, declared.TextSHA256 = "", "", ""
	server := *a.Server.(*proof.DecisionServer)
	server.GermanTextSHA256, server.VersionNumber, server.Edition = "", 0, 0
	a.Declaration, a.Server = &declared, &server
	return a
}

// Settled point 6 and the promise "at most 10 minutes old while leaves come", with a round each minute.
func TestCheckpointsFollowTheLeaves(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		o := newOffice(t, env)
		if err := o.Round(context.Background()); err != nil {
			t.Fatal(err)
		}
		if state, err := o.State(o.ctx); err != nil || state.Last.Size != 0 || state.Leaves != 0 {
			t.Fatalf("an empty log: %+v, %v", state, err)
		}
		oldest := time.Time{} // of the leaves that no checkpoint covers
		for minute := range 60 {
			env.Clock.Advance(time.Minute)
			if minute%3 == 0 && minute < 40 {
				o.append(t, answer(""))
				if oldest.IsZero() {
					oldest = env.Clock.Now()
				}
			}
			if err := o.Round(context.Background()); err != nil {
				t.Fatal(err)
			}
			state, err := o.State(o.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if state.Last.Size == state.Leaves {
				oldest = time.Time{}
			}
			if waits := env.Clock.Now().Sub(oldest); !oldest.IsZero() && waits > 10*time.Minute {
				t.Fatalf("minute %d: a leaf waits for %s", minute, waits)
			}
		}
		before, err := o.State(o.ctx)
		if err != nil || before.Last.Size != before.Leaves || before.Leaves == 0 {
			t.Fatalf("%+v, %v", before, err)
		}
		env.Clock.Advance(24 * time.Hour)
		if err := o.Round(context.Background()); err != nil {
			t.Fatal(err)
		}
		if after, _ := o.State(o.ctx); after.Last != before.Last {
			t.Error("a log that rests was signed again")
		}
	})
}

// Checklist G3 and G4, as far as signing goes: what was signed can be neither rewritten nor cut off without an alarm.
func TestALogThatBreaksWithWhatWasSignedIsNotSigned(t *testing.T) {
	for name, sql := range map[string][]string{
		"G3 the tree rewritten": {"UPDATE tlog_hash SET hash = (SELECT hash FROM tlog_hash WHERE position = 5) WHERE position = 6"},
		"G4 the last leaves cut off": {
			"DELETE FROM tlog_hash WHERE position >= 4", "DELETE FROM statement WHERE leaf_seq >= 3", "DELETE FROM leaf WHERE seq >= 3",
			"UPDATE log_head SET size = 3, edge = EDGE",
		},
		"the checkpoint replaced": {"UPDATE checkpoint SET note = replace(note, 'einverstanden', 'anderswo')"},
	} {
		t.Run(name, func(t *testing.T) {
			testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
				o := newOffice(t, env)
				for i := range 3 {
					o.append(t, answer(fmt.Sprint(i)))
				}
				edge := o.edge(t)
				o.append(t, answer("3"))
				entry := o.append(t, answer("4"))
				o.sign(t)
				for _, statement := range sql {
					o.tamper(t, strings.Replace(statement, "EDGE", edge, 1))
				}
				o.wantBroken(t)
				if _, err := o.Receipt(o.ctx, entry.StatementID, nil, false); err == nil {
					t.Error("a receipt is handed out all the same")
				}
				if !strings.Contains(o.logs.String(), "EVIDENCE ALARM") {
					t.Errorf("the log of the program says nothing: %s", o.logs)
				}
			})
		})
	}
}

// edge is the head's as it is now, in SQL, for whoever wants to put it back later.
func (o *office) edge(t *testing.T) string {
	t.Helper()
	var head struct{ Edge []byte }
	o.read(t, func(tx *db.Tx) error {
		return tx.G().Table("log_head").Where("school_id = ?", tx.School).Take(&head).Error
	})
	if o.DB.Dialect() == db.Postgres {
		return fmt.Sprintf(`'\x%x'::bytea`, head.Edge)
	}
	return fmt.Sprintf("x'%x'", head.Edge)
}

func (o *office) wantBroken(t *testing.T) {
	t.Helper()
	if _, err := o.Sign(o.ctx, 0); !fault.Has(err, fault.LogBroken) {
		t.Fatalf("signed all the same: %v", err)
	}
	school, _ := db.SchoolOf(o.ctx)
	if alarm, found := o.AlarmOf(school); !found || alarm.Cause == "" || alarm.Since.IsZero() {
		t.Errorf("alarm %+v", alarm)
	}
}

// Whoever owns the database can take the checkpoints out of it too; the file outside still has the last one.
func TestTheWitnessRemembersWhatTheDatabaseForgot(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		o := newOffice(t, env)
		for i := range 4 {
			o.append(t, answer(fmt.Sprint(i)))
		}
		o.sign(t)
		o.tamper(t, "DELETE FROM receipt", "DELETE FROM checkpoint", "DELETE FROM statement", "DELETE FROM tlog_hash", "DELETE FROM leaf", "DELETE FROM log_head")
		for i := range 6 {
			o.append(t, answer(fmt.Sprint(i))) // a log of its own, whole and consistent
		}
		o.wantTree(t)
		o.wantBroken(t)
		forgotten := openOffice(o.house, t.TempDir())
		if _, err := forgotten.Sign(o.ctx, 0); err != nil {
			t.Errorf("without the file there is nothing to compare: %v", err)
		}
	})
}

func TestAnAlarmEndsWithItsCause(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		o := newOffice(t, env)
		o.append(t, answer("0"))
		o.append(t, answer("1"))
		o.sign(t)
		school, _ := db.SchoolOf(o.ctx)
		path := filepath.Join(o.folder, "einverstanden-"+string(school)+".txt")
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Replace(good, []byte("\n2\n"), []byte("\n1\n"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		o.wantBroken(t)
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		o.append(t, answer("2"))
		if signed := o.sign(t); signed.Size != 3 {
			t.Errorf("signed %d leaves", signed.Size)
		}
		if _, found := o.AlarmOf(school); found {
			t.Error("the alarm goes on")
		}
	})
}

// Two processes sign at once, leaves come at once: every checkpoint continues every earlier one.
func TestSeveralSignersAgree(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		o := newOffice(t, env)
		offices := []*office{o, openOffice(o.house, t.TempDir())}
		var group sync.WaitGroup
		for i := range 40 {
			group.Go(func() {
				entry := o.append(t, answer(fmt.Sprint(i)))
				signed, err := offices[i%2].Sign(o.ctx, entry.Leaf+1)
				if err != nil || signed.Size <= entry.Leaf {
					t.Errorf("leaf %d: checkpoint of %d, %v", entry.Leaf, signed.Size, err)
				}
			})
		}
		group.Wait()
		key, err := o.Key(o.ctx)
		if err != nil {
			t.Fatal(err)
		}
		var notes []string
		o.read(t, func(tx *db.Tx) error {
			return tx.G().Table("checkpoint").Where("school_id = ?", tx.School).Order("size").Pluck("note", &notes).Error
		})
		if len(notes) == 0 {
			t.Fatal("nothing was signed")
		}
		o.read(t, func(tx *db.Tx) error {
			for _, note := range notes {
				c, err := key.Open(note)
				if err != nil {
					return err
				}
				if root, err := tlog.TreeHash(c.Size, o.log.Hashes(tx)); err != nil || root != c.Root {
					t.Errorf("checkpoint of %d leaves: %v", c.Size, err)
				}
			}
			return nil
		})
	})
}

// What a school publishes proves to the holder of an older receipt that its log was continued.
func TestWhatIsPublishedContinuesAnOlderReceipt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		o := newOffice(t, env)
		if _, err := o.Publish(o.ctx, 0); !fault.Has(err, fault.NothingHere) {
			t.Errorf("an empty log: %v", err)
		}
		entry := o.append(t, o.withdrawal())
		file := o.receipt(t, entry.StatementID)
		size := proof.Verify(file, proof.Against{}).About.Checkpoint.Size
		for i := range 9 {
			o.append(t, answer(fmt.Sprint(i)))
		}
		env.Clock.Advance(time.Hour)
		o.sign(t)
		published, err := o.Publish(o.ctx, size)
		if err != nil || published.From != size {
			t.Fatalf("%+v, %v", published, err)
		}
		later, err := published.MarshalIndent()
		if err != nil {
			t.Fatal(err)
		}
		report := proof.Verify(file, proof.Against{Key: published.Key, Later: [][]byte{later}})
		if !report.Holds() || report.Of(proof.ClaimLater) != proof.Holds || report.Of(proof.ClaimKey) != proof.Holds {
			t.Errorf("%+v", report.Claims)
		}
	})
}

// No receipt goes out that its holder could not verify: here one with a text that the statement does not name.
func TestAReceiptThatDoesNotVerifyIsNotHandedOut(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		o := newOffice(t, env)
		entry := o.append(t, o.withdrawal())
		_, err := o.Receipt(o.ctx, entry.StatementID, [][]byte{[]byte(`{"blocks":[],"formVersion":"v","language":"de","title":"t"}`)}, false)
		if !fault.Has(err, fault.LogBroken) {
			t.Errorf("got %v", err)
		}
		if _, err := o.Receipt(o.ctx, "unknown", nil, false); !fault.Has(err, fault.NothingHere) {
			t.Errorf("an unknown statement: %v", err)
		}
	})
}
