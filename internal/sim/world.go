package sim

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/matcher"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// Setting is what a run starts from. It is drawn from the seed, so that each seed
// tries a marketplace of its own.
type Setting struct {
	Seed     uint64
	Replicas int
	// Infra registers an agent that takes system tasks.
	Infra bool
	// Running replicas have their background at work.
	Running bool
	Policy  market.Policy
}

// world is a whole marketplace inside a bubble: the store with its gate, the
// replicas on it, the agents, and everything that has been seen so far.
type world struct {
	Setting
	mem      store.Store
	gate     *gate
	replicas []*replica
	agents   []store.AgentID
	names    map[string]string

	// patience is how often drain lets time pass for operations that wait for it.
	patience int

	mu sync.Mutex
	// turn is held while a commit takes effect and is noted.
	turn    sync.Mutex
	waiting []*call
	actors  []*actor
	// before is how many actors there were when the story began.
	before int
	ended  []*actor

	history
	trace    []string
	failures []Failure
	// last is where the trace stood at the first failure.
	last int
}

// replica is one process of the marketplace.
type replica struct {
	n       int
	market  *market.Market
	clock   *clock
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	// misled is set while it may not know what it has been told: a part of the feed
	// was lost.
	misled bool
	// background is the actor of what the replica does by itself.
	background *actor
}

// clock is a replica's clock: the bubble's time, and by how much it is wrong.
type clock struct {
	mu    sync.Mutex
	skew  time.Duration
	reads int
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	return time.Now().Add(c.skew).UTC().Truncate(time.Microsecond)
}

func (c *clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (c *clock) set(skew time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = skew
}

// agentNames are the agents of every world, in the order of Op.By. The last takes
// system tasks when the setting says so.
var agentNames = []string{"ada", "bob", "cyd", "dan", "eve"}

const (
	operator = -1
	infra    = 4
)

// newWorld makes a marketplace and its agents.
func newWorld(s Setting) *world {
	w := &world{Setting: s, mem: memory.New(), names: map[string]string{}, patience: 2_000}
	w.gate = &gate{under: w.mem, world: w}
	w.begin()
	for n := range s.Replicas {
		w.replicas = append(w.replicas, w.newReplica(n, 0))
	}
	for i, name := range agentNames {
		in := market.RegisterInput{Name: name, AcceptsSystemTasks: s.Infra && i == infra}
		if i == 2 {
			in.Tags = []string{"go"}
		}
		r, err := w.replicas[0].market.Register(context.Background(), in)
		if err != nil {
			panic(err)
		}
		w.agents = append(w.agents, r.AgentID)
		w.names[string(r.AgentID)] = name
	}
	for _, r := range w.replicas {
		w.run(r)
	}
	return w
}

func (w *world) newReplica(n, generation int) *replica {
	r := &replica{n: n, clock: &clock{}}
	m, err := market.New(market.Config{
		Store: w.gate, Clock: r.clock, Matcher: matcher.New(), Policy: &w.Policy,
		Random: &random{under: rand.NewChaCha8(seedOf(w.Seed, n, generation))},
	})
	if err != nil {
		panic(err)
	}
	r.market = m
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.background = &actor{replica: r, now: r.clock.Now(), cancel: r.stop}
	return r
}

// run sets a replica's background to work, where replicas have one.
func (w *world) run(r *replica) {
	if w.Running {
		time.Sleep(time.Microsecond)
		r.running.Go(func() { _ = r.market.Run(as(r.ctx, r.background)) })
		w.settle()
	}
}

// random is a seeded source that goroutines may share.
type random struct {
	mu    sync.Mutex
	under *rand.ChaCha8
}

func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.under.Read(p)
}

func seedOf(seed uint64, n, generation int) (out [32]byte) {
	copy(out[:], fmt.Sprintf("%d %d %d", seed, n, generation))
	return out
}

// arrive notes a call at the gate. What comes over the channel decides how the call
// goes on.
func (w *world) arrive(a *actor, method string, at side) <-chan error {
	w.mu.Lock()
	defer w.mu.Unlock()
	open := make(chan error, 1)
	switch {
	case a.dead:
		open <- errDead
		return open
	case a.hungUp:
		open <- nil
		return open
	}
	a.calls++
	c := &call{actor: a, seq: a.calls, method: method, side: at, open: open}
	if a.op == nil {
		c.part = part()
	}
	w.waiting = append(w.waiting, c)
	return open
}

// taking lets one commit at a time take effect, and be noted in that order.
func (w *world) taking(do func()) {
	w.turn.Lock()
	defer w.turn.Unlock()
	do()
}

