package httpserver

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bunrouter"
	"go.opentelemetry.io/otel/trace"

	"github.com/pinchwork/pinchwork/market"
)

// call is one request with its answer: the http.ResponseWriter that everything
// below ServeHTTP writes to.
type call struct {
	http.ResponseWriter
	server  *Server
	request *http.Request
	started time.Time
	id      string     // X-Request-Id
	span    trace.Span // nil without telemetry

	route *Route // nil until one matched
	// paged is the request as the pages got it, nil for any other.
	paged  *http.Request
	params bunrouter.Params
	query  url.Values     // nil until asked for
	agent  market.AgentID // "" until admitted
	// operator is the name of the operator who calls, "" until admitted.
	operator string
	// failure is what the log says about an answer of 5xx, or one that broke off; unpaid
	// why the rate limits let the request pass.
	failure, unpaid error
	// ctx has the request's idempotency key and time limit, unlimited only the key.
	ctx, unlimited context.Context
	// ignored are the names in the request for which the route has no field.
	ignored []string
	// success is the status of a successful answer.
	success int

	status int // sent, 0 before
	size   int64
	// earlier is how much of size belongs to writes that were paced on their own.
	earlier int64

	body       *pacedBody // nil without one
	answering  time.Time  // since when; zero before
	stopAnswer func() bool
	// ownPace is set when the handler sets write deadlines itself.
	ownPace bool
	endTime context.CancelFunc
}

// WriteHeader records the status.
func (c *call) WriteHeader(status int) {
	if c.status == 0 && status >= 200 {
		c.status = status
		c.leaveBody()
		c.paceAnswer(0)
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write records how much was sent.
func (c *call) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.WriteHeader(http.StatusOK)
	}
	if len(p) > answerPiece || c.size > 0 {
		return c.writePieces(p)
	}
	n, err := c.ResponseWriter.Write(p)
	c.size += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *call) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// contain is deferred by functions that run in another goroutine than the request's,
// where a panic of an outer handler's ResponseWriter would end the process. It logs
// the panic and then calls then.
func (c *call) contain(part string, then func()) {
	if panicked := recover(); panicked != nil {
		c.logPanic(part, panicked)
		then()
	}
}

func (c *call) logPanic(part string, panicked any) {
	c.server.log.LogAttrs(c.request.Context(), slog.LevelError, "panic",
		slog.String("request_id", c.id), slog.String("route", c.pattern()), slog.String("part", part),
		slog.Any("panic", panicked), slog.String("stack", string(debug.Stack())))
}

// finish turns a panic into a 500 and writes the access log.
func (c *call) finish(panicked any) {
	if err, _ := panicked.(error); panicked != nil && !errors.Is(err, http.ErrAbortHandler) {
		c.logPanic("the request", panicked)
		if c.status == 0 {
			c.fail(errInternal)
			panicked = nil
		}
	}
	status := c.status
	if status == 0 {
		status = http.StatusOK
	}
	c.server.measure.end(c, status)
	c.logAccess(status)
	if panicked != nil {
		// The answer has begun: cutting the connection is the only way left to
		// say that it is not whole.
		panic(http.ErrAbortHandler)
	}
	c.endPace()
}

func (c *call) logAccess(status int) {
	ctx, level := c.request.Context(), slog.LevelInfo
	if probe(c.request.URL.Path) && status == http.StatusOK {
		level = slog.LevelDebug // it comes every few seconds and says nothing
	}
	what, more := "request", slog.Attr{}
	switch {
	case c.failure != nil && probe(c.request.URL.Path):
		level, what, more = slog.LevelWarn, "not ready", slog.Any("error", c.failure)
	case c.failure != nil:
		level, what, more = slog.LevelError, "request failed", slog.Any("error", c.failure)
	case c.unpaid != nil:
		level, what, more = slog.LevelWarn, "rate limiter not reachable, request let through", slog.Any("error", c.unpaid)
	}
	if !c.server.log.Enabled(ctx, level) {
		return
	}
	who := slog.String("agent_id", string(c.agent))
	if c.operator != "" {
		who = slog.String("operator", c.operator)
	}
	c.server.log.LogAttrs(ctx, level, what,
		slog.String("request_id", c.id), slog.String("method", method(c.request)),
		slog.String("route", c.pattern()), slog.String("path", c.server.loggedPath(c.request.URL.Path)), slog.Int("status", status),
		slog.Int64("bytes", c.size), slog.Duration("duration", time.Since(c.started)),
		who, slog.String("client", addressText(c.server.ClientAddress(c.request))), more)
}

// method keeps invented methods out of the log.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// pattern names the route in logs and metrics.
func (c *call) pattern() string {
	switch {
	case c.route != nil:
		return c.route.Path
	case c.paged != nil:
		// A pattern without a method is for what nothing else matches.
		if _, path, found := strings.Cut(c.paged.Pattern, " "); found {
			return strings.TrimSuffix(path, "{$}")
		}
	}
	return "none"
}

// own is the call that the request came in with, of which pages make others.
func (c *call) own() *call {
	for w := c.ResponseWriter; ; {
		switch under := w.(type) {
		case *call:
			c, w = under, under.ResponseWriter
		case interface{ Unwrap() http.ResponseWriter }:
			w = under.Unwrap()
		default:
			return c
		}
	}
}

const maxRequestID = 128

// requestID is the client's, if it is well formed, or a new one.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); usableID(id) {
		return id
	}
	// It is not a secret: it only has to be unique.
	return strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
}

func usableID(id string) bool {
	if id == "" || len(id) > maxRequestID || strings.Contains(id, "pwk-") || strings.Contains(id, market.OperatorKeyPrefix) {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case b >= '0' && b <= '9', b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z', b == '-', b == '_', b == '.', b == ':':
		default:
			return false
		}
	}
	return true
}
