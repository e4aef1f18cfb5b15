package market_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Who is offered what.

// The whole order at once: matched by rank, then shared tags, reputation, trust
// and age; pickup gives what browse shows.
func TestOrderOfOffers(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		good, plain, trusting := k.Agent("good"), k.Agent("plain"), k.Agent("trusting")
		helper := k.Agent("helper")
		worker := k.Agent("worker", markettest.Capable("Go", "sql", "api"))
		one := markettest.Budget(1)
		k.Do("standing", func() {
			id := good.Post("rated 5", one)
			helper.Work(id, good)
			helper.Rate(id, 5)
			worker.Work(trusting.Post("builds trust", one), trusting)
		})
		k.Advance(time.Minute)
		var want []market.TaskID
		k.Do("post", func() {
			// Posted in the reverse of the order in which they are to be offered.
			for _, post := range []func() market.TaskID{
				func() market.TaskID { return plain.Post("nothing shared, newer", one, markettest.Tagged("x")) },
				func() market.TaskID { return trusting.Post("nothing shared, trusted", one) },
				func() market.TaskID { return good.Post("nothing shared, reputation", one) },
			} {
				want = append([]market.TaskID{post()}, want...)
				k.Clock.Advance(time.Second)
			}
		})
		oldest := worker.Offers()
		if !slices.Equal(oldest, want) {
			t.Errorf("without shared tags: %v, want %v", oldest, want)
		}
		var tagged []market.TaskID
		k.Do("post with tags", func() {
			for _, tags := range [][]string{{"go"}, {"GO", "sql"}, {"api", "go", "SQL", "x"}} {
				id := plain.Post("tagged", one, markettest.Tagged(tags...))
				tagged = append([]market.TaskID{id}, tagged...)
				k.Clock.Advance(time.Second)
			}
		})
		// While the head start of the matched ones runs, they come first, oldest first.
		matched := slices.Clone(tagged)
		slices.Reverse(matched)
		if got := worker.Offers(); !slices.Equal(got, append(matched, want...)) {
			t.Errorf("matched first: %v", got)
		}
		if got := helper.Offers(); len(got) != 3 {
			t.Errorf("kept for the matched: %v", got)
		}
		fresh := k.Agent("fresh", markettest.Capable("go", "sql", "api"))
		k.Advance(3 * time.Minute)
		if got, wanted := fresh.Offers(), append(slices.Clone(tagged), want[0], want[2], want[1]); !slices.Equal(got[:4], wanted[:4]) {
			t.Errorf("most shared tags first: %v, want %v", got, wanted)
		}
		// No capabilities: plain FIFO.
		all := helper.Browse()
		if !slices.IsSortedFunc(all, func(a, b market.BrowseItem) int { return a.CreatedAt.Compare(b.CreatedAt.Time) }) || len(all) != 6 {
			t.Errorf("not the oldest first: %+v", all)
		}
		for _, id := range worker.Offers() {
			if p := worker.Pickup(); p.TaskID != id {
				t.Fatalf("picked up %s, browse has %s next", p.TaskID, id)
			}
		}
	})
}

// Many tasks of the same instant are offered in the order of their posting, and
// reposting changes nothing about that.
func TestTiesEndInTheOrderOfPosting(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		var ids []market.TaskID
		k.Do("post", func() {
			for range 20 {
				ids = append(ids, ada.Post("task", markettest.Budget(1)))
			}
		})
		k.Advance(time.Hour)
		bob.Claim(ids[3])
		bob.Abandon(ids[3])
		if got := eve.Offers(); !slices.Equal(got, ids) {
			t.Errorf("offered %v, want %v", got, ids)
		}
	})
}

