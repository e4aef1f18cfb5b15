package market_test

import (
	"context"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Anybody may ask for any id; one that nobody can have is unknown, not a trouble of
// the store.
func TestIdsThatNobodyCanHaveAreUnknown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		h := k.Market.As(ada.ID)
		for _, end := range []string{"\x00", "\xff", "a\x00b"} {
			agent, task := market.AgentID("ag-"+end), market.TaskID("tk-"+end)
			ctx := market.WithIdempotencyKey(k.Ctx, "key")
			for name, ask := range map[string]func(context.Context) error{
				"an agent":   func(ctx context.Context) error { _, err := k.Market.Agent(ctx, agent); return err },
				"a task":     func(ctx context.Context) error { _, err := h.Task(ctx, task, 0); return err },
				"a pickup":   func(ctx context.Context) error { _, err := h.PickupTask(ctx, task); return err },
				"a question": func(ctx context.Context) error { _, err := h.Ask(ctx, task, "why?"); return err },
				"a public":   func(ctx context.Context) error { _, err := k.Market.PublicTask(ctx, task); return err },
				"a grant": func(ctx context.Context) error {
					_, err := k.Market.Grant(ctx, market.GrantInput{AgentID: agent, Amount: 1})
					return err
				},
				"its answers": func(ctx context.Context) error { _, err := h.Questions(ctx, task, market.Page{}); return err },
			} {
				if err := ask(ctx); err == nil {
					t.Errorf("%s of %q is there", name, end)
				} else {
					markettest.Refused(t, err, market.ErrNotFound)
				}
			}
		}
	})
}

func TestOffsetsHaveOneRange(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		h := k.Market.As(k.Agent("ada").ID)
		far := market.Page{Offset: store.MaxOffset}
		mine, err := h.Mine(k.Ctx, market.MineQuery{Page: far})
		if err != nil || len(mine.Tasks) != 0 {
			t.Errorf("own tasks: %+v, %v", mine, err)
		}
		credits, err := h.Credits(k.Ctx, far)
		if err != nil || len(credits.Ledger) != 0 || credits.Total != 1 {
			t.Errorf("credits: %+v, %v", credits, err)
		}
		if browse, err := h.Browse(k.Ctx, market.BrowseQuery{Page: far}); err != nil || len(browse.Tasks) != 0 {
			t.Errorf("offers: %+v, %v", browse, err)
		}
		for _, beyond := range []int{-1, store.MaxOffset + 1} {
			_, err := h.Credits(k.Ctx, market.Page{Offset: beyond})
			markettest.Refused(t, err, market.ErrInvalid, "0 to 2147483647")
		}
	})
}
