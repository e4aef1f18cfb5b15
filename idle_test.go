package pinchwork_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/everystore"
	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store/memory"
)

// quiet is a market in a bubble of its own time, with a store that counts calls
// and a few things in it.
type quiet struct {
	t     *testing.T
	ctx   context.Context
	store *gatestore.Store
	*market.Market
	ada, bob *market.Handle
	task     market.TaskID
	calls    endpointOfAll
}

// endpointOfAll answers every webhook, and counts.
type endpointOfAll struct{ atomic.Int64 }

func (e *endpointOfAll) RoundTrip(r *http.Request) (*http.Response, error) {
	e.Add(1)
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
}

// inQuiet runs a test on such a market once it has come to rest.
func inQuiet(t *testing.T, test func(q *quiet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := &quiet{t: t, store: gatestore.New(memory.New())}
		var running sync.WaitGroup
		defer running.Wait()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		q.ctx = ctx
		q.Market = q.replica(pinchwork.WithWebhooks(notify.NewWebhooks(notify.WebhookOptions{Transport: &q.calls})))
		running.Go(func() { _ = q.Run(ctx) })
		q.ada, q.bob = q.As(q.register("ada")), q.As(q.register("bob"))
		q.task = q.post(q.ada)
		time.Sleep(5 * time.Minute)
		test(q)
	})
}

// replica is another market on the same store.
func (q *quiet) replica(options ...pinchwork.Option) *market.Market {
	q.t.Helper()
	return must(q.t, append(options, pinchwork.WithStore(q.store))...)
}

func (q *quiet) register(name string) market.AgentID {
	q.t.Helper()
	r, err := q.Register(q.ctx, market.RegisterInput{Name: name, WebhookURL: "https://hooks.example.com/"})
	if err != nil {
		q.t.Fatal(err)
	}
	return r.AgentID
}

func (q *quiet) post(as *market.Handle) market.TaskID {
	q.t.Helper()
	p, err := as.Post(q.ctx, market.PostInput{Need: "task", MaxCredits: 1})
	if err != nil {
		q.t.Fatal(err)
	}
	return p.TaskID
}

// writes are the methods of a store that write, whatever there is to do.
var writes = []string{
	"Commit", "CommitFirst", "CommitEach", "Admit", "Lease", "LeaseWebhooks", "FinishWebhook", "RedeliverWebhook",
}

// during returns how many calls a while takes, and how many of them write.
func (q *quiet) during(d time.Duration) (calls, writing int) {
	count := func() (all, writing int) {
		for _, method := range writes {
			writing += q.store.Calls(method)
		}
		return q.store.Calls(""), writing
	}
	before, wrote := count()
	time.Sleep(d)
	calls, writing = count()
	return calls - before, writing - wrote
}

// sees reports whether an agent of another replica is offered a task there.
func (q *quiet) sees(on *market.Market, id market.TaskID) bool {
	q.t.Helper()
	list, err := on.As(q.bob.ID()).Browse(q.ctx, market.BrowseQuery{Page: market.Page{Limit: 100}})
	if err != nil {
		q.t.Fatal(err)
	}
	for _, item := range list.Tasks {
		if item.TaskID == id {
			return true
		}
	}
	return false
}

// A market in which nothing happens asks its store twice a second at most, and writes
// nothing, not even a lease, until something is old enough to be deleted.
func TestAnIdleMarketRests(t *testing.T) {
	inQuiet(t, func(q *quiet) {
		const minutes = 40
		calls, writing := q.during(minutes * time.Minute)
		if most := 2 * 60 * minutes; calls > most {
			t.Errorf("%d calls in %d minutes, want at most %d", calls, minutes, most)
		}
		if writing > 0 {
			t.Errorf("%d writing calls in %d minutes", writing, minutes)
		}
		time.Sleep(time.Hour)
		if q.store.Calls("Lease") != 2 {
			t.Errorf("%d leases after the feed has grown old, want 1 of retention and 1 for the count of the first hour", q.store.Calls("Lease"))
		}
		if _, writing := q.during(3 * time.Hour); writing > 0 {
			t.Errorf("%d writing calls in the hours afterwards", writing)
		}
	})
}

