package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// The judge compares each answer with what had happened: a success with the one
// commit that made it true, a refusal with the moments between the call and its
// answer. It never asks whether an answer was likely, only whether it was true.

// Failure is something that must not happen.
type Failure struct {
	// Rule is the promise that was broken, the same for each failure of its kind.
	Rule string
	// What says it of this run.
	What string
}

func (w *world) fail(rule, format string, args ...any) {
	f := Failure{rule, fmt.Sprintf(format, args...)}
	for id, name := range w.names {
		f.What = strings.ReplaceAll(f.What, id, name)
	}
	w.failures = append(w.failures, f)
	w.log("   ! %s: %s", f.Rule, f.What)
	if len(w.failures) == 1 {
		w.last = len(w.trace)
	}
}

// judge looks at an operation that has ended.
func (w *world) judge(a *actor) {
	r := a.reply
	own := w.own(a)
	if most := a.op.most(); len(own) > most {
		w.fail("an operation takes effect at most once", "%s has %d commits of its own", a, len(own))
	}
	switch {
	case r.panicked != "":
		w.fail("nothing panics", "%s: %s", a, r.panicked)
	case r.strange != "":
		w.fail("answers speak of what was asked", "%s answers %s", a, r.strange)
	case r.err != nil:
		w.judgeError(a, own)
	default:
		w.judgeSuccess(a, own)
	}
}

// asking is what the model is asked about an operation.
func (w *world) asking(a *actor) asking {
	q := asking{op: a.op, policy: &w.Policy, question: w.questionOf(a.op.Of), report: w.reportOf(a.op.Of)}
	if a.op.By >= 0 {
		q.me = w.agents[a.op.By]
	}
	q.task = a.task
	if a.op.Kind == "clawback" || a.op.Kind == "undo" {
		q.agent = w.agents[a.op.Of]
	}
	return q
}

// own are an operation's commits but for those by which it settled what was due.
func (w *world) own(a *actor) (own []*commit) {
	for _, c := range a.commits {
		if !c.timer {
			own = append(own, c)
		}
	}
	return own
}

// first is the first commit under the operation's key that it may have seen, or nil.
func (w *world) first(a *actor) *commit {
	if a.op.Key == "" {
		return nil
	}
	id := store.IdempotencyID{Caller: store.Platform, Operation: w.operation(a), Key: a.op.Key}
	if a.op.By != operator {
		id.Caller = w.agents[a.op.By]
	}
	earliest, _ := w.instants(a)
	var first *commit
	for _, c := range w.keyed[id] {
		seen := c.forgotten == 0 || c.forgotten > a.began
		if seen && c.change.Idempotency.ExpiresAt.After(earliest) && (first == nil || c.tells(a.reply)) {
			first = c
		}
	}
	return first
}

// tells says that an answer may tell what a commit did.
func (c *commit) tells(r *reply) bool {
	return len(r.tasks) == 0 || slices.ContainsFunc(c.change.Tasks, func(t store.TaskWrite) bool { return t.New.ID == r.tasks[0].id })
}

// binding is the first commit under the operation's key that it cannot have missed, or
// nil: its record was kept all the time, and counted by every instant that the
// operation may have taken for now.
func (w *world) binding(a *actor) *commit {
	first := w.first(a)
	if first == nil || first.forgotten != 0 {
		return nil
	}
	if _, latest := w.instants(a); !first.change.Idempotency.ExpiresAt.After(latest) {
		return nil
	}
	return first
}

// operation is the name under which the market keeps an operation's record: keys
// are the caller's own for each operation and task.
func (w *world) operation(a *actor) string {
	switch a.op.Kind {
	case "batch":
		return "pickup batch"
	case "update":
		return "update me"
	case "claim":
		return "pickup " + string(a.task)
	case "undo":
		return "clawback"
	case "resolve":
		return "resolve " + string(w.reportOf(a.op.Of))
	case "answer":
		return "answer " + string(a.task) + " " + string(w.questionOf(a.op.Of))
	}
	if kinds[a.op.Kind].task {
		return a.op.Kind + " " + string(a.task)
	}
	return a.op.Kind
}

