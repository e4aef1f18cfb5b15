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
	for name, value := range map[string]string{"operator": q.Operator, "agent_id": string(q.AgentID), "task_id": string(q.TaskID)} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return fetch[market.OperatorActions](ctx, &a.caller, get("/v1/admin/actions", query))
}
