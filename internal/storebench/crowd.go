package storebench

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Crowd is how many agents there are: half of them post, the others work.
const Crowd = 200

// Couples lets posters and workers meet at random.
type Couples struct {
	mu   sync.Mutex
	last int
	met  map[[2]int]*couple
}

// couple counts how often two have ended a life.
type couple struct {
	sync.Mutex
	met int64
}

// Meeting is the N-th one, from 1, of a poster and a worker.
type Meeting struct {
	N              int
	Poster, Worker store.AgentID
	couple         *couple
}

// Meet begins the next life.
func (c *Couples) Meet() *Meeting {
	who := [2]int{rand.IntN(Crowd / 2), Crowd/2 + rand.IntN(Crowd/2)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.met == nil {
		c.met = make(map[[2]int]*couple)
	}
	if c.met[who] == nil {
		c.met[who] = new(couple)
	}
	c.last++
	return &Meeting{N: c.last, Poster: AgentID(who[0]), Worker: AgentID(who[1]), couple: c.met[who]}
}

// Once ends one life of the two at a time, since each counts the ones before.
func (m *Meeting) Once(end func(met int64) error) error {
	m.couple.Lock()
	defer m.couple.Unlock()
	if err := end(m.couple.met + 1); err != nil {
		return err
	}
	m.couple.met++
	return nil
}

// Rate lets so many clients do work over and over for that long, and returns how
// often a second it was done.
func Rate(b *testing.B, clients int, turn time.Duration, work func() error) float64 {
	b.Helper()
	var all sync.WaitGroup
	began, done := time.Now(), make([]int, clients)
	for client := range clients {
		all.Go(func() {
			for time.Since(began) < turn {
				if err := work(); err != nil {
					b.Error(err)
					return
				}
				done[client]++
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range done {
		total += n
	}
	return float64(total) / time.Since(began).Seconds()
}

// InTurn lets both sides work five times in turn, after a first time that warms
// up, and reports the medians of their rates and of ours ÷ theirs.
func InTurn(b *testing.B, ours, theirs func() float64) {
	b.Helper()
	for b.Loop() {
		var rates, others, ratios []float64
		for round := range 6 {
			x, y := ours(), theirs()
			if round > 0 {
				rates, others, ratios = append(rates, x), append(others, y), append(ratios, x/y)
			}
		}
		b.ReportMetric(Median(rates), "lives/s")
		b.ReportMetric(Median(others), "hand/s")
		b.ReportMetric(Median(ratios), "ratio")
	}
	b.ReportMetric(0, "ns/op")
}

// Median sorts the values and returns the one in the middle.
func Median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
