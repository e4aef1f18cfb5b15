package worker

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Option changes how Run works.
type Option func(*config)

type config struct {
	api         market.AgentAPI
	do          Func
	filter      market.Filter
	concurrency int
	max         int
	once        bool
	pause       time.Duration
	limit       time.Duration
	grace       time.Duration
	kill        context.Context
	record      Record
	observers   []func(Event)
}

func configOf(api market.AgentAPI, do Func, options []Option) config {
	c := config{
		api: api, do: do, concurrency: 1, filter: market.Filter{Wait: time.Minute},
		pause: 5 * time.Second, grace: 10 * time.Second,
	}
	for _, o := range options {
		if o != nil {
			o(&c)
		}
	}
	if c.once {
		c.filter.Wait = 0
	}
	return c
}

// Filter narrows what is picked up. Its Wait is how long a pickup waits for a task
// before it is made anew; 0 stands for a minute.
func Filter(f market.Filter) Option {
	return func(c *config) {
		if f.Wait == 0 {
			f.Wait = c.filter.Wait
		}
		c.filter = f
	}
}

// Concurrency is how many tasks are done at once, 1 without it.
func Concurrency(n int) Option { return func(c *config) { c.concurrency = max(n, 1) } }

// TimeLimit ends the function's context with ErrTimeout after so long, and its task is
// given back; 0, as without it, is no limit.
func TimeLimit(d time.Duration) Option { return func(c *config) { c.limit = d } }

// Grace is how long functions may go on after the run should end; 10 s without it.
func Grace(d time.Duration) Option { return func(c *config) { c.grace = d } }

// Kill ends the grace early, when ctx ends.
func Kill(ctx context.Context) Option { return func(c *config) { c.kill = ctx } }

// Pause is how long the run rests after a failure, doubled for each one in a row up to
// 10 minutes, and before it asks a marketplace again that cannot be reached or does not
// let pickups wait; 5 s without it.
func Pause(d time.Duration) Option { return func(c *config) { c.pause = max(d, time.Millisecond) } }

// Max ends the run after so many tasks; 0, as without it, is no end.
func Max(tasks int) Option { return func(c *config) { c.max = tasks } }

// Once ends the run when nothing is on offer and all is done, or after a failure; when
// pickups are blocked it ends with that refusal.
func Once() Option { return func(c *config) { c.once = true } }

// Keep keeps the run's claims in a record, so that the next run with it goes on with
// them: after the end of the program, however it came, and without giving them back.
// Only one run may use a record at a time, and for one agent.
func Keep(r Record) Option { return func(c *config) { c.record = r } }

// Observe calls f with what happens, one call at a time.
func Observe(f func(Event)) Option {
	return func(c *config) { c.observers = append(c.observers, f) }
}
