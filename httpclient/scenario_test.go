package httpclient_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// scenario drives every operation of the API, with success and refusal, and
// returns what it saw.
func scenario(t *testing.T, a access) []step {
	t.Helper()
	tr := &transcript{t: t}
	ctx := t.Context()
	reg := func(name string) market.Registration {
		r, err := a.register(ctx, market.RegisterInput{Name: name, GoodAt: name + " work", Tags: []string{name}})
		note(tr, "register "+name, r.AgentID, err)
		return r
	}
	pr, wr := reg("poster"), reg("worker")
	poster, worker := a.as(pr), a.as(wr)
	_, err := a.register(ctx, market.RegisterInput{Name: " "})
	tr.add("register nobody", nil, err)

	profiles(t, tr, poster, worker)
	first := posting(t, tr, poster)
	talkBefore(t, tr, poster, worker, first)
	working(t, tr, a, poster, worker, first)
	leaving(t, tr, poster, worker)
	money(t, tr, poster, worker)
	operating(t, tr, a, poster, wr, first)
	return tr.steps
}

func profiles(t *testing.T, tr *transcript, poster, worker market.AgentAPI) {
	t.Helper()
	ctx := t.Context()
	note(tr, "id", poster.ID(), nil)
	me, err := poster.Me(ctx)
	note(tr, "me", me, err)
	me, err = worker.UpdateMe(ctx, market.UpdateInput{GoodAt: market.Some("Go and SQL"), Tags: market.Some([]string{"go"})})
	note(tr, "update", me, err)
	me, err = poster.UpdateMe(ctx, market.UpdateInput{GoodAt: market.Null[string]()})
	note(tr, "clear", me, err)
	_, err = poster.UpdateMe(ctx, market.UpdateInput{WebhookURL: market.Some("http://insecure.example")})
	note(tr, "bad webhook", "", err)
	_, err = poster.RotateKey(ctx, market.RotateInput{Overlap: 8 * 24 * time.Hour})
	note(tr, "too long an overlap", "", err)
	list, err := poster.Agents(ctx, market.AgentQuery{Tags: []string{"go"}, Page: market.Page{Limit: 5}})
	note(tr, "agents", list, err)
	list, err = poster.Agents(ctx, market.AgentQuery{SortBy: "luck"})
	note(tr, "agents in no order", list, err)
	tags, err := worker.Tags(ctx, market.TagQuery{Page: market.Page{Limit: 5}})
	note(tr, "tags", tags, err)
	tags, err = worker.Tags(ctx, market.TagQuery{Tags: []string{"Go", "sql"}})
	note(tr, "tags by name", tags, err)
	tags, err = worker.Tags(ctx, market.TagQuery{Tags: []string{"a b"}})
	note(tr, "no tag", tags, err)
	price, err := worker.Estimate(ctx, market.EstimateInput{Need: "Review this", Tags: []string{"go"}})
	note(tr, "estimate", price, err)
	price, err = worker.Estimate(ctx, market.EstimateInput{})
	note(tr, "estimate of nothing", price, err)
	profile, err := worker.Agent(ctx, poster.ID())
	note(tr, "agent", profile, err)
	profile, err = worker.Agent(ctx, "ag-nobody")
	note(tr, "no agent", profile, err)
}

func posting(t *testing.T, tr *transcript, poster market.AgentAPI) market.TaskID {
	t.Helper()
	ctx := t.Context()
	posted, err := poster.Post(ctx, market.PostInput{
		Need: "Überprüfe <this> & that", Context: "line 1\nline 2", MaxCredits: 30,
		Tags: []string{"go", "sql"}, Deadline: 60 * time.Minute, ReviewTimeout: 5 * time.Minute,
	})
	note(tr, "post", posted, err)
	_, err = poster.Post(ctx, market.PostInput{Need: "x", MaxCredits: 1000})
	tr.add("post beyond the balance", nil, err)
	_, err = poster.Post(ctx, market.PostInput{Need: "x", Tags: []string{"no spaces"}})
	tr.add("post with a bad tag", nil, err)
	_, err = poster.Post(ctx, market.PostInput{Need: "x", Wait: 301 * time.Second})
	tr.add("post with a long wait", nil, err)
	again := market.WithIdempotencyKey(ctx, "same")
	for range 2 {
		p, err := poster.Post(again, market.PostInput{Need: "once", MaxCredits: 2})
		note(tr, "post once", p, err)
	}
	_, err = poster.Post(again, market.PostInput{Need: "another"})
	tr.add("another input under the key", nil, err)
	mine, err := poster.Mine(ctx, market.MineQuery{Role: market.PartyPoster, Page: market.Page{Limit: 10}})
	note(tr, "mine", mine, err)
	mine, err = poster.Mine(ctx, market.MineQuery{Status: "lost"})
	note(tr, "mine in no state", mine, err)
	return posted.TaskID
}

