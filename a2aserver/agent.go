package a2aserver

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2asrv"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// agent is the marketplace as an A2A agent. It keeps nothing between requests.
type agent struct{ options Options }

var _ a2asrv.RequestHandler = (*agent)(nil)

// caller is the marketplace as the request's agent sees it.
func caller(ctx context.Context) (market.AgentAPI, error) {
	if api := httpserver.Agent(ctx); api != nil {
		return api, nil
	}
	return nil, refusal(a2a.ErrUnauthenticated, &market.Error{Code: market.CodeUnauthorized, Message: "the API key is missing"})
}

// own is a task that the caller has posted. Others are not there: whoever works on one does
// so by another way in.
func own(ctx context.Context, api market.AgentAPI, id a2a.TaskID) (market.Task, error) {
	if id == "" {
		return market.Task{}, invalid("id", "the task's id is missing")
	}
	t, err := api.Task(ctx, market.TaskID(id), 0)
	if err != nil {
		return t, told(err)
	}
	if t.PosterID != api.ID() {
		return market.Task{}, noTask()
	}
	return t, nil
}

// GetTask is a task with its history, of which a HistoryLength of 0 spares the reading.
func (a *agent) GetTask(ctx context.Context, req *a2a.GetTaskRequest) (*a2a.Task, error) {
	api, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	t, err := own(ctx, api, req.ID)
	if err != nil {
		return nil, err
	}
	return withHistory(ctx, api, t, req.HistoryLength)
}

const (
	defaultPage = 50
	mostOnPage  = 100
)

// ListTasks lists the tasks that the caller has posted, newest first.
func (a *agent) ListTasks(ctx context.Context, req *a2a.ListTasksRequest) (*a2a.ListTasksResponse, error) {
	api, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(req.ContextID, "tk-") {
		return alone(ctx, api, req)
	}
	q, possible, err := query(req)
	if err != nil || !possible {
		return &a2a.ListTasksResponse{Tasks: []*a2a.Task{}, PageSize: q.Limit}, err
	}
	list, err := api.Mine(ctx, q)
	if err != nil {
		return nil, told(err)
	}
	res := &a2a.ListTasksResponse{Tasks: []*a2a.Task{}, TotalSize: list.Total, PageSize: q.Limit}
	for _, t := range list.Tasks {
		if req.StatusTimestampAfter != nil && !statusTime(t).After(*req.StatusTimestampAfter) {
			continue
		}
		res.Tasks = append(res.Tasks, listed(t, req))
	}
	next := list.NextOffset
	if end := q.Offset + len(list.Tasks); next == 0 && len(q.Metadata) == 0 && end < list.Total {
		next = end
	}
	if next > 0 {
		res.NextPageToken = strconv.Itoa(next)
	}
	return res, nil
}

// alone is the list of a context that is one task's own.
func alone(ctx context.Context, api market.AgentAPI, req *a2a.ListTasksRequest) (*a2a.ListTasksResponse, error) {
	res := &a2a.ListTasksResponse{Tasks: []*a2a.Task{}, PageSize: defaultPage}
	t, err := own(ctx, api, a2a.TaskID(req.ContextID))
	if errors.Is(err, a2a.ErrTaskNotFound) {
		return res, nil
	}
	if err != nil {
		return nil, err
	}
	if contextOf(t) == req.ContextID && (req.Status == a2a.TaskStateUnspecified || req.Status == stateOf(t.Status)) {
		res.Tasks, res.TotalSize = append(res.Tasks, listed(t, req)), 1
	}
	return res, nil
}

// listed is a task as lists show it.
func listed(t market.Task, req *a2a.ListTasksRequest) *a2a.Task {
	task := render(t)
	if !req.IncludeArtifacts {
		task.Artifacts = nil
	}
	if req.HistoryLength == nil || *req.HistoryLength > 0 {
		task.History = []*a2a.Message{opening(t)}
	}
	return task
}

// query is what a list asks for; not possible for a state that no task has.
func query(req *a2a.ListTasksRequest) (q market.MineQuery, possible bool, err error) {
	q = market.MineQuery{Role: market.PartyPoster, Page: market.Page{Limit: req.PageSize}}
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	if q.Limit < 1 || q.Limit > mostOnPage {
		return q, false, invalid("pageSize", "pageSize must be 1 to 100")
	}
	if req.PageToken != "" {
		if q.Offset, err = strconv.Atoi(req.PageToken); err != nil || q.Offset < 0 {
			return q, false, invalid("pageToken", "pageToken is none of ours")
		}
	}
	if req.ContextID != "" {
		q.Metadata = map[string]string{contextKey: req.ContextID}
	}
	if req.Status == a2a.TaskStateUnspecified {
		return q, true, nil
	}
	for _, s := range states {
		if s.a2a == req.Status {
			q.Status, possible = s.market, true
		}
	}
	return q, possible, nil
}

