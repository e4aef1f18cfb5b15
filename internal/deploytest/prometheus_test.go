package deploytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each alert says what it is about, how bad it is and what to do, and is raised by what it
// says: promtool runs the tests beside the rules.
func TestAlerts(t *testing.T) {
	text := read(t, "prometheus/alerts.yaml")
	rules, _ := at(documents(t, text)[0], "groups", 0, "rules").([]any)
	for _, rule := range rules {
		for _, path := range [][]any{{"alert"}, {"expr"}, {"labels", "severity"}, {"annotations", "summary"}, {"annotations", "description"}} {
			if s, _ := at(rule, path...).(string); s == "" {
				t.Errorf("%v has no %v", at(rule, "alert"), path)
			}
		}
		wantMetrics(t, fmt.Sprint(at(rule, "alert")), fmt.Sprint(at(rule, "expr")))
	}
	if len(rules) < 10 {
		t.Errorf("there are only %d alerts", len(rules))
	}
	promtool := program(t, "promtool")
	run(t, promtool, "check", "config", filepath.Join(deploy, "prometheus/prometheus.yaml"))
	run(t, promtool, "test", "rules", filepath.Join(deploy, "prometheus/alerts_test.yaml"))
}

// Every panel of the dashboard asks for metrics that a server has, in expressions that
// Prometheus parses.
func TestDashboard(t *testing.T) {
	var board struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "grafana/pinchwork.json")), &board); err != nil {
		t.Fatal(err)
	}
	used, ids := map[string]bool{}, map[int]bool{}
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for i, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.X+p.GridPos.W > 24 || len(p.Targets) == 0 {
			t.Errorf("panel %d: %+v", i, p)
		}
		ids[p.ID] = true
		for j, target := range p.Targets {
			maps.Copy(used, wantMetrics(t, p.Title, target.Expr))
			fmt.Fprintf(&rules, "  - {record: 'panel:%d:%d', expr: %q}\n", i, j, target.Expr)
		}
	}
	maps.Copy(used, wantMetrics(t, "the alerts", read(t, "prometheus/alerts.yaml")))
	for _, name := range slices.Sorted(maps.Keys(metrics(t))) {
		if !used[name] {
			t.Errorf("%s is on no panel and in no alert", name)
		}
	}
	promtool := program(t, "promtool")
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, promtool, "check", "rules", file)
}

// wantMetrics fails for a metric in an expression that no server has, and returns those
// that it names.
func wantMetrics(t *testing.T, where, expr string) map[string]bool {
	t.Helper()
	known, used := metrics(t), map[string]bool{}
	for _, name := range regexp.MustCompile(`\bpinchwork_[a-z_]+`).FindAllString(expr, -1) {
		for _, part := range []string{"_bucket", "_count", "_sum"} {
			if base, cut := strings.CutSuffix(name, part); cut && known[base] {
				name = base
			}
		}
		if !known[name] {
			t.Errorf("%s: no server has %s", where, name)
		}
		used[name] = true
	}
	return used
}
