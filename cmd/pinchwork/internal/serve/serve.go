package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/a2aserver"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/mcpserver"
	"github.com/pinchwork/pinchwork/notify"
)

const (
	// endFor is how long a server takes to end, what it serves on for balancers included,
	// and drainFor how long requests have at least once nobody listens any more.
	endFor   = 10 * time.Second
	drainFor = 5 * time.Second
	// headersWithin and idleFor keep slow and silent clients from holding
	// connections.
	headersWithin = 10 * time.Second
	idleFor       = 2 * time.Minute
	// maxHeaders bounds the request line and all headers, in bytes.
	maxHeaders = 64 << 10
	slop       = 4 << 10 // net/http allows that much more

	listenSetting = "--listen (PINCHWORK_LISTEN)"
)

// Run serves until ctx ends, then drains. It prints the address it listens on, and
// where everything is kept, to out once it is ready, unless the log is for programs, and
// logs to logs; a log for programs has the error too. Errors that match ErrSetting are
// mistakes of the operator, which no other start mends.
func Run(ctx context.Context, s Settings, version string, out, logs io.Writer) (err error) {
	log := logger(&s, logs)
	greeting := greeting{out: out, version: version, began: time.Now()}
	defer func() {
		if greeting.said || err != nil && s.Log == "json" {
			ended(ctx, log, greeting.began, err)
		}
	}()
	// Whatever else logs by the standard library's own logger says it here.
	slog.SetDefault(log)
	for _, warning := range s.warnings() {
		log.Warn(warning)
	}
	if s.Log == "json" {
		greeting.out = io.Discard
	}
	if err := s.Policy.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrSetting, err)
	}
	metrics, err := newMetrics(s.MetricsListen, log)
	if err != nil {
		return err
	}
	defer metrics.close()
	if err := Vacant(s.Listen, listenSetting); err != nil {
		return err
	}
	b, err := open(ctx, &s, log)
	if err != nil {
		return err
	}
	defer b.close()
	m, err := newMarket(&s, b, metrics.telemetry(), log, shown(s.Listen, version))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSetting, err)
	}
	if err := metrics.observe(b, m, version, log); err != nil {
		return err
	}
	api, err := newAPI(m, &s, metrics.telemetry(), version, log)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSetting, err)
	}
	greeting.kept = b.kept
	return serve(ctx, &s, m, api, metrics, &greeting, log)
}

func newMarket(s *Settings, b *backend, telemetry market.Telemetry, log *slog.Logger, more ...pinchwork.Option) (*market.Market, error) {
	return pinchwork.New(append(more,
		pinchwork.WithStore(b.store), pinchwork.WithLogger(log),
		pinchwork.WithPolicy(func(p *market.Policy) { *p = s.Policy }),
		pinchwork.WithWebhooks(notify.NewWebhooks(notify.WebhookOptions{
			MaxRetries: &s.WebhookRetries, Timeout: s.WebhookTimeout, AllowPrivate: s.Policy.PrivateWebhooks, Logger: log,
			MeterProvider: telemetry.MeterProvider,
		})),
		pinchwork.WithTelemetry(telemetry),
	)...)
}

// shown is what operators see of this process.
func shown(listen, version string) pinchwork.Option {
	host, err := os.Hostname()
	if err != nil {
		host = "unnamed"
	}
	return pinchwork.WithInstance(instanceName(host, listen), version)
}

// instanceName tells the replicas of one machine apart: by the port that each listens on,
// or by the process where the port is any.
func instanceName(host, listen string) string {
	if _, port, err := net.SplitHostPort(listen); err == nil && port != "0" && port != "" {
		return net.JoinHostPort(host, port)
	}
	return fmt.Sprintf("%s, process %d", host, os.Getpid())
}

