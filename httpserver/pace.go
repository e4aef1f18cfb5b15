package httpserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// pace bounds how slowly a client may send a body or read an answer. The client
// never pauses for longer than within, and all of n bytes take at most within
// and a second for every rate bytes.
type pace struct {
	within time.Duration
	rate   int64 // bytes a second
}

// until is the deadline of the piece that begins now and ends with byte n of a
// transfer that began at start.
func (p pace) until(start, now time.Time, n int64) time.Time {
	all := start.Add(p.within + time.Duration(n)*time.Second/time.Duration(p.rate))
	if piece := now.Add(p.within); piece.Before(all) {
		return piece
	}
	return all
}

const (
	// slowestRate is far below any usable connection: 8 MiB take less than five
	// minutes.
	slowestRate = 32 << 10
	// maxRest and restComes bound what is read of a body that is not needed, so
	// that the connection can serve another request. Usually that is only what has
	// already arrived.
	maxRest   = 256 << 10
	restComes = 5 * time.Millisecond
	// restShare of the time for a piece is what a client has after its answer,
	// before the connection is cut.
	restShare = 5
	// lastGrace is how long after Close a slow client may go on sending or
	// reading, and streamGrace the same for readers of streams, which can resume
	// without loss.
	lastGrace   = 3 * time.Second
	streamGrace = 500 * time.Millisecond
	// answerPiece is how much of an answer is written at once.
	answerPiece = 64 << 10
	// bigAnswer is what the buffers of a connection hold without waiting for the
	// client.
	bigAnswer = 64 << 10
)

// control reaches the connection. What a ResponseWriter does not support, for
// example a recorder in tests, is skipped.
func (c *call) control() *http.ResponseController {
	return http.NewResponseController(c.ResponseWriter)
}

// cutAfterClose sets a deadline that ends the transfer soon after Close. The
// returned function takes it back.
func (c *call) cutAfterClose(grace time.Duration, set func(time.Time) error) (stop func() bool) {
	if c.request.ProtoMajor > 1 {
		// In this case net/http accepts deadlines only from the handler's own
		// goroutine, so the deadline of each write has to suffice.
		return func() bool { return true }
	}
	return context.AfterFunc(c.server.streams, func() {
		defer c.contain("the end of a transfer", func() {})
		_ = set(time.Now().Add(grace))
	})
}

// paceBody makes the client send its body in time.
func (c *call) paceBody() {
	r := c.request
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return
	}
	own := *r
	c.body = &pacedBody{ReadCloser: r.Body, call: c}
	own.Body = c.body
	c.request = &own
}

// pacedBody is a request's body that has to come in time.
type pacedBody struct {
	io.ReadCloser
	call  *call
	read  int64
	over  bool // read to its end
	began time.Time
	stop  func() bool
}

// Read waits for the client, but not for long.
func (b *pacedBody) Read(p []byte) (int, error) {
	now := time.Now()
	if b.began.IsZero() {
		b.began = now
	}
	control := b.call.control()
	_ = control.SetReadDeadline(b.call.server.reading.until(b.began, now, b.read))
	if b.read > 0 && b.stop == nil { // most bodies come in one piece
		b.stop = b.call.cutAfterClose(lastGrace, control.SetReadDeadline)
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if errors.Is(err, io.EOF) && !b.over {
		b.end()
	}
	return n, err
}

// end gives the request its full time once its body has arrived.
func (b *pacedBody) end() {
	b.over = true
	if b.stop != nil {
		b.stop()
	}
	// Otherwise the deadline would end a request that waits.
	_ = b.call.control().SetReadDeadline(time.Time{})
	if time.Since(b.began) > b.call.server.reading.within/10 {
		b.call.renewTime()
	}
}

// leaveBody keeps the answer from waiting for an unread body: net/http would
// read it first, however long that takes. Unless the rest has already arrived,
// the connection is closed after the answer.
func (c *call) leaveBody() {
	b := c.body
	if b == nil || b.over || c.request.ProtoMajor > 1 {
		return
	}
	comes := restComes
	if c.request.Method == http.MethodGet || c.request.Method == http.MethodHead {
		comes = 0
	}
	_ = c.control().SetReadDeadline(time.Now().Add(comes))
	if n, err := io.CopyN(io.Discard, b.ReadCloser, maxRest); n == maxRest || !errors.Is(err, io.EOF) {
		c.Header()["Connection"] = []string{"close"}
		return
	}
	b.over = true
	_ = c.control().SetReadDeadline(time.Time{})
}

// paceAnswer sets the deadline by which the client has to read n more bytes.
// Streams set their own.
func (c *call) paceAnswer(n int) {
	if c.ownPace {
		return
	}
	now := time.Now()
	if c.answering.IsZero() {
		c.answering = now
	}
	control, size := c.control(), c.size+int64(n)
	if size > bigAnswer && c.stopAnswer == nil {
		c.stopAnswer = c.cutAfterClose(lastGrace, control.SetWriteDeadline)
	}
	until := c.server.writing.until(c.answering, now, size-c.earlier)
	if c.stopAnswer != nil && c.server.streams.Err() != nil {
		until = now.Add(min(time.Until(until), lastGrace))
	}
	_ = control.SetWriteDeadline(until)
}

// writePieces writes a large answer in pieces, each with its deadline: a client
// that does not read at all is cut as soon as the buffers are full.
func (c *call) writePieces(p []byte) (written int, err error) {
	for len(p) > 0 && err == nil {
		piece := p[:min(len(p), answerPiece)]
		c.paceAnswer(len(piece))
		var n int
		n, err = c.ResponseWriter.Write(piece)
		c.size += int64(n)
		written, p = written+n, p[n:]
	}
	return written, err
}

// SetWriteDeadline is for streams, of events and of pages, which keep the pace of
// their answers themselves. After Close it allows only a short time: readers of
// streams can resume without loss, and one that does not read must not hold up
// the shutdown.
func (c *call) SetWriteDeadline(deadline time.Time) error {
	c.ownPace = true
	set := c.control().SetWriteDeadline
	if c.stopAnswer == nil {
		c.stopAnswer = c.cutAfterClose(streamGrace, set)
	}
	err := set(deadline)
	if c.server.streams.Err() != nil {
		err = set(time.Now().Add(streamGrace))
	}
	return err
}

// endPace clears our deadlines for the next request on the connection, after
// flushing what is buffered. After a stream there is no next request.
func (c *call) endPace() {
	control, after := c.control(), time.Now().Add(c.server.reading.within/restShare)
	switch {
	case c.ownPace && c.stopAnswer != nil:
		_ = control.SetWriteDeadline(after)
	case !c.ownPace && !c.answering.IsZero():
		_ = control.Flush()
		_ = control.SetWriteDeadline(time.Time{})
	}
	if c.stopAnswer != nil {
		c.stopAnswer()
	}
	if b := c.body; b != nil && !b.over {
		if b.stop != nil {
			b.stop()
		}
		_ = control.SetReadDeadline(after)
	}
}
