package markettest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store/memory"
)

// Kit is a market under test. Its methods fail the test instead of returning
// errors; call them from the test's goroutine, and use Agent.API elsewhere.
type Kit struct {
	testing.TB
	// Ctx is the context of every scripted call.
	Ctx context.Context
	// Market is the market, Store holds its data, Clock tells it the time.
	Market *market.Market
	Store  market.Store
	Clock  *Clock

	settings settings
	served   market.Store // Store as the market sees it
	mu       sync.Mutex
	quiet    int // above 0 while steps are part of a bigger one
	seen     map[claimNo]market.AgentID
}

// Option changes the market that New makes.
type Option func(*settings)

type settings struct {
	store   market.Store
	start   time.Time
	options []pinchwork.Option
	rarely  bool
	faults  *Faults
	inbox   *Inbox
}

// serve is the store as the market sees it.
func (s *settings) serve() market.Store {
	served := s.store
	if s.inbox != nil {
		served = gatestore.WithRoles(&counted{Store: served, inbox: s.inbox}, served)
	}
	if s.faults != nil {
		served = gatestore.WithRoles(s.faults.gates.Around(served), served)
	}
	return served
}

// Store keeps the market's data in a store other than a new memory store. The
// kit does not close it. The store must be empty, or hold what another Kit on
// the same clock has put there.
func Store(s market.Store) Option { return func(o *settings) { o.store = s } }

// At sets where the clock starts, instead of Start.
func At(now time.Time) Option { return func(o *settings) { o.start = now } }

// Policy changes the market's policy, which starts as market.DefaultPolicy.
func Policy(change func(*market.Policy)) Option { return With(pinchwork.WithPolicy(change)) }

// With passes any options of package pinchwork on. The clock is always the
// kit's.
func With(options ...pinchwork.Option) Option {
	return func(o *settings) { o.options = append(o.options, options...) }
}

// CheckRarely leaves out the check after each step, which reads everything
// that is stored: for tests with many tasks or a slow store. Check still runs
// when the test ends.
func CheckRarely() Option { return func(o *settings) { o.rarely = true } }

// New makes a market on a fake clock, without webhooks unless Webhooks says so. When the
// test ends the books are checked once more.
func New(t testing.TB, opts ...Option) *Kit {
	t.Helper()
	s := settings{start: Start}
	for _, opt := range opts {
		if opt != nil {
			opt(&s)
		}
	}
	if s.store == nil {
		s.store = memory.New()
	}
	k := &Kit{
		TB: t, Ctx: context.WithoutCancel(t.Context()), Store: s.store, Clock: NewClock(s.start),
		settings: s, served: s.serve(), seen: map[claimNo]market.AgentID{},
	}
	k.Market = k.Replica()
	t.Cleanup(func() {
		if !t.Failed() {
			k.Check()
		}
	})
	return k
}

// Replica makes another market on the same store and clock, as a second
// process would be. Without Run, a replica notices what the others offer when
// it has nothing better to offer itself, and within 200 ms of real time. Hand
// it to Agent.On.
func (k *Kit) Replica(options ...pinchwork.Option) *market.Market {
	k.Helper()
	return k.on(k.served, options...)
}

func (k *Kit) on(s market.Store, options ...pinchwork.Option) *market.Market {
	k.Helper()
	all := []pinchwork.Option{pinchwork.WithWebhooks(nil)}
	all = append(append(all, k.settings.options...), options...)
	m, err := pinchwork.New(append(all, pinchwork.WithStore(s), pinchwork.WithClock(k.Clock))...)
	if err != nil {
		k.Fatalf("making a market: %v", err)
	}
	return m
}

// Do runs several calls as one step of a script: the books are checked once,
// after it. A failure in it is reported under the name.
func (k *Kit) Do(name string, step func()) {
	k.Helper()
	k.Logf("step: %s", name)
	k.hush(+1)
	step()
	k.hush(-1)
	k.stepped()
}

// Together runs f n times at once, each with its number, and checks the books
// when all have returned. Inside f, use Agent.API and t.Error.
func (k *Kit) Together(n int, f func(i int)) {
	k.Helper()
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
	k.Check()
}

func (k *Kit) hush(by int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.quiet += by
}

// stepped checks the books after a scripted step.
func (k *Kit) stepped() {
	k.Helper()
	k.mu.Lock()
	quiet := k.quiet > 0 || k.settings.rarely
	k.mu.Unlock()
	if !quiet {
		k.Check()
	}
}

// must ends the test when a scripted call was refused.
func (k *Kit) must(err error, what string, args ...any) {
	k.Helper()
	if err != nil {
		k.Fatalf(what+": %v%s", append(args, err, cause(err))...)
	}
}

// cause adds the cause of a market's error, which users are not shown.
func cause(err error) string {
	var e *market.Error
	if errors.As(err, &e) && e.Cause != nil {
		return " (" + e.Cause.Error() + ")"
	}
	return ""
}

// Refused fails the test unless err is a refusal of the kind, a sentinel of
// package market, whose message contains all the texts. It returns the refusal.
func Refused(t testing.TB, err, kind error, texts ...string) *market.Error {
	t.Helper()
	var refusal *market.Error
	if !errors.As(err, &refusal) || !errors.Is(err, kind) {
		t.Fatalf("got error %v, want one of the kind %q", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(refusal.Message, text) {
			t.Fatalf("the refusal %q does not say %q", refusal.Message, text)
		}
	}
	return refusal
}

// Eventually polls until the condition holds, and ends the test when it has
// not after ten seconds of real time.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