func talkBefore(t *testing.T, tr *transcript, poster, worker market.AgentAPI, id market.TaskID) {
	t.Helper()
	ctx := t.Context()
	q, err := worker.Ask(ctx, id, "Which format?")
	note(tr, "ask", q, err)
	_, err = poster.Ask(ctx, id, "me?")
	tr.add("ask oneself", nil, err)
	answered, err := poster.Answer(ctx, id, q.ID, "JSON")
	note(tr, "answer", answered, err)
	_, err = poster.Answer(ctx, id, q.ID, "twice")
	tr.add("answer twice", nil, err)
	list, err := worker.Questions(ctx, id, market.Page{})
	note(tr, "questions", list, err)
	_, err = worker.SendMessage(ctx, id, "too early")
	tr.add("message too early", nil, err)
	offers, err := worker.Browse(ctx, market.BrowseQuery{Filter: market.Filter{Tags: []string{"SQL"}, Search: "überprüfe"}})
	note(tr, "browse", offers, err)
	_, err = worker.Browse(ctx, market.BrowseQuery{Page: market.Page{Limit: 1000}})
	tr.add("browse too much", nil, err)
	task, err := worker.Task(ctx, id, 0)
	note(tr, "a stranger's view", task, err)
	why, err := worker.Explain(ctx, id, market.Filter{Tags: []string{"SQL"}})
	note(tr, "explain", why, err)
	why, err = poster.Explain(ctx, id, market.Filter{})
	note(tr, "explain to its poster", why, err)
}

func working(t *testing.T, tr *transcript, a access, poster, worker market.AgentAPI, id market.TaskID) {
	t.Helper()
	ctx := t.Context()
	p, ok, err := worker.Pickup(ctx, market.Filter{Tags: []string{"sql"}, Search: "that"})
	note(tr, "pickup", p, err)
	note(tr, "picked up", ok, nil)
	none, ok, err := worker.Pickup(ctx, market.Filter{Search: "nothing of the kind"})
	note(tr, "pickup of nothing", ok, err)
	note(tr, "why", *none.Nothing, err)
	empty, err := worker.PickupBatch(ctx, market.BatchInput{})
	note(tr, "a batch of nothing", empty, err)
	browsed, err := worker.Browse(ctx, market.BrowseQuery{})
	note(tr, "browse nothing", browsed, err)
	_, err = poster.PickupTask(ctx, id)
	tr.add("pickup of what is taken", nil, err)
	msg, err := worker.SendMessage(ctx, id, "On it")
	note(tr, "message", msg, err)
	list, err := poster.Messages(ctx, id, market.Page{Limit: 10})
	note(tr, "messages", list, err)
	a.move(time.Minute)
	task, err := worker.Deliver(ctx, id, market.DeliverInput{Result: "draft", CreditsClaimed: 25})
	note(tr, "deliver", task, err)
	_, err = worker.Deliver(ctx, id, market.DeliverInput{Result: "twice"})
	tr.add("deliver twice", nil, err)
	task, err = poster.Reject(ctx, id, market.RejectInput{Reason: "bad", Feedback: "do better"})
	note(tr, "reject", task, err)
	task, err = worker.Deliver(ctx, id, market.DeliverInput{Result: "final"})
	note(tr, "redeliver", task, err)
	task, err = poster.Task(ctx, id, time.Second)
	note(tr, "wait for what is there", task, err)
	_, err = worker.Approve(ctx, id, market.ApproveInput{})
	tr.add("approve oneself", nil, err)
	task, err = poster.Approve(ctx, id, market.ApproveInput{Rating: 5, Feedback: "fine"})
	note(tr, "approve", task, err)
	rated, err := worker.Rate(ctx, id, market.RateInput{Rating: 4})
	note(tr, "rate", rated, err)
	_, err = worker.Rate(ctx, id, market.RateInput{Rating: 6})
	tr.add("rate with 6", nil, err)
}

