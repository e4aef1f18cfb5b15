package redis_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
)

// start is the instant at which all benchmarks begin.
var start = time.Date(2026, 1, 15, 10, 30, 0, 0, time.UTC)

// lane is a pair of agents that nobody else trades with.
type lane struct {
	store          *redis.Store
	poster, worker store.AgentID
	entries, tasks int
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newLane(s *redis.Store, no int) *lane {
	l := &lane{
		store:  s,
		poster: store.AgentID(fmt.Sprintf("ag-poster%010d", no)), worker: store.AgentID(fmt.Sprintf("ag-worker%010d", no)),
	}
	for _, id := range []store.AgentID{l.poster, l.worker} {
		c := &store.Change{At: start}
		p := &store.Profile{ID: id, Version: 1, Name: "Lane", GoodAt: "Benchmarks", Tags: []string{"go", "redis"}, CreatedAt: start}
		c.Agents = []store.AgentWrite{{New: p, Key: market.APIKey("pwk-" + string(id)).Digest()}}
		c.Transfers = []store.Transfer{l.transfer(store.PlatformAccount, store.AgentAccount(id), store.EntrySignupBonus, id, "", 1_000_000_000)}
		must(s.Commit(context.Background(), c))
	}
	return l
}

func (l *lane) transfer(from, to store.AccountName, kind store.EntryKind, agent store.AgentID, task store.TaskID, n int64) store.Transfer {
	l.entries++
	return store.Transfer{
		ID: store.EntryID(fmt.Sprintf("le-%s%08d", l.poster[9:], l.entries)), From: from, To: to, Amount: n,
		Kind: kind, Agent: agent, Task: task, At: start,
	}
}

var needText = strings.Repeat("Ten words of what one agent needs from another one. ", 10)

func (l *lane) load(caller store.AgentID, task store.TaskID) *store.Loaded {
	return must(l.store.Load(context.Background(), store.LoadQuery{
		Now: start, Caller: caller, Task: task, Text: task != "", Trust: task != "",
	}))
}

func (l *lane) commit(c *store.Change) { must(l.store.Commit(context.Background(), c)) }

func (l *lane) post() *store.Task {
	l.load(l.poster, "")
	t := l.openTask()
	l.commit(l.postChange(t))
	return t
}

func (l *lane) postChange(t *store.Task) *store.Change {
	return &store.Change{
		At: start, Active: []store.AgentID{l.poster},
		Tasks:     []store.TaskWrite{{New: t, Text: store.TaskText{Need: needText}}},
		Accounts:  []store.AccountDelta{{Agent: l.poster, Posted: 1, Escrowed: 50}},
		Transfers: []store.Transfer{l.transfer(store.AgentAccount(l.poster), store.EscrowAccount(t.ID), store.EntryEscrow, l.poster, t.ID, 50)},
		Feed:      []store.FeedItem{{Kind: store.FeedTask, Task: t.ID, Version: 1, Open: true}},
	}
}

func (l *lane) claim(t *store.Task) *store.Task {
	next := *t
	next.Version, next.Status, next.Claims = t.Version+1, store.StatusClaimed, 1
	next.Claim = &store.Claim{Worker: l.worker, At: start, Timeout: start.Add(72 * time.Hour)}
	index, _, errs, err := l.store.CommitFirst(context.Background(), []*store.Change{{
		At: start, Active: []store.AgentID{l.worker, l.poster},
		Tasks:    []store.TaskWrite{{Old: t, New: &next}},
		Accounts: []store.AccountDelta{{Agent: l.worker, OpenClaims: 1, MaxOpenClaims: 1_000}},
		Roles:    []store.RoleWrite{{Task: t.ID, Agent: l.worker, Role: store.RoleWorker}},
		Events:   []store.Event{{Agent: l.poster, Type: store.EventTaskClaimed, Task: t.ID, At: start}},
		Feed:     []store.FeedItem{{Kind: store.FeedTask, Task: t.ID, Version: next.Version}},
		WantText: t.ID,
	}})
	if index != 0 {
		panic(fmt.Sprint(errs, err))
	}
	return &next
}

func (l *lane) deliver(id store.TaskID) {
	t := l.load(l.worker, id).Task
	next := *t
	next.Version, next.Status, next.Deliveries = t.Version+1, store.StatusDelivered, 1
	next.Delivery = &store.Delivery{No: 1, At: start, Charged: 50, ReviewUntil: start.Add(24 * time.Hour)}
	next.NextDue = next.Delivery.ReviewUntil
	l.commit(&store.Change{
		At: start, Active: []store.AgentID{l.worker},
		Tasks:    []store.TaskWrite{{Old: t, New: &next}},
		Results:  []store.Result{{Task: id, No: 1, Text: needText}},
		Accounts: []store.AccountDelta{{Agent: l.worker, OpenClaims: -1}},
		Events:   []store.Event{{Agent: l.poster, Type: store.EventTaskDelivered, Task: id, At: start}},
	})
}

func (l *lane) approve(id store.TaskID) {
	loaded := l.load(l.poster, id)
	t := loaded.Task
	next := *t
	next.Version, next.Status, next.NextDue = t.Version+1, store.StatusApproved, time.Time{}
	next.Ending = &store.Ending{At: start, Charged: 50, Fee: 5, Rating: 5}
	escrow := store.EscrowAccount(id)
	there, back := loaded.PosterTrust, loaded.WorkerTrust
	there.Interactions, back.Interactions = there.Interactions+1, back.Interactions+1
	there.UpdatedAt, back.UpdatedAt = start, start
	l.commit(&store.Change{
		At: start, Active: []store.AgentID{l.poster},
		Tasks: []store.TaskWrite{{Old: t, New: &next}},
		Transfers: []store.Transfer{
			l.transfer(escrow, store.AgentAccount(l.worker), store.EntryPayment, l.worker, id, 45),
			l.transfer(escrow, store.PlatformAccount, store.EntryPlatformFee, "", id, 5),
		},
		Accounts: []store.AccountDelta{
			{Agent: l.worker, Completed: 1, Earned: 45, Fees: 5, Charged: 50, RatingSum: 5, RatingCount: 1},
			{Agent: l.poster, Escrowed: -50, Spent: 50},
		},
		Tags: []store.TagDelta{
			{Agent: l.worker, TagStat: store.TagStat{Tag: "go", Count: 1, Earned: 45, RatingSum: 5, RatingCount: 1}},
			{Agent: l.worker, TagStat: store.TagStat{Tag: "redis", Count: 1, Earned: 45, RatingSum: 5, RatingCount: 1}},
		},
		Trust:  []store.TrustWrite{{New: there}, {New: back}},
		Events: []store.Event{{Agent: l.worker, Type: store.EventTaskApproved, Task: id, At: start}},
		Feed: []store.FeedItem{
			{Kind: store.FeedAgent, Agent: l.worker}, {Kind: store.FeedTrust, Trust: &there}, {Kind: store.FeedTrust, Trust: &back},
		},
	})
}

func (l *lane) lifecycle() {
	t := l.claim(l.post())
	l.deliver(t.ID)
	l.approve(t.ID)
}

// lanes is how many clients trade at the same time.
const lanes = 8

// inLanes runs f for each lane at the same time and returns how long it took.
func inLanes(f func(lane int)) time.Duration {
	began := time.Now()
	var wg sync.WaitGroup
	for i := range lanes {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
	return time.Since(began)
}

// recorder keeps the arguments of every script call.
type recorder struct {
	mu    sync.Mutex
	calls [][]any
}

func (r *recorder) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (r *recorder) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next
}

func (r *recorder) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if cmd.Name() == "evalsha" {
			r.mu.Lock()
			r.calls = append(r.calls, slices.Clone(cmd.Args()))
			r.mu.Unlock()
		}
		return next(ctx, cmd)
	}
}

