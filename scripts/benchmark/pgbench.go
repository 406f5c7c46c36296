package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// script is a pgbench script of one shape of decision, and the values of all recorded decisions of that shape. Each run
// takes the values of one of them by random. They ride on its first statement, which costs one row by its key.
type script struct {
	text    string
	columns []string
	rows    [][]any
}

// request is what one decision asked of the database: who is it, and the decision itself.
type request struct{ session, change transaction }

// Columns whose value must be new in every run; where else the same value stands, the new one stands too.
var freshColumns = map[string]bool{"statement.id": true, "decision.id": true, "outbox.id": true, "idempotency.key": true}

// tableOfValues holds the rows of the n-th script.
func tableOfValues(n int) string { return fmt.Sprintf("bench_value_%d", n) }

// scriptsOf makes a script for each shape: the statements are always the same but for absent values, which stand in
// the text, and for how many hashes a leaf completes. Of the latter the commonest above one is taken; it is the mean.
func scriptsOf(recorded []transaction) ([]script, error) {
	var sessions []transaction
	shapes := map[string][]request{}
	for _, t := range recorded {
		switch {
		case strings.Contains(t[len(t)-1].sql, "FROM session"):
			sessions = append(sessions, t)
		case isDecision(t):
			shape := shapeOf(t)
			shapes[shape] = append(shapes[shape], request{change: t})
		}
	}
	if len(shapes) == 0 || len(sessions) == 0 {
		return nil, errors.New("no decision was recorded")
	}
	var scripts []script
	for _, shape := range slices.Sorted(maps.Keys(shapes)) {
		requests := shapes[shape]
		for i := range requests {
			requests[i].session = sessions[i]
		}
		scripts = append(scripts, newBuilder(requests).script(len(scripts)))
	}
	return scripts, nil
}

// isDecision accepts a decision that follows an earlier one and whose leaf brings two hashes.
func isDecision(t transaction) bool {
	inserted := map[string]int{}
	for _, s := range t {
		if table, columns := insertOf(s.sql); table != "" {
			inserted[table] += len(s.args) / len(columns)
		}
	}
	return inserted["decision"] == 1 && inserted["statement"] == 1 && inserted["tlog_hash"] == 2
}

func shapeOf(t transaction) string {
	var shape strings.Builder
	for _, s := range t {
		shape.WriteString(s.sql)
		for _, arg := range s.args {
			fmt.Fprint(&shape, arg == nil)
		}
	}
	return shape.String()
}

var insertPattern = regexp.MustCompile(`^INSERT INTO "?(\w+)"? \(([^)]*)\) VALUES`)

// insertOf gives table and columns of an INSERT, whose arguments stand in the order of its columns.
func insertOf(query string) (table string, columns []string) {
	found := insertPattern.FindStringSubmatch(query)
	if found == nil {
		return "", nil
	}
	return found[1], strings.Split(strings.NewReplacer(`"`, "", " ", "").Replace(found[2]), ",")
}

// builder writes one script.
type builder struct {
	requests []request
	names    map[string]string // of the values of one place in all requests → the variable's name
	fresh    []string
	columns  []string
	rows     [][]any
	places   int // in tlog_hash
}

func newBuilder(requests []request) *builder {
	b := &builder{requests: requests, names: map[string]string{}, rows: make([][]any, len(requests))}
	for i, s := range requests[0].change {
		table, columns := insertOf(s.sql)
		for j := range s.args {
			if table == "" {
				break
			}
			key := keyOf(b.values(true, i, j))
			switch column := table + "." + columns[j%len(columns)]; {
			case freshColumns[column] && b.names[key] == "":
				b.names[key] = fmt.Sprintf("fresh%d", len(b.fresh))
				b.fresh = append(b.fresh, b.names[key])
			case column == "leaf.seq":
				b.names[key] = "head_size"
			}
		}
	}
	return b
}

// values are those of one argument in all requests.
func (b *builder) values(change bool, statement, arg int) []any {
	values := make([]any, len(b.requests))
	for i, r := range b.requests {
		t := r.session
		if change {
			t = r.change
		}
		values[i] = literal(t[statement].args[arg])
	}
	return values
}

func keyOf(values []any) string { return fmt.Sprintf("%q", values) }

// literal is the value in PostgreSQL's text form, in which pgbench sends it.
func literal(value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case []byte:
		return `\x` + hex.EncodeToString(v)
	}
	return fmt.Sprint(value)
}

// variable is the name under which the script knows the argument.
func (b *builder) variable(change bool, statement, arg int) string {
	values := b.values(change, statement, arg)
	key := keyOf(values)
	if name := b.names[key]; name != "" {
		return name
	}
	name := fmt.Sprintf("v%d", len(b.columns))
	b.names[key] = name
	b.columns = append(b.columns, name)
	for i := range b.rows {
		b.rows[i] = append(b.rows[i], values[i])
	}
	return name
}