// What a store says is due next lets the timers rest: most of an hour of the market's
// clock that passes in no time takes no look and no lease, and a timer still comes at its instant.
func TestTimersRestOnEveryStore(t *testing.T) {
	for _, kind := range everystore.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			store, clock := gatestore.New(kind.Open(t)), markettest.NewClock(markettest.Start)
			m := must(t, pinchwork.WithStore(store), pinchwork.WithClock(clock))
			ada, err := m.Register(t.Context(), market.RegisterInput{Name: "ada"})
			if err != nil {
				t.Fatal(err)
			}
			p, err := m.As(ada.AgentID).Post(t.Context(), market.PostInput{Need: "task", Deadline: 51 * time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			run(t, m)
			markettest.Eventually(t, "the first look", func() bool { return store.Calls("Due") > 0 && clock.Waiting() > 1 })
			for range 50 {
				clock.Advance(time.Minute)
			}
			if n, most := store.Calls("Due"), 2+int(time.Since(began)/(900*time.Millisecond)); n > most {
				t.Errorf("%d looks in 50 minutes, want at most %d", n, most)
			}
			// Beside the registration and the posting, one hour is over that has to be counted.
			for _, method := range writes {
				if n := store.Calls(method); n > map[string]int{"Commit": 3, "Lease": 1, "LeaseWebhooks": 2}[method] {
					t.Errorf("%d calls of %s", n, method)
				}
			}
			clock.Advance(time.Minute)
			markettest.Eventually(t, "the deadline to be kept", func() bool {
				found, err := store.Tasks(t.Context(), []market.TaskID{p.TaskID})
				return err == nil && found[0].Task.Status == market.StatusExpired
			})
		})
	}
}

// Those who listen cost a look a second in all, however many they are, and a
// wait another one.
func TestListenersCostALookASecond(t *testing.T) {
	inQuiet(t, func(q *quiet) {
		ctx, stop := context.WithCancel(q.ctx)
		var listening sync.WaitGroup
		defer listening.Wait()
		defer stop()
		for range 5 {
			s, err := q.ada.Stream(ctx, "")
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			listening.Go(func() { _, _ = s.Next(ctx) })
		}
		time.Sleep(time.Minute)
		calls, writing := q.during(time.Minute)
		if calls > 3*60+10 || writing > 0 {
			t.Errorf("with streams: %d calls in a minute, %d of them writing", calls, writing)
		}
		listening.Go(func() { _, _ = q.ada.Task(ctx, q.task, 5*time.Minute) })
		time.Sleep(time.Minute)
		if calls, writing = q.during(time.Minute); calls > 4*60+10 || writing > 0 {
			t.Errorf("with a wait: %d calls in a minute, %d of them writing", calls, writing)
		}
	})
}

// However long a replica has rested, what it shows is never older than a second.
func TestARestingReplicaShowsWhatOthersDid(t *testing.T) {
	inQuiet(t, func(q *quiet) {
		other := q.replica()
		var running sync.WaitGroup
		ctx, stop := context.WithCancel(q.ctx)
		running.Go(func() { _ = other.Run(ctx) })
		defer running.Wait()
		defer stop()
		time.Sleep(time.Minute)
		for i := range 40 {
			q.sees(other, "") // what it has read now may serve for a while
			time.Sleep(time.Duration(i) * 127 * time.Millisecond)
			id := q.post(q.ada)
			if time.Sleep(time.Second); !q.sees(other, id) {
				t.Error("what was posted a second ago is not there")
			}
			time.Sleep(20 * time.Second)
		}
	})
}

