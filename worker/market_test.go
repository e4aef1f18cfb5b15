package worker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// site is a running marketplace with a poster and a worker, in the same program or
// behind HTTP.
type site struct {
	*testing.T
	poster, worker market.AgentAPI
}

func onBothSides(t *testing.T, test func(s *site)) {
	t.Helper()
	for _, remote := range []bool{false, true} {
		t.Run(map[bool]string{false: "in process", true: "over HTTP"}[remote], func(t *testing.T) {
			m, err := pinchwork.New(pinchwork.WithPolicy(func(p *market.Policy) { p.NewcomerClaims = 0 }))
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var runs sync.WaitGroup
			runs.Go(func() { _ = m.Run(ctx) })
			t.Cleanup(func() { stop(); runs.Wait() })
			connect := func(r market.Registration) market.AgentAPI { return m.As(r.AgentID) }
			if remote {
				connect = behindHTTP(t, m)
			}
			agent := func(name string) market.AgentAPI {
				r, err := m.Register(ctx, market.RegisterInput{Name: name})
				if err != nil {
					t.Fatal(err)
				}
				return connect(r)
			}
			test(&site{T: t, poster: agent("poster"), worker: agent("worker")})
		})
	}
}

func behindHTTP(t *testing.T, m *market.Market) func(market.Registration) market.AgentAPI {
	api, err := httpserver.New(m, httpserver.Options{Limits: httpserver.NoLimits()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(func() { api.Close(); server.Close() })
	return func(r market.Registration) market.AgentAPI {
		c, err := httpclient.New(server.URL, r.APIKey)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// post posts a task and waits until it is delivered.
func (s *site) post(need string) market.Task {
	s.Helper()
	p, err := s.poster.Post(s.Context(), market.PostInput{Need: need, MaxCredits: 1, Wait: time.Minute})
	if err != nil || p.Task == nil || p.Task.Status != market.StatusDelivered {
		s.Fatalf("%q came to %+v, %v", need, p.Task, err)
	}
	return *p.Task
}

// works begins a run; the returned function ends it.
func (s *site) works(do worker.Func, options ...worker.Option) (end func()) {
	ctx, stop := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	options = append(options, worker.Observe(func(e worker.Event) { s.Log(e) }))
	go func() { ended <- worker.Run(ctx, s.worker, do, options...) }()
	return func() {
		stop()
		if err := <-ended; err != nil {
			s.Errorf("the run ended with %v", err)
		}
	}
}

func (s *site) status(id market.TaskID) market.Status {
	s.Helper()
	t, err := s.poster.Task(s.Context(), id, 0)
	if err != nil {
		s.Fatal(err)
	}
	return t.Status
}

// Tasks are done as they are posted, several at once; a rejected one is done again
// though the only slot waits for a task, and a claim made by hand is left alone.
func TestAWorkerOnAMarket(t *testing.T) {
	onBothSides(t, func(s *site) {
		byHand, err := s.poster.Post(s.Context(), market.PostInput{Need: "by hand", MaxCredits: 1})
		if err != nil {
			s.Fatal(err)
		}
		if _, err := s.worker.PickupTask(s.Context(), byHand.TaskID); err != nil {
			s.Fatal(err)
		}
		defer s.works(func(_ context.Context, t worker.Task) (worker.Result, error) {
			return worker.Result{Text: "did " + t.Need + t.RejectionReason, Credits: 1}, nil
		})()
		for i := range 5 {
			s.post(fmt.Sprint("task ", i))
		}
		task := s.post("twice")
		if _, err := s.poster.Reject(s.Context(), task.TaskID, market.RejectInput{Reason: " better"}); err != nil {
			s.Fatal(err)
		}
		again, err := s.poster.Task(s.Context(), task.TaskID, time.Minute)
		if err != nil || again.Result == "" || again.Result != "did twice better" {
			s.Errorf("after the rejection: %+v, %v", again, err)
		}
		if got := s.status(byHand.TaskID); got != market.StatusClaimed {
			s.Errorf("the task claimed by hand is %s", got)
		}
	})
}

// What a run has not done by its end goes back to everybody, or with a record to the
// next run.
func TestTheEndOfARunLeavesNothingBehind(t *testing.T) {
	onBothSides(t, func(s *site) {
		begun := make(chan struct{})
		endless := func(ctx context.Context, _ worker.Task) (worker.Result, error) {
			begun <- struct{}{}
			<-ctx.Done()
			return worker.Result{}, ctx.Err()
		}
		posted, err := s.poster.Post(s.Context(), market.PostInput{Need: "long", MaxCredits: 1})
		if err != nil {
			s.Fatal(err)
		}
		end := s.works(endless, worker.Grace(0))
		<-begun
		if end(); s.status(posted.TaskID) != market.StatusPosted {
			s.Errorf("the task is %s", s.status(posted.TaskID))
		}
		record, err := worker.OpenRecord(filepath.Join(s.TempDir(), "record.json"))
		if err != nil {
			s.Fatal(err)
		}
		defer func() { _ = record.Close() }()
		end = s.works(endless, worker.Grace(0), worker.Keep(record))
		<-begun
		if end(); s.status(posted.TaskID) != market.StatusClaimed {
			s.Errorf("the task to be kept is %s", s.status(posted.TaskID))
		}
		end = s.works(func(context.Context, worker.Task) (worker.Result, error) { return worker.Text("done"), nil }, worker.Keep(record))
		task, err := s.poster.Task(s.Context(), posted.TaskID, time.Minute)
		if end(); err != nil || task.Status != market.StatusDelivered {
			s.Errorf("the next run has left it %s, %v", task.Status, err)
		}
	})
}

// A function asks the poster, who answers while the task is under way.
func TestAFunctionAsksThePoster(t *testing.T) {
	onBothSides(t, func(s *site) {
		answers := make(chan string, 1)
		end := s.works(func(ctx context.Context, task worker.Task) (worker.Result, error) {
			answer, err := task.Ask(ctx, "In which color?")
			answers <- answer
			return worker.Text("painted " + answer), err
		})
		defer end()
		p, err := s.poster.Post(s.Context(), market.PostInput{Need: "paint", MaxCredits: 1})
		if err != nil {
			s.Fatal(err)
		}
		for e, err := range s.poster.Events(s.Context(), "0") {
			if err != nil {
				s.Fatal(err)
			}
			if e.Type == "task_message" {
				break
			}
		}
		if _, err := s.poster.SendMessage(s.Context(), p.TaskID, "green"); err != nil {
			s.Fatal(err)
		}
		done, err := s.poster.Task(s.Context(), p.TaskID, time.Minute)
		if err != nil || done.Status != market.StatusDelivered {
			s.Fatalf("%+v, %v", done, err)
		}
		if got := <-answers; got != "green" {
			s.Errorf("answered %q", got)
		}
	})
}

func TestATaskOutsideARunHasNobodyToAsk(t *testing.T) {
	if _, err := (worker.Task{}).Ask(t.Context(), "?"); !errors.Is(err, worker.ErrNobodyToAsk) {
		t.Error(err)
	}
}
