package market

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/mirror"
	"github.com/pinchwork/pinchwork/market/internal/rules"
)

// Market is a marketplace: all its rules over a Store. It is safe for use by
// many goroutines, and many Markets, in one process or several, may share the
// same data through a Store. Nothing runs in the background before Run is
// called, and the rules hold without it: what is due takes effect when somebody
// looks at it.
type Market struct {
	store      Store
	clock      Clock
	matcher    Matcher
	notifier   Notifier
	background []Background
	policy     *Policy
	rules      *rules.Policy
	log        *slog.Logger
	meter      *meter
	ids        idSource
	mirror     *mirror.Mirror
	// publicNeeds caches what the dashboard shows of needs.
	publicNeeds publicNeeds
	demand      *demandCache
	// past is the activity that is kept; Run alone touches countedTo, the hour up to which
	// it has seen to it.
	past      atomic.Pointer[history]
	countedTo time.Time
	// hosted is set while bound to a host's transaction: then nothing is shown
	// or told before the host commits.
	hosted bool
	// name tells this Market from others that share the store, in leases.
	name string

	observer *observer
	streams  streamCounter
	waits    *places
	ear      *ear
	rooms    *rooms
	lookout  *lookout
	underWay *underWay
	alarm    *alarm
	// webhooksDue receives when deliveries were found to be due.
	webhooksDue chan struct{}
	seen        *seen
	refusals    refusals
	running     sync.Mutex
	away        atomic.Bool // the store, and the log has said so
	presence    *presence
}

// Config holds the parts of a Market. Package pinchwork fills in sensible
// ones; only Store is required here.
type Config struct {
	Store Store
	// Clock is the standard clock when nil.
	Clock Clock
	// Matcher matches new tasks when there is no infra agent; nil broadcasts
	// every task.
	Matcher Matcher
	// Notifier wakes streams and waits; nil means one that reaches this process
	// alone.
	Notifier Notifier
	// Background is run and owned by Run.
	Background []Background
	// Policy is DefaultPolicy when nil.
	Policy *Policy
	// Logger is silent when nil.
	Logger *slog.Logger
	// Instance is what operators see of this process while Run runs; without a name
	// nothing. One that shows itself writes a small record each minute.
	Instance Instance
	// Telemetry is off when zero.
	Telemetry Telemetry
	// Observer is told what each commit of this Market has done, right after it, by a
	// goroutine of its own and one after the other. However slow it is, and if it
	// panics, no commit waits for it or fails: beyond 1,024 that wait for it, commits
	// are left out, and it hears how many. It is not told of other processes' commits,
	// nor of those inside a host's transaction.
	Observer func(Commit)
	// Random is the source of identifiers and keys, and of the random waits after a
	// lost race; crypto/rand when nil. Set it in tests only.
	Random io.Reader
}

// New makes a Market from its parts. It starts nothing and reads nothing.
func New(cfg Config) (*Market, error) {
	if cfg.Store == nil {
		return nil, errors.New("market: Config.Store is required")
	}
	policy := DefaultPolicy()
	if cfg.Policy != nil {
		policy = *cfg.Policy
	}
	if err := policy.Validate(); err != nil {
		return nil, errors.Join(errors.New("market: bad policy"), err)
	}
	m := &Market{
		store: cfg.Store, clock: cfg.Clock, matcher: cfg.Matcher, notifier: cfg.Notifier,
		background: slices.DeleteFunc(slices.Clone(cfg.Background), func(b Background) bool { return b == nil }), policy: &policy, rules: (*rules.Policy)(&policy), log: cfg.Logger, ids: idSource{random: cfg.Random},
		demand: &demandCache{}, waits: &places{}, underWay: &underWay{}, alarm: newAlarm(), webhooksDue: make(chan struct{}, 1), seen: &seen{},
		presence: &presence{instance: cfg.Instance},
	}
	m.fillIn()
	m.contain()
	var err error
	if m.meter, err = newMeter(cfg.Telemetry); err != nil {
		return nil, err
	}
	if m.name, err = m.ids.next("mk-"); err != nil {
		return nil, err
	}
	m.observer = newObserver(cfg.Observer, m.log)
	m.ear = newEar(m)
	m.rooms = newRooms(m)
	m.mirror = mirror.New(m.store, m.rules, m.rooms.moved, m.rooms.allMoved)
	m.lookout = newLookout(m)
	return m, nil
}

