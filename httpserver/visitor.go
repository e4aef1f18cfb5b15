package httpserver

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// visitor is an agent that came in through a door. What it does is charged and bounded
// like the route that does the same. Its methods may be called by any goroutine.
type visitor struct {
	server  *Server
	id      market.AgentID
	as      market.AgentAPI
	request context.Context // ends when the client hangs up
	call    string          // the id of the request
}

// visit does what the route of that name does.
func visit[Out any](ctx context.Context, v *visitor, route string, wait time.Duration, do func(context.Context) (Out, error)) (Out, error) {
	out, err := visitInside(ctx, v, route, wait, do)
	return out, v.explained(ctx, route, err)
}

func visitInside[Out any](ctx context.Context, v *visitor, route string, wait time.Duration, do func(context.Context) (Out, error)) (out Out, err error) {
	ctx, end := v.bounded(ctx, wait)
	defer end()
	if err := v.charge(ctx, route); err != nil {
		return out, err
	}
	return do(ctx)
}

// charge takes one from the limit of the route.
func (v *visitor) charge(ctx context.Context, route string) error {
	class, on := v.server.classes[route]
	if !on {
		return refuse(market.CodeNotFound, "Not found: this server does not offer that")
	}
	_, err := v.server.market.AdmitAgent(ctx, v.id, v.server.charges[class])
	return err
}

// bounded gives an operation the time that its route has. A wait ends with the server,
// and when nobody waits any more.
func (v *visitor) bounded(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	limit := v.server.options.Timeout
	if wait <= 0 {
		if limit < 0 {
			return context.WithCancel(ctx)
		}
		return context.WithTimeout(ctx, limit)
	}
	ctx, cancel := context.WithTimeout(ctx, wait+max(limit, defaultTimeout))
	leave := context.AfterFunc(v.request, cancel)
	ctx, cancel = v.server.untilClosed(ctx, cancel)
	return ctx, func() { leave(); cancel() }
}

// explained is what the client may know of an error; the log has the rest.
func (v *visitor) explained(ctx context.Context, route string, err error) error {
	if err == nil {
		return nil
	}
	status, refusal := explain(err)
	if status >= http.StatusInternalServerError && status != http.StatusNotImplemented && v.request.Err() == nil {
		v.server.log.LogAttrs(ctx, slog.LevelError, "request failed",
			slog.String("request_id", v.call), slog.String("route", route),
			slog.String("agent_id", string(v.id)), slog.Any("error", cause(err)))
	}
	return refusal
}

func (v *visitor) ID() market.AgentID { return v.id }

func (v *visitor) Me(ctx context.Context) (market.Me, error) {
	return visit(ctx, v, "me", 0, v.as.Me)
}

func (v *visitor) UpdateMe(ctx context.Context, in market.UpdateInput) (market.Me, error) {
	return visit(ctx, v, "updateMe", 0, func(ctx context.Context) (market.Me, error) { return v.as.UpdateMe(ctx, in) })
}

func (v *visitor) RotateKey(ctx context.Context, in market.RotateInput) (market.KeyRotation, error) {
	return visit(ctx, v, "rotateKey", 0, func(ctx context.Context) (market.KeyRotation, error) { return v.as.RotateKey(ctx, in) })
}

func (v *visitor) Credits(ctx context.Context, p market.Page) (market.Credits, error) {
	return visit(ctx, v, "credits", 0, func(ctx context.Context) (market.Credits, error) { return v.as.Credits(ctx, p) })
}

func (v *visitor) Stats(ctx context.Context) (market.Stats, error) {
	return visit(ctx, v, "stats", 0, v.as.Stats)
}

func (v *visitor) Trust(ctx context.Context, p market.Page) (market.TrustList, error) {
	return visit(ctx, v, "trust", 0, func(ctx context.Context) (market.TrustList, error) { return v.as.Trust(ctx, p) })
}

func (v *visitor) Post(ctx context.Context, in market.PostInput) (market.Posted, error) {
	return visit(ctx, v, "createTask", in.Wait, func(ctx context.Context) (market.Posted, error) { return v.as.Post(ctx, in) })
}

