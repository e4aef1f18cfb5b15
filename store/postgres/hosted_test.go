package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/postgres"
)

// host is a program with a pool and a table of its own beside the marketplace.
type host struct {
	*markettest.Kit
	store *postgres.Store
	// db is the same pool for database/sql.
	db      *sql.DB
	beginTx func(h *host, repeatable bool) (transaction, *postgres.Store)
}

func newHost(t *testing.T) *host {
	t.Helper()
	s, err := postgres.New(t.Context(), newPool(t, pgtest.Start(t)), postgres.WithSchema("jobs"))
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDBFromPool(s.Pool())
	t.Cleanup(func() { _ = db.Close() })
	h := &host{Kit: markettest.New(t, markettest.Store(s), markettest.CheckRarely()), store: s, db: db, beginTx: ways["pgx"]}
	if _, err := s.Pool().Exec(h.Ctx, "create table purchase (task text)"); err != nil {
		t.Fatal(err)
	}
	return h
}

// transaction is a host's, of pgx or of database/sql.
type transaction interface {
	exec(sql string, args ...any) error
	number(sql string) (int, error)
	commit() error
	rollback() error
}

// ways are the kinds of transactions in which a host may call the market.
var ways = map[string]func(h *host, repeatable bool) (transaction, *postgres.Store){
	"pgx": func(h *host, repeatable bool) (transaction, *postgres.Store) {
		var o pgx.TxOptions
		if repeatable {
			o.IsoLevel = pgx.RepeatableRead
		}
		tx, err := h.store.Pool().BeginTx(h.Ctx, o)
		if err != nil {
			h.Fatal(err)
		}
		return ofPgx{h.Ctx, tx}, h.store.InTx(tx)
	},
	"database/sql": func(h *host, repeatable bool) (transaction, *postgres.Store) {
		var o sql.TxOptions
		if repeatable {
			o.Isolation = sql.LevelRepeatableRead
		}
		tx, err := h.db.BeginTx(h.Ctx, &o)
		if err != nil {
			h.Fatal(err)
		}
		return ofSQL{h.Ctx, tx}, h.store.InSQLTx(tx)
	},
}

type ofPgx struct {
	ctx context.Context
	tx  pgx.Tx
}

func (t ofPgx) exec(sql string, args ...any) error {
	_, err := t.tx.Exec(t.ctx, sql, args...)
	return err
}

func (t ofPgx) number(sql string) (n int, err error) { return n, t.tx.QueryRow(t.ctx, sql).Scan(&n) }
func (t ofPgx) commit() error                        { return t.tx.Commit(t.ctx) }
func (t ofPgx) rollback() error                      { return t.tx.Rollback(context.WithoutCancel(t.ctx)) }

type ofSQL struct {
	ctx context.Context
	tx  *sql.Tx
}

func (t ofSQL) exec(sql string, args ...any) error {
	_, err := t.tx.ExecContext(t.ctx, sql, args...)
	return err
}

func (t ofSQL) number(sql string) (n int, err error) {
	err = t.tx.QueryRowContext(t.ctx, sql).Scan(&n)
	return n, err
}
func (t ofSQL) commit() error   { return t.tx.Commit() }
func (t ofSQL) rollback() error { return t.tx.Rollback() }

// inEachWay runs a test with a host for each kind of transaction.
func inEachWay(t *testing.T, test func(t *testing.T, h *host)) {
	t.Helper()
	for name, begin := range ways {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.beginTx = begin
			test(t, h)
		})
	}
}

func (h *host) begin() (transaction, *market.Market) {
	h.Helper()
	return h.beginAs(false)
}

// beginAs begins one that may see one moment only.
func (h *host) beginAs(repeatable bool) (transaction, *market.Market) {
	h.Helper()
	tx, within := h.beginTx(h, repeatable)
	h.Cleanup(func() { _ = tx.rollback() })
	return tx, h.Market.Hosted(within)
}

// buy writes the host's row; it fails when the transaction is spoiled.
func (h *host) buy(tx transaction, id store.TaskID) {
	h.Helper()
	if err := tx.exec("insert into purchase values ($1)", string(id)); err != nil {
		h.Fatalf("the host's own row: %v", err)
	}
}

func (h *host) end(end func() error) {
	h.Helper()
	if err := end(); err != nil {
		h.Fatal(err)
	}
}

func (h *host) purchases() (n int) {
	h.Helper()
	if err := h.store.Pool().QueryRow(h.Ctx, "select count(*) from purchase").Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}

