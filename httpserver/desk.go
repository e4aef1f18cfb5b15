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
	AllAgents(ctx context.Context, q market.StandingQuery) (market.AgentStandings, error)
	AgentFile(ctx context.Context, id market.AgentID) (market.AgentFile, error)
	AllTasks(ctx context.Context, q market.AllTasksQuery) (market.TaskSummaries, error)
	TaskFile(ctx context.Context, id market.TaskID) (market.TaskFile, error)
	ResolveTask(ctx context.Context, id market.TaskID, in market.ResolveTaskInput) (market.Task, error)
	ClawBack(ctx context.Context, in market.ClawBackInput) (market.ClawedBack, error)
	DeskOverview(ctx context.Context) (market.DeskOverview, error)
	DeadWebhooks(ctx context.Context, q market.DeadQuery) (market.DeadWebhookList, error)
	RedeliverOf(ctx context.Context, in market.RedeliverInput) (market.RedeliveredOf, error)
	RedeliverBatch(ctx context.Context, in market.RedeliverBatchInput) (market.RedeliveredBatch, error)
	SeeDead(ctx context.Context, in market.SeeDeadInput) (market.SeenDead, error)
}

func deskOverview(c *call) (market.DeskOverview, error) { return c.server.market.DeskOverview(c.ctx) }

func listDeadWebhooks(c *call) (list market.DeadWebhookList, err error) {
	var q market.DeadQuery
	if q.Page, err = c.page(); err != nil {
		return list, err
	}
	if err = c.texts(map[string]*string{"agent_id": (*string)(&q.AgentID)}); err != nil {
		return list, err
	}
	return c.server.market.DeadWebhooks(c.ctx, q)
}

func redeliverOf(c *call, in market.RedeliverInput) (market.RedeliveredOf, error) {
	return c.server.market.RedeliverOf(c.ctx, in)
}

func redeliverBatch(c *call, in market.RedeliverBatchInput) (market.RedeliveredBatch, error) {
	return c.server.market.RedeliverBatch(c.ctx, in)
}

func seeDead(c *call, in market.SeeDeadInput) (market.SeenDead, error) {
	return c.server.market.SeeDead(c.ctx, in)
}

func resolveTask(c *call, in market.ResolveTaskInput) (market.Task, error) {
	return c.server.market.ResolveTask(c.ctx, c.taskID(), in)
}

func clawBack(c *call, in market.ClawBackInput) (market.ClawedBack, error) {
	return c.server.market.ClawBack(c.ctx, in)
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
	err = c.texts(map[string]*string{"operator": &q.Operator, "action": &q.Action, "agent_id": (*string)(&q.AgentID), "task_id": (*string)(&q.TaskID), "report_id": (*string)(&q.ReportID)})
	if err == nil {
		q.From, err = c.instant("from")
	}
	if err == nil {
		q.Until, err = c.instant("until")
	}
	if err != nil {
		return list, err
	}
	return c.server.market.Actions(c.ctx, q)
}

// texts reads parameters that may be given once each.
func (c *call) texts(into map[string]*string) (err error) {
	for name, value := range into {
		if *value, err = c.text(name); err != nil {
			return err
		}
	}
	return nil
}

func listStandings(c *call) (list market.AgentStandings, err error) {
	var q market.StandingQuery
	if q.AgentQuery, err = c.agentQuery(); err != nil {
		return list, err
	}
	if err = c.texts(map[string]*string{"standing": (*string)(&q.Standing)}); err != nil {
		return list, err
	}
	return c.server.market.AllAgents(c.ctx, q)
}

func agentFile(c *call) (market.AgentFile, error) {
	return c.server.market.AgentFile(c.ctx, market.AgentID(c.param("id")))
}

func listAllTasks(c *call) (list market.TaskSummaries, err error) {
	var q market.AllTasksQuery
	if q.Page, err = c.page(); err != nil {
		return list, err
	}
	if q.Filter, err = c.filter(q.Filter); err != nil {
		return list, err
	}
	err = c.texts(map[string]*string{"status": (*string)(&q.Status), "poster": (*string)(&q.Poster), "worker": (*string)(&q.Worker)})
	if err != nil {
		return list, err
	}
	if reported, _ := c.text("reported"); reported == "ever" {
		q.EverReported = true
	} else if q.Reported, err = c.yes("reported"); err != nil {
		return list, err
	}
	if q.System, err = c.yes("system"); err != nil {
		return list, err
	}
	return c.server.market.AllTasks(c.ctx, q)
}

// yes returns a parameter that is true or false, false when it is absent.
func (c *call) yes(name string) (bool, error) {
	switch value, err := c.text(name); value {
	case "", "false":
		return false, err
	case "true":
		return true, err
	default:
		return false, invalid(name, "must be true or false")
	}
}

func taskFile(c *call) (market.TaskFile, error) {
	return c.server.market.TaskFile(c.ctx, c.taskID())
}
