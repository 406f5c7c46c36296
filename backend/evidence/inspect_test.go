package evidence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

// inspect walks the log.
func (h *house) inspect(tb testing.TB, key *proof.Key, outside ...evidence.Outside) (counts evidence.Counts, found []evidence.Finding) {
	tb.Helper()
	err := h.DB.ReadLong(h.ctx, func(tx *db.Tx) (err error) {
		counts, err = h.log.Inspect(tx, evidence.Inspection{Key: key, Outside: outside, Found: func(f evidence.Finding) error {
			found = append(found, f)
			return nil
		}})
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	if counts.Findings != int64(len(found)) {
		tb.Errorf("%d findings are counted, %d were handed over", counts.Findings, len(found))
	}
	return counts, found
}

func (h *house) wantAgreement(tb testing.TB, leaves int64, outside ...evidence.Outside) {
	tb.Helper()
	key := h.signer(tb).Key()
	counts, found := h.inspect(tb, &key, outside...)
	if len(found) > 0 || counts.Leaves != leaves {
		tb.Fatalf("%+v, found %v", counts, found)
	}
}

// wantFound looks for one finding; column may be part of the finding's.
func wantFound(tb testing.TB, found []evidence.Finding, kind evidence.FindingKind, table, row, column string) {
	tb.Helper()
	for _, f := range found {
		if f.Kind == kind && f.Table == table && f.Row == row && (f.Column == column || column != "" && strings.Contains(f.Column, column)) {
			return
		}
	}
	tb.Errorf("no %s %s.%s of %q among %v", kind, table, column, row, found)
}

func (h *house) signer(tb testing.TB) proof.Signer {
	tb.Helper()
	school, _ := db.SchoolOf(h.ctx)
	signer, err := proof.NewSigner(proof.OriginOf(string(school)), make([]byte, 32))
	if err != nil {
		tb.Fatal(err)
	}
	return signer
}

// checkpoint signs the log as it stands now.
func (h *house) checkpoint(tb testing.TB) proof.Checkpoint {
	tb.Helper()
	c := proof.Checkpoint{Size: h.size(tb), At: h.Clock.Now()}
	h.read(tb, func(tx *db.Tx) (err error) {
		c.Root, err = tlog.TreeHash(c.Size, h.log.Hashes(tx))
		return err
	})
	return c
}

// note is an outside checkpoint.
func (h *house) note(tb testing.TB) evidence.Outside {
	tb.Helper()
	return evidence.Outside{Name: "checkpoint.txt", Content: []byte(h.signer(tb).Sign(h.checkpoint(tb)))}
}

// keep puts a checkpoint of now into the database.
func (h *house) keep(tb testing.TB) {
	tb.Helper()
	c := h.checkpoint(tb)
	err := h.exec("INSERT INTO checkpoint (school_id, size, note, signed_at) SELECT school_id, ?, ?, ? FROM school",
		c.Size, h.signer(tb).Sign(c), c.At.UnixMicro())
	if err != nil {
		tb.Fatal(err)
	}
}

// receipt is an outside receipt of the leaf.
func (h *house) receipt(tb testing.TB, entry evidence.Entry) evidence.Outside {
	tb.Helper()
	c, signer := h.checkpoint(tb), h.signer(tb)
	r := proof.Receipt{Checkpoint: signer.Sign(c), Key: signer.Key().String()}
	_, sealedSalt := h.sealed(tb, entry.StatementID)
	salt, err := h.Vault.Open(saltPlace(h, entry.StatementID), sealedSalt)
	if err != nil {
		tb.Fatal(err)
	}
	r.Salt = salt
	h.read(tb, func(tx *db.Tx) error {
		statement, err := h.log.Statement(tx, entry.StatementID)
		if err != nil {
			return err
		}
		record, err := h.log.Record(tx, entry.Leaf)
		if err != nil {
			return err
		}
		path, err := tlog.ProveRecord(c.Size, entry.Leaf, h.log.Hashes(tx))
		r.Statement, r.Leaf, r.Inclusion = statement, record, proof.HashesOf(path)
		return err
	})
	file, err := r.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return evidence.Outside{Name: "receipt.json", Content: file}
}

func (h *house) eraseLeaves(tb testing.TB, leaves ...int64) {
	tb.Helper()
	h.append(tb, act{Statement: proof.Statement{
		Kind:        proof.KindErasure,
		Declaration: &proof.ErasureDeclared{Leaves: leaves, Reason: "retention"},
		Server:      &proof.ErasureServer{At: h.Clock.Now()},
	}})
}

func TestALogThatNobodyTouchedAgrees(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.wantAgreement(t, 0, h.note(t))
		h.keep(t) // of an empty log
		var outside []evidence.Outside
		for i := range 7 {
			entry := h.append(t, answer(fmt.Sprint(i)))
			h.keep(t)
			outside = append(outside, h.note(t), h.receipt(t, entry))
		}
		h.wantAgreement(t, 7, outside...)
		if err := h.exec("DELETE FROM statement WHERE leaf_seq IN (2, 4)"); err != nil {
			t.Fatal(err)
		}
		h.eraseLeaves(t, 2, 4)
		h.wantAgreement(t, 8, outside...)
		counts, _ := h.inspect(t, nil, outside...)
		if want := (evidence.Counts{Leaves: 8, Statements: 6, Erased: 2, Checkpoints: 8, Outside: 14}); counts != want {
			t.Errorf("counts %+v, want %+v", counts, want)
		}
	})
}

