package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// host is a program with connections and a table of its own beside the marketplace.
type host struct {
	*markettest.Kit
	store *sqlite.Store
	db    *sql.DB
}

func newHost(t *testing.T) *host {
	t.Helper()
	s := openAt(t, filepath.Join(t.TempDir(), "jobs.db"), sqlite.WithoutDurability())
	db, err := sql.Open("sqlite3", "file:"+s.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	h := &host{Kit: markettest.New(t, markettest.Store(s), markettest.CheckRarely()), store: s, db: db}
	if _, err := db.ExecContext(h.Ctx, "create table purchase (task text)"); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *host) begin() (*sql.Tx, *market.Market) {
	h.Helper()
	tx, err := h.db.BeginTx(h.Ctx, nil)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = tx.Rollback() })
	return tx, h.Market.Hosted(h.store.InTx(tx))
}

// buy writes the host's row; it fails when the transaction is spoiled.
func (h *host) buy(tx *sql.Tx, id store.TaskID) {
	h.Helper()
	if _, err := tx.ExecContext(h.Ctx, "insert into purchase values (?)", string(id)); err != nil {
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
	if err := h.db.QueryRowContext(h.Ctx, "select count(*) from purchase").Scan(&n); err != nil {
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
			h := newHost(t)
			ada, bob := h.Agent("ada"), h.Agent("bob", markettest.Capable("go"))
			before := ada.Balance()
			tx, hosted := h.begin()
			id := h.post(hosted, ada, 10)
			h.buy(tx, id)
			if h.has(id) || len(bob.Offers()) != 0 || ada.Balance() != before {
				t.Error("something is seen before the host commits")
			}
			if !commits {
				h.end(tx.Rollback)
				h.Sweep()
				if h.has(id) || len(bob.Offers()) != 0 || ada.Balance() != before || h.purchases() != 0 {
					t.Error("something is left of what was rolled back")
				}
				if heard := bob.Heard(); len(heard) != 0 {
					t.Errorf("the worker heard %v of nothing", heard)
				}
				return
			}
			h.end(tx.Commit)
			h.Sweep()
			if heard := bob.Heard(); len(heard) != 1 || heard[0] != store.EventTaskMatched {
				t.Errorf("after the host's commit the worker heard %v", heard)
			}
			if got := bob.Pickup(); got.TaskID != id || ada.Balance() != before-10 || h.purchases() != 1 {
				t.Errorf("picked up %v; the poster has %d of %d", got.TaskID, ada.Balance(), before)
			}
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
			t.Run(name, func(t *testing.T) { hostEnds(t, &e, commits) })
		}
	}
}

func hostEnds(t *testing.T, e *ending, commits bool) {
	h := newHost(t)
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
		h.end(tx.Rollback)
		if got := h.Stored(id).Status; got != before || bob.Balance() != poor || ada.Balance() != rich || len(bob.Heard()) != 0 {
			t.Errorf("after the rollback the task is %v; the worker has %d, the poster %d", got, bob.Balance(), ada.Balance())
		}
		return
	}
	h.end(tx.Commit)
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
func TestRefusalsLeaveTheHostsTransaction(t *testing.T) {
	h := newHost(t)
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
	// Guards of the store refuse too: the same report twice.
	if _, err = hosted.As(bob.ID).ReportTask(h.Ctx, first, "spam"); err != nil {
		t.Error(err)
	}
	_, err = hosted.As(bob.ID).ReportTask(h.Ctx, first, "spam")
	markettest.Refused(t, err, market.ErrConflict)
	h.buy(tx, first)
	h.end(tx.Commit)
	if !h.has(first) || h.purchases() != 1 || h.Stored(claimed).Status != store.StatusClaimed {
		t.Error("the refusals took more with them")
	}
}

// The credit that a transaction has spent is gone for its next step, whoever
// asks, and the refusal comes from the guard of the store.
func TestHostSpendsOnce(t *testing.T) {
	h := newHost(t)
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
	h.end(tx.Commit)
	if got := ada.Balance(); got != 0 {
		t.Errorf("the balance is %d", got)
	}
}

