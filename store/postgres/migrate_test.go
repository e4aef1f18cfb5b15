package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/postgres"
)

func newPool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.OpenPool(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func execute(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestTenReplicasStartAtOnce(t *testing.T) {
	url := pgtest.Start(t)
	start := make(chan struct{})
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			<-start
			s, err := postgres.Open(context.Background(), url)
			if err != nil {
				t.Errorf("a replica did not start: %v", err)
				return
			}
			_ = s.Close()
		})
	}
	close(start)
	all.Wait()
	applied(t, newPool(t, url), true)
}

// applied checks whether all migrations are applied, or none is.
func applied(t *testing.T, pool *pgxpool.Pool, want bool, opts ...postgres.Option) {
	t.Helper()
	steps, err := postgres.MigrationStatus(context.Background(), pool, opts...)
	if err != nil || len(steps) == 0 {
		t.Fatalf("%d migrations, %v", len(steps), err)
	}
	for i, step := range steps {
		if step.Version != i+1 || step.Name == "" || step.AppliedAt.IsZero() == want {
			t.Errorf("step %d is %+v", i+1, step)
		}
	}
}

func TestMigrateTwice(t *testing.T) {
	pool := newPool(t, pgtest.Start(t))
	applied(t, pool, false)
	for _, all := range []bool{true, false} {
		steps, err := postgres.Migrate(context.Background(), pool)
		if err != nil || len(steps) > 0 != all {
			t.Errorf("%d migrations were applied, %v", len(steps), err)
		}
	}
	applied(t, pool, true)
}

