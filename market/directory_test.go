package market_test

import (
	"context"
	"testing"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// reader is a matcher that reads the profiles of the agents it is asked about.
type reader struct {
	ids  []market.AgentID
	read map[market.AgentID]market.DirectoryProfile
}

func (r *reader) Match(_ context.Context, _ market.MatchTask, dir market.Directory) (market.Matches, error) {
	for _, id := range r.ids {
		if p, ok := dir.Profile(id); ok {
			r.read[id] = p
		}
	}
	return market.Matches{}, nil
}

func (r *reader) Candidates(context.Context, market.MatchTask, market.Directory, int) ([]market.AgentID, error) {
	return nil, nil
}

func TestAMatcherReadsProfiles(t *testing.T) {
	r := &reader{read: map[market.AgentID]market.DirectoryProfile{}}
	k := markettest.New(t, markettest.With(pinchwork.WithMatcher(r)))
	ada, bob, cyd := k.Agent("ada"), k.Agent("bob", markettest.GoodAt("Go and SQL"), markettest.Capable("go")), k.Agent("cyd")
	if _, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: cyd.ID, Suspended: true}); err != nil {
		t.Fatal(err)
	}
	r.ids = []market.AgentID{bob.ID, cyd.ID, "ag-nobody", market.Platform}
	ada.Post("task")
	p := r.read[bob.ID]
	if len(r.read) != 1 || p.ID != bob.ID || p.Name != "bob" || p.GoodAt != "Go and SQL" || len(p.Tags) != 1 || p.Tags[0] != "go" {
		t.Errorf("it reads %+v", r.read)
	}
}
