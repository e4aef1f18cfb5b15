package httpserver

import (
	"net/http"
	"strconv"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

func createTask(c *call, in wire.Post) (any, error) {
	posted, err := c.post(in.Input())
	if err != nil {
		return nil, err
	}
	h := c.Header()
	h["X-Task-Id"] = []string{string(posted.TaskID)}
	if posted.Task == nil {
		h["X-Status"] = []string{string(posted.Status)}
		return &posted, nil
	}
	h["X-Status"] = []string{string(posted.Task.Status)}
	if s := posted.Task.Status; posted.Existing || s == market.StatusDelivered || s.Ended() {
		c.success = http.StatusOK
	}
	return &awaited{posted.Task, posted.Balance, posted.Existing}, nil
}

func createTasks(c *call, in wire.PostBatch) (market.PostedBatch, error) {
	return c.agentAPI().PostBatch(c.ctx, in.Input())
}

func estimateTask(c *call, in market.EstimateInput) (market.Estimate, error) {
	return c.agentAPI().Estimate(c.ctx, in)
}

// awaited is the answer to a post that waited or was one already: the whole task, and
// the poster's balance after the escrow.
type awaited struct {
	*market.Task
	Balance  int64 `json:"balance"`
	Existing bool  `json:"existing,omitempty"`
}

func browseTasks(c *call) (market.BrowseList, error) {
	filter, err := c.filter(market.Filter{})
	if err != nil {
		return market.BrowseList{}, err
	}
	page, err := c.page()
	if err != nil {
		return market.BrowseList{}, err
	}
	return c.agentAPI().Browse(c.ctx, market.BrowseQuery{Filter: filter, Page: page})
}

func explainTask(c *call) (market.Explanation, error) {
	filter, err := c.filter(market.Filter{})
	if err != nil {
		return market.Explanation{}, err
	}
	return c.agentAPI().Explain(c.ctx, c.taskID(), filter)
}

func myTasks(c *call) (market.TaskList, error) {
	page, err := c.page()
	if err != nil {
		return market.TaskList{}, err
	}
	role, err := c.text("role")
	if err != nil {
		return market.TaskList{}, err
	}
	status, err := c.text("status")
	if err != nil {
		return market.TaskList{}, err
	}
	metadata, err := c.metadata()
	if err != nil {
		return market.TaskList{}, err
	}
	order, err := c.text("order")
	if err != nil {
		return market.TaskList{}, err
	}
	filter, err := c.filter(market.Filter{})
	if err != nil {
		return market.TaskList{}, err
	}
	return c.agentAPI().Mine(c.ctx, market.MineQuery{
		Role: market.PartyRole(role), Status: market.Status(status), Metadata: metadata, Filter: filter, Order: market.MineOrder(order), Page: page,
	})
}

func getTask(c *call) (market.Task, error) {
	wait, err := c.wait()
	if err != nil {
		return market.Task{}, err
	}
	return c.task(c.taskID(), wait)
}

func pickupNext(c *call, in wire.Pickup) (*market.Pickup, error) {
	filter, err := c.pickupFilter(in.Filter())
	if err != nil {
		return nil, err
	}
	ctx, cancel := c.patientIf(filter.Wait)
	defer cancel()
	pickup, found, err := c.agentAPI().Pickup(ctx, filter)
	if err != nil {
		return nil, err
	}
	if !found {
		c.success = http.StatusNoContent
		c.reason(pickup.Nothing)
		return nil, nil
	}
	return c.pickedUp(pickup), nil
}

// reason says in headers why there is no task, since that answer has no body.
func (c *call) reason(n *market.Nothing) {
	if n == nil {
		return
	}
	h := c.Header()
	h[headerReason.Name] = []string{string(n.Reason)}
	h[headerMessage.Name] = []string{n.Message}
	if n.Tasks > 0 {
		h[headerTasks.Name] = []string{strconv.Itoa(n.Tasks)}
	}
	if !n.Until.IsZero() {
		h[headerUntil.Name] = []string{n.Until.String()}
	}
}

func pickupTask(c *call, _ nothing) (*market.Pickup, error) {
	pickup, err := c.agentAPI().PickupTask(c.ctx, c.taskID())
	if err != nil {
		return nil, err
	}
	return c.pickedUp(pickup), nil
}

func (c *call) pickedUp(p market.Pickup) *market.Pickup {
	h := c.Header()
	h["X-Task-Id"] = []string{string(p.TaskID)}
	h["X-Budget"] = []string{strconv.FormatInt(p.MaxCredits, 10)}
	return &p
}

func pickupBatch(c *call, body wire.Batch) (list market.PickupList, err error) {
	count, err := c.integer("count")
	if err != nil {
		return list, err
	}
	if count != nil {
		body.Count = new(int64(*count))
	}
	in := body.Input()
	if in.Filter, err = c.pickupFilter(in.Filter); err != nil {
		return list, err
	}
	ctx, cancel := c.patientIf(in.Wait)
	defer cancel()
	return c.agentAPI().PickupBatch(ctx, in)
}

func deliverTask(c *call, in wire.Deliver) (market.Task, error) {
	return c.charged(c.agentAPI().Deliver(c.ctx, c.taskID(), in.Input()))
}

func approveTask(c *call, in wire.Approve) (market.Task, error) {
	return c.charged(c.agentAPI().Approve(c.ctx, c.taskID(), in.Input()))
}

func (c *call) charged(view market.Task, err error) (market.Task, error) {
	if err == nil && view.CreditsCharged != 0 {
		c.Header()["X-Credits-Charged"] = []string{strconv.FormatInt(view.CreditsCharged, 10)}
	}
	return view, err
}

func rejectTask(c *call, in market.RejectInput) (market.Task, error) {
	return c.agentAPI().Reject(c.ctx, c.taskID(), in)
}

func cancelTask(c *call, _ nothing) (market.Task, error) {
	return c.agentAPI().Cancel(c.ctx, c.taskID())
}

func abandonTask(c *call, _ nothing) (market.Task, error) {
	return c.agentAPI().Abandon(c.ctx, c.taskID())
}

func reportProgress(c *call, in market.ProgressInput) (market.Task, error) {
	return c.agentAPI().Progress(c.ctx, c.taskID(), in)
}

func ratePoster(c *call, in market.RateInput) (market.Rated, error) {
	return c.agentAPI().Rate(c.ctx, c.taskID(), in)
}

func reportTask(c *call, in reportInput) (market.Reported, error) {
	return c.agentAPI().ReportTask(c.ctx, c.taskID(), in.Reason)
}

// nothing is the body of a route that reads no field.
type nothing struct{}

type reportInput struct {
	Reason string `json:"reason"` // 1–5,000
}