func newAPI(m *market.Market, s *Settings, telemetry market.Telemetry, version string, log *slog.Logger) (*httpserver.Server, error) {
	limits := s.Limits
	if !s.RateLimits {
		limits = httpserver.NoLimits()
	}
	tools, err := mcpserver.New(mcpserver.Options{Agent: httpserver.Agent, Version: version, Logger: log, MaxBodyBytes: s.MaxBodyBytes})
	if err != nil {
		return nil, err
	}
	doors := append(a2aserver.Doors(a2aserver.Options{Version: version}),
		httpserver.Door{Path: "/mcp", Open: func(*httpserver.Server) http.Handler { return tools }})
	return httpserver.New(m, httpserver.Options{
		Doors: doors, AdminKey: s.AdminKey, Volatile: s.Store == "memory", Limits: limits, TrustedProxies: s.TrustedProxies,
		MaxBodyBytes: s.MaxBodyBytes, PublicURL: s.PublicURL, Logger: log, Version: version, Pages: pages.New(m), Telemetry: telemetry,
	})
}

// greeting tells people where the server listens, and where their credits are. It is
// written at once, for programs that read the first line and no more.
type greeting struct {
	out           io.Writer
	kept, version string
	began         time.Time
	said          bool
}

func (g *greeting) say(addr net.Addr) {
	g.said = true
	_, _ = fmt.Fprintf(g.out, "pinchwork listens on http://%s\nagents, tasks and credits are kept %s\n", addr, g.kept)
}

// serve owns the background and the listeners, and ends them in order: balancers are
// told, then no new requests, the running ones drained, then the background.
func serve(ctx context.Context, s *Settings, m *market.Market, api *httpserver.Server, metrics *metrics, greeting *greeting, log *slog.Logger) error {
	listener, err := listen(s.Listen, listenSetting)
	if err != nil {
		return err
	}
	bound := connections{most: s.MaxConnections}
	server := &http.Server{
		Handler: api, ReadHeaderTimeout: headersWithin, IdleTimeout: idleFor,
		MaxHeaderBytes: maxHeaders - slop, ConnState: bound.follow,
		ErrorLog: stdlog.New(stranger{"net/http", log}, "", 0),
	}
	server.RegisterOnShutdown(api.Close)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wait sync.WaitGroup
	failed := make(chan error, 3)
	wait.Go(func() { failed <- contained(log, "the market", func() error { return m.Run(background) }) })
	wait.Go(func() { failed <- contained(log, "the listener", func() error { return server.Serve(listener) }) })
	metrics.serve(&wait, failed, log)
	s.started(log, m.ReplicaID(), greeting.version, listener.Addr().String(), metrics.address(), greeting.kept)
	greeting.say(listener.Addr())
	budget := endFor
	select {
	case <-ctx.Done():
		asked := time.Now()
		err = leave(ctx, s.DrainDelay, api, failed, log)
		budget -= time.Since(asked)
	case err = <-failed:
	}
	err = errors.Join(err, drain(ctx, server, max(budget, drainFor)))
	stop()
	metrics.close()
	wait.Wait()
	return err
}

// contained turns a panic in a part into its error, so that the server drains and
// ends instead of dying with all its requests.
func contained(log *slog.Logger, part string, run func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			log.Error("a part of the server panicked", "part", part, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("a panic in %s: %v", part, r)
		}
	}()
	return run()
}

// leave serves on for a while and is not ready meanwhile, so that balancers and proxies
// have gone elsewhere before nobody listens. Somebody at a terminal is not kept waiting.
func leave(ctx context.Context, delay time.Duration, api *httpserver.Server, failed <-chan error, log *slog.Logger) error {
	if delay == 0 || why(ctx) == interrupted {
		return nil
	}
	api.Leave()
	log.Info("pinchwork is about to end and serves on until then: /readyz is 503", "why", why(ctx), "for", delay)
	select {
	case <-time.After(delay):
		return nil
	case err := <-failed:
		return err
	}
}

// drain lets running requests end.
func drain(ctx context.Context, server *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("some requests did not end within %v", within), server.Close())
	}
	return nil
}
