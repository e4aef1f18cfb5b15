package sim

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// Action is one step of a story: what the scheduler lets happen next.
type Action struct {
	Do Deed
	// Op is what starts.
	Op *Op
	// N is the operation whose call it is about, −1 − n for what replica n does by
	// itself, and then Part is the part of it.
	N    int
	Part string
	// At is the replica that it is about.
	At  int
	For time.Duration
}

// Deed is what an Action does.
type Deed string

// The deeds of a scheduler.
const (
	Start    Deed = "start"     // Op begins
	Go       Deed = "go"        // a call goes on
	Fail     Deed = "fail"      // a call fails: before it takes effect, or when it has
	Truncate Deed = "truncate"  // the feed is not kept that far
	Lose     Deed = "lose"      // a piece of the feed is lost
	HangUp   Deed = "hang up"   // the caller of an operation goes away
	Sleep    Deed = "sleep"     // time passes
	Crash    Deed = "crash"     // a replica dies and starts anew
	SetClock Deed = "set clock" // a replica's clock is set wrong
)

// do lets an action happen. One that does not fit any more, because the story has
// lost what it was about, does nothing.
func (w *world) do(a Action) {
	w.tick()
	switch a.Do {
	case Start:
		w.log("%s", w.line(a.Op))
		w.start(a.Op)
	case Go, Fail, Truncate, Lose:
		w.let(a)
	case HangUp:
		w.hangUp(a.N)
	case Sleep:
		w.log("%s pass", a.For)
		w.advance(a.For)
	case Crash:
		w.log("replica %s crashes and starts anew", replicaName(a.At))
		w.crash(a.At)
	case SetClock:
		w.log("the clock of replica %s is wrong by %s", replicaName(a.At), a.For)
		w.taking(w.pass)
		w.replicas[a.At].clock.set(a.For)
		w.taking(w.pass)
	}
}

// tick makes each step happen at an instant of its own. Of timers that are due at
// the same instant it is chance which comes first.
func (w *world) tick() {
	time.Sleep(time.Microsecond)
	w.settle()
}

// let opens the gate for a call.
func (w *world) let(a Action) {
	for _, c := range w.calls() {
		if c.actor.number() != a.N || c.part != a.Part {
			continue
		}
		var err error
		said := "goes on"
		switch {
		case a.Do == Truncate && c.method == "Feed" && c.side == before:
			err, said = store.ErrFeedTruncated, "finds the feed truncated"
		case a.Do == Lose && c.method == "Feed" && c.side == before:
			err, said = errLoss, "goes on and loses what it has to tell"
			c.actor.replica.misled = true
		case a.Do == Fail && c.side == before:
			err, said = errFault, "fails"
		case a.Do == Fail:
			err, said = errFault, "is done, but the answer is lost"
		case c.side == behind:
			said = "is told"
		}
		w.log("   %s: %s %s", c.actor, c.method, said)
		w.release(c, err)
		return
	}
}

func (w *world) hangUp(n int) {
	for _, a := range w.busy() {
		if a.op.N == n {
			w.log("   %s: the caller hangs up", a)
			w.abandon(a)
		}
	}
}

// abandon makes an operation's caller hang up. The operation ends at once, since
// the store does nothing more for it; what it had sent may have taken effect.
func (w *world) abandon(a *actor) {
	w.mu.Lock()
	a.hungUp, a.faulted, a.unknown = true, true, true
	w.mu.Unlock()
	a.cancel()
	w.settle()
	for _, c := range w.calls() {
		if c.actor == a {
			w.release(c, nil)
		}
	}
}

// mostCalls is how many calls an operation may make before it counts as one that
// never ends.
const mostCalls = 400

// drain lets everything go on, in a fixed order and without faults, until all
// operations have ended.
func (w *world) drain() {
	for len(w.busy()) > 0 {
		calls := w.calls()
		if len(calls) == 0 {
			w.advance(500 * time.Millisecond)
			w.patience--
		} else {
			c := calls[len(calls)-1]
			w.tick()
			w.let(Action{Do: Go, N: c.actor.number(), Part: c.part})
		}
		w.bound()
	}
}

// bound gives up operations that do not end.
func (w *world) bound() {
	for _, a := range w.busy() {
		if a.calls > mostCalls || w.patience == 0 {
			w.fail("operations end", "%s is still on its way after %d calls", a, a.calls)
			w.give(a)
		}
	}
}

// give gives an operation up that does not end.
func (w *world) give(a *actor) {
	w.mu.Lock()
	a.dead = true
	w.mu.Unlock()
	for _, c := range w.calls() {
		if c.actor == a {
			w.release(c, errDead)
		}
	}
	a.cancel()
	w.settle()
}

