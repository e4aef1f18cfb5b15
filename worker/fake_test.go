package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

const self market.AgentID = "ag-self"

// fakeMarket offers a queue of tasks to one agent. Methods that the worker has
// no business with panic.
type fakeMarket struct {
	market.AgentAPI
	events chan market.StreamEvent

	mu        sync.Mutex
	queue     []market.TaskID
	held      []market.Task
	taken     map[market.TaskID]bool // picked up
	perPage   int                    // the most tasks on a page that its size ends early; 0 for no end
	rejected  map[market.TaskID]int
	taskErr   []error // one for each reading of a task, nil for none
	delivered map[market.TaskID][]string
	abandoned []market.TaskID
	pickups   []time.Time
	keys      []string // idempotency keys of pickups and deliveries
	pickupErr []error  // one for each pickup, nil for none
	deliverFn func(attempt int) error
	attempts  int
	earned    int64
	eventErr  error
}

func newFake(tasks ...market.TaskID) *fakeMarket {
	return &fakeMarket{queue: tasks, events: make(chan market.StreamEvent, 10), delivered: map[market.TaskID][]string{}, rejected: map[market.TaskID]int{}, taken: map[market.TaskID]bool{}}
}

func (f *fakeMarket) ID() market.AgentID { return self }

func (f *fakeMarket) offer(ids ...market.TaskID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queue = append(f.queue, ids...)
}

func (f *fakeMarket) Pickup(ctx context.Context, _ market.Filter) (market.Pickup, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pickups = append(f.pickups, time.Now())
	f.keys = append(f.keys, market.IdempotencyKey(ctx))
	if n := len(f.pickups); n <= len(f.pickupErr) && f.pickupErr[n-1] != nil {
		return market.Pickup{}, false, f.pickupErr[n-1]
	}
	if len(f.queue) == 0 {
		return market.Pickup{}, false, nil
	}
	id := f.queue[0]
	f.queue = f.queue[1:]
	f.taken[id] = true
	return market.Pickup{TaskID: id, Need: "do " + string(id), MaxCredits: 5}, true, nil
}

func (f *fakeMarket) Deliver(ctx context.Context, id market.TaskID, in market.DeliverInput) (market.Task, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attempts++
	f.keys = append(f.keys, market.IdempotencyKey(ctx))
	if f.deliverFn != nil {
		if err := f.deliverFn(f.attempts); err != nil {
			return market.Task{}, err
		}
	}
	f.delivered[id] = append(f.delivered[id], in.Result)
	f.drop(id)
	f.earned += 5
	return market.Task{TaskID: id, Status: market.StatusDelivered}, nil
}

func (f *fakeMarket) Abandon(_ context.Context, id market.TaskID) (market.Task, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.abandoned = append(f.abandoned, id)
	f.drop(id)
	return market.Task{}, nil
}

func (f *fakeMarket) Mine(_ context.Context, q market.MineQuery) (market.TaskList, error) {
	if q.Role != market.PartyWorker || q.Status != market.StatusClaimed {
		return market.TaskList{}, fmt.Errorf("asked for %+v", q)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	end := min(q.Offset+q.Limit, len(f.held))
	list := market.TaskList{Total: len(f.held)}
	if f.perPage > 0 && q.Offset+f.perPage < end {
		end = q.Offset + f.perPage
		list.NextOffset = end
	}
	list.Tasks = slices.Clone(f.held[min(q.Offset, end):end])
	return list, nil
}

func (f *fakeMarket) Task(_ context.Context, id market.TaskID, _ time.Duration) (market.Task, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.taskErr) > 0 {
		err := f.taskErr[0]
		f.taskErr = f.taskErr[1:]
		if err != nil {
			return market.Task{}, err
		}
	}
	for _, t := range f.held {
		if t.TaskID == id {
			return t, nil
		}
	}
	t := market.Task{TaskID: id, Status: market.StatusDelivered, RejectionCount: f.rejected[id]}
	if f.taken[id] {
		t.Status, t.WorkerID = market.StatusClaimed, self
	}
	return t, nil
}

