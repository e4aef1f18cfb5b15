package market_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Events, streams and waiting.

func jsonOf(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

// stream opens a stream that ends with the test.
func stream(t *testing.T, k *markettest.Kit, a *markettest.Agent, m *market.Market, after string) *market.Stream {
	t.Helper()
	s, err := m.As(a.ID).Stream(k.Ctx, after)
	if err != nil {
		t.Fatalf("opening a stream of %s: %v", a.Name, err)
	}
	t.Cleanup(s.Close)
	return s
}

func next(t *testing.T, k *markettest.Kit, s *market.Stream) []market.StreamEvent {
	t.Helper()
	ctx, cancel := context.WithTimeout(k.Ctx, 10*time.Second)
	defer cancel()
	events, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("waiting for an event: %v", err)
	}
	return events
}

func TestStreamsStartNowAndResume(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(1))
		bob.Ask(id, "before")
		s := stream(t, k, ada, k.Market, "")
		bob.Ask(id, "first")
		bob.Ask(id, "second")
		var got []market.StreamEvent
		for len(got) < 2 {
			got = append(got, next(t, k, s)...)
		}
		if len(got) != 2 || got[0].Type != store.EventTaskQuestion || got[0].ID == "" || got[0].ID == got[1].ID || got[1].Seq != got[0].Seq+1 {
			t.Fatalf("the stream has %+v", got)
		}
		bob.Claim(id)
		resumed := stream(t, k, ada, k.Market, got[0].ID)
		var again []market.StreamEvent
		for len(again) < 2 {
			again = append(again, next(t, k, resumed)...)
		}
		if again[0].ID != got[1].ID || again[1].Type != store.EventTaskClaimed {
			t.Errorf("resumed: %+v", again)
		}
		for _, bad := range []string{"x", "-1", "1.5", "01", " 1", "99999999999999999999"} {
			_, err := k.Market.As(ada.ID).Stream(k.Ctx, bad)
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "Last-Event-ID" {
				t.Errorf("the field is %q", e.Field)
			}
		}
	})
}

func TestEventsAsAnIterator(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(1))
		for i := range 3 {
			bob.Ask(id, fmt.Sprint("question ", i))
		}
		n := 0
		for e, err := range ada.API.Events(k.Ctx, "0") {
			if err != nil || e.Type != store.EventTaskQuestion {
				t.Fatalf("%+v, %v", e, err)
			}
			if n++; n == 3 {
				break
			}
		}
		ctx, cancel := context.WithCancel(k.Ctx)
		cancel()
		for _, err := range ada.API.Events(ctx, "") {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		}
	})
}

func TestGapAfterRetention(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(1))
		bob.Ask(id, "old")
		bob.Ask(id, "older")
		k.Clock.Advance(2 * time.Hour)
		bob.Ask(id, "new")
		pruned, err := k.Market.Prune(k.Ctx, time.Time{})
		if err != nil || pruned.Events != 2 {
			t.Fatalf("pruned %+v, %v", pruned, err)
		}
		s := stream(t, k, ada, k.Market, "1")
		if got := next(t, k, s); len(got) != 1 || got[0].Type != store.EventGap || got[0].ID != "" {
			t.Errorf("first comes %+v", got)
		}
		if got := next(t, k, s); len(got) != 1 || got[0].Seq != 3 {
			t.Errorf("then comes %+v", got)
		}
		// An id from another life of the store.
		s = stream(t, k, ada, k.Market, "1000")
		if got := next(t, k, s); got[0].Type != store.EventGap {
			t.Errorf("first comes %+v", got)
		}
		// Nothing is lost between 2 and 3.
		s = stream(t, k, ada, k.Market, "2")
		if got := next(t, k, s); got[0].Seq != 3 {
			t.Errorf("first comes %+v", got)
		}
	}, policy(func(p *market.Policy) { p.EventRetention = time.Hour }))
}