// has reports whether everybody can read the task.
func (h *host) has(id store.TaskID) bool {
	h.Helper()
	l, err := h.store.Load(h.Ctx, store.LoadQuery{Now: h.Clock.Now(), Task: id})
	if err != nil {
		h.Fatal(err)
	}
	return l.Task != nil
}

func (h *host) post(m *market.Market, a *markettest.Agent, credits int64) store.TaskID {
	h.Helper()
	p, err := m.As(a.ID).Post(h.Ctx, market.PostInput{Need: "task", MaxCredits: credits, Tags: []string{"go"}})
	if err != nil {
		h.Fatalf("posting in the host's transaction: %v", err)
	}
	return p.TaskID
}

func TestHostPosts(t *testing.T) {
	for _, commits := range []bool{true, false} {
		t.Run(map[bool]string{true: "commits", false: "rolls back"}[commits], func(t *testing.T) {
			inEachWay(t, func(t *testing.T, h *host) {
				ada, bob := h.Agent("ada"), h.Agent("bob", markettest.Capable("go"))
				before := ada.Balance()
				tx, hosted := h.begin()
				id := h.post(hosted, ada, 10)
				h.buy(tx, id)
				if h.has(id) || len(bob.Offers()) != 0 || ada.Balance() != before {
					t.Error("something is seen before the host commits")
				}
				if !commits {
					h.end(tx.rollback)
					h.Sweep()
					if h.has(id) || len(bob.Offers()) != 0 || ada.Balance() != before || h.purchases() != 0 {
						t.Error("something is left of what was rolled back")
					}
					if heard := bob.Heard(); len(heard) != 0 {
						t.Errorf("the worker heard %v of nothing", heard)
					}
					return
				}
				h.end(tx.commit)
				h.Sweep()
				if heard := bob.Heard(); len(heard) != 1 || heard[0] != store.EventTaskMatched {
					t.Errorf("after the host's commit the worker heard %v", heard)
				}
				if got := bob.Pickup(); got.TaskID != id || ada.Balance() != before-10 || h.purchases() != 1 {
					t.Errorf("picked up %v; the poster has %d of %d", got.TaskID, ada.Balance(), before)
				}
			})
		})
	}
}

// ending is a way in which a poster ends a task inside the host's transaction.
type ending struct {
	name   string
	status store.Status
	// prepare brings the task to where it can be ended.
	prepare func(worker *markettest.Agent, id store.TaskID)
	end     func(ctx context.Context, poster market.AgentAPI, id store.TaskID) (market.Task, error)
	// paid is what the worker has afterwards, refunded what the poster has.
	paid, refunded int64
	heard          []store.EventType
}

var endings = []ending{
	{
		name: "cancel", status: store.StatusCancelled, refunded: 10,
		prepare: func(*markettest.Agent, store.TaskID) {},
		end: func(ctx context.Context, poster market.AgentAPI, id store.TaskID) (market.Task, error) {
			return poster.Cancel(ctx, id)
		},
	},
	{
		name: "approve", status: store.StatusApproved, paid: 9, heard: []store.EventType{store.EventTaskApproved},
		prepare: func(worker *markettest.Agent, id store.TaskID) {
			worker.Claim(id)
			worker.Deliver(id, "done")
		},
		end: func(ctx context.Context, poster market.AgentAPI, id store.TaskID) (market.Task, error) {
			return poster.Approve(ctx, id, market.ApproveInput{})
		},
	},
}

func TestHostEndsTasks(t *testing.T) {
	for _, e := range endings {
		for _, commits := range []bool{true, false} {
			name := e.name + map[bool]string{true: " commits", false: " rolls back"}[commits]
			t.Run(name, func(t *testing.T) { inEachWay(t, func(t *testing.T, h *host) { hostEnds(t, h, &e, commits) }) })
		}
	}
}

