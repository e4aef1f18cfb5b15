// Package embedder is a program of somebody else, in a module of its own: it uses
// what Pinchwork promises to those who embed it, through exported names alone.
package embedder

import (
	"context"
	"database/sql"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store/sqlite"
	"github.com/pinchwork/pinchwork/worker"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// running runs a market until the test ends.
func running(t *testing.T, options ...pinchwork.Option) *market.Market {
	t.Helper()
	m := must(pinchwork.New(options...))
	ctx, stop := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = m.Run(ctx) })
	t.Cleanup(func() { stop(); run.Wait() })
	return m
}

func agent(t *testing.T, m *market.Market, name string, tags ...string) *market.Handle {
	t.Helper()
	return m.As(must(m.Register(t.Context(), market.RegisterInput{Name: name, Tags: tags})).AgentID)
}

func shout(_ context.Context, t worker.Task) (worker.Result, error) {
	return worker.Text(strings.ToUpper(t.Need)), nil
}

// works lets an agent work until the test ends.
func works(t *testing.T, api market.AgentAPI, options ...worker.Option) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := worker.Run(ctx, api, shout, options...); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); run.Wait() })
}

// One file keeps the marketplace; the program's own table is in it as well.
func TestAMarketplaceInOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	ctx := t.Context()
	var shop market.AgentID
	var task market.TaskID
	func() {
		store := must(sqlite.Open(ctx, path))
		defer func() { _ = store.Close() }()
		m := must(pinchwork.New(pinchwork.WithStore(store)))
		shop = agent(t, m, "shop").ID()
		if err := store.Transact(ctx, func(tx *sql.Tx, within *sqlite.Store) error {
			_, err := tx.ExecContext(ctx, "create table orders (task text)")
			if err != nil {
				return err
			}
			posted, err := m.Hosted(within).As(shop).Post(ctx, market.PostInput{Need: "pack it", MaxCredits: 10})
			if err != nil {
				return err
			}
			task = posted.TaskID
			_, err = tx.ExecContext(ctx, "insert into orders values (?)", string(task))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}()
	store := must(sqlite.Open(ctx, path))
	t.Cleanup(func() { _ = store.Close() })
	m := running(t, pinchwork.WithStore(store))
	works(t, agent(t, m, "worker"), worker.Concurrency(2), worker.TimeLimit(time.Minute))
	got := must(m.As(shop).Task(ctx, task, time.Minute))
	if got.Status != market.StatusDelivered || got.Result != "PACK IT" {
		t.Errorf("the task is %s", got.Status)
	}
}

// The same worker works for a marketplace elsewhere.
func TestAWorkerOfARemoteMarketplace(t *testing.T) {
	m := running(t)
	handler := must(httpserver.New(m, httpserver.Options{}))
	t.Cleanup(handler.Close)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	r := must(m.Register(t.Context(), market.RegisterInput{Name: "worker"}))
	works(t, must(httpclient.New(server.URL, market.APIKey(r.APIKey))))
	posted := must(agent(t, m, "poster").Post(t.Context(), market.PostInput{Need: "say it", Wait: time.Minute}))
	if posted.Task == nil || posted.Task.Result != "SAY IT" {
		t.Errorf("got %+v", posted)
	}
}

// A pickup waits, and refusals are told apart by errors.Is, in process and remotely.
func TestPickupsWaitAndRefusalsHaveNames(t *testing.T) {
	m := running(t)
	poster, worker := agent(t, m, "poster"), agent(t, m, "worker")
	var all sync.WaitGroup
	all.Go(func() {
		p, ok, err := worker.Pickup(t.Context(), market.Filter{Wait: time.Minute})
		if err != nil || !ok || p.Need != "soon" {
			t.Errorf("picked up %+v, %v, %v", p, ok, err)
		}
	})
	posted := must(poster.Post(t.Context(), market.PostInput{Need: "soon", Deadline: time.Hour, ClaimTimeout: time.Minute}))
	all.Wait()
	_, err := worker.PickupTask(t.Context(), posted.TaskID)
	if !errors.Is(err, market.ErrAlreadyClaimed) || !errors.Is(err, market.ErrConflict) {
		t.Errorf("claimed twice: %v", err)
	}
	_, err = poster.Post(t.Context(), market.PostInput{Need: "x", MaxCredits: -1})
	if !errors.Is(err, market.ErrInvalid) || !strings.HasPrefix(err.Error(), "MaxCredits: ") {
		t.Errorf("refused with %v", err)
	}
}

// Three days pass at once.
func TestAClaimLapsesOnAFakeClock(t *testing.T) {
	k := markettest.New(t)
	poster, worker := k.Agent("poster"), k.Agent("worker")
	id := poster.Post("slow", markettest.ClaimTimeout(3*24*time.Hour))
	worker.Claim(id)
	k.Advance(3 * 24 * time.Hour)
	_, err := worker.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "late"})
	if !errors.Is(err, market.ErrClaimLapsed) {
		t.Errorf("delivered late: %v", err)
	}
}
