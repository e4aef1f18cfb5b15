package sim

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// history is what has been committed, in order: one moment for each commit and for
// each time that the clocks moved. Moments are never changed, so that an answer can
// be compared with any of them.
type history struct {
	moments []*moment
	commits []*commit
	texts   map[store.TaskID]store.TaskText
	results map[store.TaskID]map[int]string
	// dropped are texts that the market has dropped.
	dropped map[store.TextRef]bool
	// keyed are the first commits under idempotency keys: another one each time that
	// the key could be used again.
	keyed map[store.IdempotencyID][]*commit
	// refs are the tasks as stories name them.
	refs map[store.TaskID]Ref
	// events counts what each agent was told.
	events map[store.AgentID]int64
	// heard is when the poster last heard of the progress of a claim.
	heard map[string]time.Time
}

// moment is the marketplace at one instant, as the commits before it have left it.
type moment struct {
	at        time.Time
	clocks    []time.Time
	tasks     map[store.TaskID]*store.Task
	agents    map[store.AgentID]agent
	balances  map[store.AccountName]int64
	roles     map[store.TaskID]map[store.AgentID]store.RoleWrite
	questions map[store.QuestionID]store.Question
	reports   map[store.ReportID]store.Report
}

// agent is what the model knows of one.
type agent struct {
	store.Profile
	strikes   store.Strikes
	completed int
}

// commit is a Change that took effect, with who sent it.
type commit struct {
	by     *actor
	change *store.Change
	// moment is the one that it made.
	moment int
	// timer is set for a step that was due, no matter which operation took it.
	timer bool
	// posted and claimed are the tasks that it opened and gave away.
	posted, claimed []store.TaskID
	// forgotten is the moment from which on the store has no record of its key any
	// more; 0 while it has.
	forgotten int
}

func (h *history) begin() {
	h.texts, h.results = map[store.TaskID]store.TaskText{}, map[store.TaskID]map[int]string{}
	h.dropped = map[store.TextRef]bool{}
	h.refs, h.heard = map[store.TaskID]Ref{}, map[string]time.Time{}
	h.keyed, h.events = map[store.IdempotencyID][]*commit{}, map[store.AgentID]int64{}
	h.moments = []*moment{{
		at: time.Now(), tasks: map[store.TaskID]*store.Task{}, agents: map[store.AgentID]agent{},
		balances: map[store.AccountName]int64{}, roles: map[store.TaskID]map[store.AgentID]store.RoleWrite{},
		questions: map[store.QuestionID]store.Question{}, reports: map[store.ReportID]store.Report{},
	}}
}

// now is the newest moment.
func (h *history) now() *moment { return h.moments[len(h.moments)-1] }

// pass makes a moment in which nothing but the clocks has changed.
func (w *world) pass() {
	next := *w.now()
	next.at, next.clocks = time.Now(), w.clocks()
	w.moments = append(w.moments, &next)
}

func (w *world) clocks() (out []time.Time) {
	for _, r := range w.replicas {
		out = append(out, r.clock.Now())
	}
	return out
}

// committed records a Change that took effect.
func (w *world) committed(by *actor, c *store.Change, done store.Committed) {
	prev := w.now()
	next := prev.copy()
	next.at, next.clocks = time.Now(), w.clocks()
	made := &commit{by: by, change: c, moment: len(w.moments)}
	w.log("      %s commits %s", by, w.describe(c))
	for i := range c.Tasks {
		w.write(next, made, &c.Tasks[i])
	}
	next.apply(c)
	for i := range c.Results {
		r := c.Results[i]
		if w.results[r.Task] == nil {
			w.results[r.Task] = map[int]string{}
		}
		w.results[r.Task][r.No] = r.Text
	}
	w.drop(next, c.Drop)
	for i := range c.Events {
		if _, known := next.agents[c.Events[i].Agent]; known {
			w.events[c.Events[i].Agent]++
		}
	}
	if c.Idempotency != nil {
		w.record(by, made, c.Idempotency.IdempotencyID)
	}
	w.moments = append(w.moments, next)
	w.commits = append(w.commits, made)
	if by != nil {
		by.commits = append(by.commits, made)
	}
	w.check(prev, next, made)
}

