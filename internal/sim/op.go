package sim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// Op is one operation that somebody starts. It names everything by the operations
// before it, so that a story can lose some of its steps and still be told.
type Op struct {
	// N is the operation's number in its story.
	N    int
	Kind string
	// By is the agent, or operator; At is the replica.
	By, At int
	// Task is the task that it is about.
	Task Ref
	// Of is the operation whose question or report it is about, or the agent whom
	// the operator means.
	Of int
	// Key is its idempotency key, "" for none.
	Key string
	// Amount is an amount of credits, a rating, a count or a number of minutes.
	Amount int
	// Tags and Text are what it says or looks for.
	Tags []string
	Text string
	// On is yes or no.
	On bool
	// Patience is how long it waits, Back by how much it sets a clock back.
	Patience, Back time.Duration
}

// Ref names a task: the Index-th that operation Op posted or claimed. Op 0 names
// none.
type Ref struct{ Op, Index int }

// kind is what an operation does.
type kind struct {
	call func(v visit, r *reply)
	// writes is set when it may commit something of its own.
	writes bool
	// task is set when it is about one task, pick when it is a pickup, board when it
	// looks at the board once it has loaded its caller.
	task, pick, board bool
}

// visit is an operation under way.
type visit struct {
	ctx  context.Context
	w    *world
	op   *Op
	m    *market.Market
	h    *market.Handle
	task store.TaskID
}

// reply is the answer that an operation got.
type reply struct {
	err      error
	panicked string
	// tasks is what was said of tasks; list says that they are all there are.
	tasks []told
	list  bool
	// balance is what was said of the caller's credits.
	balance *int64
	// strange is a part of the answer that contradicts the question.
	strange string
}

// told is what an answer says of a task; nil and "" was not said.
type told struct {
	id              store.TaskID
	status          store.Status
	need            *string // a kept need may be dropped, and is "" then
	context, result string
	poster, worker  store.AgentID
	credits         int64
	progress        *market.Progress
}

func (r *reply) String() string {
	switch {
	case r.panicked != "":
		return "by a panic: " + r.panicked
	case r.err != nil:
		var refusal *market.Error
		if errors.As(r.err, &refusal) {
			return fmt.Sprintf("%s: %s", refusal.Code, refusal.Message)
		}
		return r.err.Error()
	}
	out := "ok"
	for i := range r.tasks {
		out += fmt.Sprintf(", %s", r.tasks[i].status)
	}
	if len(r.tasks) == 0 {
		out += ", no task"
	}
	if r.balance != nil {
		out += fmt.Sprintf(", %d credits", *r.balance)
	}
	return out
}

// view is what a party or a stranger is told of a task.
func (r *reply) view(v market.Task, err error) {
	if r.err = err; err != nil {
		return
	}
	r.tasks = append(r.tasks, told{
		id: v.TaskID, status: v.Status, need: &v.Need, context: v.Context, result: v.Result,
		poster: v.PosterID, worker: v.WorkerID, credits: v.MaxCredits, progress: v.Progress,
	})
}

// claim is what a worker is told of a task that it has just claimed.
func (r *reply) claim(p market.Pickup) {
	r.tasks = append(r.tasks, told{
		id: p.TaskID, status: store.StatusClaimed, need: &p.Need, context: p.Context, poster: p.PosterID, credits: p.MaxCredits,
	})
}

var kinds map[string]kind

func init() {
	kinds = map[string]kind{
		"post":     {call: post, writes: true, board: true},
		"pickup":   {call: pickup, writes: true, pick: true, board: true},
		"batch":    {call: batch, writes: true, pick: true, board: true},
		"claim":    {call: claim, writes: true, task: true},
		"deliver":  {call: deliver, writes: true, task: true, board: true},
		"approve":  {call: approve, writes: true, task: true},
		"reject":   {call: reject, writes: true, task: true},
		"cancel":   {call: cancel, writes: true, task: true},
		"abandon":  {call: abandon, writes: true, task: true},
		"progress": {call: progress, writes: true, task: true},
		"rate":     {call: rate, writes: true, task: true},
		"ask":      {call: ask, writes: true, task: true},
		"answer":   {call: answer, writes: true, task: true},
		"message":  {call: message, writes: true, task: true},
		"report":   {call: report, writes: true, task: true},
		"resolve":  {call: resolve, writes: true},
		"grant":    {call: grant, writes: true},
		"clawback": {call: clawback, writes: true},
		"settle":   {call: settle, writes: true, task: true},
		"undo":     {call: undo, writes: true, task: true},
		"suspend":  {call: suspend, writes: true},
		"update":   {call: update, writes: true, board: true},
		"look":     {call: look, task: true},
		"browse":   {call: browse, board: true},
		"mine":     {call: mine},
		"me":       {call: me},
		"credits":  {call: credits},
		"sweep":    {call: sweep},
		"prune":    {call: prune},
		"turn":     {call: turn, board: true},
	}
}

