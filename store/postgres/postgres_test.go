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
	storetest.Run(t, func(t *testing.T) store.Store {
		return openAt(t, url, postgres.WithSchema(fmt.Sprintf("Market %d", schemas.Add(1))))
	})
}
