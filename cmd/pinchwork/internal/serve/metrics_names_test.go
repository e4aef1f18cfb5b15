package serve

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

// noted is a provider of meters that notes what the instruments will be called in
// the form of Prometheus.
type noted struct {
	noop.MeterProvider
	names map[string]bool
}

func (p *noted) Meter(string, ...metric.MeterOption) metric.Meter { return &notedMeter{of: p} }

type notedMeter struct {
	noop.Meter
	of *noted
}

func (m *notedMeter) note(name, unit, suffix string) {
	name = strings.ReplaceAll(name, ".", "_")
	if unit == "s" {
		name += "_seconds"
	}
	m.of.names[name+suffix] = true
}

func (m *notedMeter) Int64Counter(name string, o ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	m.note(name, metric.NewInt64CounterConfig(o...).Unit(), "_total")
	return noop.Int64Counter{}, nil
}

func (m *notedMeter) Int64UpDownCounter(name string, o ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	m.note(name, metric.NewInt64UpDownCounterConfig(o...).Unit(), "")
	return noop.Int64UpDownCounter{}, nil
}

func (m *notedMeter) Int64Gauge(name string, o ...metric.Int64GaugeOption) (metric.Int64Gauge, error) {
	m.note(name, metric.NewInt64GaugeConfig(o...).Unit(), "")
	return noop.Int64Gauge{}, nil
}

func (m *notedMeter) Float64Gauge(name string, o ...metric.Float64GaugeOption) (metric.Float64Gauge, error) {
	m.note(name, metric.NewFloat64GaugeConfig(o...).Unit(), "")
	return noop.Float64Gauge{}, nil
}

func (m *notedMeter) Int64ObservableGauge(name string, o ...metric.Int64ObservableGaugeOption) (metric.Int64ObservableGauge, error) {
	m.note(name, metric.NewInt64ObservableGaugeConfig(o...).Unit(), "")
	return noop.Int64ObservableGauge{}, nil
}

func (m *notedMeter) Float64ObservableGauge(name string, o ...metric.Float64ObservableGaugeOption) (metric.Float64ObservableGauge, error) {
	m.note(name, metric.NewFloat64ObservableGaugeConfig(o...).Unit(), "")
	return noop.Float64ObservableGauge{}, nil
}

func (m *notedMeter) Float64Histogram(name string, o ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	m.note(name, metric.NewFloat64HistogramConfig(o...).Unit(), "")
	return noop.Float64Histogram{}, nil
}

// docs/operations.md lists every metric that a server has, and no other.
func TestOperationsPageListsEveryMetric(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(pinchwork_[a-z_]+)`").FindAllSubmatch(page, -1) {
		listed = append(listed, string(row[1]))
	}
	provider := &noted{names: map[string]bool{}}
	m, _ := wired(t, market.Telemetry{MeterProvider: provider})
	if err := observe(provider, memory.New(), m, "test", "memory", slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	slices.Sort(listed)
	if have := slices.Sorted(maps.Keys(provider.names)); !slices.Equal(listed, have) {
		t.Errorf("the page lists\n%s\nand a server has\n%s", strings.Join(listed, "\n"), strings.Join(have, "\n"))
	}
}

// wired is a market with its API as a server wires them.
func wired(t *testing.T, telemetry market.Telemetry) (*market.Market, http.Handler) {
	t.Helper()
	s, log := Defaults(), slog.New(slog.DiscardHandler)
	s.Policy.PrivateWebhooks, s.RateLimits = true, false
	m, err := newMarket(&s, &backend{store: memory.New()}, telemetry, log)
	if err != nil {
		t.Fatal(err)
	}
	api, err := newAPI(m, &s, telemetry, "test", log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	return m, api
}

// A delivery of a webhook is counted and timed at /metrics, under the names that
// the documents give.
func TestWebhooksAreInTheMetrics(t *testing.T) {
	metrics, err := newMetrics("127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer metrics.close()
	m, _ := wired(t, metrics.telemetry())
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	defer running.Wait()
	defer stop()
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	defer hook.Close()
	poster, err := m.Register(ctx, market.RegisterInput{Name: "poster", WebhookURL: hook.URL})
	if err != nil {
		t.Fatal(err)
	}
	worker, err := m.Register(ctx, market.RegisterInput{Name: "worker"})
	if err != nil {
		t.Fatal(err)
	}
	task, err := m.As(poster.AgentID).Post(ctx, market.PostInput{Need: "task"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.As(worker.AgentID).Ask(ctx, task.TaskID, "why?"); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?s)pinchwork_webhook_attempts_total\{[^}]*outcome="delivered"[^}]*} 1\n.*pinchwork_webhook_duration_seconds_count\{[^}]*outcome="delivered"[^}]*} 1\n`)
	for deadline := time.After(10 * time.Second); ; {
		w := httptest.NewRecorder()
		metrics.server.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if want.Match(w.Body.Bytes()) {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s is not in\n%s", want, w.Body)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
