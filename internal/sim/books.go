package sim

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// What must hold after each commit, whoever made it: every step of a task is one
// that the life cycle has and that the actor may take at that moment, and the
// credits go where the step sends them.

// steps are those of a task's life, with what moves the credits.
var steps = map[[2]store.Status]bool{
	{"", store.StatusPosted}:                       true,
	{store.StatusPosted, store.StatusPosted}:       true,
	{store.StatusPosted, store.StatusClaimed}:      true,
	{store.StatusPosted, store.StatusCancelled}:    true,
	{store.StatusPosted, store.StatusExpired}:      true,
	{store.StatusClaimed, store.StatusClaimed}:     true,
	{store.StatusClaimed, store.StatusPosted}:      true,
	{store.StatusClaimed, store.StatusDelivered}:   true,
	{store.StatusClaimed, store.StatusApproved}:    true,
	{store.StatusClaimed, store.StatusCancelled}:   true,
	{store.StatusDelivered, store.StatusDelivered}: true,
	{store.StatusDelivered, store.StatusClaimed}:   true,
	{store.StatusDelivered, store.StatusApproved}:  true,
	{store.StatusDelivered, store.StatusCancelled}: true,
	{store.StatusApproved, store.StatusApproved}:   true,
	{store.StatusExpired, store.StatusExpired}:     true,
	{store.StatusCancelled, store.StatusCancelled}: true,
}

// byDecision are the steps that an operator alone takes, of tasks that are no system
// tasks.
var byDecision = map[[2]store.Status]bool{
	{store.StatusClaimed, store.StatusApproved}:    true,
	{store.StatusClaimed, store.StatusCancelled}:   true,
	{store.StatusDelivered, store.StatusCancelled}: true,
}

// decided is how an operator has ended the task in this step, or "".
func decided(t *store.TaskWrite) string {
	if t.Old == nil || t.Old.Status == t.New.Status || t.New.Ending == nil {
		return ""
	}
	return t.New.Ending.Outcome
}

// checkDecision: a decision is the operator's, and charges what it says.
func (w *world) checkDecision(c *commit, t *store.TaskWrite) {
	if c.by == nil || c.by.op == nil || c.by.op.Kind != "settle" || c.by.op.Text != t.New.Ending.Outcome {
		w.fail("operators decide", "%s ends %s by decision", c.by, t.New.ID)
		return
	}
	want := int64(c.by.op.Amount)
	if c.by.op.Text == "release" {
		if want = t.New.MaxCredits; t.Old.Delivery != nil {
			want = t.Old.Delivery.Charged
		}
	}
	if t.New.Ending.Charged != want {
		w.fail("operators decide", "%s charges %d for %s, and not %d", c.by, t.New.Ending.Charged, t.New.ID, want)
	}
}

// check judges a commit.
func (w *world) check(prev, next *moment, c *commit) {
	for i := range c.change.Tasks {
		w.checkStep(prev, next, c, &c.change.Tasks[i])
	}
	w.checkCredits(next, c)
	w.checkRight(prev, c)
	w.checkTold(c)
}

func (w *world) checkStep(prev, next *moment, c *commit, t *store.TaskWrite) {
	step := [2]store.Status{"", t.New.Status}
	if t.Old != nil {
		step[0] = t.Old.Status
		if was := prev.tasks[t.New.ID]; was == nil || was.Version != t.Old.Version || t.New.Version != was.Version+1 {
			w.fail("nobody writes over what it has not seen", "%s writes %s over another version", c.by, t.New.ID)
		}
	}
	if !steps[step] || byDecision[step] && t.New.System == nil && decided(t) == "" {
		w.fail("tasks take the steps of their life", "%s takes %s from %q to %q", c.by, t.New.ID, step[0], step[1])
	}
	if decided(t) != "" {
		w.checkDecision(c, t)
	}
	if limit := due(t.New); !limit.IsZero() && (t.New.NextDue.IsZero() || t.New.NextDue.After(limit)) && !w.waits(next, t.New) {
		w.fail("what ends is looked at in time", "%s leaves %s to be looked at at %s, after %s", c.by, t.New.ID, t.New.NextDue, limit)
	}
	if t.New.Status == store.StatusClaimed && step[0] == store.StatusPosted {
		w.checkClaim(next, c, t.New)
	}
	if c.by != nil && c.by.op != nil && c.by.op.Kind == "progress" && step == [2]store.Status{store.StatusClaimed, store.StatusClaimed} {
		w.checkProgress(c, t)
	}
}

