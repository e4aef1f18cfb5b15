package notify

import (
	"context"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// pollTimeout bounds one question about heads.
const pollTimeout = 5 * time.Second

// poll wakes, once a second, those whose head is not what it was a second ago.
func (h *RelayedHub) poll(ctx context.Context, source Source) {
	known, failing := map[market.AgentID]market.Head{}, false
	for {
		select {
		case <-ctx.Done():
			return
		case <-source.After(pollEvery):
		}
		if !h.hearing.Load() {
			signal(h.feed)
			signal(h.activity)
		}
		next, err := h.compare(ctx, source, known)
		if err != nil && !failing && ctx.Err() == nil {
			h.log.Warn("event heads cannot be read for now", "error", err)
		}
		known, failing = next, err != nil
	}
}

// compare reads the heads of all who are listened for, wakes those that
// moved, and returns what is known now. An agent that is new here is woken
// too: what came between its reader's last look and this one is unknown. When
// a batch cannot be read, what was known of it stays known.
func (h *RelayedHub) compare(ctx context.Context, source Source, known map[market.AgentID]market.Head) (map[market.AgentID]market.Head, error) {
	var failure error
	listened := h.listened()
	next := make(map[market.AgentID]market.Head, len(listened))
	for batch := range slices.Chunk(listened, pollBatch) {
		heads, err := ask(ctx, source, batch)
		if err != nil {
			failure = err
		}
		h.wake(moved(batch, known, heads, next))
	}
	return next, failure
}

// moved returns those of ids whose head is new, and notes in next what is
// known after this look.
func moved(ids []market.AgentID, known, heads, next map[market.AgentID]market.Head) []market.AgentID {
	var out []market.AgentID
	for _, id := range ids {
		was, old := known[id]
		is, read := heads[id]
		switch {
		case read:
			next[id] = is
			if !old || is != was {
				out = append(out, id)
			}
		case old:
			next[id] = was
		}
	}
	return out
}

func ask(ctx context.Context, source Source, ids []market.AgentID) (map[market.AgentID]market.Head, error) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	var heads map[market.AgentID]market.Head
	err := contained(func() (err error) {
		heads, err = source.EventHeads(ctx, ids)
		return err
	})
	return heads, err
}
