package faults_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// verify ends the load and proves that everything acknowledged is there once:
// tasks, credits, events and webhooks.
func (l *load) verify(url string) {
	t := l.t
	t.Helper()
	l.stop.Store(true)
	acknowledged, lost, doubled := 0, 0, 0
	await(t, "the lanes to end", 90*time.Second, func() bool { return l.ended() })
	for i, ln := range l.lanes {
		acknowledged += len(ln.approved)
		gone, twice := ln.books(t, url)
		lost, doubled = lost+gone, doubled+twice
		if len(ln.approved) == 0 {
			t.Errorf("lane %d did nothing", i)
		}
	}
	l.heard(&lost, &doubled)
	admin, err := httpclient.NewAdmin(url, adminKey)
	if err != nil {
		t.Fatal(err)
	}
	report, err := admin.Audit(t.Context())
	if err != nil || !report.OK || report.Sum != 0 {
		t.Errorf("the audit says %+v, %v", report, err)
	}
	l.ends()
	l.wait.Wait()
	t.Logf("acknowledged lives %d, entries %d, lost %d, doubled %d", acknowledged, report.Entries, lost, doubled)
	if lost > 0 || doubled > 0 {
		t.Errorf("lost %d, doubled %d", lost, doubled)
	}
}

// ended reports whether all lanes have stopped: their streams go on.
func (l *load) ended() bool {
	for _, ln := range l.lanes {
		if !ln.idle.Load() {
			return false
		}
	}
	return true
}

// books compares the lane's tasks and balances with what was acknowledged.
func (ln *lane) books(t *testing.T, url string) (lost, doubled int) {
	t.Helper()
	c := ln.client(t, url)
	n := int64(len(ln.approved))
	for _, id := range ln.approved {
		v, err := c.poster.Task(t.Context(), id, 0)
		if err != nil || v.Status != market.StatusApproved {
			t.Errorf("acknowledged task %s is %s, %v", id, v.Status, err)
			lost++
		}
	}
	poster, err := c.poster.Credits(t.Context(), market.Page{})
	if err != nil || poster.Balance != 1_000_000-n*price || poster.Escrowed != 0 {
		t.Errorf("the poster has %d and %d in escrow after %d tasks, %v", poster.Balance, poster.Escrowed, n, err)
		doubled++
	}
	worker, err := c.worker.Credits(t.Context(), market.Page{})
	if err != nil || worker.Balance != 1_000_000+n*(price-fee) || int64(worker.Total) != n+1 {
		t.Errorf("the worker has %d in %d entries after %d tasks, %v", worker.Balance, worker.Total, n, err)
		doubled++
	}
	return lost, doubled
}

type clients struct{ poster, worker *httpclient.Client }

// client returns clients of a replica that is alive.
func (ln *lane) client(t *testing.T, url string) clients {
	t.Helper()
	return clients{ln.poster.at(t, url), ln.worker.at(t, url)}
}

// at returns the person's client of one server.
func (p person) at(t *testing.T, url string) *httpclient.Client {
	t.Helper()
	for _, c := range p.clients {
		if c.Server() == url {
			return c
		}
	}
	t.Fatalf("no client of %s", url)
	return nil
}

// heard waits for the events and webhooks of what was acknowledged.
func (l *load) heard(lost, doubled *int) {
	t := l.t
	t.Helper()
	for _, ln := range l.lanes {
		for _, typ := range []market.EventType{store.EventTaskClaimed, store.EventTaskDelivered} {
			if !within(20*time.Second, func() bool { return len(ln.eventsOf(typ)) >= len(ln.approved) }) {
				t.Errorf("%d events %s for %d tasks", len(ln.eventsOf(typ)), typ, len(ln.approved))
				*lost++
			}
			for id, n := range ln.eventsOf(typ) {
				if n > 1 {
					t.Errorf("%d events %s of task %s", n, typ, id)
					*doubled++
				}
			}
		}
	}
	for _, ln := range l.lanes {
		for _, id := range ln.approved {
			what := fmt.Sprintf("%s %s", store.EventTaskApproved, id)
			if !within(30*time.Second, func() bool { return l.hooks.events()[what] > 0 }) {
				t.Errorf("no webhook %q", what)
				*lost++
				return
			}
		}
	}
}

// eventsOf counts the poster's events of a type by task.
func (ln *lane) eventsOf(typ market.EventType) map[market.TaskID]int {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	out := map[market.TaskID]int{}
	for _, e := range ln.events {
		if e.Type == typ {
			out[e.Task]++
		}
	}
	return out
}

func within(patience time.Duration, condition func() bool) bool {
	for end := time.Now().Add(patience); !condition(); {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
	return true
}
