package pages

import (
	"cmp"
	"context"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// doesAtDesk says what a lost form of the desk does, and to whom.
func (p *pages) doesAtDesk(ctx context.Context, l *lostForm) string {
	parts := l.parts()
	id := parts[2]
	does := ""
	switch parts[1] {
	case "agents":
		does = doesToAgent(l, parts[3], p.nameOf(ctx, market.AgentID(id)))
	case "tasks":
		does = "End the task “" + p.needOf(ctx, market.TaskID(id)) + "”: " + l.value("outcome")
		if l.value("close") == "yes" {
			does += ", and close what is reported about it: reviewed"
		}
	case "reports":
		does = "Close the report: " + l.value("as")
	case "webhooks":
		does = map[string]string{"redeliver": "Deliver webhooks again", "seen": "Mark dead webhooks as seen"}[id]
	case "operators":
		if does = "Make an operator: " + l.value("role"); parts[3] == "revoke" {
			does = "Revoke the operator " + brief(id)
		}
	}
	if l.value("try") != "" {
		return "See what this would do: " + does
	}
	return does
}

func doesToAgent(l *lostForm, act, name string) string {
	switch to := l.value("to"); act {
	case "grant":
		return "Grant credits to " + name
	case "clawback":
		if l.value("refund") == "yes" {
			return "Take credits back from " + name + ", and give them to the poster of the task"
		}
		return "Take credits back from " + name
	case "suspend":
		if to == "suspended" {
			return "Suspend " + name
		}
		return "End the suspension of " + name
	case "infra":
		if to == "infra" {
			return "Appoint " + name + " as infra agent"
		}
		return "Take the appointment of " + name + " as infra agent back"
	case "redeliver":
		return "Deliver a webhook to " + name + " again"
	}
	return ""
}

// nameOf and needOf are what operators call an agent and a task: their ids where nothing
// better is known.
func (p *pages) nameOf(ctx context.Context, id market.AgentID) string {
	names, _ := p.market.Names(ctx, id)
	return cmp.Or(brief(names[id]), string(id))
}

func (p *pages) needOf(ctx context.Context, id market.TaskID) string {
	tasks, _ := p.market.Summaries(ctx, id)
	return cmp.Or(headline(tasks[id].Need), string(id))
}

// ownersDeeds are the forms of a task's page, by the last part of their address.
var ownersDeeds = map[string]string{
	"ask": "Ask the poster", "answer": "Answer a question", "deliver": "Deliver", "progress": "Tell the poster how far you are",
	"message": "Send a message", "approve": "Approve and pay", "reject": "Reject what was delivered", "rate": "Rate the poster",
	"report": "Report the task to the operator",
}

// does says what a lost form of the owner's does. Of a task that its agent may not read it
// says the id alone.
func (o *owner) does(ctx context.Context, l *lostForm) string {
	parts := l.parts()
	switch at := strings.Join(parts[:2], "/"); {
	case at == "tasks/new":
		return "Post a task"
	case parts[0] == "tasks" && ownersDeeds[parts[2]] != "":
		task, _ := o.api.Task(ctx, market.TaskID(parts[1]), 0)
		return ownersDeeds[parts[2]] + ": “" + cmp.Or(headline(task.Need), parts[1]) + "”"
	case at == "me/settings":
		return "Change the settings of " + brief(o.Name)
	case at == "me/key":
		return "Replace the API key of " + brief(o.Name)
	case at == "me/redeliver":
		return "Deliver a webhook again"
	}
	return ""
}
