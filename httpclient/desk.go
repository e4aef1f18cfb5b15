package httpclient

import (
	"context"
	"net/http"
	"net/url"

	"github.com/pinchwork/pinchwork/market"
)

// AddOperator makes an operator with a key of its own, which needs the server's own admin
// key. It is never repeated: of one whose answer is lost nobody has the key, and it can
// be revoked.
func (a *Admin) AddOperator(ctx context.Context, in market.OperatorInput) (market.NewOperator, error) {
	what := post("/v1/admin/operators", in)
	what.once = true
	return fetch[market.NewOperator](ctx, &a.caller, what)
}

// Operators lists the operators, the oldest first.
func (a *Admin) Operators(ctx context.Context) (market.OperatorList, error) {
	return fetch[market.OperatorList](ctx, &a.caller, get("/v1/admin/operators", nil))
}

// RevokeOperator ends an operator's key at once: any with the server's own admin key,
// else the caller's own alone. It is never repeated.
func (a *Admin) RevokeOperator(ctx context.Context, name string, in market.RevokeInput) (market.Operator, error) {
	path, err := segments("/v1/admin/operators", "name", name)
	if err != nil {
		return market.Operator{}, err
	}
	what := call{method: http.MethodDelete, path: path, query: url.Values{}, once: true}
	if in.Reason != "" {
		what.query.Set("reason", in.Reason)
	}
	return fetch[market.Operator](ctx, &a.caller, what)
}

// Actions lists what operators did, newest first.
func (a *Admin) Actions(ctx context.Context, q market.ActionQuery) (market.OperatorActions, error) {
	query := paged(q.Page)
	addTexts(query, map[string]string{"operator": q.Operator, "action": q.Action, "agent_id": string(q.AgentID), "task_id": string(q.TaskID), "report_id": string(q.ReportID)})
	for name, at := range map[string]market.Time{"from": q.From, "until": q.Until} {
		if !at.IsZero() {
			query.Set(name, at.String())
		}
	}
	return fetch[market.OperatorActions](ctx, &a.caller, get("/v1/admin/actions", query))
}

// AllAgents searches agents of any standing.
func (a *Admin) AllAgents(ctx context.Context, q market.StandingQuery) (market.AgentStandings, error) {
	query := agentQuery(q.AgentQuery)
	addTexts(query, map[string]string{"standing": string(q.Standing)})
	return fetch[market.AgentStandings](ctx, &a.caller, get("/v1/admin/agents", query))
}

// AgentFile returns all that is kept about an agent but its secrets.
func (a *Admin) AgentFile(ctx context.Context, id market.AgentID) (market.AgentFile, error) {
	path, err := segments("/v1/admin/agents", "agent_id", string(id))
	if err != nil {
		return market.AgentFile{}, err
	}
	return fetch[market.AgentFile](ctx, &a.caller, get(path, nil))
}

// AllTasks lists tasks in any state, newest first.
func (a *Admin) AllTasks(ctx context.Context, q market.AllTasksQuery) (market.TaskSummaries, error) {
	query := paged(q.Page)
	addFilter(query, q.Tags, q.Search)
	addTexts(query, map[string]string{"status": string(q.Status), "poster": string(q.Poster), "worker": string(q.Worker)})
	for name, set := range map[string]bool{"reported": q.Reported, "system": q.System} {
		if set {
			query.Set(name, "true")
		}
	}
	if q.EverReported && !q.Reported {
		query.Set("reported", "ever")
	}
	return fetch[market.TaskSummaries](ctx, &a.caller, get("/v1/admin/tasks", query))
}

// TaskFile returns all that is kept about a task.
func (a *Admin) TaskFile(ctx context.Context, id market.TaskID) (market.TaskFile, error) {
	path, err := segments("/v1/admin/tasks", "task_id", string(id))
	if err != nil {
		return market.TaskFile{}, err
	}
	return fetch[market.TaskFile](ctx, &a.caller, get(path, nil))
}

// DeskOverview tells how the marketplace stands.
func (a *Admin) DeskOverview(ctx context.Context) (market.DeskOverview, error) {
	return fetch[market.DeskOverview](ctx, &a.caller, get("/v1/admin/overview", nil))
}

// DeadWebhooks lists the webhook deliveries of all agents that failed for good, newest first.
func (a *Admin) DeadWebhooks(ctx context.Context, q market.DeadQuery) (market.DeadWebhookList, error) {
	query := paged(q.Page)
	addTexts(query, map[string]string{"agent_id": string(q.AgentID)})
	return fetch[market.DeadWebhookList](ctx, &a.caller, get("/v1/admin/webhooks/dead", query))
}

// RedeliverOf delivers a dead webhook of an agent's again.
func (a *Admin) RedeliverOf(ctx context.Context, in market.RedeliverInput) (market.RedeliveredOf, error) {
	return fetch[market.RedeliveredOf](ctx, &a.caller, post("/v1/admin/webhooks/redeliver", in))
}

// RedeliverBatch delivers up to 100 dead webhooks again.
func (a *Admin) RedeliverBatch(ctx context.Context, in market.RedeliverBatchInput) (market.RedeliveredBatch, error) {
	return fetch[market.RedeliveredBatch](ctx, &a.caller, post("/v1/admin/webhooks/redeliver/batch", in))
}

// SeeDead marks dead webhooks as seen.
func (a *Admin) SeeDead(ctx context.Context, in market.SeeDeadInput) (market.SeenDead, error) {
	return fetch[market.SeenDead](ctx, &a.caller, post("/v1/admin/webhooks/seen", in))
}

// ResolveTask ends a task by decision.
func (a *Admin) ResolveTask(ctx context.Context, id market.TaskID, in market.ResolveTaskInput) (market.Task, error) {
	path, err := segments("/v1/admin/tasks", "task_id", string(id), "resolve")
	if err != nil {
		return market.Task{}, err
	}
	return fetch[market.Task](ctx, &a.caller, post(path, in))
}

// ClawBack takes credits back from an agent.
func (a *Admin) ClawBack(ctx context.Context, in market.ClawBackInput) (market.ClawedBack, error) {
	return fetch[market.ClawedBack](ctx, &a.caller, post("/v1/admin/credits/claw-back", in))
}

func addTexts(query url.Values, texts map[string]string) {
	for name, value := range texts {
		if value != "" {
			query.Set(name, value)
		}
	}
}
