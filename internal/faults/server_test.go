// Package faults_test runs the real server, hurts it or its store in the middle
// of a load, and proves that nothing that was acknowledged is lost or doubled.
//
//	go test ./internal/faults
//	PINCHWORK_TEST_ROUNDS=20 go test -v -run Kill ./internal/faults
package faults_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/faultproxy"
	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/internal/redistest"
)

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	for _, p := range []*program{&present, &later} {
		if p.dir != "" {
			_ = os.RemoveAll(p.dir)
		}
	}
	os.Exit(code)
}

// program is the pinchwork command, built once.
type program struct {
	// overlay, where it is not nil, writes into a folder what stands in the place of
	// files of the sources.
	overlay func(dir string) ([]string, error)

	once      sync.Once
	dir, path string
	err       error
}

// present is the command as it stands in the sources.
var present program

func (p *program) built(t *testing.T) string {
	t.Helper()
	p.once.Do(func() { p.err = p.build() })
	if p.err != nil {
		t.Fatalf("building the command: %v", p.err)
	}
	return p.path
}

func (p *program) build() (err error) {
	if p.dir, err = os.MkdirTemp("", "pinchwork-faults"); err != nil {
		return err
	}
	p.path = filepath.Join(p.dir, "pinchwork")
	args := []string{"build", "-o", p.path}
	if p.overlay != nil {
		more, err := p.overlay(p.dir)
		if err != nil {
			return err
		}
		args = append(args, more...)
	}
	if out, err := exec.Command("go", append(args, "../../cmd/pinchwork")...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

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
	program *program
	url     string
	metrics string
	args    []string
	process *exec.Cmd
	log     lockedLog
}

// lockedLog is what a server printed.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const adminKey = "faults-operator-key"

// serve starts a replica on a store; it ends with the test.
func serve(t *testing.T, store string) *replica {
	t.Helper()
	return present.serve(t, store)
}

func (p *program) serve(t *testing.T, store string) *replica {
	t.Helper()
	listen, metrics := freeAddr(t), freeAddr(t)
	r := &replica{t: t, program: p, url: "http://" + listen, metrics: "http://" + metrics + "/metrics", args: []string{
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
	r.process = exec.Command(r.program.built(r.t), r.args...)
	r.process.Env = append(os.Environ(), "PINCHWORK_ADMIN_KEY="+adminKey)
	r.process.Stderr = &r.log
	out, err := r.process.StdoutPipe()
	if err == nil {
		err = r.process.Start()
	}
	if err != nil {
		r.t.Fatalf("starting the server: %v", err)
	}
	listens := make(chan bool, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		listens <- strings.Contains(line, "listens on")
	}()
	select {
	case ok := <-listens:
		if ok {
			return true
		}
	case <-time.After(30 * time.Second):
	}
	r.kill()
	return false
}

// kill ends the server as a crash would.
func (r *replica) kill() {
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
}
