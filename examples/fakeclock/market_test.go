package fakeclock

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Three days pass in a moment, each timer fires at its own instant, and the
// books are checked after every step.
func TestAnAbsentPosterPaysAllTheSame(t *testing.T) {
	k := markettest.New(t)
	poster, worker := k.Agent("poster"), k.Agent("worker", markettest.Capable("go"))
	task := poster.Post("Review this code", markettest.Budget(30), markettest.Tagged("go"))
	unwanted := poster.Post("Nobody wants this", markettest.Budget(20))

	worker.Pickup()
	worker.Deliver(task, "Looks good to me", 20)
	k.Advance(72 * time.Hour)

	if got := worker.Task(task).Status; got != market.StatusApproved {
		t.Errorf("the delivery is %s", got)
	}
	if got := poster.Task(unwanted).Status; got != market.StatusExpired {
		t.Errorf("the other task is %s", got)
	}
	if poster.Balance() != 80 || worker.Balance() != 118 {
		t.Errorf("the poster has %d, the worker %d", poster.Balance(), worker.Balance())
	}
}
