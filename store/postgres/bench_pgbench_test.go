package postgres_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// BenchmarkAgainstPgbench compares lives of tasks through a market with pgbench,
// which sends the statements that the market was seen to send for one life, in
// the same batches, prepared, from as many clients: at least 0.7 of its rate.
// Both take turns on one durable server.
//
//	go test ./store/postgres -run '^$' -benchtime 1x -bench AgainstPgbench
//
// The ids in the documents are put in by the server for pgbench (function
// replace), which costs it a little that the market spends in its own process.
func BenchmarkAgainstPgbench(b *testing.B) {
	pgbench, err := exec.LookPath("pgbench")
	if err != nil {
		b.Skip("NOT MEASURED: no pgbench in PATH")
	}
	server := pgtest.NewServer(b, "shared_buffers=512MB", "max_wal_size=4GB")
	script := &script{next: 1}
	s := recordedStore(b, server.URL(), script)
	lanes := newLanes(b, s)
	lanes.live(b, 0)
	script.on = true
	lanes.live(b, 0)
	script.on = false
	args := script.write(b, lanes)
	args = append(args, "-h", "127.0.0.1", "-U", "postgres", "-p", port(server.Addr()), "postgres")
	for b.Loop() {
		var ratios, through, byHand []float64
		for round := range 6 {
			x := lanes.rate(b)
			before := ended(b, s)
			acquaint(b, s)
			y, n := runPgbench(b, pgbench, append([]string{"-D", fmt.Sprint("start=", round*1_000_000)}, args...))
			if done := ended(b, s) - before; done != n {
				b.Fatalf("%d of pgbench's %d lives ended: the server refused some of its statements", done, n)
			}
			if round > 0 {
				through, byHand, ratios = append(through, x), append(byHand, y), append(ratios, x/y)
			}
		}
		b.ReportMetric(middle(through), "market/s")
		b.ReportMetric(middle(byHand), "pgbench/s")
		b.ReportMetric(middle(ratios), "ratio")
	}
	b.ReportMetric(0, "ns/op")
}

func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// lanes are pairs of agents, each for one client.
type lanes struct {
	market          *market.Market
	posters, worker []market.AgentID
	last            market.TaskID
}

const (
	// clients of each side.
	clients = 8
	// strangers is the number of the first agent of pgbench's, two for a client.
	strangers = 1_000_000_000_000_000
)

func newLanes(b *testing.B, s market.Store) *lanes {
	m, err := pinchwork.New(pinchwork.WithStore(s), pinchwork.WithWebhooks(nil))
	if err != nil {
		b.Fatal(err)
	}
	l := &lanes{market: m}
	for n := range 2 * clients {
		commit(b, s, registration(n, 1<<40))
		commit(b, s, registration(strangers+n, 1<<40))
	}
	for n := range clients {
		l.posters, l.worker = append(l.posters, agentID(2*n)), append(l.worker, agentID(2*n+1))
	}
	return l
}

// live is one life, through the market, of the client's next task.
func (l *lanes) live(b *testing.B, client int) {
	ctx := context.Background()
	poster, worker := l.market.As(l.posters[client]), l.market.As(l.worker[client])
	posted, err := poster.Post(ctx, market.PostInput{Need: need, Context: "FastAPI backend", Tags: []string{"security", "python"}})
	if err == nil {
		_, err = worker.PickupTask(ctx, posted.TaskID)
	}
	if err == nil {
		_, err = worker.Deliver(ctx, posted.TaskID, market.DeliverInput{Result: "Found three issues: " + need})
	}
	if err == nil {
		_, err = poster.Approve(ctx, posted.TaskID, market.ApproveInput{})
	}
	if err != nil {
		b.Errorf("a life: %v", err)
	}
	if client == 0 {
		l.last = posted.TaskID
	}
}

const turn = 4 * time.Second