func TestTheNewestStreamTakesThePlaceOfTheOldest(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		var all []*market.Stream
		for range 3 {
			all = append(all, stream(t, k, ada, k.Market, ""))
		}
		stream(t, k, bob, k.Market, "")
		ended := make(chan error, 1)
		go func() {
			_, err := all[0].Next(k.Ctx)
			ended <- err
		}()
		fourth := stream(t, k, ada, k.Market, "")
		if e := markettest.Refused(t, <-ended, market.ErrRateLimited, "newer"); e.Code != market.CodeTooManyStreams {
			t.Errorf("the code is %q", e.Code)
		}
		all[0].Close()
		all[0].Close() // gives up no place but its own, which it had lost
		all[1].Close()
		fifth := stream(t, k, ada, k.Market, "")
		bob.Claim(ada.Post("task", markettest.Budget(1)))
		for _, s := range []*market.Stream{all[2], fourth, fifth} {
			if got := next(t, k, s); got[0].Type != store.EventTaskClaimed {
				t.Errorf("got %+v", got)
			}
		}
	}, policy(func(p *market.Policy) { p.MaxStreams = 3 }))
}

func TestSuspensionEndsStreams(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		s := stream(t, k, ada, k.Market, "")
		ended := make(chan error, 1)
		go func() {
			_, err := s.Next(k.Ctx)
			ended <- err
		}()
		k.Suspend(ada, true)
		markettest.Refused(t, <-ended, market.ErrSuspended)
		_, err := k.Market.As(ada.ID).Stream(k.Ctx, "")
		markettest.Refused(t, err, market.ErrSuspended)
	})
}

// Events are numbered per agent, without a gap, in the order of their commits,
// whoever writes them.
func TestEventNumbersHaveNoGaps(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Granted(1_000))
		other := k.Replica()
		var workers []*markettest.Agent
		for i := range 6 {
			w := k.Agent(fmt.Sprint("worker ", i))
			if i%2 == 0 {
				w = w.On(other)
			}
			workers = append(workers, w)
		}
		var ids []market.TaskID
		k.Do("post", func() {
			for range 24 {
				ids = append(ids, ada.Post("task", markettest.Budget(1)))
			}
		})
		k.Together(len(workers), func(i int) {
			for j := i; j < len(ids); j += len(workers) {
				for _, err := range []error{
					second(workers[i].API.PickupTask(k.Ctx, ids[j])),
					second(workers[i].API.Deliver(k.Ctx, ids[j], market.DeliverInput{Result: "done"})),
				} {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
		got := ada.Events()
		if len(got) != 48 {
			t.Fatalf("%d events, want 48", len(got))
		}
		for i, e := range got {
			if e.Seq != int64(i+1) {
				t.Errorf("event %d has the number %d", i, e.Seq)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestPostWaitsForTheDelivery(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		var posted market.Posted
		var err error
		var all sync.WaitGroup
		all.Go(func() {
			posted, err = ada.API.Post(k.Ctx, market.PostInput{Need: "task", MaxCredits: 5, Wait: 60 * time.Second})
		})
		var p market.Pickup
		markettest.Eventually(t, "the task to be on offer", func() bool {
			var ok bool
			p, ok = bob.TryPickup()
			return ok
		})
		bob.Deliver(p.TaskID, "done")
		all.Wait()
		if err != nil || posted.TaskID != p.TaskID || posted.Task == nil || posted.Task.Status != market.StatusDelivered || posted.Task.Result != "done" {
			t.Errorf("the wait ended with %+v, %v", posted, err)
		}
	})
}

func TestWaitEndsWithItsTime(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		var posted market.Posted
		var err error
		var all sync.WaitGroup
		all.Go(func() {
			posted, err = ada.API.Post(k.Ctx, market.PostInput{Need: "task", MaxCredits: 5, Wait: 60 * time.Second})
		})
		markettest.Eventually(t, "the poster to wait", func() bool { return k.Clock.Waiting() == 1 })
		bob.Pickup()
		k.Clock.Advance(time.Minute)
		all.Wait()
		if err != nil || posted.Task == nil || posted.Task.Status != market.StatusClaimed || posted.Task.Need != "task" || posted.Status != market.StatusClaimed {
			t.Errorf("the wait ended with %+v, %v", posted, err)
		}
		for _, wait := range []time.Duration{-1, 300*time.Second + 1} {
			_, err := ada.API.Post(k.Ctx, market.PostInput{Need: "task", Wait: wait})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "wait" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		_, err = ada.API.Task(k.Ctx, posted.TaskID, 301*time.Second)
		markettest.Refused(t, err, market.ErrInvalid, "wait")
	})
}

// A caller that hangs up gets the task as it is, and nothing changes.
func TestHangingUpChangesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		ctx, cancel := context.WithCancel(k.Ctx)
		var posted market.Posted
		var err error
		var all sync.WaitGroup
		all.Go(func() {
			posted, err = ada.API.Post(ctx, market.PostInput{Need: "task", MaxCredits: 5, Wait: 60 * time.Second})
		})
		markettest.Eventually(t, "the poster to wait", func() bool { return k.Clock.Waiting() == 1 })
		cancel()
		all.Wait()
		if err != nil || posted.TaskID == "" || posted.Status != market.StatusPosted {
			t.Errorf("the wait ended with %+v, %v", posted, err)
		}
		if got := k.Stored(posted.TaskID); got.Status != market.StatusPosted {
			t.Errorf("the task is %s", got.Status)
		}
	})
}

