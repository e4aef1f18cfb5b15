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

// openAfter is how long a stream may stay silent before it is opened: until
// then a refusal (malformed id, too many streams) still has its status code.
const openAfter = 20 * time.Millisecond

// events serves the event stream (contract §10).
func events(c *call) (any, error) {
	header := c.request.Header.Values("Last-Event-ID")
	after := ""
	if len(header) > 0 {
		after = header[0]
	}
	if len(header) > 1 || !clean(after) {
		return nil, invalid("Last-Event-ID", "must be one id that this stream has sent")
	}
	s := &stream{call: c, control: http.NewResponseController(c.ResponseWriter)}
	if c.request.Method == http.MethodHead {
		s.open()
		return nil, nil
	}
	return nil, s.run(after)
}

// stream writes the events of one agent to one client. Nothing of it but the
// request's own goroutine stays awake between events.
type stream struct {
	*call
	control *http.ResponseController
	cancel  context.CancelFunc

	mu     sync.Mutex // one writer at a time
	opened bool
	ended  bool
	beat   *time.Timer
}

func (s *stream) run(after string) error {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	defer context.AfterFunc(s.server.streams, cancel)()
	s.cancel = cancel
	_ = s.control.SetReadDeadline(time.Time{})
	s.mu.Lock()
	s.beat = time.AfterFunc(openAfter, s.comment)
	s.mu.Unlock()
	defer s.end()
	for event, err := range s.agentAPI().Events(ctx, after) {
		if err != nil {
			return s.failed(ctx, err)
		}
		if !s.push(frame(event)) {
			return nil
		}
	}
	return nil
}

// end keeps a late heartbeat from writing to an answer that is over.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.beat.Stop()
	if !s.opened {
		s.open()
	}
}

// failed lets a refusal have its status if nothing was sent yet. Later the
// stream can only end: the client connects again and is told why.
func (s *stream) failed(ctx context.Context, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.opened && ctx.Err() == nil {
		s.opened = true // the refusal is the answer
		return err
	}
	if !errors.Is(err, market.ErrForbidden) {
		s.logFailure(err)
	}
	return nil
}

// comment keeps the connection alive and notices when the reader is gone.
func (s *stream) comment() {
	if s.push([]byte(":\n\n")) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.ended {
			s.beat.Reset(s.server.heartbeat)
		}
	}
}

// push writes and flushes, and ends the stream when the reader does not take it
// in time.
func (s *stream) push(data []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	if !s.opened {
		s.open()
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(s.server.slowestRead))
	_, err := s.Write(data)
	if err == nil {
		err = s.control.Flush()
	}
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.ended = true
		s.cancel()
		return false
	}
	return true
}

func (s *stream) open() {
	s.opened = true
	h := s.Header()
	h["Content-Type"] = []string{"text/event-stream"}
	h["Cache-Control"] = noStore
	h["X-Accel-Buffering"] = []string{"no"} // nginx would collect events
	s.WriteHeader(http.StatusOK)
}

// flat is the data of an event: the event's own fields beside type and task.
type flat struct {
	Type   market.EventType `json:"type"`
	TaskID market.TaskID    `json:"task_id,omitempty"`
	market.EventData
	At time.Time `json:"at,omitzero"`
}

// frame writes an event as a stream has it. An event without a type only tells
// where the stream is; gap has no id, since nothing can resume after it.
func frame(e market.StreamEvent) []byte {
	out := make([]byte, 0, 256)
	if e.ID != "" {
		out = append(append(append(out, "id: "...), e.ID...), '\n')
	}
	if e.Type != "" {
		data, err := json.Marshal(flat{e.Type, e.Task, e.Data, e.At})
		if err != nil {
			data = []byte("{}") // no field of it can fail
		}
		out = append(append(append(out, "event: "...), e.Type...), '\n')
		out = append(append(append(out, "data: "...), data...), '\n')
	}
	return append(out, '\n')
}
