package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/internal/redistest"
)

// The benchmarks measure a whole server, as the settings wire it:
//
//	go test -run '^$' -bench . -benchtime 1x ./cmd/pinchwork/internal/serve

// measuredFor is how long an idle server is watched.
const measuredFor = time.Minute

// counted is a store's server that says what it has done so far.
type counted struct {
	url string
	// work returns the statements and the writing commits so far.
	work func() (statements, commits float64)
}

// BenchmarkIdleServer says what a server costs its store in which nothing
// happens: statements a second and commits a minute, counted by the store's own
// server. Once alone, and once with 20 event streams of 10 agents.
func BenchmarkIdleServer(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) counted{"redis": countedRedis, "postgres": countedPostgres} {
		for _, streams := range []int{0, 20} {
			b.Run(name+"/streams="+strconv.Itoa(streams), func(b *testing.B) {
				store := open(b)
				i := start(b, func(s *Settings) { s.Store = store.url })
				furnish(i, streams)
				<-time.After(10 * time.Second)
				for b.Loop() {
					statements, commits := store.work()
					<-time.After(measuredFor)
					after, committed := store.work()
					b.ReportMetric((after-statements)/measuredFor.Seconds(), "statements/s")
					b.ReportMetric((committed-commits)/measuredFor.Minutes(), "commits/min")
				}
				if err := i.ends(); err != nil {
					b.Error(err)
				}
			})
		}
	}
}

// furnish gives a server something to look after: open tasks, timers, streams.
func furnish(i *instance, streams int) {
	for range 10 {
		key := i.register(map[string]any{"name": "agent", "webhook_url": "https://hooks.example.com/"})
		for range 5 {
			i.call("POST", "/v1/tasks", key, map[string]any{"need": "task", "max_credits": 1}, nil)
		}
		for range streams / 10 {
			i.dial("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", key)
		}
	}
}

func countedPostgres(b *testing.B) counted {
	url := pgtest.NewServer(b, "shared_preload_libraries=pg_stat_statements", "autovacuum=off").URL()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close(context.Background()) })
	if _, err := conn.Exec(context.Background(), "create extension pg_stat_statements"); err != nil {
		b.Fatal(err)
	}
	return counted{url, func() (statements, commits float64) {
		// A transaction that writes takes a number, whatever else it does.
		err := conn.QueryRow(context.Background(), `
			select (select coalesce(sum(calls), 0) from pg_stat_statements where query not like '%pg_stat_statements%')::float8,
			       pg_snapshot_xmax(pg_current_snapshot())::text::float8`).Scan(&statements, &commits)
		if err != nil {
			b.Fatal(err)
		}
		return statements, commits
	}}
}

// samePipeline is how close, in seconds, the commands of one pipeline follow each
// other.
const samePipeline = 0.005

// countedRedis counts what clients of ours send: a script is one statement, whatever
// it does, and so is a pipeline, which is one round trip.
func countedRedis(b *testing.B) counted {
	server := redistest.Start(b, redistest.Durable())
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	b.Cleanup(func() { _ = client.Close() })
	monitor, err := net.Dial("tcp", server.Addr())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = monitor.Close() })
	if _, err := fmt.Fprint(monitor, "MONITOR\r\n"); err != nil {
		b.Fatal(err)
	}
	var seen atomic.Int64
	go func() {
		last := map[string]float64{}
		for lines := bufio.NewScanner(monitor); lines.Scan(); {
			line := lines.Text()
			if strings.Contains(line, " lua] ") || strings.Contains(line, `"info"`) {
				continue
			}
			// 1763000000.123456 [0 127.0.0.1:1234] "hmget" …
			field := strings.Fields(line)
			at, err := strconv.ParseFloat(field[0], 64)
			if err != nil || len(field) < 3 {
				continue
			}
			if at-last[field[2]] > samePipeline {
				seen.Add(1)
			}
			last[field[2]] = at
		}
	}()
	return counted{server.URL(), func() (statements, commits float64) {
		// Everything that is written counts as a change.
		info := client.Info(context.Background(), "persistence").Val()
		return float64(seen.Load()), infoField(info, "rdb_changes_since_last_save")
	}}
}

func infoField(info, name string) float64 {
	_, rest, _ := strings.Cut(info, name+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	n, _ := strconv.ParseFloat(value, 64)
	return n
}

// BenchmarkWebhookLatency is the time until the endpoint has the request, on a server
// that has rested: from the instant of the event, which is before its commit, and
// from the moment when whoever caused it has the answer, which is after it.
func BenchmarkWebhookLatency(b *testing.B) {
	for name, url := range map[string]func(b *testing.B) string{
		"memory":    func(*testing.B) string { return "memory" },
		"miniredis": func(b *testing.B) string { return "redis://" + redistest.Mini(b).Addr() },
		"redis":     func(b *testing.B) string { return redistest.Start(b, redistest.Durable()).URL() },
		"postgres":  func(b *testing.B) string { return pgtest.NewServer(b).URL() },
	} {
		b.Run(name, func(b *testing.B) {
			store := url(b)
			i := start(b, func(s *Settings) { s.Store, s.Policy.PrivateWebhooks = store, true })
			begun := make(chan request, 1)
			hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				at := time.Now()
				var event struct {
					Event     string    `json:"event"`
					Timestamp time.Time `json:"timestamp"`
				}
				if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
					b.Error(err)
				}
				if event.Event == "task_message" {
					begun <- request{at, event.Timestamp}
				}
				w.WriteHeader(http.StatusNoContent)
			}))
			defer hook.Close()
			say := conversation(i, hook.URL)
			for b.Loop() {
				event, answer := make([]time.Duration, 200), make([]time.Duration, 200)
				for n := range event {
					<-time.After(75 * time.Millisecond)
					say()
					answered := time.Now()
					got := <-begun
					event[n], answer[n] = got.at.Sub(got.event), max(0, got.at.Sub(answered))
				}
				report(b, "event", event)
				report(b, "answer", answer)
			}
			if err := i.ends(); err != nil {
				b.Error(err)
			}
		})
	}
}

// request is when a request of a webhook began, and the instant of its event.
type request struct{ at, event time.Time }

func report(b *testing.B, since string, late []time.Duration) {
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)/2])/1e6, "ms-since-"+since+"-p50")
	b.ReportMetric(float64(late[len(late)*99/100])/1e6, "ms-since-"+since+"-p99")
}

// conversation returns what makes a worker send its poster a message, of which the
// poster's webhook is told.
func conversation(i *instance, hook string) (say func()) {
	poster := i.register(map[string]any{"name": "poster", "webhook_url": hook})
	worker := i.register(map[string]any{"name": "worker"})
	var task struct {
		ID string `json:"task_id"`
	}
	i.call("POST", "/v1/tasks", poster, map[string]any{"need": "task"}, &task)
	i.call("POST", "/v1/tasks/"+task.ID+"/pickup", worker, map[string]any{}, nil)
	return func() {
		i.call("POST", "/v1/tasks/"+task.ID+"/messages", worker, map[string]any{"message": "hello"}, nil)
	}
}
