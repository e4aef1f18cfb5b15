package market_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store/memory"
)

// picked is what a waiting pickup came to.
type picked struct {
	by    *markettest.Agent
	claim market.Pickup
	ok    bool
	err   error
}

// pickUp begins a pickup that waits, for a minute unless the filter says else, and
// returns when it has begun to wait.
func pickUp(k *markettest.Kit, a *markettest.Agent, f market.Filter) <-chan picked {
	return pickUpIn(k.Ctx, k, a, f)
}

func pickUpIn(ctx context.Context, k *markettest.Kit, a *markettest.Agent, f market.Filter) <-chan picked {
	k.Helper()
	if f.Wait == 0 {
		f.Wait = time.Minute
	}
	before, out := k.Clock.Waiting(), make(chan picked, 1)
	go func() {
		p, ok, err := a.API.Pickup(ctx, f)
		out <- picked{a, p, ok, err}
	}()
	markettest.Eventually(k, "the pickup to wait", func() bool { return k.Clock.Waiting() > before || len(out) > 0 })
	return out
}

// got is the claim that a waiting pickup came to.
func got(t testing.TB, w <-chan picked) market.TaskID {
	t.Helper()
	p := <-w
	if p.err != nil || !p.ok {
		t.Errorf("the pickup came to %+v, %v, %v", p.claim, p.ok, p.err)
	}
	return p.claim.TaskID
}

// stillWaits fails when a pickup has come to something.
func stillWaits(t testing.TB, w <-chan picked) {
	t.Helper()
	select {
	case p := <-w:
		t.Errorf("the pickup did not wait: %+v, %v, %v", p.claim, p.ok, p.err)
	default:
	}
}

// whileOthersAct is onEveryStore for tests in which a pickup claims while another step
// ends: the books are read in several calls, and a check after that step could see half
// of the claim. They are checked at the end.
func whileOthersAct(t *testing.T, test func(t *testing.T, k *markettest.Kit), opts ...markettest.Option) {
	t.Helper()
	onEveryStore(t, test, append(opts, markettest.CheckRarely())...)
}

// However a task comes on offer, a pickup that waits for it gets it.
func TestAPickupWaitsForWhateverComesOnOffer(t *testing.T) {
	for _, way := range []struct {
		name string
		// do begins the wait and then has the task that it returns come on offer.
		do func(k *markettest.Kit, ada, bob, eve *markettest.Agent) (wait <-chan picked, want market.TaskID)
	}{
		{"posted", func(k *markettest.Kit, ada, bob, _ *markettest.Agent) (<-chan picked, market.TaskID) {
			w := pickUp(k, bob, market.Filter{})
			return w, ada.Post("task")
		}},
		{"posted with its tags and words", func(k *markettest.Kit, ada, bob, _ *markettest.Agent) (<-chan picked, market.TaskID) {
			w := pickUp(k, bob, market.Filter{Tags: []string{"GO", "sql"}, Search: "Review mine"})
			ada.Post("review mine", markettest.Budget(1), markettest.Tagged("go"))
			ada.Post("another one", markettest.Budget(1), markettest.Tagged("go", "sql"))
			return w, ada.Post("please review this of mine", markettest.Budget(1), markettest.Tagged("sql", "go"))
		}},
		{"given back", func(k *markettest.Kit, ada, bob, eve *markettest.Agent) (<-chan picked, market.TaskID) {
			id := ada.Post("task")
			eve.Claim(id)
			w := pickUp(k, bob, market.Filter{})
			eve.Abandon(id)
			return w, id
		}},
		{"its claim timed out", func(k *markettest.Kit, ada, bob, eve *markettest.Agent) (<-chan picked, market.TaskID) {
			id := ada.Post("task", markettest.ClaimTimeout(time.Minute))
			eve.Claim(id)
			w := pickUp(k, bob, market.Filter{Wait: 5 * time.Minute})
			k.Clock.Advance(time.Minute)
			k.Sweep()
			return w, id
		}},
		{"its poster no longer suspended", func(k *markettest.Kit, ada, bob, _ *markettest.Agent) (<-chan picked, market.TaskID) {
			id := ada.Post("task")
			k.Suspend(ada, true)
			w := pickUp(k, bob, market.Filter{})
			k.Suspend(ada, false)
			return w, id
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
				w, want := way.do(k, k.Agent("ada"), k.Agent("bob"), k.Agent("eve"))
				if id := got(t, w); id != want {
					t.Errorf("it claimed %s, not %s", id, want)
				}
			})
		})
	}
}

