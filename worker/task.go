package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Func does a task and returns its result, or an error that says why it could not. Its
// context ends with the time limit, the claim and the run, and its cause says which
// (ErrTimeout, ErrLost, ErrStopped); it must return soon after that.
type Func func(ctx context.Context, t Task) (Result, error)

// Task is a claimed task.
type Task struct {
	ID         market.TaskID     `json:"task_id"`
	Need       string            `json:"need"`
	Context    string            `json:"context,omitempty"`
	MaxCredits int64             `json:"max_credits"`
	Tags       []string          `json:"tags,omitempty"`
	PosterID   market.AgentID    `json:"poster_id"`
	System     market.SystemType `json:"system_task_type,omitempty"`
	ClaimedAt  time.Time         `json:"claimed_at,omitzero"`
	// RejectionReason and RejectionFeedback are set when an earlier delivery of this
	// claim was rejected.
	RejectionReason   string `json:"rejection_reason,omitempty"`
	RejectionFeedback string `json:"rejection_feedback,omitempty"`
	// RejectionCount counts the rejected deliveries of the task, also of earlier claims.
	RejectionCount int `json:"rejection_count,omitempty"`

	run     *run
	timeout time.Duration
	older   bool // the claim was not made just now
}

// Key names this piece of work: it is the same after a restart of the worker, and another
// one for each claim and for each delivery that is made anew after a rejection. Whoever
// hands the work on gives it along, so that a repeat starts nothing twice. It has up to
// 80 characters of [A-Za-z0-9.-].
func (t Task) Key() string {
	return fmt.Sprintf("%s.%d.%d", t.ID, t.ClaimedAt.UnixMicro(), t.RejectionCount)
}

// Progress tells the poster how the work goes: a note of up to 1,000 characters, "" for
// none, and a percentage of 0 to 100, less for none. An error is no reason to stop; when
// the claim has ended, the context of the Func ends too. Run shows by itself that the task
// is under way, so a Func need not call Progress for the sake of its claim. For a task that
// did not come from Run, as in a test of the Func, it does nothing.
func (t Task) Progress(ctx context.Context, note string, percent int) error {
	if t.run == nil {
		return nil
	}
	in := market.ProgressInput{Note: note}
	if percent >= 0 {
		in.Percent = &percent
	}
	return t.run.progress(ctx, t, in)
}

// Result is what a function delivers.
type Result struct {
	// Text is 1 to MaxResult characters of UTF-8 without NUL. Line breaks at its end are
	// left out; a task whose result is something else has failed.
	Text string
	// Credits is what is charged for it, 1 to the task's MaxCredits; 0 charges all.
	Credits int64
}

// Text is a result that charges all that the task offers.
func Text(text string) Result { return Result{Text: text} }

func (w *run) fromPickup(p market.Pickup) Task {
	return Task{
		run: w, timeout: p.ClaimTimeout.Duration,
		ID: p.TaskID, Need: p.Need, Context: p.Context, MaxCredits: p.MaxCredits,
		Tags: p.Tags, PosterID: p.PosterID, System: p.SystemTaskType, ClaimedAt: p.ClaimedAt.Time,
		RejectionCount: p.RejectionCount,
	}
}

func (w *run) fromTask(t market.Task) Task {
	return Task{
		run: w, timeout: t.ClaimTimeout.Duration, older: true,
		ID: t.TaskID, Need: t.Need, Context: t.Context, MaxCredits: t.MaxCredits,
		Tags: t.Tags, PosterID: t.PosterID, System: t.SystemTaskType, ClaimedAt: t.ClaimedAt.Time,
		RejectionReason: t.RejectionReason, RejectionFeedback: t.RejectionFeedback,
		RejectionCount: t.RejectionCount,
	}
}
