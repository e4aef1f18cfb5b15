package httpserver

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bunrouter"

	"github.com/pinchwork/pinchwork/market"
)

// Server is the HTTP API of one market. It is an http.Handler, safe for use by
// many goroutines.
type Server struct {
	market  backend
	as      func(market.AgentID) market.AgentAPI
	open    func(ctx context.Context, agent market.AgentID, after string) (source, error)
	options Options
	log     *slog.Logger
	measure *telemetry
	proxies []netip.Prefix
	limits  map[Class]Limit
	charges map[Class]*market.Charge
	// adminKey is a digest, so that comparing takes the same time for every
	// length; nil when admin routes are off.
	adminKey *[sha256.Size]byte
	routes   []Route
	classes  map[string]Class // of the routes, by name
	actions  map[market.Action]*Route
	doors    []*doorway
	names    vocabulary
	document func() ([]byte, error) // see makeDocument
	router   *bunrouter.Router
	allowed  map[string]string // router path → Allow
	pages    http.Handler

	// streams ends when Close is called, waits a moment later.
	streams, waits         context.Context
	endStreams, endWaits   context.CancelFunc
	heartbeat, slowestRead time.Duration
	// reading and writing are the slowest paces that clients may have.
	reading, writing pace
	underWay         underWay
	leaving          atomic.Bool
	making           making
}

const (
	// heartbeat is the time between two comments on a quiet stream (rule 11.7).
	heartbeat = 15 * time.Second
	// slowestRead is how long a reader may leave a stream's buffers full, and how
	// long a client may pause in a body or an answer.
	slowestRead = 10 * time.Second
	// waitGrace lets a request finish posting its task before Close ends its wait.
	waitGrace = time.Second
)

// New makes the API of a market. It starts nothing. It refuses a blank admin
// key, limits that are out of range and a public URL that is not a URL.
func New(m *market.Market, o Options) (*Server, error) {
	if m == nil {
		return nil, errors.New("httpserver: a market is required")
	}
	s, err := newServer(m, o)
	if err != nil {
		return nil, err
	}
	s.as = func(id market.AgentID) market.AgentAPI { return m.As(id) }
	s.open = func(ctx context.Context, id market.AgentID, after string) (source, error) {
		return m.As(id).Stream(ctx, after)
	}
	return s, nil
}

func newServer(m backend, o Options) (*Server, error) {
	o = o.filledIn()
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &Server{
		market: m, options: o, log: o.Logger, proxies: o.TrustedProxies,
		charges: map[Class]*market.Charge{}, heartbeat: heartbeat, slowestRead: slowestRead,
		making: newMaking(), reading: pace{slowestRead, slowestRate}, writing: pace{slowestRead, slowestRate},
	}
	var err error
	if s.limits, err = o.Limits.byClass(); err != nil {
		return nil, fmt.Errorf("httpserver: %w", err)
	}
	if s.measure, err = newTelemetry(o.Telemetry); err != nil {
		return nil, fmt.Errorf("httpserver: telemetry: %w", err)
	}
	for class, limit := range s.limits {
		s.charges[class] = limit.charge(class)
	}
	if o.AdminKey != "" {
		digest := sha256.Sum256([]byte(o.AdminKey))
		s.adminKey = &digest
	}
	s.streams, s.endStreams = context.WithCancel(context.Background())
	s.waits, s.endWaits = context.WithCancel(context.Background())
	s.routes = slices.DeleteFunc(slices.Clone(table), func(r Route) bool { return slices.Contains(o.Off, r.Name) })
	s.classes = map[string]Class{}
	for _, r := range s.routes {
		s.classes[r.Name] = r.Limit
	}
	s.findActions()
	s.names = vocabularyOf(s.routes)
	s.document = sync.OnceValues(s.makeDocument)
	s.router, s.allowed = s.newRouter(s.routes)
	s.openDoors()
	if o.Pages != nil {
		s.pages = o.Pages(s)
	}
	return s, nil
}

// Close ends all event streams, and a second later all waiting requests, which
// then answer with the present state of their tasks. New streams end at once.
// Other requests are served as before. It returns immediately; give it to
// http.Server.RegisterOnShutdown.
func (s *Server) Close() {
	s.endStreams()
	time.AfterFunc(waitGrace, s.endWaits)
}

// Leave tells balancers and proxies to go elsewhere, for a program that is about to end:
// from now on /readyz is 503 and every answer is the last of its connection. All else is
// served as before, streams included, until Close.
func (s *Server) Leave() { s.leaving.Store(true) }

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{ResponseWriter: w, server: s, request: r, started: time.Now(), id: requestID(r), ctx: r.Context()}
	s.measure.begin(c)
	defer func() { c.finish(recover()) }()
	c.paceBody()
	w.Header()["X-Request-Id"] = []string{c.id}
	if s.leaving.Load() {
		w.Header()["Connection"] = []string{"close"}
	}
	if err := s.dispatch(c, c.request); err != nil {
		c.fail(err)
	}
}

var errNoRoute = refuse(market.CodeNotFound, "Not found: there is no such path; GET /v1/capabilities lists all of them")

// dispatch answers every path for which the router would send a redirect, which
// a client would follow with a GET.
func (s *Server) dispatch(c *call, r *http.Request) error {
	if !clean(r.URL.Path) {
		r = withRawPath(r) // the router cannot take a NUL
	}
	path := r.URL.Path
	if r.URL.RawPath != "" {
		path = r.URL.RawPath
	}
	if door := s.door(path); door != nil {
		return door.enter(c)
	}
	switch {
	case !isAPI(path):
		if s.pages == nil {
			return s.noRoute(r.Method, path)
		}
		if _, err := s.baseURL(r); err != nil {
			return err // all of them show it, or lead to it
		}
		r.Pattern = "" // a host's, until one of the pages matches
		c.paged = r
		s.pages.ServeHTTP(c, r)
		return nil
	case bunrouter.CleanPath(path) != path:
		return s.noRoute(r.Method, path)
	case strings.HasSuffix(path, "/"):
		r = withoutSlash(r)
	}
	return s.router.ServeHTTPError(c, r)
}

func isAPI(path string) bool {
	return strings.HasPrefix(path, "/v1/") || path == "/v1" || path == "/health" || path == "/readyz" || path == "/openapi.json"
}

func withRawPath(r *http.Request) *http.Request {
	raw, url := *r, *r.URL
	url.RawPath = url.EscapedPath()
	raw.URL = &url
	return &raw
}

func withoutSlash(r *http.Request) *http.Request {
	trimmed, url := *r, *r.URL
	url.Path = strings.TrimSuffix(url.Path, "/")
	url.RawPath = strings.TrimSuffix(url.RawPath, "/")
	trimmed.URL = &url
	return &trimmed
}
