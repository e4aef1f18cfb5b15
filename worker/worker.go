package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Causes with which the context of a running Func ends.
var (
	// ErrTimeout: the task took longer than the time limit.
	ErrTimeout = errors.New("it took longer than the time limit")
	// ErrLost: the claim has ended, so the result is of no use.
	ErrLost = errors.New("the claim has ended")
	// ErrStopped: the run ends now.
	ErrStopped = errors.New("the work was ended")
)

// Run has tasks done as the agent until ctx ends, then lets running functions finish
// for a while (Grace). It returns nil when it was ended or has done what Max or Once
// ask for, and fails only for reasons that another try cannot cure, such as a refused
// key, a suspended agent or a record that cannot be read. All that it has started has
// ended when it returns.
func Run(ctx context.Context, agent market.AgentAPI, do Func, options ...Option) error {
	hard, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	c := configOf(agent, do, options)
	w := &run{
		config: c, hard: hard, slots: make(chan struct{}, c.concurrency),
		wake: make(chan struct{}, 1), running: map[market.TaskID]context.CancelCauseFunc{},
		mail: map[market.TaskID]chan struct{}{},
	}
	if err := w.load(); err != nil {
		return err
	}
	if w.kill != nil {
		defer context.AfterFunc(w.kill, func() { stop(ErrStopped) })()
	}
	listening, quiet := context.WithCancel(hard)
	var listener sync.WaitGroup
	listener.Go(func() { w.keepListening(listening) })
	err := w.pick(ctx)
	w.drain(ctx, stop)
	w.settleAsking()
	quiet()
	listener.Wait()
	return err
}

// run is one call of Run.
type run struct {
	config
	hard  context.Context // under which functions run: ends when the grace is over
	slots chan struct{}
	wake  chan struct{} // something may be on offer
	jobs  sync.WaitGroup
	// Used only by the picking goroutine: when it last looked for rejections, when it
	// may ask for tasks again, and whether a pickup under the present key may have
	// claimed a task without an answer.
	looked, notBefore time.Time
	unsure            bool

	telling sync.Mutex
	// calls and stream are the ways to the marketplace.
	calls, stream trouble

	mu      sync.Mutex
	running map[market.TaskID]context.CancelCauseFunc
	mail    map[market.TaskID]chan struct{} // of functions that wait for a message
	memo    memo
	redo    []market.TaskID // rejected, to be done again once they are read
	// interrupt ends the pickup that waits, if one does; fresh is set when a task has
	// come to be done again since the last look at them.
	interrupt context.CancelFunc
	fresh     bool
	failures  int // in a row
	// started and failed count what Max and Once look at.
	started, failed int
}

// drain waits for the running tasks, as long as they may.
func (w *run) drain(ctx context.Context, stop context.CancelCauseFunc) {
	done := make(chan struct{})
	go func() { w.jobs.Wait(); close(done) }()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	timer := time.AfterFunc(w.grace, func() { stop(ErrStopped) })
	defer timer.Stop()
	<-done
}

// nudge makes the next pickup happen immediately.
func (w *run) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// closingTime is how long the calls may take that leave nothing behind once the run
// has ended.
const closingTime = 10 * time.Second

// outlasting is a context for such a call: it ends so long after the run's own.
func (w *run) outlasting() (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(w.hard))
	stop := context.AfterFunc(w.hard, func() { time.AfterFunc(closingTime, cancel) })
	return longer, func() { stop(); cancel() }
}
