// The benchmarks here compare the shared stores with themselves, through package
// market, on private servers whose commits are durable. Each is a ratio of two runs
// that take turns, the median of five.
//
//	go test -run '^$' -bench . -benchtime 1x ./internal/storebench

package storebench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
	"github.com/pinchwork/pinchwork/store/redis"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// database makes markets on one server; each name is a marketplace.
type database struct {
	b    *testing.B
	url  string
	open func(url, name string) (market.Store, func(), error)
}

func onEach(b *testing.B, run func(b *testing.B, d *database)) {
	b.Run("redis", func(b *testing.B) {
		run(b, &database{b, redistest.Start(b, redistest.Durable()).URL(), func(url, name string) (market.Store, func(), error) {
			s, err := redis.Open(context.Background(), url, redis.WithNamespace(name))
			return s, func() { _ = s.Close() }, err
		}})
	})
	b.Run("postgres", func(b *testing.B) {
		run(b, &database{b, pgtest.NewServer(b, "shared_buffers=512MB", "max_wal_size=4GB").URL(), openPostgres})
	})
}

func openPostgres(url, name string) (market.Store, func(), error) {
	s, err := postgres.Open(context.Background(), url, postgres.WithSchema(name))
	return s, func() { _ = s.Close() }, err
}

// market is a replica of the named marketplace, running.
func (d *database) market(name string, wrap func(market.Store) market.Store) *market.Market {
	d.b.Helper()
	s, closeStore, err := d.open(d.url, name)
	if err != nil {
		d.b.Fatal(err)
	}
	if wrap != nil {
		s = wrap(s)
	}
	m, err := pinchwork.New(pinchwork.WithStore(s), pinchwork.WithWebhooks(nil), pinchwork.WithPolicy(func(p *market.Policy) { p.MaxOpenClaims, p.NewcomerClaims = 0, 0 }))
	if err != nil {
		d.b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	d.b.Cleanup(func() { cancel(); running.Wait(); closeStore() })
	return m
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// agents registers n agents with credits.
func agents(m *market.Market, n int, tags ...string) []market.AgentID {
	ids := make([]market.AgentID, n)
	share(8, n, func(i int) {
		r := must(m.Register(context.Background(), market.RegisterInput{Name: "agent", Tags: tags}))
		must(m.Grant(context.Background(), market.GrantInput{AgentID: r.AgentID, Amount: limits.Grant}))
		ids[i] = r.AgentID
	})
	return ids
}

// share runs pieces of work on so many goroutines and returns how many were
// done in a second.
func share(workers, pieces int, work func(i int)) float64 {
	var next atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range workers {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(pieces); i = next.Add(1) - 1 {
				work(int(i))
			}
		})
	}
	all.Wait()
	return float64(pieces) / time.Since(began).Seconds()
}

const clients = 8

// compare runs both five times in turn and reports the rates and the median of
// first ÷ second.
func compare(b *testing.B, first, second func() float64) {
	b.Helper()
	var ratios, rates [2][]float64
	for b.Loop() {
		for range 5 {
			x, y := first(), second()
			rates[0], rates[1] = append(rates[0], x), append(rates[1], y)
			ratios[0] = append(ratios[0], x/y)
		}
	}
	for _, list := range [][]float64{rates[0], rates[1], ratios[0]} {
		slices.Sort(list)
	}
	n := len(ratios[0]) / 2
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rates[0][n], "first/s")
	b.ReportMetric(rates[1][n], "second/s")
	b.ReportMetric(ratios[0][n], "ratio")
}

var in = market.PostInput{Need: "Review this API endpoint for vulnerabilities.", MaxCredits: 10}

func post(m *market.Market, id market.AgentID, tags ...string) market.TaskID {
	in := in
	in.Tags = tags
	return must(m.As(id).Post(context.Background(), in)).TaskID
}

