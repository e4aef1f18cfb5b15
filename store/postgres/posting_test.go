package postgres_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// postings counts the statements that write postings only.
type postings struct{ n atomic.Int64 }

// TraceQueryStart counts.
func (p *postings) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if strings.Contains(d.SQL, "commit_posts(") {
		p.n.Add(1)
	}
	return ctx
}

// TraceQueryEnd does nothing.
func (p *postings) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// twins are two schemas that get the same Changes: one through Commit, which has
// a statement for plain postings, and one through CommitEach, which has not.
type twins struct {
	*testing.T
	short, long *postgres.Store
	counted     postings
}

func newTwins(t *testing.T) *twins {
	t.Helper()
	w := &twins{T: t}
	config, err := pgxpool.ParseConfig(pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.Tracer = &w.counted
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	w.short, w.long = schemaOn(t, pool, "short"), schemaOn(t, pool, "long")
	return w
}

func schemaOn(t *testing.T, pool *pgxpool.Pool, name string) *postgres.Store {
	t.Helper()
	s, err := postgres.New(t.Context(), pool, postgres.WithSchema(name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// commit writes to both, and returns the guard that failed.
func (w *twins) commit(c *store.Change) store.Guard {
	w.Helper()
	done, err := w.short.Commit(w.Context(), c)
	others, errs := w.long.CommitEach(w.Context(), []*store.Change{c})
	if !reflect.DeepEqual(done, others[0]) || !reflect.DeepEqual(err, errs[0]) {
		w.Fatalf("they answer %v, %v and %v, %v", done, err, others[0], errs[0])
	}
	var refused *store.Conflict
	if err != nil && !errors.As(err, &refused) {
		w.Fatal(err)
	}
	if refused == nil {
		return ""
	}
	return refused.Guard
}

// same compares all rows of both.
func (w *twins) same() {
	w.Helper()
	rows, err := w.short.Pool().Query(w.Context(), "select tablename from pg_tables where schemaname = 'short'")
	if err != nil {
		w.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		w.Fatal(tables, err)
	}
	for _, table := range tables {
		if x, y := w.rows("short", table), w.rows("long", table); x != y && table != "migration" && table != "routines" {
			w.Errorf("table %s: %s\nand: %s", table, x, y)
		}
	}
}

func (w *twins) rows(schema, table string) (all string) {
	w.Helper()
	sql := `select coalesce(string_agg(r, e'\n' order by r), '') from (
		select (to_jsonb(t) - 'xid')::text r from ` + pgx.Identifier{schema, table}.Sanitize() + ` t) x`
	if err := w.short.Pool().QueryRow(w.Context(), sql).Scan(&all); err != nil {
		w.Fatal(err)
	}
	return all
}

// posts is a posting by agent 5 that tells the agents.
func posts(n int, told ...int) *store.Change {
	c := newLife(n, agentID(5), "").post()
	for rank, id := range told {
		c.Events = append(c.Events, store.Event{
			Agent: agentID(id), Type: store.EventTaskMatched, Task: c.Tasks[0].New.ID,
			Data: store.EventData{Rank: &rank}, At: c.At,
		})
	}
	return c
}

// A plain posting takes a shorter way, which must write the same.
func TestShortWayOfPostingsWritesTheSame(t *testing.T) {
	w := newTwins(t)
	for n := range 10 {
		c := registration(n, 100)
		if n == 7 {
			c.Agents[0].New.WebhookURL = "https://example.com/hook"
		}
		w.commit(c)
	}
	earlier, timeless := posts(5, 9), posts(6)
	earlier.At = epoch.Add(-time.Hour)
	earlier.Transfers[0].At, earlier.Events[0].At = earlier.At, earlier.At
	timeless.Tasks[0].New.NextDue, timeless.Feed, timeless.Tasks[0].Text = time.Time{}, nil, store.TaskText{Need: "é"}
	for i, c := range []*store.Change{posts(1), posts(2, 3), posts(3, 9, 7, 1), posts(4, 99), earlier, timeless} {
		if guard := w.commit(c); guard != "" {
			t.Errorf("posting %d: %s failed", i, guard)
		}
	}
	if n := w.counted.n.Load(); n != 6 {
		t.Errorf("%d of 6 postings took the short way", n)
	}
	w.same()
}

func TestShortWayOfPostingsRefusesTheSame(t *testing.T) {
	w := newTwins(t)
	for n := range 7 {
		w.commit(registration(n, 15))
	}
	suspended := *registration(6, 0).Agents[0].New
	suspended.Version, suspended.Suspended = 2, true
	w.commit(&store.Change{At: epoch, Agents: []store.AgentWrite{{Old: registration(6, 0).Agents[0].New, New: &suspended}}})
	paid := posts(3)
	w.commit(&store.Change{At: epoch, Transfers: []store.Transfer{{
		ID: "le-x", From: store.PlatformAccount, To: store.PlatformAccount, Amount: 1,
		Kind: store.EntryEscrow, Task: paid.Tasks[0].New.ID, At: epoch,
	}}})
	for i, try := range []struct {
		change *store.Change
		guard  store.Guard
	}{
		{paid, store.GuardTransfer},
		{posts(1, 2), ""},
		{posts(1, 2), store.GuardDuplicate},
		{posts(2, 1, 6), store.GuardBalance},
		{newLife(4, agentID(6), "").post(), store.GuardSuspended},
		{newLife(5, agentID(77), "").post(), store.GuardSuspended},
	} {
		if guard := w.commit(try.change); guard != try.guard {
			t.Errorf("posting %d: guard %q, want %q", i, guard, try.guard)
		}
	}
	if n := w.counted.n.Load(); n != 6 {
		t.Errorf("%d of 6 postings took the short way", n)
	}
	w.same()
}

// What only resembles a posting takes the long way.
func TestOnlyPlainPostingsTakeTheShortWay(t *testing.T) {
	for name, alter := range map[string]func(c *store.Change){
		"another event":     func(c *store.Change) { c.Events[0].Type = store.EventTaskClaimed },
		"two events of one": func(c *store.Change) { c.Events = append(c.Events, c.Events[0]) },
		"an event of the poster": func(c *store.Change) {
			c.Events = append(c.Events, store.Event{Agent: agentID(5), Type: store.EventTaskMatched, Task: c.Tasks[0].New.ID, At: c.At})
		},
		"a role": func(c *store.Change) {
			c.Roles = []store.RoleWrite{{Task: c.Tasks[0].New.ID, Agent: agentID(1), Role: store.RoleWorker}}
		},
		"a counter": func(c *store.Change) { c.Accounts[0].Rejected = 1 },
		"a note":    func(c *store.Change) { c.Transfers[0].Note = "note" },
		"a record": func(c *store.Change) {
			c.Idempotency = &store.IdempotencyRecord{IdempotencyID: store.IdempotencyID{Caller: agentID(5), Operation: "post", Key: "k"}, Outcome: []byte("{}"), ExpiresAt: epoch.Add(time.Hour)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTwins(t)
			for n := range 7 {
				w.commit(registration(n, 100))
			}
			c := posts(1, 2, 3)
			alter(c)
			w.commit(c)
			if n := w.counted.n.Load(); n != 0 {
				t.Errorf("it took the short way")
			}
			w.same()
		})
	}
}
