package market_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// trips counts the calls of a store; each of them is one round trip, as
// storetest and the stores' own tests prove.
type trips struct {
	market.Store
	mu    sync.Mutex
	calls []string
}

func (s *trips) note(call string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

func (s *trips) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.calls
	s.calls = nil
	return out
}

func (s *trips) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	s.note("load")
	return s.Store.Load(ctx, q)
}

func (s *trips) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	s.note("commit")
	return s.Store.Commit(ctx, c)
}

func (s *trips) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	s.note("commit")
	return s.Store.CommitFirst(ctx, cs)
}

func (s *trips) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	s.note("commit")
	return s.Store.CommitEach(ctx, cs)
}

func (s *trips) Admit(ctx context.Context, a store.Admission) (market.Admitted, error) {
	s.note("admit")
	return s.Store.Admit(ctx, a)
}

func (s *trips) Tasks(ctx context.Context, ids []market.TaskID) ([]store.StoredTask, error) {
	s.note("read")
	return s.Store.Tasks(ctx, ids)
}

func (s *trips) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	s.note("read")
	return s.Store.TasksOf(ctx, q)
}

func (s *trips) Ledger(ctx context.Context, q store.PageQuery) (store.LedgerPage, error) {
	s.note("read")
	return s.Store.Ledger(ctx, q)
}

func (s *trips) Stats(ctx context.Context, q store.StatsQuery) (store.StatsRow, error) {
	s.note("read")
	return s.Store.Stats(ctx, q)
}

func (s *trips) Feed(ctx context.Context, after store.Position, limit int) (store.FeedPage, error) {
	s.note("feed")
	return s.Store.Feed(ctx, after, limit)
}

// An operation loads at most once and commits at most once, pickup and batch
// included; a request is let in by one more trip.
func TestRoundTrips(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		s := &trips{Store: k.Store}
		m, err := market.New(market.Config{Store: s, Clock: k.Clock})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(k.Ctx)
		var running sync.WaitGroup
		running.Go(func() { _ = m.Run(ctx) })
		defer running.Wait()
		defer cancel()
		ada, bob := k.Agent("ada"), k.Agent("bob")
		poster, worker := ada.On(m), bob.On(m)
		markettest.Eventually(t, "the board to be loaded", func() bool { return m.Ready(k.Ctx) == nil })
		poster.Browse()
		worker.Offers()
		poster.Post("the first", markettest.Budget(1))
		worker.Pickup() // from here on trust is known
		count := func(what string, call func(), want ...string) {
			t.Helper()
			s.taken()
			call()
			got := slices.DeleteFunc(s.taken(), func(call string) bool { return call == "feed" }) // the follower's
			if !slices.Equal(got, want) {
				t.Errorf("%s takes %v, want %v", what, got, want)
			}
		}
		var id market.TaskID
		count("admit", func() { _, _, _ = m.Admit(k.Ctx, ada.Key, &market.Charge{Bucket: "b", Every: time.Second, Burst: 9}) }, "admit")
		count("post", func() { id = poster.Post("x", markettest.Budget(1)) }, "load", "commit")
		count("pickup", func() { worker.Pickup() }, "load", "commit")
		count("deliver", func() { worker.Deliver(id, "x") }, "load", "commit")
		count("reject", func() { poster.Reject(id, "x") }, "load", "commit")
		worker.Deliver(id, "x")
		count("approve", func() { poster.Approve(id, 5) }, "load", "commit")
		count("rate", func() { worker.Rate(id, 5) }, "load", "commit")
		for range 4 {
			id = poster.Post("x", markettest.Budget(1))
		}
		count("ask", func() { worker.Ask(id, "x") }, "load", "commit")
		count("report", func() { worker.Report(id, "x") }, "load", "commit")
		count("batch", func() { worker.Batch(3) }, "load", "commit")
		count("claim", func() { worker.Claim(id) }, "load", "commit")
		count("message", func() { worker.Send(id, "x") }, "load", "commit")
		count("task", func() { worker.Task(id) }, "load")
		count("me", func() { worker.Me() }, "load")
		count("mine", func() { worker.Mine("", "") }, "read")
		count("credits", func() { worker.Credits() }, "read")
		count("stats", func() { worker.Stats() }, "read")
		poster.Post("x", markettest.Budget(1))
		count("browse", func() { worker.Browse() }, "load", "read")
	})
}
