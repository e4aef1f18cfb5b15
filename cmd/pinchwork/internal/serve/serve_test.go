package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
)

// instance is a server that runs in this process.
type instance struct {
	t    testing.TB
	addr string
	// greeting is the line that says where everything is kept.
	greeting string
	stop     context.CancelFunc
	// signal ends the server as the signal does that the error names.
	signal context.CancelCauseFunc
	done   chan error
}

// start runs a server with these settings on a free port.
func start(t testing.TB, change func(*Settings)) *instance {
	t.Helper()
	return startLogged(t, io.Discard, change)
}

func startLogged(t testing.TB, log io.Writer, change func(*Settings)) *instance {
	t.Helper()
	s := Defaults()
	s.Listen, s.Store, s.RateLimits, s.DrainDelay = "127.0.0.1:0", "memory", false, 0
	change(&s)
	ctx, stop := context.WithCancelCause(context.Background())
	out, in := io.Pipe()
	i := &instance{t: t, stop: func() { stop(nil) }, signal: stop, done: make(chan error, 1)}
	go func() { i.done <- Run(ctx, s, "test", in, log) }()
	greeting := bufio.NewReader(out)
	line, err := greeting.ReadString('\n')
	if err == nil {
		i.greeting, err = greeting.ReadString('\n')
	}
	if err != nil {
		t.Fatal(err)
	}
	i.greeting = strings.TrimSpace(i.greeting)
	i.addr = strings.TrimSpace(strings.TrimPrefix(line, "pinchwork listens on http://"))
	t.Cleanup(i.stop)
	return i
}

// ends stops the server and says how it ended.
func (i *instance) ends() error {
	i.t.Helper()
	i.stop()
	select {
	case err := <-i.done:
		return err
	case <-time.After(time.Minute):
		i.t.Fatal("the server does not end")
		return nil
	}
}

// call sends a request and decodes its answer.
func (i *instance) call(method, path, key string, body, answer any) {
	i.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		i.t.Fatal(err)
	}
	r, _ := http.NewRequest(method, "http://"+i.addr+path, bytes.NewReader(data))
	r.Header.Set("Accept", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(res.Body)
		i.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	if answer != nil {
		if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
			i.t.Fatal(err)
		}
	}
}

func (i *instance) register(fields map[string]any) (key string) {
	i.t.Helper()
	var got struct {
		Key string `json:"api_key"`
	}
	i.call("POST", "/v1/register", "", fields, &got)
	return got.Key
}

// dial opens a connection that says this and reads nothing.
func (i *instance) dial(format string, args ...any) net.Conn {
	i.t.Helper()
	conn, err := net.Dial("tcp", i.addr)
	if err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, format, args...); err != nil {
		i.t.Fatal(err)
	}
	return conn
}

// Neither a stream whose reader has gone away without a word, nor a body that
// does not come, nor an endpoint of a webhook that does not answer, makes the end
// of a server a failure.
func TestNobodyHoldsUpTheEndOfAServer(t *testing.T) {
	called, release := make(chan struct{}, 100), make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		called <- struct{}{}
		<-release
	}))
	defer hook.Close()
	defer close(release)
	i := start(t, func(s *Settings) { s.Policy.PrivateWebhooks = true; s.Policy.MaxOpenClaims = 0 })
	poster := i.register(map[string]any{"name": "p", "webhook_url": hook.URL})
	worker := i.register(map[string]any{"name": "w"})
	stalled := i.dial("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", poster)
	_ = stalled.(*net.TCPConn).SetReadBuffer(1)
	if _, err := stalled.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	i.dial("POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\n{", poster)
	i.call("POST", "/v1/tasks", poster, map[string]any{"need": "x", "max_credits": 1}, nil)
	i.call("POST", "/v1/tasks/pickup", worker, map[string]any{}, nil)
	<-called
	began := time.Now()
	if err := i.ends(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if took := time.Since(began); took > endFor {
		t.Errorf("ended after %v", took)
	}
}