func post(v visit, r *reply) {
	in := market.PostInput{
		Need: needOf(v.op), Context: "about " + needOf(v.op), Tags: v.op.Tags, MaxCredits: int64(v.op.Amount),
	}
	if v.op.On {
		in.Deadline = 3 * time.Minute
	}
	p, err := v.h.Post(v.ctx, in)
	if r.err = err; err == nil {
		r.balance = &p.Balance
		r.tasks = append(r.tasks, told{id: p.TaskID, status: p.Status, need: &p.Need, credits: p.MaxCredits, poster: v.h.ID()})
	}
}

// needOf is a need that no other operation has, with a word that some share. A
// repeat under a key says the same as the first.
func needOf(op *Op) string {
	if op.Key != "" {
		return fmt.Sprintf("%s of %s", op.Text, op.Key)
	}
	return fmt.Sprintf("%s of %d", op.Text, op.N)
}

func filterOf(op *Op) market.Filter { return market.Filter{Tags: op.Tags, Search: op.Text} }

// most is how many commits of its own an operation may make: a batch without a key
// claims each task by itself.
func (op *Op) most() int {
	if op.Kind == "batch" && op.Key == "" {
		return op.Amount
	}
	return 1
}

func pickup(v visit, r *reply) {
	p, ok, err := v.h.Pickup(v.ctx, filterOf(v.op))
	if r.err = err; ok {
		r.claim(p)
	}
	if ok && err != nil {
		r.strange = "a task and an error at once"
	}
}

func batch(v visit, r *reply) {
	list, err := v.h.PickupBatch(v.ctx, market.BatchInput{Count: v.op.Amount, Filter: filterOf(v.op)})
	r.err = err
	for _, p := range list.Tasks {
		r.claim(p)
	}
	if list.Total != len(list.Tasks) {
		r.strange = fmt.Sprintf("a total of %d with %d tasks", list.Total, len(list.Tasks))
	}
}

func claim(v visit, r *reply) {
	p, err := v.h.PickupTask(v.ctx, v.task)
	if r.err = err; err == nil {
		r.claim(p)
	}
}

// deliver answers system tasks with sensible answers.
func deliver(v visit, r *reply) {
	in := market.DeliverInput{Result: resultOf(v.op)}
	switch v.w.systemType(v.task) {
	case store.MatchAgents:
		in.Result = fmt.Sprintf(`{"ranked_agents": [%q, %q], "extracted_tags": ["go"]}`, v.w.agents[1], v.w.agents[2])
	case store.VerifyCompletion:
		in.Result = `{"meets_requirements": true, "explanation": "fine"}`
	case store.ExtractCapabilities:
		in.Result = `{"tags": ["go", "sql"]}`
	}
	if v.op.Amount > 0 {
		in.CreditsClaimed = int64(v.op.Amount)
	}
	r.view(v.h.Deliver(v.ctx, v.task, in))
}

func resultOf(op *Op) string {
	if op.Key != "" {
		return "result of " + op.Key
	}
	return fmt.Sprint("result of ", op.N)
}

func approve(v visit, r *reply) {
	in := market.ApproveInput{}
	if v.op.Amount > 0 {
		in.Rating = v.op.Amount
	}
	r.view(v.h.Approve(v.ctx, v.task, in))
}

func reject(v visit, r *reply) {
	r.view(v.h.Reject(v.ctx, v.task, market.RejectInput{Reason: "not yet"}))
}

