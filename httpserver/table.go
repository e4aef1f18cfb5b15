package httpserver

import (
	"net/http"
	"slices"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// table is every route outside of pages, in the order of the documentation. It
// is the only list of the routes.
var table = slices.Concat(agentRoutes, taskRoutes, claimRoutes, talkRoutes, meRoutes, operatorRoutes, meansRoutes, deskRoutes, overviewRoutes, serverRoutes)

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
		Summary: "Whether the server can serve: 503 while its store is away, it is still warming up or about to end",
		Success: ok[Health](),
		action:  gives(ready),
	},
}
