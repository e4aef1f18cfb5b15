package market_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// waited is what a wait came to.
type waited struct {
	view market.Task
	err  error
}

// wait begins to wait for a task and returns when the wait has begun.
func wait(k *markettest.Kit, a *markettest.Agent, id market.TaskID) <-chan waited {
	k.Helper()
	before, out := k.Clock.Waiting(), make(chan waited, 1)
	go func() {
		v, err := a.API.Task(k.Ctx, id, time.Minute)
		out <- waited{v, err}
	}()
	markettest.Eventually(k, "the wait to begin", func() bool { return k.Clock.Waiting() > before })
	return out
}

// A wait ends however the task ends, also by what the waiting agent does
// itself, which no event tells it, and also when that happens on another replica.
func TestAWaitEndsHoweverTheTaskEnds(t *testing.T) {
	for _, end := range []struct {
		name string
		from market.Status
		do   func(k *markettest.Kit, ada, bob *markettest.Agent, id market.TaskID)
		want market.Status
	}{
		{"cancelled by its poster", market.StatusPosted, func(_ *markettest.Kit, ada, _ *markettest.Agent, id market.TaskID) { ada.Cancel(id) }, market.StatusCancelled},
		{"expired", market.StatusPosted, func(k *markettest.Kit, _, _ *markettest.Agent, _ market.TaskID) {
			k.Clock.Advance(59 * time.Second)
			k.Sweep()
		}, market.StatusExpired},
		{"delivered by its worker", market.StatusClaimed, func(_ *markettest.Kit, _, bob *markettest.Agent, id market.TaskID) { bob.Deliver(id, "done") }, market.StatusDelivered},
	} {
		t.Run(end.name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				ada, bob, id := at(k, end.from)
				waits := []<-chan waited{wait(k, ada, id), wait(k, ada, id)}
				if end.from == market.StatusClaimed {
					waits = append(waits, wait(k, bob, id))
				}
				end.do(k, ada, bob, id)
				for i, w := range waits {
					if got := <-w; got.err != nil || got.view.Status != end.want {
						t.Errorf("wait %d came to %+v, %v", i, got.view, got.err)
					}
				}
			}, policy(func(p *market.Policy) { p.TaskExpiry = 59 * time.Second }))
		})
	}
}

func TestAWaitEndsByTheOwnActionOnAnotherReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := markettest.New(t)
		other := k.Replica()
		defer running(t, other)()
		ada, bob, id := at(k, market.StatusPosted)
		there := wait(k, ada.On(other), id)
		ada.Cancel(id)
		if got := <-there; got.err != nil || got.view.Status != market.StatusCancelled {
			t.Errorf("the wait came to %+v, %v", got.view, got.err)
		}
		_ = bob
	})
}

// An agent has so many waits at once and no more; a post beyond is refused
// before anything is posted.
func TestWaitsAreBounded(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, id := at(k, market.StatusClaimed)
		waits := []<-chan waited{wait(k, ada, id), wait(k, ada, id)}
		_, err := ada.API.Task(k.Ctx, id, time.Minute)
		if e := markettest.Refused(t, err, market.ErrRateLimited); e.Code != market.CodeTooManyWaits || e.RetryAfter <= 0 {
			t.Errorf("the third wait came to %+v", e)
		}
		balance := ada.Balance()
		_, err = ada.API.Post(k.Ctx, market.PostInput{Need: "more", MaxCredits: 1, Wait: 60 * time.Second})
		if e := markettest.Refused(t, err, market.ErrRateLimited); e.Code != market.CodeTooManyWaits {
			t.Errorf("the post came to %+v", e)
		}
		if got := ada.Balance(); got != balance {
			t.Errorf("the refused post cost %d", balance-got)
		}
		if v, err := ada.API.Task(k.Ctx, id, 0); err != nil || v.TaskID != id {
			t.Errorf("without a wait: %+v, %v", v, err)
		}
		eve := k.Agent("eve")
		open := ada.Post("open", markettest.Budget(1))
		if v, err := eve.API.Task(k.Ctx, open, time.Minute); err != nil || v.Status != market.StatusPosted {
			t.Errorf("a stranger, who does not wait, got %+v, %v", v, err)
		}
		bob.Deliver(id, "done")
		for _, w := range waits {
			<-w
		}
		last := wait(k, ada, open) // the places are free again
		ada.Cancel(open)
		<-last
	}, policy(func(p *market.Policy) { p.MaxWaits = 2 }))
}