// checkProgress: the claim timeout counts anew, no other limit moves, what is left out
// stays, and the poster hears of it unless it has heard within a second.
func (w *world) checkProgress(c *commit, t *store.TaskWrite) {
	was, is, op := t.Old.Claim, t.New.Claim, c.by.op
	until := c.change.At.Add(w.Policy.ClaimTimeout)
	if most := is.At.Add(30 * 24 * time.Hour); until.After(most) {
		until = most
	}
	if until.Before(was.Timeout) || t.New.System != nil {
		until = was.Timeout
	}
	if !is.Timeout.Equal(until) || !is.Grace.Equal(was.Grace) || !t.New.Deadline.Equal(t.Old.Deadline) {
		w.fail("progress renews a claim", "%s leaves %s claimed until %s", c.by, t.New.ID, is.Timeout)
	}
	want := was.Progress
	if want.At, want.Told = c.change.At, is.Progress.Told; op.Text != "" {
		want.Note = op.Text
	}
	if op.Amount > 0 {
		want.Percent = &op.Amount
	}
	if told := market.NewTime(want.At); !sameProgress(&market.Progress{At: told, Note: want.Note, Percent: want.Percent}, is.Progress) {
		w.fail("what is left out of progress stays", "%s leaves %s with %+v", c.by, t.New.ID, is.Progress)
	}
	claim := fmt.Sprint(t.New.ID, is.At)
	heard := slices.ContainsFunc(c.change.Events, func(e store.Event) bool { return e.Type == store.EventTaskProgress && e.Agent == t.New.Poster })
	last, before := w.heard[claim]
	if may := !before || c.change.At.Sub(last) >= time.Second; heard != (may && t.New.System == nil) {
		w.fail("posters hear of progress once a second", "%s tells of %s: %v, last at %s", c.by, t.New.ID, heard, last)
	}
	if heard {
		w.heard[claim] = c.change.At
	}
}

// waits reports whether a delivery waits for its suspended worker.
func (w *world) waits(m *moment, t *store.Task) bool {
	return t.Status == store.StatusDelivered && (m.agents[t.Worker()].Suspended || w.resumed(m, t))
}

// resumed says that the review's end has passed while the worker was suspended.
func (w *world) resumed(m *moment, t *store.Task) bool {
	return !t.NextDue.IsZero() && t.NextDue.After(t.Delivery.ReviewUntil) && !m.at.Before(t.Delivery.ReviewUntil)
}

// checkClaim: an open task with one worker, who has room for it, and no match task
// left on offer that would be paid for nothing.
func (w *world) checkClaim(next *moment, c *commit, t *store.Task) {
	me := t.Worker()
	if t.Poster == me {
		w.fail("nobody works for itself", "%s claims %s", c.by, t.ID)
	}
	if most := w.Policy.MaxOpenClaims; int64(next.held(me)) > most {
		w.fail("nobody holds more than it may", "%s holds %d tasks", me, next.held(me))
	}
	for _, other := range next.tasks {
		if !c.misled() && other.System != nil && other.System.Type == store.MatchAgents && other.System.Parent == t.ID &&
			other.Status == store.StatusPosted && other.ExpiresAt.After(next.at.Add(time.Hour)) {
			w.fail("nobody is paid for matching what is claimed", "%s claims %s and leaves %s on offer", c.by, t.ID, other.ID)
		}
	}
}

// misled reports whether the replica that committed could not know better.
func (c *commit) misled() bool { return c.by != nil && c.by.replica.misled }

// checkCredits: what a task holds in escrow is its budget until it has ended, and
// nothing then; all accounts together are zero; and each step pays whom it must.
func (w *world) checkCredits(next *moment, c *commit) {
	for account, balance := range next.balances {
		if balance < 0 && account != store.PlatformAccount {
			w.fail("nobody spends what it has not", "%s leaves %s with %d credits", c.by, account, balance)
		}
	}
	for id, t := range next.tasks {
		holds := next.balances[store.EscrowAccount(id)]
		if want := escrow(t); holds != want {
			w.fail("escrows hold the budget of what is unfinished", "%s leaves %d credits in the escrow of %s, which is %s", c.by, holds, id, t.Status)
		}
	}
	moved, want := w.moved(c.change), w.wanted(c)
	if !slices.Equal(moved, want) {
		w.fail("credits go where they belong", "%s moves %s and not %s", c.by, strings.Join(moved, ", "), strings.Join(want, ", "))
	}
}

