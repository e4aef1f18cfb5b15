package market_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/postgres"
)

func init() {
	moreOpeners = append(moreOpeners, opener{name: "postgres", slow: true, open: openPostgres})
}

// openPostgres gives each market a schema of its own in one database.
func openPostgres(t testing.TB) market.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), sharedPostgres(t),
		postgres.WithSchema(fmt.Sprintf("market_%d", namespaces.Add(1))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sharedPostgres returns the URL of a database that all tests share. It is
// asked for in the test itself, which is skipped where there is no Postgres.
func sharedPostgres(t testing.TB) string {
	t.Helper()
	shared.mu.Lock()
	url := shared.postgres
	shared.mu.Unlock()
	if url != "" {
		return url
	}
	url = pgtest.Start(t)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.postgres == "" {
		shared.postgres = url
	}
	return shared.postgres
}
