package redis_test

import (
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/internal/trips"
	"github.com/pinchwork/pinchwork/store/redis"
)

// countedStore is a store on one connection that counts.
func countedStore(t *testing.T) (*redis.Store, *trips.Counter) {
	t.Helper()
	options, err := goredis.ParseURL(redistest.Start(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	c := new(trips.Counter)
	options.Dialer, options.PoolSize = c.Dial, 1
	client := goredis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	s, err := redis.New(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestRoundTrips(t *testing.T) {
	store, counter := countedStore(t)
	trips.Check(t, store, counter)
}
