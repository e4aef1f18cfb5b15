package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/internal/pgtest"
)

// A commit and a read look up what they need and nothing else: in a fresh schema,
// whose tables were empty when the plans were made and whose statistics nobody has
// gathered since, and under an old snapshot, which keeps every version of a row. The
// mean of index entries that a look-up reads does not grow with what is stored.
func TestPlansOfAFreshSchemaReadNothingWhole(t *testing.T) {
	ctx := context.Background()
	url := pgtest.NewServer(t, "autovacuum=off", "fsync=off").URL()
	s := openAt(t, url)
	stranger, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close(ctx) }()
	if _, err := stranger.Exec(ctx, "begin isolation level repeatable read; select pg_current_xact_id()"); err != nil {
		t.Fatal(err)
	}
	const people, lives = 4, 400
	for n := range people {
		commit(t, s, registration(n, 1<<40))
	}
	var ours couples
	ours.store = s
	for n := range lives {
		ours.between(t, agentID(n%2), agentID(2+n%2))
	}
	s.Pool().Close() // Each connection says what it read when it ends.
	watcher := poolAt(t, url)
	var index string
	var scans, reads int64
	for scans < 4*lives {
		err := watcher.QueryRow(ctx, `select sum(idx_scan)::bigint from pg_stat_user_indexes
			where schemaname = 'pinchwork' and indexrelname = 'account_pkey'`).Scan(&scans)
		if err != nil {
			t.Fatal(err)
		}
	}
	rows, err := watcher.Query(ctx, `select indexrelname, idx_scan, idx_tup_read from pg_stat_user_indexes
		where schemaname = 'pinchwork' and idx_scan > 100`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pgx.ForEachRow(rows, []any{&index, &scans, &reads}, func() error {
		// An epoch has 16 versions of an account, and each look-up finds it by two.
		if reads > 20*scans {
			t.Errorf("%s: %d look-ups read %d entries", index, scans, reads)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