// More than one window, and every size around its edge.
func TestAWalkOverSeveralWindowsAgrees(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.fill(t, 999)
		for size := int64(999); size <= 1001; size++ {
			h.wantAgreement(t, size, h.note(t))
			h.fill(t, 1)
		}
		h.fill(t, 1500)
		h.wantAgreement(t, 2502, h.note(t))
		a := env.Attack(t)
		for _, leaf := range []int64{0, 999, 1000, 2501} {
			row := evidenceRow(a, "statement", "leaf_seq", leaf)
			a.Set("statement", row, []string{"leaf_seq"}, "salt", testkit.Other("salt", row["salt"]))
			_, found := h.inspect(t, nil)
			wantFound(t, found, evidence.Changed, "statement", row["id"].(string), "salt")
			if len(found) != 1 {
				t.Errorf("leaf %d: %v", leaf, found)
			}
			a.Set("statement", row, []string{"leaf_seq"}, "salt", row["salt"])
		}
	})
}

func evidenceRow(a *testkit.Attacker, table, key string, number int64) testkit.Record {
	for _, row := range a.Rows(table, key) {
		if row[key] == number {
			return row
		}
	}
	panic(fmt.Sprintf("no %s %d", table, number))
}

// Checklist G2: UPDATE of any column of the log's own tables.
func TestG2EveryColumnOfTheLogThatChangesIsNamed(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for i := range 5 {
			h.append(t, answer(fmt.Sprint(i)))
		}
		h.keep(t)
		h.append(t, answer("after"))
		key := h.signer(t).Key()
		a := env.Attack(t)
		for _, table := range []struct {
			name, key string
			row       int
		}{{"leaf", "seq", 2}, {"statement", "id", 3}, {"tlog_hash", "position", 4}, {"log_head", "school_id", 0}, {"checkpoint", "size", 0}} {
			row := a.Rows(table.name, table.key)[table.row]
			// A row that is known by what changed is named as it is called now, or as the one that is missing.
			names := []string{fmt.Sprint(row[table.key]), fmt.Sprint(testkit.Other(table.key, row[table.key])), fmt.Sprint(row["leaf_seq"])}
			a.Alter(table.name, row, []string{table.key}, func(column string) {
				if table.name == "checkpoint" && column == "school_id" {
					return // a checkpoint taken away leaves nothing behind; those who hold a copy can show it
				}
				_, found := h.inspect(t, &key)
				named := slices.ContainsFunc(found, func(f evidence.Finding) bool {
					whole := f.Column == "" || column == table.key
					return f.Table == table.name && slices.Contains(names, f.Row) && (f.Column == column || whole) ||
						column == "size" && f.Table == "leaf" // with the head moved, it is the leaves that are too many or too few
				})
				if !named {
					t.Errorf("%s.%s changed, found %v", table.name, column, found)
				}
			})
			if _, found := h.inspect(t, &key); len(found) > 0 {
				t.Fatalf("%s was not put back: %v", table.name, found)
			}
		}
	})
}

func TestRowsThatAreTakenOrSlippedInAreNamed(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for i := range 6 {
			h.append(t, answer(fmt.Sprint(i)))
		}
		a := env.Attack(t)
		for _, c := range []struct {
			table, key string
			row        int
		}{{"leaf", "seq", 2}, {"leaf", "seq", 5}, {"tlog_hash", "position", 3}, {"log_head", "school_id", 0}, {"statement", "leaf_seq", 4}} {
			row := a.Rows(c.table, c.key)[c.row]
			a.Take(c.table, row, []string{c.key})
			_, found := h.inspect(t, nil)
			wantFound(t, found, evidence.Missing, c.table, fmt.Sprint(row[c.key]), "")
			if len(found) != 1 {
				t.Errorf("%s %v was taken, found %v", c.table, row[c.key], found)
			}
			a.Put(c.table, row)
		}
		for _, c := range []struct {
			table, key string
			value      any
		}{{"leaf", "seq", int64(6)}, {"leaf", "seq", int64(-1)}, {"leaf", "seq", int64(1) << 50}, {"tlog_hash", "position", int64(77)}} {
			row := a.Rows(c.table, c.key)[0]
			row[c.key] = c.value
			a.Put(c.table, row)
			_, found := h.inspect(t, nil)
			wantFound(t, found, evidence.Unattested, c.table, fmt.Sprint(c.value), "")
			a.Take(c.table, row, []string{c.key})
		}
		row := a.Rows("statement", "leaf_seq")[0]
		row["id"], row["leaf_seq"] = "slipped-in", int64(6)
		a.Put("statement", row)
		_, found := h.inspect(t, nil)
		wantFound(t, found, evidence.Unattested, "statement", "slipped-in", "")
	})
}

