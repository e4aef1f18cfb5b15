package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// patience bounds a subtest against a store that hangs.
const patience = time.Minute

// The agents that most cases are about, registered by world.people.
const (
	ann   market.AgentID = "ag-Ann0000000000000"
	bob   market.AgentID = "ag-Bob0000000000000"
	cyd   market.AgentID = "ag-Cyd0000000000000"
	bonus                = 100
)

// world is a store under test, with the means to fill and to question it.
type world struct {
	*testing.T
	ctx   context.Context
	store market.Store
	// now is the instant of the test, in UTC and to the microsecond.
	now time.Time
	// agents and tasks are the ids that a snapshot looks at.
	agents []market.AgentID
	tasks  []market.TaskID
	// start is where the feed began.
	start market.Position
}

func newWorld(t *testing.T, store market.Store) *world {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	w := &world{
		T: t, ctx: ctx, store: store,
		now: time.Date(2031, 3, 5, 7, 11, 13, 123456000, time.UTC),
	}
	w.start = w.head()
	return w
}

// in is the instant after d.
func (w *world) in(d time.Duration) time.Time { return w.now.Add(d) }

// ok fails the test on an error.
func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("unexpected error: %v", err)
	}
}

// equal compares what was read with what was to be read.
func (w *world) equal(got, want any) {
	w.Helper()
	if d := diff(got, want); d != "" {
		w.Fatalf("%s", d)
	}
}

// commit commits what has to hold.
func (w *world) commit(c *market.Change) market.Committed {
	w.Helper()
	if c.At.IsZero() {
		c.At = w.now
	}
	done, err := w.store.Commit(w.ctx, c)
	w.ok(err)
	return done
}

// conflict returns the guard that an error names, or fails the test.
func (w *world) conflict(err error, guard market.Guard) market.Conflict {
	w.Helper()
	var conflict *market.Conflict
	if !errors.As(err, &conflict) {
		w.Fatalf("got %v, want a *Conflict of guard %q", err, guard)
	}
	if conflict.Guard != guard {
		w.Fatalf("got guard %q, want %q", conflict.Guard, guard)
	}
	return *conflict
}

// refused commits what must fail one guard, and compares everything readable
// before and after.
func (w *world) refused(c *market.Change, guard market.Guard) market.Conflict {
	w.Helper()
	if c.At.IsZero() {
		c.At = w.now
	}
	agents, tasks := mentioned(c)
	w.agents, w.tasks = append(w.agents, agents...), append(w.tasks, tasks...)
	before := w.snapshot()
	_, err := w.store.Commit(w.ctx, c)
	conflict := w.conflict(err, guard)
	w.equal(w.snapshot(), before)
	return conflict
}

// people registers ann, bob and cyd with the bonus each.
func (w *world) people() {
	w.Helper()
	for _, id := range []market.AgentID{ann, bob, cyd} {
		w.register(id)
	}
}

// register makes an agent with the bonus.
func (w *world) register(id market.AgentID) {
	w.Helper()
	w.commit(w.registration(id))
	w.agents = append(w.agents, id)
}

func (w *world) registration(id market.AgentID) *market.Change {
	return &market.Change{
		At:        w.now,
		Agents:    []market.AgentWrite{{New: w.profile(id), Key: keyOf(id).Digest()}},
		Transfers: []market.Transfer{w.grant(id, bonus)},
	}
}

func (w *world) profile(id market.AgentID) *market.Profile {
	return &market.Profile{ID: id, Version: 1, Name: "agent " + string(id), CreatedAt: w.now}
}

// keyOf is the API key of a registered agent.
func keyOf(id market.AgentID) market.APIKey { return market.APIKey("pwk-" + id) }

// grant gives an agent credits out of nothing.
func (w *world) grant(id market.AgentID, amount int64) market.Transfer {
	return market.Transfer{
		ID: nextEntry(), From: market.PlatformAccount, To: market.AgentAccount(id),
		Amount: amount, Kind: market.EntrySignupBonus, Agent: id, At: w.now,
	}
}

// change reads an agent's profile, edits a copy, and commits it.
func (w *world) change(id market.AgentID, edit func(*market.Profile)) {
	w.Helper()
	w.commit(&market.Change{Agents: []market.AgentWrite{w.edited(id, edit)}})
}

