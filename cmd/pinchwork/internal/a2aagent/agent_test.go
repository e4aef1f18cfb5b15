package a2aagent

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/a2atest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// An agent on the official Python SDK works for a marketplace: it shows progress, asks the
// poster, fails, is told to stop, and starts nothing twice.
func TestAnAgentOnThePythonSDKWorks(t *testing.T) {
	address, said := a2atest.Agent(t, "1.0")
	hearsOf := func(t *testing.T, want string) {
		t.Helper()
		for {
			select {
			case line := <-said:
				if strings.HasPrefix(line, want) {
					return
				}
				t.Errorf("the agent says %q, not %q", line, want)
			case <-time.After(20 * time.Second):
				t.Fatalf("the agent does not say %q", want)
			}
		}
	}
	connect := func(t *testing.T, address string, keep bool) *Agent {
		t.Helper()
		a, err := New(t.Context(), address, "", keep)
		if err != nil {
			t.Fatal(err)
		}
		a.pause = 10 * time.Millisecond
		return a
	}
	task := func(need string) worker.Task {
		return worker.Task{ID: market.TaskID("tk-" + need), Need: need + " now", MaxCredits: 9, ClaimedAt: time.Unix(1, 0)}
	}

	t.Run("a life", func(t *testing.T) {
		s := newSite(t)
		defer s.works(connect(t, address, false).Do)()
		id := s.post("shout this")
		s.hears(id, "task_delivered")
		got := s.task(id)
		hearsOf(t, "start tk-")
		if got.Status != market.StatusDelivered || got.Result != "SHOUT THIS" {
			t.Errorf("%+v", got)
		}
		if done, err := s.poster.Approve(t.Context(), id, market.ApproveInput{}); err != nil || done.CreditsCharged != 3 {
			t.Errorf("%+v, %v", done, err)
		}
		if !s.heard["task_progress"] {
			t.Error("no progress")
		}
	})
	t.Run("a question, and a restart before the answer", func(t *testing.T) {
		s := newSite(t)
		record := &memory{}
		end := s.works(connect(t, address, true).Do, worker.Keep(record), worker.Grace(0))
		id := s.post("ask me")
		s.hears(id, "task_message")
		hearsOf(t, "start tk-")
		end()
		if list, err := s.poster.Messages(t.Context(), id, market.Page{}); err != nil || list.Total != 1 || list.Messages[0].Message != "In which color?" {
			t.Fatalf("%+v, %v", list, err)
		}
		defer s.works(connect(t, address, true).Do, worker.Keep(record))()
		if _, err := s.poster.SendMessage(t.Context(), id, "green"); err != nil {
			t.Fatal(err)
		}
		s.hears(id, "task_delivered")
		hearsOf(t, "answer tk-")
		if got := s.task(id); got.Result != "GREEN" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a failure", func(t *testing.T) {
		_, err := connect(t, address, false).Do(t.Context(), task("fail"))
		if err == nil || !strings.Contains(err.Error(), "failed: too hard") {
			t.Error(err)
		}
		hearsOf(t, "start tk-fail")
	})
	t.Run("a message alone", func(t *testing.T) {
		got, err := connect(t, address, false).Do(t.Context(), task("say"))
		if err != nil || got.Text != "SAY NOW" {
			t.Error(got, err)
		}
		hearsOf(t, "start tk-say")
	})
	t.Run("the end of a claim", func(t *testing.T) {
		ctx, end := context.WithCancelCause(t.Context())
		var done sync.WaitGroup
		done.Go(func() {
			if _, err := connect(t, address, true).Do(ctx, task("hang")); !errors.Is(err, worker.ErrLost) {
				t.Error(err)
			}
		})
		hearsOf(t, "start tk-hang")
		end(worker.ErrLost)
		done.Wait()
		hearsOf(t, "cancel")
	})
	t.Run("a lost answer", func(t *testing.T) {
		lossy := between(t, address)
		got, err := connect(t, lossy, false).Do(t.Context(), task("shout"))
		if err != nil || got.Text != "SHOUT NOW" {
			t.Error(got, err)
		}
		hearsOf(t, "start tk-shout")
		select {
		case line := <-said:
			t.Errorf("the agent also says %q", line)
		default:
		}
	})
}

// Agents of the older dialect, and agents that have no streams, work as well.
func TestOlderAndPlainerAgentsWork(t *testing.T) {
	for _, kind := range [][]string{{"0.3"}, {"1.0", "silent"}} {
		t.Run(strings.Join(kind, " "), func(t *testing.T) {
			t.Parallel()
			address, said := a2atest.Agent(t, kind...)
			a, err := New(t.Context(), address, "", false)
			if err != nil {
				t.Fatal(err)
			}
			a.pause = 10 * time.Millisecond
			s := newSite(t)
			defer s.works(a.Do)()
			id := s.post("ask me")
			s.hears(id, "task_message")
			if _, err := s.poster.SendMessage(t.Context(), id, "green"); err != nil {
				t.Fatal(err)
			}
			s.hears(id, "task_delivered")
			if got := s.task(id); got.Result != "GREEN" {
				t.Errorf("%+v", got)
			}
			for _, want := range []string{"start tk-", "answer tk-"} {
				if line := <-said; !strings.HasPrefix(line, want) {
					t.Errorf("the agent says %q", line)
				}
			}
		})
	}
}

