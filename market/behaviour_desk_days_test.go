package market_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// The log is read by the days on which something was done, all of it or of one operator,
// agent or kind, with how much that is; names of agents come along.
func TestTheLogIsReadByDays(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		eve, _ := operator(t, k, "eve", market.OperatorAct)
		k.Clock.Set(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		grant := func(ctx context.Context, reason string) {
			t.Helper()
			if _, err := k.Market.Grant(ctx, market.GrantInput{AgentID: ada.ID, Amount: 1, Reason: reason}); err != nil {
				t.Fatal(err)
			}
		}
		for day := 1; day <= 4; day++ {
			grant(k.Ctx, fmt.Sprint("first of ", day))
			k.Clock.Advance(24*time.Hour - time.Microsecond)
			grant(eve, fmt.Sprint("last of ", day))
			k.Clock.Advance(time.Microsecond)
		}
		for _, c := range []struct {
			q        market.ActionQuery
			from, to string
			want     []string
		}{
			{market.ActionQuery{}, "2026-03-02", "2026-03-03", []string{"last of 3", "first of 3", "last of 2", "first of 2"}},
			{market.ActionQuery{Operator: "eve"}, "2026-03-02", "2026-03-03", []string{"last of 3", "last of 2"}},
			{market.ActionQuery{AgentID: ada.ID}, "2026-03-04", "", []string{"last of 4", "first of 4"}},
			{market.ActionQuery{Action: market.ActionGrant}, "", "2026-03-01", []string{"last of 1", "first of 1"}},
			{market.ActionQuery{Operator: "eve"}, "2026-03-05", "", nil},
			{market.ActionQuery{Action: market.ActionGrant}, "", "2026-02-28", nil},
			{market.ActionQuery{Operator: "nobody"}, "2026-03-01", "2026-03-02", nil},
		} {
			if err := c.q.OnDays(c.from, c.to); err != nil {
				t.Fatal(err)
			}
			c.q.Limit = 1
			var got []string
			for a, err := range market.EachAction(k.Ctx, c.q, k.Market.Actions) {
				if err != nil || a.AgentName != "ada" {
					t.Fatalf("%+v, %v", a, err)
				}
				got = append(got, a.Reason)
			}
			if list, err := k.Market.Actions(k.Ctx, c.q); err != nil || list.Total != len(c.want) || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%+v has %d, %q, %v, want %q", c.q, list.Total, got, err, c.want)
			}
		}
		var q market.ActionQuery
		markettest.Refused(t, q.OnDays("2026-03-02", "2026-03-01"), market.ErrInvalid, "to")
		markettest.Refused(t, q.OnDays("today", ""), market.ErrInvalid, "from")
		at := market.NewTime(k.Clock.Now())
		_, err := k.Market.Actions(k.Ctx, market.ActionQuery{From: at, Until: at})
		markettest.Refused(t, err, market.ErrInvalid, "until")
	})
}

// Where a day begins is found in a few looks, however long the log is.
func TestADayOfALongLogCostsFewLooks(t *testing.T) {
	reads := &countedLoads{Store: memory.New()}
	k := markettest.New(t, markettest.Store(reads))
	ada := k.Agent("ada")
	for range 1_000 {
		k.Clock.Advance(time.Hour)
		k.Grant(ada, 1)
	}
	q := market.ActionQuery{AgentID: ada.ID, From: market.NewTime(k.Clock.Now().Add(-100*time.Hour - time.Minute)), Page: market.Page{Limit: 1}}
	reads.loads = 0
	if list, err := k.Market.Actions(k.Ctx, q); err != nil || list.Total != 101 {
		t.Errorf("%d entries, %v", list.Total, err)
	}
	if reads.loads > 12 {
		t.Errorf("it took %d reads", reads.loads)
	}
}

type countedLoads struct {
	market.Store
	loads int
}

func (c *countedLoads) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	c.loads++
	return c.Store.Load(ctx, q)
}
