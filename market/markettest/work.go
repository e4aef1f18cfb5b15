package markettest

import (
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// PostOption changes what Agent.Post posts.
type PostOption func(*market.PostInput)

// Budget sets the most that the task may cost; 50 otherwise.
func Budget(credits int64) PostOption {
	return func(in *market.PostInput) { in.MaxCredits = credits }
}

// Tagged tags the task.
func Tagged(tags ...string) PostOption { return func(in *market.PostInput) { in.Tags = tags } }

// Background gives the task a context.
func Background(text string) PostOption { return func(in *market.PostInput) { in.Context = text } }

// Deadline sets this limit in whole minutes, as ClaimTimeout and ReviewTimeout set theirs.
func Deadline(d time.Duration) PostOption {
	return func(in *market.PostInput) { in.Deadline = d }
}

// ClaimTimeout is described at Deadline.
func ClaimTimeout(d time.Duration) PostOption {
	return func(in *market.PostInput) { in.ClaimTimeout = d }
}

// ReviewTimeout is described at Deadline.
func ReviewTimeout(d time.Duration) PostOption {
	return func(in *market.PostInput) { in.ReviewTimeout = d }
}

// Post delegates a task.
func (a *Agent) Post(need string, opts ...PostOption) market.TaskID {
	a.kit.Helper()
	in := market.PostInput{Need: need}
	for _, opt := range opts {
		if opt != nil {
			opt(&in)
		}
	}
	posted, err := a.API.Post(a.kit.Ctx, in)
	a.must(err, "post %q", need)
	a.kit.stepped()
	return posted.TaskID
}

// Pickup claims the best task on offer; the test ends when there is none.
func (a *Agent) Pickup(filter ...market.Filter) market.Pickup {
	a.kit.Helper()
	p, ok := a.TryPickup(filter...)
	if !ok {
		a.kit.Fatalf("%s found nothing to pick up", a.Name)
	}
	return p
}

// TryPickup claims the best task on offer; false when there is none.
func (a *Agent) TryPickup(filter ...market.Filter) (market.Pickup, bool) {
	a.kit.Helper()
	p, ok, err := a.API.Pickup(a.kit.Ctx, first(filter))
	a.must(err, "pick up")
	a.kit.stepped()
	return p, ok
}

// Batch claims up to n tasks.
func (a *Agent) Batch(n int, filter ...market.Filter) []market.Pickup {
	a.kit.Helper()
	list, err := a.API.PickupBatch(a.kit.Ctx, market.BatchInput{Count: n, Filter: first(filter)})
	a.must(err, "pick up a batch of %d", n)
	a.kit.stepped()
	return list.Tasks
}

func first[T any](list []T) (v T) {
	if len(list) > 0 {
		v = list[0]
	}
	return v
}

// Claim claims one task.
func (a *Agent) Claim(id market.TaskID) market.Pickup {
	a.kit.Helper()
	p, err := a.API.PickupTask(a.kit.Ctx, id)
	a.must(err, "claim %s", id)
	a.kit.stepped()
	return p
}

// Deliver submits a result; credits, when given, is what it charges.
func (a *Agent) Deliver(id market.TaskID, result string, credits ...int64) market.Task {
	a.kit.Helper()
	in := market.DeliverInput{Result: result}
	if len(credits) > 0 {
		in.CreditsClaimed = credits[0]
	}
	return a.changed(a.API.Deliver(a.kit.Ctx, id, in))("deliver", id)
}

// Approve pays the worker; rating, when given, is 1–5.
func (a *Agent) Approve(id market.TaskID, rating ...int) market.Task {
	a.kit.Helper()
	in := market.ApproveInput{}
	if len(rating) > 0 {
		in.Rating = rating[0]
	}
	return a.changed(a.API.Approve(a.kit.Ctx, id, in))("approve", id)
}

// Reject sends a delivery back.
func (a *Agent) Reject(id market.TaskID, reason string) market.Task {
	a.kit.Helper()
	return a.changed(a.API.Reject(a.kit.Ctx, id, market.RejectInput{Reason: reason}))("reject", id)
}

// Cancel takes a posted task back.
func (a *Agent) Cancel(id market.TaskID) market.Task {
	a.kit.Helper()
	return a.changed(a.API.Cancel(a.kit.Ctx, id))("cancel", id)
}

// Abandon gives a claimed task back.
func (a *Agent) Abandon(id market.TaskID) market.Task {
	a.kit.Helper()
	return a.changed(a.API.Abandon(a.kit.Ctx, id))("abandon", id)
}

// changed takes the answer of a call, then what to report if it failed.
func (a *Agent) changed(v market.Task, err error) func(what string, id market.TaskID) market.Task {
	a.kit.Helper()
	return func(what string, id market.TaskID) market.Task {
		a.kit.Helper()
		a.must(err, "%s %s", what, id)
		a.kit.stepped()
		return v
	}
}

// Rate rates the poster of an approved task, 1–5.
func (a *Agent) Rate(id market.TaskID, rating int) {
	a.kit.Helper()
	_, err := a.API.Rate(a.kit.Ctx, id, market.RateInput{Rating: rating})
	a.must(err, "rate the poster of %s", id)
	a.kit.stepped()
}

// Work claims, delivers and lets the poster approve a task: a whole life.
func (a *Agent) Work(id market.TaskID, poster *Agent, rating ...int) {
	a.kit.Helper()
	a.Claim(id)
	a.Deliver(id, "done")
	poster.Approve(id, rating...)
}

// Task returns a task as the agent sees it.
func (a *Agent) Task(id market.TaskID) market.Task {
	a.kit.Helper()
	v, err := a.API.Task(a.kit.Ctx, id, 0)
	a.must(err, "read %s", id)
	return v
}

// Browse returns the first 100 offers.
func (a *Agent) Browse(filter ...market.Filter) []market.BrowseItem {
	a.kit.Helper()
	list, err := a.API.Browse(a.kit.Ctx, market.BrowseQuery{Filter: first(filter), Page: market.Page{Limit: 100}})
	a.must(err, "browse")
	return list.Tasks
}

// Offers is the ids of Browse.
func (a *Agent) Offers(filter ...market.Filter) []market.TaskID {
	a.kit.Helper()
	ids := []market.TaskID{}
	for _, item := range a.Browse(filter...) {
		ids = append(ids, item.TaskID)
	}
	return ids
}

// Mine returns the agent's newest 100 tasks in a role and a state, or any.
func (a *Agent) Mine(role market.PartyRole, status market.Status) []market.Task {
	a.kit.Helper()
	list, err := a.API.Mine(a.kit.Ctx, market.MineQuery{Role: role, Status: status, Page: market.Page{Limit: 100}})
	a.must(err, "list its tasks")
	return list.Tasks
}
