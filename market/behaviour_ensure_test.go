package market_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Agents that a host program knows by ids of its own.

func TestEnsureMakesAnAgentOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		in := market.RegisterInput{Name: "ada", GoodAt: "Go"}
		first, err := k.Market.Ensure(k.Ctx, "user 1", in)
		if err != nil || !first.Created {
			t.Fatalf("the first call: %+v, %v", first, err)
		}
		if id, _, err := k.Market.Admit(k.Ctx, first.APIKey, nil); err != nil || id != first.AgentID {
			t.Errorf("the key opens %q, %v", id, err)
		}
		second, err := k.Replica().Ensure(k.Ctx, "user 1", market.RegisterInput{Name: "another"})
		if err != nil || second != (market.Ensured{AgentID: first.AgentID}) {
			t.Errorf("the second call: %+v, %v", second, err)
		}
		if me, err := k.Market.As(first.AgentID).Me(k.Ctx); err != nil || me.Name != "ada" || me.Credits != 100 {
			t.Errorf("the agent is %+v, %v", me, err)
		}
		if r, err := k.Market.InspectAgent(k.Ctx, first.AgentID); err != nil || r.ExternalID != "user 1" {
			t.Errorf("the operator sees %q, %v", r.ExternalID, err)
		}
		other, err := k.Market.Ensure(k.Ctx, "User 1", in)
		if err != nil || !other.Created || other.AgentID == first.AgentID {
			t.Errorf("another user: %+v, %v", other, err)
		}
	})
}

func TestOfManyWhoEnsureOneMakesTheAgent(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		markets := []*market.Market{k.Market, k.Replica()}
		got := make([]market.Ensured, 16)
		k.Together(len(got), func(i int) {
			var err error
			got[i], err = markets[i%2].Ensure(k.Ctx, "user 1", market.RegisterInput{Name: fmt.Sprint("ada ", i)})
			if err != nil {
				t.Error(err)
			}
		})
		var created int
		for _, one := range got {
			if one.AgentID == "" || one.AgentID != got[0].AgentID || one.Created != (one.APIKey != "") {
				t.Errorf("one got %+v", one)
			}
			if one.Created {
				created++
			}
		}
		agents, err := k.Store.ScanAgents(k.Ctx, "", 100)
		if err != nil || created != 1 || len(agents) != 1 || agents[0].Balance != 100 {
			t.Errorf("%d calls made the agent, there are %d: %v", created, len(agents), err)
		}
	})
}

func TestExternalIDsAreBounded(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		in := market.RegisterInput{Name: "ada"}
		longest := strings.Repeat("é", 255)
		for range 2 {
			if got, err := k.Market.Ensure(k.Ctx, longest, in); err != nil || got.AgentID == "" {
				t.Errorf("at the limit: %+v, %v", got, err)
			}
		}
		for _, id := range []string{"", " ", longest + "x", "a\x00", "\xff"} {
			_, err := k.Market.Ensure(k.Ctx, id, in)
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "external_id" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		_, err := k.Market.Ensure(k.Ctx, "user 2", market.RegisterInput{})
		if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "name" {
			t.Errorf("the field is %q", e.Field)
		}
	})
}
