package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// copied are the numbers from which on fill numbers its tasks.
const copied = 1_000_000_000

// fill copies a task so many times with everything that is stored about it but
// its events, spread over a crowd of agents.
func fill(b *testing.B, s *postgres.Store, sample store.TaskID, first, n int) {
	b.Helper()
	for _, statement := range fillStatements {
		statement = strings.ReplaceAll(statement, "@", `"`+s.Schema()+`".`)
		if _, err := s.Pool().Exec(context.Background(), statement, string(sample), int64(first), n, crowd); err != nil {
			b.Fatalf("filling: %v: %s", err, statement)
		}
	}
}

// In each: $1 the sample, $2 the first number, $3 how many, $4 the crowd.
var fillStatements = []string{
	`insert into @task (id, seq, version, status, poster, worker, result_no, doc)
	select 'tk-' || lpad(g::text, 16, '0'), nextval('@task_seq'), t.version, t.status, 'ag-' || lpad((g % $4)::text, 16, '0'), t.worker,
	       t.result_no, replace(replace(t.doc, t.id, 'tk-' || lpad(g::text, 16, '0')), t.poster, 'ag-' || lpad((g % $4)::text, 16, '0'))
	from @task t, generate_series($2::bigint, $2::bigint + $3::int - 1) g where t.id = $1::text`,
	`insert into @task_text select t.seq, t.id, x.need, x.context from @task t, @task_text x
	where x.task = $1::text and t.id >= 'tk-' || lpad($2::bigint::text, 16, '0') and $3::int + $4::int > 0
	and t.id < 'tk-' || lpad(($2::bigint + $3::int)::text, 16, '0')`,
	`insert into @party select case p.role when 1 then t.poster else t.worker end, p.role, p.status, t.seq, p.open, t.id, p.due from @task t, @party p
	where p.task = $1::text and t.id >= 'tk-' || lpad($2::bigint::text, 16, '0') and $4::int > 0
	and t.id < 'tk-' || lpad(($2::bigint + $3::int)::text, 16, '0')`,
	`insert into @result select 'tk-' || lpad(g::text, 16, '0'), r.no, r.body
	from @result r, generate_series($2::bigint, $2::bigint + $3::int - 1) g where r.task = $1::text and $4::int > 0`,
	`insert into @role select 'tk-' || lpad(g::text, 16, '0'), r.agent, r.role
	from @role r, generate_series($2::bigint, $2::bigint + $3::int - 1) g where r.task = $1::text and $4::int > 0`,
	`insert into @ended select e.at, 'tk-' || lpad(g::text, 16, '0')
	from @ended e, generate_series($2::bigint, $2::bigint + $3::int - 1) g where e.task = $1::text and $4::int > 0`,
	`insert into @entry select e.id, e.source, e.target, e.amount, e.kind,
	       case e.agent when '' then '' else 'ag-' || lpad((g % $4)::text, 16, '0') end, case e.agent when '' then 0 else g * 4 + length(e.kind) % 4 end,
	       'tk-' || lpad(g::text, 16, '0'), e.fee, e.note, e.about, e.at, e.balance, e.earned, e.latest
	from @entry e, generate_series($2::bigint, $2::bigint + $3::int - 1) g where e.task = $1::text`,
}

// filled is a store in a schema of its own with agents, so many open tasks and
// so many that have ended.
func filled(b *testing.B, url, schema string, open, ended int) *postgres.Store {
	b.Helper()
	s := openAt(b, url, postgres.WithSchema(schema))
	for n := range 2 * crowd {
		commit(b, s, registration(n, 1<<40))
	}
	posted := newLife(1, agentID(0), "")
	commit(b, s, posted.post())
	over := newLife(2, agentID(1), agentID(crowd))
	live(b, s, over)
	fill(b, s, posted.task.ID, copied, open-1)
	if ended > 0 {
		fill(b, s, over.task.ID, 2*copied, ended-1)
	}
	for _, table := range []string{"task", "task_text", "party", "result", "role", "ended", "entry"} {
		execute(b, s.Pool(), fmt.Sprintf("vacuum analyze %q.%s", schema, table))
	}
	return s
}

// live is a task's whole life.
func live(b *testing.B, s store.Store, l *life) {
	b.Helper()
	commit(b, s, l.post())
	claim(b, s, l)
	commit(b, s, l.deliver())
	commit(b, s, l.approve(0))
}

func claim(b *testing.B, s store.Store, l *life) {
	if _, _, errs, err := s.CommitFirst(context.Background(), []*store.Change{l.claim()}); err != nil || errs != nil {
		b.Error(errs, err)
	}
}