func (b *builder) script(n int) script {
	var session, change strings.Builder
	for i, s := range b.requests[0].session[1:] {
		session.WriteString(b.statement(false, i+1, s) + ";\n")
	}
	for i, s := range b.requests[0].change {
		change.WriteString(b.lines(i, s))
	}
	// The first statement of a transaction enters the school.
	school := b.variable(false, 0, 0)
	first := fmt.Sprintf("SELECT set_config('app.school_id', %s, true), *", school)
	for _, fresh := range b.fresh {
		first += ", gen_random_uuid()::text AS " + fresh
	}
	text := fmt.Sprintf("\\set n random(0, %d)\nBEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n%s FROM %s WHERE n = :n \\gset\n%sCOMMIT;\nBEGIN;\n%sCOMMIT;\n",
		len(b.rows)-1, first, tableOfValues(n), &session, &change)
	return script{text: text, columns: b.columns, rows: b.rows}
}

// lines is a statement of the decision; the log's head, once read and locked, tells the next numbers.
func (b *builder) lines(i int, s statement) string {
	text := b.statement(true, i, s)
	if strings.Contains(s.sql, "FROM log_head") {
		const leastPlace = 1 << 32 // above every place that is taken
		return text + fmt.Sprintf(" \\gset head_\n\\set next_size :head_size + 1\n\\set place0 %d + 2 * :head_size\n\\set place1 :place0 + 1\n", leastPlace)
	}
	return text + ";\n"
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

// statement is its text with variables for the placeholders.
func (b *builder) statement(change bool, i int, s statement) string {
	table, columns := insertOf(s.sql)
	oneLine := strings.Join(strings.Fields(s.sql), " ")
	return placeholder.ReplaceAllStringFunc(oneLine, func(match string) string {
		n, _ := strconv.Atoi(match[1:]) // the pattern matches digits alone
		arg := n - 1
		switch {
		case s.args[arg] == nil:
			return "NULL"
		case strings.HasPrefix(s.sql, "UPDATE log_head") && arg == 0:
			return ":next_size"
		case table == "tlog_hash" && columns[arg%len(columns)] == "position":
			b.places++
			return fmt.Sprintf(":place%d", b.places-1)
		}
		return ":" + b.variable(change, i, arg)
	})
}

// replay runs the scripts on a fresh copy of the base database and gives the decisions a second.
func (s *server) replay(ctx context.Context, pgbench, folder string, scripts []script) (float64, error) {
	const name, each = "bench_plain", 400 // decisions of each client: about as many as ours
	if err := s.fresh(ctx, name); err != nil {
		return 0, err
	}
	args := []string{
		"--no-vacuum", "--protocol=prepared", "--client=" + strconv.Itoa(postgresClients), "--jobs=2",
		"--transactions=" + strconv.Itoa(each),
	}
	var before, after int
	err := s.in(ctx, name, func(pool *sql.DB) error {
		for n, script := range scripts {
			file := filepath.Join(folder, tableOfValues(n))
			args = append(args, "--file="+file)
			if err := errors.Join(script.store(ctx, pool, tableOfValues(n)), os.WriteFile(file, []byte(script.text), 0o600)); err != nil {
				return err
			}
		}
		return pool.QueryRowContext(ctx, "SELECT count(*) FROM decision").Scan(&before)
	})
	if err != nil {
		return 0, err
	}
	said, err := exec.CommandContext(ctx, pgbench, append(args, s.dsn("einverstanden_rt", name))...).CombinedOutput() //nolint:gosec // the caller names the program
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w\n%s", err, said)
	}
	err = s.in(ctx, name, func(pool *sql.DB) error {
		return pool.QueryRowContext(ctx, "SELECT count(*) FROM decision").Scan(&after)
	})
	if err == nil && after-before != postgresClients*each {
		err = fmt.Errorf("pgbench made %d decisions of %d", after-before, postgresClients*each)
	}
	return rateOf(said), err
}

var ratePattern = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

// rateOf reads the transactions a second from what pgbench said; 0 when it said nothing.
func rateOf(said []byte) float64 {
	found := ratePattern.FindSubmatch(said)
	if found == nil {
		return 0
	}
	rate, _ := strconv.ParseFloat(string(bytes.TrimSpace(found[1])), 64) // the pattern matches numbers alone
	return rate
}

// store writes the script's values into a table, which the runtime role may read.
func (s script) store(ctx context.Context, pool *sql.DB, table string) error {
	_, err := pool.ExecContext(ctx, fmt.Sprintf("CREATE TABLE %s (n bigint PRIMARY KEY, %s text); GRANT SELECT ON %s TO einverstanden_rt",
		table, strings.Join(s.columns, " text, "), table))
	if err != nil {
		return err
	}
	marks := make([]string, len(s.columns)+1)
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	for n, row := range s.rows {
		query := fmt.Sprintf("INSERT INTO %s VALUES (%s)", table, strings.Join(marks, ", ")) //nolint:gosec // names of our own
		if _, err := pool.ExecContext(ctx, query, append([]any{n}, row...)...); err != nil {
			return err
		}
	}
	_, err = pool.ExecContext(ctx, "ANALYZE "+table)
	return err
}
