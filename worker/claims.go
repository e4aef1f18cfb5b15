package worker

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// memo is what a run knows of its claims, and the content of a Record.
type memo struct {
	// Asking is the idempotency key of the next pickup. Whoever asks under it again
	// gets the claim that it may have brought without an answer.
	Asking string                   `json:"asking"`
	Claims map[market.TaskID]*claim `json:"claims,omitempty"`
}

// claim is a claim of the run's own, until it is given back, lost or approved.
type claim struct {
	// At tells it from later claims of the same agent on the same task.
	At time.Time `json:"at,omitzero"`
	// Delivered counts the deliveries, Answered the rejections of the task that have
	// been acted on or came before this claim.
	Delivered int `json:"delivered,omitempty"`
	Answered  int `json:"answered,omitempty"`
}

// mostClaims bounds the memo: of that many claims the oldest one that waits for its
// review is forgotten. Its poster or a timer approves it all the same.
const mostClaims = 10_000

// load reads the record.
func (w *run) load() error {
	if w.record != nil {
		data, err := w.record.Load()
		if err == nil && len(data) > 0 {
			err = json.Unmarshal(data, &w.memo)
		}
		if err != nil {
			return fmt.Errorf("reading the worker's record: %w", err)
		}
	}
	if w.memo.Claims == nil {
		w.memo.Claims = map[market.TaskID]*claim{}
	}
	w.unsure = w.memo.Asking != ""
	if !w.unsure {
		w.change(func(m *memo) { m.Asking = rand.Text() })
	}
	return nil
}

// change changes the memo and saves it.
func (w *run) change(f func(*memo)) {
	w.mu.Lock()
	f(&w.memo)
	var err error
	if w.record != nil {
		var data []byte
		if data, err = json.Marshal(w.memo); err == nil {
			err = w.record.Save(data)
		}
	}
	w.mu.Unlock()
	if err != nil {
		w.notef("the record was not written: %v", err)
	}
}

// owns records a claim. Its key is used up.
func (w *run) owns(p market.Pickup) {
	w.change(func(m *memo) {
		m.Asking = rand.Text()
		m.Claims[p.TaskID] = &claim{At: p.ClaimedAt.Time, Answered: p.RejectionCount}
		if len(m.Claims) > mostClaims {
			m.forgetOldest()
		}
	})
}

func (m *memo) forgetOldest() {
	var oldest market.TaskID
	for id, c := range m.Claims {
		if c.Delivered > 0 && (oldest == "" || c.At.Before(m.Claims[oldest].At)) {
			oldest = id
		}
	}
	delete(m.Claims, oldest)
}

// disown forgets a claim that has ended.
func (w *run) disown(id market.TaskID) {
	w.mu.Lock()
	_, known := w.memo.Claims[id]
	w.mu.Unlock()
	if known {
		w.change(func(m *memo) { delete(m.Claims, id) })
	}
}

// own is the run's record of the claim that the task is under, nil when that is none
// of the run's. The lock is held.
func (w *run) own(t market.Task) *claim {
	c := w.memo.Claims[t.TaskID]
	if c == nil || !c.At.Equal(t.ClaimedAt.Time) {
		return nil
	}
	return c
}

// holds reports whether the agent holds the task under a claim of the run's.
func (w *run) holds(t market.Task) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.claimed(t) && w.own(t) != nil
}

func (w *run) claimed(t market.Task) bool {
	if t.Status != market.StatusClaimed || t.WorkerID == "" {
		return false
	}
	me := w.api.ID() // a client that has not asked yet does not know it
	return me == "" || t.WorkerID == me
}

// deliveries is how often the run has delivered a task.
func (w *run) deliveries(id market.TaskID) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.memo.Claims[id]; c != nil {
		return c.Delivered
	}
	return 0
}
