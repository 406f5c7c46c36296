package db_test

import (
	"context"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"einverstanden/backend/db"
	"einverstanden/backend/testkit"
	"einverstanden/migrations"
)

func names(t *testing.T, folder string) []string {
	t.Helper()
	files, err := fs.Glob(migrations.Files, folder+"/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations in %s: %v", folder, err)
	}
	for i := range files {
		files[i] = strings.TrimPrefix(files[i], folder+"/")
	}
	return files
}

func TestBothDialectsHaveTheSameMigrations(t *testing.T) {
	if lite, pg := names(t, "sqlite"), names(t, "postgres"); !slices.Equal(lite, pg) {
		t.Fatalf("sqlite has %v, postgres %v", lite, pg)
	}
}

var (
	createTable = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	createIndex = regexp.MustCompile(`CREATE (?:UNIQUE )?INDEX .*;`)
)

// definitions reads tables and indexes as written, with the one type that has two spellings made equal.
func definitions(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range names(t, folder) {
		text, err := migrations.Files.ReadFile(folder + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range createTable.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = strings.ReplaceAll(m[2], " bytea", " blob")
		}
		for _, m := range createIndex.FindAllString(string(text), -1) {
			found[m] = m
		}
	}
	return found
}

// Parity: tables, columns, types, nullability, keys, checks and indexes are the same text in both folders.
func TestBothDialectsDefineTheSameSchema(t *testing.T) {
	lite, pg := definitions(t, "sqlite"), definitions(t, "postgres")
	if len(lite) < 30 {
		t.Fatalf("only %d definitions were found: the pattern no longer fits", len(lite))
	}
	for name, text := range lite {
		if pg[name] != text {
			t.Errorf("%s differs:\nsqlite:%s\npostgres:%s", name, text, pg[name])
		}
	}
	for name := range pg {
		if _, ok := lite[name]; !ok {
			t.Errorf("%s exists on postgres only", name)
		}
	}
}

// Every key leads with school_id; the tables outside row level security are the exception.
func TestEveryKeyLeadsWithTheSchool(t *testing.T) {
	keys := regexp.MustCompile(`(PRIMARY KEY|UNIQUE|FOREIGN KEY) \((\w+)`)
	outside := map[string]bool{"directory": true, "attempt": true, "ceremony": true}
	checked := 0
	for name, text := range definitions(t, "sqlite") {
		for _, m := range keys.FindAllStringSubmatch(text, -1) {
			checked++
			if m[2] != "school_id" && !outside[name] {
				t.Errorf("%s: %s begins with %s", name, m[1], m[2])
			}
		}
	}
	if checked < 60 {
		t.Fatalf("only %d keys were checked", checked)
	}
}

func tenantTables(t *testing.T, env *testkit.Env) []string {
	t.Helper()
	var tables []string
	err := env.DB.ReadOutside(context.Background(), func(tx *db.Tx) error {
		return tx.G().Raw(`SELECT table_name FROM information_schema.columns
			WHERE table_schema = current_schema() AND column_name = 'school_id' AND table_name <> 'directory'`).Scan(&tables).Error
	})
	if err != nil || len(tables) < 25 {
		t.Fatalf("%d tenant tables: %v", len(tables), err)
	}
	return tables
}

func TestMigratingIsCurrentAndRepeatable(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		ctx := context.Background()
		if err := env.DB.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if current, err := env.DB.Current(ctx); !current || err != nil {
			t.Fatalf("current %v, %v", current, err)
		}
	})
}
