package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Batch collects posts of one agent in one outcome. Each is decided as if those
// before it had been made.
type Batch struct {
	*Outcome
	poster store.Agent
}

// PostBatch returns a batch without posts.
func (p *Policy) PostBatch(now time.Time, poster *store.Agent) *Batch {
	b := &Batch{Outcome: p.begin(now), poster: *poster}
	b.active(poster.ID)
	return b
}

// Post decides one post as Policy.Post does. One that is refused leaves the batch as
// it was.
func (b *Batch) Post(t *store.Task, text store.TaskText, how Plan) error {
	one, err := b.policy.Post(b.At, &store.Loaded{Caller: &b.poster}, t, text, how)
	if err != nil {
		return err
	}
	// The store would refuse the whole Change, and could not say whose texts are too
	// many.
	if most := b.policy.MaxAgentBytes; most != 0 && b.poster.TextBytes+t.Bytes > most {
		return b.policy.TooManyBytes(&store.Conflict{Guard: store.GuardTextBytes})
	}
	b.merge(one)
	b.poster.Balance -= t.MaxCredits
	b.poster.TextBytes += t.Bytes
	for _, pay := range one.SystemPays {
		b.poster.SystemPay = pay.New
	}
	return nil
}

// Balance is what the batch leaves to its poster so far.
func (b *Batch) Balance() int64 { return b.poster.Balance }
