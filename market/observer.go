package market

import (
	"log/slog"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Commit says what one commit of this Market has done, for Config.Observer.
type Commit struct {
	At time.Time
	// Tasks are those that were posted or have moved.
	Tasks []TaskMove
	// Registered are the new agents.
	Registered []AgentID
	// Told are the events that agents get.
	Told []Telling
	// Missed is how many commits right before this one were not told, because the
	// observer was too slow for them.
	Missed int
}

// TaskMove is a task that was posted, which comes from "", or that was written.
type TaskMove struct {
	ID       TaskID
	Poster   AgentID
	From, To Status
	// System says that it is a system task.
	System bool
}

// Telling is an event that an agent gets.
type Telling struct {
	Agent AgentID
	Type  EventType
	Task  TaskID
}

// maxObserved is how many commits wait for a slow observer.
const maxObserved = 1024

// observer tells commits to a function of the host program's, one after the other, in
// a goroutine of its own that lives as long as there is something to tell: nothing
// that the function does can hold up or undo a commit.
type observer struct {
	tell func(Commit)
	log  *slog.Logger

	mu      sync.Mutex
	waiting []Commit
	missed  int
	running bool
}

func newObserver(tell func(Commit), log *slog.Logger) *observer {
	if tell == nil {
		return nil
	}
	return &observer{tell: tell, log: log}
}

// note takes down a commit. It never waits.
func (o *observer) note(c *store.Change) {
	if o == nil {
		return
	}
	made := commitOf(c)
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == maxObserved {
		o.missed++
		return
	}
	made.Missed, o.missed = o.missed, 0
	o.waiting = append(o.waiting, made)
	if !o.running {
		o.running = true
		go o.run()
	}
}

func (o *observer) run() {
	for next, more := o.next(); more; next, more = o.next() {
		_, err := guarded(func() (struct{}, error) {
			o.tell(next)
			return struct{}{}, nil
		})
		if err != nil {
			o.log.Error("the observer of commits failed", "error", err)
		}
	}
}

func (o *observer) next() (c Commit, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		o.running = false
		return c, false
	}
	c, o.waiting = o.waiting[0], o.waiting[1:]
	return c, true
}

func commitOf(c *store.Change) Commit {
	out := Commit{At: c.At}
	for _, w := range c.Tasks {
		move := TaskMove{ID: w.New.ID, Poster: w.New.Poster, To: w.New.Status, System: w.New.System != nil}
		if w.Old != nil {
			move.From = w.Old.Status
		}
		out.Tasks = append(out.Tasks, move)
	}
	for _, w := range c.Agents {
		if w.Old == nil {
			out.Registered = append(out.Registered, w.New.ID)
		}
	}
	for i := range c.Events {
		e := &c.Events[i]
		out.Told = append(out.Told, Telling{Agent: e.Agent, Type: e.Type, Task: e.Task})
	}
	return out
}
