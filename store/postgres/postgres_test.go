package postgres_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
	"github.com/pinchwork/pinchwork/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.MainWithExamples(m)) }

var schemas atomic.Int64

func openAt(t testing.TB, url string, opts ...postgres.Option) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	url := pgtest.Start(t)
	var last *postgres.Store
	var schema string
	again := func(t *testing.T) store.Store {
		last = openAt(t, url, postgres.WithSchema(schema))
		return last
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		schema = fmt.Sprintf("Market %d", schemas.Add(1))
		return again(t)
	}, storetest.Relayed(), storetest.Shared(again), storetest.Reopened(func(t *testing.T) store.Store {
		if err := last.Close(); err != nil {
			t.Fatal(err)
		}
		return again(t)
	}))
}
