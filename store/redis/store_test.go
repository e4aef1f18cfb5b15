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

// suite runs the seam's suite on a server, with what its stores keep and share.
func suite(t *testing.T, url string) {
	t.Helper()
	var last *redis.Store
	var namespace redis.Option
	again := func(t *testing.T) store.Store {
		last = open(t, url, namespace)
		return last
	}
	storetest.Run(t, func(t *testing.T) store.Store {
		namespace = freshNamespace()
		return again(t)
	}, storetest.Relayed(), storetest.Shared(again), storetest.Reopened(func(t *testing.T) store.Store {
		if err := last.Close(); err != nil {
			t.Fatal(err)
		}
		return again(t)
	}))
}

func TestStoreOnRedis(t *testing.T) {
	suite(t, redistest.Start(t).URL())
}

func TestStoreOnMiniredis(t *testing.T) {
	suite(t, "redis://"+redistest.Mini(t).Addr())
}
