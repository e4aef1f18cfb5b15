package sim

import (
	"fmt"
	"slices"
	"time"
)

// every is a source that lets a few operations go on in every order there is: each
// run takes the next path through the choices, until all have been taken. Orders
// that cannot differ in anything that somebody sees are taken once.
type every struct {
	ops []*Op
	// path are the choices of this run, as far as they are laid down.
	path []choice
	// at is how far the run has come, asleep are the calls that need not go on before
	// something has happened that concerns them: all that follows has been seen.
	at     int
	asleep []*call
	// redundant is set when the rest of the run has been seen.
	redundant bool
}

// choice is which of how many calls went on.
type choice struct{ taken, of int }

// next starts the operations, and then takes one path through what they do.
func (e *every) next(w *world) (Action, bool) {
	if started := len(w.actors) - w.before; started < len(e.ops) {
		return Action{Do: Start, Op: e.ops[started]}, true
	}
	calls := w.calls()
	switch {
	case len(w.busy()) == 0 || e.redundant:
		return Action{}, false
	case len(calls) == 0:
		return Action{Do: Sleep, For: 25 * time.Millisecond}, true
	}
	c := e.choose(calls)
	if c == nil {
		e.redundant = true
		return Action{}, false
	}
	return Action{Do: Go, N: c.actor.number(), Part: c.part}, true
}

// choose takes the next call of the path. A call that was passed over sleeps until
// something goes on that it depends on: until then, letting it go on leads to where
// it led before.
func (e *every) choose(calls []*call) *call {
	calls = slices.DeleteFunc(calls, func(c *call) bool { return slices.Contains(e.asleep, c) })
	if len(calls) == 0 {
		return nil
	}
	if i := slices.IndexFunc(calls, func(c *call) bool { return c.alone(calls) }); i >= 0 {
		return calls[i]
	}
	if e.at == len(e.path) {
		e.path = append(e.path, choice{0, len(calls)})
	}
	taken := e.path[e.at].taken
	e.at++
	c := calls[taken]
	e.asleep = slices.DeleteFunc(append(slices.Clone(e.asleep), calls[:taken]...), func(other *call) bool { return !apart(other, c) })
	return c
}

// apart says that it makes no difference which of two calls goes on first. Between
// replicas only what is written and what is read matters; within one, what goes on
// may also look at the same board.
func apart(a, b *call) bool {
	if a.actor.replica != b.actor.replica {
		return (!a.writes() || b.side == behind) && (!b.writes() || a.side == behind)
	}
	return a.decides() && b.decides()
}

// alone says that nobody cares when the answer of a call is told: nobody else at its
// replica looks at the board that it is shown on.
func (c *call) alone(calls []*call) bool {
	return c.side == behind && !c.actor.looks() && !slices.ContainsFunc(calls, func(other *call) bool {
		return other != c && other.actor.replica == c.actor.replica && other.actor.looks()
	})
}

func (c *call) writes() bool {
	return c.side == before && slices.Contains([]string{"Commit", "CommitFirst", "CommitEach", "Prune", "Lease"}, c.method)
}

// decides says that a call reads what its operation then decides on, without a look
// at the board.
func (c *call) decides() bool {
	return c.method == "Load" && !c.actor.looks()
}

// looks says that an actor looks at the board. A delivery does so for an infra agent.
func (a *actor) looks() bool {
	return kinds[a.op.Kind].board && (a.op.Kind != "deliver" || a.infra)
}

// turn prepares the next run, and is false when there is none.
func (e *every) turn() bool {
	for len(e.path) > 0 && e.path[len(e.path)-1].taken == e.path[len(e.path)-1].of-1 {
		e.path = e.path[:len(e.path)-1]
	}
	if len(e.path) == 0 {
		return false
	}
	e.path[len(e.path)-1].taken++
	e.at, e.asleep, e.redundant = 0, nil, false
	return true
}

