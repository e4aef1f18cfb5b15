package sqlite_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"github.com/pinchwork/pinchwork/store/sqlite"
)

// plans gathers how the statements of stores that were tested are carried out.
type plans struct {
	mu  sync.Mutex
	all map[string][]string
}

// gather looks at what a store has prepared.
func (p *plans) gather(t testing.TB, s *sqlite.Store) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string][]string{}
	}
	s.Prepared(func(db *sqlite3.Conn, sql string) {
		if _, known := p.all[sql]; known || !regexp.MustCompile(`(?i)^\s*(select|insert|replace|update|delete)`).MatchString(sql) {
			return
		}
		stmt, _, err := db.Prepare("explain query plan " + sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			return
		}
		p.all[sql] = []string{}
		for stmt.Step() {
			p.all[sql] = append(p.all[sql], stmt.ColumnText(3))
		}
		if err := stmt.Close(); err != nil {
			t.Error(err)
		}
	})
}

// few are tables of one row or a handful, whatever is stored.
var few = []string{"pinchwork_total", "pinchwork_schema", "pinchwork_report_count", "sqlite_schema", "sqlite_sequence", "CONSTANT ROW"}

// check refuses a statement that looks at all of a table: one that goes along it in
// order stops at its limit.
func (p *plans) check(t *testing.T) {
	t.Helper()
	if len(p.all) < 80 {
		t.Errorf("only %d statements were seen", len(p.all))
	}
	for sql, steps := range p.all {
		sorts := slices.ContainsFunc(steps, func(s string) bool { return strings.HasPrefix(s, "USE TEMP B-TREE") })
		for _, step := range steps {
			table, scans := strings.CutPrefix(step, "SCAN ")
			name, _, _ := strings.Cut(table, " USING")
			bounded := strings.Contains(sql, "limit") && !sorts || strings.HasPrefix(table, "(")
			if scans && !bounded && !slices.Contains(few, name) {
				t.Errorf("%s\nlooks at everything: %s", sql, strings.Join(steps, "; "))
			}
		}
	}
}
