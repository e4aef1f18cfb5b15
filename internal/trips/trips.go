// Package trips counts a store's round trips to its server, for the tests of the
// stores.
package trips

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Counter counts how often somebody wrote to a server after having read from
// it, on all connections made with Dial: the round trips, whatever they carry.
type Counter struct{ n atomic.Int64 }

// Dial makes a connection that is counted.
func (c *Counter) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &counted{Conn: conn, counter: c}, err
}

type counted struct {
	net.Conn
	counter *Counter
	asked   atomic.Bool
}

func (c *counted) Write(b []byte) (int, error) {
	if !c.asked.Swap(true) {
		c.counter.n.Add(1)
	}
	return c.Conn.Write(b)
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.asked.Store(false)
	}
	return n, err
}

// stage is a marketplace with a poster and a worker, and the tasks that one
// round of the test works on.
type stage struct {
	*markettest.Kit
	poster, worker                                        *markettest.Agent
	open, claimed, second, delivered, third, fourth, talk market.TaskID
}

func (s *stage) set() {
	s.Helper()
	s.open, s.second = s.poster.Post("open", markettest.Budget(1)), s.poster.Post("second", markettest.Budget(1))
	s.claimed, s.fourth = s.poster.Post("claimed", markettest.Budget(1)), s.poster.Post("abandoned", markettest.Budget(1))
	s.delivered, s.third = s.poster.Post("delivered", markettest.Budget(1)), s.poster.Post("rejected", markettest.Budget(1))
	s.talk = s.poster.Post("talk", markettest.Budget(1))
	for _, id := range []market.TaskID{s.claimed, s.delivered, s.third, s.fourth, s.talk} {
		s.worker.Claim(id)
	}
	s.worker.Deliver(s.delivered, "done")
	s.worker.Deliver(s.third, "done")
}

// Check proves that every operation on the store, whose connections c counts,
// costs one round trip to load and one to commit, and one more that
// authenticates and charges the rate limit.
func Check(t *testing.T, store market.Store, c *Counter) {
	t.Helper()
	k := markettest.New(t, markettest.Store(store), markettest.CheckRarely(), markettest.Policy(func(p *market.Policy) { p.NewcomerClaims = 0 }))
	s := &stage{Kit: k, poster: k.Agent("poster", markettest.Granted(100_000)), worker: k.Agent("worker")}
	post := market.PostInput{Need: "task", MaxCredits: 1}
	ctx := k.Ctx
	for _, op := range []struct {
		name string
		most int64
		do   func() error
	}{
		{"authenticate and charge", 1, func() error {
			_, _, err := k.Market.Admit(ctx, s.poster.Key, &market.Charge{Bucket: "test", Every: time.Second, Burst: 1_000})
			return err
		}},
		{"post", 2, func() error { _, err := s.poster.API.Post(ctx, post); return err }},
		{"pickup", 2, func() error { _, _, err := s.worker.API.Pickup(ctx, market.Filter{}); return err }},
		{"pickup batch", 2, func() error {
			_, err := s.worker.API.PickupBatch(ctx, market.BatchInput{Count: 5})
			return err
		}},
		{"pickup task", 2, func() error { _, err := s.worker.API.PickupTask(ctx, s.second); return err }},
		{"deliver", 2, func() error {
			_, err := s.worker.API.Deliver(ctx, s.claimed, market.DeliverInput{Result: "done"})
			return err
		}},
		{"approve", 2, func() error { _, err := s.poster.API.Approve(ctx, s.delivered, market.ApproveInput{}); return err }},
		{"reject", 2, func() error {
			_, err := s.poster.API.Reject(ctx, s.third, market.RejectInput{Reason: "no"})
			return err
		}},
		{"abandon", 2, func() error { _, err := s.worker.API.Abandon(ctx, s.fourth); return err }},
		{"cancel", 2, func() error { _, err := s.poster.API.Cancel(ctx, s.open); return err }},
		{"message", 2, func() error { _, err := s.worker.API.SendMessage(ctx, s.talk, "hello"); return err }},
		{"read a task", 1, func() error { _, err := s.poster.API.Task(ctx, s.talk, 0); return err }},
		{"read the books", 2, func() error { _, err := s.poster.API.Credits(ctx, market.Page{}); return err }},
	} {
		t.Run(op.name, func(t *testing.T) {
			if n := s.fewest(t, c, op.most, op.do); n > op.most {
				t.Errorf("%d round trips, at most %d are allowed", n, op.most)
			}
		})
	}
}

// fewest repeats the operation on new tasks: the first time the server learns
// its statements or its script, and on a slow machine the board is a moment too
// old and reads the feed before it offers.
func (s *stage) fewest(t *testing.T, c *Counter, enough int64, do func() error) (fewest int64) {
	t.Helper()
	for try := 0; try < 8 && (try == 0 || fewest > enough); try++ {
		s.set()
		s.worker.Browse()
		before := c.n.Load()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if n := c.n.Load() - before; try == 0 || n < fewest {
			fewest = n
		}
	}
	return fewest
}