// A scene is a state of one task in which operations meet.
type scene struct {
	name string
	// steps lead to it, one after the other.
	steps []Op
	// later is how much time passes then.
	later time.Duration
	infra bool
	// disputes are the operations that may come just in time or just too late, where
	// time is up.
	disputes []Op
}

// In a scene ada has posted T1, bob works on it, and cyd and eve are strangers.
const (
	ada, bob, cyd = 0, 1, 2
	eve           = infra
)

var (
	posting    = Op{N: 1, Kind: "post", By: ada, Amount: 10, Text: "read"}
	urgent     = Op{N: 1, Kind: "post", By: ada, Amount: 10, Text: "read", On: true}
	claiming   = Op{N: 2, Kind: "claim", By: bob, Task: Ref{Op: 1}}
	asking1    = Op{N: 2, Kind: "ask", By: cyd, Task: Ref{Op: 1}, Text: "why"}
	delivering = Op{N: 3, Kind: "deliver", By: bob, Task: Ref{Op: 1}, Amount: 7}
	rejecting  = Op{N: 4, Kind: "reject", By: ada, Task: Ref{Op: 1}}
	approving  = Op{N: 4, Kind: "approve", By: ada, Task: Ref{Op: 1}, Amount: 4}
)

// scenes are the states of a task that matter, each also when its time is up.
var scenes = []scene{
	{name: "posted", steps: []Op{posting, asking1}},
	{name: "posted, an infra agent is asked", steps: []Op{posting}, infra: true},
	{name: "posted, its deadline passed", steps: []Op{urgent}, later: 3 * time.Minute, disputes: []Op{claim1, claim2, cancel1, sweep1}},
	{name: "claimed", steps: []Op{posting, claiming}},
	{name: "claimed, its deadline passed", steps: []Op{urgent, claiming}, later: 3 * time.Minute, disputes: []Op{claim2, deliver1, progress1, abandon1, sweep1}},
	{name: "delivered", steps: []Op{posting, claiming, delivering}},
	{name: "delivered, to be verified", steps: []Op{posting, claiming, delivering}, infra: true},
	{name: "delivered, its review over", steps: []Op{posting, claiming, delivering}, later: 24 * time.Hour, disputes: []Op{approve1, reject1, sweep1}},
	{name: "rejected", steps: []Op{posting, claiming, delivering, rejecting}},
	{name: "rejected, its grace over", steps: []Op{posting, claiming, delivering, rejecting}, later: 5 * time.Minute, disputes: []Op{claim2, deliver1, abandon1, sweep1}},
	{name: "approved", steps: []Op{posting, claiming, delivering, approving}},
}

// meeting are operations that meet in a scene.
type meeting struct {
	scene scene
	ops   []Op
	// replicas are how many they come to, in turn.
	replicas int
}

func (m meeting) String() string {
	out := m.scene.name
	for i := range m.ops {
		out += fmt.Sprintf(", %s by %s", m.ops[i].Kind, nameOf(m.ops[i].By))
	}
	return fmt.Sprintf("%s, at %d replicas", out, m.replicas)
}

