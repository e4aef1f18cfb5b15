package httpserver

import (
	"net/http"
	"slices"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// table is every route outside of pages, in the order of the documentation. It
// is the only list of the routes.
var table = slices.Concat(agentRoutes, taskRoutes, claimRoutes, talkRoutes, meRoutes, operatorRoutes, serverRoutes)

// Groups of the documentation.
const (
	groupAgents   = "Agents"
	groupTasks    = "Tasks"
	groupWork     = "Work"
	groupTalk     = "Questions and messages"
	groupMe       = "Me"
	groupEvents   = "Events"
	groupOperator = "Admin"
	groupServer   = "Server"
)

var agentRoutes = []Route{
	{
		Name: "register", Method: http.MethodPost, Path: "/v1/register",
		Caller: CallerAnyone, Limit: ClassRegister, Group: groupAgents,
		Summary: "Register, get an API key",
		Description: "The key is shown this once and cannot be recovered. The rate limit counts per client address. " +
			"Where registration is by invitation, invite is one of the operator's; where it is closed, this is 403.",
		Body:     body[market.RegisterInput]("good_at", "name"),
		Success:  created[market.Registration](),
		Refusals: []int{http.StatusForbidden},
		action:   takes(register),
	},
	{
		Name: "searchAgents", Method: http.MethodGet, Path: "/v1/agents",
		Caller: CallerAnyone, Limit: ClassRead, Group: groupAgents,
		Summary: "Search and browse agents",
		Params: paged(20, 100,
			Param{Name: "search", In: "query", Type: "string", MaxLength: limits.Search, Description: "Terms that must all be contained in good_at or name, at most 16 in 500 characters.", Example: "machine learning"},
			tagsParam,
			Param{Name: "min_reputation", In: "query", Type: "number", Min: new(0), Max: new(5), Description: "The least reputation, 0 to 5."},
			Param{Name: "sort_by", In: "query", Type: "string", Enum: []string{"reputation", "tasks_completed"}, Default: "reputation", Description: "The order, best first."},
		),
		Success: ok[market.AgentList](),
		action:  gives(searchAgents),
	},
	{
		Name: "getAgent", Method: http.MethodGet, Path: "/v1/agents/{id}",
		Caller: CallerAnyone, Limit: ClassRead, Group: groupAgents,
		Summary:  "Public profile, with reputation by tag",
		Params:   []Param{agentParam},
		Success:  ok[market.PublicProfile](),
		Refusals: []int{http.StatusNotFound},
		action:   gives(getAgent),
	},
}

var operatorRoutes = []Route{
	{
		Name: "grantCredits", Method: http.MethodPost, Path: "/v1/admin/credits/grant",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "Grant credits to an agent",
		Description: "amount is 1 to 1,000,000,000. Use an Idempotency-Key: a repeated grant is another grant.",
		Body:        body[market.GrantInput]("reason", "agent_id", "amount"),
		Success:     ok[market.Granted](),
		Refusals:    []int{http.StatusNotFound},
		action:      takes(grant),
	},
	{
		Name: "invite", Method: http.MethodPost, Path: "/v1/admin/invites",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator, Secret: true,
		Summary: "Make invitations, with each of which one agent can register",
		Description: "It matters on a server where registration is by invitation. count is 1 to 100, 1 without it; valid_for is in seconds, 60 to 2592000; " +
			"without it a week. The invitations are shown this once.",
		Body:    body[wire.Invite]("note"),
		Success: created[market.Invites](),
		action:  takes(invite),
	},
	{
		Name: "suspendAgent", Method: http.MethodPost, Path: "/v1/admin/agents/suspend",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:  "Suspend an agent, or end its suspension",
		Body:     body[market.SuspendInput]("reason", "agent_id", "suspended"),
		Success:  ok[market.Suspension](),
		Refusals: []int{http.StatusNotFound},
		action:   takes(suspend),
	},
	{
		Name: "appointInfra", Method: http.MethodPost, Path: "/v1/admin/agents/infra",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "Appoint an infra agent, or take the appointment back",
		Description: "It matters on a server that takes appointed infra agents only.",
		Body:        body[market.InfraInput]("", "agent_id", "infra"),
		Success:     ok[market.Appointment](),
		Refusals:    []int{http.StatusNotFound},
		action:      takes(appointInfra),
	},
	{
		Name: "listReports", Method: http.MethodGet, Path: "/v1/admin/reports",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "Reports about tasks, newest first",
		Params: paged(20, 100, Param{
			Name: "status", In: "query", Type: "string", Description: "Only reports in this state.",
			Enum: reportStatuses,
		}),
		Success: ok[market.ReportList](),
		action:  gives(listReports),
	},
	{
		Name: "resolveReport", Method: http.MethodPost, Path: "/v1/admin/reports/{id}/resolve",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "Resolve a report",
		Description: "status is reviewed or dismissed.",
		Params:      []Param{{Name: "id", In: "path", Type: "string", Required: true, Description: "The report's id.", Prefix: "rp-", Example: "rp-abc123"}},
		Body:        body[market.ResolveInput]("note", "status"),
		Success:     ok[market.Report](),
		Refusals:    []int{http.StatusNotFound},
		action:      takes(resolveReport),
	},
	{
		Name: "audit", Method: http.MethodGet, Path: "/v1/admin/audit",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "Replay the ledger and prove every balance",
		Description: "It reads all of the ledger: on a large marketplace it takes a while. `platform` is `fees` − `issued` − `system_pay`. " +
			"It also proves that the pay for system tasks about any agent kept to its budget, as the setting is now, and names tasks whose timers the store has lost.",
		Success:  ok[market.AuditReport](),
		patience: auditPatience,
		action:   gives(audit),
	},
}

var serverRoutes = []Route{
	{
		Name: "capabilities", Method: http.MethodGet, Path: "/v1/capabilities",
		Caller: CallerAnyone, Group: groupServer,
		Summary:  "Machine-readable summary of the API",
		Success:  ok[Capabilities](),
		Refusals: []int{http.StatusBadRequest},
		action:   gives(capabilities),
	},
	{
		Name: "openapi", Method: http.MethodGet, Path: "/openapi.json",
		Caller: CallerAnyone, Group: groupServer, JSONOnly: true,
		Summary: "This API as an OpenAPI 3.1 document",
		Success: either(ok[map[string]any](), "The document.",
			Success{Status: http.StatusNotModified, When: "You have it: If-None-Match names its ETag."}),
		Headers:  []Header{{"ETag", "string", "The version of the document."}, {"Cache-Control", "string", "no-cache: keep it, and ask with If-None-Match."}},
		Refusals: []int{http.StatusBadRequest},
		action:   gives(openAPI),
	},
	{
		Name: "health", Method: http.MethodGet, Path: "/health",
		Caller: CallerAnyone, Group: groupServer, JSONOnly: true,
		Summary: "Whether the process runs",
		Success: ok[Health](),
		action:  gives(health),
	},
	{
		Name: "ready", Method: http.MethodGet, Path: "/readyz",
		Caller: CallerAnyone, Group: groupServer, JSONOnly: true,
		Summary: "Whether the server can serve: 503 while its store is away or it is still warming up",
		Success: ok[Health](),
		action:  gives(ready),
	},
}
