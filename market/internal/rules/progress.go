package rules

import (
	"time"

	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// tellEvery is how often a poster hears of progress at most.
const tellEvery = time.Second

// Report is what a worker tells of its work: a note or "", and a percentage or nil.
type Report struct {
	Note    string
	Percent *int
}

// Progress is a sign of life from the worker: the claim timeout counts from now. A note
// or a percentage that is left out stays what it was.
func (p *Policy) Progress(now time.Time, l *store.Loaded, in Report) (*Outcome, error) {
	if err := mayProgress(now, l); err != nil {
		return nil, err
	}
	t := l.Task
	o := p.begin(now)
	o.active(t.Claim.Worker)
	next, claim := *t, *t.Claim
	next.Claim = &claim
	claim.Timeout = p.renewed(t, now)
	made := &claim.Progress
	made.At = now
	if in.Note != "" {
		made.Note = in.Note
	}
	if in.Percent != nil {
		made.Percent = new(*in.Percent)
	}
	if now.Sub(made.Told) >= tellEvery {
		made.Told = now
		o.tellOf(t, t.Poster, store.EventTaskProgress, store.EventData{Note: Cut(made.Note, limits.EventText), Percent: made.Percent})
	}
	o.replace(t, &next)
	return o, nil
}

func mayProgress(now time.Time, l *store.Loaded) error {
	if err := WorkerOnly(now, l, "report progress"); err != nil {
		return err
	}
	return inState(l.Task, store.StatusClaimed, "make progress")
}

// renewed is when a claim ends that shows life now: no sooner than without it. Signs of
// life alone do not hold a task for ever, since its poster cannot cancel it meanwhile and
// its budget lies in escrow; and those who wait for the answer to a system task hear of
// none.
func (p *Policy) renewed(t *store.Task, now time.Time) time.Time {
	is, d := t.Claim.Timeout, p.ClaimTimeoutOf(t)
	if is.IsZero() || d == 0 || t.System != nil {
		return is
	}
	until := now.Add(d)
	if most := t.Claim.At.Add(limits.ClaimHeld); until.After(most) {
		until = most
	}
	if until.Before(is) {
		return is
	}
	return until
}
