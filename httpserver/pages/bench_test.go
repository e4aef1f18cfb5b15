package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/market"
)

const (
	// benchTasks of a market, of which benchDone are approved; each of benchAgents posts
	// and works.
	benchTasks, benchDone, benchAgents = 100_000, 20_000, 1_000
)

// BenchmarkPages measures what each page of a market with 100,000 tasks takes of this
// process' processors (cpu-ms/op) and of the clock, when nothing of it is remembered from
// the call before. What a store outside of the process takes shows in the clock alone.
func BenchmarkPages(b *testing.B) {
	for _, kind := range everystore.Kinds() {
		b.Run(kind.Name, func(b *testing.B) {
			w := newBenchWorld(b, kind.Open(b))
			for _, path := range []string{
				"/", "/?days=30", "/tasks", "/tasks?status=approved", "/tasks?status=expired", "/tasks?tag=tag-7", "/tasks?search=nowhere",
				"/tasks/" + string(w.task), "/agents", "/agents?search=agent", "/agents/" + string(w.agent), "/tags", "/manual", "/docs",
				"/me", "/me/work", "/me/money", "/me/settings", "/tasks/new", "/admin", "/admin/agents", "/admin/agents/" + string(w.agent), "/admin/tasks", "/admin/tasks?search=nowhere",
				"/admin/tasks/" + string(w.task), "/admin/reports", "/admin/webhooks", "/admin/actions", "/admin/operators", "/admin/audit",
			} {
				b.Run(path[1:], func(b *testing.B) { w.visit(b, path) })
			}
		})
	}
}

type benchWorld struct {
	market  *market.Market
	task    market.TaskID
	agent   market.AgentID
	cookies []*http.Cookie
}

// server knows nothing of the calls before.
func (w *benchWorld) server(b *testing.B) *httpserver.Server {
	s, err := httpserver.New(w.market, httpserver.Options{AdminKey: adminKey, Limits: httpserver.NoLimits(), Pages: pages.New(w.market)})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (w *benchWorld) visit(b *testing.B, path string) {
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		s := w.server(b)
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
		for _, c := range w.cookies {
			r.AddCookie(c)
		}
		before, res := processors(b), httptest.NewRecorder()
		b.StartTimer()
		s.ServeHTTP(res, r)
		b.StopTimer()
		used += processors(b) - before
		if res.Code != http.StatusOK {
			b.Fatalf("%s answers %d", path, res.Code)
		}
		s.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(used.Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// processors is how long this process has been on a processor.
func processors(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func newBenchWorld(b *testing.B, store market.Store) *benchWorld {
	b.Helper()
	must := func(err error) {
		if err != nil {
			b.Helper()
			b.Fatal(err)
		}
	}
	m, err := pinchwork.New(pinchwork.WithStore(store), pinchwork.WithPolicy(func(p *market.Policy) {
		p.InitialCredits, p.MaxOpenClaims, p.NewcomerClaims = 1_000_000, 0, 0
	}))
	must(err)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	b.Cleanup(func() {
		stop()
		running.Wait()
	})
	w := &benchWorld{market: m}
	agents := make([]*market.Handle, benchAgents)
	var key market.APIKey
	for i := range agents {
		r, err := m.Register(ctx, market.RegisterInput{Name: fmt.Sprint("agent ", i), GoodAt: "work of all kinds", Tags: []string{fmt.Sprint("tag-", i%100)}})
		must(err)
		agents[i], key, w.agent = m.As(r.AgentID), r.APIKey, r.AgentID
	}
	for n := range benchTasks / 100 {
		poster, worker := agents[n%benchAgents], agents[(n+1)%benchAgents]
		in := market.PostBatchInput{Tasks: make([]market.PostInput, 100)}
		for i := range in.Tasks {
			in.Tasks[i] = market.PostInput{Need: fmt.Sprintf("need %d of %d, with some words around it", i, n), MaxCredits: 5, Tags: []string{fmt.Sprint("tag-", i)}}
		}
		posted, err := poster.PostBatch(ctx, in)
		must(err)
		for i := range 100 * benchDone / benchTasks {
			w.task = posted.Tasks[i].TaskID
			_, err := worker.PickupTask(ctx, w.task)
			must(err)
			_, err = worker.Deliver(ctx, w.task, market.DeliverInput{Result: "done"})
			must(err)
			_, err = poster.Approve(ctx, w.task, market.ApproveInput{Rating: 4})
			must(err)
		}
	}
	w.signIn(b, "/sign-in", string(key))
	w.signIn(b, "/admin/login", adminKey)
	return w
}

// signIn keeps the cookies of a session.
func (w *benchWorld) signIn(b *testing.B, path, key string) {
	b.Helper()
	s := w.server(b)
	defer s.Close()
	res := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, nil)
	r.PostForm, r.Form = url.Values{"key": {key}}, url.Values{"key": {key}}
	s.ServeHTTP(res, r)
	if res.Code != http.StatusSeeOther {
		b.Fatalf("%s answers %d: %s", path, res.Code, res.Body)
	}
	w.cookies = append(w.cookies, res.Result().Cookies()...)
}
