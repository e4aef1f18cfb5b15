package httpserver

import (
	"context"

	"github.com/pinchwork/pinchwork/market"
)

// desk is what the server needs of a market for the operator's desk.
type desk interface {
	AdmitOperator(ctx context.Context, key market.OperatorKey) (market.Operator, error)
	OperatorNamed(ctx context.Context, name string) (market.Operator, error)
	AddOperator(ctx context.Context, in market.OperatorInput) (market.NewOperator, error)
	Operators(ctx context.Context) (market.OperatorList, error)
	RevokeOperator(ctx context.Context, name string, in market.RevokeInput) (market.Operator, error)
	Actions(ctx context.Context, q market.ActionQuery) (market.OperatorActions, error)
}

func addOperator(c *call, in market.OperatorInput) (market.NewOperator, error) {
	return c.server.market.AddOperator(c.ctx, in)
}

func listOperators(c *call) (market.OperatorList, error) { return c.server.market.Operators(c.ctx) }

func revokeOperator(c *call) (market.Operator, error) {
	reason, err := c.text("reason")
	if err != nil {
		return market.Operator{}, err
	}
	return c.server.market.RevokeOperator(c.ctx, c.param("name"), market.RevokeInput{Reason: reason})
}

func listActions(c *call) (list market.OperatorActions, err error) {
	var q market.ActionQuery
	if q.Page, err = c.page(); err != nil {
		return list, err
	}
	for name, into := range map[string]*string{"operator": &q.Operator, "agent_id": (*string)(&q.AgentID), "task_id": (*string)(&q.TaskID)} {
		if *into, err = c.text(name); err != nil {
			return list, err
		}
	}
	return c.server.market.Actions(c.ctx, q)
}
