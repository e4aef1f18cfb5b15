// Package pgtest starts private Postgres servers for tests: one that a test
// binary shares, and others that a test may hurt.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestStore(t *testing.T) { url := pgtest.Start(t) … }
//
// Bouncer puts a PgBouncer before one of them.
//
// The programs come from PATH or /usr/lib/postgresql/*/bin. Without them a test
// is skipped, or fails when PINCHWORK_TEST_REQUIRE contains "postgres".
package pgtest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// shared is the server of this test binary.
var shared struct {
	sync.Mutex
	server *Server
	err    error
	tried  bool
	made   atomic.Int64
}

// Main runs the tests and stops the shared server, if one was started.
func Main(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		shared.server.close()
	}
	return code
}

// Start returns the URL of a new, empty database on the server that all tests
// of the binary share. That server does not wait for the disk.
func Start(t testing.TB) string {
	t.Helper()
	requirePrograms(t)
	url, err := newSharedDatabase()
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func newSharedDatabase() (string, error) {
	server, err := sharedServer()
	if err != nil {
		return "", fmt.Errorf("starting Postgres: %w", err)
	}
	url, err := server.newDatabase(fmt.Sprintf("test%d", shared.made.Add(1)))
	if err != nil {
		return "", fmt.Errorf("creating a database: %w", err)
	}
	return url, nil
}

func sharedServer() (*Server, error) {
	shared.Lock()
	defer shared.Unlock()
	if !shared.tried {
		shared.tried = true
		shared.server, shared.err = launch("fsync=off", "full_page_writes=off", "synchronous_commit=off")
	}
	return shared.server, shared.err
}

// NewServer starts a server for this test alone, with further settings in the
// form "name=value". It ends with the test. Its commits are durable unless the
// settings say otherwise.
func NewServer(t testing.TB, settings ...string) *Server {
	t.Helper()
	requirePrograms(t)
	server, err := launch(settings...)
	if err != nil {
		t.Fatalf("starting Postgres: %v", err)
	}
	t.Cleanup(server.close)
	return server
}

func requirePrograms(t testing.TB) {
	t.Helper()
	if testing.Short() && !required() {
		t.Skip("NOT TESTED ON POSTGRES: -short starts no servers")
	}
	if _, err := programs(); err != nil {
		if required() {
			t.Fatalf("Postgres is required: %v", err)
		}
		t.Skipf("NOT TESTED ON POSTGRES: %v", err)
	}
}

func required() bool { return strings.Contains(os.Getenv("PINCHWORK_TEST_REQUIRE"), "postgres") }

func (s *Server) newDatabase(name string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", err
	}
	return s.url(name), nil
}