func escrow(t *store.Task) int64 {
	if t.System == nil && !t.Status.Ended() {
		return t.MaxCredits
	}
	return 0
}

// moved lists the movements of a Change about tasks.
func (w *world) moved(c *store.Change) (out []string) {
	for _, t := range c.Transfers {
		if t.Task != "" {
			out = append(out, fmt.Sprintf("%s→%s %d", t.From, t.To, t.Amount))
		}
	}
	slices.Sort(out)
	return out
}

// wanted lists the movements that the steps of a Change have to make.
func (w *world) wanted(c *commit) (out []string) {
	move := func(from, to store.AccountName, amount int64) {
		if amount > 0 {
			out = append(out, fmt.Sprintf("%s→%s %d", from, to, amount))
		}
	}
	if a := c.by; a != nil && a.op != nil && a.op.Kind == "undo" && !c.timer && len(c.change.Transfers) > 0 && c.change.Transfers[0].Kind == store.EntryClawBack {
		move(store.AgentAccount(w.agents[a.op.Of]), store.PlatformAccount, int64(a.op.Amount))
		if a.op.On {
			move(store.PlatformAccount, store.AgentAccount(c.change.Tasks[0].New.Poster), int64(a.op.Amount))
		}
	}
	for _, t := range c.change.Tasks {
		task, escrow := t.New, store.EscrowAccount(t.New.ID)
		opened := t.Old == nil
		ended := !opened && task.Status.Ended() && !t.Old.Status.Ended()
		switch {
		case task.System != nil && ended && task.Status == store.StatusApproved:
			move(store.PlatformAccount, store.AgentAccount(task.Worker()), task.MaxCredits)
		case task.System != nil:
		case opened:
			move(store.AgentAccount(task.Poster), escrow, task.MaxCredits)
		case ended && task.Status == store.StatusApproved:
			charged := task.Ending.Charged // a decision's was checked
			if decided(&t) == "" {
				charged = task.Delivery.Charged
			}
			fee := charged * int64(w.Policy.FeePercent) / 100
			move(escrow, store.AgentAccount(task.Worker()), charged-fee)
			move(escrow, store.PlatformAccount, fee)
			move(escrow, store.AgentAccount(task.Poster), task.MaxCredits-charged)
		case ended:
			move(escrow, store.AgentAccount(task.Poster), task.MaxCredits)
		}
	}
	slices.Sort(out)
	return out
}

// counts reports whether a change does nothing but keep how much happened in hours.
func counts(c *store.Change) bool {
	rest := *c
	rest.At, rest.Records = time.Time{}, nil
	return len(c.Records) > 0 && reflect.ValueOf(rest).IsZero() &&
		!slices.ContainsFunc(c.Records, func(r *store.IdempotencyRecord) bool { return r.Operation != "chain of hours" })
}

// checkRight: whoever commits something of its own may do so at the moment before,
// at the instant at which it began; all else is a timer's step, and due.
func (w *world) checkRight(prev *moment, c *commit) {
	a := c.by
	if a == nil {
		return
	}
	if c.timer = w.isTimer(prev, c) || w.isResumed(c); c.timer {
		return
	}
	if a.op == nil && counts(c.change) {
		return
	}
	if a.op == nil || a.op.Kind == "sweep" || a.op.Kind == "prune" {
		w.fail("timers do what is due", "%s commits %s", a, w.describe(c.change))
		return
	}
	now := c.change.At
	if !w.mayBeNow(a, now) {
		w.fail("an operation has one instant, its begin", "%s began at %s and acts at %s", a, a.now, now)
	}
	q := w.asking(a)
	if kinds[a.op.Kind].pick {
		w.checkPickup(prev, c, q, now)
		return
	}
	// A claim that was on its way when its agent's block began may still be made, as a
	// pickup's may.
	if code := prev.refusal(q, now); code != "" && code != market.CodeCooldown && !w.wasAllowed(a, q, prev, now) {
		w.fail("what must be refused is not done", "%s commits %s, which had to be refused: %s", a, w.describe(c.change), code)
	}
	if overdue(prev.tasks[q.task], now) && !w.waits(prev, prev.tasks[q.task]) && !w.wasAllowed(a, q, prev, now) {
		w.fail("what is due comes first", "%s commits %s after %s, when its time was up", a, w.describe(c.change), due(prev.tasks[q.task]))
	}
}

