// Package redistest starts private Redis servers for tests, real ones that a
// test may hurt, and in-process ones.
//
//	server := redistest.Start(t, redistest.Durable())
//	store, err := redis.Open(ctx, server.URL())
//	server.Kill()
//	server.Restart()
//
// The program is what PINCHWORK_TEST_REDIS_SERVER names, or redis-server or
// valkey-server from PATH. Without it a test is skipped, or fails when
// PINCHWORK_TEST_REQUIRE contains "redis".
package redistest

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
)

// Start runs a private server on a free port of the loopback interface until
// the test ends. Its data lie in a folder of their own; by default it keeps
// nothing on disk.
func Start(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s := prepare(t, map[string]string{"appendonly": "no", "save": ""})
	for _, opt := range opts {
		opt(s)
	}
	s.launch()
	return s
}

// prepare makes a server that does not run yet.
func prepare(t testing.TB, settings map[string]string) *Server {
	t.Helper()
	program, err := find()
	if err == nil && testing.Short() && !required() {
		t.Skip("NOT TESTED ON REDIS: -short starts no servers")
	}
	if err != nil {
		missing(t, err)
	}
	s := &Server{t: t, program: program, settings: settings}
	if s.dir, err = os.MkdirTemp("", "redistest"); err != nil {
		t.Fatalf("making a folder for Redis: %v", err)
	}
	t.Cleanup(s.close)
	return s
}

// Mini runs an in-process server, which needs no program, until the test ends.
func Mini(t testing.TB) *miniredis.Miniredis {
	t.Helper()
	return miniredis.RunT(t)
}

// Option changes the settings of a server.
type Option func(*Server)

// Durable makes a server that has every command on disk before it answers.
func Durable() Option {
	return func(s *Server) {
		s.settings["appendonly"] = "yes"
		s.settings["appendfsync"] = "always"
	}
}

// With sets one of the server's own settings.
func With(name, value string) Option {
	return func(s *Server) { s.settings[name] = value }
}

// programVariable names the server's program, for a run on another one.
const programVariable = "PINCHWORK_TEST_REDIS_SERVER"

func find() (string, error) {
	if name := os.Getenv(programVariable); name != "" {
		return exec.LookPath(name)
	}
	if path, err := exec.LookPath("redis-server"); err == nil {
		return path, nil
	}
	return exec.LookPath("valkey-server")
}

// Installed tells whether the server's program is on this machine.
func Installed() bool {
	_, err := find()
	return err == nil
}

// Wanted tells whether tests run on a real server: it is installed or has to be.
func Wanted() bool { return Installed() || required() }

// missing skips the test, unless somebody asked for this very program.
func missing(t testing.TB, err error) {
	t.Helper()
	if required() {
		t.Fatalf("no Redis server: %v", err)
	}
	t.Skip("SKIPPED: neither redis-server nor valkey-server is in PATH; this test proves nothing about Redis")
}

func required() bool {
	return os.Getenv(programVariable) != "" || strings.Contains(os.Getenv("PINCHWORK_TEST_REQUIRE"), "redis")
}