func life(m *market.Market, poster, worker market.AgentID) {
	ctx := context.Background()
	id := post(m, poster)
	must(m.As(worker).PickupTask(ctx, id))
	must(m.As(worker).Deliver(ctx, id, market.DeliverInput{Result: "done"}))
	must(m.As(poster).Approve(ctx, id, market.ApproveInput{}))
}

// Two replicas on one store against one, same total load: ≥ 0.85.
func BenchmarkTwoReplicas(b *testing.B) {
	onEach(b, func(b *testing.B, d *database) {
		one, other := d.market("replicas", nil), d.market("replicas", nil)
		ids := agents(one, 64)
		run := func(markets ...*market.Market) func() float64 {
			return func() float64 {
				return share(clients, 400, func(i int) { life(markets[i%len(markets)], ids[i%32], ids[32+i%32]) })
			}
		}
		compare(b, run(one, other), run(one))
	})
}

// 64 workers claiming from one pool against 8, no task twice, never "none"
// while tasks are open: ≥ 0.9.
func BenchmarkOnePool(b *testing.B) {
	onEach(b, func(b *testing.B, d *database) {
		m := d.market("pool", nil)
		poster, workers := agents(m, 1)[0], agents(m, 64)
		run := func(n int) func() float64 {
			return func() float64 {
				const pool = 800
				share(clients, pool, func(int) { post(m, poster) })
				var claimed sync.Map
				return share(n, pool, func(i int) {
					p, ok, err := m.As(workers[i%64]).Pickup(context.Background(), market.Filter{})
					if _, twice := claimed.LoadOrStore(p.TaskID, i); !ok || err != nil || twice {
						b.Errorf("claim %d: %v, %v, twice: %v", i, ok, err, twice)
					}
				})
			}
		}
		compare(b, run(64), run(8))
	})
}

// One poster of all tasks against spread ones: ≥ 0.35 on durable Postgres.
func BenchmarkHotPoster(b *testing.B) {
	onEach(b, func(b *testing.B, d *database) {
		m := d.market("hot", nil)
		ids := agents(m, 200)
		run := func(posters int) func() float64 {
			return func() float64 { return share(clients, 800, func(i int) { post(m, ids[i%posters]) }) }
		}
		compare(b, run(1), run(200))
	})
}

// The same with synchronous_commit off: ≥ 0.6.
func BenchmarkHotPosterAsync(b *testing.B) {
	url := pgtest.NewServer(b, "shared_buffers=512MB", "max_wal_size=4GB", "synchronous_commit=off").URL()
	d := &database{b, url, openPostgres}
	m := d.market("hot", nil)
	ids := agents(m, 200)
	run := func(posters int) func() float64 {
		return func() float64 { return share(clients, 2_000, func(i int) { post(m, ids[i%posters]) }) }
	}
	compare(b, run(1), run(200))
}

// Posts that all match the same five agents against posts that match nobody:
// ≥ 0.5.
func BenchmarkSameMatches(b *testing.B) {
	onEach(b, func(b *testing.B, d *database) {
		m := d.market("matches", nil)
		posters := agents(m, 100)
		agents(m, 5, "popular")
		run := func(tag string) func() float64 {
			return func() float64 { return share(clients, 800, func(i int) { post(m, posters[i%100], tag) }) }
		}
		compare(b, run("popular"), run("lonely"))
	})
}

// eventless writes no events.
type eventless struct{ market.Store }

func (s eventless) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	c.Events = nil
	return s.Store.Commit(ctx, c)
}

