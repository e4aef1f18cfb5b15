package httpserver

import (
	"net/http"
	"reflect"
	"slices"
	"time"
)

// Route is one endpoint. The table of all routes is the single source for the
// router, for /v1/capabilities and for the API document.
type Route struct {
	// Name identifies the operation, such as "createTask".
	Name string
	// Method and Path, with parameters in braces: "/v1/tasks/{id}". A GET route
	// answers HEAD too.
	Method, Path string
	// Caller says who may call.
	Caller Caller
	// Limit is the class of its rate limit, "" for none.
	Limit Class
	// Group, Summary and Description are for the documentation. The description
	// is markdown and may be empty.
	Group, Summary, Description string
	// Params are the parameters in path, query and headers, except for those that
	// every route of its kind has (Authorization, Accept, Idempotency-Key).
	Params []Param
	// Body describes the request's body; nil when none is read.
	Body *Body
	// Success lists the successful answers, the usual one first.
	Success []Success
	// Headers are the response headers of a successful answer.
	Headers []Header
	// Refusals are the error statuses beyond those that follow from the rest of
	// the route (see Statuses).
	Refusals []int
	// Stream is set on the event stream: text/event-stream, which does not end.
	Stream bool
	// Strict is set where something is claimed or paid: what the request says and the route
	// has no field for must not be ignored when it may be meant to change that. It says where
	// else to turn.
	Strict string
	// Secret is set where the answer holds what is not kept, so that a repeat cannot get
	// it again: the route takes no Idempotency-Key.
	Secret bool
	// Reads is set on a POST that changes nothing: it takes no Idempotency-Key.
	Reads bool
	// JSONOnly is set where the answer is JSON whatever Accept says.
	JSONOnly bool

	// patience replaces Options.Timeout.
	patience time.Duration
	action   action
}

// Caller says who may call a route.
type Caller string

// The callers.
const (
	CallerAnyone Caller = "anyone"
	CallerAgent  Caller = "agent" // Authorization: Bearer <API key>
	CallerAdmin  Caller = "admin" // Authorization: Bearer <admin key>
)

// Param is a parameter outside the body.
type Param struct {
	Name string
	// In is "path", "query" or "header".
	In string
	// Type is "string", "integer", "number" or "strings": a list that may be
	// comma-separated, repeated, or both.
	Type        string
	Required    bool
	Description string
	// Prefix is what an id begins with, "" for other parameters.
	Prefix string
	// Enum lists the values that are allowed, if they are few.
	Enum []string
	// MaxLength bounds strings in code points, 0 for no bound.
	MaxLength int
	// Min and Max bound numbers where they are not nil; Default is nil for none.
	Min, Max *int
	Default  any
	Example  any
}

// Body describes a request's body.
type Body struct {
	// Type is the struct that it is decoded into; its fields have JSON names.
	Type reflect.Type
	// Text is the field that the text of a markdown body fills, "" for none.
	Text string
	// Required are the fields that may not be absent or null. A body without
	// required fields may be left out.
	Required []string
	// Object says that the text may also be given as a JSON object, or that the
	// body itself may be the answer to a system task.
	Object bool
}

// Success is a successful answer.
type Success struct {
	Status int
	// Type of the body; nil for none.
	Type reflect.Type
	// Note replaces the text of the markdown form; all fields are in the
	// frontmatter then.
	Note string
	// When says when this is the answer, where there are several.
	When string
	// Headers are those of this answer alone, beside the route's.
	Headers []Header
}

// Header is a response header.
type Header struct{ Name, Type, Description string }

// Idempotent reports whether the route takes an Idempotency-Key (rule 13.1):
// every POST of an agent or the operator does, except for secrets and for those that
// change nothing.
func (r *Route) Idempotent() bool {
	return r.Method == http.MethodPost && r.Caller != CallerAnyone && !r.Secret && !r.Reads
}

// Statuses returns every error status that the route can answer with, in
// ascending order.
func (r *Route) Statuses() []int {
	has := map[int]bool{http.StatusInternalServerError: true, http.StatusServiceUnavailable: true}
	for _, status := range r.Refusals {
		has[status] = true
	}
	if r.Caller != CallerAnyone {
		has[http.StatusUnauthorized], has[http.StatusForbidden] = true, true
	}
	if r.Caller == CallerAdmin {
		has[http.StatusNotImplemented] = true
	}
	if r.Limit != "" {
		has[http.StatusTooManyRequests] = true
	}
	if len(r.Params) > 0 || r.Body != nil || r.Idempotent() {
		has[http.StatusBadRequest] = true
	}
	if r.Body != nil {
		has[http.StatusRequestEntityTooLarge], has[http.StatusUnsupportedMediaType] = true, true
	}
	if r.Idempotent() {
		has[http.StatusConflict] = true
	}
	var list []int
	for status := http.StatusBadRequest; status < 600; status++ {
		if has[status] {
			list = append(list, status)
		}
	}
	return list
}

// Routes returns the routes of this server, in the order of the documentation. The
// caller may change the slice but not what its elements point to.
func (s *Server) Routes() []Route { return slices.Clone(s.routes) }

// Routes returns the table of all routes under /v1, /health and /readyz, in the
// order of the documentation. The caller may change the slice but not what its
// elements point to.
func Routes() []Route { return append([]Route(nil), table...) }

// action is what a route does, once the call is admitted.
type action struct {
	serve func(*call) (any, error)
}

// gives makes the action of a handler without a body.
func gives[Out any](h func(*call) (Out, error)) action {
	return action{func(c *call) (any, error) { return h(c) }}
}

// takes makes the action of a handler with a body.
func takes[In, Out any](h func(*call, In) (Out, error)) action {
	fields := fieldsOf(reflect.TypeFor[In]())
	return action{func(c *call) (any, error) {
		var in In
		if err := c.decode(fields, reflect.ValueOf(&in).Elem()); err != nil {
			return nil, err
		}
		return h(c, in)
	}}
}

// body describes a body of type In.
func body[In any](text string, required ...string) *Body {
	return &Body{Type: reflect.TypeFor[In](), Text: text, Required: required}
}

// orObject lets the text of a body be an object.
func (b *Body) orObject() *Body {
	b.Object = true
	return b
}

// ok, created describe the answer of most routes.
func ok[Out any]() []Success { return []Success{{Status: http.StatusOK, Type: reflect.TypeFor[Out]()}} }

func created[Out any]() []Success {
	return []Success{{Status: http.StatusCreated, Type: reflect.TypeFor[Out]()}}
}