// The head start of a matched agent is its own, whoever has waited longer; when it
// ends, the others get the task at that instant, though nobody asks.
// A program that is about to end ends its waits: each looks once more and answers.
func TestAWaitThatIsEndedLooksOnceMore(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		ctx, end := context.WithCancelCause(k.Ctx)
		waits := pickUpIn(ctx, k, ada, market.Filter{})
		batch := make(chan error, 1)
		go func() {
			list, err := bob.API.PickupBatch(ctx, market.BatchInput{Filter: market.Filter{Wait: time.Minute}})
			if err == nil && (list.Total > 0 || list.Nothing == nil) {
				err = fmt.Errorf("it has claimed %+v", list)
			}
			batch <- err
		}()
		end(market.ErrWaitOver)
		if p := <-waits; p.err != nil || p.ok || p.claim.Nothing == nil {
			t.Errorf("the pickup came to %+v, %v, %v", p.claim, p.ok, p.err)
		}
		if err := <-batch; err != nil {
			t.Error(err)
		}
	})
}

func TestWaitingPickupsKeepTheHeadStart(t *testing.T) {
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Granted(1_000))
		bob, fit := k.Agent("bob"), k.Agent("fit", markettest.Capable("go", "sql"), markettest.GoodAt("go sql review"))
		post := func() market.TaskID {
			return ada.Post("review of go and sql", markettest.Budget(1), markettest.Tagged("go", "sql"))
		}
		first, matched := pickUp(k, bob, market.Filter{}), pickUp(k, fit, market.Filter{})
		if id := post(); got(t, matched) != id {
			t.Error("the matched agent did not get it")
		}
		stillWaits(t, first)
		id := post()
		stillWaits(t, first)
		k.Clock.Advance(k.Market.Policy().MatchHeadStart)
		if got(t, first) != id {
			t.Error("the end of the head start woke nobody")
		}
	}, policy(func(p *market.Policy) { p.MatchHeadStart = 10 * time.Second }))
}

// Nobody gets its own task, and who wants something else goes on waiting.
func TestAPickupWaitsOnWhileNothingIsForIt(t *testing.T) {
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		own, other := pickUp(k, ada, market.Filter{}), pickUp(k, bob, market.Filter{Tags: []string{"sql"}})
		ada.Post("task", markettest.Budget(1), markettest.Tagged("go"))
		stillWaits(t, own)
		stillWaits(t, other)
		k.Clock.Advance(time.Minute)
		for _, w := range []<-chan picked{own, other} {
			if p := <-w; p.ok || p.err != nil {
				t.Errorf("in the end it came to %+v, %v, %v", p.claim, p.ok, p.err)
			}
		}
	})
}

// Who has waited longest among those who would be offered it gets the task.
func TestWaitingPickupsComeInTheirOrder(t *testing.T) {
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Granted(1_000))
		agents := []*markettest.Agent{k.Agent("1"), k.Agent("2"), k.Agent("3"), k.Agent("4")}
		var waits []<-chan picked
		for i, a := range agents {
			f := market.Filter{}
			if i%2 == 1 {
				f.Tags = []string{"go"}
			}
			waits = append(waits, pickUp(k, a, f))
		}
		for _, next := range []struct {
			tag string
			who int
		}{{"sql", 0}, {"go", 1}, {"go", 2}, {"go", 3}} {
			id := ada.Post("task", markettest.Budget(1), markettest.Tagged(next.tag))
			if got(t, waits[next.who]) != id {
				t.Errorf("%s did not come to %d", next.tag, next.who)
			}
		}
	})
}

