package sqlite_test

import (
	"context"
	"testing"

	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// audit finds what a change done by halves would leave: accounts that are not what
// their entries, events and tasks say.
type audit struct {
	testing.TB
	store *sqlite.Store
	// by agent
	balance, escrowed, claims map[store.AgentID]int64
	// counted by status, and escrows by task
	tasks   map[store.Status]int64
	escrows map[store.TaskID]int64
}

// check audits a store, and looks for what was acknowledged.
func check(t testing.TB, s *sqlite.Store, acknowledged versions) {
	t.Helper()
	a := &audit{
		TB: t, store: s, balance: map[store.AgentID]int64{}, escrowed: map[store.AgentID]int64{}, claims: map[store.AgentID]int64{},
		tasks: map[store.Status]int64{}, escrows: map[store.TaskID]int64{},
	}
	a.readEntries()
	a.readTasks(acknowledged)
	a.compare()
}

func (a *audit) readEntries() {
	a.Helper()
	for after := ""; ; {
		entries, next, err := a.store.Entries(context.Background(), "", after, 1000)
		if err != nil {
			a.Fatal(err)
		}
		for i := range entries {
			e := &entries[i]
			if a.balance[e.Agent] += e.Signed(); e.Agent != "" && a.balance[e.Agent] != e.Balance {
				a.Fatalf("entry %d of %s says %d, its sum is %d", e.Seq, e.Agent, e.Balance, a.balance[e.Agent])
			}
			if e.To == store.EscrowAccount(e.Task) {
				a.escrows[e.Task] += e.Amount
			} else if e.From == store.EscrowAccount(e.Task) {
				a.escrows[e.Task] -= e.Amount
			}
		}
		if after = next; after == "" {
			return
		}
	}
}

func (a *audit) readTasks(acknowledged versions) {
	a.Helper()
	found := versions{}
	for after := int64(0); ; {
		tasks, err := a.store.ScanTasks(context.Background(), after, 1000)
		if err != nil {
			a.Fatal(err)
		}
		if len(tasks) == 0 {
			break
		}
		for _, t := range tasks {
			a.add(t.Task)
			found.add(t.Task.ID, t.Task.Version)
			after = t.Task.Seq
		}
	}
	for id, version := range acknowledged {
		if found[id] < version {
			a.Errorf("%s has version %d, and %d was acknowledged", id, found[id], version)
		}
	}
}

func (a *audit) add(t *store.Task) {
	a.Helper()
	a.tasks[t.Status]++
	held := t.MaxCredits
	if t.Status.Ended() {
		held = 0
	}
	a.escrowed[t.Poster] += held
	if t.Status == store.StatusClaimed {
		a.claims[t.Worker()]++
	}
	if a.escrows[t.ID] != held {
		a.Errorf("%s is %s, and its escrow holds %d", t.ID, t.Status, a.escrows[t.ID])
	}
}

func (a *audit) compare() {
	a.Helper()
	agents, err := a.store.ScanAgents(context.Background(), "", 10_000)
	if err != nil {
		a.Fatal(err)
	}
	for _, g := range agents {
		if g.Balance != a.balance[g.ID] || g.Escrowed != a.escrowed[g.ID] || g.OpenClaims != a.claims[g.ID] {
			a.Errorf("%s has %d, %d in escrow and %d claims; entries and tasks say %d, %d, %d",
				g.ID, g.Balance, g.Escrowed, g.OpenClaims, a.balance[g.ID], a.escrowed[g.ID], a.claims[g.ID])
		}
		events, err := a.store.Events(context.Background(), g.ID, 0, 1_000_000)
		if err != nil || int64(len(events.Events)) != g.EventSeq {
			a.Errorf("%s has %d events of %d, %v", g.ID, len(events.Events), g.EventSeq, err)
		}
	}
	totals, err := a.store.Totals(context.Background())
	for _, status := range store.Statuses() {
		if err != nil || totals.Tasks[status] != a.tasks[status] {
			a.Errorf("the totals count %d %s tasks, there are %d; %v", totals.Tasks[status], status, a.tasks[status], err)
		}
	}
}
