package market_test

import (
	"context"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// intruded is a store in which something happens just before the next commit.
type intruded struct {
	market.Store
	first func()
}

func (s *intruded) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	if first := s.first; first != nil {
		s.first = nil
		first()
	}
	return s.Store.Commit(ctx, c)
}

// A delivery that a verifier would have looked at is refused like any other when the task has
// been given back, cancelled and deleted meanwhile.
func TestATaskIsDeletedWhileItIsDelivered(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Agent("infra", markettest.Infra())
		between := &intruded{Store: k.Store}
		m, err := market.New(market.Config{Store: between, Clock: k.Clock})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.As(bob.ID).Browse(k.Ctx, market.BrowseQuery{}); err != nil { // so that the board is loaded
			t.Fatal(err)
		}
		id := ada.Post("task", markettest.Budget(10))
		bob.Claim(id)
		between.first = func() {
			bob.Abandon(id)
			ada.Cancel(id)
			k.Clock.Advance(100 * 24 * time.Hour)
			if pruned, err := k.Market.Prune(k.Ctx, k.Clock.Now().Add(-time.Hour)); err != nil || pruned.Tasks == 0 {
				t.Errorf("pruned %+v, %v", pruned, err)
			}
		}
		_, err = m.As(bob.ID).Deliver(k.Ctx, id, market.DeliverInput{Result: "done"})
		markettest.Refused(t, err, market.ErrNotFound)
	})
}