// A head that claims any number of leaves does not keep the walk from ending.
func TestAHeadThatClaimsTooManyLeavesIsNamedAtOnce(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.append(t, answer(""))
		a := env.Attack(t)
		a.Exec("UPDATE log_head SET size = ?", int64(1)<<50)
		_, found := h.inspect(t, nil)
		wantFound(t, found, evidence.Missing, "leaf", "1", "")
		wantFound(t, found, evidence.Missing, "leaf", fmt.Sprintf("1000 to %d", int64(1)<<50-1), "")
		if len(found) > 2000 {
			t.Errorf("%d findings", len(found))
		}
	})
}

func TestAMissingStatementNeedsAnErasureThatNamesIt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for i := range 4 {
			h.append(t, answer(fmt.Sprint(i)))
		}
		if err := h.exec("DELETE FROM statement WHERE leaf_seq IN (1, 2)"); err != nil {
			t.Fatal(err)
		}
		h.eraseLeaves(t, 2, 3)
		_, found := h.inspect(t, nil)
		wantFound(t, found, evidence.Missing, "statement", "1", "")
		wantFound(t, found, evidence.Changed, "statement", "3", "") // said to be erased, and stands
		if len(found) != 2 {
			t.Errorf("found %v", found)
		}
	})
}

// rewrite makes the whole log anew, as whoever has database and keys can: change alters the statements on the way.
func (h *house) rewrite(t *testing.T, a *testkit.Attacker, change func(leaf int64, d *proof.DecisionDeclared), keepLeaves int64) {
	t.Helper()
	var all []evidence.Kept
	h.read(t, func(tx *db.Tx) error {
		statements, err := h.log.StatementsAt(tx, 0, 1, 2, 3, 4, 5, 6, 7)
		for _, s := range statements {
			all = append(all, evidence.Kept{Statement: s.Statement, Private: s.Private, ID: s.ID, At: s.At.UnixMicro()})
		}
		return err
	})
	for _, table := range []string{"statement", "leaf", "tlog_hash", "log_head", "checkpoint"} {
		a.Exec("DELETE FROM " + table)
	}
	err := h.DB.WriteUnaudited(h.ctx, func(tx *db.Tx) error {
		return h.log.Fill(tx, keepLeaves, func(leaf int64) (evidence.Kept, error) {
			change(leaf, all[leaf].Statement.Declaration.(*proof.DecisionDeclared))
			return all[leaf], nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Checklist G3: nothing in the database shows a log that was rewritten with the keys; anything older that left the
// house does.
func TestG3ARewrittenLogShowsAgainstAnOlderCheckpointOrReceipt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.append(t, answer("0"))
		early := h.note(t)
		entry := h.append(t, answer("1"))
		for i := range 6 {
			h.append(t, answer(fmt.Sprint(2+i)))
		}
		older, receipt := h.note(t), h.receipt(t, entry)
		h.wantAgreement(t, 8, early, older, receipt)

		a := env.Attack(t)
		h.rewrite(t, a, func(leaf int64, d *proof.DecisionDeclared) {
			if leaf == 1 {
				d.Answer = "none"
			}
		}, 8)
		h.wantAgreement(t, 8) // not to be seen from inside
		h.append(t, answer("afterwards"))
		h.wantAgreement(t, 9)
		key := h.signer(t).Key()
		for _, outside := range []evidence.Outside{older, receipt} {
			_, found := h.inspect(t, &key, outside)
			wantFound(t, found, evidence.Rewritten, "file", outside.Name, "")
		}
		_, found := h.inspect(t, nil, receipt)
		if !slices.ContainsFunc(found, func(f evidence.Finding) bool { return f.Kind == evidence.Rewritten && f.Leaf == 1 }) {
			t.Errorf("the receipt's own leaf is not named: %v", found)
		}
	})
}

// Checklist G4: a log cut short is in order by itself; a later checkpoint or receipt shows it.
func TestG4ALogCutShortShowsAgainstALaterCheckpointOrReceipt(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		var last evidence.Entry
		for i := range 5 {
			h.append(t, answer(fmt.Sprint(i)))
		}
		early := h.note(t)
		for i := range 3 {
			last = h.append(t, answer(fmt.Sprint(5+i)))
		}
		h.keep(t)
		later, receipt := h.note(t), h.receipt(t, last)
		a := env.Attack(t)
		kept := a.Rows("checkpoint", "size")[0]
		// As it was after five leaves, hash by hash and head by head.
		a.Exec("DELETE FROM statement WHERE leaf_seq >= 5")
		a.Exec("DELETE FROM leaf WHERE seq >= 5")
		a.Exec("DELETE FROM tlog_hash WHERE position >= ?", tlog.StoredHashIndex(0, 5))
		hashes := a.Rows("tlog_hash", "position")
		edge := append(slices.Clone(hashes[tlog.StoredHashIndex(2, 0)]["hash"].([]byte)), hashes[tlog.StoredHashIndex(0, 4)]["hash"].([]byte)...)
		a.Exec("UPDATE log_head SET size = 5, edge = ?", edge)

		key := h.signer(t).Key()
		_, found := h.inspect(t, &key, early, later, receipt)
		wantFound(t, found, evidence.Truncated, "checkpoint", "8", "")
		wantFound(t, found, evidence.Truncated, "file", later.Name, "")
		wantFound(t, found, evidence.Truncated, "file", receipt.Name, "")
		if len(found) != 3 {
			t.Errorf("found %v", found)
		}
		a.Take("checkpoint", kept, []string{"size"})
		h.wantAgreement(t, 5, early) // nothing inside knows of it any more
	})
}

