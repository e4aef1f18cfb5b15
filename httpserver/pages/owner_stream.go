package pages

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// maxOwnerStreams is how many pages of one owner are kept up to date at once: they take
// places of the agent's own streams.
const maxOwnerStreams = 5

// ownerStream tells an owner's page of the agent's events, so that it can be loaded
// again. Each message is the id of the task that the event is about, or empty. It ends
// with the session.
func (p *pages) ownerStream(w http.ResponseWriter, r *http.Request, o *owner) {
	room := "owner " + string(o.ID)
	if !p.viewers.enter(room, maxOwnerStreams) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "enough pages of this agent are followed", http.StatusServiceUnavailable)
		return
	}
	defer p.viewers.leave(room)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(p.api.Closing(), cancel)()
	stream, err := p.market.As(o.ID).Stream(ctx, "")
	if err != nil {
		p.refused(w, r, err)
		return
	}
	defer stream.Close()
	v := p.openStream(w, r)
	for v.send([]byte(":\n\n")) && p.tell(ctx, v, stream) {
		// A session that was ended elsewhere ends here too.
		if _, _, err := p.market.AdmitSession(ctx, o.token, nil); errors.Is(err, market.ErrUnauthorized) || errors.Is(err, market.ErrSuspended) {
			return
		}
	}
}

// tell passes on what happens until nothing has happened for a beat, and reports
// whether there may be more.
func (p *pages) tell(ctx context.Context, v *viewer, stream *market.Stream) bool {
	for {
		quiet, cancel := context.WithTimeout(ctx, beat)
		events, err := stream.Next(quiet)
		cancel()
		if err != nil {
			return ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded)
		}
		for _, e := range events {
			if !v.send(event([]byte(e.Task))) {
				return false
			}
		}
	}
}

// openStream begins an answer of server-sent events.
func (p *pages) openStream(w http.ResponseWriter, r *http.Request) *viewer {
	secure(w, "text/event-stream", policy)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would collect events
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close") // the last request of its connection
	}
	w.WriteHeader(http.StatusOK)
	v := &viewer{control: http.NewResponseController(w), w: w, slowest: slowestViewer}
	_ = v.control.SetReadDeadline(time.Time{})
	return v
}