// Inside a host's transaction nobody else can see the task, and all that the
// transaction holds would wait too: a wait is refused before anything is posted.
func TestNobodyWaitsInsideAHostsTransaction(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		id, balance := ada.Post("task", markettest.Budget(1)), ada.Balance()
		hosted := k.Market.Hosted(k.Store).As(ada.ID)
		for what, wait := range map[string]func() error{
			"post": func() error {
				_, err := hosted.Post(k.Ctx, market.PostInput{Need: "more", MaxCredits: 1, Wait: 60 * time.Second})
				return err
			},
			"task": func() error {
				_, err := hosted.Task(k.Ctx, id, time.Minute)
				return err
			},
		} {
			if e := markettest.Refused(t, wait(), market.ErrInvalid); e.Field != "wait" {
				t.Errorf("%s is refused for %q", what, e.Field)
			}
		}
		if got := ada.Balance(); got != balance {
			t.Errorf("the refused post cost %d", balance-got)
		}
		if v, err := hosted.Task(k.Ctx, id, 0); err != nil || v.TaskID != id {
			t.Errorf("without a wait: %+v, %v", v, err)
		}
	})
}

// A post that cannot look at its task any more answers with what it posted.
func TestAPostThatWaitsAlwaysAnswersTheTask(t *testing.T) {
	s := gatestore.New(memory.New())
	k := markettest.New(t, markettest.Store(s))
	ada := k.Agent("ada")
	s.On(gatestore.Behind, "Commit", 1, func(context.Context) error {
		s.On(gatestore.Before, "Load", -1, func(context.Context) error { return errors.New("the line is dead") })
		return nil
	})
	out := make(chan market.Posted, 1)
	go func() {
		posted, err := ada.API.Post(k.Ctx, market.PostInput{Need: "task", MaxCredits: 5, Tags: []string{"go"}, Wait: time.Minute})
		if err != nil {
			t.Error(err)
		}
		out <- posted
	}()
	markettest.Eventually(t, "the wait to begin", func() bool { return k.Clock.Waiting() > 0 })
	k.Clock.Advance(time.Minute)
	if p := <-out; p.Task == nil || p.Task.Need != "task" || p.Task.MaxCredits != 5 || p.Task.Status != market.StatusPosted || p.Task.ExpiresAt.IsZero() {
		t.Errorf("the answer is %+v", p)
	}
	s.Clear()
}

// deafNotifier loses everything; brokenNotifier panics at everything.
type deafNotifier struct{}

func (deafNotifier) Wake(...market.AgentID)                          {}
func (deafNotifier) Listen(market.AgentID) (<-chan struct{}, func()) { return nil, func() {} }
func (deafNotifier) FeedMoved()                                      {}
func (deafNotifier) FeedHints() <-chan struct{}                      { return nil }

type brokenNotifier struct{}

func (brokenNotifier) Wake(...market.AgentID) { panic("the notifier is broken") }
func (brokenNotifier) Listen(market.AgentID) (<-chan struct{}, func()) {
	panic("the notifier is broken")
}
func (brokenNotifier) FeedMoved()                 { panic("the notifier is broken") }
func (brokenNotifier) FeedHints() <-chan struct{} { panic("the notifier is broken") }

