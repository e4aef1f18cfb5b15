package work

import (
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/worker"
)

// Counts is what a run has done.
type Counts struct {
	Started   int `json:"started"`
	Delivered int `json:"delivered"`
	Failed    int `json:"failed"`
	// Ended counts all that is not under way any more.
	Ended int `json:"-"`
}

// Counter counts what a run does, and records it in a state file.
type Counter struct {
	State *StateFile
	// Earned tells what the agent has been paid so far, net of fees.
	Earned func() (int64, error)
	// Log tells the user what happens, one line at a time.
	Log func(line string)

	mu     sync.Mutex
	counts Counts
}

// Counts is what was counted so far.
func (c *Counter) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Observe is for worker.Observe.
func (c *Counter) Observe(e worker.Event) {
	c.count(e.Kind)
	if e.Kind == worker.Asked {
		c.record(func(s *State) { s.LastAsked = time.Now().UTC().Truncate(time.Second) })
		return
	}
	c.Log(e.String())
	switch e.Kind {
	case worker.Delivered:
		c.record(func(s *State) { s.Delivered++ })
		c.earned()
	case worker.Approved:
		c.earned()
	default:
	}
}

func (c *Counter) count(kind worker.Kind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch kind {
	case worker.Delivered, worker.Failed, worker.Lost, worker.Kept:
		c.counts.Ended++
	default:
	}
	switch kind {
	case worker.Started:
		c.counts.Started++
	case worker.Delivered:
		c.counts.Delivered++
	case worker.Failed:
		c.counts.Failed++
	default:
	}
}

// earned records what the agent has been paid so far.
func (c *Counter) earned() {
	if earned, err := c.Earned(); err == nil {
		c.record(func(s *State) { s.Earned = max(s.Earned, earned) })
	}
}

func (c *Counter) record(change func(*State)) {
	if err := c.State.Update(change); err != nil {
		c.Log("state not written: " + err.Error())
	}
}