// A host whose transaction has read before somebody else wrote is told to run it again,
// and can.
func TestHostIsToldToRunAgain(t *testing.T) {
	h := newHost(t)
	ada := h.Agent("ada")
	old, err := sql.Open("sqlite3", "file:"+h.store.Path()+"?_txlock=deferred&_pragma=busy_timeout(0)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	tx, err := old.BeginTx(h.Ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow("select count(*) from purchase").Scan(&n); err != nil {
		t.Fatal(err)
	}
	ada.Post("faster", markettest.Budget(1))
	_, err = h.Market.Hosted(h.store.InTx(tx)).As(ada.ID).Post(h.Ctx, market.PostInput{Need: "task", MaxCredits: 1})
	if !errors.Is(err, sqlite.ErrRetry) || !errors.Is(err, market.ErrUnavailable) {
		t.Errorf("the failure is reported as %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	again, hosted := h.begin()
	h.post(hosted, ada, 1)
	h.end(again.Commit)
}

// A transaction that has ended, or is on another file, changes nothing.
func TestTransactionsThatAreNotTheStores(t *testing.T) {
	h := newHost(t)
	ada := h.Agent("ada")
	before := ada.Balance()
	ended, hosted := h.begin()
	h.end(ended.Rollback)
	in := market.PostInput{Need: "task", MaxCredits: 1}
	_, err := hosted.As(ada.ID).Post(h.Ctx, in)
	markettest.Refused(t, err, market.ErrUnavailable)
	elsewhere, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "other.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = elsewhere.Close() }()
	tx, err := elsewhere.BeginTx(h.Ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	_, err = h.Market.Hosted(h.store.InTx(tx)).As(ada.ID).Post(h.Ctx, in)
	markettest.Refused(t, err, market.ErrUnavailable)
	if got := ada.Balance(); got != before {
		t.Errorf("the poster has %d, had %d", got, before)
	}
}

// A cancelled context ends the host's transaction, and what the market did in it.
func TestHostsTransactionEndsWithItsContext(t *testing.T) {
	h := newHost(t)
	ada := h.Agent("ada")
	before := ada.Balance()
	ctx, cancel := context.WithCancel(h.Ctx)
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	hosted := h.Market.Hosted(h.store.InTx(tx))
	h.post(hosted, ada, 10)
	cancel()
	if tx.Commit() == nil {
		t.Error("a cancelled transaction was committed")
	}
	if got := ada.Balance(); got != before {
		t.Errorf("the poster has %d, had %d", got, before)
	}
}

// Hosts in one process take turns, and none has to run again for another.
func TestTransactTakesTurns(t *testing.T) {
	h := newHost(t)
	ada, bob := h.Agent("ada"), h.Agent("bob")
	var all sync.WaitGroup
	for range 4 {
		for _, order := range [][2]store.AgentID{{ada.ID, bob.ID}, {bob.ID, ada.ID}} {
			all.Go(func() {
				err := h.store.Transact(h.Ctx, func(tx *sql.Tx, within *sqlite.Store) error {
					m := h.Market.Hosted(within)
					for _, id := range order {
						p, err := m.As(id).Post(h.Ctx, market.PostInput{Need: "task", MaxCredits: 1})
						if err != nil {
							return err
						}
						h.buy(tx, p.TaskID)
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	posted := len(ada.Mine(store.PartyPoster, "")) + len(bob.Mine(store.PartyPoster, ""))
	if posted != 16 || h.purchases() != posted {
		t.Errorf("%d tasks were posted and %d bought, want 16", posted, h.purchases())
	}
}

func TestTransactEndsWithTheHostsError(t *testing.T) {
	h := newHost(t)
	ada := h.Agent("ada")
	before, no := ada.Balance(), errors.New("no")
	err := h.store.Transact(h.Ctx, func(_ *sql.Tx, within *sqlite.Store) error {
		m := h.Market.Hosted(within)
		h.post(m, ada, 10)
		return no
	})
	if !errors.Is(err, no) || ada.Balance() != before {
		t.Errorf("the answer is %v, and the poster has %d of %d", err, ada.Balance(), before)
	}
}
