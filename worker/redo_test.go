package worker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/worker"
)

// grace is how long a poster's rejection leaves the worker by default.
const grace = 5 * time.Minute

// deaf is a worker that gets no events, on a market of the tasks.
func deaf(t *testing.T, tasks ...market.TaskID) (*fakeMarket, config) {
	f := newFake(tasks...)
	f.eventErr = &market.Error{Kind: market.ErrUnavailable, Message: "no streams here"}
	c := configOf(t, f)
	c.do = func(_ context.Context, task worker.Task) (string, error) { return "result" + task.RejectionReason, nil }
	return f, c
}

func TestARejectionIsAnsweredWithoutEvents(t *testing.T) {
	for _, kept := range []bool{true, false} {
		t.Run(fmt.Sprint("kept ", kept), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, c := deaf(t, "tk-1")
				if kept {
					c.record = &memory{}
				}
				r := begin(t, c)
				synctest.Wait()
				f.reject("tk-1")
				time.Sleep(grace / 2)
				synctest.Wait()
				if got := f.results("tk-1"); got != "result|resulttoo short" {
					t.Errorf("delivered %q", got)
				}
				f.reject("tk-1")
				time.Sleep(grace / 2)
				synctest.Wait()
				if f.givenBack() != "[tk-1]" {
					t.Errorf("given back %v after another rejection", f.givenBack())
				}
				if got := r.end(t); got.started != 2 {
					t.Errorf("summary %+v", got)
				}
			})
		})
	}
}

// The poster reviews after the worker was started anew.
func TestARejectionOfAnEarlierRunsDeliveryIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := deaf(t)
		c.record = recordOf(1, "tk-1")
		r := begin(t, c)
		synctest.Wait()
		f.reject("tk-1")
		time.Sleep(grace / 2)
		r.end(t)
		if got := f.results("tk-1"); got != "resulttoo short" {
			t.Errorf("delivered %q", got)
		}
		c.record = nil
		r = begin(t, c)
		synctest.Wait()
		f.reject("tk-1")
		time.Sleep(grace / 2)
		if got := r.end(t); got.started != 0 {
			t.Errorf("a run that leaves earlier claims alone: %+v", got)
		}
	})
}

// A server that refuses the answer is not asked again about the same rejection.
func TestARejectionIsAnsweredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := deaf(t, "tk-1")
		f.deliverFn = func(attempt int) error {
			if attempt > 1 {
				return &market.Error{Kind: market.ErrConflict, Message: "no"}
			}
			return nil
		}
		r := begin(t, c)
		synctest.Wait()
		f.reject("tk-1")
		time.Sleep(time.Hour)
		if got := r.end(t); got.started != 2 || f.attempts != 2 {
			t.Errorf("summary %+v after %d deliveries", got, f.attempts)
		}
	})
}

// The stream comes back and tells of what the poll has found already.
func TestALateEventDoesNotRepeatTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		c := configOf(t, f)
		c.concurrency = 2
		c.do = func(_ context.Context, task worker.Task) (string, error) {
			if task.RejectionReason != "" {
				time.Sleep(time.Minute)
			}
			return "result", nil
		}
		r := begin(t, c)
		synctest.Wait()
		f.reject("tk-1")
		time.Sleep(30 * time.Second)
		f.happens(store.EventTaskRejected, "tk-1") // while it is being done again
		time.Sleep(2 * time.Minute)
		f.happens(store.EventTaskRejected, "tk-1") // when it was delivered again
		synctest.Wait()
		if got := r.end(t); got.started != 2 || f.results("tk-1") != "result|result" || f.givenBack() != "[]" {
			t.Errorf("summary %+v, delivered %q, given back %s", got, f.results("tk-1"), f.givenBack())
		}
	})
}

func TestARejectedTaskThatCannotBeReadIsNotForgotten(t *testing.T) {
	away := &market.Error{Kind: market.ErrUnavailable, Message: "away"}
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		r := begin(t, configOf(t, f))
		synctest.Wait()
		f.failToRead(away, errors.New("cut"), away)
		f.reject("tk-1")
		f.happens(store.EventTaskRejected, "tk-1")
		time.Sleep(grace / 2)
		synctest.Wait()
		if got := f.results("tk-1"); got != "did do tk-1|did again" {
			t.Errorf("delivered %q", got)
		}
		r.end(t)
	})
}

// A run that ends when nothing is on offer still owes the rejected task.
func TestOnceDoesNotLeaveARejectedTaskBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1", "tk-2")
		c := configOf(t, f)
		c.once = true
		c.do = func(_ context.Context, task worker.Task) (string, error) {
			if task.ID == "tk-2" {
				f.failToRead(&market.Error{Kind: market.ErrUnavailable, Message: "away"})
				f.reject("tk-1")
				f.happens(store.EventTaskRejected, "tk-1")
				time.Sleep(time.Second)
			}
			return "result", nil
		}
		<-begin(t, c).done
		if got := f.results("tk-1"); got != "result|result" {
			t.Errorf("delivered %q", got)
		}
	})
}

// Neither a cooldown of the server's nor one after failures outlasts the grace.
func TestARejectionIsAnsweredWhileNothingIsPickedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, c := deaf(t, "tk-1")
		f.pickupErr = []error{nil, &market.Error{Kind: market.ErrRateLimited, Message: "cooldown", RetryAfter: 30 * time.Minute}}
		r := begin(t, c)
		synctest.Wait()
		f.reject("tk-1")
		time.Sleep(grace / 2)
		synctest.Wait()
		if got := f.results("tk-1"); got != "result|resulttoo short" || len(f.pickups) != 2 {
			t.Errorf("delivered %q, asked for tasks %d times", got, len(f.pickups))
		}
		r.end(t)
	})
	synctest.Test(t, func(t *testing.T) {
		f, c := deaf(t, "tk-1", "tk-2", "tk-3", "tk-4", "tk-5", "tk-6", "tk-7")
		c.do = func(_ context.Context, task worker.Task) (string, error) {
			if task.ID != "tk-1" {
				return "", errors.New("broken")
			}
			return "result", nil
		}
		r := begin(t, c)
		time.Sleep(15 * time.Minute)
		f.reject("tk-1")
		time.Sleep(grace / 2)
		synctest.Wait()
		if got := f.results("tk-1"); got != "result|result" {
			t.Errorf("delivered %q", got)
		}
		r.end(t)
	})
}

// A page of large tasks ends early.
func TestClaimsOnShortPagesAreContinued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.perPage = 2
		var ids []market.TaskID
		for i := range 5 {
			id := market.TaskID(fmt.Sprint("tk-", i))
			ids = append(ids, id)
			f.hold(market.Task{TaskID: id, Need: "old"})
		}
		c := configOf(t, f)
		c.once, c.record = true, recordOf(0, ids...)
		r := begin(t, c)
		<-r.done
		if r.summary.delivered != 5 {
			t.Errorf("summary %+v", r.summary)
		}
	})
}