// rate is how many lives end in a second.
func (l *lanes) rate(b *testing.B) float64 {
	var all sync.WaitGroup
	var counts [clients]int
	began := time.Now()
	for client := range clients {
		all.Go(func() {
			for time.Since(began) < turn {
				l.live(b, client)
				counts[client]++
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / time.Since(began).Seconds()
}

// script is what one life sends, as pgbench runs it.
type script struct {
	mu      sync.Mutex
	on      bool
	batches [][]statement
	next    int
	docs    []string
}

type statement struct {
	sql  string
	args []any
}

// recordedStore is a store whose pool writes the script.
func recordedStore(b *testing.B, url string, s *script) *postgres.Store {
	b.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		b.Fatal(err)
	}
	config.MaxConns = clients
	config.ConnConfig.Tracer = s
	pool, err := pgxpool.NewWithConfig(b.Context(), config)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	store, err := postgres.New(b.Context(), pool)
	if err != nil {
		b.Fatal(err)
	}
	return store
}

// TraceQueryStart writes a statement that travels alone.
func (s *script) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	s.add([]statement{{d.SQL, d.Args}})
	return ctx
}

// TraceQueryEnd does nothing.
func (s *script) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart writes a batch.
func (s *script) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	var batch []statement
	for _, q := range d.Batch.QueuedQueries {
		batch = append(batch, statement{q.SQL, q.Arguments})
	}
	s.add(batch)
	return ctx
}

// TraceBatchQuery does nothing.
func (s *script) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd does nothing.
func (s *script) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

func (s *script) add(batch []statement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on || strings.Contains(batch[len(batch)-1].sql, "feed_pruned") {
		return // the board's, not the life's
	}
	s.batches = append(s.batches, batch)
}

// write makes the file that pgbench runs, and returns its arguments.
func (s *script) write(b *testing.B, l *lanes) []string {
	b.Helper()
	var text strings.Builder
	text.WriteString("\\set n :n + 1\n")
	text.WriteString("\\set task 3000000000000000 + :client_id * 100000000 + :start + :n\n")
	fmt.Fprintf(&text, "\\set poster %d + 2 * :client_id\n\\set worker :poster + 1\n", strangers)
	for _, batch := range s.batches {
		text.WriteString("\\startpipeline\n")
		for _, st := range batch {
			text.WriteString(s.render(st, l) + ";\n")
		}
		text.WriteString("\\endpipeline\n")
	}
	file := filepath.Join(b.TempDir(), "life.sql")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	args := []string{"-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-T", fmt.Sprint(int(turn.Seconds())), "-f", file, "-D", "n=0"}
	for i, doc := range s.docs {
		args = append(args, "-D", fmt.Sprintf("doc%d=%s", i, doc))
	}
	return args
}

var parameter = regexp.MustCompile(`\$(\d+)`)

func (s *script) render(st statement, l *lanes) string {
	return parameter.ReplaceAllStringFunc(st.sql, func(p string) string {
		n, _ := strconv.Atoi(p[1:])
		return s.value(st.args[n-1], l)
	})
}

// value is an argument as SQL; ids become those of pgbench's client.
func (s *script) value(arg any, l *lanes) string {
	switch v := arg.(type) {
	case string:
		return s.text(v, l)
	case []string:
		return array(v, func(text string) string { return s.text(text, l) })
	case nil:
		return "null"
	case *time.Time:
		return s.value(*v, l)
	case []time.Time:
		return array(v, func(t time.Time) string { return s.value(t, l) })
	case []*time.Time:
		return array(v, func(t *time.Time) string { return s.value(t, l) })
	case []int64:
		return array(v, func(n int64) string { return fmt.Sprint(n) })
	case []int32:
		return array(v, func(n int32) string { return fmt.Sprint(n) })
	case time.Time:
		return "'" + v.UTC().Format(time.RFC3339Nano) + "'"
	default:
		return fmt.Sprint(v)
	}
}

func array[T any](list []T, one func(T) string) string {
	if len(list) == 0 {
		return "'{}'"
	}
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = one(v)
	}
	return "array[" + strings.Join(all, ",") + "]"
}

func (s *script) text(v string, l *lanes) string {
	if v == "" {
		return "''"
	}
	out := ":doc" + strconv.Itoa(len(s.docs)) + "::text"
	s.docs = append(s.docs, v)
	for _, id := range []struct{ recorded, variable string }{
		{string(l.last), "'tk-' || :task::text"},
		{string(l.posters[0]), "'ag-' || :poster::text"},
		{string(l.worker[0]), "'ag-' || :worker::text"},
		// A pair of agents has met once before, and once more in each life.
		{`"n":2,"at"`, `'"n":' || (:n + 1)::text || ',"at"'`},
	} {
		if strings.Contains(v, id.recorded) {
			out = fmt.Sprintf("replace(%s, '%s', %s)", out, id.recorded, id.variable)
		}
	}
	return out
}

// acquaint lets pgbench's agents have met once.
func acquaint(b *testing.B, s *postgres.Store) {
	b.Helper()
	execute(b, s.Pool(), `insert into pinchwork.trust
		select 'ag-' || $1::bigint + 2 * n + way, 'ag-' || $1::bigint + 2 * n + 1 - way, 0.5, 1, now()
		from generate_series(0, $2::int - 1) n, generate_series(0, 1) way
		on conflict (from_id, to_id) do update set interactions = 1`, int64(strangers), clients)
}

// ended is how many tasks are approved.
func ended(b *testing.B, s *postgres.Store) int64 {
	b.Helper()
	totals, err := s.Totals(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return totals.Tasks[market.StatusApproved]
}

var processed = regexp.MustCompile(`actually processed: ([0-9]+)(?s:.*)tps = ([0-9.]+) \(without`)

// runPgbench returns its rate and the number of its lives.
func runPgbench(b *testing.B, program string, args []string) (rate float64, n int64) {
	b.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	found := processed.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("pgbench: %v: %s", err, out)
	}
	n, _ = strconv.ParseInt(string(found[1]), 10, 64)
	rate, _ = strconv.ParseFloat(string(found[2]), 64)
	return rate, n
}
