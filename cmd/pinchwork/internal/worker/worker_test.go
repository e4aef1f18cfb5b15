package worker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/worker"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

func TestTasksAreDoneAndDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1", "tk-2")
		r := begin(t, config(t, f))
		synctest.Wait()
		if f.results("tk-1") != "did do tk-1" || f.results("tk-2") != "did do tk-2" {
			t.Errorf("delivered %v", f.delivered)
		}
		if got := r.end(t); got != (worker.Summary{Started: 2, Delivered: 2}) {
			t.Errorf("summary %+v", got)
		}
	})
}

// A matched task is picked up at once, any other at the next slow poll.
func TestEventsSparePolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := begin(t, config(t, f))
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(f.pickups); n != 1 {
			t.Errorf("%d pickups in the first second", n)
		}
		f.offer("tk-1")
		f.happens(store.EventTaskMatched, "tk-1")
		synctest.Wait()
		if f.results("tk-1") == "" {
			t.Error("a matched task was not picked up at its event")
		}
		f.offer("tk-2")
		time.Sleep(18 * time.Second)
		synctest.Wait()
		if f.results("tk-2") == "" {
			t.Error("an unmatched task was not picked up by the poll")
		}
		f.mu.Lock()
		before := len(f.pickups)
		f.mu.Unlock()
		time.Sleep(10 * time.Minute)
		r.end(t)
		if n := len(f.pickups) - before; n < 30 || n > 42 {
			t.Errorf("%d pickups in 10 quiet minutes", n)
		}
	})
}

func TestConcurrencyIsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1", "tk-2", "tk-3", "tk-4", "tk-5")
		c := config(t, f)
		c.Concurrency = 2
		var now, most atomic.Int32
		c.Do = func(context.Context, worker.Job) (string, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer now.Add(-1)
			time.Sleep(time.Minute)
			return "ok", nil
		}
		c.MaxTasks = 5
		start := time.Now()
		r := begin(t, c)
		<-r.done
		if most.Load() != 2 || len(f.delivered) != 5 || time.Since(start) != 3*time.Minute {
			t.Errorf("%d at once, %d done in %v", most.Load(), len(f.delivered), time.Since(start))
		}
	})
}

func TestOnceEndsWhenNothingIsOnOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1", "tk-2")
		c := config(t, f)
		c.Once, c.Concurrency = true, 4
		c.Do = func(_ context.Context, job worker.Job) (string, error) {
			if job.ID == "tk-1" {
				time.Sleep(time.Minute)
				f.offer("tk-3") // its end brings another
			}
			return "ok", nil
		}
		r := begin(t, c)
		<-r.done
		if r.err != nil || r.summary.Delivered != 3 {
			t.Errorf("summary %+v, error %v", r.summary, r.err)
		}
		c = config(t, newFake())
		c.Once = true
		r = begin(t, c)
		<-r.done
		if r.summary != (worker.Summary{}) || r.err != nil {
			t.Errorf("nothing to do: %+v, %v", r.summary, r.err)
		}
	})
}

func TestFailuresAreGivenBack(t *testing.T) {
	cases := map[string]func(context.Context, worker.Job) (string, error){
		"error":   func(context.Context, worker.Job) (string, error) { return "half", errors.New("exit status 1") },
		"panic":   func(context.Context, worker.Job) (string, error) { panic("broken") },
		"nothing": func(context.Context, worker.Job) (string, error) { return " \n", nil },
		"too long": func(context.Context, worker.Job) (string, error) {
			return strings.Repeat("é", worker.MaxResult+1), nil
		},
		"time-out":  func(ctx context.Context, _ worker.Job) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		"late half": func(ctx context.Context, _ worker.Job) (string, error) { <-ctx.Done(); return "half", ctx.Err() },
	}
	for name, do := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake("tk-1", "tk-2")
				c := config(t, f)
				c.Do, c.Once = do, true
				r := begin(t, c)
				<-r.done
				if f.givenBack() != "[tk-1]" || len(f.delivered) != 0 || r.summary.Failed != 1 {
					t.Errorf("given back %v, delivered %v, summary %+v", f.givenBack(), f.delivered, r.summary)
				}
			})
		})
	}
}

func TestLongestResultIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		c := config(t, f)
		c.Once = true
		c.Do = func(context.Context, worker.Job) (string, error) {
			return strings.Repeat("é", worker.MaxResult-3) + "\x00\xffx\r\n\n", nil
		}
		<-begin(t, c).done
		if got := f.results("tk-1"); !strings.HasSuffix(got, "é\ufffd\ufffdx") {
			t.Errorf("result of %d bytes", len(got))
		}
	})
}