func TestMigratedSaysWhatWasDone(t *testing.T) {
	url, newest := pgtest.Start(t), 0
	for _, fresh := range []bool{true, false} {
		s, err := postgres.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		from, to := s.Migrated()
		if fresh {
			newest = to
		}
		if (from == 0) != fresh || !fresh && from != newest || to != newest || newest == 0 {
			t.Errorf("a new schema %v: from %d to %d", fresh, from, to)
		}
		_ = s.Close()
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	ctx := context.Background()
	url := pgtest.Start(t)
	pool := newPool(t, url)
	_ = openAt(t, url)
	execute(t, pool, "insert into pinchwork.migration values (9999, 'from the future', now())")
	_, opened := postgres.Open(ctx, url)
	_, migrated := postgres.Migrate(ctx, pool)
	_, asked := postgres.New(ctx, pool, postgres.WithoutMigrating())
	for _, err := range []error{opened, migrated, asked} {
		if !errors.Is(err, postgres.ErrNewerSchema) || !strings.Contains(err.Error(), "9999") {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestWithoutMigrating(t *testing.T) {
	ctx := context.Background()
	pool := newPool(t, pgtest.Start(t))
	if _, err := postgres.New(ctx, pool, postgres.WithoutMigrating()); err == nil || !strings.Contains(err.Error(), "lacks migration 1") {
		t.Errorf("an empty schema: %v", err)
	}
	applied(t, pool, false)
	if _, err := postgres.Migrate(ctx, pool); err != nil {
		t.Fatal(err)
	}
	// A role that may use the tables, and nothing else.
	execute(t, pool, "create role plain login")
	execute(t, pool, "grant usage on schema pinchwork to plain")
	execute(t, pool, "grant select, insert, update, delete on all tables in schema pinchwork to plain")
	execute(t, pool, "grant usage on all sequences in schema pinchwork to plain")
	config := pool.Config()
	config.ConnConfig.User = "plain"
	plain, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	s, err := postgres.New(ctx, plain, postgres.WithoutMigrating())
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, registration(1, 1_000))
	commit(t, s, newLife(1, agentID(1), "").post())
}

// Odd names are quoted in every statement and function; the name "pinchwork"
// inside of one is left alone.
func TestOddSchemaNames(t *testing.T) {
	url := pgtest.Start(t)
	for i, name := range []string{
		`a"b; drop schema public cascade; --`, "Größe 市場", "pinchwork.pinchwork.", "$1", "$$ $body$", "%s %d", `back\slash 'n' quote`,
		"select", strings.Repeat("x", 63),
	} {
		s := openAt(t, url, postgres.WithSchema(name))
		commit(t, s, registration(1, 1_000))
		l := newLife(1, agentID(1), agentID(1))
		commit(t, s, l.post())
		commit(t, s, l.claim())
		if totals, err := s.Totals(context.Background()); err != nil || totals.Agents != 1 {
			t.Errorf("schema %d: %+v, %v", i, totals, err)
		}
		if s.Schema() != name {
			t.Errorf("the schema is %q", s.Schema())
		}
	}
}

func TestImpossibleOptions(t *testing.T) {
	pool := newPool(t, "postgres://nobody@127.0.0.1:1/none")
	for name, opt := range map[string]postgres.Option{
		"no name": postgres.WithSchema(""), "a long name": postgres.WithSchema(strings.Repeat("x", 64)),
		"a NUL": postgres.WithSchema("a\x00b"), "no UTF-8": postgres.WithSchema("\xff"), "no time": postgres.WithCallTimeout(0),
	} {
		if _, err := postgres.New(context.Background(), pool, opt); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// A host may apply the files with a tool of its own.
func TestMigrationsAsFiles(t *testing.T) {
	ctx := context.Background()
	pool := newPool(t, pgtest.Start(t))
	execute(t, pool, "create schema pinchwork")
	execute(t, pool, "create table pinchwork.migration (version int primary key, name text not null, applied_at timestamptz not null)")
	files, err := fs.Glob(postgres.Migrations(), "*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for i, file := range files {
		if !strings.HasPrefix(file, fmt.Sprintf("%04d_", i+1)) {
			t.Errorf("file %d is %s", i+1, file)
		}
		text, err := fs.ReadFile(postgres.Migrations(), file)
		if err != nil {
			t.Fatal(err)
		}
		err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			_, err := tx.Conn().PgConn().Exec(ctx, string(text)).ReadAll()
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		execute(t, pool, "insert into pinchwork.migration values ($1, $2, now())", i+1, file)
	}
	if _, err := postgres.New(ctx, pool, postgres.WithoutMigrating()); err == nil || !strings.Contains(err.Error(), "lacks the routines") {
		t.Errorf("without routines: %v", err)
	}
	execute(t, pool, postgres.Routines())
	s, err := postgres.New(ctx, pool, postgres.WithoutMigrating())
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, registration(1, 1_000))
}

func revision(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(context.Background(), "select revision from pinchwork.routines").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Routines of an earlier program are replaced where they are others, and a
// replica that still runs goes on.
func TestOlderRoutinesAreReplaced(t *testing.T) {
	url := pgtest.Start(t)
	pool := newPool(t, url)
	running := openAt(t, url)
	commit(t, running, registration(1, 1_000))
	now := revision(t, pool)
	execute(t, pool, "update pinchwork.routines set revision = 0, hash = 'another'")
	execute(t, pool, fmt.Sprintf("drop view pinchwork.agent_now_r%d", now))
	_ = openAt(t, url)
	if revision(t, pool) != now {
		t.Errorf("the revision is %d, not %d", revision(t, pool), now)
	}
	if found, err := running.Agents(context.Background(), []market.AgentID{agentID(1)}); err != nil || len(found) != 1 {
		t.Errorf("the running replica finds %d agents, %v", len(found), err)
	}
	commit(t, running, newLife(1, agentID(1), "").post())
}

// laterRoutines are the routines as a program some revisions from now could have
// them.
func laterRoutines(by int) string {
	now := recorded.FindStringSubmatch(postgres.Routines())[1]
	n, _ := strconv.Atoi(now)
	next := strconv.Itoa(n + by)
	text := regexp.MustCompile(`_r`+now+`\b`).ReplaceAllString(postgres.Routines(), "_r"+next)
	return strings.NewReplacer("int := "+now+";", "int := "+next+";", "values ("+now+", '", "values ("+next+", '").Replace(text)
}

func TestNewerRoutinesAreRefused(t *testing.T) {
	ctx := context.Background()
	url := pgtest.Start(t)
	pool := newPool(t, url)
	_ = openAt(t, url)
	now := revision(t, pool)
	execute(t, pool, laterRoutines(1))
	_, opened := postgres.Open(ctx, url)
	_, migrated := postgres.Migrate(ctx, pool)
	_, asked := postgres.New(ctx, pool, postgres.WithoutMigrating())
	for _, err := range []error{opened, migrated, asked} {
		if !errors.Is(err, postgres.ErrNewerSchema) || !strings.Contains(err.Error(), fmt.Sprint("revision ", now+1)) {
			t.Errorf("the error is %v", err)
		}
	}
	if revision(t, pool) != now+1 {
		t.Error("the newer routines were replaced")
	}
}

// Replicas of one version work on while those of the next take their places, and
// two versions later they say that they are too old.
func TestRoutinesOfTheRevisionBeforeStay(t *testing.T) {
	ctx := context.Background()
	url := pgtest.Start(t)
	pool := newPool(t, url)
	running := openAt(t, url)
	now := revision(t, pool)
	commit(t, running, registration(1, 1_000))
	execute(t, pool, laterRoutines(1))
	l := newLife(1, agentID(1), agentID(1))
	commit(t, running, l.post())
	commit(t, running, l.claim())
	if found, err := running.Agents(ctx, []market.AgentID{agentID(1)}); err != nil || len(found) != 1 {
		t.Errorf("the running replica finds %d agents, %v", len(found), err)
	}
	execute(t, pool, laterRoutines(2))
	if _, err := running.Commit(ctx, registration(2, 1_000)); !errors.Is(err, postgres.ErrNewerSchema) {
		t.Errorf("two revisions later: %v", err)
	}
	rows, err := pool.Query(ctx, `select distinct substring(proname from '_r(\d+)$')::int from pg_proc p
		join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'pinchwork' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || !slices.Equal(kept, []int{now + 1, now + 2}) {
		t.Errorf("the schema has routines of the revisions %v, %v", kept, err)
	}
}
