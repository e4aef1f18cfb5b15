package faults_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

const (
	lanes = 6
	price = 10
	fee   = 1
	// autoApprove is how long the servers let posters review.
	autoApprove = 3 * time.Second
)

// load is a number of lanes, each a poster and a worker that live through one
// task after the other, over HTTP, until they are told to stop.
type load struct {
	t     *testing.T
	lanes [lanes]*lane
	hooks *receiver
	// failed counts the calls that a server failed or did not answer.
	failed *failures
	stop   atomic.Bool
	wait   sync.WaitGroup
	// ends stops the streams.
	ends context.CancelFunc
}

// lane counts what was acknowledged.
type lane struct {
	poster, worker person
	approved       []market.TaskID
	calls          int
	idle           atomic.Bool // its last life is over

	mu     sync.Mutex
	events map[string]market.StreamEvent
	twice  int
}

// person is an agent with a client for each replica.
type person struct {
	id      market.AgentID
	clients []*httpclient.Client
}

func newPerson(t *testing.T, urls []string, in market.RegisterInput, more ...httpclient.Option) person {
	t.Helper()
	c, err := httpclient.New(urls[0], "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Register(t.Context(), in)
	if err != nil {
		t.Fatalf("registering: %v", err)
	}
	p := person{id: r.AgentID}
	for _, url := range urls {
		c, err := httpclient.New(url, r.APIKey, append([]httpclient.Option{
			httpclient.WithAgentID(r.AgentID), httpclient.WithAttempts(2),
			httpclient.WithTimeout(8 * time.Second), httpclient.WithMaxDelay(300 * time.Millisecond),
		}, more...)...)
		if err != nil {
			t.Fatal(err)
		}
		p.clients = append(p.clients, c)
	}
	return p
}

// startLoad registers the agents and sets them to work. Where there are several
// servers, the poster of a task speaks to another one than its worker.
func startLoad(t *testing.T, urls ...string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{t: t, ends: cancel, hooks: newReceiver(t), failed: &failures{answers: map[string]int{}}}
	counted := httpclient.WithHTTPClient(&http.Client{Transport: l.failed})
	for i := range l.lanes {
		worker := market.RegisterInput{Name: fmt.Sprint("worker ", i), WebhookURL: l.hooks.URL + "/hook"}
		l.lanes[i] = &lane{
			poster: newPerson(t, turned(urls, i), market.RegisterInput{Name: fmt.Sprint("poster ", i)}, counted),
			worker: newPerson(t, turned(urls, i+1), worker, counted),
			events: map[string]market.StreamEvent{},
		}
	}
	for _, ln := range l.lanes {
		l.wait.Go(func() { ln.listen(ctx) })
		l.wait.Go(func() {
			defer ln.idle.Store(true)
			for !l.stop.Load() {
				if err := ln.life(); err != nil {
					t.Errorf("a life: %v", err)
					return
				}
			}
		})
	}
	t.Cleanup(func() { l.stop.Store(true); cancel(); l.wait.Wait() })
	return l
}

// turned begins a list at another of its elements.
func turned(urls []string, by int) []string {
	by %= len(urls)
	return append(append([]string{}, urls[by:]...), urls[:by]...)
}

// failures is a transport that counts what no client should see.
type failures struct {
	mu      sync.Mutex
	answers map[string]int
}

func (f *failures) RoundTrip(q *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(q)
	switch {
	case err != nil && q.Context().Err() == nil:
		f.count(fmt.Sprintf("%s: %v", q.URL, err))
	case err == nil && res.StatusCode >= http.StatusInternalServerError:
		f.count(fmt.Sprintf("%s %s: %s", q.Method, q.URL, res.Status))
	}
	return res, err
}

func (f *failures) count(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[what]++
}

// seen are the failures so far.
func (f *failures) seen() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.answers)
}

// giveUp is how long a call is tried again, under the same key, before it
// counts as failed.
const giveUp = 60 * time.Second

// try makes a call until it is answered, on one replica after the other.
func (ln *lane) try(p person, call func(ctx context.Context, c *httpclient.Client) error) error {
	ln.calls++
	ctx, cancel := context.WithTimeout(context.Background(), giveUp)
	defer cancel()
	ctx = market.WithIdempotencyKey(ctx, fmt.Sprintf("%s %d", p.id, ln.calls))
	for i := 0; ; i++ {
		err := call(ctx, p.clients[i%len(p.clients)])
		var refusal *market.Error
		if err == nil || ctx.Err() != nil || errors.As(err, &refusal) && !errors.Is(err, market.ErrUnavailable) {
			return err
		}
	}
}

// life takes a task from its posting to its approval.
func (ln *lane) life() error {
	var id market.TaskID
	err := ln.try(ln.poster, func(ctx context.Context, c *httpclient.Client) error {
		posted, err := c.Post(ctx, market.PostInput{Need: "a task under fire", MaxCredits: price})
		id = posted.TaskID
		return err
	})
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	if err := ln.try(ln.worker, func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.PickupTask(ctx, id)
		return err
	}); err != nil {
		return fmt.Errorf("pickup: %w", err)
	}
	if err := ln.try(ln.worker, func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.Deliver(ctx, id, market.DeliverInput{Result: "done"})
		return err
	}); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	err = ln.try(ln.poster, func(ctx context.Context, c *httpclient.Client) error {
		_, err := c.Approve(ctx, id, market.ApproveInput{})
		return err
	})
	// An approval that took too long came by itself.
	if err != nil && !errors.Is(err, market.ErrConflict) {
		return fmt.Errorf("approve: %w", err)
	}
	ln.approved = append(ln.approved, id)
	return nil
}

// listen collects the poster's events; a stream resumes by itself.
func (ln *lane) listen(ctx context.Context) {
	for _, c := range ln.poster.clients[:1] {
		for e, err := range c.Events(ctx, "0") {
			if err != nil {
				return
			}
			ln.mu.Lock()
			if _, had := ln.events[e.ID]; had {
				ln.twice++
			}
			ln.events[e.ID] = e
			ln.mu.Unlock()
		}
	}
}

// events counts what the streams have brought so far.
func (l *load) events() (n int) {
	for _, ln := range l.lanes {
		ln.mu.Lock()
		n += len(ln.events)
		ln.mu.Unlock()
	}
	return n
}

// progress waits until so many more events have come.
func (l *load) progress(more int) {
	l.t.Helper()
	from := l.events()
	await(l.t, "the load to go on", 60*time.Second, func() bool { return l.t.Failed() || l.events() >= from+more })
}

func await(t *testing.T, what string, patience time.Duration, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", patience, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// receiver is the workers' webhook.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string]string // event id → task
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{got: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		data, err := io.ReadAll(q.Body)
		var body struct {
			Event  string        `json:"event"`
			TaskID market.TaskID `json:"task_id"`
		}
		if err != nil || json.Unmarshal(data, &body) != nil {
			http.Error(w, "no JSON", http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got[q.Header.Get("X-Pinchwork-Event-Id")] = body.Event + " " + string(body.TaskID)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) events() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]int{}
	for _, what := range r.got {
		out[what]++
	}
	return out
}