// about are the operations that may meet: all of the API that is about one task, by
// those whom it matters to.
var about = []Op{
	{Kind: "claim", By: bob},
	{Kind: "claim", By: cyd},
	{Kind: "pickup", By: bob},
	{Kind: "pickup", By: cyd},
	{Kind: "pickup", By: eve},
	{Kind: "batch", By: cyd, Amount: 2},
	{Kind: "batch", By: cyd, Amount: 2, Key: "k"},
	{Kind: "pickup", By: cyd, Key: "k"},
	{Kind: "deliver", By: bob, Amount: 5},
	{Kind: "deliver", By: bob, Key: "k"},
	{Kind: "abandon", By: bob},
	{Kind: "progress", By: bob, Text: "half"},
	{Kind: "approve", By: ada, Amount: 5},
	{Kind: "approve", By: ada, Key: "k"},
	{Kind: "reject", By: ada},
	{Kind: "cancel", By: ada},
	{Kind: "cancel", By: ada, Key: "k"},
	{Kind: "rate", By: bob, Amount: 3},
	{Kind: "rate", By: bob, Amount: 3, Key: "k"},
	{Kind: "ask", By: cyd, Text: "how"},
	{Kind: "answer", By: ada, Of: 2},
	{Kind: "message", By: bob, Text: "hm"},
	{Kind: "message", By: ada, Text: "hm"},
	{Kind: "report", By: cyd},
	{Kind: "report", By: cyd, Key: "k"},
	{Kind: "look", By: ada},
	{Kind: "look", By: cyd},
	{Kind: "browse", By: cyd},
	{Kind: "credits", By: ada},
	{Kind: "sweep", By: operator},
	{Kind: "prune", By: operator},
	{Kind: "suspend", By: operator, Of: ada, On: true},
	{Kind: "suspend", By: operator, Of: bob, On: true},
	{Kind: "suspend", By: operator, Of: bob},
	{Kind: "post", By: ada, Amount: 35, Text: "more"},
	{Kind: "settle", By: operator, Text: "refund"},
	{Kind: "settle", By: operator, Text: "release", Key: "k"},
	{Kind: "settle", By: operator, Text: "split", Amount: 4},
	{Kind: "clawback", By: operator, Of: ada, Amount: 30},
	{Kind: "undo", By: operator, Of: bob, Amount: 4, On: true},
	{Kind: "undo", By: operator, Of: ada, Amount: 4},
}

// money are those that move credits, or decide who gets them.
var (
	claim1    = Op{Kind: "claim", By: bob}
	claim2    = Op{Kind: "claim", By: cyd}
	deliver1  = Op{Kind: "deliver", By: bob, Amount: 5}
	abandon1  = Op{Kind: "abandon", By: bob}
	progress1 = Op{Kind: "progress", By: bob, Amount: 50}
	approve1  = Op{Kind: "approve", By: ada, Amount: 5}
	reject1   = Op{Kind: "reject", By: ada}
	cancel1   = Op{Kind: "cancel", By: ada}
	sweep1    = Op{Kind: "sweep", By: operator}
	undo1     = Op{Kind: "undo", By: operator, Of: bob, Amount: 4, On: true}
	settle1   = Op{Kind: "settle", By: operator, Text: "split", Amount: 4}
	money     = []Op{claim1, claim2, deliver1, abandon1, approve1, reject1, cancel1, sweep1, settle1, undo1}
)

// pairs are all meetings of two. At one replica they meet only if they share more
// than the store there: the board, or what is known of keys. Where time is up, both
// find that first, and only those meet whose outcome hangs on it.
func pairs() (out []meeting) {
	for _, s := range scenes {
		ops := about
		if s.later > 0 {
			ops = append(slices.Clone(money), Op{Kind: "pickup", By: cyd}, Op{Kind: "look", By: ada}, Op{Kind: "browse", By: cyd})
		}
		for i, one := range ops {
			if s.later > 0 {
				out = append(out, meeting{s, []Op{one, {Kind: "turn", By: operator, Back: time.Hour}}, 1})
			}
			for _, two := range ops[i:] {
				out = append(out, meeting{s, []Op{one, two}, 2})
				if shares(one) && shares(two) {
					out = append(out, meeting{s, []Op{one, two}, 1})
				}
			}
		}
	}
	return out
}

func shares(op Op) bool { return kinds[op.Kind].board || op.Key != "" }

// threes are all meetings of three different ones that move credits, at two replicas.
func threes() (out []meeting) {
	for _, s := range scenes {
		ops := money
		if s.later > 0 {
			ops = s.disputes
		}
		for i := range ops {
			for j := i + 1; j < len(ops); j++ {
				for k := j + 1; k < len(ops); k++ {
					out = append(out, meeting{s, []Op{ops[i], ops[j], ops[k]}, 2})
				}
			}
		}
	}
	return out
}
