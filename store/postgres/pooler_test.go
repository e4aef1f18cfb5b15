package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
	"github.com/pinchwork/pinchwork/store/storetest"
)

// Behind a pooler that hands a server connection to each transaction, a plain URL
// keeps all promises of a store.
func TestStoreBehindPgBouncer(t *testing.T) {
	url := pgtest.Start(t)
	s, direct := openAt(t, pgtest.Bouncer(t, url)), poolAt(t, url)
	storetest.Run(t, func(t *testing.T) store.Store {
		empty(t, direct)
		return s
	})
}

// empty clears the default schema, which is quicker than a new one.
func empty(t *testing.T, direct *pgxpool.Pool) {
	t.Helper()
	var tables string
	err := direct.QueryRow(t.Context(), `select string_agg(format('delete from %I.%I', schemaname, tablename), '; ') from pg_tables
		where schemaname = 'pinchwork' and tablename not in ('migration', 'pruned')`).Scan(&tables)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := direct.Exec(t.Context(), tables+"; update pinchwork.pruned set n = 0"); err != nil {
		t.Fatal(err)
	}
}

// A host's own pool that prepares statements would fail now and then: it is told so
// in one line when the store is opened, with what to write instead.
func TestAHostsPoolBehindPgBouncer(t *testing.T) {
	ctx := context.Background()
	url := pgtest.Bouncer(t, pgtest.Start(t))
	if _, err := postgres.New(ctx, poolAt(t, url)); err == nil ||
		!strings.Contains(err.Error(), "default_query_exec_mode=cache_describe") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a pool that prepares statements: %v", err)
	}
	s, err := postgres.New(ctx, poolAt(t, url+"&default_query_exec_mode=cache_describe"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := market.New(market.Config{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	ada, err := m.Register(ctx, market.RegisterInput{Name: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := m.As(ada.AgentID).Mine(ctx, market.MineQuery{}); err != nil || list.Total != 0 {
		t.Errorf("%d tasks, %v", list.Total, err)
	}
}

// A server that is reached directly is not taken for a pooler.
func TestNoPoolerWhereThereIsNone(t *testing.T) {
	url := pgtest.Start(t)
	if s := openAt(t, url); s.Pooled() {
		t.Error("a direct connection is taken for one through a pooler")
	}
	if _, err := postgres.New(context.Background(), poolAt(t, url)); err != nil {
		t.Error(err)
	}
	if s := openAt(t, pgtest.Bouncer(t, url)); !s.Pooled() {
		t.Error("a pooler is not recognized")
	}
}

func poolAt(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}
