package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

var noon = time.Date(2031, 3, 5, 12, 0, 0, 0, time.UTC)

// shop is a store with agents "ag-0" (poor) to "ag-4".
func shop(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for n := range 5 {
		id := store.AgentID(fmt.Sprint("ag-", n))
		_, err := s.Commit(t.Context(), &store.Change{
			At:     noon,
			Agents: []store.AgentWrite{{New: &store.Profile{ID: id, Version: 1}, Key: market.APIKey(id).Digest()}},
			Transfers: []store.Transfer{{
				ID: store.EntryID("le-" + id), From: store.PlatformAccount, To: store.AgentAccount(id),
				Amount: int64(1 + n*1000), Kind: store.EntrySignupBonus, Agent: id, At: noon,
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// posted is a task of 10 credits by the poster, of which the agents are told.
func posted(n int, poster store.AgentID, told ...store.AgentID) *store.Change {
	task := &store.Task{
		ID: store.TaskID(fmt.Sprint("tk-", n)), Version: 1, Poster: poster, MaxCredits: 10,
		CreatedAt: noon, ExpiresAt: noon.Add(time.Hour), Status: store.StatusPosted, NextDue: noon.Add(time.Hour),
	}
	c := &store.Change{
		At: noon, Active: []store.AgentID{poster},
		Tasks: []store.TaskWrite{{New: task, Text: store.TaskText{Need: "n"}}},
		Transfers: []store.Transfer{{
			ID: store.EntryID("le-" + task.ID), From: store.AgentAccount(poster), To: store.EscrowAccount(task.ID),
			Amount: 10, Kind: store.EntryEscrow, Agent: poster, Task: task.ID, At: noon,
		}},
		Accounts: []store.AccountDelta{{Agent: poster, Posted: 1, Escrowed: 10}},
	}
	for rank, id := range told {
		c.Events = append(c.Events, store.Event{
			Agent: id, Type: store.EventTaskMatched, Task: task.ID, Data: store.EventData{Rank: &rank}, At: noon,
		})
	}
	return c
}

func inQueue(t *testing.T, c *store.Change) *queued {
	t.Helper()
	var e encoder
	w, err := e.change(c)
	if err != nil {
		t.Fatal(err)
	}
	p, err := postingOf(w, &e)
	if err != nil || p == nil {
		t.Fatal(p, err)
	}
	return &queued{posting: p, turn: make(chan turn, 1)}
}

// events are the tasks that an agent was told of, by number from 1.
func events(t *testing.T, s *Store, id store.AgentID) (tasks []store.TaskID) {
	t.Helper()
	list, err := s.Events(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range list.Events {
		if e.Seq != int64(i+1) {
			t.Errorf("event %d of %s has number %d", i+1, id, e.Seq)
		}
		tasks = append(tasks, e.Task)
	}
	return tasks
}

func TestPostingsOfAGroupAreWrittenTogether(t *testing.T) {
	s := shop(t)
	group := []*queued{
		inQueue(t, posted(1, "ag-2", "ag-1", "ag-3")), inQueue(t, posted(2, "ag-2", "ag-3")),
		inQueue(t, posted(3, "ag-3", "ag-2", "ag-1")),
	}
	for i, turn := range s.postGroup(t.Context(), group) {
		if turn.err != nil || turn.alone || !slices.Equal(turn.done.Seqs, []int64{int64(i + 1)}) {
			t.Errorf("posting %d: %+v", i+1, turn)
		}
	}
	for id, want := range map[store.AgentID][]store.TaskID{
		"ag-1": {"tk-1", "tk-3"}, "ag-2": {"tk-3"}, "ag-3": {"tk-1", "tk-2"},
	} {
		if got := events(t, s, id); !slices.Equal(got, want) {
			t.Errorf("%s was told of %v, want %v", id, got, want)
		}
	}
	page, err := s.Ledger(t.Context(), store.PageQuery{Agent: "ag-2", Limit: 10, Now: noon})
	if err != nil || page.Total != 3 || page.Account.Balance != 1981 || page.Account.Escrowed != 20 || page.Account.Posted != 2 {
		t.Errorf("the ledger: %+v, %v", page.Account, err)
	}
}

func TestGroupWithARefusalIsUndoneAndEachGoesAlone(t *testing.T) {
	s := shop(t)
	group := []*queued{inQueue(t, posted(1, "ag-2", "ag-3")), inQueue(t, posted(2, "ag-0", "ag-3"))}
	for i, turn := range s.postGroup(t.Context(), group) {
		if !turn.alone || turn.err != nil {
			t.Errorf("posting %d: %+v", i+1, turn)
		}
	}
	if told := events(t, s, "ag-3"); told != nil {
		t.Errorf("told of %v", told)
	}
}

// Many post at once with one listener; the poor are refused, nobody else is.
func TestPostingsAtOnce(t *testing.T) {
	s := shop(t)
	var all sync.WaitGroup
	for n := range 60 {
		poster := store.AgentID(fmt.Sprint("ag-", n%3))
		all.Go(func() {
			_, err := s.Commit(t.Context(), posted(n, poster, "ag-4"))
			var refused *store.Conflict
			if poor := poster == "ag-0"; poor != (errors.As(err, &refused) && refused.Guard == store.GuardBalance) || !poor && err != nil {
				t.Errorf("posting %d by %s: %v", n, poster, err)
			}
		})
	}
	all.Wait()
	if told := events(t, s, "ag-4"); len(told) != 40 {
		t.Errorf("told of %d tasks", len(told))
	}
	if q := s.queue; len(q.running)+len(q.wanted)+len(q.waiting) != 0 {
		t.Errorf("left over: %v %v %v", q.running, q.wanted, q.waiting)
	}
}

// Who waits for a posting that is stuck may give up, and disturbs nobody.
func TestPostingThatWaitsEndsWithItsContext(t *testing.T) {
	s := shop(t)
	tx, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "select from pinchwork.account where id = 'ag-4' for update"); err != nil {
		t.Fatal(err)
	}
	stuck := make(chan error, 1)
	go func() { _, err := s.Commit(t.Context(), posted(1, "ag-1", "ag-4")); stuck <- err }()
	for entered := false; !entered; {
		s.queue.mu.Lock()
		entered = len(s.queue.running) > 0
		s.queue.mu.Unlock()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Commit(ctx, posted(2, "ag-2", "ag-4")); !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up: %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-stuck; err != nil {
		t.Errorf("who was stuck: %v", err)
	}
}
