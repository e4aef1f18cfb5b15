package pgtest

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bouncerConfig hands a server connection to whoever begins a transaction, and has
// fewer of them than there are clients.
const bouncerConfig = `[databases]
* = host=%s port=%s user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 4
max_client_conn = 500
logfile = %s
pidfile =
`

// Bouncer starts a PgBouncer in transaction mode before the database of a URL and
// returns the URL of the same database through it. It ends with the test. Without
// the program the test is skipped, or fails when PINCHWORK_TEST_REQUIRE contains
// "pgbouncer".
func Bouncer(t testing.TB, database string) string {
	t.Helper()
	program, err := bouncerProgram()
	if err != nil {
		if strings.Contains(os.Getenv("PINCHWORK_TEST_REQUIRE"), "pgbouncer") {
			t.Fatalf("PgBouncer is required: %v", err)
		}
		t.Skipf("NOT TESTED BEHIND PGBOUNCER: %v", err)
	}
	to, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	port, err := startBouncer(t, program, to)
	if err != nil {
		t.Fatalf("starting PgBouncer: %v", err)
	}
	to.Host = fmt.Sprintf("127.0.0.1:%d", port)
	return to.String()
}

func bouncerProgram() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	// Debian's folder for it is not in everybody's PATH.
	return exec.LookPath("/usr/sbin/pgbouncer")
}

func startBouncer(t testing.TB, program string, to *url.URL) (port int, err error) {
	if port, err = freePort(); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "pgbouncer")
	if err != nil {
		return 0, err
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file, log := filepath.Join(dir, "pgbouncer.ini"), filepath.Join(dir, "log")
	text := fmt.Sprintf(bouncerConfig, to.Hostname(), to.Port(), port, filepath.Join(dir, "own.log"))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // Another user reads it; it holds no secret.
		return 0, err
	}
	if err := handOver(dir); err != nil {
		return 0, err
	}
	p, err := start(program, []string{"-q", file}, log)
	if err != nil {
		return 0, err
	}
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	return port, awaitPort(port, log)
}

func awaitPort(port int, log string) error {
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(pollEvery) {
		conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
		if err == nil {
			return conn.Close()
		}
	}
	said, _ := os.ReadFile(log)
	return fmt.Errorf("it does not listen: %s", said)
}
