package demand

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var (
	epoch    = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	someTags = []string{"go", "sql", "review", "rust"}
)

func someTrades(t *rapid.T) []Trade {
	trades := make([]Trade, rapid.IntRange(0, 40).Draw(t, "trades"))
	for i := range trades {
		trades[i] = Trade{
			ID: fmt.Sprint("tk-", i), Poster: fmt.Sprint("ag-", rapid.IntRange(1, 7).Draw(t, "poster")),
			Tags:    rapid.SliceOfNDistinct(rapid.SampledFrom(someTags), 0, 3, rapid.ID[string]).Draw(t, "tags"),
			Credits: rapid.Int64Range(1, 100).Draw(t, "credits"),
			ToClaim: time.Duration(rapid.IntRange(0, 1_000).Draw(t, "claim")) * time.Second,
		}
		trades[i].ToApproval = trades[i].ToClaim + time.Minute
	}
	return trades
}

// plainQuantile is the value at a share of a list, between two values in proportion.
func plainQuantile(values []int64, share float64) int64 {
	slices.Sort(values)
	at := share * float64(len(values)-1)
	low := int(at)
	high := min(low+1, len(values)-1)
	return int64(math.Floor(float64(values[low]) + (at-float64(low))*float64(values[high]-values[low]) + 0.5))
}

func postersOf(trades []Trade) int {
	seen := map[string]bool{}
	for _, t := range trades {
		seen[t.Poster] = true
	}
	return len(seen)
}

func creditsOf(trades []Trade) (out []int64) {
	for _, t := range trades {
		out = append(out, t.Credits)
	}
	return out
}

// plainPrices takes the trades that share the most with a draft, as many as it needs.
func plainPrices(trades []Trade, draft []string, least int) (Prices, bool) {
	for level := len(draft); level >= least; level-- {
		like := slices.DeleteFunc(slices.Clone(trades), func(t Trade) bool {
			n := 0
			for _, tag := range draft {
				if slices.Contains(t.Tags, tag) {
					n++
				}
			}
			return n < level
		})
		if postersOf(like) >= Posters {
			c := creditsOf(like)
			return Prices{P25: plainQuantile(c, 0.25), Median: plainQuantile(c, 0.5), P75: plainQuantile(c, 0.75), Tasks: int64(len(c))}, true
		}
	}
	return Prices{}, false
}

func TestASampleAgreesWithPlainSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trades := someTrades(t)
		s := New(epoch, trades)
		var listed []string
		for _, tag := range someTags {
			with := slices.DeleteFunc(slices.Clone(trades), func(t Trade) bool { return !slices.Contains(t.Tags, tag) })
			got := s.Tag(tag)
			if postersOf(with) < Posters {
				if got != nil {
					t.Fatalf("%s: %+v of %d posters", tag, got, postersOf(with))
				}
				continue
			}
			listed = append(listed, tag)
			var claim []int64
			for _, t := range with {
				claim = append(claim, int64(t.ToClaim))
			}
			want := Figures{Approved: int64(len(with)), Credits: plainQuantile(creditsOf(with), 0.5), ToClaim: time.Duration(plainQuantile(claim, 0.5))}
			want.ToApproval = want.ToClaim + time.Minute
			if got == nil || *got != want {
				t.Fatalf("%s: %+v, want %+v", tag, got, want)
			}
		}
		slices.SortFunc(listed, func(a, b string) int {
			return cmp.Or(cmp.Compare(s.Tag(b).Approved, s.Tag(a).Approved), cmp.Compare(a, b))
		})
		if !slices.Equal(s.Tags(), listed) {
			t.Fatalf("tags %v, want %v", s.Tags(), listed)
		}
		draft := rapid.SliceOfNDistinct(rapid.SampledFrom(someTags), 0, 4, rapid.ID[string]).Draw(t, "draft")
		got, ok := s.ByTags(draft)
		if want, enough := plainPrices(trades, draft, 1); got != want || ok != enough {
			t.Fatalf("by tags %v: %+v %v, want %+v %v", draft, got, ok, want, enough)
		}
		got, ok = s.Index(func(t *Trade) []string { return t.Tags }).Similar(draft)
		if want, enough := plainPrices(trades, draft, min(2, max(1, len(draft)))); got != want || ok != enough {
			t.Fatalf("by words %v: %+v %v, want %+v %v", draft, got, ok, want, enough)
		}
	})
}

func TestQuantilesByHand(t *testing.T) {
	for _, c := range []struct {
		values           []int64
		p25, median, p75 int64
	}{
		{[]int64{7}, 7, 7, 7},
		{[]int64{1, 2}, 1, 2, 2},              // 1.25, 1.5, 1.75
		{[]int64{10, 20, 30, 40}, 18, 25, 33}, // 17.5, 25, 32.5
		{[]int64{1, 2, 3, 4, 100}, 2, 3, 4},
		{[]int64{5, 5, 5, 5, 5, 100_000}, 5, 5, 5},
	} {
		if a, b, d := quantile(c.values, 1), quantile(c.values, 2), quantile(c.values, 3); a != c.p25 || b != c.median || d != c.p75 {
			t.Errorf("%v: %d, %d, %d, want %d, %d, %d", c.values, a, b, d, c.p25, c.median, c.p75)
		}
	}
}