// A part that panics ends the server as one that fails does, with its requests
// drained.
func TestAPanicOfAPartIsItsError(t *testing.T) {
	var log strings.Builder
	err := contained(slog.New(slog.NewTextHandler(&log, nil)), "the part", func() error { panic("broken") })
	if err == nil || !strings.Contains(err.Error(), "the part") || !strings.Contains(log.String(), "broken") {
		t.Errorf("the error is %v, the log\n%s", err, &log)
	}
	if err := contained(slog.New(slog.DiscardHandler), "the part", func() error { return nil }); err != nil {
		t.Errorf("without a panic: %v", err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	i := start(t, func(s *Settings) { s.MaxConnections = 3 })
	var silent []net.Conn
	for range 6 {
		silent = append(silent, i.dial(""))
	}
	for _, conn := range silent[:3] {
		_ = conn.SetReadDeadline(time.Now().Add(headersWithin / 2))
		if _, err := conn.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("a quiet connection beyond the bound is still open: %v", err)
		}
	}
	i.call("GET", "/health", "", nil, nil)
	if err := i.ends(); err != nil {
		t.Error(err)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestHeadersAreBounded(t *testing.T) {
	i := start(t, func(*Settings) {})
	status := func(size int) string {
		conn := i.dial("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", size))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		return strings.TrimSpace(line)
	}
	if got := status(maxHeaders - 1000); got != "HTTP/1.1 200 OK" {
		t.Errorf("headers of nearly 64 KiB: %q", got)
	}
	if got := status(maxHeaders + 1000); !strings.Contains(got, "431") {
		t.Errorf("headers of more than 64 KiB: %q", got)
	}
}

// A server that gets SIGTERM says that it leaves and serves on for as long as was set; one
// that is interrupted, or of which a part has failed, keeps nobody waiting.
func TestAServerSaysThatItLeavesBeforeItDoes(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	for _, tc := range []struct {
		name, signal string
		delay, takes time.Duration
		fails        error
		leaves       bool
	}{
		{"SIGTERM", "terminated signal received", 5 * time.Second, 5 * time.Second, nil, true},
		{"no delay", "terminated signal received", 0, 0, nil, false},
		{"Ctrl-C", interrupted, 5 * time.Second, 0, nil, false},
		{"a failure", "terminated signal received", 5 * time.Second, time.Second, broken, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api, err := httpserver.New(m, httpserver.Options{Limits: httpserver.NoLimits()})
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancelCause(t.Context())
				stop(errors.New(tc.signal))
				failed, began := make(chan error, 1), time.Now()
				if tc.fails != nil {
					time.AfterFunc(tc.takes, func() { failed <- tc.fails })
				}
				if err := leave(ctx, tc.delay, api, failed, slog.New(slog.DiscardHandler)); !errors.Is(err, tc.fails) {
					t.Error(err)
				}
				if took := time.Since(began); took != tc.takes {
					t.Errorf("took %v, want %v", took, tc.takes)
				}
				w := httptest.NewRecorder()
				api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
				if left := w.Code == http.StatusServiceUnavailable; left != tc.leaves {
					t.Errorf("/readyz is %d", w.Code)
				}
			})
		})
	}
}

// The signal of the process gets as far as that.
func TestCtrlCEndsAServerAtOnce(t *testing.T) {
	i := start(t, func(s *Settings) { s.DrainDelay = time.Hour })
	i.signal(errors.New(interrupted))
	if err := i.ends(); err != nil {
		t.Error(err)
	}
}

func TestReplicasOfOneMachineAreToldApart(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8001": "vm:8001", ":8002": "vm:8002", "127.0.0.1:0": fmt.Sprintf("vm, process %d", os.Getpid()),
	} {
		if got := instanceName("vm", listen); got != want {
			t.Errorf("at %s it is %q, want %q", listen, got, want)
		}
	}
}