func (w *world) judgeError(a *actor, own []*commit) {
	var refusal *market.Error
	switch {
	case !errors.As(a.reply.err, &refusal):
		if !a.hungUp && a.op.Kind != "prune" {
			w.fail("errors are refusals", "%s answers %v", a, a.reply.err)
		}
	case errors.Is(refusal, market.ErrUnavailable):
		if !a.faulted && !w.excused(refusal) {
			w.fail("nothing is unavailable without a reason", "%s answers %s", a, a.reply)
		}
	case refusal.Code == market.CodeStillUnderWay:
		if !w.another(a) {
			w.fail("refusals are true", "%s is told of another request under its key, and there is none", a)
		}
	case refusal.Code == market.CodeIdempotencyKeyUsed:
		if first := w.first(a); first == nil || w.same(first.by.op, a.op) {
			w.fail("refusals are true", "%s is told that its key was used otherwise", a)
		}
	case refusal.Code == market.CodeNotFound && w.isGone(a):
	default:
		if len(own) > 0 {
			w.fail("what was done is not refused", "%s answers %s after it committed %s", a, a.reply, w.describe(own[0].change))
		}
		w.judgeRefusal(a, refusal.Code)
	}
}

// excused says that a replica in the background may answer for a moment that it is
// still loading.
func (w *world) excused(refusal *market.Error) bool {
	return w.Running && refusal.Code == market.CodeWarming
}

// isGone says that what the first request under the key was about has been deleted
// since: there is nothing left to tell a repeat. Texts are kept for longer than the
// key, so theirs can be gone only for a repeat that was under way when its key ended.
func (w *world) isGone(a *actor) bool {
	first, late := w.first(a), w.binding(a) == nil
	return first != nil && slices.ContainsFunc(first.change.Tasks, func(t store.TaskWrite) bool {
		now := w.now().tasks[t.New.ID]
		return now == nil || late && now.TextsPruned
	})
}

// another says that another request under the key of this one was on its way.
func (w *world) another(a *actor) bool {
	return slices.ContainsFunc(w.actors, func(other *actor) bool {
		return other != a && other.op.Key == a.op.Key && other.op.By == a.op.By && other.replica == a.replica && (!other.done || other.end >= a.began)
	})
}

// same reports whether two operations under one key ask for the same.
func (w *world) same(one, two *Op) bool {
	return one.Kind == two.Kind && one.Amount == two.Amount && one.Text == two.Text && slices.Equal(one.Tags, two.Tags) &&
		one.On == two.On && one.Of == two.Of && w.find(one.Task) == w.find(two.Task)
}

// judgeRefusal looks for a moment in which the operation had to be refused as it
// was. What became true only by the first request under its key is no excuse.
func (w *world) judgeRefusal(a *actor, code market.Code) {
	q := w.asking(a)
	if code == market.CodeSuspended && w.once(a, func(m *moment) bool { return m.agents[q.me].Suspended }) {
		return
	}
	if code == market.CodeAlreadyDone && q.op.Kind == "report" && w.reportedUnseen(a, q) {
		return
	}
	var other []string
	for i, now := range w.window(a) {
		want := w.moments[i].refusal(q, now)
		if want == code {
			return
		}
		if name := string(want); name != "" && !slices.Contains(other, name) {
			other = append(other, name)
		}
	}
	w.fail("refusals are true", "%s answers %s; at no moment was that so (%s)", a, a.reply, strings.Join(other, ", "))
}

// reportedUnseen says that the agent could see the task while it reported it, and had
// reported it later. Somebody may have claimed the task in between,
// after which others cannot see it, but what the agent is told is true.
func (w *world) reportedUnseen(a *actor, q asking) bool {
	seen := false
	for i := range w.window(a) {
		m := w.moments[i]
		if seen = seen || m.sees(q.me, m.tasks[q.task]); seen && m.reported(q.me, q.task) {
			return true
		}
	}
	return false
}

// window yields the number of each moment between an operation's begin and its answer, with each
// instant that it may have taken for now.
func (w *world) window(a *actor) func(yield func(int, time.Time) bool) {
	last := len(w.moments) - 1
	if first := w.binding(a); first != nil && first.by != a && first.moment <= last {
		last = first.moment - 1
	}
	return func(yield func(int, time.Time) bool) {
		for i := a.began; i <= last; i++ {
			instants := []time.Time{a.now}
			for j := a.began + 1; j <= i; j++ {
				if now := w.moments[j].clocks[a.replica.n]; now != instants[len(instants)-1] {
					instants = append(instants, now)
				}
			}
			for _, now := range instants {
				if !yield(i, now) {
					return
				}
			}
		}
	}
}