// BenchmarkLifecycle is post, claim, deliver and approve, each with its load,
// by 8 clients, against a bare loop that sends the same scripts with the same
// arguments: "ratio" is the store's rate by the loop's, median of 5 pairs.
func BenchmarkLifecycle(b *testing.B) {
	server := redistest.Start(b)
	admin := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	defer func() { _ = admin.Close() }()
	each := max(b.N/(5*lanes), 50)
	var ratios, rates []float64
	for range 5 {
		calls := recordLifecycles(b, server, admin, each)
		flush(b, admin)
		mine := openLanes(b, server)
		storeTime := inLanes(func(i int) {
			for range each {
				mine[i].lifecycle()
			}
		})
		flush(b, admin)
		openLanes(b, server)
		bareTime := inLanes(func(i int) {
			for _, args := range calls[i] {
				if err := admin.Do(context.Background(), args...).Err(); err != nil {
					panic(err)
				}
			}
		})
		ratios = append(ratios, float64(bareTime)/float64(storeTime))
		rates = append(rates, float64(each*lanes)/storeTime.Seconds())
	}
	b.ReportMetric(median(ratios), "ratio")
	b.ReportMetric(median(rates), "lifecycles/s")
}

func flush(b *testing.B, admin *goredis.Client) {
	b.Helper()
	if err := admin.FlushAll(context.Background()).Err(); err != nil {
		b.Fatal(err)
	}
}

func openLanes(b *testing.B, server *redistest.Server) []*lane {
	s := open(b, server.URL())
	out := make([]*lane, lanes)
	for i := range out {
		out[i] = newLane(s, i)
	}
	return out
}

// recordLifecycles returns the calls of each lane.
func recordLifecycles(b *testing.B, server *redistest.Server, admin *goredis.Client, each int) [][][]any {
	b.Helper()
	calls := make([][][]any, lanes)
	flush(b, admin)
	for i := range calls {
		client := goredis.NewClient(must(goredis.ParseURL(server.URL())))
		record := &recorder{}
		l := newLane(must(redis.New(context.Background(), client)), i)
		client.AddHook(record)
		for range each {
			l.lifecycle()
		}
		calls[i] = record.calls
		_ = client.Close()
	}
	return calls
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
