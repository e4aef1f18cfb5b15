package market_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// What is public of tasks: cut needs, no context, no result, no parties
// (rule 4.21).
func TestOnlyAPreviewOfATaskIsPublic(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		k.Agent("infra", markettest.Infra())
		var last market.TaskID
		k.Do("tasks", func() {
			for range 25 {
				k.Clock.Advance(10 * time.Minute)
				last = ada.Post(strings.Repeat("é", 79)+"ab", markettest.Background("SECRET context"), markettest.Budget(1))
			}
			bob.Claim(last)
			bob.Deliver(last, "SECRET result")
			ada.Approve(last)
		})
		recent, err := k.Market.Recent(k.Ctx)
		if err != nil || len(recent.Newest) != 20 {
			t.Fatalf("%d tasks, %v", len(recent.Newest), err)
		}
		first := recent.Newest[0]
		if first.TaskID != last || first.Status != market.StatusApproved || utf8.RuneCountInString(first.Need) != 80 || !strings.HasSuffix(first.Need, "é…") {
			t.Errorf("the newest is %+v", first)
		}
		data, err := json.Marshal(recent)
		if err != nil || strings.Contains(string(data), "SECRET") || strings.Contains(string(data), string(ada.ID)) || strings.Contains(string(data), string(bob.ID)) {
			t.Errorf("too much is public: %s", data)
		}
	})
}

// Everybody may list tasks in any state, but for those that not everybody may know of.
func TestTasksInAnyStateAreListedForEverybody(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob"), k.Agent("eve")
		k.Agent("infra", markettest.Infra())
		listed := func(q market.PublicQuery) (ids []market.TaskID) {
			t.Helper()
			list, err := k.Market.PublicTasks(k.Ctx, q)
			data, _ := json.Marshal(list)
			if err != nil || strings.Contains(string(data), "SECRET") || strings.Contains(string(data), string(ada.ID)) || strings.Contains(string(data), string(bob.ID)) {
				t.Fatalf("the list is %s, %v", data, err)
			}
			for _, task := range list.Tasks {
				ids = append(ids, task.TaskID)
			}
			return ids
		}
		open := ada.Post("open", markettest.Tagged("go", "sql"), markettest.Background("SECRET"))
		done := ada.Post(strings.Repeat("x", 79)+"SECRET", markettest.Tagged("Go"))
		bob.Claim(done)
		bob.Deliver(done, "SECRET result")
		ada.Approve(done)
		hire, err := ada.API.Post(k.Ctx, market.PostInput{Need: "for bob alone", Tags: []string{"go"}, OfferTo: []market.AgentID{bob.ID}, OpenAfter: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		spam := eve.Post("spam", markettest.Tagged("go"))
		k.Suspend(eve, true)
		for _, c := range []struct {
			q    market.PublicQuery
			want []market.TaskID
		}{
			{market.PublicQuery{}, []market.TaskID{done, open}},
			{market.PublicQuery{Filter: market.Filter{Tags: []string{"GO"}}}, []market.TaskID{done, open}},
			{market.PublicQuery{Filter: market.Filter{Tags: []string{"go", "sql"}}}, []market.TaskID{open}},
			{market.PublicQuery{Status: market.StatusPosted}, []market.TaskID{open}},
			{market.PublicQuery{Status: market.StatusApproved}, []market.TaskID{done}},
			{market.PublicQuery{Status: market.StatusExpired}, nil},
			{market.PublicQuery{Order: market.LastEndedFirst}, []market.TaskID{done}},
			{market.PublicQuery{Order: market.LastEndedFirst, Status: market.StatusPosted}, nil},
			{market.PublicQuery{Filter: market.Filter{Search: "OPEN"}}, []market.TaskID{open}},
			{market.PublicQuery{Filter: market.Filter{Search: "secret"}}, nil},
			{market.PublicQuery{Filter: market.Filter{Search: "bob"}}, nil},
			{market.PublicQuery{Page: market.Page{Limit: 1}}, []market.TaskID{done}},
		} {
			if got := listed(c.q); !slices.Equal(got, c.want) {
				t.Errorf("%+v: %v, want %v", c.q, got, c.want)
			}
		}
		first, err := k.Market.PublicTasks(k.Ctx, market.PublicQuery{Page: market.Page{Limit: 1}})
		if err != nil || first.NextOffset == 0 || !first.Tasks[0].EndedAt.Equal(k.Clock.Now()) {
			t.Fatalf("the first is %+v, %v", first, err)
		}
		if got := listed(market.PublicQuery{Page: market.Page{Limit: 1, Offset: first.NextOffset}}); !slices.Equal(got, []market.TaskID{open}) {
			t.Errorf("the second is %v", got)
		}
		k.Suspend(eve, false)
		k.Advance(time.Hour)
		if got := listed(market.PublicQuery{Status: market.StatusPosted}); !slices.Equal(got, []market.TaskID{spam, hire.TaskID, open}) {
			t.Errorf("later they are %v", got)
		}
		for _, q := range []market.PublicQuery{{Status: "done"}, {Order: "dearest"}, {Filter: market.Filter{Search: strings.Repeat("x ", 300)}}, {Filter: market.Filter{Tags: []string{"no tag"}}}, {Page: market.Page{Limit: 101}}} {
			_, err := k.Market.PublicTasks(k.Ctx, q)
			markettest.Refused(t, err, market.ErrInvalid)
		}
	})
}

// textReads counts the texts that are read of a store.
type textReads struct {
	market.Store
	texts *int
}

func (s textReads) count(page []store.StoredTask, err error) ([]store.StoredTask, error) {
	for _, st := range page {
		if st.Text != (store.TaskText{}) {
			*s.texts++
		}
	}
	return page, err
}

func (s textReads) Tasks(ctx context.Context, ids []market.TaskID) ([]store.StoredTask, error) {
	return s.count(s.Store.Tasks(ctx, ids))
}

func (s textReads) ScanOpen(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	return s.count(s.Store.ScanOpen(ctx, after, limit))
}

func (s textReads) ScanTasks(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	return s.count(s.Store.ScanTasks(ctx, after, limit))
}

// The dashboard asks every second: it reads the texts of the newest tasks, and
// each of them once.
func TestRecentReadsOnlyTheTextsThatItShows(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Granted(1_000))
		post := func() market.TaskID { return ada.Post("a need", markettest.Budget(1)) }
		k.Do("tasks", func() {
			for range 40 {
				post()
			}
		})
		texts := 0
		m, err := market.New(market.Config{Store: textReads{k.Store, &texts}, Clock: k.Clock})
		if err != nil {
			t.Fatal(err)
		}
		recent := func() market.Recent {
			t.Helper()
			r, err := m.Recent(k.Ctx)
			if err != nil || len(r.Newest) != 20 || r.Newest[0].Need != "a need" || r.Newest[19].Need != "a need" {
				t.Fatalf("recent are %+v, %v", r.Newest, err)
			}
			return r
		}
		if recent(); texts != 20 {
			t.Errorf("%d texts were read for 20 tasks", texts)
		}
		if recent(); texts != 20 {
			t.Errorf("%d texts were read when nothing was new", texts-20)
		}
		id := post()
		if r := recent(); texts != 21 || r.Newest[0].TaskID != id {
			t.Errorf("%d texts were read for one new task; the newest is %s, want %s", texts-20, r.Newest[0].TaskID, id)
		}
	})
}
