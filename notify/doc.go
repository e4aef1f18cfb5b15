// Package notify tells waiting readers that something has happened. A Hub wakes
// event streams and waits in this process, a RelayedHub also those in other
// processes on the same store, and Webhooks send events to agents that have a
// webhook (rule 12.1).
//
// None of them keeps events: the store does, in the agent's log. So whatever is
// lost here costs time, a second at most, and never an event.
//
// Package pinchwork puts all this together by itself. A program that calls market.New
// does it so:
//
//	hub := notify.NewHub()
//	hooks := notify.NewWebhooks(notify.WebhookOptions{Wake: hub.Activity()})
//	m, err := market.New(market.Config{
//		Store: store, Notifier: hub, Background: []market.Background{hooks},
//	})
//	…
//	err = m.Run(ctx) // owns the deliveries
//
// With several processes, the hub goes over the store that they share, if it is a
// store.Relay, as those on Redis and Postgres are:
//
//	hub := notify.NewRelayedHub(store)
//	// Notifier: hub, Background: []market.Background{hub, hooks}
//
// A receiver of webhooks checks the signature of each request with Verify.
package notify
