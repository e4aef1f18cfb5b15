package redis_test

import (
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
)

// A store of the first release did not write into an agent's hash which key it has.
// Such a key is found as ever, and ends like any other once the agent has a new one.
func TestTheKeyOfAnOlderStoreEndsLikeAnyOther(t *testing.T) {
	addr := redistest.Mini(t).Addr()
	s := open(t, "redis://"+addr)
	now := time.UnixMicro(1_900_000_000_000_000).UTC()
	p := &store.Profile{ID: "ag-1", Version: 1, Name: "one", CreatedAt: now}
	first, second, third := store.KeyDigest{1}, store.KeyDigest{2}, store.KeyDigest{3}
	write(t, s, now, store.AgentWrite{New: p, Key: first})
	client := goredis.NewClient(&goredis.Options{Addr: addr})
	t.Cleanup(func() { _ = client.Close() })
	if n, err := client.HDel(t.Context(), "{pinchwork}:a:ag-1", "k").Result(); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	found(t, s, first, now, true)
	for i, key := range []store.KeyDigest{second, third} {
		next := *p
		next.Version++
		next.OldKeyUntil = now.Add(time.Hour)
		write(t, s, now, store.AgentWrite{Old: p, New: &next, Key: key})
		p = &next
		found(t, s, first, now, i == 0)
		found(t, s, first, now.Add(time.Hour), false)
		found(t, s, second, now, true)
	}
	found(t, s, third, now.Add(time.Hour), true)
}

func write(t *testing.T, s *redis.Store, at time.Time, w store.AgentWrite) {
	t.Helper()
	if _, err := s.Commit(t.Context(), &store.Change{At: at, Agents: []store.AgentWrite{w}}); err != nil {
		t.Fatal(err)
	}
}

func found(t *testing.T, s *redis.Store, key store.KeyDigest, at time.Time, want bool) {
	t.Helper()
	got, err := s.Admit(t.Context(), store.Admission{Now: at, Key: &key})
	if err != nil || got.Agent != nil != want {
		t.Errorf("key %d finds %v, %v", key[0], got.Agent, err)
	}
}
