package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// generator is a source that makes a story up. Everything that it chooses comes
// from its seed and from what the world looks like, which comes from the seed too.
type generator struct {
	*rand.Rand
	// left is how many operations are still to start, number that of the last.
	left, number int
	// crowd is how many operations are on their way at most, longest up to which of
	// its times it lets pass at once.
	crowd, longest int
	// faults, crashes, jumps, clocks and losses are how often these happen, in a thousand
	// steps.
	faults, crashes, jumps, clocks, losses int
	// keyed are operations that may be repeated; talked and reported are the numbers
	// of questions and reports.
	keyed            []*Op
	talked, reported []int
	// last is whose call went on last.
	last int
}

// settingOf draws a marketplace and a generator from a seed.
func settingOf(seed uint64) (Setting, *generator) {
	r := rand.New(rand.NewPCG(seed, 9))
	p := market.DefaultPolicy()
	p.InitialCredits, p.MaxOpenClaims, p.NewcomerClaims, p.AbandonLimit = 40, 3, 2, 2
	p.FeePercent = []float64{0, 10, 100}[r.IntN(3)]
	s := Setting{Seed: seed, Replicas: 1 + r.IntN(3), Infra: r.IntN(2) == 0, Running: r.IntN(8) == 0, Policy: p}
	g := &generator{Rand: r, left: 15 + r.IntN(20), crowd: 1 + r.IntN(5), longest: 12}
	if s.Running {
		// Days would be spent on looking every few seconds.
		g.longest = 9
	}
	some := func(most int) int { return r.IntN(2) * (1 + r.IntN(most)) }
	g.faults, g.crashes, g.jumps, g.clocks = some(40), some(8), some(60), some(20)
	if g.losses = 2 * g.faults; s.Infra {
		// A match task that is not needed any more is closed by its clock: where
		// another replica's clock is wrong, that says little.
		// And who matched a task is not among what a board compares with the store.
		g.clocks, g.losses = 0, 0
	}
	return s, g
}

func (g *generator) next(w *world) (Action, bool) {
	calls, busy := w.calls(), w.busy()
	if g.left == 0 && len(busy) == 0 {
		return Action{}, false
	}
	switch n := g.IntN(1_000); {
	case n < g.jumps:
		return Action{Do: Sleep, For: g.time()}, true
	case n < g.jumps+g.crashes:
		return Action{Do: Crash, At: g.IntN(len(w.replicas))}, true
	case n < g.jumps+g.crashes+g.clocks:
		return Action{Do: SetClock, At: g.IntN(len(w.replicas)), For: g.skew()}, true
	case n < g.jumps+g.crashes+g.clocks+g.faults/4 && len(busy) > 0:
		return Action{Do: HangUp, N: busy[g.IntN(len(busy))].op.N}, true
	}
	if g.left > 0 && len(busy) < g.crowd && (len(calls) == 0 || g.IntN(3) == 0) {
		g.left--
		return Action{Do: Start, Op: g.op(w)}, true
	}
	if len(calls) == 0 {
		return Action{Do: Sleep, For: 700 * time.Millisecond}, true
	}
	return g.release(calls), true
}

// release lets a call go on: sometimes any call, otherwise one of the actor that
// went on last.
func (g *generator) release(calls []*call) Action {
	c := calls[g.IntN(len(calls))]
	if i := slices.IndexFunc(calls, func(c *call) bool { return c.actor.number() == g.last }); i >= 0 && g.IntN(2) == 0 {
		c = calls[i]
	}
	g.last = c.actor.number()
	a := Action{Do: Go, N: c.actor.number(), Part: c.part}
	switch n := g.IntN(1_000); {
	case n < g.faults:
		a.Do = Fail
	case n < 2*g.faults && c.method == "Feed":
		a.Do = Truncate
	case n < 2*g.faults+g.losses && c.part != "" && c.method == "Feed":
		a.Do = Lose
	}
	return a
}

func (g *generator) time() time.Duration {
	all := []time.Duration{
		time.Millisecond, 600 * time.Millisecond, 2 * time.Second, 6 * time.Second, time.Minute, 2 * time.Minute, 3 * time.Minute,
		5 * time.Minute, 31 * time.Minute, 24 * time.Hour, 72 * time.Hour, 8 * 24 * time.Hour,
	}
	return all[min(g.IntN(g.longest), g.IntN(len(all)+2))]
}

func (g *generator) skew() time.Duration {
	return []time.Duration{0, -time.Second, time.Second, -5 * time.Minute, 5 * time.Minute, -25 * time.Hour}[g.IntN(6)]
}

// op makes an operation up: mostly one that fits the state of some task.
func (g *generator) op(w *world) *Op {
	g.number++
	op := &Op{N: g.number, By: g.IntN(len(agentNames)), At: g.IntN(len(w.replicas))}
	if len(g.keyed) > 0 && g.IntN(6) == 0 {
		return g.again(op)
	}
	tasks := w.known()
	if n := g.IntN(100); len(tasks) == 0 || n < 40 {
		g.market(op)
	} else {
		g.about(op, w, tasks[g.IntN(len(tasks))])
	}
	if kinds[op.Kind].writes && g.IntN(3) == 0 {
		op.Key = fmt.Sprint("k", op.N)
		g.keyed = append(g.keyed, op)
	}
	switch op.Kind {
	case "ask":
		g.talked = append(g.talked, op.N)
	case "report":
		g.reported = append(g.reported, op.N)
	}
	return op
}

// again repeats an operation under its key, sometimes with another input.
func (g *generator) again(op *Op) *Op {
	again := *g.keyed[len(g.keyed)-1-min(g.IntN(len(g.keyed)), g.IntN(len(g.keyed)))]
	again.N, again.At = op.N, op.At
	if g.IntN(12) == 0 && again.Amount > 0 {
		again.Amount = again.Amount%3 + 1
	}
	return &again
}

