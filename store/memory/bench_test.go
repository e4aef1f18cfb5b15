package memory_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

var now = time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)

func agentNo(i int) market.AgentID { return market.AgentID(fmt.Sprintf("ag-%016d", i)) }

// filled is a store with agents that have credit.
func filled(tb testing.TB, agents int) *memory.Store {
	tb.Helper()
	s := memory.New()
	for i := range agents {
		id := agentNo(i)
		commit(tb, s, &market.Change{
			At: now,
			Agents: []market.AgentWrite{{
				New: &market.Profile{ID: id, Version: 1, Name: string(id), CreatedAt: now},
				Key: market.APIKey(id).Digest(),
			}},
			Transfers: []market.Transfer{{
				ID: "le-0", From: market.PlatformAccount, To: market.AgentAccount(id), Amount: 1 << 40,
				Kind: market.EntrySignupBonus, Agent: id, At: now,
			}},
		})
	}
	return s
}

func commit(tb testing.TB, s *memory.Store, c *market.Change) {
	tb.Helper()
	if _, err := s.Commit(context.Background(), c); err != nil {
		tb.Fatal(err)
	}
}

// post is what a Market commits for a new task.
func post(i int, poster market.AgentID) *market.Change {
	id := market.TaskID(fmt.Sprintf("tk-%016d", i))
	at := now.Add(time.Duration(i) * time.Microsecond)
	return &market.Change{
		At:     at,
		Active: []market.AgentID{poster},
		Tasks: []market.TaskWrite{{New: &market.Task{
			ID: id, Version: 1, Poster: poster, MaxCredits: 50, Status: market.StatusPosted,
			CreatedAt: at, ExpiresAt: at.Add(72 * time.Hour), NextDue: at.Add(72 * time.Hour),
		}, Text: market.TaskText{Need: "need"}}},
		Transfers: []market.Transfer{{
			ID: market.EntryID(fmt.Sprintf("le-%016d", i)), From: market.AgentAccount(poster), To: market.EscrowAccount(id),
			Amount: 50, Kind: market.EntryEscrow, Agent: poster, Task: id, At: at,
		}},
		Accounts: []market.AccountDelta{{Agent: poster, Posted: 1, Escrowed: 50}},
		Feed:     []market.FeedItem{{Kind: market.FeedTask, Task: id, Version: 1, Open: true}},
	}
}

// next replaces a task.
func next(old *market.Task, edit func(*market.Task)) (*market.Task, market.TaskWrite) {
	t := *old
	t.Version++
	edit(&t)
	return &t, market.TaskWrite{Old: old, New: &t}
}

// claim is what a Market commits for a pickup.
func claim(old *market.Task, worker market.AgentID) *market.Change {
	_, w := next(old, func(t *market.Task) {
		t.Status, t.Claim = market.StatusClaimed, &market.Claim{Worker: worker, At: now}
	})
	return &market.Change{
		At: now, Active: []market.AgentID{old.Poster, worker}, Tasks: []market.TaskWrite{w},
		Roles:    []market.RoleWrite{{Task: old.ID, Agent: worker, Role: market.RoleWorker}},
		Accounts: []market.AccountDelta{{Agent: worker, OpenClaims: 1}},
		Events:   []market.Event{{Agent: old.Poster, Type: market.EventTaskClaimed, Task: old.ID, At: now}},
		Feed:     []market.FeedItem{{Kind: market.FeedTask, Task: old.ID, Version: 2}},
		WantText: old.ID,
	}
}

// finish are the delivery and the approval of a claimed task.
func finish(claimed *market.Task) (deliver, approve *market.Change) {
	worker, id := claimed.Worker(), claimed.ID
	t, w := next(claimed, func(t *market.Task) {
		t.Status, t.Delivery = market.StatusDelivered, &market.Delivery{No: 1, At: now, Charged: 50}
	})
	deliver = &market.Change{
		At: now, Tasks: []market.TaskWrite{w}, Results: []market.Result{{Task: id, No: 1, Text: "done"}},
		Accounts: []market.AccountDelta{{Agent: worker, OpenClaims: -1}},
		Events:   []market.Event{{Agent: t.Poster, Type: market.EventTaskDelivered, Task: id, At: now}},
	}
	_, w = next(t, func(t *market.Task) {
		t.Status, t.Ending, t.NextDue = market.StatusApproved, &market.Ending{At: now, Charged: 50, Fee: 5}, time.Time{}
	})
	from := market.EscrowAccount(id)
	approve = &market.Change{
		At: now, Tasks: []market.TaskWrite{w},
		Transfers: []market.Transfer{
			{ID: "le-1", From: from, To: market.AgentAccount(worker), Amount: 45, Kind: market.EntryPayment, Agent: worker, Task: id, Fee: 5, At: now},
			{ID: "le-2", From: from, To: market.PlatformAccount, Amount: 5, Kind: market.EntryPlatformFee, Task: id, At: now},
		},
		Accounts: []market.AccountDelta{
			{Agent: worker, Completed: 1, Earned: 45, Fees: 5, Charged: 50}, {Agent: t.Poster, Escrowed: -50, Spent: 50},
		},
		Events: []market.Event{{Agent: worker, Type: market.EventTaskApproved, Task: id, At: now}},
		Feed:   []market.FeedItem{{Kind: market.FeedAgent, Agent: worker}},
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
			var tasks []*market.Task
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
							c := []*market.Change{claim(tasks[i], agentNo(w))}
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
	q := market.LoadQuery{Now: now, Caller: agentNo(1), Task: "tk-0000000000000001", Text: true, Trust: true, Role: true}
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
