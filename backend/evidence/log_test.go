package evidence_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

// house is a school with its log.
type house struct {
	*testkit.Env
	ctx context.Context
	log *evidence.Log
}

func newHouse(tb testing.TB, env *testkit.Env) *house {
	tb.Helper()
	school := id.New[id.School]()
	h := &house{Env: env, ctx: env.InSchool(school), log: evidence.NewLog(env.Vault)}
	if err := h.DB.WriteUnaudited(h.ctx, func(tx *db.Tx) error { return tx.G().Exec(insertSchool, school).Error }); err != nil {
		tb.Fatal(err)
	}
	return h
}

const insertSchool = `INSERT INTO school (school_id, name, address, officers, authority_name, authority_contact,
	conference_system, processor_name, user_rules, retention_years, lesson_basis, room_hosts, zone, created_at)
	VALUES (?, 'Gesamtschule Musterstadt', '-', '-', '-', '-', '-', '-', '-', 5, 'consent', '[]', 'Europe/Berlin', 0)`

// act is a statement with its private part.
type act struct {
	proof.Statement
	private *proof.Private
}

func (a act) part() evidence.Part {
	if a.private == nil {
		return evidence.Part{}
	}
	part, err := evidence.NewPart(*a.private)
	if err != nil {
		panic(err)
	}
	return part
}

// answer is a statement like those of package consent.
func answer(place string) act {
	private := &proof.Private{BirthDate: calendar.MustParse("2014-05-06"), Blind: make([]byte, proof.BlindSize), Place: place}
	hash, err := proof.HashOf(private)
	if err != nil {
		panic(err)
	}
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	return act{proof.Statement{
		Kind: proof.KindDecision,
		Declaration: &proof.DecisionDeclared{
			School: "0193-school", Pupil: "0193-pupil", Person: id.GuardianOf("0193-guardian"), Purpose: "video_conference",
			Answer: "video", FormVersion: "0193-version", Language: "de", TextSHA256: strings.Repeat("ab", sha256.Size),
			PrivateSHA256: hash,
		},
		Server: &proof.DecisionServer{
			Decision: "0193-decision", VersionNumber: 1, Edition: 1, Channel: "app", Means: proof.MeansSession, GermanTextSHA256: strings.Repeat("ab", sha256.Size),
			Names: proof.Names{Person: "Vera Br\u00fcckner", Pupil: "Lena Br\u00fcckner", Class: "7b"}, ReceivedAt: at, RecordedAt: at,
		},
	}, private}
}

// own makes a decision one of this school: a receipt belongs to the log that its statement names.
func (h *house) own(a act) act {
	if declared, ok := a.Declaration.(*proof.DecisionDeclared); ok {
		declared.School, _ = db.SchoolOf(h.ctx)
	}
	return a
}

