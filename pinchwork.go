// Package pinchwork is a marketplace in which programs delegate tasks to each
// other: post a task with credits in escrow, get matched, pick up, deliver,
// approve, pay, rate, trust.
//
//	m, err := pinchwork.New()
//	…
//	poster, err := m.Register(ctx, market.RegisterInput{Name: "poster"})
//	worker, err := m.Register(ctx, market.RegisterInput{Name: "worker"})
//	task, err := m.As(poster.AgentID).Post(ctx, market.PostInput{Need: "Review this code"})
//	claim, ok, err := m.As(worker.AgentID).Pickup(ctx, market.Filter{})
//
// New gives a market on a memory store, the real clock and the built-in matcher, whose
// commits wake streams, waits and webhooks at once. Options replace each part. On a
// store that several programs share, WithStore is all that there is to say: they hear
// of each other at once where the store can carry messages (store.Relay: Redis and
// Postgres), and otherwise within a second, as they do of what a host commits in its
// own transaction. The rules and the API are in package market, HTTP in package
// httpserver, other stores below store/.
package pinchwork

import (
	"io"
	"log/slog"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/notify"
)

// Option replaces or sets a part of a new market.
type Option func(*settings)

type settings struct {
	config     market.Config
	webhooks   *notify.Webhooks
	noWebhooks bool
}

// New makes a market. It starts nothing: call Run for timers, webhooks and, on
// shared stores, to tell other programs at once and to hear of them; without it the
// rules hold all the same. A store.Relay then holds a connection of its own.
func New(opts ...Option) (*market.Market, error) {
	policy := market.DefaultPolicy()
	s := settings{config: market.Config{Policy: &policy}}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	s.wire()
	return market.New(s.config)
}

// WithStore replaces the memory store. One that is also a store.Relay carries the
// wake-ups between the programs that share it, unless WithNotifier names another way.
func WithStore(store market.Store) Option { return func(s *settings) { s.config.Store = store } }

// WithClock replaces the real clock, for example by a mock of
// github.com/benbjohnson/clock.
func WithClock(clock market.Clock) Option { return func(s *settings) { s.config.Clock = clock } }

// WithMatcher replaces the built-in matcher.
func WithMatcher(m market.Matcher) Option { return func(s *settings) { s.config.Matcher = m } }

// WithNotifier replaces the notifier, the store's relay included. notify.NewHub reaches
// this program alone. One that is also a market.Background, as notify.RelayedHub is, is
// run with the market.
func WithNotifier(n market.Notifier) Option { return func(s *settings) { s.config.Notifier = n } }

// WithBackground adds work that Market.Run owns.
func WithBackground(b ...market.Background) Option {
	return func(s *settings) { s.config.Background = append(s.config.Background, b...) }
}

// WithWebhooks replaces the deliverer of webhooks; nil delivers none.
func WithWebhooks(w *notify.Webhooks) Option {
	return func(s *settings) { s.webhooks, s.noWebhooks = w, w == nil }
}

// WithPolicy changes the market's policy, which starts as market.DefaultPolicy.
func WithPolicy(change func(*market.Policy)) Option {
	return func(s *settings) { change(s.config.Policy) }
}

// WithLogger lets the market log; it is silent otherwise. Keys and texts of
// tasks are never logged.
func WithLogger(l *slog.Logger) Option { return func(s *settings) { s.config.Logger = l } }

// WithTelemetry switches on OpenTelemetry metrics and traces.
func WithTelemetry(t market.Telemetry) Option {
	return func(s *settings) { s.config.Telemetry = t }
}

// WithObserver tells a function what each commit of the market has done; it can
// neither hold up nor undo one. See market.Config.Observer.
func WithObserver(tell func(market.Commit)) Option {
	return func(s *settings) { s.config.Observer = tell }
}

// WithInstance lets operators see this program among those that share a store, by such
// as the machine's name and the program's version, while Run runs. It then writes a small
// record each minute.
func WithInstance(name, version string) Option {
	return func(s *settings) { s.config.Instance = market.Instance{Name: name, Version: version} }
}

// WithRandom replaces the source of identifiers and keys, for tests only.
func WithRandom(r io.Reader) Option { return func(s *settings) { s.config.Random = r } }
