package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork/internal/programtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// failing is a store whose numbers cannot be read while it is away.
type failing struct {
	store.Store
	away  atomic.Bool
	asked atomic.Int32
}

func (f *failing) Totals(ctx context.Context) (store.Totals, error) {
	f.asked.Add(1)
	if f.away.Load() {
		return store.Totals{}, errors.New("away")
	}
	return f.Store.Totals(ctx)
}

func scrape(m *metrics) string {
	w := httptest.NewRecorder()
	m.server.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// has reports whether a scrape has a value for a metric with a label, whatever other
// labels it has.
func has(text, metric, label, value string) bool {
	for line := range strings.Lines(text) {
		name, rest, labelled := strings.Cut(strings.TrimSuffix(line, " "+value+"\n"), "{")
		if name == metric && (label == "" && !labelled || label != "" && strings.Contains(rest, label)) && strings.HasSuffix(line, " "+value+"\n") {
			return true
		}
	}
	return false
}

// Tasks by state, escrow, fees and the state of the books are at /metrics.
func TestTheMarketplacesNumbersAreInTheMetrics(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	metrics, err := newMetrics("127.0.0.1:0", log)
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.close()
	s := Defaults()
	kept := &failing{Store: memory.New()}
	b := &backend{store: kept, kind: "memory"}
	m, err := newMarket(&s, b, metrics.telemetry(), log)
	if err != nil {
		t.Fatal(err)
	}
	if err := metrics.observe(b, m, "v1.2.3", log); err != nil {
		t.Fatal(err)
	}
	poster, err := m.Register(t.Context(), market.RegisterInput{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	worker, err := m.Register(t.Context(), market.RegisterInput{Name: "w"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := m.As(poster.AgentID).Post(t.Context(), market.PostInput{Need: "x", MaxCredits: 20}); err != nil {
			t.Fatal(err)
		}
	}
	task, ok, err := m.As(worker.AgentID).Pickup(t.Context(), market.Filter{})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, err := m.As(worker.AgentID).Deliver(t.Context(), task.TaskID, market.DeliverInput{Result: "done"}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.As(poster.AgentID).Approve(t.Context(), task.TaskID, market.ApproveInput{}); err != nil {
		t.Fatal(err)
	}
	if report, err := m.Audit(t.Context()); err != nil || !report.OK {
		t.Fatal(report, err)
	}
	before := kept.asked.Load()
	text := scrape(metrics)
	for _, want := range [][3]string{
		{"pinchwork_build_info", `version="v1.2.3"`, "1"},
		{"pinchwork_build_info", `store="memory"`, "1"},
		{"pinchwork_store_up", "", "1"},
		{"pinchwork_agents", "", "2"},
		{"pinchwork_credits_escrowed", "", "20"},
		{"pinchwork_tasks", `status="posted"`, "1"},
		{"pinchwork_tasks", `status="approved"`, "1"},
		{"pinchwork_tasks", `status="expired"`, "0"},
		{"pinchwork_credits_moved_total", `kind="platform_fee"`, "2"},
		{"pinchwork_credits_moved_total", `kind="payment"`, "18"},
		{"pinchwork_credits_moved_total", `kind="claw_back"`, "0"},
		{"pinchwork_commit_conflicts_total", `guard="task version"`, "0"},
		{"pinchwork_webhook_attempts_total", `outcome="dead"`, "0"},
		{"pinchwork_webhook_overdue_seconds", "", "0"},
		{"pinchwork_webhook_dead", "", "0"},
		{"pinchwork_audit_problems", "", "0"},
	} {
		if !has(text, want[0], want[1], want[2]) {
			t.Errorf("there is no %v in\n%s", want, text)
		}
	}
	if !strings.Contains(text, "pinchwork_audit_timestamp_seconds 1.") {
		t.Error("nothing says when the books were audited")
	}
	scrape(metrics)
	if n := kept.asked.Load() - before; n != 1 {
		t.Errorf("two scrapes asked %d times", n)
	}
}

// A scrape of a server whose store is away is answered, and says so; the log has the market's
// word for it.
func TestMetricsOfAStoreThatIsAway(t *testing.T) {
	kept, log := &failing{Store: memory.New()}, &programtest.Log{}
	s := Defaults()
	metrics, err := newMetrics("127.0.0.1:0", logger(&s, log))
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.close()
	kept.away.Store(true)
	if err := metrics.observe(&backend{store: kept}, nil, "x", logger(&s, log)); err != nil {
		t.Fatal(err)
	}
	if text := scrape(metrics) + scrape(metrics); !has(text, "pinchwork_store_up", "", "0") || strings.Contains(text, "pinchwork_tasks") {
		t.Error(text)
	}
	if log.String() != "" {
		t.Errorf("the log says\n%s", log)
	}
}