// calls are those that wait, in an order that does not depend on who came first.
func (w *world) calls() []*call {
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(w.waiting, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.actor.number(), b.actor.number()), cmp.Compare(a.part, b.part), cmp.Compare(a.seq, b.seq))
	})
	return slices.Clone(w.waiting)
}

// number is the operation's, or one of its own for each replica's background.
func (a *actor) number() int {
	if a.op == nil {
		return -1 - a.replica.n
	}
	return a.op.N
}

// release lets a call go on with err and waits until everything stands still again.
func (w *world) release(c *call, err error) {
	w.mu.Lock()
	w.waiting = slices.DeleteFunc(w.waiting, func(other *call) bool { return other == c })
	w.mu.Unlock()
	switch {
	case err == nil:
	case c.side == behind:
		c.actor.unknown, c.actor.faulted = true, true
	default:
		c.actor.faulted = true
	}
	c.open <- err
	w.settle()
}

// settle waits until everything stands still, and judges what has ended.
func (w *world) settle() {
	synctest.Wait()
	w.mu.Lock()
	ended := w.ended
	w.ended = nil
	w.mu.Unlock()
	slices.SortFunc(ended, func(a, b *actor) int { return a.op.N - b.op.N })
	for _, a := range ended {
		w.log("      %s answers %s", a, a.reply)
		if !a.dead {
			w.judge(a)
		}
	}
}

// start begins an operation in a goroutine of its own.
func (w *world) start(op *Op) *actor {
	r := w.replicas[op.At]
	a := &actor{op: op, replica: r, now: r.clock.Now(), began: len(w.moments) - 1, infra: w.Infra}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	w.actors = append(w.actors, a)
	a.task = w.find(op.Task)
	go func() {
		reply, end := w.perform(as(ctx, a), a), 0
		w.taking(func() { end = len(w.moments) - 1 })
		w.mu.Lock()
		defer w.mu.Unlock()
		a.reply, a.done, a.end = reply, true, end
		w.ended = append(w.ended, a)
	}()
	w.settle()
	return a
}

func (w *world) perform(ctx context.Context, a *actor) (r *reply) {
	r = &reply{}
	defer func() {
		if p := recover(); p != nil {
			r.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
	}()
	if a.op.Key != "" {
		ctx = market.WithIdempotencyKey(ctx, a.op.Key)
	}
	h := a.replica.market
	var agent *market.Handle
	if a.op.By >= 0 {
		agent = h.As(w.agents[a.op.By])
	}
	kinds[a.op.Kind].call(visit{ctx: ctx, w: w, op: a.op, m: h, h: agent, task: a.task}, r)
	return r
}

// busy are the actors that have not ended, in the order of their numbers.
func (w *world) busy() (out []*actor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.actors {
		if !a.done {
			out = append(out, a)
		}
	}
	return out
}

// crash ends a replica in the middle of what it does, and starts it again with
// nothing in its memory.
func (w *world) crash(n int) {
	r := w.replicas[n]
	w.mu.Lock()
	dying := []*actor{r.background}
	for _, a := range w.actors {
		if a.replica == r && !a.done {
			dying = append(dying, a)
		}
	}
	for _, a := range dying {
		a.dead = true
	}
	w.mu.Unlock()
	for _, c := range w.calls() {
		if c.actor.replica == r {
			w.release(c, errDead)
		}
	}
	for _, a := range dying {
		a.cancel()
		w.settle()
	}
	r.running.Wait()
	skew := r.clock.skew
	// What it had missed is forgotten with the rest.
	r.misled = false
	w.replicas[n] = w.newReplica(n, len(w.moments))
	w.replicas[n].clock.set(skew)
	w.run(w.replicas[n])
}

// advance lets time pass.
func (w *world) advance(d time.Duration) {
	// A wait that time wakes is not held at the gate: it sees all that was before, and
	// all of what it does is seen after.
	w.taking(func() {})
	time.Sleep(d)
	synctest.Wait()
	w.taking(w.pass)
	w.settle()
}

func (w *world) log(format string, args ...any) {
	if len(w.agents) < len(agentNames) {
		return
	}
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

func (a *actor) String() string {
	if a == nil {
		return "the setup"
	}
	if a.op == nil {
		return fmt.Sprintf("background of replica %s", replicaName(a.replica.n))
	}
	return fmt.Sprintf("#%d", a.op.N)
}

func replicaName(n int) string { return string(rune('A' + n)) }
