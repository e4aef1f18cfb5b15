package market_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// An agent finds its own tasks by words and tags, in the order that it asks for, page by
// page.
func TestMineIsSearchedAndOrdered(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		var ids []market.TaskID
		for i, in := range []market.PostInput{
			{Need: "Count the Sheep", MaxCredits: 5, Tags: []string{"farm", "Wool"}},
			{Need: "paint", Context: "a sheep on a hill", MaxCredits: 40},
			{Need: "shear", MaxCredits: 10, Tags: []string{"farm"}, Deadline: time.Hour},
			{Need: "sing of sheep", MaxCredits: 20},
			{Need: "milk", MaxCredits: 10, Tags: []string{"farm"}},
		} {
			posted, err := ada.API.Post(k.Ctx, in)
			if err != nil {
				t.Fatal(i, err)
			}
			ids = append(ids, posted.TaskID)
			k.Advance(time.Second)
		}
		bob.Claim(ids[0])
		bob.Deliver(ids[0], "12")
		ada.Cancel(ids[3])
		of := func(numbers ...int) (want []market.TaskID) {
			for _, n := range numbers {
				want = append(want, ids[n])
			}
			return want
		}
		for _, c := range []struct {
			q    market.MineQuery
			want []market.TaskID
		}{
			{market.MineQuery{}, of(4, 3, 2, 1, 0)},
			{market.MineQuery{Order: market.MineNewest}, of(4, 3, 2, 1, 0)},
			{market.MineQuery{Order: market.MineOldest}, of(0, 1, 2, 3, 4)},
			{market.MineQuery{Order: market.MineOldest, Status: market.StatusPosted}, of(1, 2, 4)},
			{market.MineQuery{Order: market.MineDeadline}, of(2, 0, 1, 4, 3)},
			{market.MineQuery{Order: market.MineCredits}, of(1, 3, 4, 2, 0)},
			{market.MineQuery{Filter: market.Filter{Search: " SHEEP "}}, of(3, 1, 0)},
			{market.MineQuery{Filter: market.Filter{Search: "sheep count"}}, of(0)},
			{market.MineQuery{Filter: market.Filter{Search: "12"}}, nil},
			{market.MineQuery{Filter: market.Filter{Search: "sheep"}, Order: market.MineOldest}, of(0, 1, 3)},
			{market.MineQuery{Filter: market.Filter{Search: "sheep"}, Order: market.MineCredits}, of(1, 3, 0)},
			{market.MineQuery{Filter: market.Filter{Tags: []string{"FARM"}}}, of(4, 2, 0)},
			{market.MineQuery{Filter: market.Filter{Tags: []string{"farm", "wool"}}}, of(0)},
			{market.MineQuery{Filter: market.Filter{Tags: []string{"farm"}}, Status: market.StatusPosted, Order: market.MineDeadline}, of(2, 4)},
			{market.MineQuery{Filter: market.Filter{Search: "sheep"}, Role: market.PartyWorker}, nil},
		} {
			for _, limit := range []int{1, 2, 100} {
				if got := allOf(t, k, ada, c.q, limit); !slices.Equal(got, c.want) {
					t.Errorf("%+v by %d lists %v, want %v", c.q, limit, got, c.want)
				}
			}
		}
		for field, q := range map[string]market.MineQuery{
			"order": {Order: "best"}, "tags": {Filter: market.Filter{Tags: []string{"a b"}}},
			"search": {Filter: market.Filter{Search: "a b c d e f g h i j k l m n o p q"}}, "wait": {Filter: market.Filter{Wait: time.Second}},
		} {
			_, err := ada.API.Mine(k.Ctx, q)
			if refusal := markettest.Refused(t, err, market.ErrInvalid); refusal.Field != field {
				t.Errorf("%+v is wrong in %q", q, refusal.Field)
			}
		}
	})
}

// allOf reads a list of an agent's own tasks in pages of so many.
func allOf(t *testing.T, k *markettest.Kit, a *markettest.Agent, q market.MineQuery, limit int) (all []market.TaskID) {
	t.Helper()
	for q.Limit = limit; ; {
		list, err := a.API.Mine(k.Ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list.Tasks {
			all = append(all, list.Tasks[i].TaskID)
		}
		next := q.Offset + len(list.Tasks)
		if looked := (len(q.Tags) > 0 || q.Search != "") && (q.Order == "" || q.Order == market.MineOldest); looked || list.NextOffset > 0 {
			next = list.NextOffset
		}
		if next == 0 || next >= list.Total || next <= q.Offset {
			return all
		}
		q.Offset = next
	}
}

// By what there is no index for, the newest thousand are put in order, and the answer says
// that there are older ones.
func TestMinePutsAThousandTasksInOrder(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada", markettest.Granted(100_000))
	first := ada.Post("the oldest, and the dearest", markettest.Budget(99))
	var dear market.TaskID
	k.Do("a thousand more", func() {
		for i := range 1_001 {
			id := ada.Post(fmt.Sprint("task ", i), markettest.Budget(2))
			if i == 1 {
				dear = id
			}
		}
	})
	list, err := ada.API.Mine(k.Ctx, market.MineQuery{Order: market.MineCredits, Page: market.Page{Limit: 1}})
	if err != nil || !list.TotalMore || list.Total != 1_000 || list.Tasks[0].TaskID == first {
		t.Errorf("the list is of %d, more: %v, %v", list.Total, list.TotalMore, err)
	}
	list, err = ada.API.Mine(k.Ctx, market.MineQuery{Order: market.MineCredits, Page: market.Page{Limit: 1, Offset: 999}})
	if err != nil || len(list.Tasks) != 1 || list.Tasks[0].TaskID != dear {
		t.Errorf("the last of them is %+v, %v", list.Tasks, err)
	}
	oldest, err := ada.API.Mine(k.Ctx, market.MineQuery{Order: market.MineOldest, Page: market.Page{Limit: 1}})
	if err != nil || oldest.Total != 1_002 || oldest.TotalMore || oldest.Tasks[0].TaskID != first {
		t.Errorf("the oldest is %+v, %v", oldest.Tasks, err)
	}
}

// Long texts end a page of the oldest tasks early, after its first ones.
func TestThePageOfTheOldestTasksEndsAfterItsFirst(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada", markettest.Granted(1_000))
	var want []market.TaskID
	for range 13 {
		posted, err := ada.API.Post(k.Ctx, market.PostInput{Need: "x", Context: strings.Repeat("漢𠮷", 49_000), MaxCredits: 1})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, posted.TaskID)
	}
	list, err := ada.API.Mine(k.Ctx, market.MineQuery{Order: market.MineOldest, Page: market.Page{Limit: 100}})
	if err != nil || len(list.Tasks) == 0 || len(list.Tasks) == 13 || list.NextOffset != len(list.Tasks) {
		t.Fatalf("%d tasks, the next at %d: %v", len(list.Tasks), list.NextOffset, err)
	}
	if got := allOf(t, k, ada, market.MineQuery{Order: market.MineOldest}, 100); !slices.Equal(got, want) {
		t.Errorf("page by page it lists %v, want %v", got, want)
	}
}
