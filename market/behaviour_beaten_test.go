package market_test

import (
	"context"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// What was due when it was loaded, and was settled by somebody else before the
// operation came to it, is loaded again: nobody decides on what is of the past.
func TestWhatOthersHaveSettledIsLoadedAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		s := gatestore.New(k.Store)
		m := replicaOn(t, k, s)
		ada := k.Agent("ada").On(m)
		ada.Post("task", markettest.Budget(100))
		k.Clock.Advance(73 * time.Hour)
		sweep := func(ctx context.Context) error {
			_, err := k.Market.Sweep(ctx)
			return err
		}
		s.On(gatestore.Behind, "Load", 1, sweep)
		if _, err := ada.API.Post(k.Ctx, market.PostInput{Need: "another", MaxCredits: 100}); err != nil {
			t.Errorf("the escrow of an expired task is not there yet: %v", err)
		}
		k.Clock.Advance(73 * time.Hour)
		s.On(gatestore.Behind, "Ledger", 1, sweep)
		if c, err := ada.API.Credits(k.Ctx, market.Page{}); err != nil || c.Balance != 100 || c.Escrowed != 0 {
			t.Errorf("credits %+v, %v", c, err)
		}
	})
}
