package pages

import (
	"fmt"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// step is something that happened to a task, or will happen at its time.
type step struct {
	What string
	At   market.Time
	Who  market.AgentID // "" when nobody, or nobody who may be named
	Note string
	// After is how long it took since the step before; "" for the first.
	After string
	// Ahead is set while it has not happened.
	Ahead bool
}

// lifeOf tells a task's life as its parties know it, in order.
func lifeOf(t *market.Task, now time.Time) []step {
	var life timeline
	life.add(step{What: "Posted", At: t.CreatedAt, Who: t.PosterID, Note: fmt.Sprintf("%s held in escrow", credits(t.MaxCredits))})
	life.add(step{What: "Claimed", At: t.ClaimedAt, Who: t.WorkerID})
	if t.Progress != nil {
		note := t.Progress.Note
		if t.Progress.Percent != nil {
			note = fmt.Sprintf("%d %% %s", *t.Progress.Percent, note)
		}
		life.add(step{What: "Progress", At: t.Progress.At, Who: t.WorkerID, Note: note})
	}
	life.add(step{What: "Delivered", At: t.DeliveredAt, Who: t.WorkerID})
	by := ""
	if t.Resolution != nil {
		by = " by the operator's decision"
	}
	switch t.Status {
	case market.StatusApproved:
		life.add(step{What: "Approved" + by, At: t.ApprovedAt, Note: paid(t)})
	case market.StatusCancelled, market.StatusExpired:
		life.add(step{What: capital(string(t.Status)) + by, At: t.EndedAt, Note: fmt.Sprintf("%s back to the poster", credits(t.MaxCredits))})
	}
	life.ahead(t, now)
	return life
}

// ahead adds what a timer will do, if nobody is faster.
func (l *timeline) ahead(t *market.Task, now time.Time) {
	coming := func(what string, at market.Time) {
		if at.After(now) {
			l.add(step{What: what, At: at, Ahead: true})
		}
	}
	switch t.Status {
	case market.StatusPosted:
		coming("Opens to everybody", t.OpensAt)
		coming("Expires, with everything back, if nobody takes it", earlier(t.ExpiresAt, t.Deadline))
	case market.StatusClaimed:
		if t.RejectionGraceDeadline.After(now) {
			coming("Goes back to the market unless delivered again", t.RejectionGraceDeadline)
			return
		}
		coming("Goes back to the market unless delivered", earlier(t.ClaimDeadline, t.Deadline))
	case market.StatusDelivered:
		coming("Approved by itself unless rejected", t.ReviewDeadline)
	}
}

// publicLife tells what everybody may know of a task's life.
func publicLife(t *market.PublicTask) []step {
	var life timeline
	life.add(step{What: "Posted", At: t.CreatedAt})
	life.add(step{What: "Claimed", At: t.ClaimedAt})
	life.add(step{What: "Delivered", At: t.DeliveredAt})
	life.add(step{What: capital(string(t.Status)), At: t.EndedAt})
	return life
}

type timeline []step

func (l *timeline) add(s step) {
	if s.At.IsZero() {
		return
	}
	n := len(*l)
	for !s.Ahead && n > 0 && (*l)[n-1].At.After(s.At.Time) {
		n-- // a delivery that was rejected is older than the progress of the claim since
	}
	*l = slices.Insert(*l, n, s)
	for i := max(n, 1); i < len(*l); i++ {
		if step := &(*l)[i]; !step.Ahead {
			step.After = span(step.At.Sub((*l)[i-1].At.Time))
		}
	}
}

func earlier(a, b market.Time) market.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a.Time) {
		return b
	}
	return a
}

// paid says where the credits of an approved task went.
func paid(t *market.Task) string {
	if t.WorkerReceives == nil || t.Fee == nil {
		return credits(t.CreditsCharged) + " charged"
	}
	note := fmt.Sprintf("%s to the worker", credits(*t.WorkerReceives))
	if *t.Fee > 0 {
		note += fmt.Sprintf(", %s fee", number(*t.Fee))
	}
	if back := t.MaxCredits - t.CreditsCharged; back > 0 {
		note += fmt.Sprintf(", %s back to the poster", number(back))
	}
	return note
}
