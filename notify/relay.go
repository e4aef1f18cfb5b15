package notify

import (
	"context"
)

// Relay carries hints between the processes that share a store. It may lose
// them, repeat them and change their order. All methods may be called
// concurrently.
type Relay interface {
	// Publish sends the hint to every process that is subscribed, this one
	// included. It returns when the hint is sent or ctx ends. The relay may read
	// the hint but not change it; Hint.Payloads encodes it for the wire.
	Publish(ctx context.Context, h Hint) error
	// Subscribe calls hear with each hint, one at a time, and blocks until ctx
	// ends (then it returns ctx's error) or the subscription breaks. It does not
	// reconnect: the caller calls it again, after a pause. Once the subscription
	// is live, and before any other hint, it calls hear with the zero Hint, since
	// it is unknown what was missed until then; it does so again whenever
	// something may have been missed since. hear never blocks.
	Subscribe(ctx context.Context, hear func(Hint)) error
}