// append writes one statement as a change of its own.
func (h *house) append(tb testing.TB, a act) (entry evidence.Entry) {
	tb.Helper()
	h.own(a)
	err := h.DB.Write(h.ctx, func(tx *db.Tx) (err error) {
		entry, err = h.log.Append(tx, a.Statement, a.part())
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return entry
}

func (h *house) read(tb testing.TB, f func(tx *db.Tx) error) {
	tb.Helper()
	if err := h.DB.Read(h.ctx, f); err != nil {
		tb.Fatal(err)
	}
}

// exec runs SQL past the package, as somebody with the database at hand would.
func (h *house) exec(sql string, values ...any) error {
	return h.DB.WriteUnaudited(h.ctx, func(tx *db.Tx) error { return tx.G().Exec(sql, values...).Error })
}

// leaf is a log record as a verifier reads it.
type leaf struct {
	V          int    `json:"v"`
	Seq        int64  `json:"seq"`
	Kind       string `json:"kind"`
	Commit     []byte `json:"commit"`
	TextSHA256 string `json:"textSha256"`
	At         int64  `json:"at"`
	ClockStep  int64  `json:"clockStep"`
}

func (h *house) leaf(tb testing.TB, seq int64) (l leaf) {
	tb.Helper()
	h.read(tb, func(tx *db.Tx) error {
		record, err := h.log.Record(tx, seq)
		if err != nil {
			return err
		}
		return json.Unmarshal(record, &l)
	})
	return l
}

// sealed reads a statement's sealed columns.
func (h *house) sealed(tb testing.TB, statement id.Statement) (body, salt []byte) {
	tb.Helper()
	var row struct{ Body, Salt []byte }
	h.read(tb, func(tx *db.Tx) error {
		return tx.G().Table("statement").Where("school_id = ? AND id = ?", tx.School, statement).Take(&row).Error
	})
	return row.Body, row.Salt
}

func TestAnAppendedStatementOpensAndMatchesItsLeaf(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		entry := h.append(t, answer("Mu\u0308nster"))

		want, err := h.own(answer("Münster")).Encode()
		if err != nil {
			t.Fatal(err)
		}
		var statement []byte
		var private *proof.Private
		h.read(t, func(tx *db.Tx) (err error) {
			if statement, err = h.log.Statement(tx, entry.StatementID); err != nil {
				return err
			}
			private, err = h.log.Private(tx, entry.StatementID)
			return err
		})
		if string(statement) != string(want) {
			t.Fatalf("statement\n%s\nwant\n%s", statement, want)
		}
		if private == nil || private.Place != "Münster" { // as it was hashed
			t.Errorf("private part %+v", private)
		}
		sum := sha256.Sum256(want)
		if entry.StatementSHA256 != hex.EncodeToString(sum[:]) || entry.Leaf != 0 || !entry.At.Equal(env.Clock.Now()) {
			t.Errorf("entry %+v", entry)
		}

		body, sealedSalt := h.sealed(t, entry.StatementID)
		if strings.Contains(string(body), "Brückner") {
			t.Error("the statement lies open")
		}
		school, _ := db.SchoolOf(h.ctx)
		salt, err := env.Vault.Open(vault.Place{School: school, Table: "statement", Column: "salt", Row: string(entry.StatementID)}, sealedSalt)
		if err != nil || len(salt) != 32 {
			t.Fatalf("salt of %d bytes, %v", len(salt), err)
		}
		mac := hmac.New(sha256.New, salt)
		mac.Write(want)
		got := h.leaf(t, 0)
		if !hmac.Equal(got.Commit, mac.Sum(nil)) {
			t.Error("the leaf's commitment is not to this statement")
		}
		if got.V != 1 || got.Kind != "decision" || got.TextSHA256 != strings.Repeat("ab", 32) || got.At != entry.At.UnixMicro() || got.ClockStep != 0 {
			t.Errorf("leaf %+v", got)
		}
	})
}

// Equal statements are unlike in the log: nobody can count who said the same.
func TestEqualStatementsHaveUnlikeCommitments(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		first, second := h.append(t, answer("")), h.append(t, answer(""))
		if first.StatementSHA256 != second.StatementSHA256 || first.StatementID == second.StatementID || second.Leaf != 1 {
			t.Fatalf("%+v, %+v", first, second)
		}
		if slices.Equal(h.leaf(t, 0).Commit, h.leaf(t, 1).Commit) {
			t.Fatal("the same commitment twice")
		}
	})
}

func TestEntriesAreReadBack(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		var made []evidence.Entry
		for _, place := range []string{"Aa", "Bb", "Cc"} {
			env.Clock.Advance(time.Minute)
			made = append(made, h.append(t, answer(place)))
		}
		h.read(t, func(tx *db.Tx) error {
			for _, want := range made {
				got, err := h.log.Entry(tx, want.StatementID)
				if err != nil || got != want {
					t.Errorf("got %+v, %v; want %+v", got, err, want)
				}
			}
			at, err := h.log.EntriesAt(tx, 0, 2, 7)
			if want := map[int64]evidence.Entry{0: made[0], 2: made[2]}; err != nil || !maps.Equal(at, want) {
				t.Errorf("got %+v, %v; want %+v", at, err, want)
			}
			hashes, err := h.log.SHA256Of(tx, made[1].StatementID, "unknown")
			if want := map[id.Statement]string{made[1].StatementID: made[1].StatementSHA256}; err != nil || !maps.Equal(hashes, want) {
				t.Errorf("got %v, %v; want %v", hashes, err, want)
			}
			none, err := h.log.EntriesAt(tx)
			if err != nil || len(none) != 0 {
				t.Errorf("asked for nothing, got %v, %v", none, err)
			}
			return nil
		})
	})
}

