package postgres

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

const (
	// foldBatch rows of totals are merged into one per transaction, in at most
	// foldRounds transactions a call.
	foldBatch  = 10_000
	foldRounds = 20
)

// Prune deletes a bounded batch of what is old; see store.Keeper. Space is
// given back by the database's own vacuum.
func (s *Store) Prune(ctx context.Context, q store.PruneQuery) (gone store.Pruned, err error) {
	if q.Limit <= 0 {
		return gone, nil
	}
	var feedRows, buckets int
	err = s.read(ctx, "pruning", func(b *batch) {
		b.row("prune", []any{
			q.Now, orNull(q.EventsBefore), orNull(q.EndedBefore), orNull(q.FeedBefore), orNull(q.DeadBefore), q.Limit,
			string(store.Platform),
		}, &gone.Events, &gone.Tasks, &feedRows, &gone.Feed, &gone.Records, &buckets, &gone.Dead)
	})
	if err != nil {
		return store.Pruned{}, err
	}
	gone.More = max(gone.Events, gone.Tasks, feedRows, gone.Records, buckets, gone.Dead) >= q.Limit
	return gone, s.foldTotals(ctx)
}

// foldTotals keeps the sum of the totals short to read.
func (s *Store) foldTotals(ctx context.Context) error {
	for range foldRounds {
		var folded int
		err := s.read(ctx, "folding totals", func(b *batch) {
			b.row("fold_totals", []any{foldBatch}, &folded)
		})
		if err != nil || folded < foldBatch {
			return err
		}
	}
	return nil
}

// Totals are exact; see store.Keeper.
func (s *Store) Totals(ctx context.Context) (store.Totals, error) {
	var n totals
	var rows int
	var seq int64
	into := make([]any, 0, len(n)+2)
	for i := range n {
		into = append(into, &n[i])
	}
	err := s.read(ctx, "reading totals", func(b *batch) { b.row("totals", nil, append(into, &rows, &seq)...) })
	if err != nil {
		return store.Totals{}, err
	}
	totals := store.Totals{
		Tasks: make(map[store.Status]int64), Escrowed: n[ofEscrow], Agents: n[ofAgents], Seq: seq,
		Sealed: make(map[store.Status]int64), Platform: make(map[store.EntryKind]int64),
	}
	for i, status := range store.Statuses() {
		totals.Tasks[status], totals.Sealed[status] = n[i], n[ofSealed+i]
	}
	for i, kind := range store.PlatformKinds() {
		totals.Platform[kind] = n[ofPlatform+i]
	}
	if rows > foldBatch {
		err = s.foldTotals(ctx)
	}
	return totals, err
}

// Ping answers nil when the database can serve, with its clock; see
// store.Keeper.
func (s *Store) Ping(ctx context.Context) (clock time.Time, err error) {
	err = s.read(ctx, "pinging", func(b *batch) {
		b.row("ping", nil, &clock)
	})
	return clock.UTC(), err
}
