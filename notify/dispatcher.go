package notify

import (
	"context"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

const (
	// leaseSlack is how much longer a lease is than an attempt, leaseMargin the
	// part of it that is reserved for recording how the attempt ended.
	leaseSlack, leaseMargin = 5 * time.Second, time.Second
	// leaseEvery is how long due deliveries may stay unseen without a wake-up: a
	// relay may be subscribed and hear nothing, for example behind a connection
	// pooler.
	leaseEvery = time.Second
	// leaseGap is the least real time between two looks at an empty queue: a busy
	// market sends many more wake-ups than webhooks.
	leaseGap = 25 * time.Millisecond
	// leaseRest is the real time between two looks at a queue that still has due
	// deliveries.
	leaseRest = 5 * time.Millisecond
	// leaseBatch bounds one look; half a lane, so that one agent's burst fits.
	leaseBatch = maxWaiting / 2
	// maxHeld bounds the deliveries that wait in this process.
	maxHeld = 4_096
	// maxSlowLanes is how many slow endpoints without deliveries are remembered.
	maxSlowLanes = 1_024
	// leaseTimeout bounds one look at the queue.
	leaseTimeout = 5 * time.Second
	// grace is how long attempts may go on after Run's context has ended.
	grace = 2 * time.Second
)

// dispatcher takes deliveries from the queue and starts attempts. Each agent's
// deliveries wait in a lane of their own. One goroutine owns the dispatcher;
// attempts report over results.
type dispatcher struct {
	*Webhooks
	queue   Queue
	found   <-chan struct{}
	results chan result
	under   sync.WaitGroup // attempts

	lanes map[market.AgentID]*lane
	// turn are the agents that have deliveries waiting, the next first.
	turn []market.AgentID
	// held counts the waiting deliveries, running the attempts, slow those of them
	// to slow endpoints.
	held, running, slow int

	// due says that the queue may have something, notBefore when to look.
	due       bool
	notBefore time.Time
	away      bool
	// retryAt is when the soonest delivery that failed here is due again, by the
	// market's clock, and retry fires then.
	retryAt time.Time
	retry   <-chan time.Time
}

// result is how an attempt ended.
type result struct {
	agent  market.AgentID
	onSlow bool
	failed bool
	took   time.Duration
	// retryAt is when the delivery is due again; zero when it is not.
	retryAt time.Time
}

func newDispatcher(w *Webhooks, queue Queue, found <-chan struct{}) *dispatcher {
	return &dispatcher{
		Webhooks: w, queue: queue, found: found, due: true,
		results: make(chan result, w.concurrency),
		lanes:   map[market.AgentID]*lane{},
	}
}

func (d *dispatcher) run(ctx context.Context) {
	attempts, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	tick := d.tick()
	for ctx.Err() == nil {
		d.lease(ctx)
		d.start(attempts)
		look, stop := d.lookAgain()
		select {
		case <-ctx.Done():
		case r := <-d.results:
			d.ended(r)
		case <-d.wake:
			d.due = true
		case <-d.found:
			d.due = true
		case <-look:
		case <-d.retry:
			d.due, d.retry, d.retryAt = true, nil, time.Time{}
		case <-tick:
			d.due, tick = true, d.tick()
		}
		stop()
	}
	d.finish(cut)
}

// tick fires when it is time to look at a queue that sends no wake-ups.
func (d *dispatcher) tick() <-chan time.Time {
	if d.found != nil {
		return nil
	}
	return d.queue.After(leaseEvery)
}

// lookAgain returns a channel that fires when the next look at the queue may be
// taken; nil when none is due, or there is no room.
func (d *dispatcher) lookAgain() (<-chan time.Time, func() bool) {
	if !d.due || d.held >= maxHeld {
		return nil, func() bool { return false }
	}
	timer := time.NewTimer(max(time.Until(d.notBefore), leaseRest))
	return timer.C, timer.Stop
}

// finish waits for the attempts under way, and cuts them off after the grace.
func (d *dispatcher) finish(cut context.CancelFunc) {
	defer time.AfterFunc(grace, cut).Stop()
	d.under.Wait()
}

// lease looks at the queue, if it is time, and puts what it finds into lanes.
func (d *dispatcher) lease(ctx context.Context) {
	now := time.Now()
	limit := min(leaseBatch, maxHeld-d.held)
	if !d.due || limit <= 0 || now.Before(d.notBefore) || d.holdBack(now) {
		return
	}
	looked := d.queue.Now()
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	var jobs []store.WebhookJob
	err := contained(func() (err error) {
		jobs, err = d.queue.LeaseWebhooks(ctx, d.timeout+leaseSlack, limit)
		return err
	})
	d.reachable(ctx, err)
	if err != nil {
		d.notBefore = now.Add(leaseEvery)
		return
	}
	for _, job := range jobs {
		d.accept(held{WebhookJob: job, until: looked.Add(leaseSlack - leaseMargin)})
	}
	if d.due = len(jobs) == limit; !d.due {
		d.notBefore = now.Add(leaseGap)
	}
}

func (d *dispatcher) holdBack(now time.Time) bool {
	for _, agent := range d.turn {
		if d.lanes[agent].holdsBack(now) {
			return true
		}
	}
	return false
}

func (d *dispatcher) reachable(ctx context.Context, err error) {
	away := err != nil
	if away == d.away || ctx.Err() == context.Canceled {
		return
	}
	d.away = away
	if away {
		d.log.Debug("the webhook queue cannot be read for now", "error", err)
		return
	}
	d.log.Debug("the webhook queue can be read again")
}

func (d *dispatcher) accept(job held) {
	agent := job.Event.Agent
	l := d.lanes[agent]
	if l == nil {
		l = newLane()
		d.lanes[agent] = l
	}
	if !l.accept(job) {
		return
	}
	if d.held++; len(l.waiting) == 1 {
		d.turn = append(d.turn, agent)
	}
}

// start starts as many attempts as may run, one delivery of each agent in turn.
func (d *dispatcher) start(ctx context.Context) {
	now := d.queue.Now()
	for started := true; started && d.running < d.concurrency; {
		started = false
		for range len(d.turn) {
			agent := d.turn[0]
			d.turn = d.turn[1:]
			l := d.lanes[agent]
			d.held -= l.expire(now)
			if l.ready() && d.free(l) {
				d.launch(ctx, agent, l)
				started = true
			}
			if len(l.waiting) > 0 {
				d.turn = append(d.turn, agent)
			} else {
				d.forget(agent, l)
			}
		}
	}
}

// free reports whether there is a slot for the lane. Slow endpoints together
// get half of them.
func (d *dispatcher) free(l *lane) bool {
	return d.running < d.concurrency && (!l.slow || d.slow < max(1, d.concurrency/2))
}

func (d *dispatcher) launch(ctx context.Context, agent market.AgentID, l *lane) {
	job := l.next()
	onSlow := l.slow
	d.held--
	d.running++
	if onSlow {
		d.slow++
	}
	d.under.Go(func() {
		r := result{agent: agent, onSlow: onSlow, failed: true}
		survives(d.log, "a delivery", func() { d.deliver(ctx, d.queue, &job.WebhookJob, &r) })
		d.results <- r
	})
}

func (d *dispatcher) ended(r result) {
	l := d.lanes[r.agent]
	l.ended(r.failed, r.took)
	d.running--
	if r.onSlow {
		d.slow--
	}
	d.forget(r.agent, l)
	d.remind(r.retryAt)
}

// remind sets the alarm for a delivery that is due again, unless it goes off
// before that anyway.
func (d *dispatcher) remind(at time.Time) {
	if at.IsZero() || !d.retryAt.IsZero() && !at.Before(d.retryAt) {
		return
	}
	d.retryAt, d.retry = at, d.queue.After(at.Sub(d.queue.Now()))
}

// forget drops a lane that has nothing to do. Slow endpoints are remembered,
// within bounds.
func (d *dispatcher) forget(agent market.AgentID, l *lane) {
	if l.idle() && (!l.slow || len(d.lanes) > maxSlowLanes) {
		delete(d.lanes, agent)
	}
}
