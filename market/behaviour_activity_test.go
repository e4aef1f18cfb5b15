package market_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// happened is what Activity counts in all, and that its spans follow on each other up to
// now.
func happened(t *testing.T, k *markettest.Kit, m *market.Market, days int) (sum market.Activity) {
	t.Helper()
	list, err := m.Activity(k.Ctx, days)
	want := map[int]struct {
		spans int
		each  time.Duration
	}{1: {24, time.Hour}, 7: {28, 6 * time.Hour}, 30: {30, 24 * time.Hour}}[days]
	if err != nil || len(list) != want.spans {
		t.Fatalf("%d days have %d spans, want %d; %v", days, len(list), want.spans, err)
	}
	for i, a := range list {
		if at := k.Clock.Now().Truncate(want.each).Add(time.Duration(i-want.spans+1) * want.each); !a.Start.Equal(at) {
			t.Errorf("span %d of %d days begins at %s, want %s", i, days, a.Start, at)
		}
		sum.Posted, sum.Approved, sum.Credits = sum.Posted+a.Posted, sum.Approved+a.Approved, sum.Credits+a.Credits
	}
	return sum
}

// haveDone has a task of 10 credits posted and approved.
func haveDone(k *markettest.Kit, ada, bob *markettest.Agent) {
	id := ada.Post("task", markettest.Budget(10))
	bob.Claim(id)
	bob.Deliver(id, "done", 8)
	ada.Approve(id)
}

// What happened is counted hour by hour, and in the span in which it did.
func TestActivityIsCounted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		haveDone(k, ada, bob)
		k.Clock.Advance(2 * time.Hour)
		ada.Post("waits", markettest.Budget(1))
		for days, first := range map[int]int{1: 21, 7: 26, 30: 29} {
			if sum := happened(t, k, k.Market, days); sum.Posted != 2 || sum.Approved != 1 || sum.Credits != 8 {
				t.Errorf("in %d days happened %+v", days, sum)
			}
			list, err := k.Market.Activity(k.Ctx, days)
			if err != nil || list[first].Approved != 1 || list[len(list)-1].Posted == 0 {
				t.Errorf("of %d days, span %d has %+v, the last %+v, %v", days, first, list[first], list[len(list)-1], err)
			}
		}
		k.Clock.Advance(25 * time.Hour)
		if sum := happened(t, k, k.Market, 1); sum != (market.Activity{}) {
			t.Errorf("a day later happened %+v", sum)
		}
		for _, days := range []int{-1, 0, 2, 31} {
			_, err := k.Market.Activity(k.Ctx, days)
			markettest.Refused(t, err, market.ErrInvalid)
		}
	})
}

// A market that runs keeps its counts when the tasks are gone, each once, however many
// replicas count.
func TestActivityOutlivesTheTasks(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		replicas := []*market.Market{k.Replica(), k.Replica()}
		for _, m := range replicas {
			defer running(t, m)()
		}
		ada, bob := k.Agent("ada", markettest.Granted(10_000)), k.Agent("bob")
		counted := func(hours int) {
			t.Helper()
			markettest.Eventually(t, fmt.Sprintf("%d hours to be counted", hours), func() bool {
				k.Clock.Advance(5 * time.Minute)
				id := store.IdempotencyID{Caller: market.Platform, Operation: "chain of hours", Key: fmt.Sprint(hours)}
				l, err := k.Store.Load(k.Ctx, store.LoadQuery{Now: k.Clock.Now(), Records: []store.IdempotencyID{id}})
				return err == nil && len(l.Records) == 1
			})
		}
		haveDone(k, ada, bob)
		haveDone(k, ada, bob)
		counted(1)
		k.Clock.Advance(3 * time.Hour)
		haveDone(k, ada, bob)
		k.Clock.Advance(time.Hour)
		haveDone(k, ada, bob)
		counted(3)
		haveDone(k, ada, bob)
		want := market.Activity{Posted: 5, Approved: 5, Credits: 40}
		for _, m := range append(slices.Clone(replicas), k.Replica()) {
			if sum := happened(t, k, m, 30); sum != want {
				t.Errorf("happened %+v, want %+v", sum, want)
			}
		}
		counted(4)
		k.Advance(9 * 24 * time.Hour)
		pruned, err := k.Market.Prune(k.Ctx, k.Clock.Now())
		if err != nil || pruned.Tasks != 5 {
			t.Fatalf("pruned %+v, %v", pruned, err)
		}
		for _, m := range append(slices.Clone(replicas), k.Replica()) {
			if sum := happened(t, k, m, 30); sum != want {
				t.Errorf("after the tasks were pruned happened %+v, want %+v", sum, want)
			}
			if sum := happened(t, k, m, 7); sum != (market.Activity{}) {
				t.Errorf("in the last 7 days happened %+v", sum)
			}
		}
	})
}
