package redis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
	"github.com/pinchwork/pinchwork/store/storetest"
)

// keyGuard fails the test when a command touches a key outside the namespace.
type keyGuard struct {
	t      testing.TB
	prefix string
}

func (g keyGuard) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (g keyGuard) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		g.check(cmd)
		return next(ctx, cmd)
	}
}

func (g keyGuard) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		for _, cmd := range cmds {
			g.check(cmd)
		}
		return next(ctx, cmds)
	}
}

// keyless are commands without a key; any other has its keys where keysOf looks.
var keyless = map[string]bool{"config": true, "info": true, "ping": true, "time": true, "hello": true, "client": true}

func keysOf(cmd goredis.Cmder) []string {
	args := cmd.Args()
	if name := cmd.Name(); name != "evalsha" && name != "eval" {
		return []string{fmt.Sprint(args[1])}
	}
	var keys []string
	var n int
	_, _ = fmt.Sscan(fmt.Sprint(args[2]), &n)
	for _, key := range args[3 : 3+n] {
		keys = append(keys, fmt.Sprint(key))
	}
	return keys
}

func (g keyGuard) check(cmd goredis.Cmder) {
	if keyless[cmd.Name()] {
		return
	}
	keys := keysOf(cmd)
	if len(keys) == 0 {
		g.t.Errorf("%s declares no key, so a cluster cannot send it to its node", cmd.Name())
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, g.prefix) {
			g.t.Errorf("%s touches %q outside %q", cmd.Name(), key, g.prefix)
		}
	}
}

// guardedStore is a store whose every command is checked.
func guardedStore(t *testing.T, client goredis.UniversalClient) *redis.Store {
	t.Helper()
	name := fmt.Sprintf("guarded%d", namespaces.Add(1))
	client.AddHook(keyGuard{t: t, prefix: "{" + name + "}:"})
	t.Cleanup(func() { _ = client.Close() })
	s, err := redis.New(context.Background(), client, redis.WithNamespace(name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryKeyIsUnderTheHashTag(t *testing.T) {
	server := redistest.Start(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		return guardedStore(t, goredis.NewClient(&goredis.Options{Addr: server.Addr()}))
	})
	admin := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	defer func() { _ = admin.Close() }()
	keys, err := admin.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatalf("the suite left %d keys, %v", len(keys), err)
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "{guarded") {
			t.Errorf("a script wrote %q", key)
		}
	}
}

// A real cluster node refuses commands whose keys lie in several slots, and
// scripts that touch a key of a slot it does not own.
func TestStoreOnACluster(t *testing.T) {
	server := redistest.Start(t, redistest.With("cluster-enabled", "yes"))
	formCluster(t, server.Addr())
	storetest.Run(t, func(t *testing.T) store.Store {
		return guardedStore(t, goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{server.Addr()}}))
	})
}

// formCluster gives all slots to one node.
func formCluster(t *testing.T, addr string) {
	t.Helper()
	node := goredis.NewClient(&goredis.Options{Addr: addr})
	defer func() { _ = node.Close() }()
	if err := node.Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	await(t, "the cluster to be up", func() bool {
		info, err := node.ClusterInfo(t.Context()).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok")
	})
}

// await polls until the condition holds.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

func TestTwoStoresShareOneMarketplace(t *testing.T) {
	server := redistest.Start(t)
	here := open(t, server.URL())
	there := open(t, server.URL())
	l := newLane(here, 1)
	head, err := there.Feed(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	task := l.post()
	l.store = there
	claimed := l.claim(task)
	l.store = here
	l.deliver(claimed.ID)
	l.store = there
	l.approve(claimed.ID)
	page, err := here.Feed(t.Context(), head.Next, 100)
	if err != nil || len(page.Items) != 5 {
		t.Fatalf("the feed brought %+v, %v", page.Items, err)
	}
	if got := l.load(l.worker, "").Caller; got.Balance != 1_000_000_045 || got.Completed != 1 {
		t.Fatalf("the worker's account: %+v", got.Account)
	}
}

func TestNamespacesDoNotSeeEachOther(t *testing.T) {
	for name, url := range map[string]string{
		"redis": redistest.Start(t).URL(), "miniredis": "redis://" + redistest.Mini(t).Addr(),
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := open(t, url, redis.WithNamespace("ours")), open(t, url, redis.WithNamespace("theirs"))
			newLane(ours, 1).lifecycle()
			assertEmpty(t, theirs)
			newLane(theirs, 1).lifecycle()
			totals, err := ours.Totals(t.Context())
			if err != nil || totals.Agents != 2 || totals.Tasks[store.StatusApproved] != 1 {
				t.Fatalf("totals after the other's work: %+v, %v", totals, err)
			}
		})
	}
}

func assertEmpty(t *testing.T, s *redis.Store) {
	t.Helper()
	totals, err := s.Totals(t.Context())
	if err != nil || totals.Agents != 0 || len(totals.Tasks) != 0 || totals.Escrowed != 0 {
		t.Errorf("totals %+v, %v", totals, err)
	}
	if entries, _, err := s.Entries(t.Context(), "", "", 10); err != nil || len(entries) != 0 {
		t.Errorf("entries %v, %v", entries, err)
	}
	if tasks, err := s.ScanTasks(t.Context(), 0, 10); err != nil || len(tasks) != 0 {
		t.Errorf("tasks %v, %v", tasks, err)
	}
	if agents, err := s.ScanAgents(t.Context(), "", 10); err != nil || len(agents) != 0 {
		t.Errorf("agents %v, %v", agents, err)
	}
	if agenda, err := s.Due(t.Context(), start.Add(1000*time.Hour), 10); err != nil || len(agenda.Tasks) != 0 {
		t.Errorf("due %+v, %v", agenda, err)
	}
	key := market.APIKey("pwk-ag-poster0000000001").Digest()
	if admitted, err := s.Admit(t.Context(), store.Admission{Now: start, Key: &key}); err != nil || admitted.Agent != nil {
		t.Errorf("admitted %+v, %v", admitted, err)
	}
	if page, err := s.Feed(t.Context(), "0@", 10); err != nil || len(page.Items) != 0 {
		t.Errorf("feed %+v, %v", page, err)
	}
}
