package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/store"
)

// BenchmarkPostAgainstBatch compares a durable post (escrow, ledger, an event)
// with a batch by hand from one client, in turns. All are one round trip and one
// transaction:
//
//   - narrow: INSERT, UPDATE and INSERT in tables of two and three columns, with
//     no index but the key, no ledger numbers and no event. It is no equal: it
//     writes three rows, where a post writes nine.
//   - named: what the row of the issue names, INSERT of the task, UPDATE of the
//     balance with its guard, INSERT of the ledger entry and of the event, in
//     tables with the columns and indexes of ours. It numbers nothing.
//   - whole: the same rows that a post writes, in our tables, by plain
//     statements: what the rows themselves cost.
//
// At least 0.8 of the rate is wanted:
//
//	go test ./store/postgres -run '^$' -benchtime 1x -bench PostAgainstBatch
func BenchmarkPostAgainstBatch(b *testing.B) {
	s := benchStore(b, 3)
	execute(b, s.Pool(), handTables)
	n := 0
	post := func() {
		n++
		c := newLife(n, agentID(0), "").post()
		c.Events = []store.Event{{Agent: agentID(1), Type: store.EventTaskMatched, Task: c.Tasks[0].New.ID, At: epoch}}
		commit(b, s, c)
	}
	for _, hand := range []struct {
		name  string
		queue func(batch *pgx.Batch, n int)
	}{{"narrow", narrow}, {"named", named}, {"whole", whole}} {
		b.Run(hand.name, func(b *testing.B) {
			compareTurns(b, post, func() {
				n++
				batch := new(pgx.Batch)
				hand.queue(batch, n)
				if err := s.Pool().SendBatch(context.Background(), batch).Close(); err != nil {
					b.Error(err)
				}
			})
		})
	}
}

const handTables = `
	create schema hand;
	create table hand.narrow_task (id text primary key, poster text not null, need text not null);
	create table hand.narrow_account (id text primary key, balance bigint not null) with (fillfactor = 50);
	create table hand.narrow_entry (n bigserial primary key, task text not null, amount bigint not null);
	insert into hand.narrow_account values ('poster', 1000000000);
	create table hand.task (like pinchwork.task including all) with (fillfactor = 60);
	create table hand.account (like pinchwork.account including all) with (fillfactor = 50);
	create table hand.entry (like pinchwork.entry including all);
	create table hand.event (like pinchwork.event including all);
	insert into hand.account select * from pinchwork.account`

func narrow(batch *pgx.Batch, n int) {
	id := fmt.Sprint("tk-", n)
	batch.Queue("insert into hand.narrow_task values ($1, 'poster', $2)", id, need)
	batch.Queue("update hand.narrow_account set balance = balance - 10 where id = 'poster' and balance >= 10")
	batch.Queue("insert into hand.narrow_entry (task, amount) values ($1, -10)", id)
}

func named(batch *pgx.Batch, n int) {
	l := newLife(n, agentID(2), "")
	l.post()
	batch.Queue("insert into hand.task (id, seq, version, status, poster, doc) values ($1, $2, 1, 1, $3, $4::jsonb::text)", l.task.ID, n, l.poster, l.task)
	batch.Queue("update hand.account set balance = balance - 10, escrowed = escrowed + 10 where id = $1 and balance >= 10", l.poster)
	batch.Queue(`insert into hand.entry (id, source, target, amount, kind, agent, seq, task, at, latest)
		values ($1, $2, $3, 10, 'escrow', $2, $4, $5, $6, $6)`, "le-"+l.n, l.poster, store.EscrowAccount(l.task.ID), n, l.task.ID, l.at)
	batch.Queue("insert into hand.event (agent, seq, type, task, at) values ($1, $2, 'task_matched', $3, $4)", agentID(1), n, l.task.ID, l.at)
}

func whole(batch *pgx.Batch, n int) {
	l := newLife(n, agentID(2), "")
	feed := l.post().Feed
	batch.Queue("insert into pinchwork.task (id, seq, version, status, poster, doc) values ($1, $2, 1, 1, $3, $4::jsonb::text)", l.task.ID, -n, l.poster, l.task)
	batch.Queue("insert into pinchwork.task_text values ($1, $2, $3, 'FastAPI backend')", -n, l.task.ID, need)
	batch.Queue("insert into pinchwork.party values ($1, 1, 1, $2, true, $3, $4)", l.poster, -n, l.task.ID, l.task.NextDue)
	batch.Queue("insert into pinchwork.total_change values (1, 0, 0, 0, 0, 0, 10, 0)")
	batch.Queue("insert into pinchwork.feed values (pg_current_xact_id(), $1, 1, $2::jsonb::text)", l.at, feed)
	batch.Queue(`with a as (`+fmt.Sprintf(handUpdate, `balance = balance - 10, escrowed = escrowed + 10, posted = posted + 1,
			p_posted = p_posted + 1, ledger_seq = ledger_seq + 1, ledger_at = greatest(ledger_at, $4::timestamptz)`)+`)
		insert into pinchwork.entry (id, source, target, amount, kind, agent, seq, task, at, balance, earned, latest)
		select $2, id, $3, 10, 'escrow', id, ledger_seq, $5, $4, balance, earned, ledger_at from a`,
		l.poster, "le-"+l.n, string(store.EscrowAccount(l.task.ID)), l.at, l.task.ID)
	batch.Queue(`with a as (`+fmt.Sprintf(handUpdate, "event_seq = event_seq + 1")+`)
		insert into pinchwork.event (agent, seq, type, task, at) select id, event_seq, 'task_matched', $2, $3 from a`,
		agentID(1), l.task.ID, l.at)
}

const handUpdate = `update pinchwork.account set changes = changes + 1, epoch = (changes + 1) >> 4, %s
	where id = $1 and epoch = (select max(x.epoch) from pinchwork.account x where x.id = $1) and balance >= 10 returning *`

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