// overdue says that a timer had to touch the task before anything else.
func overdue(t *store.Task, now time.Time) bool {
	return t != nil && !due(t).IsZero() && !now.Before(due(t))
}

// wasAllowed: a report is about what the agent has seen, which need not be so any
// more when it is written down. That it is the agent's only one is decided then: an
// earlier one may have been deleted, with the task.
func (w *world) wasAllowed(a *actor, q asking, prev *moment, now time.Time) bool {
	if a.op.Kind == "undo" && prev.tasks[q.task] == nil {
		// The task was deleted since: what is noted about it goes to nobody else.
		return w.once(a, func(m *moment) bool { return m.refusal(q, now) == "" })
	}
	return a.op.Kind == "report" && !prev.reported(q.me, q.task) && w.once(a, func(m *moment) bool {
		code := m.refusal(q, now)
		return (code == "" || code == market.CodeAlreadyDone) && !overdue(m.tasks[q.task], now)
	})
}

// mayBeNow: an operation reads the clock as it begins, but with a key when it need
// not wait for another request, and where infra agents are looked for first, after
// that.
func (w *world) mayBeNow(a *actor, now time.Time) bool {
	if now.Equal(a.now) {
		return true
	}
	later := a.op.Key != "" || a.op.Kind == "post" || a.op.Kind == "update"
	first, last := w.instants(a)
	return later && !now.Before(first) && !now.After(last)
}

// instants are the earliest and the latest that an actor may take for now.
func (w *world) instants(a *actor) (first, last time.Time) {
	first, last = a.now, a.now
	for _, now := range append(w.clocksSince(a), a.replica.clock.Now()) {
		if now.Before(first) {
			first = now
		}
		if now.After(last) {
			last = now
		}
	}
	return first, last
}

func (w *world) clocksSince(a *actor) (out []time.Time) {
	for _, m := range w.moments[a.began+1:] {
		out = append(out, m.clocks[a.replica.n])
	}
	return out
}

func (w *world) checkPickup(prev *moment, c *commit, q asking, now time.Time) {
	if code := prev.busy(q, now); code == market.CodeTooManyClaims {
		w.fail("what must be refused is not done", "%s claims, which had to be refused: %s", c.by, code)
	}
	for _, id := range c.claimed {
		offered := func(at time.Time) bool { return prev.offered(q, prev.tasks[id], w.texts[id], at) }
		if _, last := w.instants(c.by); !offered(now) && !offered(last) && !offered(w.shown(c.by.replica, now)) {
			w.fail("workers get what they may be offered", "%s claims %s", c.by, id)
		}
	}
}

// shown is the instant by which a replica's board goes: the latest that its clock has
// shown. A head start that has once been over stays so when the clock steps back, but
// when it steps back by a minute it was set, and the board follows.
func (w *world) shown(r *replica, now time.Time) time.Time {
	latest := now
	for _, m := range w.moments {
		if m.clocks != nil && m.clocks[r.n].After(latest) && m.clocks[r.n].Sub(now) < time.Minute {
			latest = m.clocks[r.n]
		}
	}
	return latest
}

// timers are the steps that time alone takes.
var timers = map[[2]store.Status]bool{
	{store.StatusPosted, store.StatusPosted}:       true,
	{store.StatusPosted, store.StatusExpired}:      true,
	{store.StatusPosted, store.StatusCancelled}:    true,
	{store.StatusClaimed, store.StatusPosted}:      true,
	{store.StatusClaimed, store.StatusCancelled}:   true,
	{store.StatusClaimed, store.StatusClaimed}:     true,
	{store.StatusDelivered, store.StatusApproved}:  true,
	{store.StatusDelivered, store.StatusDelivered}: true,
	{store.StatusApproved, store.StatusApproved}:   true,
	{store.StatusExpired, store.StatusExpired}:     true,
	{store.StatusCancelled, store.StatusCancelled}: true,
}

