package worker_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/worker"
)

// faraway is an agent without a stream, whose signs of life can be lost on the way.
type faraway struct {
	market.AgentAPI
	cut   atomic.Bool
	signs atomic.Int64
}

func (f *faraway) Events(ctx context.Context, _ string) iter.Seq2[market.StreamEvent, error] {
	return func(func(market.StreamEvent, error) bool) { <-ctx.Done() }
}

func (f *faraway) Progress(ctx context.Context, id market.TaskID, in market.ProgressInput) (market.Task, error) {
	f.signs.Add(1)
	if f.cut.Load() {
		return market.Task{}, market.ErrUnavailable
	}
	return f.AgentAPI.Progress(ctx, id, in)
}

// lease is a task with a claim timeout of a minute that a run works on for as long as the
// test says.
type lease struct {
	*testing.T
	poster *market.Handle
	agent  *faraway
	id     market.TaskID
	finish chan struct{}
	ended  chan error // why the function ended
	begun  chan worker.Task
	record memory
	kill   func() // ends the run, which keeps its claim
}

func (l *lease) begin() (kill func()) {
	now, kill := context.WithCancel(context.Background())
	go func() {
		_ = worker.Run(l.Context(), l.agent, l.work, worker.Max(1), worker.Keep(&l.record), worker.Kill(now))
	}()
	return kill
}

func withLease(t *testing.T, test func(l *lease)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m, err := pinchwork.New()
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = m.Run(ctx) }()
		defer stop()
		agent := func(name string) *market.Handle {
			r, err := m.Register(ctx, market.RegisterInput{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			return m.As(r.AgentID)
		}
		l := &lease{
			T: t, poster: agent("poster"), agent: &faraway{AgentAPI: agent("worker")},
			finish: make(chan struct{}), ended: make(chan error, 2), begun: make(chan worker.Task, 2),
		}
		p, err := l.poster.Post(ctx, market.PostInput{Need: "a long task", ClaimTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		l.id = p.TaskID
		l.kill = l.begin()
		test(l)
		l.kill()
		stop()
		synctest.Wait()
	})
}

func (l *lease) work(ctx context.Context, t worker.Task) (worker.Result, error) {
	l.begun <- t
	select {
	case <-l.finish:
		l.ended <- nil
	case <-ctx.Done():
		l.ended <- context.Cause(ctx)
	}
	return worker.Text("done"), context.Cause(ctx)
}

// after lets time pass and says how the task then stands.
func (l *lease) after(d time.Duration) market.Task {
	l.Helper()
	time.Sleep(d)
	synctest.Wait()
	v, err := l.poster.Task(l.Context(), l.id, 0)
	if err != nil {
		l.Fatal(err)
	}
	return v
}

func TestAFunctionThatRunsLongKeepsItsClaim(t *testing.T) {
	withLease(t, func(l *lease) {
		begun := <-l.begun
		if err := begun.Progress(l.Context(), "nothing yet", 0); err != nil {
			t.Fatal(err)
		}
		v := l.after(3 * time.Hour)
		if v.Status != market.StatusClaimed || v.Progress == nil || v.Progress.Note != "nothing yet" || v.Progress.Percent == nil || *v.Progress.Percent != 0 {
			t.Fatalf("it is %s with %+v", v.Status, v.Progress)
		}
		if age := time.Since(v.Progress.At.Time); age > 20*time.Second {
			t.Errorf("the last sign of life is %v old", age)
		}
		close(l.finish)
		if v = l.after(0); v.Status != market.StatusDelivered {
			t.Errorf("it is %s in the end", v.Status)
		}
		signs := l.agent.signs.Load()
		if l.after(time.Hour); l.agent.signs.Load() != signs {
			t.Error("signs of life come after the end of the function")
		}
	})
}

func TestASignOfLifeMayBeLost(t *testing.T) {
	withLease(t, func(l *lease) {
		<-l.begun
		for range 3 {
			l.agent.cut.Store(true)
			l.after(30 * time.Second)
			l.agent.cut.Store(false)
			if v := l.after(15 * time.Second); v.Status != market.StatusClaimed {
				t.Fatalf("it is %s after an interruption of 30 s", v.Status)
			}
		}
	})
}

// A worker that cannot be heard loses its claim, and hears of it from the first sign of
// life that arrives.
func TestAWorkerThatIsGoneLosesItsClaim(t *testing.T) {
	withLease(t, func(l *lease) {
		<-l.begun
		l.agent.cut.Store(true)
		if v := l.after(time.Minute); v.Status != store.StatusPosted {
			t.Fatalf("it is %s after its claim timeout", v.Status)
		}
		select {
		case err := <-l.ended:
			t.Fatalf("the function ended with %v before anybody could know", err)
		default:
		}
		l.agent.cut.Store(false)
		l.after(20 * time.Second)
		select {
		case err := <-l.ended:
			if !errors.Is(err, worker.ErrLost) {
				t.Errorf("the function's context ended with %v", err)
			}
		default:
			t.Error("the function goes on under a claim that has ended")
		}
	})
}

// The agent has the task again, in another program: the first function still has none.
func TestAnotherClaimOfTheSameAgentIsNotTheFunctions(t *testing.T) {
	withLease(t, func(l *lease) {
		begun := <-l.begun
		l.agent.cut.Store(true)
		l.after(time.Minute)
		if _, err := l.agent.PickupTask(t.Context(), l.id); err != nil {
			t.Fatal(err)
		}
		l.agent.cut.Store(false)
		if err := begun.Progress(t.Context(), "still at it", -1); !errors.Is(err, worker.ErrLost) {
			t.Errorf("progress under another claim: %v", err)
		}
		if err := <-l.ended; !errors.Is(err, worker.ErrLost) {
			t.Errorf("the function's context ended with %v", err)
		}
	})
}

// A run that goes on with the claim of an earlier one does not know how old it is.
func TestAnOlderClaimIsRenewedAtOnce(t *testing.T) {
	withLease(t, func(l *lease) {
		<-l.begun
		if v := l.after(time.Second); v.Progress != nil {
			t.Errorf("a new claim is renewed at once: %+v", v.Progress)
		}
		l.agent.cut.Store(true)
		l.after(49 * time.Second)
		l.kill()
		l.agent.cut.Store(false)
		l.kill = l.begin()
		if v := l.after(30 * time.Second); v.Status != market.StatusClaimed {
			t.Errorf("it is %s 30 s after the run went on with it", v.Status)
		}
	})
}

func TestAFuncCanBeTestedWithoutARun(t *testing.T) {
	if err := (worker.Task{Need: "x"}).Progress(t.Context(), "half", 50); err != nil {
		t.Error(err)
	}
}