// A timer takes effect at its instant where it was set, and within a second where
// it was set by a process that does not run.
func TestTimersOfARestingMarketAreInTime(t *testing.T) {
	inQuiet(t, func(q *quiet) {
		elsewhere := q.replica()
		for name, test := range map[string]struct {
			on   *market.Market
			late time.Duration
		}{"here": {q.Market, time.Millisecond}, "elsewhere": {elsewhere, time.Second}} {
			bob, ada := test.on.As(q.bob.ID()), test.on.As(q.ada.ID())
			p, err := ada.Post(q.ctx, market.PostInput{Need: "task", MaxCredits: 1, Deadline: 1 * time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bob.PickupTask(q.ctx, p.TaskID); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute + test.late)
			synctest.Wait()
			found, err := q.store.Tasks(q.ctx, []market.TaskID{p.TaskID})
			if err != nil || found[0].Task.Status != market.StatusPosted {
				t.Errorf("%s: %v late the task is %s, %v", name, test.late, found[0].Task.Status, err)
			}
		}
	})
}

// On a store that tells of each write, timers and deliveries are in time wherever they
// come from, and nobody looks for them.
func TestAStoreThatTellsKeepsAllInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, calls := memory.New(), &endpointOfAll{}
		newProgram(t, kept, pinchwork.WithWebhooks(notify.NewWebhooks(notify.WebhookOptions{Transport: calls})))
		there := program{t, must(t, pinchwork.WithStore(kept), pinchwork.WithWebhooks(nil))}
		time.Sleep(5*time.Minute + 123*time.Millisecond)
		ada := there.register(market.RegisterInput{Name: "ada", WebhookURL: "https://hooks.example.com/"})
		p, err := ada.Post(t.Context(), market.PostInput{Need: "task", Deadline: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		there.ask(there.register(market.RegisterInput{Name: "bob"}), p.TaskID)
		time.Sleep(50 * time.Millisecond)
		if got := calls.Load(); got != 1 {
			t.Errorf("%d calls of the webhook at once, want 1", got)
		}
		time.Sleep(time.Minute - 49*time.Millisecond)
		synctest.Wait()
		found, err := kept.Tasks(t.Context(), []market.TaskID{p.TaskID})
		if err != nil || found[0].Task.Status != market.StatusExpired {
			t.Errorf("1 ms late the task is %s, %v", found[0].Task.Status, err)
		}
	})
}

// Looks for what others have written leave no Afters behind, which a mock clock would
// have to fire one by one.
func TestLooksLeaveNoAfters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := markettest.NewClock(markettest.Start)
		p := newProgram(t, gatestore.New(memory.New()), pinchwork.WithClock(clock))
		p.post(p.register(market.RegisterInput{Name: "ada"}))
		time.Sleep(time.Hour)
		if n := clock.Waiting(); n > 3 {
			t.Errorf("%d Afters wait after an hour", n)
		}
	})
}

// A delivery whose commit woke nobody here begins within a second.
func TestARestingMarketFindsDeliveries(t *testing.T) {
	inQuiet(t, func(q *quiet) {
		for range 3 {
			elsewhere := q.replica(pinchwork.WithWebhooks(nil))
			before := q.calls.Load()
			if _, err := elsewhere.As(q.bob.ID()).Ask(q.ctx, q.post(elsewhere.As(q.ada.ID())), "why?"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if got := q.calls.Load() - before; got != 1 {
				t.Errorf("%d calls after a second", got)
			}
			time.Sleep(37*time.Second + 311*time.Millisecond)
		}
	})
}

// A wait ends within a second when the poster cancels on another replica, of which
// no event tells and no relay hints.
func TestAWaitLearnsOfACancellationElsewhere(t *testing.T) {
	inQuiet(t, func(q *quiet) {
		ended := make(chan market.Status, 1)
		go func() {
			view, _ := q.ada.Task(q.ctx, q.task, 5*time.Minute)
			ended <- view.Status
		}()
		time.Sleep(90*time.Second + 123*time.Millisecond)
		if _, err := q.replica().As(q.ada.ID()).Cancel(q.ctx, q.task); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case got := <-ended:
			if got != market.StatusCancelled {
				t.Errorf("the wait ended with %s", got)
			}
		default:
			t.Error("the wait goes on a second later")
		}
	})
}
