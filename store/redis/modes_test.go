package redis_test

import (
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
	"github.com/pinchwork/pinchwork/store/storetest"
)

// A cluster refuses a script that declares or touches keys of two slots, so
// the suite proves that every key carries the marketplace's hash tag.
func TestStoreOnCluster(t *testing.T) {
	client := universal(t, &goredis.UniversalOptions{
		Addrs: []string{redistest.StartCluster(t).Addr()}, IsClusterMode: true,
	})
	storetest.Run(t, func(t *testing.T) store.Store {
		s, err := redis.New(t.Context(), client, freshNamespace())
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// What makes the test above a proof: such a server does refuse the second slot.
func TestClusterRefusesKeysOfTwoSlots(t *testing.T) {
	client := universal(t, &goredis.UniversalOptions{
		Addrs: []string{redistest.StartCluster(t).Addr()}, IsClusterMode: true,
	})
	const script = "return redis.call('GET', '{b}:hidden')"
	if err := client.Eval(t.Context(), script, []string{"{a}:declared"}).Err(); err == nil {
		t.Fatal("a script read a key of another slot")
	}
}

func universal(t *testing.T, options *goredis.UniversalOptions) goredis.UniversalClient {
	t.Helper()
	client := goredis.NewUniversalClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// When the master dies, a sentinel promotes the replica and the marketplace
// goes on with everything that had been replicated (WAIT says how much that
// is). What the replica had not yet received may be lost, whatever appendfsync
// says: replication is asynchronous.
func TestMarketGoesOnAfterAFailover(t *testing.T) {
	master, replica := redistest.Start(t, redistest.Durable()), redistest.Start(t, redistest.Durable())
	replica.Follow(master)
	sentinel := redistest.StartSentinel(t, "market", master)
	client := universal(t, &goredis.UniversalOptions{
		Addrs: []string{sentinel.Addr()}, MasterName: "market", PoolSize: 1, ContextTimeoutEnabled: true,
	})
	store, err := redis.New(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	k := markettest.New(t, markettest.Store(store), markettest.CheckRarely())
	poster, worker := k.Agent("poster", markettest.Granted(1_000)), k.Agent("worker")
	claimed, open := poster.Post("claimed", markettest.Budget(30)), poster.Post("open", markettest.Budget(20))
	worker.Claim(claimed)
	if n, err := client.Do(t.Context(), "WAIT", 1, within.Milliseconds()).Int(); err != nil || n != 1 {
		t.Fatalf("the writes reached %d replicas, %v", n, err)
	}
	balance := poster.Balance()

	master.Kill()
	await(t, "the replica to be the master", func() bool { return masterOf(t, client) == replica.Addr() })

	if got := poster.Balance(); got != balance {
		t.Errorf("the poster had %d credits, and has %d", balance, got)
	}
	worker.Deliver(claimed, "done")
	poster.Approve(claimed)
	if got := worker.Pickup().TaskID; got != open {
		t.Errorf("offered %s instead of %s", got, open)
	}
}

// masterOf is the address of the server that the client writes to, "" when it
// cannot write.
func masterOf(t *testing.T, client goredis.UniversalClient) string {
	t.Helper()
	info, err := client.InfoMap(t.Context(), "server", "replication").Result()
	if err != nil || info["Replication"]["role"] != "master" {
		return ""
	}
	return "127.0.0.1:" + info["Server"]["tcp_port"]
}
