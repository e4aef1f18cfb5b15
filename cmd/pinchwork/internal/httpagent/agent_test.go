package httpagent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/worker"
)

var task = worker.Task{ID: "tk-1", Need: "shout", MaxCredits: 9, ClaimedAt: time.Unix(1, 0)}

// served is an agent and the calls that it got: method and key.
type served struct {
	*Agent
	mu     sync.Mutex
	calls  []string
	pauses []time.Duration
}

func (s *served) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.calls, " ")
}

func serve(t *testing.T, keep bool, handle http.HandlerFunc) *served {
	t.Helper()
	s := &served{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, r.Method+":"+r.Header.Get("Idempotency-Key"))
		s.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	a, err := New(server.URL, "sesame", keep)
	if err != nil {
		t.Fatal(err)
	}
	a.sleep = func(ctx context.Context, d time.Duration) error {
		s.pauses = append(s.pauses, d)
		return ctx.Err()
	}
	s.Agent = a
	return s
}

func answers(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}
}

func TestOnePostIsOneDelivery(t *testing.T) {
	for _, c := range []struct {
		kind, body string
		want       worker.Result
	}{
		{"application/json", `{"result":"SHOUT","credits":3}`, worker.Result{Text: "SHOUT", Credits: 3}},
		{"application/json; charset=utf-8", `{"result":{"loud":true}}`, worker.Text(`{"loud":true}`)},
		{"text/plain; charset=utf-8", "SHOUT", worker.Text("SHOUT")},
		{"application/x-ndjson", "{\"note\":\"half\",\"percent\":50}\n\n{\"result\":\"SHOUT\"}\n", worker.Text("SHOUT")},
		{"application/x-ndjson", `{"result":"no line end"}`, worker.Text("no line end")},
	} {
		s := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
			var got worker.Task
			if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got.Need != "shout" || got.ID != "tk-1" {
				t.Errorf("the agent got %+v, %v", got, err)
			}
			if r.Header.Get("Authorization") != "Bearer sesame" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("headers: %v", r.Header)
			}
			answers(c.kind, c.body)(w, r)
		})
		got, err := s.Do(t.Context(), task)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", c.body, got, err)
		}
		if want := "POST:tk-1.1000000.0"; s.seen() != want {
			t.Errorf("calls %s", s.seen())
		}
	}
}

func TestWhatTheAgentRefusesFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		handle http.HandlerFunc
		want   string
	}{
		{"an error", answers("application/json", `{"error":"too\nhard"}`), "the agent said: too hard"},
		{"an error in a stream", answers("application/x-ndjson", `{"error":"too hard"}`), "the agent said: too hard"},
		{"no result", answers("application/json", `{"text":"x"}`), `has no "result"`},
		{"null", answers("application/json", `{"result":null}`), `has no "result"`},
		{"no JSON", answers("application/json", `SHOUT`), "is not JSON"},
		{"another type", answers("image/png", `x`), "image/png"},
		{"a status", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "I am\nlost", http.StatusInternalServerError)
		}, "answered 500: I am lost"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, "redirects are not followed"},
	} {
		s := serve(t, false, c.handle)
		_, err := s.Do(t.Context(), task)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if strings.Contains(fmt.Sprint(err), "127.0.0.1") || strings.Contains(s.seen(), " ") {
			t.Errorf("%s: %v after %s", c.name, err, s.seen())
		}
	}
}

// Whatever breaks on the way, the agent sees one piece of work under one key.
func TestRepeatsKeepTheKey(t *testing.T) {
	n := 0
	s := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		switch n++; n {
		case 1:
			panic(http.ErrAbortHandler)
		case 2:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			w.Header().Set("Content-Type", "application/x-ndjson")
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{\"percent\":10}\n{\"resu") // and no more
		case 4:
			w.Header().Set("Content-Length", "100")
			answers("application/json", `{"resu`)(w, r)
		case 5:
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"percent":50}`)
		default:
			answers("application/json", `{"result":"done"}`)(w, r)
		}
	})
	got, err := s.Do(t.Context(), task)
	if err != nil || got.Text != "done" {
		t.Fatal(got, err)
	}
	if want := strings.TrimSpace(strings.Repeat("POST:tk-1.1000000.0 ", 6)); s.seen() != want {
		t.Errorf("calls %s", s.seen())
	}
	if want := fmt.Sprint([]time.Duration{time.Second, 7 * time.Second, time.Second, 2 * time.Second, pollPause}); fmt.Sprint(s.pauses) != want {
		t.Errorf("pauses %v, want %v", s.pauses, want)
	}
}

func TestAnAgentThatIsGoneIsGivenUp(t *testing.T) {
	s := serve(t, false, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := s.Do(t.Context(), task)
	if err == nil || !strings.Contains(err.Error(), "after 8 tries: the agent cannot be reached") {
		t.Error(err)
	}
	if !strings.HasSuffix(s.seen(), " DELETE:tk-1.1000000.0") {
		t.Errorf("not cancelled: %s", s.seen())
	}
}

// The agent hears when its result is of no use any more, but not when the next run goes
// on with the task.
func TestTheEndOfAClaimReachesTheAgent(t *testing.T) {
	for _, c := range []struct {
		cause  error
		keep   bool
		cancel bool
	}{
		{worker.ErrLost, true, true},
		{worker.ErrTimeout, true, true},
		{worker.ErrStopped, false, true},
		{worker.ErrStopped, true, false},
	} {
		ctx, end := context.WithCancelCause(t.Context())
		s := serve(t, c.keep, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				_, _ = io.Copy(io.Discard, r.Body)
				end(c.cause)
				<-r.Context().Done()
			}
		})
		_, err := s.Do(ctx, task)
		if !errors.Is(err, c.cause) {
			t.Errorf("%v: %v", c.cause, err)
		}
		if cancelled := strings.Contains(s.seen(), "DELETE:tk-1.1000000.0"); cancelled != c.cancel {
			t.Errorf("%v, kept %v: %s", c.cause, c.keep, s.seen())
		}
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	for kind, piece := range map[string]string{
		"text/plain":           strings.Repeat("x", 1<<20),
		"application/json":     strings.Repeat(" ", 1<<20),
		"application/x-ndjson": strings.Repeat(" ", 1<<20),
		"application/jsonl":    strings.Repeat(`{"note":"`+strings.Repeat("x", 64<<10)+"\"}\n", 16),
	} {
		s := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				return
			}
			w.Header().Set("Content-Type", kind)
			for {
				if _, err := io.WriteString(w, piece); err != nil {
					return
				}
			}
		})
		if _, err := s.Do(t.Context(), task); !errors.Is(err, errTooLong) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestSecretsStayWhereTheyBelong(t *testing.T) {
	for address, token := range map[string]string{
		"http://me:secret@127.0.0.1/": "",
		"http://agent.example/":       "secret",
		"://secret":                   "",
	} {
		if _, err := New(address, token, false); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
	a, err := New("http://127.0.0.1:1/?key=secret", "", false)
	if err != nil {
		t.Fatal(err)
	}
	a.sleep = func(context.Context, time.Duration) error { return nil }
	if _, err := a.Do(t.Context(), task); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	if _, err := work.Address("https://agent.example/", "secret"); err != nil {
		t.Error(err)
	}
}
