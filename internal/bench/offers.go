package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

const small = 1_000

// times holds what was measured on one world.
type times struct {
	fifo, matched, tagged, browse, term, letter, pickTerm, pickLetter, postClaim time.Duration
}

// offers measures pickup, browse and the upkeep of the board.
func offers(ctx context.Context, table *tabwriter.Writer, n, _ int) error {
	few, err := measure(ctx, table, small)
	if err != nil {
		return err
	}
	many, err := measure(ctx, table, n)
	if err != nil {
		return err
	}
	row(table, "pickup, FIFO", many.fifo, few.fifo, "<= 2")
	row(table, "pickup, matched", many.matched, few.matched, "<= 2")
	row(table, "pickup, 20 tags (see the board's own benchmark for the bare loop)", many.tagged, few.tagged, "")
	row(table, "browse page, 20 tags, against that pickup", many.browse, many.tagged, "<= 2")
	row(table, "post and claim", many.postClaim, few.postClaim, "<= 2")
	row(table, "browse, search one word", many.term, few.term, "<= 50ms")
	row(table, "browse, search one letter", many.letter, few.letter, "<= 50ms")
	row(table, "pickup, search one word", many.pickTerm, few.pickTerm, "<= 50ms")
	row(table, "pickup, search one letter", many.pickLetter, few.pickLetter, "<= 50ms")
	return nil
}

func measure(ctx context.Context, table *tabwriter.Writer, n int) (t times, err error) {
	before := heap()
	w, err := newWorld(ctx, n, posters)
	if err != nil {
		return t, err
	}
	stored := heap()
	start := time.Now()
	if _, err := w.Agents(ctx, market.AgentQuery{}); err != nil {
		return t, err
	}
	took := time.Since(start)
	if n > small {
		perTask := func(b uint64) int { return int(b) / n }
		_, _ = fmt.Fprintf(table, "memory for each open task beyond its %d bytes of text\t%d B store, %d B board\t\t\t<= 2048\n",
			w.text/n, perTask(stored-before-uint64(w.text)), perTask(heap()-stored))
		_, _ = fmt.Fprintf(table, "cold board of %d tasks\t%v\t\t\t<= 30s\n", n, took.Round(time.Millisecond))
	}
	return t, t.fill(ctx, w)
}

func (t *times) fill(ctx context.Context, w *world) error {
	plain, err := w.worker(ctx, 0)
	if err != nil {
		return err
	}
	tagged, err := w.worker(ctx, 20)
	if err != nil {
		return err
	}
	poster := w.As(agentID(0))
	pickup := func(h *market.Handle, search string) func() error {
		return func() error {
			if _, ok, err := h.Pickup(ctx, market.Filter{Search: search}); !ok || err != nil {
				return fmt.Errorf("nothing to pick up: %w", err)
			}
			return nil
		}
	}
	browse := func(q market.BrowseQuery) func() error {
		return func() error {
			_, err := tagged.Browse(ctx, q)
			return err
		}
	}
	postClaim := func() error {
		p, err := poster.Post(ctx, market.PostInput{Need: w.words(wordsEach), MaxCredits: 1})
		if err != nil {
			return err
		}
		_, err = plain.PickupTask(ctx, p.TaskID)
		return err
	}
	for _, m := range []struct {
		into *time.Duration
		n    int
		f    func() error
	}{
		{&t.tagged, 51, pickup(tagged, "")},
		{&t.browse, 51, browse(market.BrowseQuery{})},
		{&t.term, 11, browse(market.BrowseQuery{Filter: market.Filter{Search: "word4711"}})},
		{&t.letter, 11, browse(market.BrowseQuery{Filter: market.Filter{Search: "w"}})},
		{&t.pickTerm, 11, pickup(tagged, "word4")},
		{&t.pickLetter, 11, pickup(tagged, "w")},
		{&t.fifo, 201, pickup(plain, "")},
		{&t.postClaim, 201, postClaim},
	} {
		var err error
		if *m.into, err = median(m.n, m.f); err != nil {
			return err
		}
	}
	t.matched, err = t.pickMatched(ctx, w, poster)
	return err
}

// pickMatched measures pickups of tasks that were matched to the worker.
func (t *times) pickMatched(ctx context.Context, w *world, poster *market.Handle) (time.Duration, error) {
	r, err := w.Register(ctx, market.RegisterInput{Name: "expert", Tags: []string{"rarest-tag"}})
	if err != nil {
		return 0, err
	}
	for range 101 {
		in := market.PostInput{Need: w.words(wordsEach), Tags: []string{"rarest-tag"}, MaxCredits: 1}
		if _, err := poster.Post(ctx, in); err != nil {
			return 0, err
		}
	}
	expert := w.As(r.AgentID)
	return median(101, func() error {
		_, _, err := expert.Pickup(ctx, market.Filter{})
		return err
	})
}