func (w *world) judgeSuccess(a *actor, own []*commit) {
	k := kinds[a.op.Kind]
	if k.pick {
		w.judgePickup(a, own)
		return
	}
	if !k.writes {
		w.judgeLook(a)
		return
	}
	made := w.first(a)
	if len(own) > 0 {
		made = own[0]
	}
	if made == nil && a.op.Kind == "suspend" && w.once(a, func(m *moment) bool { return m.agents[w.agents[a.op.Of]].Suspended == a.op.On }) {
		return // who is so already stays so
	}
	if made == nil {
		w.fail("what is answered as done is done", "%s answers %s and has committed nothing", a, a.reply)
		return
	}
	for i := range a.reply.tasks {
		t := &a.reply.tasks[i]
		now := w.moments[made.moment].tasks[t.id]
		if now == nil {
			w.fail("answers tell what was done", "%s tells of a task that its commit has not written", a)
			continue
		}
		if wrong := w.differs(t, now); wrong != "" {
			w.fail("answers tell what was done", "%s tells of %s: %s", a, t.id, wrong)
		}
	}
}

// differs says what of an answer about a task is not as the task was.
func (w *world) differs(t *told, was *store.Task) string {
	text := w.texts[t.id]
	switch {
	case t.status != was.Status:
		return fmt.Sprintf("it is %s, not %s", was.Status, t.status)
	case t.need != nil && *t.need != text.Need && (*t.need != "" || !w.dropped[store.TextRef{Task: t.id}]):
		return fmt.Sprintf("its need is %q, not %q", text.Need, *t.need)
	case t.context != "" && was.System == nil && t.context != text.Context:
		return fmt.Sprintf("its context is %q, not %q", text.Context, t.context)
	case t.poster != was.Poster, t.credits != was.MaxCredits:
		return fmt.Sprintf("it is %s's for %d credits, not %s's for %d", was.Poster, was.MaxCredits, t.poster, t.credits)
	case t.worker != "" && t.worker != was.Worker():
		return fmt.Sprintf("its worker is %q, not %q", was.Worker(), t.worker)
	case t.progress != nil && (was.Claim == nil || !sameProgress(t.progress, was.Claim.Progress)):
		return "its worker has made other progress"
	case t.result != "" && t.result != w.results[t.id][was.ResultNo()]:
		return fmt.Sprintf("its result is %q, not %q", w.results[t.id][was.ResultNo()], t.result)
	}
	return ""
}

func sameProgress(told *market.Progress, was store.Progress) bool {
	return told.At.Equal(was.At) && told.Note == was.Note && (told.Percent == nil) == (was.Percent == nil) &&
		(told.Percent == nil || *told.Percent == *was.Percent)
}

// judgePickup compares the tasks that a worker was given with those that its commits
// gave it. If there were fewer than it asked for, that must have been true at some
// moment.
func (w *world) judgePickup(a *actor, own []*commit) {
	var got []store.TaskID
	if first := w.first(a); len(own) == 0 && first != nil && (len(a.reply.tasks) > 0 || first == w.binding(a)) {
		own = []*commit{first}
	}
	for _, c := range own {
		got = append(got, c.claimed...)
	}
	if told := len(a.reply.tasks); told > len(got) || told < len(got) && !a.unknown {
		w.fail("answers tell what was done", "%s tells of %d tasks and has claimed %d", a, len(a.reply.tasks), len(got))
		return
	}
	for i := range a.reply.tasks {
		t := &a.reply.tasks[i]
		if !slices.Contains(got, t.id) {
			w.fail("answers tell what was done", "%s tells of %s, which it has not claimed", a, t.id)
			continue
		}
		for _, c := range own {
			if slices.Contains(c.claimed, t.id) {
				if wrong := w.differs(t, w.moments[c.moment].tasks[t.id]); wrong != "" {
					w.fail("answers tell what was done", "%s tells of %s: %s", a, t.id, wrong)
				}
			}
		}
	}
	if len(got) == 0 {
		w.judgeNothing(a)
	}
}

