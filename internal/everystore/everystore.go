// Package everystore opens stores of all kinds for tests: memory, a file of SQLite,
// and real Redis and Postgres servers where their programs are on the machine;
// where Redis is not, miniredis stands in, in process. A server of each kind is
// shared by a test binary.
//
//	func TestMain(m *testing.M) { os.Exit(everystore.Main(m)) }
//
//	for _, kind := range everystore.Kinds() {
//		t.Run(kind.Name, func(t *testing.T) { store := kind.Open(t) … })
//	}
//
// PINCHWORK_TEST_STORES, a list of their names, selects some of them, miniredis
// beside redis too; -short alone selects memory.
package everystore

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
	"github.com/pinchwork/pinchwork/store/postgres"
	"github.com/pinchwork/pinchwork/store/redis"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// Kind makes empty stores of one kind.
type Kind struct {
	Name string
	// Open returns an empty store that closes with the test. Without the
	// program that it needs it skips the test, or fails it when
	// PINCHWORK_TEST_REQUIRE names the program.
	Open func(t testing.TB) market.Store
	// Slow stores cost a round trip for each call.
	Slow bool
	// Relays says that programs on the same store wake each other (store.Relay).
	Relays bool
}

// Kinds are the stores that every behaviour is tested on.
func Kinds() []Kind {
	all := []Kind{
		{Name: "memory", Open: func(testing.TB) market.Store { return memory.New() }},
		{Name: "sqlite", Slow: true, Open: openSQLite},
		{Name: "miniredis", Slow: true, Relays: true, Open: func(t testing.TB) market.Store {
			return openRedis(t, "redis://"+redistest.Mini(t).Addr())
		}},
		{Name: "redis", Slow: true, Relays: true, Open: func(t testing.TB) market.Store { return openRedis(t, sharedRedis(t)) }},
		{Name: "postgres", Slow: true, Relays: true, Open: openPostgres},
	}
	only := os.Getenv("PINCHWORK_TEST_STORES")
	switch {
	case only == "" && testing.Short():
		return all[:1]
	case only == "":
		return slices.DeleteFunc(all, func(k Kind) bool { return k.Name == standIn() })
	}
	return slices.DeleteFunc(all, func(k Kind) bool { return !slices.Contains(strings.Split(only, ","), k.Name) })
}

// standIn names the kind of Redis that is not needed here: the one in process
// interprets each script anew, which costs more than all real servers together.
func standIn() string {
	if redistest.Wanted() {
		return "miniredis"
	}
	return "redis"
}

// Main runs the tests and stops the shared servers.
func Main(m *testing.M) int {
	code := pgtest.Main(m)
	for _, f := range slices.Backward(shared.cleanups) {
		f()
	}
	return code
}

// namespaces makes each store a marketplace of its own on a shared server.
var namespaces atomic.Int64

// binary is a testing.TB that lives as long as the test binary, for servers
// that its tests share.
type binary struct {
	testing.TB
	mu              sync.Mutex
	cleanups        []func()
	redis, postgres string
}

var shared binary

func (b *binary) Helper()                   {}
func (b *binary) Cleanup(f func())          { b.cleanups = append(b.cleanups, f) }
func (b *binary) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// openSQLite gives each store a file of its own, which waits for no disk.
func openSQLite(t testing.TB) market.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "market.db"), sqlite.WithoutDurability())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openRedis(t testing.TB, url string) market.Store {
	t.Helper()
	s, err := redis.Open(context.Background(), url, redis.WithNamespace(fmt.Sprintf("test%d", namespaces.Add(1))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sharedRedis returns the URL of a real server that all tests share.
func sharedRedis(t testing.TB) string {
	t.Helper()
	if !redistest.Installed() {
		return redistest.Start(t).URL() // skips the test, or fails it
	}
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.redis == "" {
		shared.redis = redistest.Start(&shared).URL()
	}
	return shared.redis
}

// openPostgres gives each store a schema of its own in one database.
func openPostgres(t testing.TB) market.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), sharedPostgres(t),
		postgres.WithSchema(fmt.Sprintf("market_%d", namespaces.Add(1))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func sharedPostgres(t testing.TB) string {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.postgres == "" {
		shared.postgres = pgtest.Start(t) // skips the test, or fails it
	}
	return shared.postgres
}
