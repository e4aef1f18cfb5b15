package worker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/worker"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// grace is how long a poster's rejection leaves the worker by default.
const grace = 5 * time.Minute

// deaf is a worker that gets no events, on a market of the tasks.
func deaf(t *testing.T, tasks ...market.TaskID) (*fakeMarket, worker.Config) {
	f := newFake(tasks...)
	f.eventErr = &market.Error{Kind: market.ErrUnavailable, Message: "no streams here"}
	c := config(t, f)
	c.Do = func(_ context.Context, job worker.Job) (string, error) { return "result" + job.RejectionReason, nil }
	return f, c
}

func TestARejectionIsAnsweredWithoutEvents(t *testing.T) {
	for _, resume := range []bool{true, false} {
		t.Run(fmt.Sprint("resume ", resume), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, c := deaf(t, "tk-1")
				c.Resume = resume
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
				if got := r.end(t); got.Started != 2 {
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
		r := begin(t, c)
		synctest.Wait()
		f.reject("tk-1")
		time.Sleep(grace / 2)
		r.end(t)
		if got := f.results("tk-1"); got != "resulttoo short" {
			t.Errorf("delivered %q", got)
		}
		c.Resume = false
		r = begin(t, c)
		synctest.Wait()
		f.reject("tk-1")
		time.Sleep(grace / 2)
		if got := r.end(t); got.Started != 0 {
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
		if got := r.end(t); got.Started != 2 || f.attempts != 2 {
			t.Errorf("summary %+v after %d deliveries", got, f.attempts)
		}
	})
}

// The stream comes back and tells of what the poll has found already.
func TestALateEventDoesNotRepeatTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		c := config(t, f)
		c.Concurrency = 2
		c.Do = func(_ context.Context, job worker.Job) (string, error) {
			if job.RejectionReason != "" {
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
		if got := r.end(t); got.Started != 2 || f.results("tk-1") != "result|result" || f.givenBack() != "[]" {
			t.Errorf("summary %+v, delivered %q, given back %s", got, f.results("tk-1"), f.givenBack())
		}
	})
}

func TestARejectedTaskThatCannotBeReadIsNotForgotten(t *testing.T) {
	away := &market.Error{Kind: market.ErrUnavailable, Message: "away"}
	synctest.Test(t, func(t *testing.T) {
		f := newFake("tk-1")
		r := begin(t, config(t, f))
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
		c := config(t, f)
		c.Once = true
		c.Do = func(_ context.Context, job worker.Job) (string, error) {
			if job.ID == "tk-2" {
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
		c.Do = func(_ context.Context, job worker.Job) (string, error) {
			if job.ID != "tk-1" {
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
		for i := range 5 {
			f.held = append(f.held, market.Task{TaskID: market.TaskID(fmt.Sprint("tk-", i)), Need: "old"})
		}
		c := config(t, f)
		c.Once = true
		r := begin(t, c)
		<-r.done
		if r.summary.Delivered != 5 {
			t.Errorf("summary %+v", r.summary)
		}
	})
}
