// Package faults_test runs the real server, hurts it or its store in the middle
// of a load, and proves that nothing that was acknowledged is lost or doubled.
//
//	go test ./internal/faults
//	PINCHWORK_TEST_ROUNDS=20 go test -v -run Kill ./internal/faults
package faults_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/internal/faultproxy"
	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/internal/programtest"
	"github.com/pinchwork/pinchwork/internal/redistest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// database is a private server that loses nothing it has acknowledged.
type database struct {
	kind    string
	addr    string
	url     func(addr string) string
	kill    func()
	restart func()
}

// onEachDatabase runs a test on a database of its own of each kind.
func onEachDatabase(t *testing.T, test func(t *testing.T, d *database)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) {
		s := redistest.Start(t, redistest.Durable())
		test(t, &database{
			kind: "redis", addr: s.Addr(), kill: s.Kill, restart: s.Restart,
			url: func(addr string) string { return "redis://" + addr + "/0" },
		})
	})
	t.Run("postgres", func(t *testing.T) {
		s := pgtest.NewServer(t)
		test(t, &database{
			kind: "postgres", addr: s.Addr(), kill: s.Kill,
			restart: func() {
				if err := s.Restart(); err != nil {
					t.Fatalf("restarting Postgres: %v", err)
				}
			},
			url: func(addr string) string { return strings.Replace(s.URL(), s.Addr(), addr, 1) },
		})
	})
}

// onEachStore runs a test on each kind of store that outlives its servers: on the
// databases, and on a file, which nobody can kill or cut off.
func onEachStore(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite:"+filepath.Join(t.TempDir(), "market.db")) })
	onEachDatabase(t, func(t *testing.T, d *database) { test(t, d.url(d.addr)) })
}

func (d *database) through(p *faultproxy.Proxy) string { return d.url(p.Addr()) }

// replica is a running `pinchwork serve`.
type replica struct {
	t       *testing.T
	program string
	url     string
	metrics string
	args    []string
	process *exec.Cmd
	log     programtest.Log
}

const adminKey = "faults-operator-key"

// serve starts a replica on a store; it ends with the test.
func serve(t *testing.T, store string) *replica {
	t.Helper()
	return serveBy(t, programtest.Path(t), store)
}

// serveBy is serve for one of several versions of the program.
func serveBy(t *testing.T, program, store string) *replica {
	t.Helper()
	listen, metrics := freeAddr(t), freeAddr(t)
	r := &replica{t: t, program: program, url: "http://" + listen, metrics: "http://" + metrics + "/metrics", args: []string{
		"serve", "--listen", listen, "--metrics-listen", metrics, "--store", store, "--rate-limits", "off",
		"--webhook-allow-private", "true", "--auto-approve", autoApprove.String(), "--initial-credits", "1000000",
	}}
	r.start()
	t.Cleanup(func() {
		r.kill()
		if t.Failed() {
			t.Logf("the server's log:\n%s", r.log.String())
		}
	})
	return r
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// start returns once the server listens.
func (r *replica) start() {
	r.t.Helper()
	if !r.starts() {
		r.t.Fatalf("the server does not start:\n%s", r.log.String())
	}
}

// starts reports whether the server came to listen; if not, it has ended.
func (r *replica) starts() bool {
	r.t.Helper()
	r.process = exec.Command(r.program, r.args...)
	r.process.Env = append(os.Environ(), "PINCHWORK_ADMIN_KEY="+adminKey)
	r.process.Stderr = &r.log
	_, err := programtest.Listens(r.process)
	return err == nil
}

// kill ends the server as a crash would.
func (r *replica) kill() {
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
}