func TestWhatComesFromOutsideIsJudgedItself(t *testing.T) {
	env := testkit.NewPostgres(t)
	h, other := newHouse(t, env), newHouse(t, env)
	entry := h.append(t, answer("0"))
	other.append(t, answer("0"))
	stranger, err := proof.NewSigner(h.signer(t).Key().Origin, []byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	published, err := proof.Published{Checkpoint: string(h.note(t).Content), Key: h.signer(t).Key().String()}.MarshalIndent()
	if err != nil {
		t.Fatal(err)
	}
	receipt := h.receipt(t, entry)
	key := h.signer(t).Key()
	for _, c := range []struct {
		name    string
		content []byte
		key     *proof.Key
		want    evidence.FindingKind
	}{
		{"published", published, &key, ""},
		{"published, no key", published, nil, ""},
		{"published, another's note", []byte(strings.Replace(string(published), h.signer(t).Key().String(), stranger.Key().String(), 1)), nil, evidence.Unsigned},
		{"a note by another key", []byte(stranger.Sign(h.checkpoint(t))), &key, evidence.Unsigned},
		{"a note of another school", other.note(t).Content, nil, evidence.Unusable},
		{"a receipt", receipt.Content, &key, ""},
		{"a receipt, another key", receipt.Content, ptr(stranger.Key()), evidence.Unsigned},
		{"a receipt with a changed leaf", []byte(strings.Replace(string(receipt.Content), `"seq":0`, `"seq":1`, 1)), nil, evidence.Unusable},
		{"no checkpoint", []byte("hello"), nil, evidence.Unusable},
		{"other JSON", []byte(`{"a": 1}`), nil, evidence.Unusable},
	} {
		_, found := h.inspect(t, c.key, evidence.Outside{Name: c.name, Content: c.content})
		if c.want == "" && len(found) == 0 {
			continue
		}
		if len(found) != 1 || found[0].Kind != c.want || found[0].Row != c.name {
			t.Errorf("%s: found %v, want %s", c.name, found, c.want)
		}
	}
}

func ptr[T any](value T) *T { return &value }

// The step of the clock that a leaf tells must fit the leaf before (checklist G10).
func TestAStepOfTheClockIsNoChange(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for _, step := range []time.Duration{0, -time.Hour, time.Minute, -time.Second, -2 * time.Hour} {
			env.Clock.Advance(step)
			h.append(t, answerAt(env.Clock.Now()))
		}
		h.wantAgreement(t, 5, h.note(t))
	})
}

func answerAt(at time.Time) act {
	a := answer("")
	server := *a.Server.(*proof.DecisionServer)
	server.ReceivedAt, server.RecordedAt = at, at
	a.Server = &server
	return a
}

func saltPlace(h *house, statement id.Statement) vault.Place {
	school, _ := db.SchoolOf(h.ctx)
	return vault.Place{School: school, Table: "statement", Column: "salt", Row: string(statement)}
}
