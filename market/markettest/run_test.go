package markettest_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store"
)

// run runs the kit's market until the test ends.
func run(k *markettest.Kit) {
	ctx, stop := context.WithCancel(k.Ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = k.Market.Run(ctx) })
	k.Cleanup(func() { stop(); running.Wait() })
}

// Advance lets a month of timers happen in order also while the code under test runs
// the market, and takes no longer for it.
func TestAdvanceWorksWithRun(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely())
	run(k)
	markettest.Eventually(t, "the board to be loaded", func() bool { return k.Market.Ready(k.Ctx) == nil })
	ada, bob := k.Agent("ada"), k.Agent("bob")
	reviewed, lapsed := ada.Post("reviewed by the timer", markettest.Budget(30)), ada.Post("never picked up", markettest.Budget(10))
	bob.Claim(reviewed)
	bob.Deliver(reviewed, "done")
	began := time.Now()
	k.Advance(30 * 24 * time.Hour)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a month takes %v", took)
	}
	if got := k.Stored(reviewed).Status; got != market.StatusApproved {
		t.Errorf("the delivered task is %s", got)
	}
	if got := k.Stored(lapsed).Status; got != market.StatusExpired {
		t.Errorf("the open task is %s", got)
	}
	if got := bob.Balance(); got != 100+27 {
		t.Errorf("bob has %d credits", got)
	}
}

// When Advance returns, what its timers told has been delivered, each time.
func TestAdvanceDeliversWebhooks(t *testing.T) {
	inbox := new(markettest.Inbox)
	k := markettest.New(t, markettest.Webhooks(inbox), markettest.CheckRarely())
	const url = "https://hooks.example.com/ada"
	ada := k.Agent("ada", markettest.Webhook(url, "a secret of 16 letters"))
	early := ada.Post("it expires before anybody delivers")
	k.Advance(100 * time.Hour)
	if got := inbox.Received(); len(got) != 0 || k.Stored(early).Status != market.StatusExpired {
		t.Fatalf("%d webhooks came without Run", len(got))
	}
	run(k)
	markettest.Eventually(t, "the first delivery", func() bool { return len(inbox.Received()) == 1 })
	for i := range 20 {
		ada.Post("it expires")
		k.Advance(72 * time.Hour)
		if got := len(inbox.Received()); got != i+2 {
			t.Fatalf("%d webhooks have come after %d tasks have expired", got, i+2)
		}
	}
}

// Webhooks arrive in the kit, without a network.
func TestWebhooksArriveInTheInbox(t *testing.T) {
	inbox := new(markettest.Inbox)
	k := markettest.New(t, markettest.Webhooks(inbox))
	run(k)
	const url = "https://hooks.example.com/ada"
	ada, bob := k.Agent("ada", markettest.Webhook(url, "a secret of 16 letters")), k.Agent("bob")
	id := ada.Post("task")
	bob.Claim(id)
	bob.Deliver(id, "done")
	markettest.Eventually(t, "the delivery to be told", func() bool {
		return slices.ContainsFunc(inbox.Received(), func(w markettest.Call) bool {
			return w.URL == url && w.Header.Get(notify.HeaderEvent) == string(store.EventTaskDelivered) &&
				strings.Contains(string(w.Body), string(id))
		})
	})
}