func TestWhatWasNeverAppendedIsNotFound(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.append(t, answer(""))
		h.read(t, func(tx *db.Tx) error {
			_, statementErr := h.log.Statement(tx, "unknown")
			_, entryErr := h.log.Entry(tx, "unknown")
			_, recordErr := h.log.Record(tx, 1)
			for name, err := range map[string]error{"statement": statementErr, "entry": entryErr, "record": recordErr} {
				if !fault.Has(err, fault.NothingHere) {
					t.Errorf("%s: got %v", name, err)
				}
			}
			if _, err := h.log.Hashes(tx).ReadHashes([]int64{0, 1}); err == nil {
				t.Error("a hash beyond the log was read")
			}
			return nil
		})
	})
}

func TestARefusedStatementLeavesNothing(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		wrong := answer("")
		wrong.Kind = "wish"
		err := h.DB.Write(h.ctx, func(tx *db.Tx) error {
			if _, err := h.log.Append(tx, wrong.Statement, wrong.part()); err == nil {
				t.Error("an unknown kind is accepted")
			}
			return nil
		})
		if !errors.Is(err, db.ErrNotAudited) {
			t.Fatalf("a refused statement counts as a trace: %v", err)
		}
		if entry := h.append(t, answer("")); entry.Leaf != 0 {
			t.Fatalf("the first leaf is number %d", entry.Leaf)
		}
	})
}

// Checklist G10: the order is the log's, and the leaf says how far the clock was set back.
func TestG10AClockSetBackIsRecorded(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		for _, step := range []time.Duration{0, -time.Hour, time.Minute, -time.Second, -2 * time.Hour} {
			env.Clock.Advance(step)
			h.append(t, answer(""))
		}
		for seq, want := range []time.Duration{
			0, time.Hour, 0,
			0, // changes that overlap begin in one order and reach the log in another
			2 * time.Hour,
		} {
			if got := h.leaf(t, int64(seq)); got.ClockStep != want.Microseconds() || got.Seq != int64(seq) {
				t.Errorf("leaf %d: %+v, want a step of %s", seq, got, want)
			}
		}
	})
}

func TestEvidenceIsAppendOnly(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.append(t, answer(""))
		for _, sql := range []string{
			"UPDATE leaf SET record = 'x'", "UPDATE leaf SET at = at + 1", "DELETE FROM leaf",
			"UPDATE tlog_hash SET hash = 'x'", "DELETE FROM tlog_hash",
			"UPDATE statement SET body = 'x'", "UPDATE statement SET salt = 'x'", "UPDATE statement SET leaf_seq = 7", "UPDATE statement SET private = NULL",
		} {
			if err := h.exec(sql); !errors.Is(err, db.ErrAppendOnly) {
				t.Errorf("%s: got %v", sql, err)
			}
		}
	})
}

// A head that somebody else has moved or damaged stops the log; it never forks it.
func TestABrokenHeadStopsTheLog(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		h.append(t, answer(""))
		h.append(t, answer(""))
		for name, change := range map[string]string{
			"back to a size that was": "UPDATE log_head SET size = 1",
			"a size of another edge":  "UPDATE log_head SET size = 7",
			"an edge cut short":       "UPDATE log_head SET edge = 'x'",
		} {
			t.Run(name, func(t *testing.T) {
				err := h.DB.WriteUnaudited(h.ctx, func(tx *db.Tx) error {
					if err := tx.G().Exec(change).Error; err != nil {
						t.Errorf("the head could not be changed: %v", err)
					}
					_, err := h.log.Append(tx, answer("").Statement, answer("").part())
					return err
				})
				if err == nil {
					t.Fatal("appended all the same")
				}
			})
		}
		if entry := h.append(t, answer("")); entry.Leaf != 2 {
			t.Fatalf("went on at leaf %d", entry.Leaf)
		}
	})
}