// A pickup that waits is refused like any other, and ends when its agent is
// suspended, when its caller hangs up, and when all of the agent's waits are taken.
func TestAWaitingPickupIsRefusedLikeAnyOther(t *testing.T) {
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		for _, wait := range []time.Duration{-1, 301 * time.Second} {
			_, _, err := bob.API.Pickup(k.Ctx, market.Filter{Wait: wait})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "wait" {
				t.Errorf("a wait of %v: %v", wait, err)
			}
		}
		_, err := bob.API.Browse(k.Ctx, market.BrowseQuery{Filter: market.Filter{Wait: time.Second}})
		markettest.Refused(t, err, market.ErrInvalid)
		ctx, hangUp := context.WithCancel(k.Ctx)
		w := pickUpIn(ctx, k, bob, market.Filter{})
		_, _, err = bob.API.Pickup(k.Ctx, market.Filter{Wait: time.Minute})
		markettest.Refused(t, err, market.ErrRateLimited)
		hangUp()
		if p := <-w; !errors.Is(p.err, context.Canceled) {
			t.Errorf("who hung up got %v", p.err)
		}
		w = pickUp(k, bob, market.Filter{})
		k.Suspend(bob, true)
		if p := <-w; !errors.Is(p.err, market.ErrSuspended) {
			t.Errorf("the suspended agent got %v", p.err)
		}
		_, _, err = k.Market.Hosted(k.Store).As(ada.ID).Pickup(k.Ctx, market.Filter{Wait: time.Second})
		markettest.Refused(t, err, market.ErrInvalid, "transaction")
	}, policy(func(p *market.Policy) { p.MaxWaits = 1 }))
}

// Repeats under one idempotency key wait together and get the same task.
func TestRepeatsOfAWaitingPickupGetTheSameTask(t *testing.T) {
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(100)), k.Agent("bob")
		ctx := market.WithIdempotencyKey(k.Ctx, "once")
		first, second := pickUpIn(ctx, k, bob, market.Filter{}), pickUpIn(ctx, k, bob, market.Filter{Wait: 2 * time.Minute})
		id := ada.Post("task", markettest.Budget(1))
		for _, w := range []<-chan picked{first, second, pickUpIn(ctx, k, bob, market.Filter{Wait: time.Second})} {
			if got(t, w) != id {
				t.Error("a repeat got another task")
			}
		}
		if n := len(bob.Mine(market.PartyWorker, "")); n != 1 {
			t.Errorf("%d tasks were claimed", n)
		}
	})
}

// A batch waits for its first task and does not wait for more.
func TestABatchWaitsForItsFirstTask(t *testing.T) {
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		before, out := k.Clock.Waiting(), make(chan market.PickupList, 1)
		go func() {
			list, err := bob.API.PickupBatch(k.Ctx, market.BatchInput{Count: 3, Filter: market.Filter{Wait: time.Minute}})
			if err != nil {
				t.Error(err)
			}
			out <- list
		}()
		markettest.Eventually(t, "the batch to wait", func() bool { return k.Clock.Waiting() > before })
		id := ada.Post("task")
		if list := <-out; list.Total != 1 || list.Tasks[0].TaskID != id {
			t.Errorf("the batch came to %+v", list)
		}
	})
}

// What another replica posts wakes a waiting pickup, even where neither a relay nor
// Run tells.
func TestAPickupWaitsForOtherReplicas(t *testing.T) {
	for _, runs := range []bool{true, false} {
		t.Run(fmt.Sprint("run ", runs), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := markettest.New(t)
				other := k.Replica()
				if runs {
					defer running(t, other)()
				}
				ada, bob := k.Agent("ada"), k.Agent("bob")
				w := pickUp(k, bob.On(other), market.Filter{})
				time.Sleep(time.Minute)
				began := time.Now()
				if id := ada.Post("task"); got(t, w) != id {
					t.Error("it claimed another task")
				}
				if late := time.Since(began); late > time.Second {
					t.Errorf("it came after %v", late)
				}
			})
		})
	}
}

