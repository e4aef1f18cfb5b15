package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/faultproxy"
	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
)

// within is what a call may take while the server is away.
const within = 5 * time.Second

// grant is the smallest Change that moves credits: entry no to the lane's poster.
func (l *lane) grant() *store.Change {
	return &store.Change{At: start, Transfers: []store.Transfer{
		l.transfer(store.PlatformAccount, store.AgentAccount(l.poster), store.EntryAdminGrant, l.poster, "", 1),
	}}
}

func balance(t *testing.T, s *redis.Store, id store.AgentID) int64 {
	t.Helper()
	l, err := s.Load(t.Context(), store.LoadQuery{Now: start, Caller: id})
	if err != nil {
		t.Fatal(err)
	}
	return l.Caller.Balance
}

// A server that has each command on disk before it answers loses no change that
// was acknowledged, however it ends; and the Store goes on without a restart.
func TestKilledServerKeepsWhatWasAcknowledged(t *testing.T) {
	server := redistest.Start(t, redistest.Durable())
	s := open(t, server.URL())
	for round := range 3 {
		acknowledged, failures := grantUntilKilled(t, server, s, round)
		server.Restart()
		await(t, "the store to answer", func() bool { _, err := s.Ping(context.Background()); return err == nil })
		for i := range lanes {
			l := &lane{store: s, poster: posterOf(round, i)}
			got := balance(t, s, l.poster) - 1_000_000_000
			// The one change whose answer was lost may have been written.
			if n := acknowledged[i].Load(); got < n || got > n+1 {
				t.Errorf("round %d: %d grants acknowledged, %d kept", round, n, got)
			}
			page, err := s.Ledger(t.Context(), store.PageQuery{Agent: l.poster, Limit: 1, Now: start})
			if err != nil || int64(page.Total) != got+1 {
				t.Errorf("round %d: %d entries for %d grants and a bonus, %v", round, page.Total, got, err)
			}
		}
		t.Logf("round %d: slowest failure %s", round, time.Duration(failures.Load()))
		if time.Duration(failures.Load()) > within {
			t.Errorf("round %d: a call took %s to fail", round, time.Duration(failures.Load()))
		}
	}
	assertZeroSum(t, s)
}

func posterOf(round, i int) store.AgentID {
	return store.AgentID(fmt.Sprintf("ag-poster%010d", 100*round+i))
}

// grantUntilKilled commits from all lanes, kills the server in the middle, and
// returns how many each lane was told of and the longest failure.
func grantUntilKilled(t *testing.T, server *redistest.Server, s *redis.Store, round int) ([lanes]*atomic.Int64, *atomic.Int64) {
	t.Helper()
	var done [lanes]*atomic.Int64
	var slowest atomic.Int64
	var wg sync.WaitGroup
	for i := range lanes {
		l := newLane(s, 100*round+i)
		done[i] = &atomic.Int64{}
		wg.Go(func() {
			for {
				began := time.Now()
				if _, err := s.Commit(context.Background(), l.grant()); err != nil {
					slowest.Store(max(slowest.Load(), int64(time.Since(began))))
					return
				}
				done[i].Add(1)
			}
		})
	}
	await(t, "some grants", func() bool { return done[0].Load() > 20 && done[lanes-1].Load() > 20 })
	server.Kill()
	wg.Wait()
	return done, &slowest
}

// assertZeroSum replays the whole ledger.
func assertZeroSum(t *testing.T, s *redis.Store) {
	t.Helper()
	accounts, seen := map[store.AccountName]int64{}, map[store.EntryID]bool{}
	for after, more := "", true; more; more = after != "" {
		entries, next, err := s.Entries(t.Context(), "", after, 1_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if seen[e.ID] {
				t.Errorf("entry %s is there twice", e.ID)
			}
			seen[e.ID] = true
			accounts[e.From] -= e.Amount
			accounts[e.To] += e.Amount
		}
		after = next
	}
	var sum int64
	for name, n := range accounts {
		sum += n
		if id := store.AgentID(name); strings.HasPrefix(string(name), "ag-") && id != store.Platform {
			if got := balance(t, s, id); got != n {
				t.Errorf("%s has %d, its ledger says %d", id, got, n)
			}
		}
	}
	if sum != 0 {
		t.Errorf("all accounts together hold %d", sum)
	}
}

