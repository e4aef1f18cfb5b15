package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/store/memory"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pinchwork": main, "getter": getter})
}

// TestScripts types the commands of testdata/*.txt against a real server, one
// for each script.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup:               setUpScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "get": getField, "streams": awaitStreams, "until": until, "mode": fileMode, "signal": signalTo,
			"lose": loseAnswers, "down": serverDown, "up": serverUp, "busy": serverBusy, "waiters": awaitWaiters,
			"mute": muteServer, "asked": awaitAsked,
		},
	})
}

const adminKey = "operator-key"

func setUpScript(env *testscript.Env) error {
	server, err := startMarket(env)
	if err != nil {
		return err
	}
	home := filepath.Join(env.WorkDir, "home")
	env.Setenv("HOME", home)
	env.Setenv("XDG_CONFIG_HOME", "")
	env.Setenv("CONFIG", filepath.Join(home, ".config", "pinchwork"))
	env.Setenv("SERVER", server.URL)
	env.Setenv("ADDRESS", server.Listener.Addr().String())
	env.Setenv("AGENT", startAgent(env))
	env.Setenv("PINCHWORK_SERVER", server.URL)
	env.Setenv("ADMIN_KEY", adminKey)
	env.Setenv("TZ", "UTC")
	// Each command would sleep for a second at its end under the race detector.
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	return os.MkdirAll(home, 0o700)
}

// scriptServer is the marketplace of one script.
type scriptServer struct {
	*httptest.Server
	streams atomic.Int32 // event streams that are open now
	losing  atomic.Bool  // cuts connections instead of answering changes
	down    atomic.Bool  // cuts all connections
	mute    atomic.Bool  // has no event streams
	asked   atomic.Int32 // how often a task was read
	waiting atomic.Int32 // requests that wait for something
	busy    atomic.Int32 // the pause that the next request is asked to make, in seconds
}

type serverKey struct{}

func startMarket(env *testscript.Env) (*scriptServer, error) {
	m, err := market.New(market.Config{Store: memory.New(), Matcher: matcher.New()})
	if err != nil {
		return nil, err
	}
	api, err := httpserver.New(m, httpserver.Options{AdminKey: adminKey, Version: "1.2.3", Volatile: true, Limits: httpserver.NoLimits(), Pages: pages.New(m)})
	if err != nil {
		return nil, err
	}
	s := &scriptServer{}
	s.Server = httptest.NewServer(s.weak(s.lossy(s.counting(api))))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	env.Values[serverKey{}] = s
	env.Defer(func() {
		api.Close()
		s.CloseClientConnections()
		s.Close()
		cancel()
		running.Wait()
	})
	return s, nil
}

// startAgent starts an agent that does tasks over HTTP: it says who asked for what.
func startAgent(env *testscript.Env) (address string) {
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var task struct {
			Need string `json:"need"`
		}
		if err := json.NewDecoder(r.Body).Decode(&task); err != nil || task.Need == "too hard" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintf(w, "%s did: %s", r.Header.Get("Authorization"), task.Need)
	}))
	env.Defer(agent.Close)
	return agent.URL
}

// lossy does what was asked and then, while answers are to be lost, cuts the
// connection.
func (s *scriptServer) lossy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || !s.losing.Load() {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
}

