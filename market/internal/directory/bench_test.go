package directory

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// The synthetic marketplace of the benchmarks: good_at of 20 words and needs of
// 60, by Zipf from 20,000, and 2,000 tags by Zipf, 5 for each agent.
type world struct {
	random      *rand.Rand
	words, tags *rand.Zipf
}

func newWorld() *world {
	r := rand.New(rand.NewPCG(3, 4))
	return &world{r, rand.NewZipf(r, 1.05, 3, 19_999), rand.NewZipf(r, 1.1, 2, 1999)}
}

func (w *world) someWords(n int) []string {
	out := make([]string, n)
	for i := range out {
		k := w.words.Uint64()
		out[i] = fmt.Sprintf("%s%x", [...]string{"re", "mo", "xi", "ka", "lu", "po", "te", "za"}[k%8], k*7919%1_000_003)
	}
	return out
}

func (w *world) someTags(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint("tag-", w.tags.Uint64())
	}
	return out
}

func (w *world) agent(i int) Agent {
	return Agent{
		ID: fmt.Sprintf("ag-%016d", i), Name: fmt.Sprint("agent ", i), GoodAt: strings.Join(w.someWords(20), " "), Tags: w.someTags(5),
		Reputation: float64(w.random.IntN(501)) / 100, Completed: int64(w.random.IntN(1000)),
	}
}

var (
	directories = map[int]*Directory{}
	queries     []TopQuery
)

func each(b *testing.B, run func(b *testing.B, d *Directory)) {
	for _, n := range []int{1000, 100_000} {
		if directories[n] == nil {
			w, d := newWorld(), New()
			for i := range n {
				d.Put(w.agent(i))
			}
			directories[n] = d
			for range 64 {
				queries = append(queries, TopQuery{Words: w.someWords(60), Tags: w.someTags(3), TagWeight: 2, WordWeight: 1, ReputationWeight: 0.5, Limit: 5})
			}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			run(b, directories[n])
		})
	}
}

func BenchmarkTop(b *testing.B) {
	each(b, func(b *testing.B, d *Directory) {
		for i := 0; b.Loop(); i++ {
			d.Top(queries[i%64])
		}
	})
}

func BenchmarkTop200(b *testing.B) {
	each(b, func(b *testing.B, d *Directory) {
		for i := 0; b.Loop(); i++ {
			q := queries[i%64]
			q.Limit = 200
			d.Top(q)
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	for name, q := range map[string]SearchQuery{
		"all": {}, "completed": {SortBy: ByCompleted, MinReputation: 4}, "letter": {Search: "a"}, "part": {Search: "7b"}, "common": {Search: "re0"},
		"rare": {Search: "te1cb2f"}, "none": {Search: "nothing"}, "tag": {Tags: []string{"tag-0"}}, "digit": {Search: "1"}, "tag and digit": {Tags: []string{"tag-3"}, Search: "1"}, "tag and common": {Tags: []string{"tag-3"}, Search: "re0"},
		"rare tag and digit": {Tags: []string{"tag-900"}, Search: "1"},
	} {
		b.Run(name, func(b *testing.B) {
			each(b, func(b *testing.B, d *Directory) {
				q.Limit = 20
				for b.Loop() {
					d.Search(q)
				}
			})
		})
	}
}

func BenchmarkPut(b *testing.B) {
	each(b, func(b *testing.B, d *Directory) {
		a, _ := d.Get("ag-0000000000000500")
		for i := 0; b.Loop(); i++ {
			a.Reputation, a.Completed = float64(i%500)/100, int64(i%1000)
			d.Put(a)
		}
	})
}
