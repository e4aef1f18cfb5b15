package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/internal/trips"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// countedStore is a store on a pool of one connection that counts; all its
// statements are prepared once used.
func countedStore(t *testing.T) (*postgres.Store, *trips.Counter) {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	c := new(trips.Counter)
	config.ConnConfig.DialFunc = c.Dial
	config.MaxConns, config.HealthCheckPeriod = 1, time.Hour
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s, err := postgres.New(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestRoundTrips(t *testing.T) {
	store, counter := countedStore(t)
	trips.Check(t, store, counter)
}
