package market_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// named posts under the poster's own name.
func named(ctx context.Context, a *markettest.Agent, name, need string) (market.Posted, error) {
	return a.API.Post(ctx, market.PostInput{Need: need, MaxCredits: 10, ExternalID: name})
}

// A second post under a name is the first task as it is by then, and takes nothing.
func TestASecondPostUnderANameIsTheFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada"), k.Agent("bob"), k.Agent("cyd")
		first, err := named(keyed(k, "one"), ada, "order 7", "count")
		if err != nil || first.Existing {
			t.Fatalf("%+v, %v", first, err)
		}
		if v := ada.Task(first.TaskID); v.ExternalID != "order 7" {
			t.Errorf("the poster sees %q", v.ExternalID)
		}
		if v := cyd.Task(first.TaskID); v.ExternalID != "" {
			t.Errorf("a stranger sees %q", v.ExternalID)
		}
		bob.Claim(first.TaskID)
		_, err = named(keyed(k, "one"), ada, "order 7", "something else")
		if e := markettest.Refused(t, err, market.ErrConflict); e.Code != market.CodeExternalIDUsed {
			t.Errorf("another task under the name is refused as %s", e.Code)
		}
		again, err := named(keyed(k, "two"), ada, "order 7", "count")
		if err != nil || !again.Existing || again.TaskID != first.TaskID || again.Need != "count" || again.Status != market.StatusClaimed {
			t.Errorf("again %+v, %v", again, err)
		}
		if got := ada.Balance(); got != 90 {
			t.Errorf("two posts took %d credits", 100-got)
		}
		// With a wait it is the whole task, which says when it is over.
		bob.Deliver(first.TaskID, "3")
		waited, err := ada.API.Post(k.Ctx, market.PostInput{Need: "count", MaxCredits: 10, ExternalID: "order 7", Wait: time.Second})
		if err != nil || waited.Task == nil || waited.Task.Result != "3" {
			t.Errorf("waited %+v, %v", waited, err)
		}
		// A name is its poster's alone, and one key does not tie two names together.
		for _, c := range []struct {
			by   *markettest.Agent
			name string
		}{{bob, "order 7"}, {ada, "order 8"}, {ada, "ORDER 7"}} {
			if other, err := named(keyed(k, "one"), c.by, c.name, "count"); err != nil || other.Existing {
				t.Errorf("%s of %s: %+v, %v", c.name, c.by.Name, other, err)
			}
		}
	})
}

func TestOnePostWinsAName(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		other := k.Replica()
		const posts = 8
		var all [posts]market.Posted
		var failed [posts]error
		markets := []*market.Market{k.Market, other}
		k.Together(posts, func(i int) { all[i], failed[i] = named(k.Ctx, ada.On(markets[i%2]), "order 7", "count") })
		fresh := 0
		for i, p := range all {
			if failed[i] != nil || p.TaskID != all[0].TaskID {
				t.Errorf("one has %s, another %s, %v", p.TaskID, all[0].TaskID, failed[i])
			}
			if !p.Existing {
				fresh++
			}
		}
		if got := ada.Balance(); fresh != 1 || got != 90 {
			t.Errorf("%d posts are the first, %d credits are left", fresh, got)
		}
	})
}

// A name is taken for longer than its task is kept, and longer than a repeat is.
func TestNamesOutliveTheirTasks(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		if _, err := named(k.Ctx, ada, "dear", strings.Repeat("x", 10)); err != nil {
			t.Fatal(err)
		}
		poor := k.Agent("poor")
		_, err := poor.API.Post(k.Ctx, market.PostInput{Need: "x", MaxCredits: 101, ExternalID: "dear"})
		markettest.Refused(t, err, market.ErrInsufficientCredits)
		if p, err := named(k.Ctx, poor, "dear", "x"); err != nil || p.Existing {
			t.Errorf("a refused post took the name: %+v, %v", p, err)
		}
		for range 20 {
			k.Advance(100 * 24 * time.Hour)
			if _, err := k.Market.Prune(k.Ctx, k.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if p, err := named(k.Ctx, ada, "dear", strings.Repeat("x", 10)); err != nil || !p.Existing || p.MaxCredits != 10 {
			t.Errorf("five years later: %+v, %v", p, err)
		}
	})
}

func TestNamesOfTasksHaveALimit(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada")
	if _, err := named(k.Ctx, ada, strings.Repeat("é", 128), "x"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{strings.Repeat("é", 129), "a\x00", "\xff"} {
		_, err := named(k.Ctx, ada, name, "x")
		if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "external_id" {
			t.Errorf("the field is %q", e.Field)
		}
	}
}
