package market_test

import (
	"os"
	"testing"

	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

func TestMain(m *testing.M) { os.Exit(everystore.Main(m)) }

// onEveryStore runs a test on a market of its own on each store. Slow stores
// have their books checked at the end of a test only.
func onEveryStore(t *testing.T, test func(t *testing.T, k *markettest.Kit), opts ...markettest.Option) {
	t.Helper()
	t.Parallel()
	for _, kind := range everystore.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			all := []markettest.Option{markettest.Store(kind.Open(t))}
			if kind.Slow {
				all = append(all, markettest.CheckRarely())
			}
			test(t, markettest.New(t, append(all, opts...)...))
		})
	}
}

// policy is onEveryStore's option for another policy.
func policy(change func(p *market.Policy)) markettest.Option { return markettest.Policy(change) }