// calm lets time pass while everything goes on as it comes.
func (w *world) calm(d time.Duration) {
	const step = 500 * time.Millisecond
	for ; d > 0; d -= step {
		for calls := w.calls(); len(calls) > 0; calls = w.calls() {
			w.tick()
			w.release(calls[0], nil)
		}
		w.advance(step)
	}
}

// finish drains the world and compares what everybody is told then with the model.
func (w *world) finish() {
	w.drain()
	w.calm(2 * lag)
	w.heal()
	for n := range w.replicas {
		for by := range agentNames {
			w.do(Action{Do: Start, Op: &Op{N: 900 + 10*n + by, Kind: "browse", By: by, At: n}})
			w.drain()
		}
	}
	w.stop()
	w.balance()
}

// healing is within what time a board that was misled has been compared with the
// store.
const healing = 6 * time.Minute

// heal gives boards that were misled the time to find it out.
func (w *world) heal() {
	for _, r := range w.replicas {
		if r.misled {
			w.calm(healing)
			r.misled = false
		}
	}
}

// stop ends the background of all replicas.
func (w *world) stop() {
	w.mu.Lock()
	for _, r := range w.replicas {
		r.background.dead = true
	}
	w.mu.Unlock()
	for _, r := range w.replicas {
		r.stop()
		w.settle()
	}
	for _, c := range w.calls() {
		w.release(c, errDead)
	}
	for _, r := range w.replicas {
		r.running.Wait()
	}
}

// Outcome is how a run went.
type Outcome struct {
	Setting  Setting
	Actions  []Action
	Failures []Failure
	// Operations and Calls say how much happened.
	Operations, Calls int
	// Trace has everything that happened, one line each.
	Trace []string
}

// source says what happens next; ok is false when the story is over.
type source interface {
	next(w *world) (a Action, ok bool)
}

// play runs a story in the bubble of the caller.
func play(s Setting, from source) *Outcome {
	w := newWorld(s)
	out := &Outcome{Setting: s}
	w.tell(from, out)
	w.finish()
	return w.outcome(out)
}

// tell lets happen what the source says, until something is wrong.
func (w *world) tell(from source, out *Outcome) {
	for len(w.failures) == 0 {
		a, ok := from.next(w)
		if !ok {
			return
		}
		out.Actions = append(out.Actions, a)
		w.do(a)
		w.bound()
	}
}

func (w *world) outcome(out *Outcome) *Outcome {
	out.Failures, out.Trace = w.failures, w.trace
	if len(w.failures) > 0 {
		out.Trace = w.trace[:w.last]
	}
	for _, a := range w.actors {
		out.Operations++
		out.Calls += a.calls
	}
	return out
}

// meet runs one path of a meeting in the bubble of the caller: the scene, and then
// what the source says.
func meet(m meeting, from source) *Outcome {
	w := newWorld(m.setting())
	out := &Outcome{Setting: w.Setting}
	for i := range m.scene.steps {
		op := m.scene.steps[i]
		w.do(Action{Do: Start, Op: &op})
		w.drain()
	}
	if m.scene.later > 0 {
		w.do(Action{Do: Sleep, For: m.scene.later})
	}
	for n := range w.replicas {
		// So that the boards are warm.
		w.do(Action{Do: Start, Op: &Op{N: 5 + n, Kind: "browse", By: infra - 1, At: n}})
		w.drain()
	}
	w.before = len(w.actors)
	w.tell(from, out)
	w.drain()
	w.stop()
	w.balance()
	return w.outcome(out)
}

func (m meeting) setting() Setting {
	p := market.DefaultPolicy()
	p.InitialCredits, p.MaxOpenClaims, p.NewcomerClaims, p.AbandonLimit = 40, 3, 2, 2
	return Setting{Seed: 1, Replicas: m.replicas, Infra: m.scene.infra, Policy: p}
}

// operations are those that meet, numbered after the scene's.
func (m meeting) operations() (out []*Op) {
	for i := range m.ops {
		op := m.ops[i]
		op.N, op.At = 11+i, i%m.replicas
		if kinds[op.Kind].task {
			op.Task = Ref{Op: 1}
		}
		out = append(out, &op)
	}
	return out
}

// told is a source that tells a known story again.
type retold struct{ rest []Action }

func (r *retold) next(*world) (Action, bool) {
	if len(r.rest) == 0 {
		return Action{}, false
	}
	a := r.rest[0]
	r.rest = r.rest[1:]
	return a, true
}

func (f Failure) String() string { return fmt.Sprintf("%s: %s", f.Rule, f.What) }
