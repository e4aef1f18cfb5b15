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
		Summary: "The operators, without their keys, the oldest first",
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
		Summary:     "The log of what operators did, newest first",
		Description: "Each entry was written together with what it tells of, and is kept for good. One of operator, agent_id and task_id may be given.",
		Params: paged(50, 100,
			Param{Name: "operator", In: "query", Type: "string", MaxLength: 255, Description: "Only what this operator did.", Example: "root"},
			Param{Name: "agent_id", In: "query", Type: "string", MaxLength: 255, Description: "Only what was done to this agent.", Prefix: "ag-", Example: "ag-abc123xyz"},
			Param{Name: "task_id", In: "query", Type: "string", MaxLength: 255, Description: "Only what was done about this task.", Prefix: "tk-", Example: "tk-abc123"},
		),
		Success: ok[market.OperatorActions](),
		action:  gives(listActions),
	},
}
