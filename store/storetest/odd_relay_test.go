package storetest_test

import (
	"context"
	"slices"
	"sync"

	"github.com/pinchwork/pinchwork/store"
)

// relaying is a store with a relay within the process.
type relaying struct {
	store.Store
	mu   sync.Mutex
	ears []func(string)

	// silent subscriptions do not say when they begin, deaf ones hear nothing.
	silent, deaf bool
	ending       func(error) error
	cut          int
	newest       bool
}

func (r *relaying) Publish(_ context.Context, messages []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	ears := r.ears
	if r.newest {
		ears = ears[len(ears)-1:]
	}
	for _, hear := range ears {
		for _, message := range messages {
			if r.cut > 0 {
				message = message[:min(r.cut, len(message))]
			}
			hear(message)
		}
	}
	return nil
}

func (r *relaying) Subscribe(ctx context.Context, hear func(string)) error {
	r.mu.Lock()
	if !r.deaf {
		r.ears = append(slices.Clone(r.ears), hear)
	}
	if !r.silent {
		hear("")
	}
	r.mu.Unlock()
	<-ctx.Done()
	if r.ending != nil {
		return r.ending(ctx.Err())
	}
	return ctx.Err()
}

// oddRelays are stores that each break one promise of a store.Relay; the one
// without a name breaks none.
var oddRelays = map[string]func() *relaying{
	"":                                   func() *relaying { return &relaying{} },
	"subscriptions begin silently":       func() *relaying { return &relaying{silent: true} },
	"subscriptions hear nothing":         func() *relaying { return &relaying{deaf: true} },
	"only the newest subscription hears": func() *relaying { return &relaying{newest: true} },
	"long messages are cut":              func() *relaying { return &relaying{cut: 4_000} },
	"subscriptions end without an error": func() *relaying { return &relaying{ending: func(error) error { return nil }} },
}
