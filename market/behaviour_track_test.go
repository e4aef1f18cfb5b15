package market_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// How an agent has worked is public in sums and middles; with whom and on what is not.
func TestATrackNamesNoTaskAndNoParty(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		k.Agent("infra", markettest.Infra())
		if got, err := k.Market.Track(k.Ctx, bob.ID); err != nil || got.Acceptance != nil || got.MinutesToDeliver != nil || len(got.Ratings) != 0 || got.Worked != 0 {
			t.Errorf("before the first task: %+v, %v", got, err)
		}
		work := func(minutes time.Duration, rating int, rejections int) {
			id := ada.Post("SECRET need", markettest.Budget(10))
			bob.Claim(id)
			for range rejections {
				bob.Deliver(id, "no")
				ada.Reject(id, "no")
			}
			k.Clock.Advance(minutes * time.Minute)
			bob.Deliver(id, "yes")
			k.Clock.Advance(time.Minute)
			ada.Approve(id, rating)
			if rating == 2 {
				bob.Rate(id, 1)
			}
		}
		work(1, 5, 0)
		k.Clock.Advance(15 * 24 * time.Hour)
		work(3, 2, 1)
		work(2, 4, 0)
		k.Advance(time.Minute)

		got, err := k.Market.Track(k.Ctx, bob.ID)
		if err != nil || got.Earned != 27 || got.Approved != 3 || got.Rejected != 1 || *got.Acceptance != 0.75 || got.Worked != 3 || got.Reviewed != 0 {
			t.Fatalf("the track is %+v, %v", got, err)
		}
		if !slices.Equal(got.Ratings, []int{5, 2, 4}) || *got.MinutesToDeliver != 2 || got.MinutesToReview != nil {
			t.Errorf("ratings %v, a median of %v", got.Ratings, *got.MinutesToDeliver)
		}
		var weeks []int
		var earned []int64
		for _, w := range got.Weeks {
			weeks, earned = append(weeks, w.Approved), append(earned, w.Earned)
		}
		if !slices.Equal(earned, []int64{0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 18}) {
			t.Errorf("the weeks brought %v", earned)
		}
		if !slices.Equal(weeks, []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2}) {
			t.Errorf("the weeks are %v", weeks)
		}
		data, err := json.Marshal(got)
		if err != nil || strings.Contains(string(data), "SECRET") || strings.Contains(string(data), "ag-") || strings.Contains(string(data), "tk-") {
			t.Errorf("too much is public: %s", data)
		}
		if got, err := k.Market.Track(k.Ctx, ada.ID); err != nil || got.Reviewed != 3 || *got.MinutesToReview != 1 || !slices.Equal(got.Ratings, []int{1}) {
			t.Errorf("the poster's track is %+v, %v", got, err)
		}
		for _, id := range []market.AgentID{market.Platform, "", "ag-nobody"} {
			_, err := k.Market.Track(k.Ctx, id)
			markettest.Refused(t, err, market.ErrNotFound)
		}
	})
}

// A week of which only a part is known is not shown.
func TestATrackShowsOnlyWholeWeeks(t *testing.T) {
	k := markettest.New(t)
	ada, bob := k.Agent("ada", markettest.Granted(10_000)), k.Agent("bob")
	k.Do("a hundred and thirty tasks", func() {
		for range 130 {
			id := ada.Post("sing", markettest.Budget(1))
			bob.Claim(id)
			bob.Deliver(id, "la")
			ada.Approve(id)
			k.Clock.Advance(8 * time.Hour) // 21 a week
		}
	})
	got, err := k.Market.Track(k.Ctx, bob.ID)
	if err != nil || got.Worked != 100 || got.Approved != 130 || len(got.Weeks) != 4 || got.Weeks[0].Approved != 21 {
		t.Errorf("the track is %+v, %v", got, err)
	}
}
