package pinchwork

import (
	"reflect"
	"slices"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// wire fills in the parts that no option named and connects all of them, so that
// whoever waits hears at once of what is committed here, and in other programs on the
// same store.
func (s *settings) wire() {
	c := &s.config
	if c.Store == nil {
		c.Store = memory.New()
	}
	if c.Matcher == nil {
		c.Matcher = matcher.New()
	}
	if c.Notifier == nil {
		c.Notifier = s.hub()
	}
	s.runNotifier()
	if !s.noWebhooks {
		s.wireWebhooks()
	}
}

// hub reaches the other programs where the store can carry messages to them.
func (s *settings) hub() market.Notifier {
	relay, ok := s.config.Store.(store.Relay)
	if !ok {
		return notify.NewHub()
	}
	var opts []notify.RelayOption
	if s.config.Logger != nil {
		opts = append(opts, notify.WithLogger(s.config.Logger))
	}
	return notify.NewRelayedHub(relay, opts...)
}

// runNotifier lets the market run a notifier that has work in the background, unless
// the host has said so itself.
func (s *settings) runNotifier() {
	c := &s.config
	if b, ok := c.Notifier.(market.Background); ok {
		s.run(b)
	}
}

// run lets the market run b, once however often it was named.
func (s *settings) run(b market.Background) {
	c := &s.config
	same := func(other market.Background) bool { return reflect.ValueOf(b).Comparable() && other == b }
	if !slices.ContainsFunc(c.Background, same) {
		c.Background = append(c.Background, b)
	}
}

// wireWebhooks lets each commit wake the deliverer of webhooks.
func (s *settings) wireWebhooks() {
	c := &s.config
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
	s.run(s.webhooks)
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
