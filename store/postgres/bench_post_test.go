package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/market"
)

// BenchmarkPostAgainstBatch compares a durable post (escrow, ledger, an event)
// with INSERT, UPDATE and INSERT in tables of its own, sent as one batch by hand,
// from one client: at least 0.8 of its rate.
//
//	go test ./store/postgres -run '^$' -benchtime 1x -bench PostAgainstBatch
func BenchmarkPostAgainstBatch(b *testing.B) {
	s := benchStore(b, 2)
	pool := s.Pool()
	execute(b, pool, "create table hand_task (id text primary key, poster text not null, need text not null)")
	execute(b, pool, "create table hand_account (id text primary key, balance bigint not null) with (fillfactor = 50)")
	execute(b, pool, "create table hand_entry (n bigserial primary key, task text not null, amount bigint not null)")
	execute(b, pool, "insert into hand_account values ('poster', 1000000000)")
	n := 0
	post := func() {
		n++
		c := newLife(n, agentID(0), "").post()
		c.Events = []market.Event{{Agent: agentID(1), Type: market.EventTaskMatched, Task: c.Tasks[0].New.ID, At: epoch}}
		commit(b, s, c)
	}
	byHand := func() {
		n++
		batch, id := &pgx.Batch{}, fmt.Sprint("tk-", n)
		batch.Queue("insert into hand_task values ($1, 'poster', $2)", id, need)
		batch.Queue("update hand_account set balance = balance - 10 where id = 'poster' and balance >= 10")
		batch.Queue("insert into hand_entry (task, amount) values ($1, -10)", id)
		if err := pool.SendBatch(context.Background(), batch).Close(); err != nil {
			b.Error(err)
		}
	}
	compareTurns(b, post, byHand)
}

// compareTurns lets both work for half a second by turns, and reports the median
// of the ratios of their rates.
func compareTurns(b *testing.B, first, second func()) {
	b.Helper()
	for b.Loop() {
		var firsts, seconds, ratios []float64
		for round := range 10 {
			x, y := rate(first), rate(second)
			if round > 0 { // the first one warms up
				firsts, seconds, ratios = append(firsts, x), append(seconds, y), append(ratios, x/y)
			}
		}
		b.ReportMetric(middle(firsts), "first/s")
		b.ReportMetric(middle(seconds), "second/s")
		b.ReportMetric(middle(ratios), "ratio")
	}
	b.ReportMetric(0, "ns/op")
}

func middle(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

func rate(work func()) float64 {
	began, n := time.Now(), 0
	for time.Since(began) < time.Second/2 {
		work()
		n++
	}
	return float64(n) / time.Since(began).Seconds()
}