// between is a proxy that loses the first answer to a message after the agent has begun.
func between(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	var lost atomic.Bool
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		first := strings.HasPrefix(r.URL.Path, "/rpc") && r.Header.Get("Accept") == "text/event-stream" && !lost.Swap(true)
		if first || strings.HasSuffix(r.URL.Path, ".json") {
			r.Header.Del("Accept-Encoding")
			proxy.ServeHTTP(rec, r)
			if first {
				panic(http.ErrAbortHandler)
			}
			_, _ = w.Write([]byte(strings.ReplaceAll(rec.Body.String(), address, server.URL)))
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// site is a marketplace with a poster and a worker.
type site struct {
	*testing.T
	poster, worker market.AgentAPI
	heard          map[market.EventType]bool
}

func newSite(t *testing.T) *site {
	t.Helper()
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	agent := func(name string) market.AgentAPI {
		r, err := m.Register(t.Context(), market.RegisterInput{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return m.As(r.AgentID)
	}
	return &site{T: t, poster: agent("poster"), worker: agent("worker"), heard: map[market.EventType]bool{}}
}

func (s *site) works(do worker.Func, options ...worker.Option) (end func()) {
	ctx, stop := context.WithCancel(s.Context())
	var running sync.WaitGroup
	options = append(options, worker.Observe(func(e worker.Event) { s.Log(e) }))
	running.Go(func() {
		if err := worker.Run(ctx, s.worker, do, options...); err != nil {
			s.Error(err)
		}
	})
	return func() { stop(); running.Wait() }
}

func (s *site) post(need string) market.TaskID {
	s.Helper()
	p, err := s.poster.Post(s.Context(), market.PostInput{Need: need, MaxCredits: 9})
	if err != nil {
		s.Fatal(err)
	}
	return p.TaskID
}

func (s *site) task(id market.TaskID) market.Task {
	s.Helper()
	got, err := s.poster.Task(s.Context(), id, 0)
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// hears waits until the poster is told of something.
func (s *site) hears(id market.TaskID, typ market.EventType) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Second)
	defer cancel()
	for e, err := range s.poster.Events(ctx, "0") {
		if err != nil {
			s.Fatalf("no %s: %v", typ, err)
		}
		s.heard[e.Type] = true
		if e.Task == id && e.Type == typ {
			return
		}
	}
	s.Fatalf("no %s", typ)
}

// memory is a record that ends with the test.
type memory struct {
	mu   sync.Mutex
	data []byte
}

func (m *memory) Load() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data, nil
}

func (m *memory) Save(data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data = data
	return nil
}

func TestSecretsOfAnAgentStayWhereTheyBelong(t *testing.T) {
	var seen atomic.Value
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
		http.Error(w, "no", http.StatusUnauthorized)
	}))
	defer other.Close()
	card := `{"name":"x","supportedInterfaces":[{"url":"` + other.URL + `","protocolBinding":"JSONRPC","protocolVersion":"1.0"}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sesame" || r.URL.Path != "/cards/mine.json" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(card))
	}))
	defer server.Close()
	a, err := New(t.Context(), server.URL+"/cards/mine.json", "sesame", false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Do(t.Context(), worker.Task{ID: "tk-1", Need: "x"})
	if err == nil || !strings.Contains(err.Error(), "the agent answered 401") || seen.Load() != "" {
		t.Errorf("%v, and the other host got %q", err, seen.Load())
	}
	server.Close()
	if _, err := New(t.Context(), server.URL+"/?key=secret", "", false); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

// An agent whose list fails after a message was lost is asked again, since another message
// could start the work twice.
func TestAListThatFailsIsAskedAgain(t *testing.T) {
	var calls []string
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = w.Write([]byte(`{"name":"x","supportedInterfaces":[{"url":"` + server.URL + `","protocolBinding":"JSONRPC","protocolVersion":"1.0"}]}`))
			return
		}
		var call struct{ Method, ID string }
		_ = json.NewDecoder(r.Body).Decode(&call)
		calls = append(calls, call.Method)
		switch result := ""; len(calls) {
		case 1, 3: // the list
			_, _ = w.Write([]byte(`{"jsonrpc":"2.0","id":"` + call.ID + `","error":{"code":-32603,"message":"oops"}}`))
		case 2: // the message is lost
			panic(http.ErrAbortHandler)
		case 4:
			result = `{"tasks":[{"id":"t1","contextId":"tk-1.1000000.0","status":{"state":"TASK_STATE_WORKING"}}]}`
			fallthrough
		default:
			if result == "" {
				result = `{"id":"t1","contextId":"tk-1.1000000.0","status":{"state":"TASK_STATE_COMPLETED"},"artifacts":[{"artifactId":"a","parts":[{"text":"done"}]}]}`
			}
			_, _ = w.Write([]byte(`{"jsonrpc":"2.0","id":"` + call.ID + `","result":` + result + `}`))
		}
	}))
	defer server.Close()
	a, err := New(t.Context(), server.URL, "", false)
	if err != nil {
		t.Fatal(err)
	}
	a.pause = time.Millisecond
	got, err := a.Do(t.Context(), worker.Task{ID: "tk-1", Need: "x", ClaimedAt: time.Unix(1, 0)})
	if err != nil || got.Text != "done" {
		t.Errorf("%+v, %v", got, err)
	}
	if want := "ListTasks SendMessage ListTasks ListTasks GetTask"; strings.Join(calls, " ") != want {
		t.Errorf("calls %v", calls)
	}
}
