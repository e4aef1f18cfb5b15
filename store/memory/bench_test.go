package memory_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

var now = time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)

func agentNo(i int) store.AgentID { return store.AgentID(fmt.Sprintf("ag-%016d", i)) }

// filled is a store with agents that have credit.
func filled(tb testing.TB, agents int) *memory.Store {
	tb.Helper()
	s := memory.New()
	for i := range agents {
		id := agentNo(i)
		commit(tb, s, &store.Change{
			At: now,
			Agents: []store.AgentWrite{{
				New: &store.Profile{ID: id, Version: 1, Name: string(id), CreatedAt: now},
				Key: market.APIKey(id).Digest(),
			}},
			Transfers: []store.Transfer{{
				ID: "le-0", From: store.PlatformAccount, To: store.AgentAccount(id), Amount: 1 << 40,
				Kind: store.EntrySignupBonus, Agent: id, At: now,
			}},
		})
	}
	return s
}

func commit(tb testing.TB, s *memory.Store, c *store.Change) {
	tb.Helper()
	if _, err := s.Commit(context.Background(), c); err != nil {
		tb.Fatal(err)
	}
}

// post is what a Market commits for a new task.
func post(i int, poster store.AgentID) *store.Change {
	id := store.TaskID(fmt.Sprintf("tk-%016d", i))
	at := now.Add(time.Duration(i) * time.Microsecond)
	return &store.Change{
		At:     at,
		Active: []store.AgentID{poster},
		Tasks: []store.TaskWrite{{New: &store.Task{
			ID: id, Version: 1, Poster: poster, MaxCredits: 50, Status: store.StatusPosted,
			CreatedAt: at, ExpiresAt: at.Add(72 * time.Hour), NextDue: at.Add(72 * time.Hour),
		}, Text: store.TaskText{Need: "need"}}},
		Transfers: []store.Transfer{{
			ID: store.EntryID(fmt.Sprintf("le-%016d", i)), From: store.AgentAccount(poster), To: store.EscrowAccount(id),
			Amount: 50, Kind: store.EntryEscrow, Agent: poster, Task: id, At: at,
		}},
		Accounts: []store.AccountDelta{{Agent: poster, Posted: 1, Escrowed: 50}},
		Feed:     []store.FeedItem{{Kind: store.FeedTask, Task: id, Version: 1, Open: true}},
	}
}

// next replaces a task.
func next(old *store.Task, edit func(*store.Task)) (*store.Task, store.TaskWrite) {
	t := *old
	t.Version++
	edit(&t)
	return &t, store.TaskWrite{Old: old, New: &t}
}

// claim is what a Market commits for a pickup.
func claim(old *store.Task, worker store.AgentID) *store.Change {
	_, w := next(old, func(t *store.Task) {
		t.Status, t.Claim = store.StatusClaimed, &store.Claim{Worker: worker, At: now}
	})
	return &store.Change{
		At: now, Active: []store.AgentID{old.Poster, worker}, Tasks: []store.TaskWrite{w},
		Roles:    []store.RoleWrite{{Task: old.ID, Agent: worker, Role: store.RoleWorker}},
		Accounts: []store.AccountDelta{{Agent: worker, OpenClaims: 1}},
		Events:   []store.Event{{Agent: old.Poster, Type: store.EventTaskClaimed, Task: old.ID, At: now}},
		Feed:     []store.FeedItem{{Kind: store.FeedTask, Task: old.ID, Version: 2}},
		WantText: old.ID,
	}
}

