package market_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

// hopeless is a part of the background that cannot do its work.
type hopeless struct{}

func (hopeless) Run(context.Context, *market.Market) error { return errors.New("the store is away") }

// What fails each second, as all does while a store is away, is in the log once a minute.
func TestTheLogOfAnOutageIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m, err := market.New(market.Config{
			Store: memory.New(), Background: []market.Background{hopeless{}}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute-time.Second)
		defer cancel()
		if err := m.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "the store is away"); n != 5 {
			t.Errorf("in five minutes it is said %d times:\n%s", n, &log)
		}
	})
}
