package market_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// What the poster says of a task stays with it, and only its parties see it.
func TestMetadataIsForTheParties(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada"), k.Agent("bob"), k.Agent("cyd")
		want := map[string]string{"order": "4711", "tenant.id": "a=b, \"c\" é", "empty": ""}
		given := maps.Clone(want)
		posted, err := ada.API.Post(k.Ctx, market.PostInput{Need: "count", MaxCredits: 5, Metadata: given})
		if err != nil {
			t.Fatal(err)
		}
		clear(given)
		if v := cyd.Task(posted.TaskID); v.Metadata != nil {
			t.Errorf("a stranger sees %v", v.Metadata)
		}
		if p := bob.Claim(posted.TaskID); !maps.Equal(p.Metadata, want) {
			t.Errorf("the pickup has %v", p.Metadata)
		}
		bob.Deliver(posted.TaskID, "3")
		for _, a := range []*markettest.Agent{ada, bob} {
			v := a.Task(posted.TaskID)
			if !maps.Equal(v.Metadata, want) {
				t.Errorf("%s sees %v", a.Name, v.Metadata)
			}
			clear(v.Metadata)
		}
		if v := ada.Task(posted.TaskID); !maps.Equal(v.Metadata, want) {
			t.Errorf("who changes an answer changed the task: %v", v.Metadata)
		}
		if list := bob.Mine(market.PartyWorker, ""); !maps.Equal(list[0].Metadata, want) {
			t.Errorf("mine has %v", list[0].Metadata)
		}
	})
}

func TestMetadataHasLimits(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada")
	many := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprint("key-", i)] = "x"
		}
		return m
	}
	for name, c := range map[string]struct {
		in map[string]string
		ok bool
	}{
		"sixteen":                 {many(16), true},
		"seventeen":               {many(17), false},
		"a key of 64":             {map[string]string{strings.Repeat("k", 64): "x"}, true},
		"a key of 65":             {map[string]string{strings.Repeat("k", 65): "x"}, false},
		"an empty key":            {map[string]string{"": "x"}, false},
		"a key with every sign":   {map[string]string{"aZ0._-": "x"}, true},
		"a key with a sign of =":  {map[string]string{"a=b": "x"}, false},
		"a key beyond ASCII":      {map[string]string{"é": "x"}, false},
		"a value of 512":          {map[string]string{"k": strings.Repeat("é", 512)}, true},
		"a value of 513":          {map[string]string{"k": strings.Repeat("é", 513)}, false},
		"a value with NUL":        {map[string]string{"k": "a\x00"}, false},
		"a value that is no text": {map[string]string{"k": "\xff"}, false},
		"nothing":                 {map[string]string{}, true},
	} {
		_, err := ada.API.Post(k.Ctx, market.PostInput{Need: "x", MaxCredits: 1, Metadata: c.in})
		_, mine := ada.API.Mine(k.Ctx, market.MineQuery{Metadata: c.in})
		for _, err := range []error{err, mine} {
			if c.ok {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			} else if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "metadata" {
				t.Errorf("%s: the field is %q", name, e.Field)
			}
		}
	}
}

// The pages of a search for metadata, one after the other, have every task with all
// of the pairs once, newest first, however far they lie apart.
func TestMineFindsMetadata(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Granted(1000))
		var want []market.TaskID
		post := func(m map[string]string) market.TaskID {
			posted, err := ada.API.Post(k.Ctx, market.PostInput{Need: "x", MaxCredits: 1, Metadata: m})
			if err != nil {
				t.Fatal(err)
			}
			return posted.TaskID
		}
		for i := range 5 {
			want = append(want, post(map[string]string{"order": "7", "line": "a", "n": fmt.Sprint(i)}))
			post(map[string]string{"order": "7", "line": "b"})
			post(map[string]string{"order": "77", "line": "a"})
			post(nil)
		}
		slices.Reverse(want)
		var got []market.TaskID
		q := market.MineQuery{Metadata: map[string]string{"order": "7", "line": "a"}, Page: market.Page{Limit: 2}}
		for {
			list, err := ada.API.Mine(k.Ctx, q)
			if err != nil || list.Total != 20 || len(list.Tasks) > 2 {
				t.Fatalf("%d tasks of %d, %v", len(list.Tasks), list.Total, err)
			}
			got = append(got, idsOf(list.Tasks)...)
			if q.Offset = list.NextOffset; q.Offset == 0 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
		none, err := ada.API.Mine(k.Ctx, market.MineQuery{Metadata: map[string]string{"order": ""}})
		if err != nil || len(none.Tasks) != 0 || none.NextOffset != 0 {
			t.Errorf("an empty value finds %+v, %v", none, err)
		}
	})
}

// One answer looks through a thousand tasks and says where the next one goes on.
func TestMineLooksThroughAThousandTasksForMetadata(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely())
	ada := k.Agent("ada", markettest.Granted(2000))
	posted, err := ada.API.Post(k.Ctx, market.PostInput{Need: "x", MaxCredits: 1, Metadata: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		ada.Post("y", markettest.Budget(1))
	}
	q := market.MineQuery{Metadata: map[string]string{"a": "b"}}
	list, err := ada.API.Mine(k.Ctx, q)
	if err != nil || len(list.Tasks) != 0 || list.Total != 1001 || list.NextOffset != 1000 {
		t.Fatalf("%d tasks of %d, next %d, %v", len(list.Tasks), list.Total, list.NextOffset, err)
	}
	q.Offset = list.NextOffset
	list, err = ada.API.Mine(k.Ctx, q)
	if err != nil || !slices.Equal(idsOf(list.Tasks), []market.TaskID{posted.TaskID}) || list.NextOffset != 0 {
		t.Errorf("%v, next %d, %v", idsOf(list.Tasks), list.NextOffset, err)
	}
}