func (w *world) edited(id market.AgentID, edit func(*market.Profile)) market.AgentWrite {
	w.Helper()
	old := w.agent(id).Profile
	next := old
	next.Version++
	edit(&next)
	return market.AgentWrite{Old: &old, New: &next}
}

// agent reads an agent that exists.
func (w *world) agent(id market.AgentID) *market.Agent {
	w.Helper()
	found, err := w.store.Agents(w.ctx, []market.AgentID{id})
	w.ok(err)
	if len(found) != 1 {
		w.Fatalf("got %d agents with the id %s, want 1", len(found), id)
	}
	return found[0]
}

// open is a new posted task.
func (w *world) open(id market.TaskID, poster market.AgentID) *market.Task {
	return &market.Task{
		ID: id, Version: 1, Poster: poster, MaxCredits: 10, Status: market.StatusPosted,
		CreatedAt: w.now, ExpiresAt: w.in(72 * time.Hour), NextDue: w.in(72 * time.Hour),
	}
}

// put inserts a task without moving credits.
func (w *world) put(t *market.Task) *market.Task {
	w.Helper()
	done := w.commit(&market.Change{Tasks: []market.TaskWrite{{New: t, Text: textOf(t.ID)}}})
	if len(done.Seqs) != 1 {
		w.Fatalf("got %d numbers for one inserted task", len(done.Seqs))
	}
	w.tasks = append(w.tasks, t.ID)
	return w.task(t.ID)
}

// post inserts an open task of the poster.
func (w *world) post(id market.TaskID, poster market.AgentID) *market.Task {
	w.Helper()
	return w.put(w.open(id, poster))
}

func textOf(id market.TaskID) market.TaskText {
	return market.TaskText{Need: "need of " + string(id), Context: "context of " + string(id)}
}

// task reads a task that exists.
func (w *world) task(id market.TaskID) *market.Task {
	w.Helper()
	found, err := w.store.Tasks(w.ctx, []market.TaskID{id})
	w.ok(err)
	if len(found) != 1 {
		w.Fatalf("got %d tasks with the id %s, want 1", len(found), id)
	}
	return found[0].Task
}

// rewritten is old in its next version, edited.
func rewritten(old *market.Task, edit func(*market.Task)) market.TaskWrite {
	next := *old
	next.Version++
	edit(&next)
	return market.TaskWrite{Old: old, New: &next}
}

// rewrite commits an edited task and reads it again.
func (w *world) rewrite(old *market.Task, edit func(*market.Task)) *market.Task {
	w.Helper()
	w.commit(&market.Change{Tasks: []market.TaskWrite{rewritten(old, edit)}})
	return w.task(old.ID)
}

// claimedBy edits a task into the hands of a worker.
func (w *world) claimedBy(worker market.AgentID) func(*market.Task) {
	return func(t *market.Task) {
		t.Status = market.StatusClaimed
		t.Claim = &market.Claim{Worker: worker, At: w.now}
	}
}

// ended edits a task into a final state.
func ended(at time.Time) func(*market.Task) {
	return func(t *market.Task) {
		t.Status = market.StatusCancelled
		t.Ending = &market.Ending{At: at}
		t.NextDue = time.Time{}
	}
}

// load reads what a decision needs.
func (w *world) load(q market.LoadQuery) *market.Loaded {
	w.Helper()
	if q.Now.IsZero() {
		q.Now = w.now
	}
	l, err := w.store.Load(w.ctx, q)
	w.ok(err)
	if l == nil {
		w.Fatal("Load returned nil")
	}
	return l
}

// taskNo and agentNo are ids in ascending order.
func taskNo(n int) market.TaskID { return market.TaskID(fmt.Sprintf("tk-%016d", n)) }

func agentNo(n int) market.AgentID { return market.AgentID(fmt.Sprintf("ag-%016d", n)) }

// ids are what a test compares of tasks.
func ids(tasks []market.StoredTask) []market.TaskID {
	var out []market.TaskID
	for _, t := range tasks {
		out = append(out, t.Task.ID)
	}
	return out
}
