package demand

// ByTags returns what the tasks have cost that share the most of the tags with a draft:
// as many as enough posters' tasks share, one at least. False when there are too few
// posters. The tags are folded and distinct.
func (s *Sample) ByTags(tags []string) (Prices, bool) { return s.similar(s.byTag, tags, 1) }

// Words is an index of a sample by words.
type Words struct {
	sample *Sample
	byWord map[string][]int32
}

// Index indexes a sample by the distinct words of each trade, of which there may be none.
func (s *Sample) Index(words func(*Trade) []string) *Words {
	w := &Words{s, map[string][]int32{}}
	for i := range s.Trades {
		for _, word := range words(&s.Trades[i]) {
			w.byWord[word] = append(w.byWord[word], int32(i))
		}
	}
	return w
}

// Similar is ByTags for the distinct words of a draft, of which two have to be shared
// unless it has but one.
func (w *Words) Similar(words []string) (Prices, bool) {
	return w.sample.similar(w.byWord, words, min(2, max(len(words), 1)))
}

// similar looks for the trades that share the most features with a draft: it takes
// those that share as many as any does, then those with one less, and so on, until
// enough posters are behind them, and never those with less than least.
func (s *Sample) similar(having map[string][]int32, features []string, least int) (Prices, bool) {
	shared, most := make([]uint16, len(s.Trades)), uint16(0)
	for _, f := range features {
		for _, i := range having[f] {
			if shared[i] < ^uint16(0) {
				shared[i]++
			}
			most = max(most, shared[i])
		}
	}
	levels := make([][]int32, int(most)+1)
	for i, n := range shared {
		levels[n] = append(levels[n], int32(i))
	}
	var like []int32
	for n := int(most); n >= least; n-- {
		if like = append(like, levels[n]...); s.enough(like) {
			return s.prices(like), true
		}
	}
	return Prices{}, false
}

func (s *Sample) prices(trades []int32) Prices {
	credits := sorted(trades, func(i int32) int64 { return s.Trades[i].Credits })
	return Prices{P25: quantile(credits, 1), Median: quantile(credits, 2), P75: quantile(credits, 3), Tasks: int64(len(credits))}
}
