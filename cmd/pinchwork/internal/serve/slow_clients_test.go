//go:build linux

package serve

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/programtest"
)

// asServer makes this test binary a server: what a process takes of memory can
// only be seen from outside.
const asServer = "PINCHWORK_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "" {
		os.Exit(m.Run())
	}
	s := Defaults()
	s.Listen, s.Store, s.RateLimits, s.Policy.InitialCredits = "127.0.0.1:0", "memory", false, 1_000
	if err := Run(context.Background(), s, "test", os.Stdout, io.Discard); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is a server in a process of its own.
func child(t *testing.T) (*instance, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asServer+"=1")
	url, err := programtest.Listens(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return &instance{t: t, addr: strings.TrimPrefix(url, "http://")}, cmd.Process.Pid
}

// peak is the most memory that a process has had, in bytes.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(data, []byte("VmHWM:"))
	n, err := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// p99 asks for the own profile n times, each of which has to succeed.
func (i *instance) p99(key string, n int) time.Duration {
	i.t.Helper()
	took := make([]time.Duration, n)
	for j := range took {
		began := time.Now()
		i.call("GET", "/v1/me", key, nil, nil)
		took[j] = time.Since(began)
	}
	slices.Sort(took)
	return took[n*99/100]
}

// crowd is how many slow clients there are. PINCHWORK_SLOW_CLIENTS=full has as
// many as a server is to withstand.
func crowd() (senders, readers, asked int) {
	if os.Getenv("PINCHWORK_SLOW_CLIENTS") == "full" {
		return 2_000, 200, 5_000
	}
	return 300, 100, 500
}

// Clients that send a byte a second, and readers that do not read, cost others
// nothing and the server little memory.
func TestSlowClientsCostOthersNothing(t *testing.T) {
	senders, readers, asked := crowd()
	i, pid := child(t)
	hoarder, honest := i.register(map[string]any{"name": "hoarder"}), i.register(map[string]any{"name": "honest"})
	for range 15 {
		i.call("POST", "/v1/tasks", hoarder, map[string]any{
			"need": strings.Repeat("漢", 50_000), "context": strings.Repeat("x", 100_000), "max_credits": 1,
		}, nil)
	}
	quiet := i.p99(honest, asked)
	over, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	for n := range senders {
		conn := i.dial("POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 100000\r\n\r\n{", hoarder)
		wait.Go(func() { dribble(over, conn, n) })
	}
	for range readers {
		conn := i.dial("GET /v1/tasks/mine?limit=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", hoarder)
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}
	busy := i.p99(honest, asked)
	stop()
	wait.Wait()
	most := peak(t, pid)
	t.Logf("%d senders, %d readers: p99 %v quiet, %v busy (× %.1f); at most %d MiB", senders, readers, quiet, busy, float64(busy)/float64(quiet), most>>20)
	if most > 512<<20 {
		t.Errorf("the server took %d MiB", most>>20)
	}
	if os.Getenv("PINCHWORK_SLOW_CLIENTS") == "full" && busy > 3*quiet {
		t.Errorf("p99 is %v, and %v when it is quiet", busy, quiet)
	}
}

// dribble sends a byte a second until the server has had enough of it.
func dribble(ctx context.Context, conn net.Conn, n int) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := conn.Write([]byte{'a' + byte(n%26)}); err != nil {
				return
			}
		}
	}
}
