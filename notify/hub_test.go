package notify

import (
	"fmt"
	"sync"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// woken takes a pending wake-up.
func woken(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func TestHubWakesOnlyThoseMeant(t *testing.T) {
	h := NewHub()
	a1, stopA1 := h.Listen("ag-a")
	a2, stopA2 := h.Listen("ag-a")
	b, stopB := h.Listen("ag-b")
	defer stopA1()
	defer stopA2()
	defer stopB()
	h.Wake("ag-a", "ag-nobody")
	if !woken(a1) || !woken(a2) || woken(b) {
		t.Error("want both listeners of ag-a woken, and not ag-b's")
	}
	h.Wake("ag-b", "ag-a")
	if !woken(a1) || !woken(b) {
		t.Error("want everybody woken")
	}
}

func TestHubCoalescesAndNeverBlocks(t *testing.T) {
	h := NewHub()
	wake, stop := h.Listen("ag-a")
	defer stop()
	for range 1_000 {
		h.Wake("ag-a")
	}
	if !woken(wake) || woken(wake) {
		t.Error("want 1,000 wake-ups as one")
	}
	if !woken(h.Activity()) || woken(h.Activity()) {
		t.Error("want one activity")
	}
}

func TestHubForgetsWhoStopped(t *testing.T) {
	h := NewHub()
	first, stopFirst := h.Listen("ag-a")
	second, stopSecond := h.Listen("ag-a")
	stopFirst()
	stopFirst()
	h.Wake("ag-a")
	if woken(first) || !woken(second) {
		t.Error("want only the listener that did not stop woken")
	}
	stopSecond()
	if n := len(h.listeners); n != 0 {
		t.Errorf("%d agents are remembered after all have stopped", n)
	}
}

func TestHubHasNoRelay(t *testing.T) {
	h := NewHub()
	h.FeedMoved()
	if h.FeedHints() != nil {
		t.Error("FeedHints is not nil")
	}
}

// No wake-up is lost to listeners that come and go at the same moment.
func TestHubIsSafeForConcurrentUse(t *testing.T) {
	h := NewHub()
	stay, stop := h.Listen("ag-1")
	defer stop()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 500 {
				_, stop := h.Listen(market.AgentID(fmt.Sprintf("ag-%d", j%5)))
				h.Wake(market.AgentID(fmt.Sprintf("ag-%d", (i+j)%5)))
				stop()
			}
		})
	}
	all.Wait()
	if !woken(stay) {
		t.Error("a listener that stayed was not woken")
	}
	if n := len(h.listeners); n != 1 {
		t.Errorf("%d agents are listened for, want 1", n)
	}
}

// listeners returns a hub with n listeners, one for each of their agents.
func listeners(n int) (*Hub, []market.AgentID) {
	h, ids := NewHub(), make([]market.AgentID, n)
	for i := range ids {
		ids[i] = market.AgentID(fmt.Sprintf("ag-%016d", i))
		h.Listen(ids[i])
	}
	return h, ids
}

func BenchmarkWake5000Listeners(b *testing.B) {
	h, ids := listeners(5_000)
	b.Run("one", func(b *testing.B) {
		for i := range b.N {
			h.Wake(ids[i%len(ids)])
		}
	})
	b.Run("one, parallel", func(b *testing.B) {
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				h.Wake(ids[i%len(ids)])
			}
		})
	})
	b.Run("everybody", func(b *testing.B) {
		for range b.N {
			h.wakeAll()
		}
	})
	b.Run("listen and stop", func(b *testing.B) {
		for i := range b.N {
			_, stop := h.Listen(ids[i%len(ids)])
			stop()
		}
	})
}
