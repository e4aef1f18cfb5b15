package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Approve pays the worker of a delivered task (rules 3.5 and 4.8).
func (h *Handle) Approve(ctx context.Context, id TaskID, in ApproveInput) (Task, error) {
	if err := rules.CheckOptional("rating", in.Rating, 1, 5); err != nil {
		return Task{}, h.m.refused(ctx, "approve", err)
	}
	if err := rules.CheckText("feedback", in.Feedback, limits.Reason); err != nil {
		return Task{}, h.m.refused(ctx, "approve", err)
	}
	return h.change(ctx, change{
		name: "approve", id: id, input: in, trust: true,
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.Approve(now, l, rules.Review(in))
		},
	})
}

// Reject sends a delivery back; its worker keeps the claim for the rejection
// grace. A repeat under an idempotency key leaves the rejected
// result out once another delivery has followed it.
func (h *Handle) Reject(ctx context.Context, id TaskID, in RejectInput) (Task, error) {
	if err := rules.CheckRequired("reason", in.Reason, limits.Reason); err != nil {
		return Task{}, h.m.refused(ctx, "reject", err)
	}
	if err := rules.CheckText("feedback", in.Feedback, limits.Reason); err != nil {
		return Task{}, h.m.refused(ctx, "reject", err)
	}
	return h.change(ctx, change{
		name: "reject", id: id, conflict: rules.TooMuchTalk, input: in, trust: true,
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.Reject(now, l, in.Reason, in.Feedback)
		},
	})
}

// Cancel takes back a task that nobody has claimed, with a full refund
// (rule 4.10).
func (h *Handle) Cancel(ctx context.Context, id TaskID) (Task, error) {
	return h.change(ctx, change{
		name: "cancel", id: id,
		decide: h.m.rules.Cancel,
	})
}

// Abandon gives back a claimed task. It counts toward the abandon cooldown
// (rules 4.11 and 4.12).
func (h *Handle) Abandon(ctx context.Context, id TaskID) (Task, error) {
	view, err := h.change(ctx, change{
		name: "abandon", id: id, strikes: true, role: true,
		decide: h.m.rules.Abandon,
	})
	return view, err
}

// Progress is a sign of life from the worker of a claimed task: its claim timeout counts
// from now, for 30 days at most, and its deadline stays (rule 4.30). The poster is told,
// at most once a second. ErrClaimLapsed says that the work is of no use any more.
func (h *Handle) Progress(ctx context.Context, id TaskID, in ProgressInput) (Task, error) {
	if err := checkProgress(in); err != nil {
		return Task{}, h.m.refused(ctx, "progress", err)
	}
	return h.change(ctx, change{
		name: "progress", id: id, input: in, role: true,
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.Progress(now, l, rules.Report(in))
		},
	})
}

func checkProgress(in ProgressInput) error {
	if err := rules.CheckText("note", in.Note, limits.Note); err != nil || in.Percent == nil {
		return err
	}
	return rules.CheckRange("percent", *in.Percent, 0, 100)
}

// Rate rates the poster of an approved task, 1–5, once (rule 4.13). System
// tasks are not rated.
func (h *Handle) Rate(ctx context.Context, id TaskID, in RateInput) (Rated, error) {
	if err := rules.CheckRange("rating", in.Rating, 1, 5); err != nil {
		return Rated{}, h.m.refused(ctx, "rate", err)
	}
	if err := rules.CheckText("feedback", in.Feedback, limits.Reason); err != nil {
		return Rated{}, h.m.refused(ctx, "rate", err)
	}
	rated := Rated{TaskID: id, Rating: in.Rating, Feedback: in.Feedback}
	return recorded[Rated](ctx, h.m, operation{
		name: "rate " + string(id), input: in,
		load: store.LoadQuery{Caller: h.id, Task: id, Trust: true},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.Rate(now, l, in.Rating, in.Feedback)
		},
		outcome: func(l *store.Loaded, _ *rules.Outcome) any {
			rated.RatedID = l.Task.Poster
			return rated
		},
	})
}

// ReportTask tells the operator about a task that the caller may see, once
// (rule 4.14).
func (h *Handle) ReportTask(ctx context.Context, id TaskID, reason string) (Reported, error) {
	if err := rules.CheckRequired("reason", reason, limits.Reason); err != nil {
		return Reported{}, h.m.refused(ctx, "report", err)
	}
	reportID, err := h.m.ids.next("rp-")
	if err != nil {
		return Reported{}, h.m.refused(ctx, "report", unavailable(err))
	}
	reported := Reported{ReportID: ReportID(reportID), TaskID: id, Reason: reason, Status: ReportOpen}
	return recorded[Reported](ctx, h.m, operation{
		name: "report " + string(id), input: reason,
		load: store.LoadQuery{Caller: h.id, Task: id},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.Report(now, l, store.Report{ID: reported.ReportID, Task: id, Reason: reason})
		},
		conflict: rules.ReportedBefore,
		outcome:  func(*store.Loaded, *rules.Outcome) any { return reported },
	})
}

// recorded runs an operation whose answer is what it records under an
// idempotency key.
func recorded[T any](ctx context.Context, m *Market, op operation) (T, error) {
	var none T
	d, err := m.operate(ctx, op)
	if err != nil {
		return none, err
	}
	if d.replay != nil {
		return recall[T](d.replay)
	}
	answer, _ := op.outcome(d.loaded, d.outcome).(T)
	return answer, nil
}