// isTimer says that a commit is a step that was due, at the instant at which it was.
func (w *world) isTimer(prev *moment, c *commit) bool {
	for _, t := range c.change.Tasks {
		if t.Old == nil {
			continue
		}
		was := prev.tasks[t.New.ID]
		_, last := w.instants(c.by)
		if was != nil && was.NextDue.Equal(c.change.At) && !c.change.At.After(last) && timers[[2]store.Status{t.Old.Status, t.New.Status}] {
			return c.change.Idempotency == nil
		}
	}
	return false
}

// isResumed says that the end of a suspension lets a review go on.
func (w *world) isResumed(c *commit) bool {
	return c.by.op != nil && c.by.op.Kind == "suspend" && len(c.change.Agents) == 0
}

// tells are the events that the steps of a task must tell, and whom.
func tells(t *store.TaskWrite) (whom store.AgentID, what store.EventType) {
	if t.Old == nil || t.Old.Status == t.New.Status || t.New.System != nil {
		return "", ""
	}
	if decided(t) != "" {
		return t.New.Poster, store.EventTaskResolved
	}
	switch t.New.Status {
	case store.StatusClaimed:
		if t.Old.Status == store.StatusDelivered {
			return t.New.Worker(), store.EventTaskRejected
		}
		return t.New.Poster, store.EventTaskClaimed
	case store.StatusDelivered:
		return t.New.Poster, store.EventTaskDelivered
	case store.StatusApproved:
		return t.New.Worker(), store.EventTaskApproved
	case store.StatusExpired:
		return t.New.Poster, store.EventTaskExpired
	}
	return "", ""
}

func (w *world) checkTold(c *commit) {
	for i := range c.change.Tasks {
		whom, what := tells(&c.change.Tasks[i])
		if whom == "" {
			continue
		}
		if !slices.ContainsFunc(c.change.Events, func(e store.Event) bool { return e.Agent == whom && e.Type == what }) {
			w.fail("whom it concerns is told", "%s commits %s and does not tell %s of %s", c.by, w.describe(c.change), whom, what)
		}
	}
}

// balance compares the store with the model, once everything stands still.
func (w *world) balance() {
	m := w.now()
	tasks, agents := w.stored()
	if len(tasks) != len(m.tasks) {
		w.fail("the store has what was committed", "there are %d tasks and should be %d", len(tasks), len(m.tasks))
	}
	for _, st := range tasks {
		if was := m.tasks[st.Task.ID]; was == nil || was.Version != st.Task.Version || was.Status != st.Task.Status {
			w.fail("the store has what was committed", "%s is not as it was committed", st.Task.ID)
		}
	}
	for _, a := range agents {
		w.balanceAgent(m, a)
	}
	sum := int64(0)
	for _, b := range m.balances {
		sum += b
	}
	if sum != 0 {
		w.fail("credits are conserved", "all accounts together hold %d", sum)
	}
	report, err := w.replicas[0].market.Audit(context.Background())
	if err != nil || !report.OK {
		w.fail("the audit finds nothing", "%v, %v", report.Problems, err)
	}
}

func (w *world) balanceAgent(m *moment, a *store.Agent) {
	held := int64(0)
	for _, t := range m.tasks {
		if t.Poster == a.ID {
			held += escrow(t)
		}
	}
	if want := m.balances[store.AgentAccount(a.ID)]; a.Balance != want || a.Escrowed != held || a.OpenClaims != int64(m.held(a.ID)) {
		w.fail("accounts are what the steps made of them", "%s has %d credits, %d in escrow and %d claims, and should have %d, %d and %d",
			a.ID, a.Balance, a.Escrowed, a.OpenClaims, want, held, m.held(a.ID))
	}
	page, err := w.mem.Events(context.Background(), a.ID, 0, 10_000)
	if err != nil || page.Head != w.events[a.ID] {
		w.fail("events have no gaps", "%s was told %d events and should have been %d", a.ID, page.Head, w.events[a.ID])
	}
	for i, e := range page.Events {
		if e.Seq != page.Oldest+int64(i) {
			w.fail("events have no gaps", "event %d of %s stands where %d should", e.Seq, a.ID, page.Oldest+int64(i))
		}
	}
}
