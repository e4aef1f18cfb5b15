package markettest_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// A commit whose answer is lost was made: the same request under the same key is told of
// the first one, and nothing is paid twice.
func ExampleFaults() {
	t := newConsole() // in a test, its own t
	defer t.end()

	faults := new(markettest.Faults)
	k := markettest.New(t, markettest.Faulty(faults))
	ada := k.Agent("ada")
	order := market.WithIdempotencyKey(k.Ctx, "order 4711")

	faults.Fail(markettest.Behind, "Commit*", 1)
	_, err := ada.API.Post(order, market.PostInput{Need: "Review this code", MaxCredits: 30})
	fmt.Println("unavailable:", errors.Is(err, market.ErrUnavailable))

	p, err := ada.API.Post(order, market.PostInput{Need: "Review this code", MaxCredits: 30})
	fmt.Println(p.Status, err)
	fmt.Println("ada has", ada.Balance())
	// Output:
	// unavailable: true
	// posted <nil>
	// ada has 70
}

func TestFaultsMeetTheCallsThatTheyAreFor(t *testing.T) {
	faults := new(markettest.Faults)
	k := markettest.New(t, markettest.Faulty(faults))
	ada := k.Agent("ada")
	post := func() error {
		_, err := ada.API.Post(k.Ctx, market.PostInput{Need: "task", MaxCredits: 1})
		return err
	}
	ways := func(n int) (out string) {
		for range n {
			if post() == nil {
				out += "+"
			} else {
				out += "-"
			}
		}
		return out
	}
	faults.Fail(markettest.Before, "Commit*", 2)
	if got := ways(4); got != "--++" || ada.Balance() != 98 {
		t.Errorf("two failures before: %s, %d credits", got, ada.Balance())
	}
	faults.Fail(markettest.Behind, "Commit*", 1)
	if got := ways(2); got != "-+" || ada.Balance() != 96 {
		t.Errorf("a failure behind: %s, %d credits", got, ada.Balance())
	}
	faults.FailEvery(3, markettest.Before, "Commit*")
	if got := ways(6); got != "++-++-" {
		t.Errorf("each third fails: %s", got)
	}
	faults.Clear()
	if got := ways(3); got != "+++" {
		t.Errorf("cleared: %s", got)
	}
	held, release := faults.Hold(markettest.Behind, "Commit*", 1)
	answered := make(chan error)
	go func() { answered <- post() }()
	<-held
	if page, err := ada.API.Mine(k.Ctx, market.MineQuery{}); err != nil || page.Total != 12 {
		t.Errorf("a commit that is held behind the store is not made: %d tasks, %v", page.Total, err)
	}
	release()
	if err := <-answered; err != nil {
		t.Errorf("released: %v", err)
	}
}

// Timers that meet faults are tried again, and each takes effect once.
func TestAdvanceGoesThroughFaults(t *testing.T) {
	faults := new(markettest.Faults)
	k := markettest.New(t, markettest.Faulty(faults))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	for range 3 {
		id := ada.Post("task", markettest.Budget(10))
		bob.Claim(id)
		bob.Deliver(id, "done")
	}
	faults.FailEvery(5, markettest.Before, "*")
	faults.FailEvery(7, markettest.Behind, "*")
	k.Advance(48 * time.Hour)
	faults.Clear()
	if got := bob.Balance(); got != 100+27 {
		t.Errorf("bob has %d credits", got)
	}
}