// record notes that a commit was the first under a key.
func (w *world) record(by *actor, made *commit, id store.IdempotencyID) {
	for _, old := range w.keyed[id] {
		if old.forgotten == 0 && old.change.Idempotency.ExpiresAt.After(made.change.At) {
			w.fail("two commits under one key", "%s commits under %+v, which was used", by, id)
		}
	}
	w.keyed[id] = append(w.keyed[id], made)
}

func (w *world) write(next *moment, made *commit, t *store.TaskWrite) {
	id := t.New.ID
	next.tasks[id] = t.New
	if t.Old == nil {
		w.texts[id] = t.Text
		w.name(made.by, made.posted, id)
		made.posted = append(made.posted, id)
		return
	}
	if t.Old.Status == store.StatusPosted && t.New.Status == store.StatusClaimed {
		made.claimed = append(made.claimed, id)
	}
	if t.New.Status == store.StatusApproved && t.Old.Status != store.StatusApproved && t.New.System == nil {
		worker := next.agents[t.New.Worker()]
		worker.completed++
		next.agents[t.New.Worker()] = worker
	}
}

// drop forgets texts that the market has dropped.
func (w *world) drop(next *moment, refs []store.TextRef) {
	for _, ref := range refs {
		if w.dropped[ref] = true; ref.No != 0 {
			continue
		}
		maps.DeleteFunc(next.questions, func(_ store.QuestionID, q store.Question) bool { return q.Task == ref.Task })
	}
}

// name gives a task the name under which stories speak of it.
func (w *world) name(by *actor, posted []store.TaskID, id store.TaskID) {
	ref := Ref{}
	if by != nil {
		ref = Ref{Op: by.number(), Index: len(w.tasksOf(by)) + len(posted)}
	}
	w.refs[id], w.names[string(id)] = ref, ref.String()
}

// tasksOf are the tasks that an actor has posted or claimed, in order.
func (w *world) tasksOf(a *actor) (out []store.TaskID) {
	if a == nil {
		return nil
	}
	for _, c := range a.commits {
		out = append(append(out, c.posted...), c.claimed...)
	}
	return out
}

// find is the task that a story means, "" when there is none.
func (w *world) find(r Ref) store.TaskID {
	for _, a := range w.actors {
		if a.op.N != r.Op {
			continue
		}
		if ids := w.tasksOf(a); r.Index < len(ids) {
			return ids[r.Index]
		}
	}
	return ""
}

// systemType is also that of a task that is gone: a repeat says what the first
// request said.
func (w *world) systemType(id store.TaskID) store.SystemType {
	for _, c := range w.commits {
		for _, write := range c.change.Tasks {
			if t := write.New; write.Old == nil && t.ID == id && t.System != nil {
				return t.System.Type
			}
		}
	}
	return ""
}

func (w *world) questionOf(n int) store.QuestionID {
	for _, c := range w.commits {
		if c.by != nil && c.by.number() == n && len(c.change.Questions) > 0 {
			return c.change.Questions[0].ID
		}
	}
	return "qa-none"
}

func (w *world) reportOf(n int) store.ReportID {
	for _, c := range w.commits {
		if c.by != nil && c.by.number() == n && len(c.change.Reports) > 0 {
			return c.change.Reports[0].ID
		}
	}
	return "rp-none"
}

func (m *moment) copy() *moment {
	next := *m
	next.tasks, next.agents, next.balances = maps.Clone(m.tasks), maps.Clone(m.agents), maps.Clone(m.balances)
	next.roles, next.questions, next.reports = maps.Clone(m.roles), maps.Clone(m.questions), maps.Clone(m.reports)
	return &next
}

