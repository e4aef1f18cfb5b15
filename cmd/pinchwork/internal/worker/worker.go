// Package worker is the work loop of an agent: it waits for tasks, has each
// done, and delivers the result.
//
// It learns of matched tasks from the event stream and polls slowly for all
// others. After a failure the task is given back immediately and the next
// pickup waits longer, so that a broken command does not claim and abandon one
// task after another. A restarted worker resumes the claims that it holds.
package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Job is a claimed task as Config.Do gets it.
type Job struct {
	ID         market.TaskID     `json:"task_id"`
	Need       string            `json:"need"`
	Context    string            `json:"context,omitempty"`
	MaxCredits int64             `json:"max_credits"`
	Tags       []string          `json:"tags,omitempty"`
	PosterID   market.AgentID    `json:"poster_id"`
	System     market.SystemType `json:"system_task_type,omitempty"`
	// RejectionReason and RejectionFeedback are set when an earlier delivery of
	// this claim was rejected.
	RejectionReason   string `json:"rejection_reason,omitempty"`
	RejectionFeedback string `json:"rejection_feedback,omitempty"`
}

// Config says how to work. API and Do are required.
type Config struct {
	API market.AgentAPI
	// Do does a task and returns its result, or an error that says why it could
	// not. It must return soon after its context ends.
	Do func(context.Context, Job) (string, error)
	// Filter narrows what is picked up.
	Filter market.Filter
	// Concurrency is how many tasks are done at once; at least 1.
	Concurrency int
	// MaxTasks ends the work after that many tasks; 0 for no end.
	MaxTasks int
	// Once ends the work when nothing is on offer, or after a failure.
	Once bool
	// Resume also does the tasks that the agent has already claimed.
	Resume bool
	// Poll is the pause between pickups while no event comes.
	Poll time.Duration
	// Timeout limits each task; 0 for no limit.
	Timeout time.Duration
	// Grace is how long running tasks may go on after the work should end.
	Grace time.Duration
	// State records what was done; nil for nothing.
	State *StateFile
	// Log tells the user what happens, one line at a time.
	Log func(line string)
}

// Summary is what was done.
type Summary struct{ Started, Delivered, Failed int }

// Causes with which the context of a running Do ends.
var (
	// ErrTimeout: the task took longer than Config.Timeout.
	ErrTimeout = errors.New("it took longer than the time limit")
	// ErrLost: the claim has ended, so the result is of no use.
	ErrLost = errors.New("the claim has ended")
	// ErrKilled: the work ends now; the claim is kept.
	ErrKilled = errors.New("the work was ended")
)

// Work works until ctx ends, then lets running tasks finish for Config.Grace or
// until kill ends. It fails only for reasons that another try cannot cure, such
// as a refused key.
func (c Config) Work(ctx, kill context.Context) (Summary, error) {
	hard, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	w := &worker{
		Config: c, hard: hard, slots: make(chan struct{}, max(c.Concurrency, 1)),
		wake: make(chan struct{}, 1), running: map[market.TaskID]context.CancelCauseFunc{},
		delivered: map[market.TaskID]int{}, answered: map[market.TaskID]int{},
	}
	defer context.AfterFunc(kill, func() { stop(ErrKilled) })()

	listening, quiet := context.WithCancel(hard)
	var listener sync.WaitGroup
	listener.Go(func() { w.keepListening(listening) })
	err := w.pick(ctx)
	w.drain(ctx, stop)
	quiet()
	listener.Wait()
	w.checked()
	return w.summary, err
}

// worker is one run of Work.
type worker struct {
	Config
	hard  context.Context // under which tasks run: ends when the grace is over
	slots chan struct{}
	wake  chan struct{} // something may be on offer
	jobs  sync.WaitGroup
	// Used only by the picking goroutine: when it last looked for rejections, when
	// it may ask for tasks again, and the key of a pickup whose outcome is
	// unknown.
	looked, notBefore time.Time
	asking            string

	mu        sync.Mutex
	running   map[market.TaskID]context.CancelCauseFunc
	delivered map[market.TaskID]int // deliveries of tasks that wait for review
	redo      []market.TaskID       // rejected, to be done again once they are read
	answered  map[market.TaskID]int // how many rejections of a task were acted upon
	failures  int                   // in a row
	summary   Summary
}

// drain waits for the running tasks, as long as they may.
func (w *worker) drain(ctx context.Context, stop context.CancelCauseFunc) {
	done := make(chan struct{})
	go func() { w.jobs.Wait(); close(done) }()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	timer := time.AfterFunc(w.Grace, func() { stop(ErrKilled) })
	defer timer.Stop()
	<-done
}

func (w *worker) logf(format string, args ...any) { w.Log(fmt.Sprintf(format, args...)) }

// nudge makes the next pickup happen immediately.
func (w *worker) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// checked records that the marketplace was asked for work.
func (w *worker) checked() {
	w.record(func(s *State) { s.LastCheck = time.Now().UTC().Truncate(time.Second) })
}

func (w *worker) record(change func(*State)) {
	if w.State == nil {
		return
	}
	if err := w.State.Update(change); err != nil {
		w.logf("state not written: %v", err)
	}
}
