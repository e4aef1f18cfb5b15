// Package notify tells those who wait that something happened. A Hub wakes
// event streams and waits in this process, a RelayedHub also those in other
// processes on the same store, and Webhooks carry events to agents that would
// rather be called (rule 12.1).
//
// None of them holds an event: the store's log does, written in the commit
// that made it. What is lost here is time, a second at most:
//
//	hub := notify.NewHub()
//	hooks := notify.NewWebhooks(notify.WebhookOptions{Wake: hub.Activity()})
//	m, err := market.New(market.Config{
//		Store: store, Notifier: hub, Background: []market.Background{hooks},
//	})
//	…
//	err = m.Run(ctx) // owns the deliveries
//
// With several processes, a relay of package pgnotify or redisnotify goes in between:
//
//	hub := notify.NewRelayedHub(relay)
//	// Notifier: hub, Background: []market.Background{hub, hooks}
//
// A receiver of webhooks checks the signature of what it is sent with
// VerifySignature.
package notify
