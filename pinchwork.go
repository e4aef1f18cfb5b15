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
// New gives a market on a memory store, the real clock, the built-in matcher
// and an in-process notifier; options replace each part. The rules and the API
// are in package market, HTTP in package httpserver, other stores below store/.
package pinchwork

import (
	"io"
	"log/slog"
	"slices"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store/memory"
)

// Option replaces or sets a part of a new market.
type Option func(*settings)

type settings struct {
	config     market.Config
	webhooks   *notify.Webhooks
	noWebhooks bool
}

// New makes a market. It starts nothing: call Run for timers, webhooks and, on
// shared stores, the writes of other processes; without it the rules hold all
// the same.
func New(opts ...Option) (*market.Market, error) {
	policy := market.DefaultPolicy()
	s := settings{config: market.Config{Policy: &policy}}
	for _, opt := range opts {
		opt(&s)
	}
	c := &s.config
	if c.Store == nil {
		c.Store = memory.New()
	}
	if c.Matcher == nil {
		c.Matcher = matcher.New()
	}
	s.wire()
	return market.New(*c)
}

// wire lets each commit wake the deliverer of webhooks, in this process and,
// with a notifier that has a relay, in others.
func (s *settings) wire() {
	c := &s.config
	if c.Notifier == nil {
		c.Notifier = notify.NewHub()
	}
	if b, ok := c.Notifier.(market.Background); ok && !slices.Contains(c.Background, b) {
		c.Background = append(c.Background, b)
	}
	if s.noWebhooks {
		return
	}
	if s.webhooks == nil {
		s.webhooks = notify.NewWebhooks(notify.WebhookOptions{
			AllowPrivate: c.Policy.PrivateWebhooks, Logger: c.Logger, MeterProvider: c.Telemetry.MeterProvider,
		})
	}
	active, ok := c.Notifier.(interface{ Activity() <-chan struct{} })
	if !ok {
		tap := &tap{Notifier: c.Notifier, activity: make(chan struct{}, 1)}
		c.Notifier, active = tap, tap
	}
	s.webhooks.Follow(active)
	c.Background = append(c.Background, s.webhooks)
}

// tap makes a foreign notifier wake the webhooks too.
type tap struct {
	market.Notifier
	activity chan struct{}
}

func (t *tap) Wake(agents ...market.AgentID) {
	select {
	case t.activity <- struct{}{}:
	default:
	}
	t.Notifier.Wake(agents...)
}

func (t *tap) Activity() <-chan struct{} { return t.activity }

// WithStore replaces the memory store.
func WithStore(store market.Store) Option { return func(s *settings) { s.config.Store = store } }

// WithClock replaces the real clock, for example by a mock of
// github.com/benbjohnson/clock.
func WithClock(clock market.Clock) Option { return func(s *settings) { s.config.Clock = clock } }

// WithMatcher replaces the built-in matcher.
func WithMatcher(m market.Matcher) Option { return func(s *settings) { s.config.Matcher = m } }

// WithNotifier replaces the in-process notifier. One that is also a
// market.Background, as notify.RelayedHub is, is run with the market.
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

// WithRandom replaces the source of identifiers and keys, for tests only.
func WithRandom(r io.Reader) Option { return func(s *settings) { s.config.Random = r } }