func TestFilters(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(100)), k.Agent("bob")
		one := markettest.Budget(1)
		var kube, both, cjk, sharp, turkish, wide market.TaskID
		k.Do("post", func() {
			kube = ada.Post("Fix my KUBERNETES cluster", one, markettest.Tagged("Ops"))
			both = ada.Post("security review", one, markettest.Tagged("Python", "ops"), markettest.Background("kubernetes manifests"))
			cjk = ada.Post("この文書を日本語に翻訳してください", one)
			sharp = ada.Post("Hauptstraße kartieren", one)
			turkish = ada.Post("ﬁle ΣΊΣΥΦΟΣ", one)
			wide = ada.Post("ｆｕｌｌ ｗｉｄｔｈ\u00a0text", one)
		})
		for _, c := range []struct {
			filter market.Filter
			want   []market.TaskID
		}{
			{market.Filter{Search: "kubernetes"}, []market.TaskID{kube, both}},
			{market.Filter{Search: "  bernet  "}, []market.TaskID{kube, both}},
			{market.Filter{Search: "review manifests"}, []market.TaskID{both}},
			{market.Filter{Search: "review cluster"}, nil},
			{market.Filter{Search: "日本"}, []market.TaskID{cjk}},
			{market.Filter{Search: "翻訳"}, []market.TaskID{cjk}},
			{market.Filter{Search: "STRASSE"}, []market.TaskID{sharp}},
			{market.Filter{Search: "file σίσυφος"}, []market.TaskID{turkish}},
			{market.Filter{Search: "full width"}, []market.TaskID{wide}},
			{market.Filter{Search: " \t "}, []market.TaskID{kube, both, cjk, sharp, turkish, wide}},
			{market.Filter{Tags: []string{"OPS"}}, []market.TaskID{kube, both}},
			{market.Filter{Tags: []string{"ops", "python"}}, []market.TaskID{both}},
			{market.Filter{Tags: []string{"ops"}, Search: "cluster"}, []market.TaskID{kube}},
			{market.Filter{Tags: []string{"unknown"}}, nil},
		} {
			list, err := bob.API.Browse(k.Ctx, market.BrowseQuery{Filter: c.filter, Page: market.Page{Limit: 100}})
			if err != nil || list.Total != len(c.want) || list.Tasks == nil {
				t.Errorf("%+v: total %d, want %d, %v", c.filter, list.Total, len(c.want), err)
			}
			if got := bob.Offers(c.filter); !slices.Equal(got, append([]market.TaskID{}, c.want...)) {
				t.Errorf("%+v: %v, want %v", c.filter, got, c.want)
			}
		}
		if p := bob.Pickup(market.Filter{Search: "日本"}); p.TaskID != cjk {
			t.Errorf("picked up %+v", p)
		}
		if got := bob.Batch(10, market.Filter{Tags: []string{"ops"}}); len(got) != 2 {
			t.Errorf("the batch is %+v", got)
		}
		for field, f := range map[string]market.Filter{
			"search": {Search: strings.Repeat("x", 501)},
			"tags":   {Tags: []string{"a b"}},
		} {
			for _, call := range []func() error{
				func() error { _, err := bob.API.Browse(k.Ctx, market.BrowseQuery{Filter: f}); return err },
				func() error { _, _, err := bob.API.Pickup(k.Ctx, f); return err },
				func() error { _, err := bob.API.PickupBatch(k.Ctx, market.BatchInput{Filter: f}); return err },
			} {
				if e := markettest.Refused(t, call(), market.ErrInvalid); e.Field != field {
					t.Errorf("the field is %q, want %q", e.Field, field)
				}
			}
		}
	})
}

func TestBrowsePages(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		var ids []market.TaskID
		k.Do("post", func() {
			for range 25 {
				ids = append(ids, ada.Post("task", markettest.Budget(1)))
			}
		})
		list, err := bob.API.Browse(k.Ctx, market.BrowseQuery{})
		if err != nil || list.Total != 25 || list.TotalMore || len(list.Tasks) != 20 {
			t.Fatalf("by default: %d of %d, %v", len(list.Tasks), list.Total, err)
		}
		list, err = bob.API.Browse(k.Ctx, market.BrowseQuery{Page: market.Page{Limit: 10, Offset: 20}})
		if err != nil || list.Total != 25 || len(list.Tasks) != 5 || list.Tasks[0].TaskID != ids[20] {
			t.Errorf("the last page: %+v, %v", list, err)
		}
		list, err = ada.API.Browse(k.Ctx, market.BrowseQuery{})
		if err != nil || list.Total != 0 || len(list.Tasks) != 0 || list.Tasks == nil {
			t.Errorf("the own tasks: %+v, %v", list, err)
		}
		for field, p := range map[string]market.Page{"limit": {Limit: 101}, "offset": {Offset: -1}} {
			_, err := bob.API.Browse(k.Ctx, market.BrowseQuery{Page: p})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != field {
				t.Errorf("the field is %q, want %q", e.Field, field)
			}
		}
	})
}

// The built-in matcher takes the five best; nobody means broadcast (rule 6.9).
func TestBuiltInMatching(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Capable("go")) // the poster is never matched
		tagged, worded := k.Agent("tagged", markettest.Capable("GO")), k.Agent("worded", markettest.GoodAt("Reviewing database code"))
		for range 6 {
			k.Agent("also", markettest.GoodAt("code"))
		}
		id := ada.Post("Review the database code of an API", markettest.Tagged("go"), markettest.Budget(1))
		m := k.Stored(id).Matching
		if m == nil || len(m.Agents) != 5 || !slices.Contains(m.Agents[:2], tagged.ID) || !slices.Contains(m.Agents[:2], worded.ID) {
			t.Errorf("matched %+v", m)
		}
		broadcast := ada.Post("Translate into Dutch", markettest.Budget(1))
		if m := k.Stored(broadcast).Matching; m != nil {
			t.Errorf("nobody fits, but matched %+v", m)
		}
	})
}

// What a replica does is seen by the others, and claims are decided by the
// store.
func TestReplicasSeeEachOther(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		other := k.Replica()
		ada, bob := k.Agent("ada"), k.Agent("bob")
		there := bob.On(other)
		if got := there.Offers(); len(got) != 0 {
			t.Errorf("nothing was posted: %v", got)
		}
		id := ada.Post("task", markettest.Budget(1))
		if p := there.Pickup(); p.TaskID != id { // an empty board asks the store before it says so
			t.Errorf("picked up %+v", p)
		}
		second := ada.Post("task", markettest.Budget(1))
		if p, ok := bob.TryPickup(); !ok || p.TaskID != second {
			t.Errorf("picked up %+v", p)
		}
		if p, ok := there.TryPickup(); ok {
			t.Errorf("claimed twice: %+v", p)
		}
	})
}
