package postgres_test

import (
	"context"
	"errors"
	"fmt"
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

// host is a program with a table of its own beside a marketplace.
type host struct {
	t              *testing.T
	pool           *pgxpool.Pool
	store          *postgres.Store
	market         *market.Market
	poster, worker market.AgentID
}

func newHost(t *testing.T) *host {
	t.Helper()
	ctx := t.Context()
	pool, err := pgxpool.New(ctx, pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(ctx, "create table orders (id text primary key, task text)"); err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, pool: pool}
	if h.store, err = postgres.New(ctx, pool, postgres.WithSchema("jobs")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	if h.market, err = pinchwork.New(pinchwork.WithStore(h.store)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []*market.AgentID{&h.poster, &h.worker} {
		r, err := h.market.Register(ctx, market.RegisterInput{Name: "agent", Tags: []string{"go"}})
		if err != nil {
			t.Fatal(err)
		}
		*id = r.AgentID
	}
	return h
}

// within runs f in a transaction of the host, which commits if f returns nil.
func (h *host) within(f func(tx pgx.Tx, m *market.Market) error) error {
	return pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error {
		return f(tx, h.market.Hosted(h.store.InTx(tx)))
	})
}

func (h *host) orders() (n int) {
	h.t.Helper()
	if err := h.pool.QueryRow(h.t.Context(), "select count(*) from orders").Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *host) balance(id market.AgentID) int64 {
	h.t.Helper()
	me, err := h.market.As(id).Me(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return me.Credits
}

func (h *host) order(ctx context.Context, tx pgx.Tx, m *market.Market, id string, credits int64) (market.TaskID, error) {
	if _, err := tx.Exec(ctx, "insert into orders values ($1)", id); err != nil {
		return "", err
	}
	posted, err := m.As(h.poster).Post(ctx, market.PostInput{Need: "order " + id, Tags: []string{"go"}, MaxCredits: &credits})
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(ctx, "update orders set task = $2 where id = $1", id, posted.TaskID)
	return posted.TaskID, err
}

var errChangedMind = errors.New("the host changed its mind")

func TestHostCommitsAndRollsBack(t *testing.T) {
	h := newHost(t)
	ctx := t.Context()
	err := h.within(func(tx pgx.Tx, m *market.Market) error {
		if _, err := h.order(ctx, tx, m, "dropped", 30); err != nil {
			return err
		}
		return errChangedMind
	})
	if !errors.Is(err, errChangedMind) || h.orders() != 0 || h.balance(h.poster) != 100 {
		t.Errorf("after a rollback: %v, %d orders, %d credits", err, h.orders(), h.balance(h.poster))
	}
	if _, ok, err := h.market.As(h.worker).Pickup(ctx, market.Filter{}); ok || err != nil {
		t.Errorf("the dropped task is on offer: %v", err)
	}

	var id market.TaskID
	err = h.within(func(tx pgx.Tx, m *market.Market) (err error) {
		id, err = h.order(ctx, tx, m, "kept", 30)
		if p, ok, err := h.market.As(h.worker).Pickup(ctx, market.Filter{}); ok || err != nil {
			t.Errorf("on offer before the host's commit: %+v, %v", p, err)
		}
		return err
	})
	if err != nil || h.orders() != 1 || h.balance(h.poster) != 70 {
		t.Fatalf("after a commit: %v, %d orders, %d credits", err, h.orders(), h.balance(h.poster))
	}
	// Matching happens after the host's commit, at the latest by the next sweep.
	if _, err := h.market.Sweep(ctx); err != nil {
		t.Error(err)
	}
	page, err := h.store.Events(ctx, h.worker, 0, 10)
	if err != nil || len(page.Events) != 1 || page.Events[0].Type != market.EventTaskMatched {
		t.Errorf("the matched worker heard %+v, %v", page.Events, err)
	}
	if p, ok, err := h.market.As(h.worker).Pickup(ctx, market.Filter{}); !ok || err != nil || p.TaskID != id {
		t.Errorf("picked up %+v, %v", p, err)
	}
}

func TestHostApprovesAndCancels(t *testing.T) {
	h := newHost(t)
	ctx := t.Context()
	poster, worker := h.market.As(h.poster), h.market.As(h.worker)
	var ids []market.TaskID
	for range 2 {
		posted, err := poster.Post(ctx, market.PostInput{Need: "x", MaxCredits: market.Ptr(int64(20))})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, posted.TaskID)
	}
	if _, err := worker.PickupTask(ctx, ids[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Deliver(ctx, ids[0], market.DeliverInput{Result: "done"}); err != nil {
		t.Fatal(err)
	}
	both := func(end error) error {
		return h.within(func(_ pgx.Tx, m *market.Market) error {
			if _, err := m.As(h.poster).Approve(ctx, ids[0], market.ApproveInput{Rating: market.Ptr(5)}); err != nil {
				return err
			}
			if _, err := m.As(h.poster).Cancel(ctx, ids[1]); err != nil {
				return err
			}
			return end
		})
	}
	if err := both(errChangedMind); !errors.Is(err, errChangedMind) || h.balance(h.poster) != 60 || h.balance(h.worker) != 100 {
		t.Errorf("after a rollback: %v, %d and %d", err, h.balance(h.poster), h.balance(h.worker))
	}
	page, err := h.store.Events(ctx, h.worker, 0, 10)
	if err != nil || len(page.Events) != 0 {
		t.Errorf("events of a rolled back approval: %+v, %v", page.Events, err)
	}
	if err := both(nil); err != nil || h.balance(h.poster) != 80 || h.balance(h.worker) != 118 {
		t.Errorf("after a commit: %v, %d and %d", err, h.balance(h.poster), h.balance(h.worker))
	}
	if report, err := h.market.Audit(ctx); err != nil || !report.OK {
		t.Errorf("the audit says %+v, %v", report, err)
	}
}

// A refusal leaves the host's transaction usable.
func TestRefusalLeavesTheTransactionUsable(t *testing.T) {
	h := newHost(t)
	ctx := t.Context()
	err := h.within(func(tx pgx.Tx, m *market.Market) error {
		if _, err := tx.Exec(ctx, "insert into orders values ('before')"); err != nil {
			return err
		}
		_, err := m.As(h.poster).Post(ctx, market.PostInput{Need: "too dear", MaxCredits: market.Ptr(int64(500))})
		if !errors.Is(err, market.ErrInsufficientCredits) {
			t.Errorf("got %v", err)
		}
		_, err = m.As(h.poster).Cancel(ctx, "tk-0000000000000000")
		if !errors.Is(err, market.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		// Guards in the database refuse too: the same report twice.
		posted, err := m.As(h.poster).Post(ctx, market.PostInput{Need: "fine", MaxCredits: market.Ptr(int64(5))})
		if err != nil {
			return err
		}
		for i, want := range []error{nil, market.ErrConflict} {
			if _, err := m.As(h.worker).ReportTask(ctx, posted.TaskID, "spam"); !errors.Is(err, want) {
				t.Errorf("report %d: %v", i, err)
			}
		}
		_, err = tx.Exec(ctx, "insert into orders values ('after')")
		return err
	})
	if err != nil || h.orders() != 2 || h.balance(h.poster) != 95 {
		t.Errorf("%v, %d orders, %d credits", err, h.orders(), h.balance(h.poster))
	}
}

// Two hosts that lock each other's agents: one is told to run again.
func TestDeadlockOfHostsIsRetryable(t *testing.T) {
	h := newHost(t)
	ctx := t.Context()
	post := func(m *market.Market, id market.AgentID) error {
		_, err := m.As(id).Post(ctx, market.PostInput{Need: "x", MaxCredits: market.Ptr(int64(1))})
		return err
	}
	var first sync.WaitGroup
	first.Add(2)
	var all sync.WaitGroup
	errs := make([]error, 2)
	for i, order := range [][]market.AgentID{{h.poster, h.worker}, {h.worker, h.poster}} {
		all.Go(func() {
			errs[i] = h.within(func(_ pgx.Tx, m *market.Market) error {
				err := post(m, order[0])
				first.Done()
				first.Wait()
				if err != nil {
					return err
				}
				return post(m, order[1])
			})
		})
	}
	all.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("one of two should have won: %v", errs)
	}
	if err := errors.Join(errs...); !errors.Is(err, postgres.ErrRetry) {
		t.Errorf("the loser is not told to run again: %v", err)
	}
	if a, b := h.balance(h.poster), h.balance(h.worker); a != 99 || b != 99 {
		t.Errorf("%d and %d credits", a, b)
	}
}

func TestTenReplicasMigrateAtOnce(t *testing.T) {
	url := pgtest.Start(t)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			s, err := postgres.Open(context.Background(), url, postgres.WithSchema(`odd "name"; drop`))
			if err != nil {
				t.Error(err)
				return
			}
			_ = s.Close()
		})
	}
	all.Wait()
	pool, err := postgres.OpenPool(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	status, err := postgres.MigrationStatus(t.Context(), pool, postgres.WithSchema(`odd "name"; drop`))
	if err != nil || len(status) == 0 {
		t.Fatal(status, err)
	}
	for _, m := range status {
		if m.AppliedAt.IsZero() {
			t.Errorf("migration %d is not applied", m.Version)
		}
	}
	if again, err := postgres.Migrate(t.Context(), pool, postgres.WithSchema(`odd "name"; drop`)); err != nil || len(again) != 0 {
		t.Errorf("migrated again: %v, %v", again, err)
	}
	// A schema from the future is refused, and one that is behind is not touched
	// by a store that may not migrate.
	if _, err := pool.Exec(t.Context(), `insert into "odd ""name""; drop".migration values ($1, 'future', now())`, len(status)+1); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.New(t.Context(), pool, postgres.WithSchema(`odd "name"; drop`)); !errors.Is(err, postgres.ErrNewerSchema) {
		t.Errorf("a newer schema: %v", err)
	}
	if _, err := postgres.New(t.Context(), pool, postgres.WithSchema("empty"), postgres.WithoutMigrating()); err == nil {
		t.Error("an empty schema is good enough")
	}
}

// A call ends in time while the server is away, and the store goes on when it
// is back.
func TestServerAwayAndBack(t *testing.T) {
	server := pgtest.NewServer(t)
	s := openAt(t, server.URL())
	m, err := pinchwork.New(pinchwork.WithStore(s))
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Register(t.Context(), market.RegisterInput{Name: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for i := range 3 {
		began := time.Now()
		_, err = m.As(r.AgentID).Post(t.Context(), market.PostInput{Need: "x"})
		if took := time.Since(began); !errors.Is(err, market.ErrUnavailable) || took > 5*time.Second {
			t.Errorf("call %d: %v after %v", i, err, took)
		}
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, err = m.As(r.AgentID).Post(t.Context(), market.PostInput{Need: "x"}); err != nil {
		t.Errorf("back again: %v", err)
	}
}

func ExampleStore_InTx() {
	// A host writes its order and posts the task for it in one transaction.
	_ = func(ctx context.Context, pool *pgxpool.Pool, m *market.Market, store *postgres.Store, customer market.AgentID) error {
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "insert into orders values ('o-1')"); err != nil {
				return err
			}
			// The market comes last: the poster's account stays locked until the commit.
			_, err := m.Hosted(store.InTx(tx)).As(customer).Post(ctx, market.PostInput{Need: "Pack order o-1"})
			return err
		})
	}
	fmt.Println("both or neither")
	// Output: both or neither
}