func TestWaitForATaskAlreadyPosted(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(1))
		bob.Claim(id)
		var v market.Task
		var err error
		var all sync.WaitGroup
		all.Go(func() { v, err = ada.API.Task(k.Ctx, id, time.Minute) })
		markettest.Eventually(t, "the poster to wait", func() bool { return k.Clock.Waiting() == 1 })
		bob.Deliver(id, "done")
		all.Wait()
		if err != nil || v.Status != market.StatusDelivered || v.Result != "done" {
			t.Errorf("the wait ended with %+v, %v", v, err)
		}
		// There is nothing to wait for any more, for nobody.
		if v, err := bob.API.Task(k.Ctx, id, time.Minute); err != nil || v.Status != market.StatusDelivered {
			t.Errorf("the worker got %+v, %v", v, err)
		}
	})
}

// Run settles timers by itself and leaves no goroutine behind.
func TestRunSettlesTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := markettest.New(t, markettest.With())
		m, err := market.New(market.Config{Store: k.Store})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx) }()
		r, err := m.Register(ctx, market.RegisterInput{Name: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		ada := m.As(r.AgentID)
		posted, err := ada.Post(ctx, market.PostInput{Need: "task", Deadline: 1 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		s, err := ada.Stream(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		events, err := s.Next(ctx) // the sweep wakes the stream
		if err != nil || len(events) != 1 || events[0].Type != store.EventTaskExpired || events[0].Task != posted.TaskID {
			t.Errorf("heard %+v, %v", events, err)
		}
		if late := time.Since(began) - time.Minute; late < 0 || late > time.Second {
			t.Errorf("the timer fired %v late", late)
		}
		s.Close()
		if err := m.Run(ctx); err == nil {
			t.Error("a second Run is allowed")
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
}

// A stream says where it begins before it yields anything, so that what is read then and
// what it yields is everything.
func TestAStreamSaysWhereItBegins(t *testing.T) {
	k := markettest.New(t)
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("x")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var began []string
	ctx = market.WithStart(ctx, func(after string) {
		began = append(began, after)
		bob.Claim(id) // after the beginning, so it is yielded
	})
	for e, err := range ada.API.Events(ctx, "") {
		if err != nil || e.Type != store.EventTaskClaimed {
			t.Errorf("%+v, %v", e, err)
		}
		if len(began) != 1 || began[0] == e.ID {
			t.Errorf("it began after %q, and yields %s", began, e.ID)
		}
		break
	}
}
