package market

import (
	"context"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Track is how an agent has worked, for everybody: sums and middles, and no task or party
// by name (rules 2.16 and 4.21).
type Track struct {
	// Earned is what it was paid for approved tasks in all, after fees.
	Earned int64 `json:"earned"`
	// Approved and Rejected count its deliveries that posters decided on, Acceptance is
	// the approved share of them with 2 decimals, nil without any.
	Approved   int64    `json:"approved"`
	Rejected   int64    `json:"rejected"`
	Acceptance *float64 `json:"acceptance"`
	// The rest is about the newest approved tasks: Worked is how many as worker, Reviewed
	// how many as poster, at most 100 of each, fewer where the texts are long.
	Worked   int `json:"worked"`
	Reviewed int `json:"reviewed"`
	// MinutesToDeliver is the median time from the claim to the delivery that was
	// approved, MinutesToReview that from the delivery to the poster's approval where
	// no timer approved; nil without any.
	MinutesToDeliver *float64 `json:"median_minutes_to_deliver"`
	MinutesToReview  *float64 `json:"median_minutes_to_review"`
	// Ratings are those received on these tasks, 1–5, oldest first.
	Ratings []int `json:"ratings"`
	// AsWorker and AsPoster are those of Ratings that it received for work and for how it
	// posts.
	AsWorker []int `json:"ratings_as_worker"`
	AsPoster []int `json:"ratings_as_poster"`
	// Weeks count the approved tasks of the last 12 times 7 days, oldest first; fewer
	// where the newest tasks do not reach back so far.
	Weeks []WeekOfWork `json:"weeks"`
}

// WeekOfWork counts what was approved in 7 days, and what of it the agent was paid. Shorter
// spans could be laid beside the list of tasks, and would name their worker.
type WeekOfWork struct {
	Start    Time  `json:"start"`
	Approved int   `json:"approved"`
	Earned   int64 `json:"earned"`
}

const (
	// trackTasks and trackBytes bound what a track is put together from.
	trackTasks = 100
	trackBytes = 512 << 10
	trackWeeks = 12
	week       = 7 * rules.Day
)

// Track returns how an agent has worked; the platform and unknown ids are ErrNotFound. It
// settles nothing.
//
// Errors: ErrNotFound, ErrUnavailable.
func (m *Market) Track(ctx context.Context, id AgentID) (_ Track, err error) {
	finish := m.meter.operation(&ctx, "track")
	defer func() { finish(err) }()
	a, err := m.tracked(ctx, id)
	if err != nil {
		return Track{}, err
	}
	t := Track{Earned: a.Earned, Approved: a.Completed, Rejected: a.Rejected, Ratings: []int{}, Weeks: []WeekOfWork{}}
	if n := t.Approved + t.Rejected; n > 0 {
		t.Acceptance = new(store.Mean(t.Approved, n))
	}
	worked, whole, err := m.approvedOf(ctx, id, PartyWorker)
	if err != nil {
		return Track{}, err
	}
	posted, _, err := m.approvedOf(ctx, id, PartyPoster)
	if err != nil {
		return Track{}, err
	}
	t.Worked, t.Reviewed = len(worked), len(posted)
	t.MinutesToDeliver = medianOf(worked, timeToDeliver)
	t.MinutesToReview = medianOf(slices.DeleteFunc(slices.Clone(posted), func(t *store.Task) bool { return t.Ending.Auto }),
		func(t *store.Task) time.Duration { return t.Ending.At.Sub(t.Delivery.At) })
	t.Ratings, t.AsWorker, t.AsPoster = ratingsOf(worked, posted), ratingsOf(worked, nil), ratingsOf(nil, posted)
	t.Weeks = weeksOf(worked, whole, m.now())
	return t, nil
}

// tracked is an agent of which one may ask how it has worked.
func (m *Market) tracked(ctx context.Context, id AgentID) (*store.Agent, error) {
	if id == "" || id == Platform {
		return nil, rules.NoAgent()
	}
	found, err := m.store.Agents(ctx, []AgentID{id})
	switch {
	case err != nil:
		return nil, known(ctx, err)
	case len(found) == 0:
		return nil, rules.NoAgent()
	}
	return found[0], nil
}

// approvedOf are the newest approved tasks of an agent, without the platform's own and
// those that were ended by decision without a delivery. whole says that those are all.
func (m *Market) approvedOf(ctx context.Context, id AgentID, role PartyRole) (tasks []*store.Task, whole bool, err error) {
	page, err := m.store.TasksOf(ctx, store.TasksQuery{
		Agent: id, Role: role, Status: StatusApproved, Limit: trackTasks, MaxBytes: trackBytes, Now: anyTime,
	})
	if err != nil {
		return nil, false, known(ctx, err)
	}
	for _, st := range page.Tasks {
		if t := st.Task; t.System == nil && t.Claim != nil && t.Delivery != nil && t.Ending != nil {
			tasks = append(tasks, t)
		}
	}
	return tasks, len(page.Tasks) == page.Total, nil
}

func timeToDeliver(t *store.Task) time.Duration { return t.Delivery.At.Sub(t.Claim.At) }

func medianOf(tasks []*store.Task, took func(*store.Task) time.Duration) *float64 {
	if len(tasks) == 0 {
		return nil
	}
	all := make([]time.Duration, len(tasks))
	for i, t := range tasks {
		all[i] = took(t)
	}
	slices.Sort(all)
	return new(inMinutes((all[(len(all)-1)/2] + all[len(all)/2]) / 2))
}

// ratingsOf are the ratings that posters gave for work and workers gave to the poster.
func ratingsOf(worked, posted []*store.Task) []int {
	type given struct {
		at     time.Time
		rating int
	}
	var all []given
	for _, t := range worked {
		all = append(all, given{t.Ending.At, t.Ending.Rating})
	}
	for _, t := range posted {
		all = append(all, given{t.Ending.At, t.Ending.PosterRating})
	}
	slices.SortStableFunc(all, func(a, b given) int { return a.at.Compare(b.at) })
	ratings := []int{}
	for _, g := range all {
		if g.rating > 0 {
			ratings = append(ratings, g.rating)
		}
	}
	return ratings
}

// weeksOf counts by weeks that end now. A week before the oldest of the tasks is known
// only if those are all.
func weeksOf(worked []*store.Task, whole bool, now time.Time) []WeekOfWork {
	weeks := make([]WeekOfWork, trackWeeks)
	first := now.Add(-trackWeeks * week)
	for i := range weeks {
		weeks[i].Start = NewTime(first.Add(time.Duration(i) * week))
	}
	oldest := trackWeeks - 1
	for _, t := range worked {
		at := max(int(t.Ending.At.Sub(first)/week), 0)
		if !t.Ending.At.Before(first) {
			w := &weeks[min(at, trackWeeks-1)]
			w.Approved, w.Earned = w.Approved+1, w.Earned+t.Ending.Charged-t.Ending.Fee
		}
		oldest = min(oldest, at)
	}
	if whole {
		return weeks
	}
	return weeks[min(oldest+1, trackWeeks-1):] // of the oldest week, only a part is known
}
