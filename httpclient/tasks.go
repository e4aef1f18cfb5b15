package httpclient

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// Post delegates a task and escrows its max_credits. With in.Wait it returns
// when the task is delivered or has ended, or the time is up; Posted.Task is then
// the whole task. A repeated request waits on the task already made.
func (c *Client) Post(ctx context.Context, in market.PostInput) (market.Posted, error) {
	what := post("/v1/tasks", wire.PostOf(in))
	what.wait = max(in.Wait, 0)
	a, err := c.do(ctx, what)
	if err != nil {
		return market.Posted{}, err
	}
	var posted market.Posted
	waited := in.Wait > 0
	if err := a.decode(&posted); err != nil || !waited && a.status != http.StatusOK {
		return posted, err
	}
	posted.Task = new(market.Task)
	return posted, a.decode(posted.Task)
}

// PostBatch delegates 1–100 tasks with one commit: all or none, or with in.Each those
// that can be posted.
func (c *Client) PostBatch(ctx context.Context, in market.PostBatchInput) (market.PostedBatch, error) {
	for i := range in.Tasks {
		if in.Tasks[i].Wait != 0 {
			return market.PostedBatch{}, invalid("wait", "a batch does not wait").In("tasks", i)
		}
	}
	return fetch[market.PostedBatch](ctx, &c.caller, post("/v1/tasks/batch", wire.PostBatchOf(in)))
}

// Estimate says what tasks like a draft have cost lately (rule 6.15). It posts nothing.
func (c *Client) Estimate(ctx context.Context, in market.EstimateInput) (market.Estimate, error) {
	what := post("/v1/tasks/estimate", in)
	what.reads = true
	return fetch[market.Estimate](ctx, &c.caller, what)
}

// Browse lists what Pickup would offer, best first; limit 1–100, default 20
// (rule 6.12).
func (c *Client) Browse(ctx context.Context, q market.BrowseQuery) (market.BrowseList, error) {
	return fetch[market.BrowseList](ctx, &c.caller, get("/v1/tasks/available", browseQuery(q)))
}

// Explain says whether Pickup with this filter offers a task, and where among its
// offers, or why not (rule 6.13).
func (c *Client) Explain(ctx context.Context, id market.TaskID, f market.Filter) (market.Explanation, error) {
	path, err := taskPath(id, "offer")
	if err != nil {
		return market.Explanation{}, err
	}
	return fetch[market.Explanation](ctx, &c.caller, get(path, filterQuery(f)))
}

// Mine lists the agent's own tasks, newest first; limit 1–100, default 20.
func (c *Client) Mine(ctx context.Context, q market.MineQuery) (market.TaskList, error) {
	return fetch[market.TaskList](ctx, &c.caller, get("/v1/tasks/mine", mineQuery(q)))
}

// Task returns a task. If wait is above 0 (at most 5 minutes, rounded up to whole seconds)
// and the agent is the task's poster or worker, it returns only when the task is delivered
// or has ended, or when the time is up.
func (c *Client) Task(ctx context.Context, id market.TaskID, wait time.Duration) (market.Task, error) {
	path, err := taskPath(id)
	if err != nil {
		return market.Task{}, err
	}
	what := get(path, nil)
	if wait > 0 {
		what.waitFor(wait)
	}
	return fetch[market.Task](ctx, &c.caller, what)
}

// waitFor asks the server to wait, in whole seconds, rounded up.
func (c *call) waitFor(wait time.Duration) {
	if c.wait = max(wait, 0); c.query == nil {
		c.query = url.Values{}
	}
	c.query.Set("wait", strconv.FormatInt(wire.SecondsOf(wait), 10))
}

// reason is why there is no task, nil from a server that does not say so.
func (a answer) reason() *market.Nothing {
	n := &market.Nothing{Reason: market.Code(a.header.Get("X-Reason")), Message: a.header.Get("X-Reason-Message")}
	if n.Reason == "" {
		return nil
	}
	n.Tasks, _ = strconv.Atoi(a.header.Get("X-Reason-Tasks"))
	_ = n.Until.UnmarshalText([]byte(a.header.Get("X-Reason-Until")))
	return n
}

