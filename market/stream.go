package market

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// streamBatch bounds how many events one read of the log returns.
const streamBatch = 100

// Stream follows an agent's event log from a position (rule 11.4). It
// holds no database connection, no goroutine and no lock between reads. Use it
// from one goroutine, and Close it.
type Stream struct {
	h     *Handle
	after int64
	gap   bool
	ear   *listener
	once  sync.Once
	// replaced is closed when a newer stream takes this one's place.
	replaced chan struct{}
}

// Stream opens a stream after an event id that was sent before, or from now on
// when after is "". Beyond Policy.MaxStreams in this process it replaces the
// agent's oldest stream, whose Next then ends with CodeTooManyStreams. The oldest
// has to go because a stream whose connection died silently looks the same as one
// that is still read.
//
// Errors: ErrInvalid for a malformed id, ErrSuspended, ErrUnauthorized.
func (h *Handle) Stream(ctx context.Context, after string) (_ *Stream, err error) {
	finish := h.m.meter.operation(&ctx, "stream")
	defer func() { finish(err) }()
	seq, err := parseEventID(after)
	if err != nil {
		return nil, err
	}
	s := &Stream{h: h, after: seq, ear: h.m.ear.listen(h.id), replaced: make(chan struct{})}
	h.m.streams.enter(s, h.m.policy.MaxStreams)
	if err := s.begin(ctx, after == ""); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// begin finds out where the stream starts, and whether events before that have
// been deleted.
func (s *Stream) begin(ctx context.Context, now bool) error {
	page, err := s.h.m.store.Events(ctx, s.h.id, s.after, 1)
	if err != nil {
		return known(ctx, err)
	}
	if page.Suspended {
		return rules.Refuse(CodeSuspended, "Agent suspended")
	}
	switch {
	case now:
		s.after = page.Head
	case s.after > page.Head:
		// The id is from before the store was restored from a backup, or from a
		// memory store that was restarted.
		s.after, s.gap = 0, true
	case s.after < page.Oldest-1:
		s.gap = true
	}
	return nil
}

// Next waits for events and returns at least one. It ends with the context's
// error, ErrSuspended when the agent is suspended, ErrRateLimited when a newer
// stream took its place, or ErrUnavailable.
func (s *Stream) Next(ctx context.Context) ([]StreamEvent, error) {
	if s.gap {
		s.gap = false
		return []StreamEvent{{Event: Event{Agent: s.h.id, Type: store.EventGap, At: s.h.m.now()}}}, nil
	}
	for {
		if s.isReplaced() {
			return nil, rules.Refuse(CodeTooManyStreams, "A newer event stream took the place of this one: at most %d at once", s.h.m.policy.MaxStreams)
		}
		page, err := s.h.m.store.Events(ctx, s.h.id, s.after, streamBatch)
		if err != nil {
			return nil, known(ctx, err)
		}
		if page.Suspended {
			return nil, rules.Refuse(CodeSuspended, "Agent suspended")
		}
		if len(page.Events) > 0 {
			return s.deliver(page.Events), nil
		}
		s.ear.knows(page.Head)
		if s.ear.wait(ctx, calls{look: s.replaced}) == callOff {
			return nil, context.Cause(ctx)
		}
	}
}

func (s *Stream) isReplaced() bool {
	select {
	case <-s.replaced:
		return true
	default:
		return false
	}
}

func (s *Stream) deliver(events []Event) []StreamEvent {
	out := make([]StreamEvent, len(events))
	for i, e := range events {
		out[i] = StreamEvent{ID: eventID(e.Seq), Event: ownEvent(e)}
	}
	s.after = events[len(events)-1].Seq
	return out
}

// Close frees the stream's place. It may be called more than once.
func (s *Stream) Close() {
	s.once.Do(func() {
		s.ear.stop()
		s.h.m.streams.leave(s)
	})
}

type streamStart struct{}

// WithStart returns a context under which Handle.Events calls f once, before it yields
// anything, with the id after which it begins: whatever happens from then on is yielded. So
// what f reads and what comes after it is all that there is, without a gap between them. An
// HTTP client's Events does not call f.
func WithStart(ctx context.Context, f func(after string)) context.Context {
	return context.WithValue(ctx, streamStart{}, f)
}

// Events yields the agent's events after an id, or from now on (rule 11.4).
// It is Stream as an iterator.
func (h *Handle) Events(ctx context.Context, after string) iter.Seq2[StreamEvent, error] {
	return func(yield func(StreamEvent, error) bool) {
		s, err := h.Stream(ctx, after)
		if err != nil {
			yield(StreamEvent{}, err)
			return
		}
		defer s.Close()
		if started, ok := ctx.Value(streamStart{}).(func(string)); ok {
			started(s.Position())
		}
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
		return 0, rules.Invalid("Last-Event-ID", "is not an event id")
	}
	return seq, nil
}

// streamCounter bounds the streams of each agent; the oldest goes first.
type streamCounter struct {
	mu   sync.Mutex
	open map[AgentID][]*Stream // oldest first
}

func (c *streamCounter) enter(s *Stream, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[AgentID][]*Stream{}
	}
	all := c.open[s.h.id]
	if most > 0 && len(all) >= most {
		close(all[0].replaced)
		all = slices.Delete(all, 0, 1)
	}
	c.open[s.h.id] = append(all, s)
}

// leave removes a stream, unless it was replaced and so removed already.
func (c *streamCounter) leave(s *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := slices.DeleteFunc(c.open[s.h.id], func(other *Stream) bool { return other == s })
	if c.open[s.h.id] = left; len(left) == 0 {
		delete(c.open, s.h.id)
	}
}

// ownEvent is the event with data that nobody else holds.
func ownEvent(e Event) Event {
	e.Data.Credits = copyOf(e.Data.Credits)
	e.Data.Rank = copyOf(e.Data.Rank)
	e.Data.Percent = copyOf(e.Data.Percent)
	e.Data.MeetsRequirements = copyOf(e.Data.MeetsRequirements)
	e.Data.Tags = slices.Clone(e.Data.Tags)
	e.Data.Metadata = maps.Clone(e.Data.Metadata)
	return e
}
