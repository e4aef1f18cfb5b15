package worker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/worker"
)

func TestTasksAreDoneAndDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1", "tk-2")
		r := begin(t, configOf(t, f))
		synctest.Wait()
		if f.results("tk-1") != "did do tk-1" || f.results("tk-2") != "did do tk-2" {
			t.Errorf("delivered %v", f.delivered)
		}
		if got := r.end(t); got != (summary{started: 2, delivered: 2}) {
			t.Errorf("summary %+v", got)
		}
	})
}

// A matched task is picked up at once, any other at the next slow poll.
func TestEventsSparePolling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := begin(t, configOf(t, f))
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
		c := configOf(t, f)
		c.concurrency = 2
		var now, most atomic.Int32
		c.do = func(context.Context, worker.Task) (string, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer now.Add(-1)
			time.Sleep(time.Minute)
			return "ok", nil
		}
		c.max = 5
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
		c := configOf(t, f)
		c.once, c.concurrency = true, 4
		c.do = func(_ context.Context, task worker.Task) (string, error) {
			if task.ID == "tk-1" {
				time.Sleep(time.Minute)
				f.offer("tk-3") // its end brings another
			}
			return "ok", nil
		}
		r := begin(t, c)
		<-r.done
		if r.err != nil || r.summary.delivered != 3 {
			t.Errorf("summary %+v, error %v", r.summary, r.err)
		}
		c = configOf(t, newFake())
		c.once = true
		r = begin(t, c)
		<-r.done
		if r.summary != (summary{}) || r.err != nil {
			t.Errorf("nothing to do: %+v, %v", r.summary, r.err)
		}
	})
}

func TestFailuresAreGivenBack(t *testing.T) {
	cases := map[string]func(context.Context, worker.Task) (string, error){
		"error":   func(context.Context, worker.Task) (string, error) { return "half", errors.New("exit status 1") },
		"panic":   func(context.Context, worker.Task) (string, error) { panic("broken") },
		"nothing": func(context.Context, worker.Task) (string, error) { return " \n", nil },
		"too long": func(context.Context, worker.Task) (string, error) {
			return strings.Repeat("é", worker.MaxResult+1), nil
		},
		"no UTF-8":  func(context.Context, worker.Task) (string, error) { return "\x89PNG\r\n", nil },
		"NUL":       func(context.Context, worker.Task) (string, error) { return "a\x00b", nil },
		"time-out":  func(ctx context.Context, _ worker.Task) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		"late half": func(ctx context.Context, _ worker.Task) (string, error) { <-ctx.Done(); return "half", ctx.Err() },
	}
	for name, do := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake("tk-1", "tk-2")
				c := configOf(t, f)
				c.do, c.once = do, true
				r := begin(t, c)
				<-r.done
				if f.givenBack() != "[tk-1]" || len(f.delivered) != 0 || r.summary.failed != 1 {
					t.Errorf("given back %v, delivered %v, summary %+v", f.givenBack(), f.delivered, r.summary)
				}
			})
		})
	}
}

func TestLongestResultIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		c := configOf(t, f)
		c.once = true
		c.do = func(context.Context, worker.Task) (string, error) {
			return strings.Repeat("é", worker.MaxResult-1) + "x\r\n\n", nil
		}
		<-begin(t, c).done
		if got := f.results("tk-1"); !strings.HasSuffix(got, "éx") || utf8.RuneCountInString(got) != worker.MaxResult {
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
		c := configOf(t, f)
		c.do = func(context.Context, worker.Task) (string, error) { return "", errors.New("broken") }
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
		r := begin(t, configOf(t, f))
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
			r := begin(t, configOf(t, f))
			<-r.done
			if !errors.Is(r.err, kind) {
				t.Errorf("ended with %v", r.err)
			}
		})
	}
}

