package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
	"github.com/pinchwork/pinchwork/store/storetest"
)

func openAt(t testing.TB, path string, opts ...sqlite.Option) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Beside the promises: no statement of the store costs more for all that is stored.
func TestStore(t *testing.T) {
	var last *sqlite.Store
	var path string
	var plans plans
	again := func(t *testing.T) store.Store {
		s := openAt(t, path, sqlite.WithoutDurability())
		t.Cleanup(func() {
			if s == last {
				plans.gather(t, s)
			}
		})
		last = s
		return s
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		path = filepath.Join(t.TempDir(), "market.db")
		return again(t)
	}, storetest.Shared(again), storetest.Reopened(func(t *testing.T) store.Store {
		if err := last.Close(); err != nil {
			t.Fatal(err)
		}
		return again(t)
	}))
	plans.check(t)
}
