package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

const (
	nobody  store.AgentID = "ag-nobody0000000000"
	nothing store.TaskID  = "tk-nothing000000000"
)

// Absence is a nil pointer or an empty slice, never an error.
var absenceCases = []testCase{
	{"Load", func(w *world) {
		page := &store.TalkQuery{Limit: 10}
		l := w.load(store.LoadQuery{
			Caller: nobody, Agent: nobody, Task: nothing, Text: true, Role: true, TrustIn: true,
			Question: "qa-none", Questions: page, Messages: page, Report: "rp-none",
			Idempotency: &store.IdempotencyID{Caller: nobody, Operation: "post", Key: "k"},
		})
		w.equal(l, &store.Loaded{})
		w.equal(w.load(store.LoadQuery{External: "nobody"}), &store.Loaded{})
	}},
	{"Admit", func(w *world) {
		key := keyOf(nobody)
		for _, a := range []store.Admission{{Now: w.now, Key: &key}, {Now: w.now, Agent: nobody}} {
			got, err := w.store.Admit(w.ctx, a)
			w.ok(err)
			w.equal(got, store.Admitted{Allowed: true})
		}
	}},
	{"Tasks", func(w *world) {
		got, err := w.store.Tasks(w.ctx, []store.TaskID{nothing})
		w.ok(err)
		w.equal(len(got), 0)
	}},
	{"TasksOf", func(w *world) {
		got, err := w.store.TasksOf(w.ctx, store.TasksQuery{Agent: nobody, Limit: 10, Now: w.now})
		w.ok(err)
		w.equal(got, store.TasksPage{})
	}},
	{"Agents", func(w *world) {
		got, err := w.store.Agents(w.ctx, []store.AgentID{nobody})
		w.ok(err)
		w.equal(len(got), 0)
	}},
	{"Ledger", func(w *world) {
		got, err := w.store.Ledger(w.ctx, store.PageQuery{Agent: nobody, Limit: 10, Now: w.now})
		w.ok(err)
		w.equal(got, store.LedgerPage{})
	}},
	{"Stats", func(w *world) {
		row := w.stats(nobody, w.now)
		w.equal(row.Agent, (*store.Agent)(nil))
		w.equal(len(row.Tags), 0)
	}},
	{"TrustOf", func(w *world) {
		got, err := w.store.TrustOf(w.ctx, store.PageQuery{Agent: nobody, Limit: 10, Now: w.now})
		w.ok(err)
		w.equal(got, store.TrustPage{})
	}},
	{"Events", func(w *world) {
		w.equal(w.eventPage(nobody, 0, 10), store.EventPage{Oldest: 1, Suspended: true})
	}},
	{"Reports", func(w *world) {
		got, err := w.store.Reports(w.ctx, "", 10, 0)
		w.ok(err)
		w.equal(got, store.ReportPage{})
	}},
	{"Feed", func(w *world) {
		got, err := w.store.Feed(w.ctx, w.head(), 10)
		w.ok(err)
		w.equal(len(got.Items), 0)
		w.equal(got.More, false)
	}},
	{"Scans", func(w *world) {
		tasks, err := w.store.ScanTasks(w.ctx, 0, 10)
		w.ok(err)
		w.equal(len(tasks), 0)
		tasks, err = w.store.ScanOpen(w.ctx, 0, 10)
		w.ok(err)
		w.equal(len(tasks), 0)
		tasks, err = w.store.ScanEnded(w.ctx, 10, 0)
		w.ok(err)
		w.equal(len(tasks), 0)
		agents, err := w.store.ScanAgents(w.ctx, "", 10)
		w.ok(err)
		w.equal(len(agents), 0)
	}},
	{"Due", func(w *world) {
		w.equal(w.agenda(w.now, 10), store.Agenda{})
	}},
	{"Webhooks", func(w *world) {
		jobs, err := w.store.LeaseWebhooks(w.ctx, w.now, w.in(time.Minute), 10)
		w.ok(err)
		w.equal(len(jobs), 0)
		dead, err := w.store.DeadWebhooks(w.ctx, store.PageQuery{Agent: nobody, Limit: 10, Now: w.now})
		w.ok(err)
		w.equal(dead, store.DeadPage{})
		again, err := w.store.RedeliverWebhook(w.ctx, nobody, 1, w.now)
		w.ok(err)
		w.equal(again, false)
	}},
	{"Entries", func(w *world) {
		w.equal(len(w.entries()), 0)
		of, next, err := w.store.Entries(w.ctx, nothing, "", 10)
		w.ok(err)
		w.equal(len(of), 0)
		w.equal(next, "")
	}},
	{"Prune", func(w *world) {
		got, err := w.store.Prune(w.ctx, store.PruneQuery{
			Now: w.now, EventsBefore: w.now, EndedBefore: w.now, FeedBefore: w.now, DeadBefore: w.now, Limit: 10,
		})
		w.ok(err)
		w.equal(got, store.Pruned{})
	}},
	{"Ping", func(w *world) {
		_, err := w.store.Ping(w.ctx)
		w.ok(err)
	}},
	{"An ended context is an error and no conflict", func(w *world) {
		ctx, cancel := context.WithCancel(w.ctx)
		cancel()
		_, err := w.store.Commit(ctx, w.registration(ann))
		var conflict *store.Conflict
		if err == nil || errors.As(err, &conflict) {
			w.Fatalf("Commit in an ended context: got %v", err)
		}
		if _, err = w.store.Load(ctx, store.LoadQuery{Now: w.now, Caller: ann}); err == nil {
			w.Fatal("Load in an ended context: no error")
		}
		// Nothing was written, then or later.
		w.commit(w.registration(ann))
	}},
}
