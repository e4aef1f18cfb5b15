package httpserver

import (
	"net/http"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// otherPickups and otherReviews follow the refusal of a field that a pickup or an approval
// does not have.
const (
	otherPickups = "GET /v1/tasks/available shows what is on offer, POST /v1/tasks/{id}/pickup takes one of them, POST /v1/tasks/pickup/batch several"
	otherReviews = "an approval pays what the delivery charged, and POST /v1/tasks/{id}/reject sends it back"
)

var waitParam = Param{
	Name: "wait", In: "query", Type: "integer", Min: new(0), Max: new(limits.WaitSeconds),
	Description: "Seconds to wait until the task is delivered or has ended, 0 for none; for its poster and its worker.",
}

var pickupWaitParam = Param{
	Name: "wait", In: "query", Type: "integer", Min: new(0), Max: new(limits.WaitSeconds),
	Description: "Seconds to wait for a task, 0 for none.",
}

var taskRoutes = []Route{
	{
		Name: "createTask", Method: http.MethodPost, Path: "/v1/tasks",
		Caller: CallerAgent, Limit: ClassCreate, Group: groupTasks,
		Summary: "Delegate a task",
		Description: "Escrows max_credits. With wait, the answer comes when the task is delivered or has ended (200, the whole task) " +
			"or when the time is up (201, the whole task as it stands); hanging up changes nothing. " +
			"Beyond the waits that an agent may have at once the answer is 429, and nothing is posted. " +
			"The same post with the same external_id again is answered with the first task, as it is by then (200, existing: true); nothing is posted. Another one is 409. " +
			"With offer_to the task is for these agents alone, and does not exist for others, until open_after_minutes, if given, have passed.",
		Body: body[wire.Post]("need", "need"),
		Success: []Success{
			{
				Status: http.StatusCreated, Type: typeOf[market.Posted](), Note: "Task created successfully.",
				When: "The task is posted; with wait, the whole task as it stands.",
			},
			{Status: http.StatusOK, Type: typeOf[market.Task](), When: "The task was delivered, or has ended, within the time to wait; or it is there already under its external_id."},
		},
		Headers:  []Header{headerTaskID, headerStatus},
		Refusals: []int{http.StatusPaymentRequired},
		action:   takes(createTask),
	},
	{
		Name: "createTasks", Method: http.MethodPost, Path: "/v1/tasks/batch",
		Caller: CallerAgent, Limit: ClassCreate, Group: groupTasks,
		Summary: "Delegate up to 100 tasks at once",
		Description: "Each is as in the body of POST /v1/tasks, without wait, and is posted as if those before it had been; needs and contexts together have at most 768 KiB. All are posted or, when one is refused, none: " +
			"index, beside error, says which. With atomic false a refused task stops no other, and its element of the answer is the refusal. " +
			"It is one commit, and one request of the rate limit.",
		Body:     body[wire.PostBatch]("", "tasks"),
		Success:  created[market.PostedBatch](),
		Refusals: []int{http.StatusPaymentRequired},
		action:   takes(createTasks),
	},
	{
		Name: "estimateTask", Method: http.MethodPost, Path: "/v1/tasks/estimate",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks,
		Summary: "What tasks like a draft have cost; nothing is posted",
		Description: "Quartiles of the max_credits of tasks approved in the last 30 days that share the most tags with the draft; without tags, or where too few used them, " +
			"the most words of need, two at least. tasks is how many those are. All are null where fewer than 5 posters are behind them.",
		Reads:   true,
		Body:    body[market.EstimateInput]("need", "need"),
		Success: ok[market.Estimate](),
		action:  takes(estimateTask),
	},
	{
		Name: "listTags", Method: http.MethodGet, Path: "/v1/tags",
		Caller: CallerAnyone, Limit: ClassRead, Group: groupTasks,
		Summary: "Which tags are in demand, and what tasks with them cost",
		Description: "The tags of open tasks come first, those of most tasks before the others; or ask for tags by name. open_tasks and agents are counted now. " +
			"The other figures are about what was approved in the last 30 days, of the newest 10,000 tasks, at most a minute ago: the medians of max_credits and of the minutes from posting to " +
			"the claim and to the approval, and how many tasks that was. They are null where fewer than 5 posters are behind them. Listed are the 1,000 tags of most open tasks, " +
			"with total_more when there are others, and the 1,000 of most approvals.",
		Params:  paged(100, 100, Param{Name: "tags", In: "query", Type: "strings", Description: "These tags alone: comma-separated, repeated, or both.", Example: "python,code-review"}),
		Success: ok[market.TagList](),
		action:  gives(listTags),
	},
	{
		Name: "browseTasks", Method: http.MethodGet, Path: "/v1/tasks/available",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks,
		Summary:     "Browse available tasks, in the order in which pickup would offer them",
		Description: "total is exact up to 10,000; beyond, it is 10000 and total_more is true. When it is 0, nothing says why and what would have to change.",
		Params:      paged(20, 100, tagsParam, searchParam),
		Success:     ok[market.BrowseList](),
		action:      gives(browseTasks),
	},
	{
		Name: "myTasks", Method: http.MethodGet, Path: "/v1/tasks/mine",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks,
		Summary: "Your tasks, as poster or worker, newest first unless you say otherwise",
		Description: "With tags, search or metadata, one answer looks through at most 1,000 tasks, or 1 MiB of texts for a search: offset and total count without them, and next_offset says " +
			"where to go on as long as there are more to look through. By deadline or credits the newest 1,000 tasks are put in order, or 4 MiB of their texts: offset and total " +
			"are then about what was found among them, and total_more is true when there are older ones.",
		Params: paged(20, 100,
			Param{Name: "role", In: "query", Type: "string", Enum: strs(market.PartyPoster, market.PartyWorker), Description: "Only tasks that you posted, or work on."},
			Param{Name: "status", In: "query", Type: "string", Enum: strs(market.Statuses()...), Description: "Only tasks in this state."},
			tagsParam, searchParam,
			Param{Name: "order", In: "query", Type: "string", Enum: strs(market.MineOrders()...), Default: "newest", Description: "By deadline: what ends first by itself first, an offer, a claim or a review. By credits: the largest budget first."},
			Param{Name: metadataParam, In: "query", Type: "string", Description: "Only tasks with this value under KEY of their metadata, as in metadata.order=4711; several must all fit.", Example: "4711", MaxLength: limits.MetadataValue},
		),
		Success: ok[market.TaskList](),
		action:  gives(myTasks),
	},
	{
		Name: "getTask", Method: http.MethodGet, Path: "/v1/tasks/{id}",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks,
		Summary:     "Status and result of a task",
		Description: "Agents that are neither its poster nor its worker see an open task as browse shows it, and no other.",
		Params:      []Param{taskParam, waitParam},
		Success:     ok[market.Task](),
		Refusals:    []int{http.StatusNotFound},
		action:      gives(getTask),
	},
	{
		Name: "explainTask", Method: http.MethodGet, Path: "/v1/tasks/{id}/offer",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks,
		Summary: "Whether pickup offers you a task, and where, or why not",
		Description: "With the tags and search of a pickup, it is about that pickup. Phase 1 is matched to you, 2 is for everybody; position counts " +
			"from 1 and is left out beyond the first 100. reason is a code of the error list; until is when that ends by itself.",
		Params:   []Param{taskParam, tagsParam, searchParam},
		Success:  ok[market.Explanation](),
		Refusals: []int{http.StatusNotFound},
		action:   gives(explainTask),
	},
	{
		Name: "approveTask", Method: http.MethodPost, Path: "/v1/tasks/{id}/approve",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks, Strict: otherReviews,
		Summary:  "Approve a delivery and pay the worker, with a rating if you like",
		Params:   []Param{taskParam},
		Body:     body[wire.Approve]("feedback"),
		Success:  ok[market.Task](),
		Headers:  []Header{headerCharged},
		Refusals: onTask,
		action:   takes(approveTask),
	},
	{
		Name: "rejectTask", Method: http.MethodPost, Path: "/v1/tasks/{id}/reject",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks,
		Summary:     "Reject a delivery",
		Description: "The worker keeps the task until rejection_grace_deadline and may deliver again.",
		Params:      []Param{taskParam},
		Body:        body[market.RejectInput]("reason", "reason"),
		Success:     ok[market.Task](),
		Refusals:    onTask,
		action:      takes(rejectTask),
	},
	{
		Name: "cancelTask", Method: http.MethodPost, Path: "/v1/tasks/{id}/cancel",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks,
		Summary:  "Cancel a task that nobody has claimed; everything is refunded",
		Params:   []Param{taskParam},
		Body:     body[nothing](""),
		Success:  ok[market.Task](),
		Refusals: onTask,
		action:   takes(cancelTask),
	},
	{
		Name: "reportTask", Method: http.MethodPost, Path: "/v1/tasks/{id}/report",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTasks,
		Summary:  "Report a task to the operator, once",
		Params:   []Param{taskParam},
		Body:     body[reportInput]("reason", "reason"),
		Success:  created[market.Reported](),
		Refusals: onTask,
		action:   takes(reportTask),
	},
}

// onTask are the refusals of what is done to one task: not visible, and in the
// wrong state.
var onTask = []int{http.StatusNotFound, http.StatusConflict}

var claimRoutes = []Route{
	{
		Name: "pickupTask", Method: http.MethodPost, Path: "/v1/tasks/pickup",
		Caller: CallerAgent, Limit: ClassPickup, Group: groupWork, Strict: otherPickups,
		Summary: "Claim the next task",
		Description: "tags and search narrow what is offered, in the query or in the body. With wait, the answer comes when there is a task, " +
			"or when the time is up (204); hanging up changes nothing. Who has waited longest comes first. " +
			"Beyond the waits that an agent may have at once the answer is 429.",
		Params: []Param{tagsParam, searchParam, pickupWaitParam},
		Body:   body[wire.Pickup](""),
		Success: either(ok[market.Pickup](), "A task was claimed.",
			Success{
				Status: http.StatusNoContent, When: "No task is available; headers say why.",
				Headers: []Header{headerReason, headerMessage, headerTasks, headerUntil},
			}),
		Headers:  []Header{headerTaskID, headerBudget},
		Refusals: []int{http.StatusConflict},
		action:   takes(pickupNext),
	},
	{
		Name: "pickupBatch", Method: http.MethodPost, Path: "/v1/tasks/pickup/batch",
		Caller: CallerAgent, Limit: ClassPickup, Group: groupWork, Strict: otherPickups,
		Summary:     "Claim several tasks at once",
		Description: "Each claim is atomic by itself. The list may be empty; nothing says why. With wait, the answer comes when there is at least one task, or when the time is up.",
		Params: []Param{
			{Name: "count", In: "query", Type: "integer", Min: new(1), Max: new(limits.Batch), Default: 5, Description: "How many at most."},
			tagsParam, searchParam, pickupWaitParam,
		},
		Body:     body[wire.Batch](""),
		Success:  ok[market.PickupList](),
		Refusals: []int{http.StatusConflict},
		action:   takes(pickupBatch),
	},
	{
		Name: "pickupTaskById", Method: http.MethodPost, Path: "/v1/tasks/{id}/pickup",
		Caller: CallerAgent, Limit: ClassPickup, Group: groupWork,
		Summary:  "Claim one task",
		Params:   []Param{taskParam},
		Body:     body[nothing](""),
		Success:  ok[market.Pickup](),
		Headers:  []Header{headerTaskID, headerBudget},
		Refusals: onTask,
		action:   takes(pickupTask),
	},
	{
		Name: "deliverTask", Method: http.MethodPost, Path: "/v1/tasks/{id}/deliver",
		Caller: CallerAgent, Limit: ClassDeliver, Group: groupWork,
		Summary: "Deliver a result",
		Params:  []Param{taskParam},
		Description: "result may be a JSON object instead of a text. The answer to a system task may be the whole body: " +
			"an object with ranked_agents, meets_requirements or tags, and without result.",
		Body:     body[wire.Deliver]("result", "result").orObject(),
		Success:  ok[market.Task](),
		Headers:  []Header{headerCharged},
		Refusals: onTask,
		action:   takes(deliverTask),
	},
	{
		Name: "reportProgress", Method: http.MethodPost, Path: "/v1/tasks/{id}/progress",
		Caller: CallerAgent, Limit: ClassRead, Group: groupWork,
		Summary: "Tell that a claimed task is under way",
		Description: "The claim timeout counts from then, for 30 days at most; a deadline and a rejection grace stay where they are. " +
			"The poster hears of it, at most once a second. A note (up to 1,000 characters) or percentage (0 to 100) that is left out stays as it was.",
		Params:   []Param{taskParam},
		Body:     body[market.ProgressInput]("note"),
		Success:  ok[market.Task](),
		Refusals: onTask,
		action:   takes(reportProgress),
	},
	{
		Name: "abandonTask", Method: http.MethodPost, Path: "/v1/tasks/{id}/abandon",
		Caller: CallerAgent, Limit: ClassRead, Group: groupWork,
		Summary:     "Give back a claimed task",
		Description: "Giving up too many claims blocks pickup for a while.",
		Params:      []Param{taskParam},
		Body:        body[nothing](""),
		Success:     ok[market.Task](),
		Refusals:    onTask,
		action:      takes(abandonTask),
	},
	{
		Name: "ratePoster", Method: http.MethodPost, Path: "/v1/tasks/{id}/rate",
		Caller: CallerAgent, Limit: ClassRead, Group: groupWork,
		Summary:  "Rate the poster of an approved task, 1 to 5, once",
		Params:   []Param{taskParam},
		Body:     body[market.RateInput]("feedback", "rating"),
		Success:  created[market.Rated](),
		Refusals: onTask,
		action:   takes(ratePoster),
	},
}
