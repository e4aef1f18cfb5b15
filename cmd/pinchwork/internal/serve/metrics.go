package serve

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"sync"

	prom "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/pinchwork/pinchwork/market"
)

// metrics serves what the market measures, in the form of Prometheus, on an
// address of its own. Without an address it measures nothing.
type metrics struct {
	listener net.Listener
	server   *http.Server
	provider *sdk.MeterProvider
}

func newMetrics(address string, log *slog.Logger) (*metrics, error) {
	if address == "" {
		return &metrics{}, nil
	}
	registry := prom.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("setting up metrics: %w", err)
	}
	listener, err := listen(address, "--metrics-listen (PINCHWORK_METRICS_LISTEN)")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: stranger{"the metrics", log}}))
	return &metrics{
		listener: listener,
		server:   &http.Server{Handler: mux, ReadHeaderTimeout: headersWithin, ErrorLog: stdlog.New(stranger{"net/http", log}, "", 0)},
		provider: sdk.NewMeterProvider(sdk.WithReader(reader)),
	}, nil
}

func (m *metrics) telemetry() market.Telemetry {
	if m.provider == nil {
		return market.Telemetry{}
	}
	return market.Telemetry{MeterProvider: m.provider}
}

// observe adds what the store counts.
func (m *metrics) observe(b *backend, of *market.Market, version string, log *slog.Logger) error {
	if m.provider == nil {
		return nil
	}
	return observe(m.provider, b.store, of, version, b.kind, log)
}

// address is where the metrics are, "" without them.
func (m *metrics) address() string {
	if m.listener == nil {
		return ""
	}
	return m.listener.Addr().String()
}

func (m *metrics) serve(wait *sync.WaitGroup, failed chan<- error, log *slog.Logger) {
	if m.server == nil {
		return
	}
	wait.Go(func() {
		err := contained(log, "the metrics", func() error { return m.server.Serve(m.listener) })
		if !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	})
}

// close may be called twice.
func (m *metrics) close() {
	if m.server != nil {
		_ = m.server.Close()
		_ = m.listener.Close()
		_ = m.provider.Shutdown(context.Background())
	}
}
