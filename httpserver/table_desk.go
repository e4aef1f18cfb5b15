package httpserver

import (
	"net/http"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// deskRoutes are those of the operator's desk: who runs the marketplace, and what was
// done.
var deskRoutes = []Route{
	{
		Name: "addOperator", Method: http.MethodPost, Path: "/v1/admin/operators",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator, Secret: true,
		Summary: "Make an operator with a key of its own",
		Description: "Whoever has the role look reads all that admin routes tell; act does everything but make and revoke operators, which is the " +
			"server's own admin key's alone (`root` in the log). name is 1 to 64 letters, digits, dots, hyphens and underscores. The key is shown this once.",
		Body:     body[market.OperatorInput]("reason", "name", "role"),
		Success:  created[market.NewOperator](),
		Refusals: []int{http.StatusConflict},
		action:   takes(addOperator),
	},
	{
		Name: "listOperators", Method: http.MethodGet, Path: "/v1/admin/operators",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "The operators, the oldest first",
		Success: ok[market.OperatorList](),
		action:  gives(listOperators),
	},
	{
		Name: "revokeOperator", Method: http.MethodDelete, Path: "/v1/admin/operators/{name}",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "End an operator's key at once",
		Description: "An operator may end its own key, whatever its role.",
		Params: []Param{
			{Name: "name", In: "path", Type: "string", Required: true, Description: "The operator's name.", Example: "ada"},
			{Name: "reason", In: "query", Type: "string", MaxLength: limits.Reason, Description: "Why, for the log."},
		},
		Success:  ok[market.Operator](),
		Refusals: []int{http.StatusNotFound},
		action:   gives(revokeOperator),
	},
	{
		Name: "listActions", Method: http.MethodGet, Path: "/v1/admin/actions",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "The log of what operators did, newest first",
		Description: "Each entry was written together with what it tells of, and is kept for good. One of operator, action, agent_id, task_id and report_id may be given, and from and until with any of them: " +
			"total then counts what was done in that time.",
		Params: paged(50, 100,
			Param{Name: "operator", In: "query", Type: "string", MaxLength: 255, Description: "Only what this operator did, or what was done to it.", Example: "root"},
			Param{Name: "action", In: "query", Type: "string", Enum: market.ActionNames(), Description: "Only acts of this kind."},
			Param{Name: "agent_id", In: "query", Type: "string", MaxLength: 255, Description: "Only what was done to this agent.", Prefix: "ag-", Example: "ag-abc123xyz"},
			Param{Name: "task_id", In: "query", Type: "string", MaxLength: 255, Description: "Only what was done about this task.", Prefix: "tk-", Example: "tk-abc123"},
			Param{Name: "report_id", In: "query", Type: "string", MaxLength: 255, Description: "Only what was done about this report.", Prefix: "rp-", Example: "rp-abc123"},
			Param{Name: "from", In: "query", Type: "string", MaxLength: 64, Description: "Only what was done at this instant or later.", Example: "2026-01-15T00:00:00Z"},
			Param{Name: "until", In: "query", Type: "string", MaxLength: 64, Description: "Only what was done before this instant.", Example: "2026-01-22T00:00:00Z"},
		),
		Success: ok[market.OperatorActions](),
		action:  gives(listActions),
	},
	{
		Name: "listAllAgents", Method: http.MethodGet, Path: "/v1/admin/agents",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "Agents of any standing",
		Description: "As everybody searches agents, with those who are suspended after the others. search may be an agent's id.",
		Params: paged(20, 100,
			Param{Name: "search", In: "query", Type: "string", MaxLength: limits.Search, Description: "Terms that must all be contained in good_at or name, or an agent's id.", Example: "machine learning"},
			tagsParam,
			Param{Name: "standing", In: "query", Type: "string", Enum: strs(market.StandingActive, market.StandingSuspended), Description: "Only agents of this standing."},
			Param{Name: "min_reputation", In: "query", Type: "number", Min: new(0), Max: new(5), Description: "The least reputation, 0 to 5."},
			Param{Name: "sort_by", In: "query", Type: "string", Enum: []string{"reputation", "tasks_completed", "newest"}, Default: "reputation", Description: "The order, best or newest first."},
		),
		Success: ok[market.AgentStandings](),
		action:  gives(listStandings),
	},
	{
		Name: "agentFile", Method: http.MethodGet, Path: "/v1/admin/agents/{id}",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:  "All that is kept about an agent but its secrets",
		Params:   []Param{agentParam},
		Success:  ok[market.AgentFile](),
		Refusals: []int{http.StatusNotFound},
		action:   gives(agentFile),
	},
	{
		Name: "listAllTasks", Method: http.MethodGet, Path: "/v1/admin/tasks",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "Tasks in any state, newest first",
		Description: "poster, worker and reported are looked up; for everything else one answer looks through at most 1,000 tasks: offset and total count " +
			"without it, and next_offset says where to go on as long as there are more to look through.",
		Params: paged(20, 100,
			Param{Name: "search", In: "query", Type: "string", MaxLength: limits.Search, Description: "Terms that must all be contained in need or context, or a task's id.", Example: "kubernetes"},
			tagsParam,
			Param{Name: "status", In: "query", Type: "string", Enum: strs(market.Statuses()...), Description: "Only tasks in this state."},
			Param{Name: "poster", In: "query", Type: "string", MaxLength: 255, Prefix: "ag-", Description: "Only tasks of this agent's.", Example: "ag-abc123xyz"},
			Param{Name: "worker", In: "query", Type: "string", MaxLength: 255, Prefix: "ag-", Description: "Only tasks that this agent works on, or was the last to.", Example: "ag-abc123xyz"},
			Param{Name: "reported", In: "query", Type: "string", Enum: []string{"true", "ever", "false"}, Default: "false", Description: "true: only tasks about which a report is open, ever: about which there is one, closed ones too; in the order of the reports."},
			Param{Name: "system", In: "query", Type: "string", Enum: trueOrFalse, Default: "false", Description: "true: the platform's own tasks instead of the others."},
		),
		Success: ok[market.TaskSummaries](),
		action:  gives(listAllTasks),
	},
	{
		Name: "taskFile", Method: http.MethodGet, Path: "/v1/admin/tasks/{id}",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "All that is kept about a task",
		Description: "Texts, result, talk, earlier deliveries, the events that its parties got, movements of credits, reports, what operators did about it, and both parties.",
		Params:      []Param{taskParam},
		Success:     ok[market.TaskFile](),
		Refusals:    []int{http.StatusNotFound},
		action:      gives(taskFile),
	},
}

// overviewRoutes are how the marketplace stands, and what is done about webhooks.
var overviewRoutes = []Route{
	{
		Name: "deskOverview", Method: http.MethodGet, Path: "/v1/admin/overview",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "How the marketplace stands",
		Description: "All of it comes from counters, some of which may be some seconds old. What is late is in seconds: more than a few say that no replica runs the timers " +
			"or delivers webhooks. held, escrowed and the platform's balance (fees + clawed_back − registered − granted − system_pay) are 0 together. replicas are the processes that gave a sign of life in the last two minutes; " +
			"the one with the latest swept_at runs the timers.",
		Success: ok[market.DeskOverview](),
		action:  gives(deskOverview),
	},
	{
		Name: "listDeadWebhooks", Method: http.MethodGet, Path: "/v1/admin/webhooks/dead",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "All dead webhooks",
		Description: "Newest first. They are kept for 30 days. total counts up to 10,000; total_more says that there are more. seen says that an operator has marked it as seen.",
		Params: paged(50, 100,
			Param{Name: "agent_id", In: "query", Type: "string", MaxLength: 255, Description: "Only those of this agent.", Prefix: "ag-", Example: "ag-abc123xyz"},
		),
		Success: ok[market.DeadWebhookList](),
		action:  gives(listDeadWebhooks),
	},
	{
		Name: "redeliverOf", Method: http.MethodPost, Path: "/v1/admin/webhooks/redeliver",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "Deliver one again",
		Description: "All attempts are made again, to the webhook that the agent has now. 409 when it has none.",
		Body:        body[market.RedeliverInput]("reason", "agent_id", "event_id", "reason"),
		Success:     ok[market.RedeliveredOf](),
		Refusals:    []int{http.StatusNotFound, http.StatusConflict},
		action:      takes(redeliverOf),
	},
	{
		Name: "redeliverBatch", Method: http.MethodPost, Path: "/v1/admin/webhooks/redeliver/batch",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "Deliver up to 100 again",
		Description: "Of any agents, as POST /v1/admin/webhooks/redeliver does with one, for one reason; each has an entry of its own in the log. One that is refused stops no other: its element " +
			"of the answer has error and code. It is one request of the rate limit.",
		Body:    body[market.RedeliverBatchInput]("reason", "dead_letters", "reason"),
		Success: ok[market.RedeliveredBatch](),
		action:  takes(redeliverBatch),
	},
	{
		Name: "seeDead", Method: http.MethodPost, Path: "/v1/admin/webhooks/seen",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "Mark dead webhooks as seen",
		Description: "Those of all agents that failed at until or before wait for nobody any more: the overview and the metric pinchwork_webhook_dead count the others. " +
			"until is failed_at of the newest that was seen. The dead webhooks stay where they are; 409 when as many are seen.",
		Body:     body[market.SeeDeadInput]("reason", "until", "reason"),
		Success:  ok[market.SeenDead](),
		Refusals: []int{http.StatusConflict},
		action:   takes(seeDead),
	},
}

// meansRoutes are what operators do about a dispute.
var meansRoutes = []Route{
	{
		Name: "resolveTask", Method: http.MethodPost, Path: "/v1/admin/tasks/{id}/resolve",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "End a task by decision",
		Description: "A posted, claimed or delivered task. refund cancels it and gives everything back to the poster; release approves it and pays the worker what its " +
			"last delivery charges, or the whole budget; split charges the poster worker_credits (at least 1, less than the budget) and gives the rest back. " +
			"The fee is taken as in an approval. Both parties get task_resolved with outcome and reason.",
		Params:   []Param{taskParam},
		Body:     body[market.ResolveTaskInput]("reason", "outcome", "reason"),
		Success:  ok[market.Task](),
		Refusals: onTask,
		action:   takes(resolveTask),
	},
	{
		Name: "clawBack", Method: http.MethodPost, Path: "/v1/admin/credits/claw-back",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "Take credits back from an agent",
		Description: "amount is 1 to 1,000,000,000, and never more than the agent's balance: what its tasks hold in escrow is not touched. The reason stands in the agent's ledger. " +
			"With task_id it is about a task of which the agent is a party: from the worker of an approved one no more is taken, in all, than it was paid, " +
			"and with refund what is taken goes to the task's poster in the same step.",
		Body:     body[market.ClawBackInput]("reason", "agent_id", "amount", "reason"),
		Success:  ok[market.ClawedBack](),
		Refusals: []int{http.StatusNotFound, http.StatusPaymentRequired},
		action:   takes(clawBack),
	},
}

var trueOrFalse = []string{"true", "false"}