func (v *visitor) PostBatch(ctx context.Context, in market.PostBatchInput) (market.PostedBatch, error) {
	return visit(ctx, v, "createTasks", 0, func(ctx context.Context) (market.PostedBatch, error) { return v.as.PostBatch(ctx, in) })
}

func (v *visitor) Estimate(ctx context.Context, in market.EstimateInput) (market.Estimate, error) {
	return visit(ctx, v, "estimateTask", 0, func(ctx context.Context) (market.Estimate, error) { return v.as.Estimate(ctx, in) })
}

func (v *visitor) Browse(ctx context.Context, q market.BrowseQuery) (market.BrowseList, error) {
	return visit(ctx, v, "browseTasks", 0, func(ctx context.Context) (market.BrowseList, error) { return v.as.Browse(ctx, q) })
}

func (v *visitor) Explain(ctx context.Context, id market.TaskID, f market.Filter) (market.Explanation, error) {
	return visit(ctx, v, "explainTask", 0, func(ctx context.Context) (market.Explanation, error) { return v.as.Explain(ctx, id, f) })
}

func (v *visitor) Mine(ctx context.Context, q market.MineQuery) (market.TaskList, error) {
	return visit(ctx, v, "myTasks", 0, func(ctx context.Context) (market.TaskList, error) { return v.as.Mine(ctx, q) })
}

func (v *visitor) Task(ctx context.Context, id market.TaskID, wait time.Duration) (market.Task, error) {
	return visit(ctx, v, "getTask", wait, func(ctx context.Context) (market.Task, error) { return v.as.Task(ctx, id, wait) })
}

func (v *visitor) Pickup(ctx context.Context, f market.Filter) (p market.Pickup, ok bool, err error) {
	p, err = visit(ctx, v, "pickupTask", f.Wait, func(ctx context.Context) (p market.Pickup, err error) {
		p, ok, err = v.as.Pickup(ctx, f)
		return p, err
	})
	return p, ok, err
}

func (v *visitor) PickupTask(ctx context.Context, id market.TaskID) (market.Pickup, error) {
	return visit(ctx, v, "pickupTaskById", 0, func(ctx context.Context) (market.Pickup, error) { return v.as.PickupTask(ctx, id) })
}

func (v *visitor) PickupBatch(ctx context.Context, in market.BatchInput) (market.PickupList, error) {
	return visit(ctx, v, "pickupBatch", in.Wait, func(ctx context.Context) (market.PickupList, error) { return v.as.PickupBatch(ctx, in) })
}

func (v *visitor) Deliver(ctx context.Context, id market.TaskID, in market.DeliverInput) (market.Task, error) {
	return visit(ctx, v, "deliverTask", 0, func(ctx context.Context) (market.Task, error) { return v.as.Deliver(ctx, id, in) })
}

func (v *visitor) Approve(ctx context.Context, id market.TaskID, in market.ApproveInput) (market.Task, error) {
	return visit(ctx, v, "approveTask", 0, func(ctx context.Context) (market.Task, error) { return v.as.Approve(ctx, id, in) })
}

func (v *visitor) Reject(ctx context.Context, id market.TaskID, in market.RejectInput) (market.Task, error) {
	return visit(ctx, v, "rejectTask", 0, func(ctx context.Context) (market.Task, error) { return v.as.Reject(ctx, id, in) })
}

func (v *visitor) Cancel(ctx context.Context, id market.TaskID) (market.Task, error) {
	return visit(ctx, v, "cancelTask", 0, func(ctx context.Context) (market.Task, error) { return v.as.Cancel(ctx, id) })
}

func (v *visitor) Abandon(ctx context.Context, id market.TaskID) (market.Task, error) {
	return visit(ctx, v, "abandonTask", 0, func(ctx context.Context) (market.Task, error) { return v.as.Abandon(ctx, id) })
}

func (v *visitor) Progress(ctx context.Context, id market.TaskID, in market.ProgressInput) (market.Task, error) {
	return visit(ctx, v, "reportProgress", 0, func(ctx context.Context) (market.Task, error) { return v.as.Progress(ctx, id, in) })
}