func hostEnds(t *testing.T, h *host, e *ending, commits bool) {
	ada, bob := h.Agent("ada"), h.Agent("bob")
	id := ada.Post("task", markettest.Budget(10))
	e.prepare(bob, id)
	before, poor, rich := h.Stored(id).Status, bob.Balance(), ada.Balance()
	bob.Heard()
	tx, hosted := h.begin()
	h.buy(tx, id)
	if v, err := e.end(h.Ctx, hosted.As(ada.ID), id); err != nil || v.Status != e.status {
		t.Fatalf("ended as %v, %v", v.Status, err)
	}
	if got := h.Stored(id).Status; got != before {
		t.Errorf("before the host commits the task is %v", got)
	}
	if !commits {
		h.end(tx.rollback)
		if got := h.Stored(id).Status; got != before || bob.Balance() != poor || ada.Balance() != rich || len(bob.Heard()) != 0 {
			t.Errorf("after the rollback the task is %v; the worker has %d, the poster %d", got, bob.Balance(), ada.Balance())
		}
		return
	}
	h.end(tx.commit)
	if got := h.Stored(id).Status; got != e.status || bob.Balance() != poor+e.paid || ada.Balance() != rich+e.refunded {
		t.Errorf("the task is %v; the worker has %d, the poster %d", got, bob.Balance(), ada.Balance())
	}
	heard := bob.Heard()
	if len(heard) != len(e.heard) || len(heard) > 0 && heard[0] != e.heard[0] {
		t.Errorf("the worker heard %v, want %v", heard, e.heard)
	}
	if len(bob.Offers()) != 0 || h.purchases() != 1 {
		t.Error("an ended task is on offer, or the host's row is not there")
	}
}

// A refusal undoes what the refused operation wrote, and nothing else.
func TestRefusalsLeaveTheHostsTransaction(t *testing.T) { inEachWay(t, refusalsLeaveTheTransaction) }

func refusalsLeaveTheTransaction(t *testing.T, h *host) {
	ada, bob := h.Agent("ada"), h.Agent("bob")
	claimed := ada.Post("claimed", markettest.Budget(5))
	bob.Claim(claimed)
	tx, hosted := h.begin()
	poster := hosted.As(ada.ID)
	first := h.post(hosted, ada, 10)
	_, err := poster.Post(h.Ctx, market.PostInput{Need: "too dear", MaxCredits: 90_000})
	markettest.Refused(t, err, market.ErrInsufficientCredits)
	_, err = poster.Cancel(h.Ctx, claimed)
	markettest.Refused(t, err, market.ErrConflict)
	_, err = poster.Approve(h.Ctx, claimed, market.ApproveInput{})
	markettest.Refused(t, err, market.ErrConflict)
	_, err = hosted.As(bob.ID).Cancel(h.Ctx, first)
	if err == nil {
		t.Error("a stranger cancelled")
	}
	// Guards in the database refuse too: the same report twice.
	if _, err = hosted.As(bob.ID).ReportTask(h.Ctx, first, "spam"); err != nil {
		t.Error(err)
	}
	_, err = hosted.As(bob.ID).ReportTask(h.Ctx, first, "spam")
	markettest.Refused(t, err, market.ErrConflict)
	h.buy(tx, first)
	h.end(tx.commit)
	if !h.has(first) || h.purchases() != 1 || h.Stored(claimed).Status != store.StatusClaimed {
		t.Error("the refusals took more with them")
	}
}

// The credit that a transaction has spent is gone for its next step, whoever
// asks, and the refusal comes from the guard in the database.
func TestHostSpendsOnce(t *testing.T) { inEachWay(t, hostSpendsOnce) }

func hostSpendsOnce(t *testing.T, h *host) {
	ada := h.Agent("ada")
	all := ada.Balance()
	tx, hosted := h.begin()
	first := h.post(hosted, ada, all)
	_, err := hosted.As(ada.ID).Post(h.Ctx, market.PostInput{Need: "more", MaxCredits: 1})
	markettest.Refused(t, err, market.ErrInsufficientCredits)
	if _, err := hosted.As(ada.ID).Cancel(h.Ctx, first); err != nil {
		t.Errorf("cancelling what the same transaction posted: %v", err)
	}
	h.post(hosted, ada, all)
	h.end(tx.commit)
	if got := ada.Balance(); got != 0 {
		t.Errorf("the balance is %d", got)
	}
}

// Two hosts that take the same posters in opposite orders lock each other out:
// one is told to run its transaction again, and can.
func TestDeadlockOfHosts(t *testing.T) { inEachWay(t, deadlock) }