func cancel(v visit, r *reply)  { r.view(v.h.Cancel(v.ctx, v.task)) }
func abandon(v visit, r *reply) { r.view(v.h.Abandon(v.ctx, v.task)) }

// progress tells nothing but that there is life when it has no amount and no text.
func progress(v visit, r *reply) {
	in := market.ProgressInput{Note: v.op.Text}
	if v.op.Amount > 0 {
		in.Percent = new(v.op.Amount)
	}
	r.view(v.h.Progress(v.ctx, v.task, in))
}

func rate(v visit, r *reply) {
	rated, err := v.h.Rate(v.ctx, v.task, market.RateInput{Rating: v.op.Amount})
	if r.err = err; err == nil && (rated.TaskID != v.task || rated.Rating != v.op.Amount) {
		r.strange = fmt.Sprintf("rated %s with %d", rated.TaskID, rated.Rating)
	}
}

func ask(v visit, r *reply) {
	q, err := v.h.Ask(v.ctx, v.task, v.op.Text)
	if r.err = err; err == nil && q.Question != v.op.Text {
		r.strange = fmt.Sprintf("asked %q", q.Question)
	}
}

func answer(v visit, r *reply) {
	q, err := v.h.Answer(v.ctx, v.task, v.w.questionOf(v.op.Of), "because")
	if r.err = err; err == nil && (q.Answer == "" || q.Answer != "because") {
		r.strange = "another answer"
	}
}

func message(v visit, r *reply) {
	m, err := v.h.SendMessage(v.ctx, v.task, v.op.Text)
	if r.err = err; err == nil && m.Message != v.op.Text {
		r.strange = fmt.Sprintf("wrote %q", m.Message)
	}
}

func report(v visit, r *reply) {
	done, err := v.h.ReportTask(v.ctx, v.task, "it is odd")
	if r.err = err; err == nil && (done.TaskID != v.task || done.Status != store.ReportOpen) {
		r.strange = fmt.Sprintf("reported %s as %s", done.TaskID, done.Status)
	}
}

func resolve(v visit, r *reply) {
	done, err := v.m.ResolveReport(v.ctx, v.w.reportOf(v.op.Of), market.ResolveInput{Status: store.ReportReviewed})
	if r.err = err; err == nil && done.Status != store.ReportReviewed {
		r.strange = fmt.Sprintf("resolved as %s", done.Status)
	}
}

func grant(v visit, r *reply) {
	g, err := v.m.Grant(v.ctx, market.GrantInput{AgentID: v.w.agents[v.op.Of], Amount: int64(v.op.Amount)})
	if r.err = err; err == nil && g.Granted != int64(v.op.Amount) {
		r.strange = fmt.Sprintf("granted %d", g.Granted)
	}
}

func clawback(v visit, r *reply) {
	c, err := v.m.ClawBack(v.ctx, market.ClawBackInput{AgentID: v.w.agents[v.op.Of], Amount: int64(v.op.Amount), Reason: "a fine"})
	if r.err = err; err == nil && c.ClawedBack != int64(v.op.Amount) {
		r.strange = fmt.Sprintf("took back %d", c.ClawedBack)
	}
}

// undo takes credits back about a task, with On for its poster.
func undo(v visit, r *reply) {
	in := market.ClawBackInput{AgentID: v.w.agents[v.op.Of], Amount: int64(v.op.Amount), Reason: "undone", TaskID: v.task, Refund: v.op.On}
	c, err := v.m.ClawBack(v.ctx, in)
	if r.err = err; err == nil && (c.ClawedBack != in.Amount || in.Refund != (c.Refunded == in.Amount)) {
		r.strange = fmt.Sprintf("took back %d for %d", c.ClawedBack, c.Refunded)
	}
}

// settle ends a task by decision: Text is the outcome, Amount what a split charges.
func settle(v visit, r *reply) {
	in := market.ResolveTaskInput{Outcome: market.TaskOutcome(v.op.Text), WorkerCredits: int64(v.op.Amount), Reason: "decided"}
	r.view(v.m.ResolveTask(v.ctx, v.task, in))
}