// A command that always fails must not burn through the marketplace.
func TestFailuresSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		for i := range 100 {
			f.offer(market.TaskID(fmt.Sprint("tk-", i)))
		}
		c := config(t, f)
		c.Do = func(context.Context, worker.Job) (string, error) { return "", errors.New("broken") }
		r := begin(t, c)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(f.abandoned); n < 5 || n > 12 {
			t.Errorf("%d tasks failed in an hour", n)
		}
		r.end(t)
	})
}

func TestRefusedPickups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		f.pickupErr = []error{
			&market.Error{Kind: market.ErrUnavailable, Message: "away"},
			&market.Error{Kind: market.ErrRateLimited, Message: "cooldown", RetryAfter: 30 * time.Minute},
			&market.Error{Kind: market.ErrConflict, Message: "100 open claims"},
		}
		r := begin(t, config(t, f))
		time.Sleep(time.Hour)
		synctest.Wait()
		if f.results("tk-1") == "" {
			t.Fatal("gave up")
		}
		if d := f.pickups[2].Sub(f.pickups[1]); d < 30*time.Minute {
			t.Errorf("came back %v after a cooldown of 30 min", d)
		}
		r.end(t)
	})
}

func TestHopelessRefusalEndsTheWork(t *testing.T) {
	for _, kind := range []error{market.ErrUnauthorized, market.ErrSuspended, market.ErrInvalid} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.pickupErr = []error{&market.Error{Kind: kind, Message: "no"}}
			f.eventErr = f.pickupErr[0]
			r := begin(t, config(t, f))
			<-r.done
			if !errors.Is(r.err, kind) {
				t.Errorf("ended with %v", r.err)
			}
		})
	}
}

// A restarted worker goes on with what it holds, before anything new.
func TestEarlierClaimsAreContinued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-new")
		about := "background"
		for i := range 150 {
			f.held = append(f.held, market.Task{TaskID: market.TaskID(fmt.Sprint("tk-", i)), Need: "old", Context: &about, RejectionReason: "bad"})
		}
		c := config(t, f)
		c.Once = true
		var order []market.TaskID
		c.Do = func(_ context.Context, job worker.Job) (string, error) {
			if order = append(order, job.ID); job.ID == "tk-0" && (job.Context != about || job.RejectionReason != "bad") {
				t.Errorf("job %+v", job)
			}
			return "ok", nil
		}
		<-begin(t, c).done
		if len(order) != 151 || order[150] != "tk-new" {
			t.Errorf("%d tasks, the last %v", len(order), order[len(order)-1])
		}
		f = newFake("tk-new")
		f.held = []market.Task{{TaskID: "tk-old", Need: "old"}}
		c = config(t, f)
		c.Once, c.Resume = true, false
		<-begin(t, c).done
		if f.results("tk-old") != "" || f.results("tk-new") == "" {
			t.Errorf("without resuming: %v", f.delivered)
		}
	})
}

// A rejected delivery is done again once, with the reason; then given back.
func TestRejectionIsDoneAgainOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		c := config(t, f)
		c.Do = func(_ context.Context, job worker.Job) (string, error) { return "result" + job.RejectionReason, nil }
		r := begin(t, c)
		synctest.Wait()
		f.reject("tk-1")
		f.happens(store.EventTaskRejected, "tk-1")
		synctest.Wait()
		if got := f.results("tk-1"); got != "result|resulttoo short" {
			t.Errorf("delivered %q", got)
		}
		f.reject("tk-1")
		f.reject("tk-of-another-worker")
		f.happens(store.EventTaskRejected, "tk-1")
		f.happens(store.EventTaskRejected, "tk-of-another-worker")
		synctest.Wait()
		if f.givenBack() != "[tk-1]" || len(f.delivered) != 1 {
			t.Errorf("given back %v, delivered %v", f.givenBack(), f.delivered)
		}
		r.end(t)
	})
}

func TestLostClaimStopsTheTask(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		c := config(t, f)
		stopped := false
		c.Do = func(ctx context.Context, _ worker.Job) (string, error) {
			<-ctx.Done()
			stopped = true
			return "", ctx.Err()
		}
		r := begin(t, c)
		synctest.Wait()
		f.happens(store.EventDeadlineExpired, "tk-1")
		synctest.Wait()
		if !stopped || f.givenBack() != "[]" {
			t.Errorf("stopped %v, given back %v", stopped, f.givenBack())
		}
		if got := r.end(t); got.Failed != 0 {
			t.Errorf("summary %+v", got)
		}
	})
}