// Whatever a notifier loses, streams, waits and the end of a suspended agent's
// stream come within a second, and a key is not lost by it.
func TestNothingDependsOnTheNotifier(t *testing.T) {
	for _, n := range []market.Notifier{deafNotifier{}, brokenNotifier{}} {
		t.Run(fmt.Sprintf("%T", n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := markettest.New(t)
				m, err := market.New(market.Config{Store: k.Store, Clock: k.Clock, Notifier: n})
				if err != nil {
					t.Fatal(err)
				}
				r, err := m.Register(k.Ctx, market.RegisterInput{Name: "newcomer"})
				if err != nil || r.APIKey == "" {
					t.Errorf("registered %+v, %v", r, err)
				}
				ada, bob, id := at(k, market.StatusClaimed)
				here := ada.On(m)
				stream, err := m.As(ada.ID).Stream(k.Ctx, "")
				if err != nil {
					t.Fatal(err)
				}
				defer stream.Close()
				waits := wait(k, here, id)
				began := time.Now()
				bob.Deliver(id, "done")
				if events, err := stream.Next(k.Ctx); err != nil || events[0].Type != store.EventTaskDelivered {
					t.Errorf("the stream brought %+v, %v", events, err)
				}
				if got := <-waits; got.view.Status != market.StatusDelivered {
					t.Errorf("the wait came to %+v", got)
				}
				if late := time.Since(began); late > time.Second {
					t.Errorf("both came after %v", late)
				}
				began = time.Now()
				k.Suspend(ada, true)
				if _, err := stream.Next(k.Ctx); !errors.Is(err, market.ErrSuspended) {
					t.Errorf("the suspended stream ended with %v", err)
				}
				if late := time.Since(began); late > time.Second {
					t.Errorf("it ended after %v", late)
				}
			})
		})
	}
}

// The look beneath the notifier is one read for all who listen, and none when
// nobody does.
func TestTheSlowLookIsOneReadForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := gatestore.New(memory.New())
		k := markettest.New(t, markettest.Store(s))
		ctx, hangUp := context.WithCancel(k.Ctx)
		const many = 50
		ended := make(chan struct{}, many)
		for i := range many {
			stream, err := k.Market.As(k.Agent(fmt.Sprint("agent ", i)).ID).Stream(ctx, "")
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				defer stream.Close()
				_, _ = stream.Next(ctx)
				ended <- struct{}{}
			}()
		}
		synctest.Wait()
		before := s.Calls("")
		time.Sleep(10 * time.Second)
		if reads := s.Calls("") - before; reads < 10 || reads > 15 {
			t.Errorf("%d streams cost %d reads in 10 s", many, reads)
		}
		hangUp()
		for range many {
			<-ended
		}
		before = s.Calls("")
		time.Sleep(10 * time.Second)
		if reads := s.Calls("") - before; reads != 0 {
			t.Errorf("nobody listens, and %d reads are made", reads)
		}
	})
}

// chatterbox wakes its one listener's agent whenever it is told to.
type chatterbox struct {
	deafNotifier
	wake chan struct{}
}

func (c chatterbox) Listen(market.AgentID) (<-chan struct{}, func()) { return c.wake, func() {} }

// A friend who writes a thousand messages a second makes ten waits of an agent
// read twenty times a second at most, and the delivery among them is noticed at
// once.
func TestChatterCostsWaitsLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := markettest.New(t, markettest.CheckRarely())
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		s, hub := gatestore.New(k.Store), chatterbox{wake: make(chan struct{}, 1)}
		m, err := market.New(market.Config{Store: s, Clock: k.Clock, Notifier: hub})
		if err != nil {
			t.Fatal(err)
		}
		var waits []<-chan waited
		var ids []market.TaskID
		for range 10 {
			id := ada.Post("task", markettest.Budget(1))
			bob.Claim(id)
			ids, waits = append(ids, id), append(waits, wait(k, ada.On(m), id))
		}
		say := func(n int) {
			for i := range n {
				bob.Send(ids[i%len(ids)], "chatter")
				select {
				case hub.wake <- struct{}{}:
				default:
				}
				time.Sleep(time.Millisecond)
			}
		}
		say(1_000)
		before := s.Calls("")
		const seconds = 10
		say(seconds * 1_000)
		reads := s.Calls("") - before
		t.Logf("%d reads in %d s of a thousand messages a second", reads, seconds)
		if reads > 20*seconds {
			t.Errorf("%d reads in %d s", reads, seconds)
		}
		began := time.Now()
		for i, id := range ids {
			bob.Deliver(id, "done")
			say(1)
			if got := <-waits[i]; got.view.Status != market.StatusDelivered {
				t.Errorf("the wait came to %+v", got)
			}
		}
		if late := time.Since(began); late > 2*time.Second {
			t.Errorf("ten deliveries were noticed after %v", late)
		}
	})
}