// weak answers nothing while it is down, and one request with 429 when it is busy.
func (s *scriptServer) weak(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			panic(http.ErrAbortHandler)
		}
		if pause := s.busy.Swap(0); pause > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(pause)))
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"error":"Too many requests","code":"rate_limited"}`))
			return
		}
		if r.URL.Query().Has("wait") {
			s.waiting.Add(1)
			defer s.waiting.Add(-1)
		}
		next.ServeHTTP(w, r)
	})
}

// counting counts the event streams that have begun.
func (s *scriptServer) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/events" {
			if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v1/tasks/tk-") {
				defer s.asked.Add(1)
			}
			next.ServeHTTP(w, r)
			return
		}
		if s.mute.Load() {
			panic(http.ErrAbortHandler)
		}
		c := &countedStream{ResponseWriter: w, open: &s.streams}
		defer c.done()
		next.ServeHTTP(c, r)
	})
}

type countedStream struct {
	http.ResponseWriter
	open  *atomic.Int32
	begun bool
}

func (c *countedStream) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *countedStream) WriteHeader(status int) {
	if status == http.StatusOK && !c.begun {
		c.begun = true
		c.open.Add(1)
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *countedStream) done() {
	if c.begun {
		c.open.Add(-1)
	}
}

// exits CODE program args... runs a program and checks its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		code = failed.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// get NAME path sets an environment variable from the JSON on standard output;
// the path is like tasks.0.task_id.
func getField(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &v))
	for part := range strings.SplitSeq(args[1], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[part]
		case []any:
			i, err := strconv.Atoi(part)
			ts.Check(err)
			if i >= len(at) {
				ts.Fatalf("no element %d", i)
			}
			v = at[i]
		}
	}
	if v == nil {
		ts.Fatalf("no %s in the output", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

const patience = 20 * time.Second

func poll(ts *testscript.TestScript, what string, ok func() bool) {
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("not in time: %s", what)
		}
	}
}

// lose makes the answers to all that changes something get lost; ! lose ends that.
func loseAnswers(ts *testscript.TestScript, neg bool, _ []string) {
	ts.Value(serverKey{}).(*scriptServer).losing.Store(!neg)
}

// down cuts all connections and takes none, until up.
func serverDown(ts *testscript.TestScript, _ bool, _ []string) {
	s := ts.Value(serverKey{}).(*scriptServer)
	s.down.Store(true)
	s.CloseClientConnections()
}

func serverUp(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Value(serverKey{}).(*scriptServer).down.Store(false)
}

// mute cuts the event streams and takes none; ! mute ends that.
func muteServer(ts *testscript.TestScript, neg bool, _ []string) {
	s := ts.Value(serverKey{}).(*scriptServer)
	s.mute.Store(!neg)
	if !neg {
		s.CloseClientConnections()
	}
}

// asked waits until somebody reads a task.
func awaitAsked(ts *testscript.TestScript, _ bool, _ []string) {
	s := ts.Value(serverKey{}).(*scriptServer)
	before := s.asked.Load()
	poll(ts, "a look at a task", func() bool { return s.asked.Load() > before })
}

// busy SECONDS answers the next request with 429 and that Retry-After.
func serverBusy(ts *testscript.TestScript, _ bool, args []string) {
	pause, err := strconv.ParseInt(args[0], 10, 32)
	ts.Check(err)
	ts.Value(serverKey{}).(*scriptServer).busy.Store(int32(pause))
}

// waiters N waits until N requests wait for something.
func awaitWaiters(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(serverKey{}).(*scriptServer)
	poll(ts, args[0]+" waiters", func() bool { return strconv.Itoa(int(s.waiting.Load())) == args[0] })
}

// streams N waits until N event streams are open.
func awaitStreams(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(serverKey{}).(*scriptServer)
	poll(ts, args[0]+" streams", func() bool { return strconv.Itoa(int(s.streams.Load())) == args[0] })
}

// until PATTERN program args... runs a program until its output contains the
// pattern.
func until(ts *testscript.TestScript, _ bool, args []string) {
	poll(ts, args[0], func() bool {
		_ = ts.Exec(args[1], args[2:]...)
		return strings.Contains(ts.ReadFile("stdout"), args[0])
	})
}

// mode FILE OCTAL checks a file's permissions.
func fileMode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

// signal FILE sends SIGINT to the process whose id is in the file.
func signalTo(ts *testscript.TestScript, _ bool, args []string) {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	p, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(p.Signal(os.Interrupt))
}