func (v *visitor) Rate(ctx context.Context, id market.TaskID, in market.RateInput) (market.Rated, error) {
	return visit(ctx, v, "ratePoster", 0, func(ctx context.Context) (market.Rated, error) { return v.as.Rate(ctx, id, in) })
}

func (v *visitor) ReportTask(ctx context.Context, id market.TaskID, reason string) (market.Reported, error) {
	return visit(ctx, v, "reportTask", 0, func(ctx context.Context) (market.Reported, error) { return v.as.ReportTask(ctx, id, reason) })
}

func (v *visitor) Ask(ctx context.Context, id market.TaskID, question string) (market.Question, error) {
	return visit(ctx, v, "askQuestion", 0, func(ctx context.Context) (market.Question, error) { return v.as.Ask(ctx, id, question) })
}

func (v *visitor) Answer(ctx context.Context, id market.TaskID, q market.QuestionID, answer string) (market.Question, error) {
	return visit(ctx, v, "answerQuestion", 0, func(ctx context.Context) (market.Question, error) { return v.as.Answer(ctx, id, q, answer) })
}

func (v *visitor) Questions(ctx context.Context, id market.TaskID, p market.Page) (market.QuestionList, error) {
	return visit(ctx, v, "listQuestions", 0, func(ctx context.Context) (market.QuestionList, error) { return v.as.Questions(ctx, id, p) })
}

func (v *visitor) SendMessage(ctx context.Context, id market.TaskID, text string) (market.Message, error) {
	return visit(ctx, v, "sendMessage", 0, func(ctx context.Context) (market.Message, error) { return v.as.SendMessage(ctx, id, text) })
}

func (v *visitor) Messages(ctx context.Context, id market.TaskID, p market.Page) (market.MessageList, error) {
	return visit(ctx, v, "listMessages", 0, func(ctx context.Context) (market.MessageList, error) { return v.as.Messages(ctx, id, p) })
}

// Events ends with the server too, and when nobody reads any more.
func (v *visitor) Events(ctx context.Context, after string) iter.Seq2[market.StreamEvent, error] {
	return func(yield func(market.StreamEvent, error) bool) {
		if err := v.charge(ctx, "events"); err != nil {
			yield(market.StreamEvent{}, v.explained(ctx, "events", err))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(v.server.streams, cancel)()
		defer context.AfterFunc(v.request, cancel)()
		defer v.server.measure.streaming(ctx)()
		for event, err := range v.as.Events(ctx, after) {
			if err != nil && ctx.Err() == nil {
				err = v.explained(ctx, "events", err)
			}
			if !yield(event, err) {
				return
			}
		}
	}
}

func (v *visitor) DeadLetters(ctx context.Context, p market.Page) (market.DeadLetterList, error) {
	return visit(ctx, v, "deadWebhooks", 0, func(ctx context.Context) (market.DeadLetterList, error) { return v.as.DeadLetters(ctx, p) })
}

func (v *visitor) Redeliver(ctx context.Context, eventID string) error {
	_, err := visit(ctx, v, "redeliverWebhook", 0, func(ctx context.Context) (struct{}, error) { return struct{}{}, v.as.Redeliver(ctx, eventID) })
	return err
}

func (v *visitor) Agent(ctx context.Context, id market.AgentID) (market.PublicProfile, error) {
	return visit(ctx, v, "getAgent", 0, func(ctx context.Context) (market.PublicProfile, error) { return v.as.Agent(ctx, id) })
}

func (v *visitor) Agents(ctx context.Context, q market.AgentQuery) (market.AgentList, error) {
	return visit(ctx, v, "searchAgents", 0, func(ctx context.Context) (market.AgentList, error) { return v.as.Agents(ctx, q) })
}

func (v *visitor) Tags(ctx context.Context, q market.TagQuery) (market.TagList, error) {
	return visit(ctx, v, "listTags", 0, func(ctx context.Context) (market.TagList, error) { return v.as.Tags(ctx, q) })
}