// A thousand pickups that wait cost no call of the store, and one task wakes one of
// them.
func TestATaskWakesOneOfAThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := gatestore.New(memory.New())
		k := markettest.New(t, markettest.Store(s), markettest.CheckRarely(), policy(func(p *market.Policy) { p.MaxWaits = 0 }))
		defer running(t, k.Market)()
		ada := k.Agent("ada", markettest.Granted(1_000))
		ctx, hangUp := context.WithCancel(k.Ctx)
		const many = 1_000
		out := make(chan picked, many)
		for i := range 10 {
			a := k.Agent(fmt.Sprint("worker ", i))
			for range many / 10 {
				go func() {
					p, ok, err := a.API.Pickup(ctx, market.Filter{Wait: 5 * time.Minute})
					out <- picked{a, p, ok, err}
				}()
			}
		}
		synctest.Wait()
		time.Sleep(3 * time.Second)
		before := s.Calls("Load")
		time.Sleep(30 * time.Second)
		if n := s.Calls("Load") - before; n != 0 {
			t.Errorf("waiting cost %d loads in 30 s", n)
		}
		id := ada.Post("task", markettest.Budget(1))
		if p := <-out; p.claim.TaskID != id {
			t.Errorf("it came to %+v", p)
		}
		synctest.Wait()
		// One is of the post.
		if n := s.Calls("Load") - before; n != 2 {
			t.Errorf("a post and a claim made %d loads", n)
		}
		hangUp()
		for range many - 1 {
			<-out
		}
	})
}

// Many post while many wait on two replicas, some give up on the way: every task is
// claimed once, and nobody sleeps while a task is open.
func TestNoTaskIsLeftWhileSomebodyWaits(t *testing.T) {
	const workers, posters, each = 16, 4, 25
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		markets := []*market.Market{k.Market, k.Replica()}
		var mu sync.Mutex
		claimed := map[market.TaskID]int{}
		done, stop := context.WithCancel(k.Ctx)
		defer stop()
		agents := make([]*markettest.Agent, workers)
		for i := range agents {
			agents[i] = k.Agent(fmt.Sprint("worker ", i)).On(markets[i%2])
		}
		post := make([]*markettest.Agent, posters)
		for i := range post {
			post[i] = k.Agent(fmt.Sprint("poster ", i), markettest.Granted(1_000)).On(markets[i%2])
		}
		k.Together(workers+posters, func(i int) {
			if i < posters {
				for n := range each {
					if _, err := post[i].API.Post(k.Ctx, market.PostInput{Need: "task", MaxCredits: 1, Tags: []string{[]string{"go", "sql"}[n%2]}}); err != nil {
						t.Error(err)
					}
				}
				return
			}
			a := agents[i-posters]
			f := market.Filter{Wait: time.Minute}
			if i%3 == 0 {
				f.Tags = []string{[]string{"go", "sql"}[i/3%2]}
			}
			for n := 0; done.Err() == nil; n++ {
				ctx, cancel := context.WithCancel(done)
				if n%4 == 3 {
					cancel() // which may come after a claim, then the claim is answered
				}
				p, ok, err := a.API.Pickup(ctx, f)
				cancel()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				mu.Lock()
				if ok {
					claimed[p.TaskID]++
				}
				if len(claimed) == posters*each {
					stop()
				}
				mu.Unlock()
			}
		})
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("task %s was claimed %d times", id, n)
			}
		}
	}, policy(func(p *market.Policy) { p.MaxOpenClaims, p.NewcomerClaims = 0, 0 }))
}
