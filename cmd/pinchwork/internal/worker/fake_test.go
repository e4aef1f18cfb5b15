package worker_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/worker"
	"github.com/pinchwork/pinchwork/market"
)

const self market.AgentID = "ag-self"

// fakeMarket offers a queue of tasks to one agent. Methods that the worker has
// no business with panic.
type fakeMarket struct {
	market.AgentAPI
	events chan market.StreamEvent

	mu        sync.Mutex
	queue     []market.TaskID
	held      []market.TaskView
	delivered map[market.TaskID][]string
	abandoned []market.TaskID
	pickups   []time.Time
	pickupErr []error // one for each pickup, nil for none
	deliverFn func(attempt int) error
	attempts  int
	earned    int64
	eventErr  error
}

func newFake(tasks ...market.TaskID) *fakeMarket {
	return &fakeMarket{queue: tasks, events: make(chan market.StreamEvent, 10), delivered: map[market.TaskID][]string{}}
}

func (f *fakeMarket) ID() market.AgentID { return self }

func (f *fakeMarket) offer(ids ...market.TaskID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, ids...)
}

func (f *fakeMarket) Pickup(context.Context, market.Filter) (market.Pickup, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pickups = append(f.pickups, time.Now())
	if n := len(f.pickups); n <= len(f.pickupErr) && f.pickupErr[n-1] != nil {
		return market.Pickup{}, false, f.pickupErr[n-1]
	}
	if len(f.queue) == 0 {
		return market.Pickup{}, false, nil
	}
	id := f.queue[0]
	f.queue = f.queue[1:]
	return market.Pickup{TaskID: id, Need: "do " + string(id), MaxCredits: 5}, true, nil
}

func (f *fakeMarket) Deliver(_ context.Context, id market.TaskID, in market.DeliverInput) (market.TaskView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attempts++
	if f.deliverFn != nil {
		if err := f.deliverFn(f.attempts); err != nil {
			return market.TaskView{}, err
		}
	}
	f.delivered[id] = append(f.delivered[id], in.Result)
	f.earned += 5
	return market.TaskView{TaskID: id, Status: market.StatusDelivered}, nil
}

func (f *fakeMarket) Abandon(_ context.Context, id market.TaskID) (market.TaskView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.abandoned = append(f.abandoned, id)
	return market.TaskView{}, nil
}

func (f *fakeMarket) Mine(_ context.Context, q market.MineQuery) (market.TaskList, error) {
	if q.Role != market.PartyWorker || q.Status != market.StatusClaimed {
		return market.TaskList{}, fmt.Errorf("asked for %+v", q)
	}
	end := min(q.Offset+q.Limit, len(f.held))
	return market.TaskList{Tasks: f.held[min(q.Offset, end):end], Total: len(f.held)}, nil
}

func (f *fakeMarket) Task(_ context.Context, id market.TaskID, _ time.Duration) (market.TaskView, error) {
	worker := self
	return market.TaskView{TaskID: id, Status: market.StatusClaimed, WorkerID: &worker, Need: "again", RejectionReason: "too short"}, nil
}

func (f *fakeMarket) Stats(context.Context) (market.Stats, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return market.Stats{TotalEarned: f.earned}, nil
}

func (f *fakeMarket) Events(ctx context.Context, _ string) iter.Seq2[market.StreamEvent, error] {
	return func(yield func(market.StreamEvent, error) bool) {
		if f.eventErr != nil {
			yield(market.StreamEvent{}, f.eventErr)
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-f.events:
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

func (f *fakeMarket) happens(typ market.EventType, id market.TaskID) {
	f.events <- market.StreamEvent{Event: market.Event{Type: typ, Task: id}}
}

func (f *fakeMarket) results(id market.TaskID) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.delivered[id], "|")
}

func (f *fakeMarket) givenBack() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprint(f.abandoned)
}

// config is a worker on f that answers every task at once.
func config(t *testing.T, f *fakeMarket) worker.Config {
	return worker.Config{
		API: f, Concurrency: 1, Poll: 15 * time.Second, Timeout: time.Hour, Grace: time.Minute, Resume: true,
		Do:  func(_ context.Context, job worker.Job) (string, error) { return "did " + job.Need, nil },
		Log: func(line string) { t.Log(line) },
	}
}

// running is a worker at work.
type running struct {
	stop, kill context.CancelFunc
	done       chan struct{}
	summary    worker.Summary
	err        error
}

func begin(t *testing.T, c worker.Config) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	hard, kill := context.WithCancel(context.Background())
	r := &running{stop: stop, kill: kill, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.summary, r.err = c.Work(ctx, hard)
	}()
	t.Cleanup(kill)
	return r
}

func (r *running) end(t *testing.T) worker.Summary {
	t.Helper()
	r.stop()
	<-r.done
	if r.err != nil {
		t.Errorf("work ended with %v", r.err)
	}
	return r.summary
}