// hold has the agent hold a task.
func (f *fakeMarket) hold(t market.Task) {
	t.Status, t.WorkerID = market.StatusClaimed, self
	f.held = append(f.held, t)
}

// failToRead makes the next readings of a task fail.
func (f *fakeMarket) failToRead(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taskErr = errs
}

// drop ends the claim of a task; the lock is held.
func (f *fakeMarket) drop(id market.TaskID) {
	delete(f.taken, id)
	f.held = slices.DeleteFunc(f.held, func(t market.Task) bool { return t.TaskID == id })
}

// reject sends a delivered task back to the agent, which may not hear of it.
func (f *fakeMarket) reject(id market.TaskID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rejected[id]++
	worker := self
	f.held = append(f.held, market.Task{
		TaskID: id, Status: market.StatusClaimed, WorkerID: worker, Need: "again",
		RejectionReason: "too short", RejectionCount: f.rejected[id],
	})
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
type config struct {
	api         market.AgentAPI
	do          func(context.Context, worker.Task) (string, error)
	concurrency int
	max         int
	once        bool
	record      worker.Record
	pause       time.Duration
	grace       time.Duration
	log         func(line string)
}

func configOf(t *testing.T, f *fakeMarket) config {
	return config{
		api: f, concurrency: 1, pause: 15 * time.Second, grace: time.Minute,
		do:  func(_ context.Context, task worker.Task) (string, error) { return "did " + task.Need, nil },
		log: func(line string) { t.Log(line) },
	}
}

func (c config) options() []worker.Option {
	all := []worker.Option{
		worker.Concurrency(c.concurrency), worker.Pause(c.pause), worker.TimeLimit(time.Hour),
		worker.Grace(c.grace), worker.Max(c.max), worker.Observe(func(e worker.Event) { c.log(e.String()) }),
	}
	if c.once {
		all = append(all, worker.Once())
	}
	if c.record != nil {
		all = append(all, worker.Keep(c.record))
	}
	return all
}

func (c config) text(ctx context.Context, t worker.Task) (worker.Result, error) {
	text, err := c.do(ctx, t)
	return worker.Text(text), err
}

// memory is a record that ends with the test.
type memory struct {
	mu   sync.Mutex
	data []byte
}

func (m *memory) Load() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data, nil
}

func (m *memory) Save(data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data = data
	return nil
}

// recordOf is what an earlier run has left that holds these claims, each delivered so
// often.
func recordOf(delivered int, ids ...market.TaskID) *memory {
	claims := map[market.TaskID]any{}
	for _, id := range ids {
		claims[id] = map[string]any{"delivered": delivered}
	}
	data, err := json.Marshal(map[string]any{"asking": "earlier", "claims": claims})
	if err != nil {
		panic(err)
	}
	return &memory{data: data}
}

// summary counts the events of a run.
type summary struct{ started, delivered, failed int }

// running is a worker at work.
type running struct {
	stop, kill context.CancelFunc
	done       chan struct{}
	summary    summary
	err        error
}

func (r *running) count(e worker.Event) {
	switch e.Kind {
	case worker.Started:
		r.summary.started++
	case worker.Delivered:
		r.summary.delivered++
	case worker.Failed:
		r.summary.failed++
	default:
	}
}

func begin(t *testing.T, c config) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	hard, kill := context.WithCancel(context.Background())
	r := &running{stop: stop, kill: kill, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = worker.Run(ctx, c.api, c.text, append(c.options(), worker.Kill(hard), worker.Observe(r.count))...)
	}()
	t.Cleanup(kill)
	return r
}

func (r *running) end(t *testing.T) summary {
	t.Helper()
	r.stop()
	<-r.done
	if r.err != nil {
		t.Errorf("work ended with %v", r.err)
	}
	return r.summary
}
