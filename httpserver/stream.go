package httpserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// source is a market.Stream.
type source interface {
	// Next waits for events and returns at least one.
	Next(ctx context.Context) ([]market.StreamEvent, error)
	// Position is the id after which the stream continues.
	Position() string
	Close()
}

// events serves the event stream (rule 11.4). Refusals come before the
// stream is open, with a status of their own.
func events(c *call) (any, error) {
	header := c.request.Header.Values("Last-Event-ID")
	after := ""
	if len(header) > 0 {
		after = header[0]
	}
	if len(header) > 1 || !clean(after) {
		return nil, invalid("Last-Event-ID", "must be one id that this stream has sent")
	}
	from, err := c.server.open(c.ctx, c.agent, after)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	s := &stream{call: c, control: http.NewResponseController(c)}
	s.start()
	if c.request.Method != http.MethodHead {
		defer c.server.measure.streaming(c.ctx)()
		s.follow(from)
	}
	return nil, nil
}

// stream writes the events of one agent to one client. Between events it does
// no work and holds only the request's goroutine.
type stream struct {
	*call
	control *http.ResponseController
	cancel  context.CancelFunc

	mu   sync.Mutex  // one writer at a time: events, or the heartbeat
	beat *time.Timer // nil when the stream is over
}

func (s *stream) start() {
	h := s.Header()
	h["Content-Type"] = []string{"text/event-stream"}
	h["Cache-Control"] = noStore
	h["X-Accel-Buffering"] = []string{"no"} // nginx would collect events
	if s.request.ProtoMajor == 1 {
		h["Connection"] = []string{"close"} // the last request of its connection
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(s.server.slowestRead))
	s.WriteHeader(http.StatusOK)
}

// follow writes until the client hangs up or stops reading, or the server
// closes.
func (s *stream) follow(from source) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	defer context.AfterFunc(s.server.streams, cancel)()
	s.cancel = cancel
	_ = s.control.SetReadDeadline(time.Time{})
	s.mu.Lock()
	s.beat = time.AfterFunc(s.server.heartbeat, s.comment)
	s.mu.Unlock()
	defer s.end()
	// This first id lets a client resume that loses its connection before its
	// first event.
	for data := openingOf(from.Position()); s.push(data); {
		events, err := from.Next(ctx)
		if err != nil {
			s.ended(ctx, err)
			return
		}
		data = data[:0]
		for _, event := range events {
			data = appendEvent(data, event)
		}
	}
}

// ended logs why the stream ended, if the reason is unusual. The client
// connects again, and any refusal then has a status.
func (s *stream) ended(ctx context.Context, err error) {
	usual := errors.Is(err, market.ErrForbidden) || errors.Is(err, market.ErrRateLimited)
	if ctx.Err() == nil && !usual {
		s.logFailure(err)
	}
}

// end keeps a late heartbeat from writing to an answer that has ended.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beat.Stop()
	s.beat = nil
}

// comment keeps proxies from closing a quiet connection, and detects readers
// that have gone.
func (s *stream) comment() {
	defer s.contain("the heartbeat of a stream", s.cancel)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.beat != nil && s.write(comment) {
		s.beat.Reset(s.server.heartbeat)
	}
}

var comment = []byte(":\n\n")

func (s *stream) push(data []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(data)
}

// write ends the stream of a reader that does not read the data in time.
// Between two writes there is no deadline, since over HTTP/2 one that passes
// resets the stream even if nothing is being written.
func (s *stream) write(data []byte) bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.server.slowestRead))
	_, err := s.Write(data)
	if err == nil {
		err = s.control.Flush()
	}
	_ = s.control.SetWriteDeadline(time.Time{})
	if err != nil {
		s.cancel()
	}
	return err == nil
}

// flat is the data of an event: the event's own fields beside type and task.
type flat struct {
	Type   market.EventType `json:"type"`
	TaskID market.TaskID    `json:"task_id,omitempty"`
	market.EventData
	At market.Time `json:"at,omitzero"`
}

func openingOf(position string) []byte {
	return append(append([]byte(": stream open\nid: "), position...), "\n\n"...)
}

// appendEvent writes an event as streams have it. A gap has no id: nothing can
// resume after it.
func appendEvent(out []byte, e market.StreamEvent) []byte {
	data, err := json.Marshal(flat{e.Type, e.Task, e.Data, market.NewTime(e.At)})
	if err != nil {
		return out // no field of it can fail
	}
	if e.ID != "" {
		out = append(append(append(out, "id: "...), e.ID...), '\n')
	}
	out = append(append(append(out, "event: "...), e.Type...), '\n')
	return append(append(append(out, "data: "...), data...), "\n\n"...)
}
