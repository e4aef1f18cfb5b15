package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// patience bounds a subtest against a store that hangs.
const patience = time.Minute

// The agents that most cases are about, registered by world.people.
const (
	ann   store.AgentID = "ag-Ann0000000000000"
	bob   store.AgentID = "ag-Bob0000000000000"
	cyd   store.AgentID = "ag-Cyd0000000000000"
	bonus               = 100
)

// world is a store under test, with helpers to fill it and to read it.
type world struct {
	*testing.T
	ctx   context.Context
	store store.Store
	// now is the instant of the test, in UTC and to the microsecond.
	now time.Time
	// agents and tasks are the ids that a snapshot looks at.
	agents []store.AgentID
	tasks  []store.TaskID
	// start is where the feed began.
	start store.Position
	suite
}

func newWorld(t *testing.T, store store.Store, s suite) *world {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	w := &world{
		T: t, ctx: ctx, store: store, suite: s,
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

// equal compares what was read with what was expected.
func (w *world) equal(got, want any) {
	w.Helper()
	if d := diff(got, want); d != "" {
		w.Fatalf("%s", d)
	}
}

// commit commits a Change whose guards must hold.
func (w *world) commit(c *store.Change) store.Committed {
	w.Helper()
	if c.At.IsZero() {
		c.At = w.now
	}
	done, err := w.store.Commit(w.ctx, c)
	w.ok(err)
	return done
}

// conflict returns the guard that an error names, or fails the test.
func (w *world) conflict(err error, guard store.Guard) store.Conflict {
	w.Helper()
	var conflict *store.Conflict
	if !errors.As(err, &conflict) {
		w.Fatalf("got %v, want a *Conflict of guard %q", err, guard)
	}
	if conflict.Guard != guard {
		w.Fatalf("got guard %q, want %q", conflict.Guard, guard)
	}
	return *conflict
}

// refused commits a Change that must fail one guard, and compares everything
// readable before and after.
func (w *world) refused(c *store.Change, guard store.Guard) store.Conflict {
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
	for _, id := range []store.AgentID{ann, bob, cyd} {
		w.register(id)
	}
}

// register makes an agent with the bonus.
func (w *world) register(id store.AgentID) {
	w.Helper()
	w.commit(w.registration(id))
	w.agents = append(w.agents, id)
}

func (w *world) registration(id store.AgentID) *store.Change {
	return &store.Change{
		At:        w.now,
		Agents:    []store.AgentWrite{{New: w.profile(id), Key: keyOf(id)}},
		Transfers: []store.Transfer{w.grant(id, bonus)},
	}
}

func (w *world) profile(id store.AgentID) *store.Profile {
	return &store.Profile{ID: id, Version: 1, Name: "agent " + string(id), CreatedAt: w.now}
}

// keyOf is the digest of a registered agent's API key.
func keyOf(id store.AgentID) store.KeyDigest { return sha256.Sum256([]byte("pwk-" + id)) }

// grant gives an agent credits out of nothing.
func (w *world) grant(id store.AgentID, amount int64) store.Transfer {
	return store.Transfer{
		ID: nextEntry(), From: store.PlatformAccount, To: store.AgentAccount(id),
		Amount: amount, Kind: store.EntrySignupBonus, Agent: id, At: w.now,
	}
}

// about is what an operator takes back or grants about the first task.
func (w *world) about(kind store.EntryKind, id store.AgentID, amount int64) store.Transfer {
	t := w.grant(id, amount)
	t.Kind, t.Task = kind, taskNo(1)
	if kind == store.EntryClawBack {
		t.From, t.To = t.To, t.From
	}
	return t
}

// change reads an agent's profile, edits a copy, and commits it.
func (w *world) change(id store.AgentID, edit func(*store.Profile)) {
	w.Helper()
	w.commit(&store.Change{Agents: []store.AgentWrite{w.edited(id, edit)}})
}

func (w *world) edited(id store.AgentID, edit func(*store.Profile)) store.AgentWrite {
	w.Helper()
	old := w.agent(id).Profile
	next := old
	next.Version++
	edit(&next)
	return store.AgentWrite{Old: &old, New: &next}
}

// rekey gives an agent another key, beside which the one before counts until then.
func (w *world) rekey(id store.AgentID, key store.KeyDigest, until time.Time) {
	w.Helper()
	write := w.edited(id, func(p *store.Profile) { p.OldKeyUntil = until })
	write.Key = key
	w.commit(&store.Change{Agents: []store.AgentWrite{write}})
}

// whoHas is the agent that a key finds at an instant, "" for none.
func (w *world) whoHas(key store.KeyDigest, at time.Time) store.AgentID {
	w.Helper()
	got, err := w.store.Admit(w.ctx, store.Admission{Now: at, Key: &key})
	w.ok(err)
	if got.Agent == nil {
		return ""
	}
	return got.Agent.ID
}

// named makes an agent with an external id.
func (w *world) named(id store.AgentID, external string) {
	w.Helper()
	w.commit(&store.Change{Agents: []store.AgentWrite{w.naming(id, external)}})
}

func (w *world) naming(id store.AgentID, external string) store.AgentWrite {
	p := w.profile(id)
	p.ExternalID = external
	return store.AgentWrite{New: p, Key: keyOf(id)}
}

// agent reads an agent that exists.
func (w *world) agent(id store.AgentID) *store.Agent {
	w.Helper()
	found, err := w.store.Agents(w.ctx, []store.AgentID{id})
	w.ok(err)
	if len(found) != 1 {
		w.Fatalf("got %d agents with the id %s, want 1", len(found), id)
	}
	return found[0]
}

// open is a new posted task.
func (w *world) open(id store.TaskID, poster store.AgentID) *store.Task {
	return &store.Task{
		ID: id, Version: 1, Poster: poster, MaxCredits: 10, Status: store.StatusPosted,
		CreatedAt: w.now, ExpiresAt: w.in(72 * time.Hour), NextDue: w.in(72 * time.Hour),
	}
}

// put inserts a task without moving credits.
func (w *world) put(t *store.Task) *store.Task {
	w.Helper()
	done := w.commit(&store.Change{Tasks: []store.TaskWrite{{New: t, Text: textOf(t.ID)}}})
	if len(done.Seqs) != 1 {
		w.Fatalf("got %d numbers for one inserted task", len(done.Seqs))
	}
	w.tasks = append(w.tasks, t.ID)
	return w.task(t.ID)
}

// post inserts an open task of the poster.
func (w *world) post(id store.TaskID, poster store.AgentID) *store.Task {
	w.Helper()
	return w.put(w.open(id, poster))
}

func textOf(id store.TaskID) store.TaskText {
	return store.TaskText{Need: "need of " + string(id), Context: "context of " + string(id)}
}

// task reads a task that exists.
func (w *world) task(id store.TaskID) *store.Task {
	w.Helper()
	found, err := w.store.Tasks(w.ctx, []store.TaskID{id})
	w.ok(err)
	if len(found) != 1 {
		w.Fatalf("got %d tasks with the id %s, want 1", len(found), id)
	}
	return found[0].Task
}

// rewritten is old in its next version, edited.
func rewritten(old *store.Task, edit func(*store.Task)) store.TaskWrite {
	next := *old
	next.Version++
	edit(&next)
	return store.TaskWrite{Old: old, New: &next}
}

// rewrite commits an edited task and reads it again.
func (w *world) rewrite(old *store.Task, edit func(*store.Task)) *store.Task {
	w.Helper()
	w.commit(&store.Change{Tasks: []store.TaskWrite{rewritten(old, edit)}})
	return w.task(old.ID)
}

// claimedBy edits a task into the hands of a worker.
func (w *world) claimedBy(worker store.AgentID) func(*store.Task) {
	return func(t *store.Task) {
		t.Status = store.StatusClaimed
		t.Claim = &store.Claim{Worker: worker, At: w.now}
	}
}

// ended edits a task into a final state.
func ended(at time.Time) func(*store.Task) {
	return func(t *store.Task) {
		t.Status = store.StatusCancelled
		t.Ending = &store.Ending{At: at}
		t.NextDue = time.Time{}
	}
}

// load reads what a decision needs.
func (w *world) load(q store.LoadQuery) *store.Loaded {
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
func taskNo(n int) store.TaskID { return store.TaskID(fmt.Sprintf("tk-%016d", n)) }

func agentNo(n int) store.AgentID { return store.AgentID(fmt.Sprintf("ag-%016d", n)) }

// ids are what a test compares of tasks.
func ids(tasks []store.StoredTask) []store.TaskID {
	var out []store.TaskID
	for _, t := range tasks {
		out = append(out, t.Task.ID)
	}
	return out
}