// finish are the delivery and the approval of a claimed task.
func finish(claimed *store.Task) (deliver, approve *store.Change) {
	worker, id := claimed.Worker(), claimed.ID
	t, w := next(claimed, func(t *store.Task) {
		t.Status, t.Delivery = store.StatusDelivered, &store.Delivery{No: 1, At: now, Charged: 50}
	})
	deliver = &store.Change{
		At: now, Tasks: []store.TaskWrite{w}, Results: []store.Result{{Task: id, No: 1, Text: "done"}},
		Accounts: []store.AccountDelta{{Agent: worker, OpenClaims: -1}},
		Events:   []store.Event{{Agent: t.Poster, Type: store.EventTaskDelivered, Task: id, At: now}},
	}
	_, w = next(t, func(t *store.Task) {
		t.Status, t.Ending, t.NextDue = store.StatusApproved, &store.Ending{At: now, Charged: 50, Fee: 5}, time.Time{}
	})
	from := store.EscrowAccount(id)
	approve = &store.Change{
		At: now, Tasks: []store.TaskWrite{w},
		Transfers: []store.Transfer{
			{ID: "le-1", From: from, To: store.AgentAccount(worker), Amount: 45, Kind: store.EntryPayment, Agent: worker, Task: id, Fee: 5, At: now},
			{ID: "le-2", From: from, To: store.PlatformAccount, Amount: 5, Kind: store.EntryPlatformFee, Task: id, At: now},
		},
		Accounts: []store.AccountDelta{
			{Agent: worker, Completed: 1, Earned: 45, Fees: 5, Charged: 50}, {Agent: t.Poster, Escrowed: -50, Spent: 50},
		},
		Events: []store.Event{{Agent: worker, Type: store.EventTaskApproved, Task: id, At: now}},
		Feed:   []store.FeedItem{{Kind: store.FeedAgent, Agent: worker}},
	}
	return deliver, approve
}

func BenchmarkPost(b *testing.B) {
	for _, open := range []int{1000, 1_000_000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
			s := filled(b, 100)
			for i := range open {
				commit(b, s, post(i, agentNo(i%100)))
			}
			b.ReportAllocs()
			for b.Loop() {
				commit(b, s, post(open, agentNo(open%100)))
				open++
			}
		})
	}
}

func BenchmarkLifecycle(b *testing.B) {
	s, n := filled(b, 100), 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		c := post(n, agentNo(n%100))
		commit(b, s, c)
		taken := claim(c.Tasks[0].New, agentNo((n+1)%100))
		commit(b, s, taken)
		deliver, approve := finish(taken.Tasks[0].New)
		commit(b, s, deliver)
		commit(b, s, approve)
	}
}

// BenchmarkClaim takes tasks from one pool of 100,000 by several goroutines.
func BenchmarkClaim(b *testing.B) {
	const pool = 100_000
	for _, workers := range []int{1, 64} {
		b.Run(fmt.Sprintf("goroutines=%d", workers), func(b *testing.B) {
			var s *memory.Store
			var tasks []*store.Task
			var taken atomic.Int64
			refill := func() {
				s, tasks = filled(b, 100), tasks[:0]
				taken.Store(0)
				for i := range pool {
					c := post(i, agentNo(i%100))
					commit(b, s, c)
					tasks = append(tasks, c.Tasks[0].New)
				}
			}
			for rounds := 0; rounds < b.N; rounds += pool {
				b.StopTimer()
				refill()
				want := int64(min(pool, b.N-rounds))
				b.StartTimer()
				done := make(chan struct{})
				for w := range workers {
					go func() {
						defer func() { done <- struct{}{} }()
						for i := taken.Add(1) - 1; i < want; i = taken.Add(1) - 1 {
							c := []*store.Change{claim(tasks[i], agentNo(w))}
							if index, _, _, err := s.CommitFirst(context.Background(), c); index != 0 || err != nil {
								b.Error(index, err)
							}
						}
					}()
				}
				for range workers {
					<-done
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	s := filled(b, 100)
	for i := range 10_000 {
		commit(b, s, post(i, agentNo(i%100)))
	}
	q := store.LoadQuery{Now: now, Caller: agentNo(1), Task: "tk-0000000000000001", Text: true, Trust: true, Role: true}
	b.ReportAllocs()
	for b.Loop() {
		if l, err := s.Load(context.Background(), q); err != nil || l.Task == nil {
			b.Fatal(l, err)
		}
	}
}

// BenchmarkMemoryPerOpenTask reports the heap that a million open tasks take,
// the tasks themselves and one ledger entry each included, texts excluded.
func BenchmarkMemoryPerOpenTask(b *testing.B) {
	const open = 1_000_000
	for b.Loop() {
		s := filled(b, 1000)
		before := heap()
		for i := range open {
			commit(b, s, post(i, agentNo(i%1000)))
		}
		b.ReportMetric(float64(heap()-before)/open, "B/task")
		runtime.KeepAlive(s)
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