func suspend(v visit, r *reply) {
	s, err := v.m.Suspend(v.ctx, market.SuspendInput{AgentID: v.w.agents[v.op.Of], Suspended: v.op.On})
	if r.err = err; err == nil && s.Suspended != v.op.On {
		r.strange = fmt.Sprintf("suspended is %v", s.Suspended)
	}
}

func update(v visit, r *reply) {
	in := market.UpdateInput{GoodAt: market.Some(v.op.Text)}
	if v.op.On {
		in = market.UpdateInput{Tags: market.Some(v.op.Tags)}
	}
	me, err := v.h.UpdateMe(v.ctx, in)
	if r.err = err; err == nil && !v.op.On && (me.GoodAt == "" || me.GoodAt != v.op.Text) {
		r.strange = "another good_at"
	}
}

func look(v visit, r *reply) { r.view(v.h.Task(v.ctx, v.task, v.op.Patience)) }

func browse(v visit, r *reply) {
	list, err := v.h.Browse(v.ctx, market.BrowseQuery{Filter: filterOf(v.op), Page: market.Page{Limit: 100}})
	r.err, r.list = err, err == nil
	for _, item := range list.Tasks {
		r.tasks = append(r.tasks, told{
			id: item.TaskID, status: store.StatusPosted, need: &item.Need, context: item.Context,
			poster: item.PosterID, credits: item.MaxCredits,
		})
	}
}

func mine(v visit, r *reply) {
	list, err := v.h.Mine(v.ctx, market.MineQuery{Page: market.Page{Limit: 100}})
	r.err = err
	for _, t := range list.Tasks {
		r.view(t, nil)
	}
}

func me(v visit, r *reply) {
	me, err := v.h.Me(v.ctx)
	if r.err = err; err == nil {
		r.balance = &me.Credits
	}
}

func credits(v visit, r *reply) {
	c, err := v.h.Credits(v.ctx, market.Page{})
	if r.err = err; err == nil {
		r.balance = &c.Balance
	}
}

func sweep(v visit, r *reply) { _, r.err = v.m.Sweep(v.ctx) }

// prune deletes beneath the market what has ended, as an operator may do by hand.
func prune(v visit, r *reply) {
	now := v.m.Now()
	q := store.PruneQuery{Now: now, EndedBefore: now.Add(time.Microsecond), Limit: 1_000}
	if v.op.On {
		q = store.PruneQuery{Now: now, FeedBefore: now.Add(time.Microsecond), Limit: 1_000}
	}
	_, r.err = v.w.gate.Prune(v.ctx, q)
}

// turn sets the clock of its replica back.
func turn(v visit, r *reply) {
	if _, r.err = v.w.gate.Ping(v.ctx); r.err == nil {
		v.w.taking(func() {
			v.w.pass()
			v.w.replicas[v.op.At].clock.set(-v.op.Back)
			v.w.pass()
		})
	}
}

// line tells the operation in a story.
func (w *world) line(op *Op) string {
	out := fmt.Sprintf("#%d %s at %s: %s", op.N, nameOf(op.By), replicaName(op.At), op.Kind)
	if op.Task.Op != 0 {
		out += " " + op.Task.String()
	}
	if op.Kind == "grant" || op.Kind == "suspend" || op.Kind == "clawback" || op.Kind == "undo" {
		out += " " + agentNames[op.Of]
	} else if op.Of != 0 {
		out += fmt.Sprintf(" of #%d", op.Of)
	}
	if op.Amount != 0 {
		out += fmt.Sprintf(" %d", op.Amount)
	}
	if len(op.Tags) > 0 {
		out += " tags " + strings.Join(op.Tags, ",")
	}
	if op.Text != "" {
		out += fmt.Sprintf(" %q", op.Text)
	}
	if op.On {
		out += " on"
	}
	if op.Patience > 0 {
		out += fmt.Sprintf(" for %s", op.Patience)
	}
	if op.Key != "" {
		out += fmt.Sprintf(" (key %s)", op.Key)
	}
	return out
}

func nameOf(by int) string {
	if by == operator {
		return "the operator"
	}
	return agentNames[by]
}

func (r Ref) String() string {
	if r.Index == 0 {
		return fmt.Sprintf("T%d", r.Op)
	}
	return fmt.Sprintf("T%d.%d", r.Op, r.Index)
}
