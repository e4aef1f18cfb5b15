package market_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// A board that is still loading, a store that fails, and what is decided
// without the board.

// slowStore lets nobody scan the agents until it is released, so that boards
// stay cold while everything else answers.
type slowStore struct {
	market.Store
	release chan struct{}
}

func (s *slowStore) ScanAgents(ctx context.Context, after market.AgentID, limit int) ([]*store.Agent, error) {
	select {
	case <-s.release:
		return s.Store.ScanAgents(ctx, after, limit)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// cold runs a test on a second replica, whose board does not load before it is
// told to. Time stands still except for what the market waits in real time.
func cold(t *testing.T, test func(t *testing.T, k *markettest.Kit, m *market.Market, s *slowStore)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := markettest.New(t)
		s := &slowStore{Store: k.Store, release: make(chan struct{})}
		m, err := market.New(market.Config{Store: s, Clock: k.Clock})
		if err != nil {
			t.Fatal(err)
		}
		defer running(t, m)()
		synctest.Wait()
		test(t, k, m, s)
	})
}

// running runs a market until the function that it returns is called.
func running(t *testing.T, m *market.Market) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	}
}

func TestAColdBoardServesFromTheStore(t *testing.T) {
	cold(t, func(t *testing.T, k *markettest.Kit, m *market.Market, s *slowStore) {
		ada, bob, expert := k.Agent("ada"), k.Agent("bob"), k.Agent("expert", markettest.Capable("rust"))
		own := bob.Post("bob's own", markettest.Budget(1))
		ada.Post("kept for its matched agent", markettest.Budget(1), markettest.Tagged("rust"))
		id := ada.Post("the Kubernetes one", markettest.Budget(1), markettest.Tagged("Ops"), markettest.Background("yaml"))
		for range 3 {
			ada.Post("more", markettest.Budget(1))
		}
		there := bob.On(m)
		if err := m.Ready(k.Ctx); !errors.Is(err, market.ErrUnavailable) || !strings.Contains(err.Error(), "warming") {
			t.Errorf("ready: %v", err)
		}
		for _, f := range []market.Filter{{Tags: []string{"none"}}, {Search: "knitting"}} {
			if p, ok := there.TryPickup(f); ok {
				t.Errorf("%+v gave %+v", f, p)
			}
		}
		if p := there.Pickup(market.Filter{Tags: []string{"ops"}, Search: "kubernetes YAML"}); p.TaskID != id {
			t.Errorf("picked up %+v", p)
		}
		if got := there.Batch(10); len(got) != 3 || got[0].TaskID == own {
			t.Errorf("the batch is %+v", got)
		}
		if p := expert.On(m).Pickup(market.Filter{Tags: []string{"rust"}}); p.Need != "kept for its matched agent" {
			t.Errorf("the expert picked up %+v", p)
		}
		// Posting needs no board: the task is matched once there is one.
		posted := ada.On(m).Post("go", markettest.Budget(1), markettest.Tagged("rust"))
		if got := k.Stored(posted).Matching; got == nil || got.State != store.MatchDeferred {
			t.Errorf("matching is %+v", got)
		}
		_, err := m.Agents(k.Ctx, market.AgentQuery{})
		if e := markettest.Refused(t, err, market.ErrUnavailable); e.RetryAfter <= 0 {
			t.Errorf("retry after %v", e.RetryAfter)
		}
		close(s.release)
		time.Sleep(time.Second)
		synctest.Wait()
		if err := m.Ready(k.Ctx); err != nil {
			t.Errorf("ready: %v", err)
		}
		if got := there.Offers(); len(got) != 1 || got[0] != posted {
			t.Errorf("the warm board offers %v", got)
		}
	})
}

func TestTheBoardHealsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deaf := &deafStore{Store: memory.New()}
		k := markettest.New(t, markettest.Store(deaf))
		m := k.Replica()
		defer running(t, m)()
		ada, bob := k.Agent("ada"), k.Agent("bob").On(m)
		id := ada.Post("task", markettest.Budget(1))
		time.Sleep(time.Second)
		if got := bob.Offers(); len(got) != 1 {
			t.Fatalf("on offer: %v", got)
		}
		deaf.deaf = true // what happens now never reaches a board
		ada.Cancel(id)
		deaf.deaf = false
		time.Sleep(time.Minute)
		synctest.Wait()
		list, err := bob.API.Browse(k.Ctx, market.BrowseQuery{})
		if err != nil || list.Total != 0 {
			t.Errorf("after a minute %d are on offer, %v", list.Total, err)
		}
	})
}

// deafStore writes no feed while it is deaf.
type deafStore struct {
	market.Store
	deaf bool
}

func (s *deafStore) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	if s.deaf {
		c.Feed = nil
	}
	return s.Store.Commit(ctx, c)
}

// A stale board never makes a wrong answer: claims are the store's, and what
// the board had wrong is put right.
func TestAStaleBoardLosesNoTask(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		there := eve.On(k.Replica())
		var ids []market.TaskID
		k.Do("post", func() {
			for i := range 12 {
				ids = append(ids, ada.Post(fmt.Sprint("task ", i), markettest.Budget(1)))
			}
		})
		if got := there.Offers(); len(got) != 12 {
			t.Fatalf("on offer: %v", got)
		}
		k.Do("claim", func() {
			for _, id := range ids[:10] {
				bob.Claim(id)
			}
		})
		if p := there.Pickup(); p.TaskID != ids[10] {
			t.Errorf("picked up %s", p.Need)
		}
		if got := there.Batch(5); len(got) != 1 || got[0].TaskID != ids[11] {
			t.Errorf("the batch is %+v", got)
		}
	})
}

// A stale board does not know yet that the poster is suspended, or that the
// caller has matched the task.
func TestGuardsBehindAStaleBoard(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		other := k.Replica()
		ada, cat, infra := k.Agent("ada"), k.Agent("cat"), k.Agent("infra", markettest.Infra())
		matched := ada.Post("matched", markettest.Budget(1))
		there := infra.On(other)
		if got := there.Offers(); len(got) != 1 {
			t.Fatalf("on offer: %v", got)
		}
		p := take(t, infra, market.MatchAgents)
		if p, ok := there.TryPickup(); ok {
			t.Errorf("the matcher works on %s: %+v", matched, p)
		}
		infra.Deliver(p.TaskID, "{}")
		suspended := cat.Post("of a suspended poster", markettest.Budget(1))
		worker := k.Agent("worker").On(other)
		if got := worker.Offers(); len(got) < 1 {
			t.Fatalf("on offer: %v", got)
		}
		k.Suspend(cat, true)
		got := worker.Batch(5)
		if len(got) != 1 || got[0].TaskID == suspended {
			t.Errorf("picked up %+v", got)
		}
	})
}

// What a host commits is on no board and told to nobody before the sweep that
// follows the host's commit.
func TestHosted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, expert := k.Agent("ada"), k.Agent("expert", markettest.Capable("go"))
		hosted := ada.On(k.Market.Hosted(k.Store))
		id := hosted.Post("task", markettest.Budget(10), markettest.Tagged("go"))
		heard(t, expert)
		if got := k.Stored(id).Matching; got == nil || got.State != store.MatchDeferred {
			t.Errorf("matching is %+v", got)
		}
		if k.Sweep() != 1 {
			t.Error("the sweep has nothing to match")
		}
		if got := k.Stored(id).Matching; got == nil || got.State != store.Matched || got.Agents[0] != expert.ID {
			t.Errorf("matching is %+v", got)
		}
		heard(t, expert, store.EventTaskMatched)
		expert.Claim(id)
		expert.Deliver(id, "done")
		if v := hosted.Approve(id); v.Status != market.StatusApproved {
			t.Errorf("approved: %+v", v)
		}
	})
}
