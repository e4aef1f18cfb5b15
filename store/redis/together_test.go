package redis_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
)

// gate holds each call of the commit script until it is opened for one, and keeps
// how many units travelled in each.
type gate struct {
	open  chan struct{}
	mu    sync.Mutex
	units []int
}

func (g *gate) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (g *gate) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next
}

func (g *gate) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		if cmd.Name() == "evalsha" || cmd.Name() == "eval" {
			if cmd.Name() == "evalsha" {
				g.mu.Lock()
				g.units = append(g.units, unitsOf(cmd.Args()))
				g.mu.Unlock()
			}
			<-g.open
		}
		return next(ctx, cmd)
	}
}

// unitsOf counts the units among the arguments of commit.lua.
func unitsOf(args []any) (units int) {
	keys, _ := strconv.Atoi(args[2].(string))
	for i := 3 + keys; i < len(args); i += 3 + args[i+2].(int) {
		units++
	}
	return units
}

// gated is a store with two agents, whose commits wait at a gate from now on.
func gated(t *testing.T) (*redis.Store, *gate) {
	t.Helper()
	client := goredis.NewClient(&goredis.Options{Addr: redistest.Mini(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	s, err := redis.New(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		if _, err := s.Commit(t.Context(), storebench.Registration(n, 3*storebench.Budget)); err != nil {
			t.Fatal(err)
		}
	}
	g := &gate{}
	client.AddHook(g)
	return s, g
}

// Five commits arrive while two are on their way: they need one call together, and
// each is done or refused as if it had come alone.
func TestCommitsThatArriveMeanwhileTravelTogether(t *testing.T) {
	s, g := gated(t)
	synctest.Test(t, func(t *testing.T) {
		g.open = make(chan struct{})
		errs := make([]error, 7)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				change := storebench.NewLife(i, storebench.AgentID(0), storebench.AgentID(1)).Post()
				_, errs[i] = s.Commit(t.Context(), change)
			})
		}
		synctest.Wait()
		close(g.open)
		all.Wait()
		if !slices.Equal(g.units, []int{1, 1, 5}) {
			t.Errorf("calls with so many units: %v", g.units)
		}
		done := 0
		for i, err := range errs {
			var conflict *store.Conflict
			switch {
			case err == nil:
				done++
			case !errors.As(err, &conflict) || conflict.Guard != store.GuardBalance || conflict.Task != storebench.TaskID(i):
				t.Errorf("commit %d: %v", i, err)
			}
		}
		if done != 3 {
			t.Errorf("%d tasks were paid from credits for 3", done)
		}
	})
}

// Who does not want to wait for the next call is not held.
func TestACallerWhoStopsWaitingIsNotHeld(t *testing.T) {
	s, g := gated(t)
	synctest.Test(t, func(t *testing.T) {
		g.open = make(chan struct{})
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() {
				_, _ = s.Commit(t.Context(), storebench.NewLife(i, storebench.AgentID(0), storebench.AgentID(1)).Post())
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		var second sync.WaitGroup
		second.Go(func() {
			_, err = s.Commit(ctx, storebench.NewLife(2, storebench.AgentID(0), storebench.AgentID(1)).Post())
		})
		synctest.Wait()
		cancel()
		second.Wait()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the caller got %v", err)
		}
		close(g.open)
		all.Wait()
	})
}

// A key of another kind, as a fault or a stranger may have left it, stops the
// Changes that need it and none that travel with them.
func TestAChangeThatCannotBeCarriedOutStopsNoOther(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, server.URL())
	for n := range 2 {
		if _, err := s.Commit(t.Context(), storebench.Registration(n, 3*storebench.Budget)); err != nil {
			t.Fatal(err)
		}
	}
	first := storebench.NewLife(1, storebench.AgentID(0), storebench.AgentID(1)).Post()
	second := storebench.NewLife(2, storebench.AgentID(1), storebench.AgentID(0)).Post()
	damaged := "{pinchwork}:m:" + string(first.Tasks[0].New.ID)
	if err := s.Client().Set(t.Context(), damaged, "no hash", 0).Err(); err != nil {
		t.Fatal(err)
	}
	_, errs := s.CommitEach(t.Context(), []*store.Change{first, second})
	var conflict *store.Conflict
	if errs[0] == nil || errors.As(errs[0], &conflict) || errs[1] != nil {
		t.Errorf("the commits got %v", errs)
	}
}