var words = []string{"read", "write", "check"}

// market is an operation about no task in particular.
func (g *generator) market(op *Op) {
	pick := func() {
		if g.IntN(3) == 0 {
			op.Tags = []string{"go"}
		}
		if g.IntN(4) == 0 {
			op.Text = words[g.IntN(3)]
		}
	}
	switch n := g.IntN(100); {
	case n < 40:
		op.Kind, op.Amount, op.Text, op.On = "post", 1+g.IntN(12), words[g.IntN(3)], g.IntN(5) == 0
		if g.IntN(2) == 0 {
			op.Tags = []string{"go"}
		}
	case n < 60:
		op.Kind = "pickup"
		pick()
	case n < 70:
		op.Kind, op.Amount = "batch", 1+g.IntN(3)
		pick()
	case n < 76:
		op.Kind, op.By = "sweep", operator
	case n < 80:
		op.Kind, op.By, op.On = "prune", operator, g.IntN(3) > 0
	case n < 86:
		op.Kind = "browse"
		pick()
	case n < 90:
		op.Kind = []string{"me", "credits", "mine"}[g.IntN(3)]
	case n < 92:
		op.Kind, op.By, op.Of, op.Amount = "grant", operator, g.IntN(5), 1+g.IntN(20)
	case n < 93:
		op.Kind, op.By, op.Of, op.Amount = "clawback", operator, g.IntN(5), 1+g.IntN(30)
	case n < 97:
		op.Kind, op.By, op.Of, op.On = "suspend", operator, g.IntN(5), g.IntN(3) == 0
	default:
		op.Kind, op.On = "update", g.IntN(2) == 0
		if op.Text = words[g.IntN(3)]; op.On {
			op.Text, op.Tags = "", []string{"go"}
		}
	}
}

// about is an operation on a task, mostly by somebody who may.
func (g *generator) about(op *Op, w *world, t *store.Task) {
	op.Task = w.refs[t.ID]
	poster, worker := w.index(t.Poster), w.index(t.Worker())
	type choice struct {
		kind string
		by   int
	}
	choices := []choice{{"look", poster}, {"look", worker}, {"look", op.By}, {"report", op.By}, {"message", poster}, {"message", worker}}
	switch t.Status {
	case store.StatusPosted:
		choices = append(choices, choice{"cancel", poster}, choice{"cancel", poster}, choice{"ask", op.By}, choice{"answer", poster},
			choice{"claim", op.By}, choice{"claim", op.By}, choice{"claim", op.By}, choice{"claim", op.By})
	case store.StatusClaimed:
		choices = append(choices, choice{"deliver", worker}, choice{"deliver", worker}, choice{"deliver", worker}, choice{"deliver", worker},
			choice{"progress", worker}, choice{"progress", worker}, choice{"abandon", worker}, choice{"claim", op.By}, choice{"cancel", poster})
	case store.StatusDelivered:
		choices = append(choices, choice{"approve", poster}, choice{"approve", poster}, choice{"reject", poster}, choice{"reject", poster},
			choice{"deliver", worker}, choice{"abandon", worker})
	case store.StatusApproved:
		choices = append(choices, choice{"rate", worker}, choice{"rate", worker}, choice{"approve", poster})
	}
	c := choices[g.IntN(len(choices))]
	if op.Kind = c.kind; c.by >= 0 && g.IntN(10) > 0 {
		op.By = c.by
	}
	switch op.Kind {
	case "approve":
		op.Amount = g.IntN(6)
	case "rate":
		op.Amount = 1 + g.IntN(5)
	case "deliver":
		op.Amount = g.IntN(2) * (1 + g.IntN(12))
	case "progress":
		op.Amount, op.Text = g.IntN(2)*(1+g.IntN(100)), []string{"", "half"}[g.IntN(2)]
	case "ask", "message":
		op.Text = words[g.IntN(3)]
	case "answer":
		op.Of = g.among(g.talked)
	case "look":
		op.Patience = time.Duration(g.IntN(2)*g.IntN(5)) * time.Second
	}
	if len(g.reported) > 0 && g.IntN(12) == 0 {
		*op = Op{N: op.N, Kind: "resolve", By: operator, At: op.At, Of: g.among(g.reported)}
	}
	if t.Status == store.StatusApproved && g.IntN(4) == 0 {
		*op = Op{N: op.N, Kind: "undo", By: operator, At: op.At, Task: w.refs[t.ID], Of: max(worker, 0), Amount: 1 + g.IntN(12), On: g.IntN(2) == 0}
	}
	if g.IntN(20) == 0 {
		*op = Op{N: op.N, Kind: "settle", By: operator, At: op.At, Task: w.refs[t.ID], Text: []string{"refund", "release", "split"}[g.IntN(3)]}
		if op.Text == "split" {
			op.Amount = 1 + g.IntN(12)
		}
	}
}

func (g *generator) among(ns []int) int {
	if len(ns) == 0 {
		return 0
	}
	return ns[g.IntN(len(ns))]
}

// known are the tasks of the newest moment, in the order of their stories.
func (w *world) known() (out []*store.Task) {
	for _, t := range w.now().tasks {
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b *store.Task) int {
		x, y := w.refs[a.ID], w.refs[b.ID]
		return cmp.Or(cmp.Compare(x.Op, y.Op), cmp.Compare(x.Index, y.Index))
	})
	return out
}

// index is an agent's place in agentNames, or −1.
func (w *world) index(id store.AgentID) int { return slices.Index(w.agents, id) }