// A commit whose answer is lost must not be sent again behind the caller's
// back: it would come back as a conflict with itself, and the caller would
// believe that nothing was written.
func TestCommitWithALostAnswerIsNotRepeated(t *testing.T) {
	server := redistest.Start(t)
	p := faultproxy.Start(t, server.Addr())
	client := goredis.NewClient(&goredis.Options{Addr: p.Addr(), MaxRetries: 3})
	defer func() { _ = client.Close() }()
	s, err := redis.New(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	l := newLane(s, 1)
	p.LoseAnswers(true)
	_, err = s.Commit(t.Context(), l.grant())
	p.LoseAnswers(false)
	var conflict *store.Conflict
	if err == nil || errors.As(err, &conflict) {
		t.Fatalf("the lost answer came back as %v", err)
	}
	if n := p.Lost(); n != 1 {
		t.Fatalf("the commit was sent %d times", n)
	}
	if got := balance(t, open(t, server.URL()), l.poster); got != 1_000_000_001 {
		t.Fatalf("balance %d", got)
	}
}

func TestServerThatHangsOrIsGoneIsAnErrorInTime(t *testing.T) {
	server := redistest.Start(t, redistest.Durable())
	s := open(t, server.URL())
	l := newLane(s, 1)
	calls := map[string]func() error{
		"Commit": func() error { _, err := s.Commit(context.Background(), l.grant()); return err },
		"Load": func() error {
			_, err := s.Load(context.Background(), store.LoadQuery{Now: start, Caller: l.poster})
			return err
		},
		"Agents": func() error { _, err := s.Agents(context.Background(), []store.AgentID{l.poster}); return err },
		"Ping":   func() error { _, err := s.Ping(context.Background()); return err },
	}
	failAll := func(t *testing.T) {
		var wg sync.WaitGroup
		for name, call := range calls {
			wg.Go(func() {
				began := time.Now()
				err := call()
				if took := time.Since(began); err == nil || took > within {
					t.Errorf("%s: %v after %s", name, err, took)
				}
			})
		}
		wg.Wait()
	}
	t.Run("hangs", func(t *testing.T) {
		server.Pause()
		failAll(t)
		server.Resume()
	})
	t.Run("is gone", func(t *testing.T) {
		server.Kill()
		failAll(t)
		server.Restart()
	})
	for name, call := range calls {
		await(t, name+" to work again", func() bool { return call() == nil })
	}
	assertZeroSum(t, s)
}

func TestServerThatForgotTheScriptsIsTaughtAgain(t *testing.T) {
	for name, url := range map[string]string{
		"redis": redistest.Start(t).URL(), "miniredis": "redis://" + redistest.Mini(t).Addr(),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, url)
			l := newLane(s, 1)
			task := l.post()
			if err := s.Client().ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			l.deliver(l.claim(task).ID)
			l.approve(task.ID)
		})
	}
}

// A server that is full, or has too few replicas for its settings, refuses a
// commit before its first write.
func TestServerThatMayNotWriteRefusesTheWholeCommit(t *testing.T) {
	for setting, values := range map[string][2]string{
		"maxmemory": {"1mb", "0"}, "min-replicas-to-write": {"1", "0"},
	} {
		t.Run(setting, func(t *testing.T) { refusesWhole(t, setting, values[0], values[1]) })
	}
}

func refusesWhole(t *testing.T, setting, forbids, allows string) {
	s := open(t, redistest.Start(t).URL())
	set := func(value string) {
		if err := s.Client().ConfigSet(t.Context(), setting, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	l := newLane(s, 1)
	task := l.claim(l.post())
	before := l.load(l.poster, task.ID)
	set(forbids)
	next := *task
	next.Version, next.Status = task.Version+1, store.StatusCancelled
	next.Ending = &store.Ending{At: start}
	change := l.grant()
	change.Tasks = []store.TaskWrite{{Old: task, New: &next}}
	if _, err := s.Commit(t.Context(), change); err == nil {
		t.Fatal("the server took a commit")
	}
	if after := l.load(l.poster, task.ID); after.Task.Version != before.Task.Version || after.Caller.Balance != before.Caller.Balance {
		t.Fatalf("half a commit was written: %+v", after.Task)
	}
	set(allows)
	if _, err := s.Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}
