// Package demand says what tasks of a kind have cost lately and how long they took,
// from a sample of approved tasks (rule 6.14).
//
//	s := demand.New(now, trades)
//	s.Tag("go").Credits           // the median budget of tasks tagged so
//	s.ByTags([]string{"go"})      // what tasks like a draft with this tag have cost
//
// It never tells of fewer than Posters posters.
package demand

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Posters is how many posters have to be behind a figure.
const Posters = 5

// MaxTags is how many tags Tags lists.
const MaxTags = 1_000

// Trade is an approved task.
type Trade struct {
	ID, Poster string
	// Tags are folded and distinct.
	Tags []string
	// Credits is the budget.
	Credits int64
	// Bytes is the size of the task's texts.
	Bytes int64
	// ToClaim and ToApproval are the times from posting to the claim that was paid,
	// and to the approval.
	ToClaim, ToApproval time.Duration
}

// Figures are medians over the tasks with a tag, and how many those are.
type Figures struct {
	Approved            int64
	Credits             int64
	ToClaim, ToApproval time.Duration
}

// Prices are quartiles of the budgets of similar tasks, in whole credits, and how many
// tasks they are.
type Prices struct {
	P25, Median, P75, Tasks int64
}

// Sample is some trades with what they amount to. It does not change.
type Sample struct {
	// At is the instant of the sample, Trades are what the sample was made of.
	At     time.Time
	Trades []Trade
	byTag  map[string][]int32
	// figures has the tags with enough posters, popular their names.
	figures map[string]*Figures
	popular []string
}

// New makes a sample.
func New(at time.Time, trades []Trade) *Sample {
	s := &Sample{At: at, Trades: trades, byTag: map[string][]int32{}, figures: map[string]*Figures{}}
	for i := range trades {
		for _, tag := range trades[i].Tags {
			s.byTag[tag] = append(s.byTag[tag], int32(i))
		}
	}
	for tag, with := range s.byTag {
		if s.enough(with) {
			s.figures[tag] = s.figuresOf(with)
			s.popular = append(s.popular, tag)
		}
	}
	slices.SortFunc(s.popular, func(a, b string) int {
		return cmp.Or(cmp.Compare(s.figures[b].Approved, s.figures[a].Approved), strings.Compare(a, b))
	})
	s.popular = s.popular[:min(len(s.popular), MaxTags)]
	return s
}

// Tag returns the figures of a tag, nil when too few posters are behind them.
func (s *Sample) Tag(tag string) *Figures { return s.figures[tag] }

// Tags lists the tags that have figures, those of most trades first, at most MaxTags.
// The caller must not change the list.
func (s *Sample) Tags() []string { return s.popular }

// enough reports whether enough posters are behind some trades.
func (s *Sample) enough(trades []int32) bool {
	var posters [Posters]string
	n := 0
	for _, i := range trades {
		if p := s.Trades[i].Poster; !slices.Contains(posters[:n], p) {
			if posters[n] = p; n == Posters-1 {
				return true
			}
			n++
		}
	}
	return false
}

func (s *Sample) figuresOf(trades []int32) *Figures {
	return &Figures{
		Approved:   int64(len(trades)),
		Credits:    quantile(sorted(trades, func(i int32) int64 { return s.Trades[i].Credits }), 2),
		ToClaim:    quantile(sorted(trades, func(i int32) time.Duration { return s.Trades[i].ToClaim }), 2),
		ToApproval: quantile(sorted(trades, func(i int32) time.Duration { return s.Trades[i].ToApproval }), 2),
	}
}

func sorted[N cmp.Ordered](trades []int32, of func(int32) N) []N {
	values := make([]N, len(trades))
	for k, i := range trades {
		values[k] = of(i)
	}
	slices.Sort(values)
	return values
}

// quantile returns the value at this many quarters of a sorted list: between two
// values the weighted mean, rounded to a whole number, halves up.
func quantile[N ~int64](values []N, quarters int) N {
	at := quarters * (len(values) - 1)
	low, rest := values[at/4], N(at%4)
	if rest == 0 {
		return low
	}
	return low + (rest*(values[at/4+1]-low)+2)/4
}
