package httpclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"time"

	"github.com/tmaxmax/go-sse"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// Events yields the agent's events from after on: an id that was yielded
// before, or "" for now. When the connection ends, it is made again from the
// last event on, with growing pauses of at most a minute, until ctx ends;
// nothing is lost for 7 days (rule 11.4). The sequence ends with one error: the
// context's, or one that connecting again cannot cure, such as a refused key or
// a malformed id.
//
// Event.Agent is the agent's id where it is known without asking; Event.Seq is
// 0, since ids are opaque to clients.
func (c *Client) Events(ctx context.Context, after string) iter.Seq2[market.StreamEvent, error] {
	return func(yield func(market.StreamEvent, error) bool) {
		if !isHeader(after) {
			yield(market.StreamEvent{}, invalid("Last-Event-ID", "is not an event id"))
			return
		}
		s := subscription{client: c, position: after, yield: yield}
		for failures := 1; ; failures++ {
			position := s.position
			err := s.connect(ctx)
			if s.stopped {
				return
			}
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if ctx.Err() != nil || s.final(err) {
				yield(market.StreamEvent{}, err)
				return
			}
			if s.position != position || s.lived() {
				failures = 1
			}
			delay := reconnectDelay(failures, err)
			c.options.tell(err, delay)
			_ = sleep(ctx, delay)
		}
	}
}

// lived reports whether the last connection was open for longer than the server's
// heartbeat, a third of the idle time. Such a connection worked, so its end is no
// reason for longer pauses.
func (s *subscription) lived() bool {
	return !s.since.IsZero() && time.Since(s.since) > s.client.options.idle/3
}

const slowestReconnect = time.Minute

func reconnectDelay(failures int, err error) time.Duration {
	delay := backoff(failures, slowestReconnect)
	var refused *market.Error
	if errors.As(err, &refused) && refused.RetryAfter > 0 {
		delay = max(delay, min(refused.RetryAfter, slowestReconnect))
	}
	return delay
}

// subscription is one run of Events over several connections.
type subscription struct {
	client   *Client
	position string // id of the last event seen
	yield    func(market.StreamEvent, error) bool
	opened   bool // the server has accepted a connection before
	stopped  bool // the consumer wants no more
	// since is when the last connection was accepted, zero when it was not.
	since time.Time
}

// final reports whether connecting again is of no use. Too many streams is
// final at first; later it may be caused by our own old connection, whose end
// the server has not noticed yet.
func (s *subscription) final(err error) bool {
	return !isPassing(err) || !s.opened && errors.Is(err, market.ErrRateLimited)
}

var errStreamEnded = errors.New("the event stream ended")

// connect reads one connection to its end and says why it ended.
func (s *subscription) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	idle := time.AfterFunc(s.client.options.idle, func() { cancel(errSilent) })
	defer idle.Stop()
	res, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	alive := &pulse{from: res.Body, timer: idle, every: s.client.options.idle}
	return s.read(alive)
}

func (s *subscription) open(ctx context.Context) (*http.Response, error) {
	c := s.client
	s.since = time.Time{}
	req, err := c.request(ctx, get("/v1/events", nil), nil, "")
	if err != nil {
		return nil, err
	}
	// A stream is not JSON, but a refusal still is.
	req.Header.Set("Accept", "text/event-stream, application/json;q=0.9")
	if s.position != "" {
		req.Header.Set("Last-Event-ID", s.position)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(c.Server(), err)
	}
	if res.StatusCode == http.StatusOK && isStream(res) {
		s.opened, s.since = true, time.Now()
		c.options.tell(nil, 0)
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode == http.StatusOK {
		return nil, errNoStream
	}
	data, err := c.read(res)
	if err != nil {
		return nil, err
	}
	return nil, refusal(res, data)
}

var errNoStream = &market.Error{
	Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Message: "The server's answer is not an event stream; is the address right?",
}

// isStream also accepts an answer without a content type.
func isStream(res *http.Response) bool {
	said := res.Header.Get("Content-Type")
	typ, _, err := mime.ParseMediaType(said)
	return said == "" || err == nil && typ == "text/event-stream"
}

const largestEvent = 1 << 20

var errLargeEvent = &market.Error{
	Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Cause: errTooLarge,
	Message: fmt.Sprintf("The server sent an event larger than %d bytes", largestEvent),
}

func (s *subscription) read(r io.Reader) error {
	for raw, err := range sse.Read(r, &sse.ReadConfig{MaxEventSize: largestEvent}) {
		if errors.Is(err, bufio.ErrTooLong) {
			return errLargeEvent
		}
		if err != nil {
			return unreachable(s.client.Server(), err)
		}
		if raw.LastEventID != "" {
			s.position = raw.LastEventID
		}
		if raw.Data == "" {
			continue // an id alone: where the stream starts
		}
		event, err := s.client.event(raw)
		if err != nil {
			return err
		}
		if !s.yield(event, nil) {
			s.stopped = true
			return nil
		}
	}
	return unreachable(s.client.Server(), errStreamEnded)
}

// event reads the flat data of an event.
func (c *Client) event(raw sse.Event) (market.StreamEvent, error) {
	var flat struct {
		Type market.EventType `json:"type"`
		Task market.TaskID    `json:"task_id"`
		At   market.Time      `json:"at"`
		market.EventData
	}
	if err := (answer{body: []byte(raw.Data)}).decode(&flat); err != nil {
		return market.StreamEvent{}, err
	}
	if flat.Type == "" {
		flat.Type = market.EventType(raw.Type)
	}
	e := market.Event{Agent: *c.id.Load(), Type: flat.Type, Task: flat.Task, Data: flat.EventData, At: flat.At.Time}
	out := market.StreamEvent{ID: raw.LastEventID, Event: e}
	if e.Type == store.EventGap {
		out.ID = ""
	}
	return out, nil
}

var errSilent = errors.New("nothing was heard for too long")

// pulse restarts the idle timer whenever something arrives, comments included.
type pulse struct {
	from  io.Reader
	timer *time.Timer
	every time.Duration
}

func (p *pulse) Read(b []byte) (int, error) {
	n, err := p.from.Read(b)
	if n > 0 {
		p.timer.Reset(p.every)
	}
	return n, err
}
