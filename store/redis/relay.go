package redis

import (
	"context"
	"errors"
	"net"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/store"
)

var _ store.Relay = (*Store)(nil)

// quietFor is how long a subscription may be silent before it is asked whether it
// still lives. If no answer comes in the same time again, the subscription is
// broken.
const quietFor = 5 * time.Second

// Publish implements store.Relay over pub/sub; on a cluster the channel reaches all
// nodes.
func (s *Store) Publish(ctx context.Context, messages []string) error {
	_, err := s.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for _, message := range messages {
			p.Publish(ctx, s.keys.channel(), message)
		}
		return nil
	})
	return failed(err)
}

// Subscribe implements store.Relay over pub/sub. It holds one connection of its own,
// beside the pool.
func (s *Store) Subscribe(ctx context.Context, hear func(message string)) error {
	return s.subscribe(ctx, hear, quietFor)
}

func (s *Store) subscribe(ctx context.Context, hear func(message string), quiet time.Duration) error {
	subscription := s.client.Subscribe(ctx, s.keys.channel())
	defer func() { _ = subscription.Close() }()
	// A read does not end with the context by itself.
	stop := context.AfterFunc(ctx, func() { _ = subscription.Close() })
	defer stop()
	err := listen(ctx, subscription, hear, quiet)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return failed(err)
}

// listen passes messages on until the subscription breaks.
func listen(ctx context.Context, subscription *goredis.PubSub, hear func(message string), quiet time.Duration) error {
	asked := false
	for {
		message, err := subscription.ReceiveTimeout(ctx, quiet)
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

// tell passes on a message, and that the subscription is live.
func tell(message any, hear func(message string)) {
	switch m := message.(type) {
	case *goredis.Subscription:
		if m.Kind == "subscribe" {
			hear("")
		}
	case *goredis.Message:
		hear(m.Payload)
	}
}
