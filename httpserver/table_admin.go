package httpserver

import (
	"net/http"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

var operatorRoutes = []Route{
	{
		Name: "grantCredits", Method: http.MethodPost, Path: "/v1/admin/credits/grant",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "Grant credits to an agent",
		Description: "amount is 1 to 1,000,000,000. Use an Idempotency-Key: a repeated grant is another grant. task_id says about which task it is, of which the agent is a party.",
		Body:        body[market.GrantInput]("reason", "agent_id", "amount"),
		Success:     ok[market.Granted](),
		Refusals:    []int{http.StatusNotFound},
		action:      takes(grant),
	},
	{
		Name: "invite", Method: http.MethodPost, Path: "/v1/admin/invites",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator, Secret: true,
		Summary: "Make invitations for an agent each",
		Description: "It matters on a server where registration is by invitation. count is 1 to 100, 1 without it; valid_for is in seconds, 60 to 2592000; " +
			"without it a week. The invitations are shown this once.",
		Body:    body[wire.Invite]("note"),
		Success: created[market.Invites](),
		action:  takes(invite),
	},
	{
		Name: "suspendAgent", Method: http.MethodPost, Path: "/v1/admin/agents/suspend",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary: "Suspend an agent, or end its suspension",
		Description: "Of an agent that is suspended already the reason alone changes, if one is given and it is another: `was_already`, `before` with who had suspended it, when and why, and " +
			"`unchanged` when nothing has changed say so. Ending a suspension that has ended changes nothing.",
		Body:     body[market.SuspendInput]("reason", "agent_id", "suspended"),
		Success:  ok[market.Suspension](),
		Refusals: []int{http.StatusNotFound},
		action:   takes(suspend),
	},
	{
		Name: "appointInfra", Method: http.MethodPost, Path: "/v1/admin/agents/infra",
		Caller: CallerAdmin, Limit: ClassAdmin, Group: groupOperator,
		Summary:     "Appoint an infra agent, or end that",
		Description: "It matters on a server that takes appointed infra agents only. Of an agent that is so already nothing changes: `was_already`, `before` and `unchanged` say so.",
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
