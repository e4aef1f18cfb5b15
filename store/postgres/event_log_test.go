package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Events are numbered while transactions run and show in any order. Nobody who reads the
// log is led past one that is still to come, nor held back by one that never comes or by
// a transaction that writes nothing of ours.
func TestTheLogIsReadInTheOrderOfItsNumbers(t *testing.T) {
	for name, end := range map[string]func(transaction) error{"commit": transaction.commit, "rollback": transaction.rollback} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			stranger, _ := h.begin()
			if err := stranger.exec("insert into purchase values ('a stranger''s')"); err != nil {
				t.Fatal(err)
			}
			ada, bob, cyd, eve := h.Agent("ada"), h.Agent("bob"), h.Agent("cyd"), h.Agent("eve")
			adas, eves := ada.Post("task", markettest.Budget(1)), eve.Post("task", markettest.Budget(1))
			bob.Ask(eves, "first?")
			from := h.page(market.FromOldest, 1).Next
			tx, within := h.begin()
			if _, err := within.As(cyd.ID).Ask(h.Ctx, adas, "in the transaction?"); err != nil {
				t.Fatal(err)
			}
			bob.Ask(eves, "second?")
			replica := h.Replica()
			heard := make(chan market.AgentID, 9)
			ctx, stop := context.WithCancel(h.Ctx)
			defer stop()
			go func() {
				defer close(heard)
				for e, err := range replica.Events(ctx, from) {
					if err != nil {
						return
					}
					heard <- e.Agent
				}
			}()
			for range 3 {
				if list := h.page(from, 0); !list.More || list.Next != from {
					t.Fatalf("before the transaction has ended: %+v", list)
				}
				if len(heard) > 0 {
					t.Fatal("a follower was led past the transaction")
				}
			}
			if now := h.page(market.FromNow, 0); now.Next != from {
				t.Errorf("now is %q, behind what may still come after %q", now.Next, from)
			}
			h.end(func() error { return end(tx) })
			want := []market.AgentID{eve.ID}
			if name == "commit" {
				want = []market.AgentID{ada.ID, eve.ID}
			}
			for _, id := range want {
				select {
				case got := <-heard:
					if got != id {
						t.Errorf("heard of %s, not %s", got, id)
					}
				case <-time.After(10 * time.Second):
					t.Fatal("the follower hears nothing")
				}
			}
			list := h.page(from, 0)
			if len(list.Events) != len(want) || list.More {
				t.Errorf("after the transaction: %+v", list)
			}
		})
	}
}

func (h *host) page(after market.Position, limit int) market.EventList {
	h.Helper()
	list, err := h.Market.EventsPage(h.Ctx, after, limit)
	if err != nil {
		h.Fatal(err)
	}
	return list
}
