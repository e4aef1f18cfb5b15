package board

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// The synthetic marketplace of the benchmarks: 2,000 tags by Zipf, 3.5 of them
// for each task, 60 words from 50,000, 10,000 posters.
const (
	benchTags    = 2000
	benchWords   = 50_000
	benchPosters = 10_000
	million      = 1_000_000
)

type world struct {
	random *rand.Rand
	tags   *rand.Zipf
	words  []string
}

func newWorld() *world {
	w := &world{random: rand.New(rand.NewPCG(1, 2))}
	w.tags = rand.NewZipf(w.random, 1.1, 1, benchTags-1)
	for i := range benchWords {
		w.words = append(w.words, strings.ToLower(fmt.Sprintf("%s%d", [...]string{"re", "mo", "xi", "ka", "lu", "po", "te", "za"}[i%8], i*7919%1_000_003)))
	}
	return w
}

func (w *world) text() string {
	var b strings.Builder
	for range 60 {
		b.WriteString(w.words[w.random.IntN(benchWords)])
		b.WriteByte(' ')
	}
	return b.String()
}

func (w *world) someTags(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint("tag-", w.tags.Uint64())
	}
	return out
}

func (w *world) task(i int) Task[int] {
	return Task[int]{
		ID: fmt.Sprintf("tk-%016d", i), Version: 1, Seq: int64(i), Poster: fmt.Sprint("ag-", w.random.IntN(benchPosters)),
		Tags: w.someTags(3 + i%2), Need: w.text(), CreatedAt: epoch.Add(time.Duration(i) * time.Millisecond),
		ClosesAt: epoch.Add(72*time.Hour + time.Duration(i)*time.Millisecond), Value: i,
	}
}

var benchNow = epoch.Add(time.Hour)

// boards of each size are made once and put back as they were by each benchmark.
var (
	boardsMu sync.Mutex
	boards   = map[int]*Board[int]{}
	worlds   = map[int]*world{}
)

func boardOf(b *testing.B, n int) (*Board[int], *world) {
	b.Helper()
	boardsMu.Lock()
	defer boardsMu.Unlock()
	if boards[n] == nil {
		w := newWorld()
		board := New[int]()
		board.Advance(benchNow)
		for i := range n {
			board.Put(w.task(i))
		}
		for i := range benchPosters {
			board.SetPoster(fmt.Sprint("ag-", i), float64(w.random.IntN(500))/100, false)
		}
		boards[n], worlds[n] = board, w
	}
	return boards[n], worlds[n]
}

func each(b *testing.B, run func(b *testing.B, board *Board[int], w *world)) {
	for _, n := range []int{1000, million} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			board, w := boardOf(b, n)
			b.ReportAllocs()
			b.ResetTimer()
			run(b, board, w)
		})
	}
}

// capabilities are 20 tags as tasks have them.
func capabilities(w *world) []string {
	seen, out := map[string]bool{}, []string{}
	for len(out) < 20 {
		if s := w.someTags(1)[0]; !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func benchQuery() Query {
	caps := capabilities(&world{random: rand.New(rand.NewPCG(5, 5)), tags: rand.NewZipf(rand.New(rand.NewPCG(5, 5)), 1.1, 1, benchTags-1)})
	return Query{Agent: "ag-77", Capabilities: caps, Now: benchNow}
}

// The pickup of an agent with 20 tags, and in turn with it the bare loop that
// counts over the same lists: "x-bare" is the ratio of their times.
func BenchmarkReserve20Tags(b *testing.B) {
	each(b, func(b *testing.B, board *Board[int], w *world) {
		q := benchQuery()
		counts := make([]uint8, len(board.tasks))
		var own, bare time.Duration
		for b.Loop() {
			start := time.Now()
			board.Reserve(q, 8).Release()
			reserved := time.Now()
			board.bareCount(q.Capabilities, counts)
			own, bare = own+reserved.Sub(start), bare+time.Since(reserved)
		}
		b.ReportMetric(float64(own)/float64(bare), "x-bare")
		b.ReportMetric(float64(own.Nanoseconds())/float64(b.N), "ns/reserve")
	})
}

func (b *Board[R]) bareCount(capabilities []string, counts []uint8) {
	for _, c := range capabilities {
		if n, ok := b.tags.numbers[c]; ok {
			for _, slot := range b.tags.list[n].open {
				counts[slot]++
			}
		}
	}
}

func BenchmarkPage20TagsAndCount(b *testing.B) {
	each(b, func(b *testing.B, board *Board[int], w *world) {
		q := benchQuery()
		for b.Loop() {
			board.Page(q, 0, 20, 10_000)
		}
	})
}

func BenchmarkReserveFIFO(b *testing.B) {
	each(b, func(b *testing.B, board *Board[int], w *world) {
		q := Query{Agent: "ag-77", Now: benchNow}
		for b.Loop() {
			board.Reserve(q, 8).Release()
		}
	})
}

func BenchmarkReserveNoOverlap(b *testing.B) {
	each(b, func(b *testing.B, board *Board[int], w *world) {
		q := Query{Agent: "ag-77", Capabilities: []string{"unheard-of"}, Now: benchNow}
		for b.Loop() {
			board.Reserve(q, 8).Release()
		}
	})
}

func BenchmarkPutRemove(b *testing.B) {
	each(b, func(b *testing.B, board *Board[int], w *world) {
		tasks := make([]Task[int], 4096)
		for i := range tasks {
			tasks[i] = w.task(board.Len() + i)
		}
		ids := make([]string, 0, len(tasks))
		for i := 0; b.Loop(); i++ {
			t := tasks[i%len(tasks)]
			t.Version = int64(i/len(tasks)*2 + 1)
			board.Put(t)
			ids = append(ids, t.ID)
			if len(ids) > 64 {
				board.Remove(ids[0], t.Version)
				ids = ids[1:]
			}
		}
		for _, id := range ids {
			board.Remove(id, 1<<60)
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	each(b, func(b *testing.B, board *Board[int], w *world) {
		for _, term := range []string{"a", "1", "12", "123", w.words[17], "nothing", "ka 7"} {
			b.Run(strings.ReplaceAll(term, " ", "+"), func(b *testing.B) {
				for _, q := range []Query{{Agent: "ag-77", Search: term, Now: benchNow}, {Agent: "ag-77", Search: term, Capabilities: benchQuery().Capabilities, Now: benchNow}} {
					b.Run(fmt.Sprint(len(q.Capabilities)), func(b *testing.B) {
						for b.Loop() {
							board.Page(q, 0, 20, 10_000)
						}
					})
				}
			})
		}
	})
}

// The memory of open tasks whose texts are 50,000 characters without a space,
// all of them different: "B/task" beyond the text, and by the text's own size.
func BenchmarkMemoryWithoutSpaces(b *testing.B) {
	const tasks, size = 500, 50_000
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		board, before := New[int](), heapNow()
		for i := range tasks {
			text := make([]byte, size)
			for j := range text {
				text[j] = byte('a' + random.IntN(26))
			}
			board.Put(Task[int]{ID: fmt.Sprint("tk-", i), Version: 1, Seq: int64(i), Poster: "ag-1", Need: string(text)})
		}
		used := float64(heapNow()-before) / tasks
		b.ReportMetric(used, "B/task")
		b.ReportMetric(used/size, "B/char")
		b.ReportMetric(0, "ns/op")
		if board.Len() != tasks {
			b.Fatal(board.Len())
		}
	}
}

func heapNow() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