func deadlock(t *testing.T, h *host) {
	ada, bob := h.Agent("ada"), h.Agent("bob")
	errs := make(chan error, 2)
	var firstDone, all sync.WaitGroup
	firstDone.Add(2)
	for _, order := range [][2]store.AgentID{{ada.ID, bob.ID}, {bob.ID, ada.ID}} {
		tx, hosted := h.begin()
		all.Go(func() {
			in := market.PostInput{Need: "task", MaxCredits: 1}
			_, err := hosted.As(order[0]).Post(h.Ctx, in)
			firstDone.Done()
			firstDone.Wait()
			if err == nil {
				_, err = hosted.As(order[1]).Post(h.Ctx, in)
			}
			if err != nil {
				errs <- err
				_ = tx.rollback()
				return
			}
			errs <- tx.commit()
		})
	}
	all.Wait()
	err := errors.Join(<-errs, <-errs)
	if !errors.Is(err, postgres.ErrRetry) || !errors.Is(err, market.ErrUnavailable) {
		t.Fatalf("the deadlock is reported as %v", err)
	}
	tx, hosted := h.begin()
	h.post(hosted, ada, 1)
	h.post(hosted, bob, 1)
	h.end(tx.commit)
}

// In a transaction that sees one moment only, somebody else's later change of
// the same account is a serialization failure.
func TestSerializationFailureOfAHost(t *testing.T) { inEachWay(t, serializationFailure) }

func serializationFailure(t *testing.T, h *host) {
	ada := h.Agent("ada")
	tx, hosted := h.beginAs(true)
	if err := tx.exec("select count(*) from purchase"); err != nil {
		t.Fatal(err)
	}
	ada.Post("faster", markettest.Budget(1))
	_, err := hosted.As(ada.ID).Post(h.Ctx, market.PostInput{Need: "task", MaxCredits: 1})
	if !errors.Is(err, postgres.ErrRetry) {
		t.Errorf("the failure is reported as %v", err)
	}
}

// A cut connection takes the whole transaction with it, and the store does not
// go on outside of it.
func TestHostsTransactionEndsWithTheConnection(t *testing.T) {
	inEachWay(t, transactionEndsWithTheConnection)
}

func transactionEndsWithTheConnection(t *testing.T, h *host) {
	ada := h.Agent("ada")
	before := ada.Balance()
	tx, hosted := h.begin()
	h.post(hosted, ada, 10)
	pid, err := tx.number("select pg_backend_pid()")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Pool().Exec(h.Ctx, "select pg_terminate_backend($1)", pid); err != nil {
		t.Fatal(err)
	}
	_, err = hosted.As(ada.ID).Post(h.Ctx, market.PostInput{Need: "task", MaxCredits: 1})
	markettest.Refused(t, err, market.ErrUnavailable)
	if tx.commit() == nil {
		t.Error("a transaction without a connection was committed")
	}
	if got := ada.Balance(); got != before {
		t.Errorf("the poster has %d, had %d", got, before)
	}
}

func TestTransactRunsAgain(t *testing.T) {
	h := newHost(t)
	ada, bob := h.Agent("ada"), h.Agent("bob")
	var firstDone, all sync.WaitGroup
	firstDone.Add(2)
	for _, order := range [][2]store.AgentID{{ada.ID, bob.ID}, {bob.ID, ada.ID}} {
		all.Go(func() {
			first := true
			err := h.store.Transact(h.Ctx, func(_ pgx.Tx, within *postgres.Store) error {
				m := h.Market.Hosted(within)
				_, err := m.As(order[0]).Post(h.Ctx, market.PostInput{Need: "task", MaxCredits: 1})
				if first {
					first = false
					firstDone.Done()
					firstDone.Wait()
				}
				if err != nil {
					return err
				}
				_, err = m.As(order[1]).Post(h.Ctx, market.PostInput{Need: "task", MaxCredits: 1})
				return err
			})
			if err != nil {
				t.Errorf("a host was not run again: %v", err)
			}
		})
	}
	all.Wait()
	if posted := len(ada.Mine(store.PartyPoster, "")) + len(bob.Mine(store.PartyPoster, "")); posted != 4 {
		t.Errorf("%d tasks were posted, want 4", posted)
	}
}

func TestTransactEndsWithTheHostsError(t *testing.T) {
	h := newHost(t)
	ada := h.Agent("ada")
	before, no := ada.Balance(), errors.New("no")
	err := h.store.Transact(h.Ctx, func(_ pgx.Tx, within *postgres.Store) error {
		m := h.Market.Hosted(within)
		h.post(m, ada, 10)
		return no
	})
	if !errors.Is(err, no) || ada.Balance() != before {
		t.Errorf("the answer is %v, and the poster has %d of %d", err, ada.Balance(), before)
	}
}
