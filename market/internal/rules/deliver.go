package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Work is what a worker delivers: the result, and what it charges; 0 is the
// whole budget.
type Work struct {
	Result         string
	CreditsClaimed int64
}

// Deliver submits a result under the worker's claim. verify, when not nil, is the
// verify_completion task to post with it; a is what was read from the answer to a
// system task.
func (p *Policy) Deliver(now time.Time, l *store.Loaded, in Work, verify *Draft, a Answer) (*Outcome, error) {
	if err := mayDeliver(now, l); err != nil {
		return nil, err
	}
	if l.Task.System != nil {
		return p.systemAnswer(now, l, in.Result, a), nil
	}
	t := l.Task
	o := p.begin(now)
	o.active(l.Caller.ID)
	next := *t
	o.supersede(&next)
	next.Status = store.StatusDelivered
	next.Deliveries++
	next.Delivery = &store.Delivery{
		No: int(next.Deliveries), At: now, Charged: charged(in.CreditsClaimed, t.MaxCredits),
		ReviewUntil: now.Add(p.ReviewTimeoutOf(t)), Bytes: int64(len(in.Result)),
	}
	next.Claim = &store.Claim{
		Worker: t.Claim.Worker, At: t.Claim.At, Timeout: t.Claim.Timeout,
		Progress: store.Progress{Told: t.Claim.Progress.Told}, // it may be rejected within the second
	}
	next.Children = o.endChildren(l.Children, l.Poster, false)
	if verify != nil && p.affords(l.Poster, payVerify, now) {
		next.Verifications++
		next.Delivery.Verification = &store.Verification{Status: store.VerificationPending}
		child := verify.build(p, now)
		child.System.Delivery, child.System.Until = next.Delivery.No, next.Delivery.ReviewUntil
		next.Children = append(next.Children, child.ID)
		o.insert(child, verify.text)
		o.reserve(l.Poster, payVerify)
	}
	o.replace(t, &next)
	o.Results = append(o.Results, store.Result{Task: t.ID, No: next.Delivery.No, Text: in.Result})
	o.account(t.Claim.Worker).OpenClaims--
	o.keep(t.Claim.Worker, next.Delivery.Bytes)
	o.tellOf(t, t.Poster, store.EventTaskDelivered, store.EventData{})
	return o, nil
}

// charged is what a delivery asks for: at most the budget, all of it by
// default (rule 3.4).
func charged(claimed, most int64) int64 {
	if claimed == 0 {
		return most
	}
	return min(claimed, most)
}

func mayDeliver(now time.Time, l *store.Loaded) error {
	if err := WorkerOnly(now, l, "deliver"); err != nil {
		return err
	}
	return inState(l.Task, store.StatusClaimed, "be delivered")
}
