package board

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkWriterBesideSearches measures how long a writer waits while somebody
// makes the most expensive searches that are allowed, one after the other, over
// 100,000 tasks: sixteen terms of one or two letters, which many words hold.
func BenchmarkWriterBesideSearches(b *testing.B) {
	const n = 100_000
	board, w := boardOf(b, n)
	for name, search := range map[string]string{
		"nobody": "", "letters": "a b c d e f g h i j k l m n o p", "pairs": "re mo xi ka lu po te za 1 2 3 4 5 6 7 8",
		"rare": "q y w v j f d b g h n c s r 00 99",
	} {
		b.Run(name, func(b *testing.B) {
			done, ended := make(chan struct{}), make(chan int)
			go func() {
				searches := 0
				for search != "" {
					select {
					case <-done:
						ended <- searches
						return
					default:
					}
					q := Query{Agent: "ag-none", Search: search, Now: benchNow}
					board.Page(q, 0, 100)
					board.Count(q, 10_000)
					searches++
				}
				<-done
				ended <- searches
			}()
			var waits []time.Duration
			for i := range b.N {
				t := w.task(n + i%100)
				began := time.Now()
				board.Put(t)
				board.Remove(t.ID, t.Version)
				waits = append(waits, time.Since(began))
				board.tomb = tombstones{}
			}
			close(done)
			searches := <-ended
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(waits[len(waits)-1].Microseconds()), "max-µs")
			b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(max(searches, 1)), "ms/search")
		})
	}
}
