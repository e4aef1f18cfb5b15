package market_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

func observed(tell func(market.Commit)) markettest.Option {
	return markettest.With(pinchwork.WithObserver(tell))
}

// An observer hears of each commit, in order, even after it has panicked.
func TestAnObserverHearsOfCommits(t *testing.T) {
	heard := make(chan string, 100)
	k := markettest.New(t, observed(func(c market.Commit) {
		for _, id := range c.Registered {
			heard <- "registered " + string(id)
		}
		for _, move := range c.Tasks {
			heard <- fmt.Sprintf("%s from %q to %s", move.ID, move.From, move.To)
		}
		for _, told := range c.Told {
			heard <- fmt.Sprint(told.Agent, " told of ", told.Type)
		}
		panic("at every commit")
	}))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("task", markettest.Budget(1))
	bob.Claim(id)
	for _, want := range []string{
		"registered " + string(ada.ID), "registered " + string(bob.ID),
		string(id) + ` from "" to posted`, string(id) + ` from "posted" to claimed`, string(ada.ID) + " told of task_claimed",
	} {
		if got := <-heard; got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
	}
}

// An observer that hangs holds nobody up, and hears afterwards how much it missed.
func TestAnObserverThatHangsHoldsNobodyUp(t *testing.T) {
	release, heard := make(chan struct{}), make(chan market.Commit, 3_000)
	var first atomic.Bool
	k := markettest.New(t, markettest.CheckRarely(), observed(func(c market.Commit) {
		if first.CompareAndSwap(false, true) {
			<-release
		}
		heard <- c
	}))
	var all []market.AgentID
	for i := range 1_500 {
		r, err := k.Market.Register(k.Ctx, market.RegisterInput{Name: fmt.Sprint("agent ", i)})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r.AgentID)
	}
	close(release)
	var told []market.AgentID
	for len(told) < 1_000 {
		told = append(told, (<-heard).Registered...)
	}
	if !slices.Equal(told, all[:len(told)]) {
		t.Error("the first commits were told in another order")
	}
	last := k.Agent("last").ID
	for {
		c := <-heard
		told = append(told, c.Registered...)
		if c.Registered[0] != last {
			continue
		}
		if missed := len(all) + 1 - len(told); c.Missed != missed || missed == 0 {
			t.Errorf("it is told that it missed %d of %d", c.Missed, missed)
		}
		return
	}
}