// Work that is done is not lost because the server is away for a while.
func TestDeliveryIsTriedUntilItArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1", "tk-2")
		f.deliverFn = func(attempt int) error {
			switch {
			case attempt <= 20:
				return &market.Error{Kind: market.ErrUnavailable, Message: "away"}
			case attempt == 22:
				return &market.Error{Kind: market.ErrConflict, Message: "Task is posted"}
			}
			return nil
		}
		c := config(t, f)
		c.Once = true
		r := begin(t, c)
		<-r.done
		if f.results("tk-1") == "" || f.results("tk-2") != "" || r.summary.Failed != 1 || f.attempts != 22 {
			t.Errorf("delivered %v after %d attempts, summary %+v", f.delivered, f.attempts, r.summary)
		}
	})
}

// Of a call without an answer nobody knows whether it was done, so it is
// repeated as the same one; another call is another one.
func TestCallsWithoutAnAnswerAreRepeatedUnderTheirKey(t *testing.T) {
	away := &market.Error{Kind: market.ErrUnavailable, Message: "away"}
	underWay := &market.Error{Kind: market.ErrConflict, Code: market.CodeStillUnderWay, Message: "in any words", RetryAfter: time.Second}
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		f.pickupErr = []error{away, underWay}
		f.deliverFn = func(attempt int) error {
			if attempt < 3 {
				return []error{away, underWay}[attempt-1]
			}
			return nil
		}
		c := config(t, f)
		c.Once = true
		<-begin(t, c).done
		k := f.keys // three pickups, three deliveries, and a pickup of nothing
		if len(k) != 7 || k[0] == "" || k[0] != k[1] || k[1] != k[2] || k[3] == "" || k[3] != k[4] || k[4] != k[5] {
			t.Fatalf("keys %v", k)
		}
		if k[0] == k[3] || k[0] == k[6] || k[3] == k[6] {
			t.Errorf("different calls have one key: %v", k)
		}
		if f.results("tk-1") == "" {
			t.Error("not delivered")
		}
	})
}

func TestRunningTasksMayFinishInTheGrace(t *testing.T) {
	slow := func(ctx context.Context, _ worker.Job) (string, error) {
		select {
		case <-time.After(30 * time.Second):
			return "ok", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	for name, tc := range map[string]struct {
		grace     time.Duration
		kill      bool
		delivered string
		took      time.Duration
	}{
		"finishes": {time.Minute, false, "ok", 30 * time.Second},
		"too slow": {10 * time.Second, false, "", 10 * time.Second},
		"killed":   {time.Minute, true, "", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake("tk-1", "tk-2")
				c := config(t, f)
				c.Do, c.Grace = slow, tc.grace
				r := begin(t, c)
				synctest.Wait()
				start := time.Now()
				if tc.kill {
					time.AfterFunc(time.Second, r.kill)
				}
				r.end(t)
				if f.results("tk-1") != tc.delivered || time.Since(start) != tc.took {
					t.Errorf("delivered %q after %v", f.results("tk-1"), time.Since(start))
				}
				if f.results("tk-2") != "" || f.givenBack() != "[]" {
					t.Errorf("picked up %v, gave back %v", f.delivered, f.givenBack())
				}
			})
		})
	}
}

func TestStateIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x", "state.json")
	for round := 1; round <= 2; round++ {
		synctest.Test(t, func(t *testing.T) {
			f := newFake("tk-1", "tk-2")
			f.earned = int64(100 * round)
			c := config(t, f)
			c.Once, c.State = true, &worker.StateFile{Path: path}
			<-begin(t, c).done
		})
	}
	data, err := os.ReadFile(path)
	want := "{\n  \"lastCheck\": \"2000-01-01T00:00:00Z\",\n  \"tasksCompleted\": 4,\n  \"creditsEarned\": 210\n}\n"
	if err != nil || string(data) != want {
		t.Errorf("state %s, %v", data, err)
	}
	if err := os.WriteFile(path, []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := worker.StateFile{Path: path}
	if err := s.Update(func(s *worker.State) { s.TasksCompleted++ }); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(); err != nil || got.TasksCompleted != 1 {
		t.Errorf("after damage: %+v, %v", got, err)
	}
}
