package board

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkWriterBesideSearches measures how long a writer waits while somebody
// makes the most expensive searches that are allowed, one after the other: of
// sixteen terms of one or two letters, which many words hold, of such as hardly
// any task has all of, and of a page far away.
func BenchmarkWriterBesideSearches(b *testing.B) {
	for _, n := range []int{100_000, million} {
		board, w := boardOf(b, n)
		for _, s := range []struct {
			name, terms  string
			offset       int
			capabilities []string
		}{
			{name: "nobody"},
			{name: "letters", terms: "a b c d e f g h i j k l m n o p"},
			{name: "pairs", terms: "re mo xi ka lu po te za 1 2 3 4 5 6 7 8"},
			{name: "rare", terms: "q y w v j f d b g h n c s r 00 99"},
			{name: "scarce", terms: "re0 re1 re2 re3 1 2 3 4 5 6 7 8 9 0"},
			{name: "far", terms: "1 2", offset: n - 100},
			{name: "end", offset: n - 100, terms: ""},
			{name: "far by tags", offset: n - 100, capabilities: benchQuery().Capabilities},
		} {
			b.Run(fmt.Sprint(n, "/", s.name), func(b *testing.B) {
				q := Query{Agent: "ag-none", Search: s.terms, Capabilities: s.capabilities, Now: benchNow}
				stop := besides(func() {
					if s.name != "nobody" {
						board.Page(q, s.offset, 100, 10_000)
					}
				})
				waits := make([]time.Duration, 0, b.N)
				for i := range b.N {
					t := w.task(n + i%100)
					began := time.Now()
					board.Put(t)
					board.Remove(t.ID, t.Version)
					waits = append(waits, time.Since(began))
					board.tomb = tombstones{}
				}
				searches := stop()
				slices.Sort(waits)
				b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "p99-µs")
				b.ReportMetric(float64(waits[len(waits)-1].Microseconds()), "max-µs")
				b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(max(searches, 1)), "ms/search")
			})
		}
	}
}

// besides does something again and again until stop, which tells how often.
func besides(do func()) (stop func() int) {
	done, ended := make(chan struct{}), make(chan int)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				ended <- n
				return
			default:
				do()
			}
		}
	}()
	return func() int {
		close(done)
		return <-ended
	}
}
