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

func TestStore(t *testing.T) {
	var last *sqlite.Store
	var path string
	again := func(t *testing.T) store.Store {
		last = openAt(t, path, sqlite.WithoutDurability())
		return last
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
}
