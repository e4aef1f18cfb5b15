package market_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store/memory"
	"github.com/pinchwork/pinchwork/store/redis"
)

// opener makes empty stores of one kind. Each is closed with its test.
type opener struct {
	name string
	open func(t testing.TB) market.Store
	// slow stores have their books checked at the end of a test only.
	slow bool
}

// openers are the stores that every behaviour is tested on. The environment
// variable PINCHWORK_TEST_STORES, a list of their names, selects some of them.
func openers() []opener {
	all := []opener{
		{name: "memory", open: func(testing.TB) market.Store { return memory.New() }},
		{name: "miniredis", slow: true, open: func(t testing.TB) market.Store {
			return openRedis(t, "redis://"+redistest.Mini(t).Addr())
		}},
		{name: "redis", slow: true, open: func(t testing.TB) market.Store { return openRedis(t, sharedRedis(t)) }},
	}
	all = append(all, moreOpeners...)
	only := os.Getenv("PINCHWORK_TEST_STORES")
	if only == "" {
		return all
	}
	return slices.DeleteFunc(all, func(o opener) bool {
		return !slices.Contains(strings.Split(only, ","), o.name)
	})
}

// moreOpeners are added by files of their own.
var moreOpeners []opener

// onEveryStore runs a test on a market of its own on each store.
func onEveryStore(t *testing.T, test func(t *testing.T, k *markettest.Kit), opts ...markettest.Option) {
	t.Helper()
	t.Parallel()
	for _, o := range openers() {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			all := []markettest.Option{markettest.Store(o.open(t))}
			if o.slow {
				all = append(all, markettest.CheckRarely())
			}
			test(t, markettest.New(t, append(all, opts...)...))
		})
	}
}

// policy is onEveryStore's option for another policy.
func policy(change func(p *market.Policy)) markettest.Option { return markettest.Policy(change) }

// namespaces makes each store a marketplace of its own on a shared server.
var namespaces atomic.Int64

func openRedis(t testing.TB, url string) market.Store {
	t.Helper()
	s, err := redis.Open(context.Background(), url, redis.WithNamespace(fmt.Sprintf("test%d", namespaces.Add(1))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// binary is a testing.TB that lives as long as the test binary, for servers
// that its tests share.
type binary struct {
	testing.TB
	mu       sync.Mutex
	cleanups []func()
	redis    string
	postgres string
}

var shared binary

func (b *binary) Helper()                   {}
func (b *binary) Cleanup(f func())          { b.cleanups = append(b.cleanups, f) }
func (b *binary) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// sharedRedis returns the URL of a real server that all tests share.
func sharedRedis(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if _, err := exec.LookPath("valkey-server"); err != nil {
			return redistest.Start(t).URL() // skips the test, or fails it
		}
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.redis == "" {
		shared.redis = redistest.Start(&shared).URL()
	}
	return shared.redis
}

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	for _, f := range slices.Backward(shared.cleanups) {
		f()
	}
	os.Exit(code)
}