func leaving(t *testing.T, tr *transcript, poster, worker market.AgentAPI) {
	t.Helper()
	ctx := t.Context()
	posted, err := poster.Post(ctx, market.PostInput{Need: "other", MaxCredits: 3})
	note(tr, "post another", posted, err)
	batch, err := worker.PickupBatch(ctx, market.BatchInput{Count: 10, Filter: market.Filter{Search: "other"}})
	note(tr, "batch", batch, err)
	batch, err = worker.PickupBatch(ctx, market.BatchInput{Count: 10, Filter: market.Filter{Search: "other"}})
	note(tr, "empty batch", batch, err)
	task, err := worker.Abandon(ctx, posted.TaskID)
	note(tr, "abandon", task, err)
	picked, err := worker.PickupTask(ctx, posted.TaskID)
	note(tr, "pickup one", picked, err)
	_, err = poster.Cancel(ctx, posted.TaskID)
	tr.add("cancel what is claimed", nil, err)
	_, err = worker.Abandon(ctx, posted.TaskID)
	tr.add("abandon again", nil, err)
	task, err = poster.Cancel(ctx, posted.TaskID)
	note(tr, "cancel", task, err)
	_, err = worker.Task(ctx, posted.TaskID, 0)
	tr.add("a stranger's view of what is over", nil, err)
}

func money(t *testing.T, tr *transcript, poster, worker market.AgentAPI) {
	t.Helper()
	ctx := t.Context()
	for name, api := range map[string]market.AgentAPI{"poster's ": poster} {
		credits, err := api.Credits(ctx, market.Page{Limit: 3, Offset: 1})
		note(tr, name+"page", credits, err)
	}
	credits, err := worker.Credits(ctx, market.Page{})
	note(tr, "credits", credits, err)
	stats, err := worker.Stats(ctx)
	note(tr, "stats", stats, err)
	trust, err := poster.Trust(ctx, market.Page{})
	note(tr, "trust", trust, err)
	dead, err := worker.DeadLetters(ctx, market.Page{})
	note(tr, "dead letters", dead, err)
	tr.add("redeliver nothing", nil, worker.Redeliver(ctx, "no-such-event"))
}