// Posts that tell a matched agent who listens, against posts without any
// event: ≥ 0.8.
func BenchmarkEvents(b *testing.B) {
	onEach(b, func(b *testing.B, d *database) {
		with, without := d.market("events", nil), d.market("events", func(s market.Store) market.Store { return eventless{s} })
		posters := agents(with, 100)
		listener := agents(with, 1, "popular")[0]
		stream := must(with.As(listener).Stream(context.Background(), ""))
		ctx, cancel := context.WithCancel(context.Background())
		var listening sync.WaitGroup
		listening.Go(func() {
			defer stream.Close()
			for {
				if _, err := stream.Next(ctx); err != nil {
					return
				}
			}
		})
		defer listening.Wait()
		defer cancel()
		run := func(m *market.Market) func() float64 {
			return func() float64 { return share(clients, 800, func(i int) { post(m, posters[i%100], "popular") }) }
		}
		compare(b, run(with), run(without))
	})
}

// timed adds up the time that calls of the store take.
type timed struct {
	market.Store
	spent *atomic.Int64
}

func (s timed) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	defer s.add(time.Now())
	return s.Store.Load(ctx, q)
}

func (s timed) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	defer s.add(time.Now())
	return s.Store.Commit(ctx, c)
}

func (s timed) add(began time.Time) { s.spent.Add(int64(time.Since(began))) }

// The share of a lifecycle's time that is spent in the store, encoding and
// decoding included: what is left is the market's own.
func BenchmarkShareOfTheStore(b *testing.B) {
	onEach(b, func(b *testing.B, d *database) {
		var spent atomic.Int64
		m := d.market("share", func(s market.Store) market.Store { return timed{s, &spent} })
		ids := agents(m, 64)
		var all int64
		spent.Store(0)
		var rate float64
		for b.Loop() {
			rate = share(clients, 1_000, func(i int) {
				began := time.Now()
				life(m, ids[i%32], ids[32+i%32])
				atomic.AddInt64(&all, int64(time.Since(began)))
			})
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(rate, "lives/s")
		b.ReportMetric(float64(spent.Load())/float64(all), "ratio")
	})
}

// A durable post through the market, its load and its place on the board
// included, against the narrowest INSERT, UPDATE and INSERT sent as one batch by
// hand. For the commit alone, and against batches that do the same, see
// BenchmarkPostAgainstBatch in store/postgres.
func BenchmarkSinglePost(b *testing.B) {
	url := pgtest.NewServer(b, "shared_buffers=512MB", "max_wal_size=4GB").URL()
	d := &database{b, url, openPostgres}
	m := d.market("single", nil)
	id := agents(m, 1)[0]
	pool := must(pgxpool.New(context.Background(), url))
	b.Cleanup(pool.Close)
	must(pool.Exec(context.Background(), `create table task (id text primary key, poster text, need text);
		create table account (id text primary key, balance bigint); create table entry (id bigserial primary key, task text, amount bigint);
		insert into account values ('a', 1000000000)`))
	n := 0
	byHand := func() float64 {
		return share(1, 300, func(int) {
			n++
			batch := &pgx.Batch{}
			batch.Queue("insert into task values ($1, 'a', $2)", fmt.Sprint("tk-", n), in.Need)
			batch.Queue("update account set balance = balance - 10 where id = 'a' and balance >= 10")
			batch.Queue("insert into entry (task, amount) values ($1, -10)", fmt.Sprint("tk-", n))
			if err := pool.SendBatch(context.Background(), batch).Close(); err != nil {
				b.Error(err)
			}
		})
	}
	compare(b, func() float64 { return share(1, 300, func(int) { post(m, id) }) }, byHand)
}

// Tasks posted by the hundred in one batch, against the same posted one after another.
func BenchmarkPostBatch(b *testing.B) {
	hundred := market.PostBatchInput{Tasks: slices.Repeat([]market.PostInput{in}, 100)}
	onEach(b, func(b *testing.B, d *database) {
		m := d.market("batch", nil)
		id := agents(m, 1)[0]
		compare(b,
			func() float64 {
				return 100 * share(1, 5, func(int) { must(m.As(id).PostBatch(context.Background(), hundred)) })
			},
			func() float64 { return share(1, 300, func(int) { post(m, id) }) })
	})
}
