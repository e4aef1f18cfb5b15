package httpserver

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// Door is another protocol's way into the market, beside /v1. Its requests are held to
// the bounds of every other request: on headers, the size and pace of bodies, the pace
// of answers, and shutdown; they are logged, measured and traced under the door's path.
type Door struct {
	// Path, such as "/mcp", or "/a2a/" for all paths below; outside /v1.
	Path string
	// Public lets anybody in: a request is charged to its client address as a public
	// read, and has no agent. Else it is authenticated as on the routes of agents, by
	// bearer key or by Options.Authenticate, and whoever is refused gets the answer of
	// these routes.
	Public bool
	// Open makes the handler; New calls it once. Agent gives the handler its caller. A
	// request has no time limit of its own, since it may wait or stream: a handler ends
	// when the request's context or Server.Closing does. What it writes and flushes has
	// to be read within the pace of any answer.
	Open func(*Server) http.Handler
}

// doorway is a Door as it is served.
type doorway struct {
	route   Route
	handler http.Handler
}

func (o *Options) checkDoors() error {
	seen := map[string]bool{}
	for _, d := range o.Doors {
		clean := path.Clean(d.Path)
		switch {
		case d.Open == nil:
			return fmt.Errorf("httpserver: the door %q opens nothing", d.Path)
		case clean == "/" || !strings.HasPrefix(d.Path, "/") || strings.TrimSuffix(d.Path, "/") != clean || isAPI(clean):
			return fmt.Errorf("httpserver: a door must have a clean path of its own, such as /mcp, not %q", d.Path)
		case seen[clean]:
			return fmt.Errorf("httpserver: two doors have the path %q", clean)
		}
		seen[clean] = true
	}
	return nil
}

func (s *Server) openDoors() {
	for _, d := range s.options.Doors {
		caller, limit := CallerAgent, Class("")
		if d.Public {
			caller, limit = CallerAnyone, ClassRead
		}
		route := Route{Name: d.Path, Path: d.Path, Caller: caller, Limit: limit, JSONOnly: true}
		s.doors = append(s.doors, &doorway{route, d.Open(s)})
	}
}

// HasDoor reports whether a path is a door's, so that documents can lead there.
func (s *Server) HasDoor(path string) bool { return s.door(path) != nil }

// door finds the door of a path; nil when there is none.
func (s *Server) door(path string) *doorway {
	for _, d := range s.doors {
		own := strings.TrimSuffix(d.route.Path, "/")
		rest, under := strings.CutPrefix(path, own)
		if under && (rest == "" || rest == "/" || own != d.route.Path && rest[0] == '/') {
			return d
		}
	}
	return nil
}

// enter serves a request at a door.
func (d *doorway) enter(c *call) error {
	c.route = &d.route
	c.limitTime()
	defer func() { c.endTime() }()
	if err := c.server.admit(c); err != nil {
		return err
	}
	if err := c.server.checkLength(c.request); err != nil {
		return err
	}
	c.endTime()
	control := c.control()
	_ = control.SetReadDeadline(time.Time{}) // it may wait; each read and write sets its own
	_ = control.SetWriteDeadline(time.Time{})
	ctx := c.unlimited
	if c.agent != "" {
		ctx = context.WithValue(ctx, visitorKey{}, market.AgentAPI(&visitor{server: c.server, id: c.agent, as: c.agentAPI(), request: c.request.Context(), call: c.id}))
	}
	r := c.request.WithContext(ctx)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(c.ResponseWriter, r.Body, c.server.options.MaxBodyBytes)
	}
	d.handler.ServeHTTP(&doorWriter{c}, r)
	return nil
}

type visitorKey struct{}

// Agent is the market as the agent sees it that came in through a Door, from the
// context of its request; nil when there is none. Each operation is charged to the
// rate limit of its route under /v1 and has the time limit of that route; one that the
// server has switched off is refused. Errors are what the route would answer with: an
// *market.Error always, never with internals in its message.
func Agent(ctx context.Context) market.AgentAPI {
	api, _ := ctx.Value(visitorKey{}).(market.AgentAPI)
	return api
}

// doorWriter is the answer of a door. It may be a stream, so each Write is paced as an
// answer of its own, and between two of them there is no deadline.
type doorWriter struct{ *call }

func (w *doorWriter) Write(p []byte) (int, error) {
	sent, err := w.countLarge(len(p))
	if err != nil {
		w.fail(err) // unless it has begun
		return 0, err
	}
	defer sent()
	w.answering, w.earlier = time.Now(), w.size
	w.paceAnswer(len(p))
	return w.call.Write(p)
}

// FlushError sends what is buffered.
func (w *doorWriter) FlushError() error {
	w.answering, w.earlier = time.Now(), w.size
	w.paceAnswer(0)
	control := w.control()
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	return control.Flush()
}

// Flush is FlushError, for handlers that know nothing else.
func (w *doorWriter) Flush() { _ = w.FlushError() }
