package main

import (
	"context"
	"fmt"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// contention lets 64 workers, and one, claim everything in a pool.
func contention(ctx context.Context, table *tabwriter.Writer, n, _ int) error {
	pool := min(n, 100_000)
	one, err := drain(ctx, pool, 1)
	if err != nil {
		return err
	}
	many, err := drain(ctx, pool, 64)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(table, "64 workers claiming from %d tasks, against one\t%.0f/s\t%.0f/s\t%.2f\t>= 0.8\n", pool, many, one, many/one)
	return err
}

// drain returns the claims per second; a task claimed twice is an error.
func drain(ctx context.Context, pool, workers int) (float64, error) {
	w, err := newWorld(ctx, pool, posters)
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	claimed := make(map[market.TaskID]bool, pool)
	var failure error
	handles := make([]*market.Handle, workers)
	for i := range handles {
		if handles[i], err = w.worker(ctx, 0); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	for _, h := range handles {
		wait.Go(func() {
			for {
				p, ok, err := h.Pickup(ctx, market.Filter{})
				mu.Lock()
				if err != nil || ok && claimed[p.TaskID] {
					failure = fmt.Errorf("claimed twice or failed: %s %w", p.TaskID, err)
				}
				if ok {
					claimed[p.TaskID] = true
				}
				mu.Unlock()
				if !ok || err != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	if failure == nil && len(claimed) != pool {
		failure = fmt.Errorf("%d of %d tasks were claimed", len(claimed), pool)
	}
	return float64(pool) / took.Seconds(), failure
}