// A restarted worker goes on with the claims of its record, before anything new, and
// leaves all others alone.
func TestEarlierClaimsAreContinued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-new")
		about := "background"
		var ids []market.TaskID
		for i := range 150 {
			id := market.TaskID(fmt.Sprint("tk-", i))
			ids = append(ids, id)
			f.hold(market.Task{TaskID: id, Need: "old", Context: about, RejectionReason: "bad"})
		}
		f.hold(market.Task{TaskID: "tk-by-hand"})
		claimedAgain := market.NewTime(time.Now())
		f.hold(market.Task{TaskID: "tk-again", ClaimedAt: claimedAgain})
		c := configOf(t, f)
		c.once, c.record = true, recordOf(0, append(ids, "tk-gone", "tk-again")...)
		var order []market.TaskID
		c.do = func(_ context.Context, task worker.Task) (string, error) {
			if order = append(order, task.ID); task.ID == "tk-0" && (task.Context != about || task.RejectionReason != "bad") {
				t.Errorf("task %+v", task)
			}
			return "ok", nil
		}
		<-begin(t, c).done
		if len(order) != 151 || order[150] != "tk-new" {
			t.Errorf("%d tasks, the last %v", len(order), order[len(order)-1])
		}
		for _, id := range []market.TaskID{"tk-by-hand", "tk-again", "tk-gone"} {
			if f.results(id) != "" || f.givenBack() != "[]" {
				t.Errorf("%s is none of the run's: %v, given back %v", id, f.delivered, f.givenBack())
			}
		}
		f = newFake("tk-new")
		f.hold(market.Task{TaskID: "tk-old", Need: "old"})
		c = configOf(t, f)
		c.once = true
		<-begin(t, c).done
		if f.results("tk-old") != "" || f.results("tk-new") == "" {
			t.Errorf("without a record: %v", f.delivered)
		}
	})
}

// A rejected delivery is done again once, with the reason; then given back.
func TestRejectionIsDoneAgainOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		c := configOf(t, f)
		c.do = func(_ context.Context, task worker.Task) (string, error) { return "result" + task.RejectionReason, nil }
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
		c := configOf(t, f)
		stopped := false
		c.do = func(ctx context.Context, _ worker.Task) (string, error) {
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
		if got := r.end(t); got.failed != 0 {
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
		c := configOf(t, f)
		c.once = true
		r := begin(t, c)
		<-r.done
		if f.results("tk-1") == "" || f.results("tk-2") != "" || r.summary.failed != 1 || f.attempts != 22 {
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
		c := configOf(t, f)
		c.once = true
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
	slow := func(ctx context.Context, _ worker.Task) (string, error) {
		select {
		case <-time.After(30 * time.Second):
			return "ok", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	for name, tc := range map[string]struct {
		grace                time.Duration
		kill, kept           bool
		delivered, givenBack string
		took                 time.Duration
	}{
		"finishes":          {time.Minute, false, false, "ok", "[]", 30 * time.Second},
		"too slow":          {10 * time.Second, false, false, "", "[tk-1]", 10 * time.Second},
		"too slow and kept": {10 * time.Second, false, true, "", "[]", 10 * time.Second},
		"killed":            {time.Minute, true, true, "", "[]", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake("tk-1", "tk-2")
				c := configOf(t, f)
				c.do, c.grace = slow, tc.grace
				if tc.kept {
					c.record = &memory{}
				}
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
				if f.results("tk-2") != "" || f.givenBack() != tc.givenBack {
					t.Errorf("picked up %v, gave back %v", f.delivered, f.givenBack())
				}
				if tc.kept {
					f.hold(market.Task{TaskID: "tk-1"})
					c.do = func(context.Context, worker.Task) (string, error) { return "later", nil }
					r = begin(t, c)
					synctest.Wait()
					if r.end(t); f.results("tk-1") != "later" {
						t.Errorf("the next run delivered %v", f.delivered)
					}
				}
			})
		})
	}
}

// A piece of work has one name however often it is repeated; another claim, and a delivery
// made anew, have others.
func TestKeyNamesAPieceOfWork(t *testing.T) {
	first := worker.Task{ID: "tk-1", ClaimedAt: time.Unix(1, 0)}
	again, rejected := first, first
	again.ClaimedAt = time.Unix(2, 0)
	rejected.RejectionCount = 1
	if first.Key() != (worker.Task{ID: "tk-1", ClaimedAt: time.Unix(1, 0).UTC(), Need: "x"}).Key() {
		t.Error("a repeat has another key")
	}
	if first.Key() == again.Key() || first.Key() == rejected.Key() {
		t.Errorf("%s, %s, %s", first.Key(), again.Key(), rejected.Key())
	}
}
