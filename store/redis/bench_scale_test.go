package redis_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
)

// scaleTasks is how many open and how many ended tasks the large store of
// BenchmarkScale holds: PINCHWORK_BENCH_TASKS, or a size that a small machine
// fills in seconds.
func scaleTasks(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("PINCHWORK_BENCH_TASKS"))
	if err != nil {
		n = 50_000
		b.Logf("with %d tasks; PINCHWORK_BENCH_TASKS=1000000 for the figures of the documentation", n)
	}
	return n
}

const smallScale = 10_000

// BenchmarkScale is post, claim and approve in a store with many open and as
// many ended tasks against one with 10,000: "times" is how much longer each
// takes, and "B/open" the memory per open task beyond its text.
func BenchmarkScale(b *testing.B) {
	tasks := scaleTasks(b)
	small, large := newScale(b, smallScale), newScale(b, tasks)
	b.Logf("memory per open task beyond its text: %d B; %d tasks of each kind in %d MB",
		large.perOpen, tasks, large.used()>>20)
	const rounds, each = 9, 200
	var times [3][]float64
	for range rounds {
		s, l := small.steps(each), large.steps(each)
		for i := range times {
			times[i] = append(times[i], float64(l[i])/float64(s[i]))
		}
	}
	for i, name := range []string{"post", "claim", "approve"} {
		b.ReportMetric(median(times[i]), name+"-times")
	}
	b.ReportMetric(float64(large.perOpen), "B/open")
}

// scale is a store with many tasks.
type scale struct {
	tb      testing.TB
	store   *redis.Store
	lane    *lane
	perOpen int64
}

// parties is how many posters and workers share the tasks.
const parties = 1_000

func newScale(b *testing.B, tasks int) *scale {
	s := &scale{tb: b, store: open(b, redistest.Start(b).URL())}
	lanes := make([]*lane, parties)
	for i := range lanes {
		lanes[i] = newLane(s.store, i)
	}
	s.lane = newLane(s.store, parties)
	s.fill(lanes, tasks, (*lane).endedChange)
	before := s.used()
	s.fill(lanes, tasks, (*lane).openChange)
	s.perOpen = (s.used()-before)/int64(tasks) - int64(len(needText))
	return s
}

func (s *scale) fill(lanes []*lane, tasks int, change func(*lane) *store.Change) {
	for done := 0; done < tasks; done += 100 {
		changes := make([]*store.Change, 100)
		for i := range changes {
			changes[i] = change(lanes[(done+i)%len(lanes)])
		}
		if _, errs := s.store.CommitEach(context.Background(), changes); errs[0] != nil || errs[99] != nil {
			s.tb.Fatal(errs[0], errs[99])
		}
	}
}

// used is the memory of the server's data.
func (s *scale) used() int64 {
	info := must(s.store.Client().Info(context.Background(), "memory").Result())
	_, rest, _ := strings.Cut(info, "used_memory:")
	digits, _, _ := strings.Cut(rest, "\r\n")
	return must(strconv.ParseInt(digits, 10, 64))
}

// steps returns how long so many posts, claims and approvals took.
func (s *scale) steps(n int) (took [3]time.Duration) {
	tasks := make([]*store.Task, n)
	began := time.Now()
	for i := range tasks {
		tasks[i] = s.lane.post()
	}
	took[0] = time.Since(began)
	began = time.Now()
	for i, t := range tasks {
		tasks[i] = s.lane.claim(t)
	}
	took[1] = time.Since(began)
	for _, t := range tasks {
		s.lane.deliver(t.ID)
	}
	began = time.Now()
	for _, t := range tasks {
		s.lane.approve(t.ID)
	}
	took[2] = time.Since(began)
	return took
}

func (l *lane) openTask() *store.Task {
	l.tasks++
	return &store.Task{
		ID: store.TaskID(fmt.Sprintf("tk-%s%08d", l.poster[9:], l.tasks)), Version: 1, Poster: l.poster, MaxCredits: 50,
		Tags: []string{"go", "redis", "lua"}, Status: store.StatusPosted,
		CreatedAt: start, ExpiresAt: start.Add(72 * time.Hour), NextDue: start.Add(72*time.Hour + time.Duration(l.tasks)*time.Second),
	}
}

func (l *lane) openChange() *store.Change {
	t := l.openTask()
	return l.postChange(t)
}

// endedChange inserts a task that has been through all of its life, with the
// ledger entries and talk of it that stay.
func (l *lane) endedChange() *store.Change {
	t := l.openTask()
	t.Status, t.NextDue = store.StatusApproved, time.Time{}
	t.Claim = &store.Claim{Worker: l.worker, At: start}
	t.Delivery = &store.Delivery{No: 1, At: start, Charged: 50}
	t.Ending = &store.Ending{At: start, Charged: 50, Fee: 5}
	c := l.postChange(t)
	c.Accounts[0].Escrowed, c.Feed = 0, nil
	c.Roles = []store.RoleWrite{{Task: t.ID, Agent: l.worker, Role: store.RoleWorker}}
	c.Transfers = append(c.Transfers,
		l.transfer(store.EscrowAccount(t.ID), store.AgentAccount(l.worker), store.EntryPayment, l.worker, t.ID, 45),
		l.transfer(store.EscrowAccount(t.ID), store.PlatformAccount, store.EntryPlatformFee, "", t.ID, 5))
	return c
}
