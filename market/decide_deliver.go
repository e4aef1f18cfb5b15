package market

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// work is what a worker hands in: the result, and what it charges; nil is the
// whole budget.
type work struct {
	Result         string
	CreditsClaimed *int64
}

// decideDeliver hands in a result under the worker's claim. verify, when not
// nil, is the verify_completion task to post with it; a is what was read out of the
// answer to a system task.
func (p *book) decideDeliver(now time.Time, l *store.Loaded, in work, verify *systemDraft, a systemAnswer) (*outcome, error) {
	if err := workerOnly(l, "deliver"); err != nil {
		return nil, err
	}
	if l.Task.System != nil {
		return p.decideSystemAnswer(now, l, in.Result, a)
	}
	t := l.Task
	if t.Status != StatusClaimed {
		return nil, wrongState(t, "be delivered")
	}
	o := p.outcome(now)
	o.active(l.Caller.ID)
	next := *t
	o.supersede(&next)
	next.Status = StatusDelivered
	next.Deliveries++
	next.Delivery = &store.Delivery{
		No: int(next.Deliveries), At: now, Charged: charged(in.CreditsClaimed, t.MaxCredits),
		ReviewUntil: now.Add(p.reviewTimeout(t)), Bytes: int64(len(in.Result)),
	}
	next.Claim = &store.Claim{Worker: t.Claim.Worker, At: t.Claim.At, Timeout: t.Claim.Timeout}
	next.Children = o.endChildren(l.Children, l.Poster, false)
	if verify != nil && p.affords(l.Poster, payVerify, now) {
		next.Verifications++
		next.Delivery.Verification = &Verification{Status: VerificationPending}
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
	o.tell(t.Poster, EventTaskDelivered, t.ID, EventData{})
	return o, nil
}

// charged is what a delivery asks for: at most the budget, all of it by
// default (contract §4).
func charged(claimed *int64, most int64) int64 {
	if claimed == nil {
		return most
	}
	return min(*claimed, most)
}
