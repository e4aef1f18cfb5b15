package market_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// truncate makes the next read of the feed find its position gone.
func truncate(s *gatestore.Store) {
	s.On(gatestore.Before, "Feed", 1, func(context.Context) error { return store.ErrFeedTruncated })
}

// isWarming reports whether an error says that the board is loading, and when
// to come again.
func isWarming(err error) bool {
	var refusal *market.Error
	return errors.As(err, &refusal) && refusal.Code == market.CodeWarming && refusal.RetryAfter > 0
}

// A board that has to be loaded anew is not an empty one: whoever asks it is
// told to come again, pickups are served from the store, and readiness agrees.
func TestABoardThatIsLoadedAnewSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := markettest.New(t)
		s := gatestore.New(k.Store)
		m := replicaOn(t, k, s)
		defer running(t, m)()
		ada, bob := k.Agent("ada"), k.Agent("bob").On(m)
		ada.Post("one", markettest.Budget(1))
		ada.Post("two", markettest.Budget(1))
		time.Sleep(time.Second)
		if got := bob.Offers(); len(got) != 2 {
			t.Fatalf("on offer: %v", got)
		}
		gate := s.Hold(gatestore.Before, "ScanOpen", 1)
		truncate(s)
		<-gate.Reached
		if err := m.Ready(k.Ctx); !isWarming(err) {
			t.Errorf("ready: %v", err)
		}
		if list, err := bob.API.Browse(k.Ctx, market.BrowseQuery{}); !isWarming(err) {
			t.Errorf("browse: %+v, %v", list, err)
		}
		if list, err := m.SearchTasks(k.Ctx, market.Filter{}, market.Page{}); !isWarming(err) {
			t.Errorf("the operator's search: %+v, %v", list, err)
		}
		if p, ok := bob.TryPickup(); !ok || p.Need != "one" {
			t.Errorf("picked up %+v, %v", p, ok)
		}
		gate.Open()
		time.Sleep(time.Second)
		synctest.Wait()
		if err := m.Ready(k.Ctx); err != nil {
			t.Errorf("ready: %v", err)
		}
		if got := bob.Offers(); len(got) != 1 {
			t.Errorf("on offer: %v", got)
		}
	})
}

// Who begins to match a task while the board is loaded anew is not offered it
// afterwards, although what was read for the board is older.
func TestAReloadDoesNotOfferATaskToItsMatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := markettest.New(t)
		s := gatestore.New(k.Store)
		m := replicaOn(t, k, s)
		defer running(t, m)()
		ada, eve := k.Agent("ada"), k.Agent("eve", markettest.Infra()).On(m)
		id := ada.Post("task", markettest.Budget(1))
		time.Sleep(time.Second)
		commit := s.Hold(gatestore.Before, "CommitFirst", 1)
		picked := make(chan market.Pickup, 1)
		go func() {
			p, _, _ := eve.API.Pickup(k.Ctx, market.Filter{})
			picked <- p
		}()
		<-commit.Reached
		scan := s.Hold(gatestore.Behind, "ScanOpen", 1)
		truncate(s)
		<-scan.Reached
		commit.Open()
		if p := <-picked; p.TaskID != k.Stored(id).Children[0] {
			t.Fatalf("picked up %+v", p)
		}
		scan.Open()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := eve.Offers(); len(got) != 0 {
			t.Errorf("the matcher is offered %v", got)
		}
	})
}

// A reload that fails on its way is not a board either.
func TestAReloadThatFailsIsTriedAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		s := gatestore.New(k.Store)
		m := replicaOn(t, k, s)
		ada, bob := k.Agent("ada"), k.Agent("bob").On(m)
		ada.Post("task", markettest.Budget(1))
		if got := bob.Offers(); len(got) != 1 {
			t.Fatalf("on offer: %v", got)
		}
		truncate(s)
		s.On(gatestore.Before, "ScanOpen", 1, func(context.Context) error { return errors.New("the line is dead") })
		markettest.Eventually(t, "the reload to fail", func() bool {
			list, err := bob.API.Browse(k.Ctx, market.BrowseQuery{})
			if err == nil && list.Total != 1 {
				t.Errorf("browse: %+v", list)
			}
			return errors.Is(err, market.ErrUnavailable)
		})
		if list, err := bob.API.Browse(k.Ctx, market.BrowseQuery{}); err != nil || list.Total != 1 {
			t.Errorf("afterwards: %+v, %v", list, err)
		}
	})
}

// What never reaches a board by the feed is found by its comparison with the
// store: tasks that are missing, tasks that are gone, and how posters stand.
func TestTheBoardFindsWhatItMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deaf := &deafStore{Store: memory.New()}
		k := markettest.New(t, markettest.Store(deaf))
		m := k.Replica()
		defer running(t, m)()
		ada, eve, bob := k.Agent("ada"), k.Agent("eve"), k.Agent("bob").On(m)
		kept, gone := ada.Post("kept", markettest.Budget(1)), ada.Post("gone", markettest.Budget(1))
		eve.Post("of a suspended poster", markettest.Budget(1))
		time.Sleep(time.Second)
		if got := bob.Offers(); len(got) != 3 {
			t.Fatalf("on offer: %v", got)
		}
		deaf.deaf = true
		ada.Cancel(gone)
		missed := ada.Post("missed", markettest.Budget(1))
		late := k.Agent("late")
		k.Suspend(eve, true)
		deaf.deaf = false
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := bob.Offers(); fmt.Sprint(got) != fmt.Sprint([]market.TaskID{kept, missed}) {
			t.Errorf("after a minute %v are on offer, want %v", got, []market.TaskID{kept, missed})
		}
		list, err := m.Agents(k.Ctx, market.AgentQuery{Search: "late"})
		if err != nil || list.Total != 1 || list.Agents[0].ID != late.ID {
			t.Errorf("after a minute the search finds %+v, %v", list, err)
		}
	})
}

// An agent is known everywhere from its registration on, whatever a replica's
// directory knows.
func TestANewAgentIsKnownOnEveryReplica(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		other := k.Replica()
		first := k.Agent("first").On(other)
		first.Credits() // the other replica's directory is loaded
		if _, err := k.Agent("second").On(other).API.Credits(k.Ctx, market.Page{}); err != nil {
			t.Errorf("credits: %v", err)
		}
		k.Suspend(first, true)
		k.Suspend(first, false)
		if _, err := first.API.Mine(k.Ctx, market.MineQuery{}); err != nil {
			t.Errorf("mine: %v", err)
		}
	})
}

// A pickup from a cold board ends the task's match_agents task with it, as any
// other claim does.
func TestAColdPickupEndsTheMatchTask(t *testing.T) {
	cold(t, func(t *testing.T, k *markettest.Kit, m *market.Market, s *slowStore) {
		defer close(s.release)
		infra := k.Agent("infra", markettest.Infra())
		ada, bob := k.Agent("ada"), k.Agent("bob").On(m)
		id := ada.Post("task", markettest.Budget(1))
		if got := k.Stored(id).Children; len(got) != 1 {
			t.Fatalf("children: %v", got)
		}
		match := k.Stored(id).Children[0]
		if p := bob.Pickup(); p.TaskID != id {
			t.Fatalf("picked up %+v", p)
		}
		k.Sweep()
		if got := k.Stored(match); got.Status != market.StatusCancelled {
			t.Errorf("the match task is %s", got.Status)
		}
		if p, ok := infra.TryPickup(); ok {
			t.Errorf("the infra agent got %+v", p)
		}
	})
}
