package store

import "context"

// MaxMessage bounds a message of a Relay, in bytes. NOTIFY of Postgres takes less
// than 8,000.
const MaxMessage = 7_000

// Relay is what a Store is as well when it can carry messages between the programs
// that share it. Then a marketplace on the Store wakes those who wait in other programs
// at once; on one that is no Relay they find out when they look, within a second.
// A Store that wraps another one has to pass these methods on, or it is no Relay.
//
// A Relay may lose messages, repeat them and change their order, since they carry
// nothing that the Store does not keep. All methods may be called by many goroutines.
type Relay interface {
	// Publish sends each message to all who are subscribed, this program included,
	// and to no other marketplace. A message is printable UTF-8 of 1 to MaxMessage
	// bytes. It returns when all are sent, fails or ctx ends. It is never part of a
	// transaction.
	Publish(ctx context.Context, messages []string) error
	// Subscribe calls hear with each message, one at a time, and blocks until ctx
	// ends (then it returns ctx's error) or the subscription breaks. It does not
	// reconnect: the caller calls it again, after a pause. Once the subscription is
	// live, and before any message, it calls hear with "", since it is unknown what was
	// missed until then; it does so again whenever something may have been missed
	// since. hear never blocks.
	Subscribe(ctx context.Context, hear func(message string)) error
}
