package market_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/markettest"
)

// What a dry run counts is what the deletion deletes then, and the count deletes nothing.
func TestPrunableCountsWhatPruneDeletes(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		kept := ada.Post("stays open", markettest.Budget(1))
		for range 5 {
			id := ada.Post("ends early", markettest.Budget(1))
			if _, err := bob.API.Ask(k.Ctx, id, "what for?"); err != nil {
				t.Fatal(err)
			}
			ada.Cancel(id)
		}
		k.Advance(20 * 24 * time.Hour)
		cut := k.Clock.Now()
		for range 2 {
			ada.Cancel(ada.Post("ends late", markettest.Budget(1)))
		}
		k.Advance(20 * 24 * time.Hour)
		for _, c := range []struct {
			before time.Time
			tasks  int
		}{{time.Time{}, 0}, {cut.Add(-40 * 24 * time.Hour), 0}, {cut, 6}, {k.Clock.Now(), 8}} {
			n, err := k.Market.Prunable(k.Ctx, c.before)
			if err != nil || n.Tasks != c.tasks || n.Events == 0 {
				t.Errorf("before %v: %+v, %v; want %d tasks", c.before, n, err, c.tasks)
			}
		}
		if v := ada.Task(kept); v.TaskID != kept {
			t.Errorf("counting changed %+v", v)
		}
		says, err := k.Market.Prunable(k.Ctx, cut)
		if err != nil {
			t.Fatal(err)
		}
		did, err := k.Market.Prune(k.Ctx, cut)
		if err != nil || did.Tasks != says.Tasks || did.Events != says.Events {
			t.Errorf("it said %+v and did %+v, %v", says, did, err)
		}
		if n, err := k.Market.Prunable(k.Ctx, cut); err != nil || n.Tasks != 0 || n.Events != 0 {
			t.Errorf("afterwards it says %+v, %v", n, err)
		}
	})
}
