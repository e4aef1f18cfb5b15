package market

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pinchwork/pinchwork/store"
)

// An agent may have been rated on thousands of tags; its profile, which anybody
// may ask for, shows the 50 most counted, ties by tag.
func TestAProfileShowsTheMostRatedTags(t *testing.T) {
	var stats []store.TagStat
	for i := range 20_000 {
		stats = append(stats, store.TagStat{Tag: fmt.Sprintf("t%05d", i), RatingSum: 4, RatingCount: 1})
	}
	stats = append(stats, store.TagStat{Tag: "unrated", Count: 9}, store.TagStat{Tag: "z-often", RatingSum: 9, RatingCount: 3})
	rand.Shuffle(len(stats), func(i, j int) { stats[i], stats[j] = stats[j], stats[i] })
	got := tagReputation(stats)
	if len(got) != 50 || got[0] != (TagReputation{Tag: "z-often", AvgRating: 3, Count: 3}) {
		t.Fatalf("%d tags, first %+v", len(got), got[0])
	}
	for i, r := range got[1:] {
		if want := fmt.Sprintf("t%05d", i); r.Tag != want {
			t.Errorf("place %d has %s, want %s", i+1, r.Tag, want)
		}
	}
}
