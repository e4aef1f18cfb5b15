package postgres_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
)

//go:embed testdata/hand/schema.sql
var handSchema string

// BenchmarkHand compares lives of tasks (post, claim, deliver, approve: four
// durable commits) through the store with a marketplace written by hand, which
// keeps the same facts in a lean schema, one function a step
// (testdata/hand/schema.sql), and is driven by pgbench with prepared statements.
// Both take turns on one server, and 100 posters and 100 workers meet at random.
// The ratio is to be at least 1.0 with 8 clients and 1.5 with 64:
//
//	go test ./store/postgres -run '^$' -benchtime 1x -bench Hand
//
// "keyed" is the same with an idempotency record in each commit, as clients of the
// HTTP API send them; the counterpart has none. Beside the rates stands what one life
// takes of the server: bytes and records of the write-ahead log, processor time.
func BenchmarkHand(b *testing.B) {
	for _, keyed := range []bool{false, true} {
		for _, clients := range []int{8, 64} {
			name := map[bool]string{false: "plain", true: "keyed"}[keyed]
			b.Run(fmt.Sprintf("%s/clients=%d", name, clients), func(b *testing.B) { againstHand(b, clients, keyed) })
		}
	}
}

func againstHand(b *testing.B, clients int, keyed bool) {
	hand := newHand(b, clients)
	ours := &couples{store: hand.store, keyed: keyed}
	hand.against(b, func() float64 { return ours.rate(b, clients) })
}

// BenchmarkHandHTTP is the same through HTTP with 16 clients: the market, its board
// and its handler stand before the store, on the same two processors, and pgbench
// calls its functions directly. At least 0.6 of the rate is wanted.
func BenchmarkHandHTTP(b *testing.B) {
	const clients = 16
	hand := newHand(b, clients)
	m, err := market.New(market.Config{Store: hand.store})
	if err != nil {
		b.Fatal(err)
	}
	unlimited := httpserver.Limits{
		Create: httpserver.Unlimited, Pickup: httpserver.Unlimited, Deliver: httpserver.Unlimited, Read: httpserver.Unlimited,
	}
	handler, err := httpserver.New(m, httpserver.Options{Limits: unlimited})
	if err != nil {
		b.Fatal(err)
	}
	site := httptest.NewServer(handler)
	defer site.Close()
	ours := &remote{url: site.URL, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}}
	hand.against(b, func() float64 { return during(clients, func() { ours.live(b) }) })
}

// remote lives through HTTP.
type remote struct {
	url    string
	client *http.Client
}

func (r *remote) live(b *testing.B) {
	poster, worker := agentID(rand.IntN(half)), agentID(half+rand.IntN(half))
	var posted struct {
		TaskID string `json:"task_id"`
	}
	answer := r.call(b, poster, "/v1/tasks", `{"need":"`+need+`","context":"FastAPI backend","max_credits":10,"tags":["security","python"]}`)
	if err := json.Unmarshal(answer, &posted); err != nil {
		b.Error(err)
	}
	at := "/v1/tasks/" + posted.TaskID
	r.call(b, worker, at+"/pickup", "")
	r.call(b, worker, at+"/deliver", `{"result":"Found three issues: `+need+`"}`)
	r.call(b, poster, at+"/approve", `{"rating":5}`)
}