// apply writes what is beside the tasks.
func (m *moment) apply(c *store.Change) {
	for _, w := range c.Agents {
		a := m.agents[w.New.ID]
		a.Profile = *w.New
		m.agents[a.ID] = a
	}
	for _, s := range c.Strikes {
		a := m.agents[s.Agent]
		a.strikes = s.New
		m.agents[s.Agent] = a
	}
	for _, t := range c.Transfers {
		m.balances[t.From] -= t.Amount
		m.balances[t.To] += t.Amount
	}
	for _, r := range c.Roles {
		roles := maps.Clone(m.roles[r.Task])
		if roles == nil {
			roles = map[store.AgentID]store.RoleWrite{}
		}
		roles[r.Agent] = r
		m.roles[r.Task] = roles
	}
	for _, q := range c.Questions {
		m.questions[q.ID] = q
	}
	for _, a := range c.Answers {
		q := m.questions[a.Question]
		q.Answer, q.AnsweredAt = a.Text, a.At
		m.questions[a.Question] = q
	}
	for _, r := range c.Reports {
		m.reports[r.ID] = r
	}
	for _, r := range c.Resolutions {
		m.reports[r.ID] = r
	}
}

// pruned forgets what the store has deleted.
func (w *world) pruned(q store.PruneQuery) {
	next := w.now().copy()
	for id := range next.tasks {
		if found, err := w.mem.Tasks(context.Background(), []store.TaskID{id}); err != nil || len(found) > 0 {
			continue
		}
		delete(next.tasks, id)
		delete(next.roles, id)
		maps.DeleteFunc(next.questions, func(_ store.QuestionID, q store.Question) bool { return q.Task == id })
		maps.DeleteFunc(next.reports, func(_ store.ReportID, r store.Report) bool { return r.Task == id })
	}
	for _, c := range slices.Concat(slices.Collect(maps.Values(w.keyed))...) {
		if c.forgotten == 0 && !c.change.Idempotency.ExpiresAt.After(q.Now) && !w.keeps(c.change.Idempotency) {
			c.forgotten = len(w.moments)
		}
	}
	next.at, next.clocks = time.Now(), w.clocks()
	w.moments = append(w.moments, next)
}

// keeps says that the store still has a record: what has expired goes in batches.
func (w *world) keeps(r *store.IdempotencyRecord) bool {
	l, err := w.mem.Load(context.Background(), store.LoadQuery{Idempotency: &r.IdempotencyID})
	return err == nil && l.Idempotency != nil && l.Idempotency.ExpiresAt.Equal(r.ExpiresAt)
}

// refused tells of guards that failed.
func (w *world) refused(by *actor, errs ...error) {
	for _, err := range errs {
		if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) {
			w.log("      %s is refused: %s of %s%s", by, conflict.Guard, w.names[string(conflict.Task)], w.names[string(conflict.Agent)])
		}
	}
}

// describe tells a Change in a story.
func (w *world) describe(c *store.Change) string {
	var parts []string
	for _, t := range c.Tasks {
		name := w.names[string(t.New.ID)]
		switch {
		case t.Old == nil:
			parts = append(parts, "a new task")
		case t.Old.Status == t.New.Status:
			parts = append(parts, name+" "+string(t.New.Status)+" again")
		default:
			parts = append(parts, name+" "+string(t.Old.Status)+" → "+string(t.New.Status))
		}
	}
	for _, n := range []struct {
		what string
		n    int
	}{
		{"a profile", len(c.Agents)},
		{"a question", len(c.Questions)},
		{"an answer", len(c.Answers)},
		{"a message", len(c.Messages)},
		{"a report", len(c.Reports)},
		{"a resolution", len(c.Resolutions)},
	} {
		if n.n > 0 {
			parts = append(parts, n.what)
		}
	}
	if len(c.Tasks) == 0 && len(c.Transfers) > 0 {
		parts = append(parts, "credits")
	}
	return strings.Join(parts, ", ")
}

// stored reads what the store has of all tasks and agents, past the gate.
func (w *world) stored() (tasks []store.StoredTask, agents []*store.Agent) {
	ctx := context.Background()
	for after := int64(0); ; {
		page, err := w.mem.ScanTasks(ctx, after, 100)
		if err != nil || len(page) == 0 {
			break
		}
		tasks = append(tasks, page...)
		after = page[len(page)-1].Task.Seq
	}
	agents, _ = w.mem.ScanAgents(ctx, "", 100)
	return tasks, slices.Clone(agents)
}