func (m *Market) fillIn() {
	if m.clock == nil {
		m.clock = systemClock{}
	}
	if m.notifier == nil {
		m.notifier = newLocalNotifier()
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.ids.random == nil {
		m.ids.random = rand.Reader
	}
}

// contain keeps panics in the replaceable parts away from the callers.
func (m *Market) contain() {
	m.store = contain(m.store, m.log)
	m.notifier = containedNotifier{m.notifier, m.log}
	if _, own := m.clock.(systemClock); !own {
		m.clock = containedClock{under: m.clock, log: m.log, mu: &sync.Mutex{}, last: &reading{}}
	}
}

type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// now is the instant of an operation, read once by each. Stores keep whole
// microseconds, so anything finer would not survive.
func (m *Market) now() time.Time { return m.clock.Now().UTC().Truncate(time.Microsecond) }

// Now is the market's present instant, in UTC, to the microsecond.
func (m *Market) Now() time.Time { return m.now() }

// ReplicaID is the ID by which operators see this process while Run runs, see Replica.
func (m *Market) ReplicaID() string { return m.name }

// After is the market's clock's After.
func (m *Market) After(d time.Duration) <-chan time.Time { return m.clock.After(d) }

// Policy returns a copy of the market's policy.
func (m *Market) Policy() Policy { return *m.policy }

// As returns the handle bound to one agent. It does not look the agent up:
// every operation does, and returns ErrUnauthorized for an unknown agent and
// ErrSuspended for a suspended one.
func (m *Market) As(id AgentID) *Handle { return &Handle{m: m, id: id} }

// Handle is the marketplace as one agent sees it. It implements AgentAPI.
type Handle struct {
	m  *Market
	id AgentID
}

var _ AgentAPI = (*Handle)(nil)

// ID returns the agent's id.
func (h *Handle) ID() AgentID { return h.id }

// Hosted returns this Market bound to a store that writes inside the
// transaction of a host program, as store/postgres and store/sqlite offer: post, cancel and
// approve then commit or roll back with the host's rows. Nothing is shown on the
// board or told to listeners before the host commits; posted tasks are matched
// by the next sweep after that, and nobody can wait for one before. The result is for one transaction and one goroutine.
func (m *Market) Hosted(store Store) *Market {
	hosted := &Market{
		store: contain(store, m.log), clock: m.clock, matcher: m.matcher, notifier: m.notifier, policy: m.policy, rules: m.rules,
		log: m.log, meter: m.meter, ids: m.ids, mirror: m.mirror, name: m.name, hosted: true,
		// What is read in the host's transaction is nobody else's.
		demand: &demandCache{},
		waits:  m.waits, ear: m.ear, rooms: m.rooms, lookout: m.lookout, underWay: m.underWay,
		alarm: m.alarm, webhooksDue: m.webhooksDue, seen: &seen{}, presence: m.presence,
	}
	return hosted
}

// known turns the errors of stores into ErrUnavailable and leaves the
// context's own as they are.
func known(ctx context.Context, err error) error {
	var refusal *Error
	switch {
	case err == nil, errors.As(err, &refusal):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		return unavailable(err)
	}
}

func unavailable(cause error) *Error {
	return &Error{
		Kind: ErrUnavailable, Code: CodeUnavailable, Message: "The store is not available, try again shortly",
		RetryAfter: time.Second, Cause: cause,
	}
}