// judgeNothing looks for a moment in which there was nothing for this agent that its
// replica had to know of.
func (w *world) judgeNothing(a *actor) {
	if a.replica.misled {
		return
	}
	q := w.asking(a)
	var missed store.TaskID
	for i, now := range w.window(a) {
		id := w.anyOffer(i, q, now, a.replica)
		if id == "" {
			return
		}
		missed = id
	}
	w.fail("nothing means nothing", "%s was told that there is nothing, and all the time there was, last %s", a, missed)
}

// anyOffer is a task that was on offer in a moment and could not be unknown to a
// replica.
func (w *world) anyOffer(i int, q asking, now time.Time, r *replica) store.TaskID {
	m, latest := w.moments[i], w.latest(r)
	for id, t := range m.tasks {
		// A task that has once been closed stays so when the clock steps back.
		if m.offered(q, t, w.texts[id], now) && m.offered(q, t, w.texts[id], latest) && !w.isNews(id, i, r) {
			return id
		}
	}
	return ""
}

// isNews says that another replica had written a task so lately that this one need
// not know of it yet.
func (w *world) isNews(id store.TaskID, i int, r *replica) bool {
	for _, c := range slices.Backward(w.commits) {
		if c.moment > i || !slices.ContainsFunc(c.change.Tasks, func(t store.TaskWrite) bool { return t.New.ID == id }) {
			continue
		}
		return c.by != nil && c.by.replica != r && w.moments[i].at.Sub(w.moments[c.moment].at) < lag
	}
	return false
}

// judgeLook compares an answer that changed nothing with the moments of its window.
func (w *world) judgeLook(a *actor) {
	if a.reply.balance != nil {
		account := store.AccountName(w.agents[a.op.By])
		if !w.once(a, func(m *moment) bool { return m.balances[account] == *a.reply.balance }) {
			w.fail("answers were true", "%s tells of %d credits, which the agent never had", a, *a.reply.balance)
		}
	}
	if a.reply.list {
		w.judgeList(a)
		return
	}
	for i := range a.reply.tasks {
		t := &a.reply.tasks[i]
		wrong := "there is no such task"
		if !w.once(a, func(m *moment) bool {
			if m.tasks[t.id] == nil {
				return false
			}
			wrong = w.differs(t, m.tasks[t.id])
			return wrong == ""
		}) {
			w.fail("answers were true", "%s tells of %s: %s", a, t.id, wrong)
		}
	}
}

// once says whether something held at one moment while the operation ran.
func (w *world) once(a *actor, held func(*moment) bool) bool {
	return slices.ContainsFunc(w.moments[a.began:], held)
}

// lag is how long a replica may not know what others have written.
const lag = time.Second

// latest is the latest that a replica's clock has shown.
func (w *world) latest(r *replica) (at time.Time) {
	for _, m := range w.moments {
		if m.clocks != nil && m.clocks[r.n].After(at) {
			at = m.clocks[r.n]
		}
	}
	return at
}

// judgeList compares a list of offers with the model: what was on offer all the time
// is in it, and what never was is not.
func (w *world) judgeList(a *actor) {
	if a.replica.misled {
		return
	}
	q := w.asking(a)
	began := a.began
	for began > 0 && w.moments[a.began].at.Sub(w.moments[began-1].at) <= lag {
		began--
	}
	always, ever := map[store.TaskID]int{}, map[store.TaskID]bool{}
	latest := w.latest(a.replica)
	for _, m := range w.moments[began:] {
		for id, t := range m.tasks {
			if m.offered(q, t, w.texts[id], a.now) {
				always[id]++
				ever[id] = true
			}
			// A head start that has once been over stays so when the clock steps back.
			ever[id] = ever[id] || m.offered(q, t, w.texts[id], latest)
		}
	}
	listed := map[store.TaskID]bool{}
	for i := range a.reply.tasks {
		t := &a.reply.tasks[i]
		listed[t.id] = true
		if t.need != nil && *t.need != w.texts[t.id].Need {
			w.fail("answers were true", "%s tells of %s with need %q", a, t.id, *t.need)
		}
		if !ever[t.id] {
			w.fail("lists are true", "%s lists %s, which was not on offer", a, t.id)
		}
	}
	for id, n := range always {
		if n == len(w.moments)-began && !listed[id] {
			w.fail("lists are complete", "%s does not list %s, which was on offer all the time", a, id)
		}
	}
}
