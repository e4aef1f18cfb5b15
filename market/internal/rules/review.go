package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Review is what a poster says about an approved delivery: a rating of 1–5 or
// none, and feedback.
type Review struct {
	Rating   int // 0 for none
	Feedback string
}

// Approve is the poster's approval.
func (p *Policy) Approve(now time.Time, l *store.Loaded, in Review) (*Outcome, error) {
	if err := mayApprove(now, l); err != nil {
		return nil, err
	}
	return p.approval(now, l, in, false)
}

func mayApprove(now time.Time, l *store.Loaded) error {
	if t := l.Task; t != nil && t.Status == store.StatusDelivered && t.Worker() == l.Caller.ID {
		return Refuse(CodeForbidden, "Only the poster can approve; without a review it is approved at %s", store.NewTime(t.Delivery.ReviewUntil))
	}
	if err := posterOnly(now, l, "approve"); err != nil {
		return err
	}
	return inState(l.Task, store.StatusDelivered, "be approved")
}

// approval pays the worker what was charged less the fee, and gives the rest of
// the budget back (rule 3.5). Both the poster and the timer use it; if auto is
// set, the poster gets an event too.
func (p *Policy) approval(now time.Time, l *store.Loaded, in Review, auto bool) (*Outcome, error) {
	t := l.Task
	if err := inState(t, store.StatusDelivered, "be approved"); err != nil {
		return nil, err
	}
	o := p.begin(now)
	worker, charged := t.Claim.Worker, t.Delivery.Charged
	fee := p.Fee(charged)
	next := *t
	next.Status = store.StatusApproved
	next.Ending = &store.Ending{At: now, Charged: charged, Fee: fee, Auto: auto, Rating: in.Rating, Feedback: in.Feedback}
	next.Children = o.endChildren(l.Children, l.Poster, false)
	o.replace(t, &next)
	o.pay(t, worker, charged, fee)
	o.credit(t, worker, charged-fee, fee, next.Ending.Rating)
	o.workedFor(l.Worker, t.Poster)
	o.trustStep(l.PosterTrust, t.Poster, worker, true)
	o.trustStep(l.WorkerTrust, worker, t.Poster, true)
	o.tellOf(t, worker, store.EventTaskApproved, store.EventData{Credits: new(charged - fee), Rating: in.Rating})
	if auto {
		o.tellOf(t, t.Poster, store.EventTaskApproved, store.EventData{Credits: &charged})
	} else {
		o.active(t.Poster)
	}
	return o, nil
}

// pay empties the escrow of an approved task.
func (o *Outcome) pay(t *store.Task, worker store.AgentID, charged, fee int64) {
	escrow := store.EscrowAccount(t.ID)
	o.transfer(store.Transfer{
		From: escrow, To: store.AgentAccount(worker), Amount: charged - fee, Fee: fee,
		Kind: store.EntryPayment, Agent: worker, Task: t.ID,
	})
	o.transfer(store.Transfer{From: escrow, To: store.PlatformAccount, Amount: fee, Kind: store.EntryPlatformFee, Task: t.ID})
	o.transfer(store.Transfer{
		From: escrow, To: store.AgentAccount(t.Poster), Amount: t.MaxCredits - charged,
		Kind: store.EntryRefund, Agent: t.Poster, Task: t.ID,
	})
}

// credit moves the statistics of an approval.
func (o *Outcome) credit(t *store.Task, worker store.AgentID, net, fee int64, rating int) {
	o.earn(t, worker, net, fee, rating)
	o.account(t.Poster).Approvals = 1
}

// earn moves the statistics of a payment, whoever decided it.
func (o *Outcome) earn(t *store.Task, worker store.AgentID, net, fee int64, rating int) {
	w := o.account(worker)
	w.Completed, w.Earned, w.Fees, w.Charged = 1, net, fee, net+fee
	w.RatingSum, w.RatingCount = int64(rating), rated(rating)
	poster := o.account(t.Poster)
	poster.Escrowed, poster.Spent = -t.MaxCredits, net+fee
	poster.FeesBrought = fee
	o.countNoMore(t)
	if t.Sealed() {
		// What was earned by a tag is its owner's to see, but what was rated is public,
		// and the tags are part of what only the parties know.
		rating = 0
	}
	for _, tag := range t.Tags {
		o.Tags = append(o.Tags, store.TagDelta{Agent: worker, TagStat: store.TagStat{
			Tag: strings.ToLower(tag), Count: 1, Earned: net,
			RatingSum: int64(rating), RatingCount: rated(rating),
		}})
	}
	o.agentChanged(worker)
	o.agentChanged(t.Poster)
}

// workedFor records another poster that has approved the worker's work, up to
// the number that proves an infra agent. Beyond that, nothing is written.
func (o *Outcome) workedFor(worker *store.Agent, poster store.AgentID) {
	if worker == nil || len(worker.WorkedFor) >= provenPosters || slices.Contains(worker.WorkedFor, poster) {
		return
	}
	next := worker.Profile
	next.WorkedFor = append(slices.Clone(next.WorkedFor), poster)
	o.profile(&worker.Profile, &next)
}

func rated(rating int) int64 {
	if rating > 0 {
		return 1
	}
	return 0
}

// Reject sends the delivery back; the worker keeps the claim for the grace, and
// a verdict on the rejected delivery is removed (rule 7.8).
func (p *Policy) Reject(now time.Time, l *store.Loaded, reason, feedback string) (*Outcome, error) {
	if err := mayReject(now, l); err != nil {
		return nil, err
	}
	t := l.Task
	o := p.begin(now)
	o.active(t.Poster)
	grace := now.Add(p.RejectionGrace)
	next := *t
	next.Status = store.StatusClaimed
	next.Rejections++
	next.Rejection = &store.Rejection{Reason: reason, Feedback: feedback, At: now}
	claim := *t.Claim
	claim.Grace = grace
	next.Claim = &claim
	delivery := *t.Delivery
	delivery.Verification = nil
	next.Delivery = &delivery
	next.Children = o.endChildren(l.Children, l.Poster, false)
	o.replace(t, &next)
	o.Talk = []store.TalkCount{{Task: t.ID, Bytes: int64(len(reason) + len(feedback)), MaxBytes: limits.TalkBytes}}
	worker := o.account(claim.Worker)
	worker.OpenClaims, worker.Rejected = 1, 1
	o.account(t.Poster).Rejections = 1
	o.agentChanged(t.Poster)
	o.trustStep(l.PosterTrust, t.Poster, claim.Worker, false)
	o.tellOf(t, claim.Worker, store.EventTaskRejected, store.EventData{
		Reason: reason, Feedback: feedback, GraceDeadline: store.NewTime(grace),
	})
	return o, nil
}

func mayReject(now time.Time, l *store.Loaded) error {
	if err := posterOnly(now, l, "reject"); err != nil {
		return err
	}
	return inState(l.Task, store.StatusDelivered, "be rejected")
}
