package httpserver

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bunrouter"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// methods are all that the router knows.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// newRouter registers every method on every path of the table. Methods that a
// path does not have are registered as refusals, since the router would
// otherwise match, say, GET /v1/tasks/pickup with a path that has parameters.
func (s *Server) newRouter(routes []Route) (*bunrouter.Router, map[string]string) {
	router := bunrouter.New(
		bunrouter.WithNotFoundHandler(func(_ http.ResponseWriter, req bunrouter.Request) error {
			return s.noRoute(req.Method, req.URL.Path)
		}),
		bunrouter.WithMethodNotAllowedHandler(s.notAllowed),
	)
	have := map[string]map[string]bool{}
	for i := range routes {
		path := routerPath(routes[i].Path)
		if have[path] == nil {
			have[path] = map[string]bool{}
		}
		for _, method := range routes[i].methods() {
			have[path][method] = true
			router.Handle(method, path, s.handler(&routes[i]))
		}
	}
	allowed := map[string]string{}
	for path, its := range have {
		allowed[path] = strings.Join(slices.Sorted(maps.Keys(its)), ", ")
		for _, method := range methods {
			if !its[method] {
				router.Handle(method, path, s.notAllowed)
			}
		}
	}
	return router, allowed
}

var pathParam = regexp.MustCompile(`\{(\w+)\}`)

// routerPath turns {id} into the router's :id.
func routerPath(path string) string { return pathParam.ReplaceAllString(path, ":$1") }

// methods of a route: HEAD comes with GET.
func (r *Route) methods() []string {
	if r.Method == http.MethodGet {
		return []string{http.MethodGet, http.MethodHead}
	}
	return []string{r.Method}
}

func (s *Server) notAllowed(w http.ResponseWriter, req bunrouter.Request) error {
	allow := s.allowed[req.Route()]
	w.Header().Set("Allow", allow)
	if hint := s.nearby(req.Method, req.URL.Path, true); hint != "" {
		return refuse(market.CodeMethodNotAllowed, "Method not allowed here, use %s; did you mean %s?", allow, hint)
	}
	return refuse(market.CodeMethodNotAllowed, "Method not allowed here, use %s", allow)
}

// handler serves one route: admit, decode and act, answer.
func (s *Server) handler(route *Route) bunrouter.HandlerFunc {
	pattern := route.Method + " " + route.Path
	return func(w http.ResponseWriter, req bunrouter.Request) error {
		c := w.(*call)
		c.route, c.params, c.request = route, req.Params(), req.Request
		c.success = route.Success[0].Status
		req.Pattern = pattern // where otelhttp and others look for the route
		if err := c.takeIdempotencyKey(); err != nil {
			return err
		}
		c.limitTime()
		defer func() { c.endTime() }()
		if err := s.admit(c); err != nil {
			return err
		}
		if err := c.readQuery(); err != nil {
			return err
		}
		value, err := route.action.serve(c)
		if err != nil {
			return err
		}
		c.answer(value)
		return nil
	}
}

// limitTime makes the context of the call.
func (c *call) limitTime() {
	c.unlimited, c.endTime = c.ctx, func() {}
	if limit := c.timeLimit(); limit >= 0 {
		c.ctx, c.endTime = context.WithTimeout(c.unlimited, limit)
	}
}

// renewTime restarts the time limit of the call once its body has arrived;
// sending the body is bounded by its pace.
func (c *call) renewTime() {
	if c.unlimited != nil {
		c.endTime()
		c.ctx = c.unlimited
		c.limitTime()
	}
}

// timeLimit is negative when there is none.
func (c *call) timeLimit() time.Duration {
	switch {
	case c.route.Stream:
		return -1
	case c.route.patience > 0:
		return c.route.patience
	}
	return c.server.options.Timeout
}

func (c *call) takeIdempotencyKey() error {
	if !c.route.Idempotent() {
		return nil
	}
	values := c.request.Header["Idempotency-Key"]
	if c.request.Header["X-Idempotency-Key"] != nil {
		return invalid("X-Idempotency-Key", "is the header Idempotency-Key here")
	}
	if len(values) == 0 {
		return nil
	}
	key := values[0]
	if n := utf8.RuneCountInString(key); len(values) > 1 || n < 1 || n > limits.Key || !clean(key) {
		return invalid("Idempotency-Key", "must be one value of 1 to %d characters", limits.Key)
	}
	c.ctx = market.WithIdempotencyKey(c.ctx, key)
	return nil
}

// clean reports whether a string is valid UTF-8 without NUL, the only kind that
// stores accept.
func clean(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// param is a path parameter, decoded. The router leaves it encoded whenever the
// path has an encoding of its own. What cannot be an id is returned as "", which
// is never an id.
func (c *call) param(name string) string {
	value := c.params.ByName(name)
	if c.request.URL.RawPath != "" {
		decoded, err := url.PathUnescape(value)
		if err != nil {
			return ""
		}
		value = decoded
	}
	if !clean(value) {
		return ""
	}
	return value
}

func (c *call) taskID() market.TaskID { return market.TaskID(c.param("id")) }

// agentAPI is the market as the calling agent sees it.
func (c *call) agentAPI() market.AgentAPI { return c.server.as(c.agent) }