func operating(t *testing.T, tr *transcript, a access, poster market.AgentAPI, worker market.Registration, id market.TaskID) {
	t.Helper()
	ctx := t.Context()
	reported, err := a.as(worker).ReportTask(ctx, id, "spam")
	note(tr, "report", reported, err)
	reports, err := a.operator.Reports(ctx, market.ReportOpen, market.Page{})
	note(tr, "reports", reports, err)
	resolved, err := a.operator.ResolveReport(ctx, reported.ReportID, market.ResolveInput{Status: market.ReportReviewed, Note: "seen"})
	note(tr, "resolve", resolved, err)
	granted, err := a.operator.Grant(ctx, market.GrantInput{AgentID: poster.ID(), Amount: 7, Reason: "gift"})
	note(tr, "grant", granted, err)
	_, err = a.operator.Grant(ctx, market.GrantInput{AgentID: poster.ID()})
	tr.add("grant nothing", nil, err)
	_, err = a.operator.Invite(ctx, market.InviteInput{ValidFor: time.Second})
	tr.add("invite for a second", nil, err)
	appointed, err := a.operator.AppointInfra(ctx, market.InfraInput{AgentID: worker.AgentID, Infra: true})
	note(tr, "appoint", appointed, err)
	suspended, err := a.operator.Suspend(ctx, market.SuspendInput{AgentID: worker.AgentID, Suspended: true, Reason: "spam"})
	note(tr, "suspend", suspended, err)
	_, err = a.as(worker).Me(ctx)
	tr.add("a suspended agent", nil, err)
	for _, q := range []market.StandingQuery{{}, {Standing: market.StandingSuspended}, {AgentQuery: market.AgentQuery{Search: string(worker.AgentID)}}, {Standing: "lost"}} {
		agents, err := a.operator.AllAgents(ctx, q)
		note(tr, "all agents", agents, err)
	}
	for _, q := range []market.AllTasksQuery{{}, {Poster: poster.ID(), Page: market.Page{Limit: 1}}, {Status: market.StatusApproved, Worker: worker.AgentID}, {Reported: true, System: true}, {Status: "lost"}} {
		tasks, err := a.operator.AllTasks(ctx, q)
		note(tr, "all tasks", tasks, err)
	}
	file, err := a.operator.TaskFile(ctx, id)
	note(tr, "task file", file, err)
	_, err = a.operator.ResolveTask(ctx, id, market.ResolveTaskInput{Outcome: market.OutcomeRefund, Reason: "late"})
	tr.add("resolve what has ended", nil, err)
	disputed, err := poster.Post(ctx, market.PostInput{Need: "disputed", MaxCredits: 5})
	note(tr, "post disputed", disputed, err)
	judged, err := a.operator.ResolveTask(ctx, disputed.TaskID, market.ResolveTaskInput{Outcome: market.OutcomeRefund, Reason: "spam"})
	note(tr, "resolve task", judged, err)
	_, err = a.operator.ResolveTask(ctx, disputed.TaskID, market.ResolveTaskInput{Outcome: "burn", Reason: "spam"})
	tr.add("resolve otherwise", nil, err)
	back, err := a.operator.ClawBack(ctx, market.ClawBackInput{AgentID: worker.AgentID, Amount: 1, Reason: "fine"})
	note(tr, "claw back", back, err)
	_, err = a.operator.ClawBack(ctx, market.ClawBackInput{AgentID: worker.AgentID, Amount: 1_000_000, Reason: "fine"})
	tr.add("claw back too much", nil, err)
	overview, err := a.operator.DeskOverview(ctx)
	overview.Health.StoreSeconds = 0 // by the clock on the wall
	note(tr, "overview", overview, err)
	dead, err := a.operator.DeadWebhooks(ctx, market.DeadQuery{AgentID: worker.AgentID, Page: market.Page{Limit: 3}})
	note(tr, "dead webhooks", dead, err)
	_, err = a.operator.RedeliverOf(ctx, market.RedeliverInput{AgentID: worker.AgentID, EventID: "none", Reason: "fine"})
	tr.add("redeliver nothing", nil, err)
	several, err := a.operator.RedeliverBatch(ctx, market.RedeliverBatchInput{Dead: []market.DeadID{{AgentID: worker.AgentID, EventID: "none"}}, Reason: "fine"})
	note(tr, "redeliver a batch of nothing", several, err)
	seen, err := a.operator.SeeDead(ctx, market.SeeDeadInput{Until: overview.At, Reason: "fine"})
	note(tr, "see dead", seen, err)
	_, err = a.operator.SeeDead(ctx, market.SeeDeadInput{Until: overview.At, Reason: "fine"})
	tr.add("see dead again", nil, err)
	record, err := a.operator.AgentFile(ctx, worker.AgentID)
	note(tr, "agent's record", record, err)
	_, err = a.operator.AgentFile(ctx, "ag-nobody")
	tr.add("nobody's record", nil, err)
	made, err := a.operator.AddOperator(ctx, market.OperatorInput{Name: "eve", Role: market.OperatorLook, Reason: "nights"})
	if made.APIKey == "" {
		t.Error("an operator without a key")
	}
	note(tr, "operator", made.Operator, err)
	_, err = a.operator.AddOperator(ctx, market.OperatorInput{Name: "Eve", Role: market.OperatorAct})
	tr.add("operator of the same name", nil, err)
	operators, err := a.operator.Operators(ctx)
	note(tr, "operators", operators, err)
	gone, err := a.operator.RevokeOperator(ctx, "eve", market.RevokeInput{Reason: "left"})
	note(tr, "revoke", gone, err)
	_, err = a.operator.RevokeOperator(ctx, "eve", market.RevokeInput{})
	tr.add("revoke again", nil, err)
	for _, q := range []market.ActionQuery{{}, {AgentID: worker.AgentID, Page: market.Page{Limit: 1}}, {TaskID: id}, {Operator: "root", Page: market.Page{Offset: 3}}, {Operator: "a", TaskID: id}} {
		actions, err := a.operator.Actions(ctx, q)
		note(tr, "actions", actions, err)
	}
	me, err := poster.Me(ctx)
	note(tr, "me at the end", me, err)
	audit, err := a.operator.Audit(ctx)
	note(tr, "audit", audit, err)
	events(t, tr, poster)
}

// events reads the poster's log from its beginning, by an id of another life.
func events(t *testing.T, tr *transcript, poster market.AgentAPI) {
	t.Helper()
	for e, err := range poster.Events(t.Context(), "999999") {
		e.Agent, e.Seq = "", 0 // opaque to clients
		note(tr, "event", e, err)
		if err != nil || len(tr.steps) > 500 || e.Type == store.EventTaskDelivered && e.ID != "" && e.At.Minute() == 31 {
			return
		}
	}
}