func (r *remote) call(b *testing.B, as store.AgentID, path, body string) []byte {
	request, err := http.NewRequest(http.MethodPost, r.url+path, strings.NewReader(body))
	if err != nil {
		b.Error(err)
		return nil
	}
	request.Header.Set("Authorization", "Bearer pwk-"+string(as))
	request.Header.Set("Accept", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode > 299 {
		b.Error(err, response.Status, string(answer))
	}
	return answer
}

// against takes turns with what gives a rate.
func (h *hand) against(b *testing.B, ours func() float64) {
	b.Helper()
	for b.Loop() {
		var rates, hands, ratios []float64
		var took, handTook costs
		for round := range 6 {
			x, cost := h.measured(b, ours)
			y, handCost := h.measured(b, func() float64 { return h.rate(b, round) })
			if round > 0 { // The first one warms up.
				rates, hands, ratios = append(rates, x), append(hands, y), append(ratios, x/y)
				took.add(cost)
				handTook.add(handCost)
			}
		}
		b.ReportMetric(middle(rates), "lives/s")
		b.ReportMetric(middle(hands), "hand/s")
		b.ReportMetric(middle(ratios), "ratio")
		took.report(b, "")
		handTook.report(b, "hand-")
	}
	b.ReportMetric(0, "ns/op")
}

// turn is how long each side works before it is the other's turn.
const turn = 4 * time.Second

// couples live through the store: posters with the numbers below half, workers
// above.
type couples struct {
	store *postgres.Store
	keyed bool
	mu    sync.Mutex
	next  int
	met   map[[2]store.AgentID]*pair
}

// pair counts how often two have met, and lets them end one life at a time.
type pair struct {
	sync.Mutex
	met int64
}

const half = crowd / 2

func (c *couples) rate(b *testing.B, clients int) float64 {
	return during(clients, func() { c.live(b) })
}

// during is how often a second so many clients do it for a turn.
func during(clients int, do func()) float64 {
	var all sync.WaitGroup
	began, times := time.Now(), make([]int, clients)
	for client := range clients {
		all.Go(func() {
			for time.Since(began) < turn {
				do()
				times[client]++
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range times {
		total += n
	}
	return float64(total) / time.Since(began).Seconds()
}

func (c *couples) live(b *testing.B) {
	c.between(b, agentID(rand.IntN(half)), agentID(half+rand.IntN(half)))
}

func (c *couples) between(b testing.TB, poster, worker store.AgentID) {
	n, p := c.begin(poster, worker)
	l := newLife(n, poster, worker)
	commit(b, c.store, c.key(l.post(), poster, n))
	if _, _, errs, err := c.store.CommitFirst(context.Background(), []*store.Change{c.key(l.claim(), worker, n)}); err != nil || errs != nil {
		b.Error(errs, err)
	}
	commit(b, c.store, c.key(l.deliver(), worker, n))
	p.Lock()
	defer p.Unlock()
	p.met++
	commit(b, c.store, c.key(l.approve(p.met), poster, n))
}

func (c *couples) begin(poster, worker store.AgentID) (int, *pair) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.met == nil {
		c.met = make(map[[2]store.AgentID]*pair)
	}
	who := [2]store.AgentID{poster, worker}
	if c.met[who] == nil {
		c.met[who] = new(pair)
	}
	c.next++
	return c.next, c.met[who]
}

// key adds the record of an idempotency key as package market makes it.
func (c *couples) key(change *store.Change, caller store.AgentID, n int) *store.Change {
	if c.keyed {
		operation := string(change.Tasks[0].New.Status)
		change.Idempotency = &store.IdempotencyRecord{
			IdempotencyID: store.IdempotencyID{Caller: caller, Operation: operation, Key: fmt.Sprintf("%s-%032d", operation, n)},
			Outcome:       []byte(`{"task_id":"` + string(change.Tasks[0].New.ID) + `","status":"` + operation + `"}`),
			ExpiresAt:     change.At.Add(24 * time.Hour),
		}
	}
	return change
}

// hand is the counterpart on the store's server.
type hand struct {
	store   *postgres.Store
	server  *pgtest.Server
	program string
	args    []string
}

func newHand(b *testing.B, clients int) *hand {
	b.Helper()
	server := pgtest.NewServer(b, "shared_buffers=512MB", "max_wal_size=4GB")
	h := &hand{store: openAt(b, server.URL()), server: server, program: server.Program("pgbench")}
	for n := range crowd {
		commit(b, h.store, registration(n, 1<<40))
	}
	conn, err := pgx.Connect(b.Context(), server.URL())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.PgConn().Exec(b.Context(), handSchema).ReadAll(); err != nil {
		b.Fatal(err)
	}
	execute(b, h.store.Pool(), "insert into hand.account select p.id, 1::bigint << 40 from pinchwork.agent p")
	addr := server.Addr()
	h.args = []string{
		"-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-T", fmt.Sprint(int(turn.Seconds())),
		"-f", filepath.Join("testdata", "hand", "life.sql"), "-D", "n=0", "-D", "need=" + need,
		"-h", "127.0.0.1", "-U", "postgres", "-p", addr[strings.LastIndexByte(addr, ':')+1:], "postgres",
	}
	return h
}

var processed = regexp.MustCompile(`tps = ([0-9.]+) \(without`)

func (h *hand) rate(b *testing.B, round int) float64 {
	b.Helper()
	cmd := exec.Command(h.program, append([]string{"-D", fmt.Sprint("start=", round*1_000_000)}, h.args...)...)
	cmd.Env = append(cmd.Environ(), "PGOPTIONS=-c search_path=hand")
	out, err := cmd.CombinedOutput()
	found := processed.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("pgbench: %v: %s", err, out)
	}
	rate, _ := strconv.ParseFloat(string(found[1]), 64)
	return rate
}

// costs are what so many lives took of the server.
type costs struct{ lives, bytes, records, cpu float64 }

func (c *costs) add(more costs) {
	c.lives += more.lives
	c.bytes += more.bytes
	c.records += more.records
	c.cpu += more.cpu
}

func (c *costs) report(b *testing.B, prefix string) {
	b.ReportMetric(c.bytes/c.lives, prefix+"wal-bytes/life")
	b.ReportMetric(c.records/c.lives, prefix+"wal-records/life")
	b.ReportMetric(1000*c.cpu/c.lives, prefix+"server-ms/life")
}

func (h *hand) measured(b *testing.B, run func() float64) (rate float64, took costs) {
	b.Helper()
	began, before := time.Now(), h.now(b)
	rate = run()
	seconds := time.Since(began).Seconds()
	after := h.now(b)
	return rate, costs{
		lives: rate * seconds, bytes: after.bytes - before.bytes, records: after.records - before.records, cpu: after.cpu - before.cpu,
	}
}

func (h *hand) now(b *testing.B) (c costs) {
	b.Helper()
	c.cpu = h.server.CPU().Seconds()
	row := h.store.Pool().QueryRow(context.Background(), "select wal_bytes::float8, wal_records::float8 from pg_stat_wal")
	if err := row.Scan(&c.bytes, &c.records); err != nil {
		b.Fatal(err)
	}
	return c
}