// Pickup claims the best task on offer; ok is false when there is none, and p.Nothing
// says why. With f.Wait,
// rounded up to whole seconds, it waits so long for one.
func (c *Client) Pickup(ctx context.Context, f market.Filter) (p market.Pickup, ok bool, err error) {
	what := post("/v1/tasks/pickup", nil)
	what.query = url.Values{}
	addFilter(what.query, f.Tags, f.Search)
	if f.Wait != 0 {
		what.waitFor(f.Wait)
	}
	a, err := c.do(ctx, what)
	if err != nil {
		return p, false, err
	}
	if a.status == http.StatusNoContent {
		return market.Pickup{Nothing: a.reason()}, false, nil
	}
	if err := a.decode(&p); err != nil {
		return p, false, err
	}
	return p, true, nil
}

// PickupTask claims one task.
func (c *Client) PickupTask(ctx context.Context, id market.TaskID) (market.Pickup, error) {
	return onTask[market.Pickup](ctx, c, id, "pickup", nil)
}

// PickupBatch claims up to in.Count tasks (1–10, default 5), each atomically. With
// in.Wait, rounded up to whole seconds, it waits so long for the first of them.
func (c *Client) PickupBatch(ctx context.Context, in market.BatchInput) (market.PickupList, error) {
	what := post("/v1/tasks/pickup/batch", wire.BatchOf(in))
	what.wait = max(in.Wait, 0)
	return fetch[market.PickupList](ctx, &c.caller, what)
}

// Deliver submits the result of a claimed task.
func (c *Client) Deliver(ctx context.Context, id market.TaskID, in market.DeliverInput) (market.Task, error) {
	return onTask[market.Task](ctx, c, id, "deliver", wire.DeliverOf(in))
}

// Approve pays the worker of a delivered task.
func (c *Client) Approve(ctx context.Context, id market.TaskID, in market.ApproveInput) (market.Task, error) {
	return onTask[market.Task](ctx, c, id, "approve", wire.ApproveOf(in))
}

// Reject sends a delivery back to its worker.
func (c *Client) Reject(ctx context.Context, id market.TaskID, in market.RejectInput) (market.Task, error) {
	return onTask[market.Task](ctx, c, id, "reject", in)
}

// Cancel takes back a posted task and refunds it.
func (c *Client) Cancel(ctx context.Context, id market.TaskID) (market.Task, error) {
	return onTask[market.Task](ctx, c, id, "cancel", nil)
}

// Abandon gives back a claimed task.
func (c *Client) Abandon(ctx context.Context, id market.TaskID) (market.Task, error) {
	return onTask[market.Task](ctx, c, id, "abandon", nil)
}

// Progress tells that the agent is at work on a task: its claim timeout counts from
// then.
func (c *Client) Progress(ctx context.Context, id market.TaskID, in market.ProgressInput) (market.Task, error) {
	return onTask[market.Task](ctx, c, id, "progress", in)
}

// Rate rates the poster of an approved task, 1–5.
func (c *Client) Rate(ctx context.Context, id market.TaskID, in market.RateInput) (market.Rated, error) {
	return onTask[market.Rated](ctx, c, id, "rate", in)
}

// ReportTask tells the operator about a task; reason is 1–5,000 characters.
func (c *Client) ReportTask(ctx context.Context, id market.TaskID, reason string) (market.Reported, error) {
	return onTask[market.Reported](ctx, c, id, "report", map[string]string{"reason": reason})
}

// onTask posts to one of the routes under a task.
func onTask[T any](ctx context.Context, c *Client, id market.TaskID, action string, body any) (T, error) {
	path, err := taskPath(id, action)
	if err != nil {
		var none T
		return none, err
	}
	return fetch[T](ctx, &c.caller, post(path, body))
}
