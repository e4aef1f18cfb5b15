package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// step is something that happened to a task, or will happen at its time.
type step struct {
	What string
	At   market.Time
	Who  market.AgentID // "" when nobody, or nobody who may be named
	// Note says what it was about, Money which credits moved.
	Note, Money string
	// After is how long it took since the step before; "" for the first.
	After string
	// Ahead is set while it has not happened.
	Ahead bool
}

// lifeOf tells a task's life as its parties know it, in order: what the task itself
// says, and what is still known of what it does not.
func lifeOf(t *market.Task, history []market.TaskEvent, now time.Time) []step {
	var life timeline
	life.add(step{What: wordPosted, At: t.CreatedAt, Who: t.PosterID, Note: hired(t), Money: fmt.Sprintf("%s held in escrow", credits(t.MaxCredits))})
	for _, s := range told(t, history) {
		life.add(s)
	}
	life.once(step{What: "Claimed", At: t.ClaimedAt, Who: t.WorkerID})
	if t.Progress != nil {
		life.once(progress(t.Progress.At, t.WorkerID, t.Progress.Note, t.Progress.Percent))
	}
	life.once(step{What: wordDelivered, At: t.DeliveredAt, Who: t.WorkerID})
	by := ""
	if t.Resolution != nil {
		by = " by the operator’s decision"
	}
	switch t.Status {
	case market.StatusApproved:
		who, timed := approver(t)
		life.add(step{What: "Approved" + cmp.Or(by, timed), At: t.ApprovedAt, Who: who, Note: rated(t.Rating), Money: paid(t)})
	case market.StatusCancelled, market.StatusExpired:
		who := market.AgentID("")
		if t.Status == market.StatusCancelled && t.Resolution == nil {
			who = t.PosterID
		}
		life.add(step{What: capital(string(t.Status)) + by, At: t.EndedAt, Who: who, Money: fmt.Sprintf("%s back to the poster", credits(t.MaxCredits))})
	}
	life.ahead(t, now)
	return life
}

// approver is who approved a task: the poster before the time for it was up, then a timer.
// What came later waited for something, and nothing says who it was.
func approver(t *market.Task) (who market.AgentID, timed string) {
	due := t.DeliveredAt.Add(t.ReviewTimeout.Duration)
	switch {
	case t.Resolution != nil:
	case t.ApprovedAt.Before(due):
		return t.PosterID, ""
	case t.ApprovedAt.Equal(due):
		return "", " by itself: the time for a review was up"
	}
	return "", ""
}

// told are the steps that events tell of. How a task ended it says itself.
func told(t *market.Task, history []market.TaskEvent) (steps []step) {
	rejections := t.RejectionCount
	for _, e := range history {
		if e.Type == store.EventTaskRejected {
			rejections--
		}
	}
	worker := market.AgentID("")
	var from market.Time
	for _, e := range history {
		s := step{At: e.At}
		switch e.Type {
		case store.EventTaskClaimed:
			worker, from = e.Data.WorkerID, e.At
			s.What, s.Who = "Claimed", worker
		case store.EventTaskProgress:
			s = progress(e.At, worker, e.Data.Note, e.Data.Percent)
		case store.EventTaskDelivered:
			s.What, s.Who = wordDelivered, worker
		case store.EventTaskRejected:
			rejections++
			s.What, s.Who, s.Note = rejected(rejections), t.PosterID, e.Data.Reason
			s.Money = "Nothing is paid; the credits stay in escrow"
		case store.EventDeadlineExpired, store.EventRejectionGraceExpired:
			s.What, s.Who, s.Note = wordBack, worker, gone(e)
		case market.EventGivenBack:
			s.What, s.Who, s.Note = wordGivenBack, e.Data.WorkerID, "a strike for the worker"
		case store.EventTaskVerified:
			s.What = wordVerified
		case store.EventTaskMatched:
			s.What = "Offered to you first"
		case store.EventTaskRated:
			s.What, s.Who, s.Note = "Poster rated", worker, rated(e.Data.Rating)
		default:
			continue
		}
		if s.Who == "" && !from.IsZero() && e.At.Equal(from.Time) {
			s.Who = worker
		}
		steps = append(steps, s)
	}
	return steps
}

func progress(at market.Time, who market.AgentID, note string, percent *int) step {
	if percent != nil {
		note = strings.TrimSpace(fmt.Sprintf("%d %% %s", *percent, note))
	}
	return step{What: "Progress", At: at, Who: who, Note: note}
}

// The steps of which others are told apart by what came before them.
const (
	wordPosted    = "Posted"
	wordDelivered = "Delivered"
	wordVerified  = "Looked at by a verifier"
	wordRejected  = "Rejected"
	wordGivenBack = "Given back"
	wordBack      = "Back on the market"
)

// rejected numbers a rejection after the first.
func rejected(n int) string {
	if n > 1 {
		return fmt.Sprintf("%s, no. %d", wordRejected, n)
	}
	return wordRejected
}

func gone(e market.TaskEvent) string {
	switch {
	case e.Type == store.EventRejectionGraceExpired:
		return "not delivered again in time"
	case e.Data.Reason != "":
		return "not delivered in time: a strike for the worker"
	}
	return "the deadline has passed: a strike for the worker"
}

func rated(rating int) string {
	if rating == 0 {
		return ""
	}
	return fmt.Sprintf("rated %d of 5", rating)
}

// hired says whom a direct hire was for.
func hired(t *market.Task) string {
	switch n := len(t.OfferTo); {
	case n == 1:
		return "for one agent alone"
	case n > 1:
		return fmt.Sprintf("for %d agents alone", n)
	}
	return ""
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
	life.add(step{What: wordPosted, At: t.CreatedAt})
	life.add(step{What: "Claimed", At: t.ClaimedAt})
	life.add(step{What: wordDelivered, At: t.DeliveredAt})
	life.add(step{What: capital(string(t.Status)), At: t.EndedAt})
	return life
}

// mixed is a life with more steps in their places.
func mixed(life, more []step) []step {
	all := timeline(life)
	for _, s := range more {
		all.add(s)
	}
	return all
}

type timeline []step

// once adds a step unless it is there.
func (l *timeline) once(s step) {
	for i := range *l {
		if had := &(*l)[i]; had.What == s.What && had.At.Equal(s.At.Time) {
			if len(had.Note) == limits.EventText || had.Note == "" {
				had.Note = s.Note // the event has the beginning alone
			}
			return
		}
	}
	l.add(s)
}

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
		step := &(*l)[i]
		step.After = ""
		if took := step.At.Sub((*l)[i-1].At.Time); !step.Ahead && took >= time.Second && !gap((*l)[i-1].What, step.What) {
			step.After = span(took)
		}
	}
}

// gap reports whether a step between two is not known, so that nobody can say how long the
// later one took: a claim ends after it began, and what is rejected was delivered.
func gap(before, after string) bool {
	switch {
	case after == wordGivenBack, after == wordBack:
		return before == wordPosted || before == wordGivenBack || before == wordBack
	case strings.HasPrefix(after, wordRejected):
		return before != wordDelivered && before != wordVerified
	}
	return false
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