// CancelTask takes a posted task back.
func (a *agent) CancelTask(ctx context.Context, req *a2a.CancelTaskRequest) (*a2a.Task, error) {
	api, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	t, err := own(ctx, api, req.ID)
	if err != nil {
		return nil, err
	}
	if t.Status != market.StatusPosted {
		return nil, notCancelable(t.Status)
	}
	t, err = api.Cancel(ctx, t.TaskID)
	if isWrongState(err) {
		return nil, wrongState(a2a.ErrTaskNotCancelable, told(err).Error())
	}
	if err != nil {
		return nil, told(err)
	}
	return render(t), nil
}

// SendMessage posts a task, or acts on one.
func (a *agent) SendMessage(ctx context.Context, req *a2a.SendMessageRequest) (a2a.SendMessageResult, error) {
	api, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	return a.send(ctx, api, req)
}

func (a *agent) send(ctx context.Context, api market.AgentAPI, req *a2a.SendMessageRequest) (a2a.SendMessageResult, error) {
	if err := check(req); err != nil {
		return nil, err
	}
	if req.Config != nil && req.Config.PushConfig != nil {
		if _, err := setWebhook(ctx, api, req.Config.PushConfig); err != nil {
			return nil, err
		}
	}
	var t market.Task
	if req.Message.TaskID == "" {
		posted, err := a.post(ctx, api, req)
		if err != nil {
			return nil, err
		}
		t = posted
	} else {
		answered, says, err := act(ctx, api, req)
		if err != nil {
			return nil, err
		}
		if says != nil {
			return says, nil
		}
		t = answered
	}
	task := render(t)
	task.History = []*a2a.Message{opening(t)}
	trim(task, historyOf(req))
	return task, nil
}

// post posts the task of a first message. The message's id is the idempotency key.
func (a *agent) post(ctx context.Context, api market.AgentAPI, req *a2a.SendMessageRequest) (market.Task, error) {
	in, err := a.options.input(req)
	if err != nil {
		return market.Task{}, err
	}
	p, err := api.Post(market.WithIdempotencyKey(ctx, req.Message.ID), in)
	if err != nil {
		return market.Task{}, told(err)
	}
	if p.Task != nil {
		return *p.Task, nil
	}
	t, err := api.Task(ctx, p.TaskID, 0)
	return t, told(err)
}

func check(req *a2a.SendMessageRequest) error {
	switch m := req.Message; {
	case m == nil:
		return invalid("message", "the message is missing")
	case m.ID == "":
		return invalid("messageId", "messageId is missing: it makes a repeat of the message safe")
	case len(m.Parts) == 0:
		return invalid("parts", "the message has no parts")
	case m.Role == a2a.MessageRoleAgent:
		return invalid("role", "the message's role must be user")
	}
	return nil
}

func historyOf(req *a2a.SendMessageRequest) *int {
	if req.Config == nil {
		return nil
	}
	return req.Config.HistoryLength
}

// SendStreamingMessage does as SendMessage and tells of what follows, until it is the
// caller's turn or the task has ended.
func (a *agent) SendStreamingMessage(ctx context.Context, req *a2a.SendMessageRequest) iter.Seq2[a2a.Event, error] {
	return func(yield func(a2a.Event, error) bool) {
		api, err := caller(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		prompt := *req
		prompt.Config = &a2a.SendMessageConfig{}
		if req.Config != nil {
			*prompt.Config = *req.Config
		}
		prompt.Config.ReturnImmediately = true
		got, err := a.send(ctx, api, &prompt)
		if err != nil {
			yield(nil, err)
			return
		}
		if task, ok := got.(*a2a.Task); ok {
			follow(ctx, api, market.TaskID(task.ID), "", yield)
			return
		}
		yield(got, nil)
	}
}

// SubscribeToTask tells how a task stands and what follows, until it is the caller's turn or
// the task has ended. With Last-Event-ID, the event_id in the metadata of the last event
// that came, it first tells of all that has happened since.
func (a *agent) SubscribeToTask(ctx context.Context, req *a2a.SubscribeToTaskRequest) iter.Seq2[a2a.Event, error] {
	return func(yield func(a2a.Event, error) bool) {
		api, err := caller(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		t, err := own(ctx, api, req.ID)
		if err != nil {
			yield(nil, err)
			return
		}
		if ended(t.Status) {
			yield(nil, wrongState(a2a.ErrUnsupportedOperation, "the task is "+string(t.Status)+": nothing follows"))
			return
		}
		follow(ctx, api, t.TaskID, lastEvent(ctx), yield)
	}
}

// GetExtendedAgentCard says that there is none.
func (a *agent) GetExtendedAgentCard(context.Context, *a2a.GetExtendedAgentCardRequest) (*a2a.AgentCard, error) {
	return nil, a2a.ErrExtendedCardNotConfigured
}
