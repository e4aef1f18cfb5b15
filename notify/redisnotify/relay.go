// Package redisnotify carries wake-ups between processes over Redis pub/sub.
//
//	store, err := redis.Open(ctx, "redis://localhost:6379/0")
//	if err != nil {
//		return err
//	}
//	hub := notify.NewRelayedHub(redisnotify.New(store.Client(), store.Channel()))
//
// Pub/sub delivers at most once, which is enough: a wake-up carries no event.
package redisnotify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/notify"
)

// quiet is how long a subscription may be silent before it is asked whether it
// still lives. If no answer comes in the same time again, the subscription is
// broken.
const quiet = 5 * time.Second

// Relay is a notify.Relay over one pub/sub channel. It works with every
// UniversalClient; on a cluster the channel reaches all nodes.
type Relay struct {
	client  goredis.UniversalClient
	channel string
	quiet   time.Duration
}

var _ notify.Relay = (*Relay)(nil)

// New makes a Relay. The caller still has to close the client. All processes of
// one marketplace use the same channel, and no other marketplace does; the
// Redis store names one (Store.Channel).
func New(client goredis.UniversalClient, channel string) *Relay {
	return &Relay{client: client, channel: channel, quiet: quiet}
}

// Publish implements notify.Relay.
func (r *Relay) Publish(ctx context.Context, h notify.Hint) error {
	_, err := r.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for _, payload := range h.Payloads() {
			p.Publish(ctx, r.channel, payload)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("redisnotify: publishing: %w", err)
	}
	return nil
}

// Subscribe implements notify.Relay.
func (r *Relay) Subscribe(ctx context.Context, hear func(notify.Hint)) error {
	subscription := r.client.Subscribe(ctx, r.channel)
	defer func() { _ = subscription.Close() }()
	// A read does not end with the context by itself.
	stop := context.AfterFunc(ctx, func() { _ = subscription.Close() })
	defer stop()
	err := r.listen(ctx, subscription, hear)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("redisnotify: subscription broke: %w", err)
}

// listen passes hints on until the subscription breaks.
func (r *Relay) listen(ctx context.Context, subscription *goredis.PubSub, hear func(notify.Hint)) error {
	asked := false
	for {
		message, err := subscription.ReceiveTimeout(ctx, r.quiet)
		switch {
		case err == nil:
			asked = false
			tell(message, hear)
		case asked || !timedOut(err):
			return err
		default:
			asked = true
			if err := subscription.Ping(ctx); err != nil {
				return err
			}
		}
	}
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// tell passes on a message. One that cannot be read still says that something
// has moved.
func tell(message any, hear func(notify.Hint)) {
	switch m := message.(type) {
	case *goredis.Subscription:
		if m.Kind == "subscribe" {
			hear(notify.Hint{})
		}
	case *goredis.Message:
		h, err := notify.DecodeHint(m.Payload)
		if err != nil {
			h = notify.Hint{}
		}
		hear(h)
	}
}
