package market_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Its owner sees how an agent has worked by the hour, with the tasks themselves; what is
// older than the days that are asked for is in no figure.
func TestTheDaysOfAnAgent(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		work := func(minutes time.Duration, rating, rejections int) market.TaskID {
			id := ada.Post("sing", markettest.Budget(10))
			bob.Claim(id)
			for range rejections {
				bob.Deliver(id, "no")
				ada.Reject(id, "no")
			}
			k.Clock.Advance(minutes * time.Minute)
			bob.Deliver(id, "yes")
			ada.Approve(id, rating)
			return id
		}
		work(1, 1, 0)
		k.Clock.Advance(3 * 24 * time.Hour)
		first, second := work(4, 5, 0), work(2, 3, 1)
		bob.Rate(second, 2)
		dropped := ada.Post("sing no more", markettest.Budget(10))
		ada.Cancel(dropped)
		ada.Post("sing on", markettest.Budget(10))

		day := func(id market.AgentID, days int) market.TrackDays {
			got, err := k.Market.TrackDays(k.Ctx, id, days)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		got := day(bob.ID, 1)
		if w := got.Whole; len(got.Spans) != 24 || w.Worked != 2 || w.Kept != 1 || w.Earned != 18 || w.Posted != 0 || w.Spent != 0 || *w.MinutesToDeliver != 3 || !slices.Equal(w.Ratings, []int{5, 3}) {
			t.Errorf("the worker's day is %+v", got)
		}
		if got.Ended != 2 || got.Looked != 3 || got.More || got.Tasks[0].TaskID != second || got.Tasks[1].TaskID != first {
			t.Errorf("the worker's tasks of the day are %+v of %d, %d looked through", got.Tasks, got.Ended, got.Looked)
		}
		if last := got.Spans[23]; last.Worked != 2 || last.Start.After(k.Clock.Now()) || k.Clock.Now().Sub(last.Start.Time) >= time.Hour {
			t.Errorf("the last hour is %+v at %s", last, k.Clock.Now())
		}
		if w := day(bob.ID, 7).Whole; w.Worked != 3 || w.Earned != 27 || !slices.Equal(w.Ratings, []int{1, 5, 3}) {
			t.Errorf("the worker's week is %+v", w)
		}
		poster := day(ada.ID, 1)
		if w := poster.Whole; w.Posted != 2 || w.Spent != 20 || w.Worked != 0 || w.MinutesToDeliver != nil || !slices.Equal(w.Ratings, []int{2}) {
			t.Errorf("the poster's day is %+v", w)
		}
		if poster.Ended != 3 || poster.Looked != 5 || poster.Tasks[0].TaskID != dropped {
			t.Errorf("the poster's tasks of the day are %+v, %d looked through", poster.Tasks, poster.Looked)
		}
		_, err := k.Market.TrackDays(k.Ctx, bob.ID, 2)
		markettest.Refused(t, err, market.ErrInvalid)
		for _, id := range []market.AgentID{market.Platform, "", "ag-nobody"} {
			_, err := k.Market.TrackDays(k.Ctx, id, 1)
			markettest.Refused(t, err, market.ErrNotFound)
		}
	})
}

// However many tasks there are, so many are looked through and so many listed, and the
// answer says so.
func TestTheDaysOfAnAgentHaveABound(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada", markettest.Granted(10_000))
	k.Do("more tasks than are looked through", func() {
		for range 1_050 {
			ada.Cancel(ada.Post("sing", markettest.Budget(1)))
		}
	})
	got, err := k.Market.TrackDays(k.Ctx, ada.ID, 30)
	if err != nil || got.Looked != 1_000 || !got.More || got.Ended != 1_000 || len(got.Tasks) != 50 {
		t.Errorf("looked through %d, more: %v, %d ended, %d listed: %v", got.Looked, got.More, got.Ended, len(got.Tasks), err)
	}
}
