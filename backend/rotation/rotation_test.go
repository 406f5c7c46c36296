package rotation

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/audit"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
	"einverstanden/backend/testkit"
	"einverstanden/backend/vault"
)

var guardians = vault.Column{Table: "guardian", Column: "profile", Row: "id"}

// withOwnKeys gives the Env keys in a folder, which the shared ones have no more.
func withOwnKeys(t *testing.T, env *testkit.Env) (folder string) {
	t.Helper()
	folder = t.TempDir()
	if err := vault.Create(folder); err != nil {
		t.Fatal(err)
	}
	var err error
	if env.Vault, err = vault.Open(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

func rotate(t *testing.T, folder string) vault.KeyID {
	t.Helper()
	if _, err := vault.AddKey(folder); err != nil {
		t.Fatal(err)
	}
	promoted, err := vault.PromoteKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	return promoted
}

// A writer that comes between reading and exchanging wins: its value is newer.
func TestAValueThatWasChangedMeanwhileIsNotExchanged(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		folder := withOwnKeys(t, env)
		s := env.NewSchool(t)
		changed, same := s.Guardian("Ayşe", "Öztürk"), s.Guardian("Jonas", "Beispiel")
		service := NewService(env.DB, env.Vault, school.Sealed)
		key := rotate(t, folder)

		var values []value
		s.Read(func(tx *db.Tx) (err error) {
			values, err = valuesNotOn(tx, guardians, key, "", batchSize)
			return err
		})
		if len(values) != 2 {
			t.Fatalf("read %d values", len(values))
		}
		newer, err := env.Vault.Seal(guardians.At(s.ID, string(changed.ID)), []byte(`{"givenName":"Ayşe Nur"}`))
		if err != nil {
			t.Fatal(err)
		}
		s.Write(func(tx *db.Tx) error {
			return tx.G().Table("guardian").Where("school_id = ? AND id = ?", s.ID, changed.ID).Update("profile", newer).Error
		})
		r := &run{Service: service, primary: key, traced: map[id.School]bool{}}
		moved, broken, err := r.batch(s.Ctx, guardians, values)
		if err != nil || moved != 1 || len(broken) != 0 {
			t.Fatalf("moved %d, broken %v, %v", moved, broken, err)
		}
		if stands := profileOf(s, changed.ID); !bytes.Equal(stands, newer) {
			t.Error("what the writer wrote is gone")
		}
		if stands := profileOf(s, same.ID); !bytes.HasPrefix(stands, key.Prefix()) {
			t.Error("what nobody touched was not exchanged")
		}
	})
}

func profileOf(s *testkit.School, guardian id.Guardian) (sealed []byte) {
	s.Read(func(tx *db.Tx) error {
		return tx.G().Table("guardian").Select("profile").Where("school_id = ? AND id = ?", s.ID, guardian).Row().Scan(&sealed)
	})
	return sealed
}

// Many values are many short transactions, and a school's trail names each run once.
func TestBatchesCoverEverySchoolAndLeaveOneEntryEach(t *testing.T) {
	env := testkit.NewPostgres(t)
	folder := withOwnKeys(t, env)
	const people = batchSize + 1
	var schools []*testkit.School
	for range 2 {
		s := env.NewSchool(t)
		var all []school.Guardian
		for range people {
			all = append(all, school.Guardian{ID: id.New[id.Guardian](), Name: school.Name{Given: "Mila", Family: "Beispiel"}, Language: "de"})
		}
		s.Write(func(tx *db.Tx) error { return s.Service.AddGuardians(tx, all) })
		schools = append(schools, s)
	}
	key := rotate(t, folder)
	service := NewService(env.DB, env.Vault, school.Sealed)
	var reports int
	var last Progress
	err := service.Renew(context.Background(), func(p Progress) error {
		if p.Column == guardians {
			reports++
			last = p
		}
		return nil
	})
	if err != nil || reports != 5 || last.Values != 2*people || !last.Done {
		t.Fatalf("%d reports, the last %+v, %v; want two batches a school and the end", reports, last, err)
	}
	counts, err := service.Counts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		if c.Key != key {
			t.Errorf("%d values of %s are on %s", c.Values, c.Column.Table, c.Key)
		}
	}
	for _, s := range schools {
		var entries int64
		s.Read(func(tx *db.Tx) error {
			return tx.G().Table("audit").Where("action = ?", audit.SealRenewed).Count(&entries).Error
		})
		if entries != 1 {
			t.Errorf("%d entries in the trail", entries)
		}
	}
}

// A retirement is measured by the key file's own age: nothing sealed before the promotion may still be on its way.
func TestRetiringNeedsAnOldKeyAndAQuietMinute(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		folder := withOwnKeys(t, env)
		service := NewService(env.DB, env.Vault, school.Sealed)
		ctx := context.Background()
		if _, err := service.Retire(ctx, folder, time.Now().Add(time.Hour)); err == nil || !strings.Contains(err.Error(), "no old key") {
			t.Errorf("without an old key: %v", err)
		}
		rotate(t, folder)
		_, changed, err := vault.Keys(folder)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := service.Retire(ctx, folder, changed.Add(quiet-time.Nanosecond)); err == nil || !strings.Contains(err.Error(), "wait a minute") {
			t.Errorf("too early: %v", err)
		}
		if files, err := service.Retire(ctx, folder, changed.Add(quiet)); err != nil || len(files) != 1 {
			t.Errorf("after a minute: %v, %v", files, err)
		}
	})
}
