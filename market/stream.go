package market

import (
	"context"
	"iter"
	"strconv"
	"sync"
	"time"
)

// streamBatch bounds what one read of the log brings.
const streamBatch = 100

// Stream follows an agent's event log from a position (contract §10). It
// holds no database connection, no goroutine and no lock between reads. Use it
// from one goroutine, and Close it.
type Stream struct {
	h     *Handle
	after int64
	gap   bool
	wake  <-chan struct{}
	stop  func()
	once  sync.Once
}

// Stream opens a stream after an event id that was sent before, or from now on
// when after is "".
//
// Errors: ErrInvalid for a malformed id, ErrRateLimited beyond
// Policy.MaxStreams in this process, ErrSuspended, ErrUnauthorized.
func (h *Handle) Stream(ctx context.Context, after string) (*Stream, error) {
	seq, err := parseEventID(after)
	if err != nil {
		return nil, err
	}
	if !h.m.streams.enter(h.id, h.m.policy.MaxStreams) {
		err := refuse(CodeTooManyStreams, "At most %d event streams at once", h.m.policy.MaxStreams)
		err.RetryAfter = time.Second
		return nil, err
	}
	s := &Stream{h: h, after: seq}
	s.wake, s.stop = h.m.notifier.Listen(h.id)
	if err := s.begin(ctx, after == ""); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// begin finds out where the stream starts, and whether something before that
// is gone.
func (s *Stream) begin(ctx context.Context, now bool) error {
	page, err := s.h.m.store.Events(ctx, s.h.id, s.after, 1)
	if err != nil {
		return known(ctx, err)
	}
	if page.Suspended {
		return refuse(CodeSuspended, "Agent suspended")
	}
	switch {
	case now:
		s.after = page.Head
	case s.after > page.Head:
		// The id is from another life of the store, a backup or a memory store.
		s.after, s.gap = 0, true
	case s.after < page.Oldest-1:
		s.gap = true
	}
	return nil
}

// Next waits for events and returns at least one. It ends with the context's
// error, ErrSuspended when the agent is suspended, or ErrUnavailable.
func (s *Stream) Next(ctx context.Context) ([]StreamEvent, error) {
	if s.gap {
		s.gap = false
		return []StreamEvent{{Event: Event{Agent: s.h.id, Type: EventGap, At: s.h.m.now()}}}, nil
	}
	for {
		page, err := s.h.m.store.Events(ctx, s.h.id, s.after, streamBatch)
		if err != nil {
			return nil, known(ctx, err)
		}
		if page.Suspended {
			return nil, refuse(CodeSuspended, "Agent suspended")
		}
		if len(page.Events) > 0 {
			return s.deliver(page.Events), nil
		}
		if err := s.wait(ctx); err != nil {
			return nil, err
		}
	}
}

func (s *Stream) wait(ctx context.Context) error {
	select {
	case <-s.wake:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Stream) deliver(events []Event) []StreamEvent {
	out := make([]StreamEvent, len(events))
	for i, e := range events {
		out[i] = StreamEvent{ID: eventID(e.Seq), Event: e}
	}
	s.after = events[len(events)-1].Seq
	return out
}

// Close gives the stream's place to another one. It may be called twice.
func (s *Stream) Close() {
	s.once.Do(func() {
		s.stop()
		s.h.m.streams.leave(s.h.id)
	})
}

// Events yields the agent's events after an id, or from now on (contract §10).
// It is Stream as an iterator.
func (h *Handle) Events(ctx context.Context, after string) iter.Seq2[StreamEvent, error] {
	return func(yield func(StreamEvent, error) bool) {
		s, err := h.Stream(ctx, after)
		if err != nil {
			yield(StreamEvent{}, err)
			return
		}
		defer s.Close()
		for {
			events, err := s.Next(ctx)
			if err != nil {
				yield(StreamEvent{}, err)
				return
			}
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// Event ids are the numbers of the agent's log. Clients treat them as opaque.
func eventID(seq int64) string { return strconv.FormatInt(seq, 10) }

func parseEventID(id string) (int64, error) {
	if id == "" {
		return 0, nil
	}
	seq, err := strconv.ParseInt(id, 10, 64)
	if err != nil || seq < 0 || eventID(seq) != id {
		return 0, invalid("Last-Event-ID", "is not an event id")
	}
	return seq, nil
}

// streamCounter bounds the streams of each agent.
type streamCounter struct {
	mu   sync.Mutex
	open map[AgentID]int
}

func (c *streamCounter) enter(id AgentID, most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if most > 0 && c.open[id] >= most {
		return false
	}
	if c.open == nil {
		c.open = map[AgentID]int{}
	}
	c.open[id]++
	return true
}

func (c *streamCounter) leave(id AgentID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[id]--; c.open[id] <= 0 {
		delete(c.open, id)
	}
}
