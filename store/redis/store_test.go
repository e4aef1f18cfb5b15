package redis_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
	"github.com/pinchwork/pinchwork/store/storetest"
)

// namespaces makes every store of a test a marketplace of its own.
var namespaces atomic.Int64

func freshNamespace() redis.Option {
	return redis.WithNamespace(fmt.Sprintf("test%d", namespaces.Add(1)))
}

func open(t testing.TB, url string, opts ...redis.Option) *redis.Store {
	t.Helper()
	s, err := redis.Open(context.Background(), url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStoreOnRedis(t *testing.T) {
	server := redistest.Start(t)
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, server.URL(), freshNamespace()) })
}

func TestStoreOnMiniredis(t *testing.T) {
	server := redistest.Mini(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, "redis://"+server.Addr(), freshNamespace())
	})
}
