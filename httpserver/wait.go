package httpserver

import (
	"context"
	"net/http"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// patient returns a context for a call that may wait for d. It ends with Close,
// and the server's own time limits for reading and writing are extended for it.
func (c *call) patient(d time.Duration) (context.Context, context.CancelFunc) {
	limit := d + max(c.server.options.Timeout, defaultTimeout)
	control := http.NewResponseController(c.ResponseWriter)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Now().Add(limit + slowestRead))
	return c.server.untilClosed(context.WithTimeout(c.unlimited, limit))
}

// untilClosed is a context whose waits end when the server does.
func (s *Server) untilClosed(ctx context.Context, cancel context.CancelFunc) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.waits, func() { end(market.ErrWaitOver) })
	return ctx, func() { stop(); end(nil); cancel() }
}

// patientIf is patient for a call that may wait, and the call's own context for one
// that does not.
func (c *call) patientIf(d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return c.ctx, func() {}
	}
	return c.patient(d)
}

// post posts a task, and waits for its result if the poster asked for that.
func (c *call) post(in market.PostInput) (market.Posted, error) {
	if in.Wait <= 0 || in.Wait > limits.WaitSeconds*time.Second {
		return c.agentAPI().Post(c.ctx, in) // which does not wait, or refuses to
	}
	ctx, cancel := c.patient(in.Wait)
	defer cancel()
	return c.agentAPI().Post(ctx, in)
}

// task returns a task, after waiting for it if asked to.
func (c *call) task(id market.TaskID, wait time.Duration) (market.Task, error) {
	ctx, cancel := c.patientIf(wait)
	defer cancel()
	return c.agentAPI().Task(ctx, id, wait)
}
