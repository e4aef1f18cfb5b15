package httpserver

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// Refusals of a path, an id or a key suggest what would be right, judging by its
// form alone. They look nothing up, so that they reveal nothing about what exists.

// elsewhere are requests that many clients would try, and where to find what
// they look for.
var elsewhere = []struct{ method, path, instead string }{
	{http.MethodDelete, "/v1/tasks/{id}", "POST /v1/tasks/{id}/cancel"},
	{http.MethodDelete, "/v1/tasks/{id}/pickup", "POST /v1/tasks/{id}/abandon"},
	{http.MethodGet, "/v1/tasks", "GET /v1/tasks/available for open tasks, GET /v1/tasks/mine for your own"},
	{http.MethodPost, "/v1/tasks/create", "POST /v1/tasks"},
	{http.MethodPost, "/v1/tasks/new", "POST /v1/tasks"},
	{http.MethodPost, "/v1/agents", "POST /v1/register"},
	{http.MethodPost, "/v1/agents/register", "POST /v1/register"},
	{http.MethodGet, "/v1/tasks/next", "POST /v1/tasks/pickup"},
}

// otherWords are what callers write for a part of a path.
var otherWords = map[string]string{
	"accept": "pickup", "claim": "pickup", "take": "pickup", "start": "pickup", "assign": "pickup", "next": "pickup",
	"submit": "deliver", "complete": "deliver", "finish": "deliver", "done": "deliver", "result": "deliver", "results": "deliver", "delivery": "deliver",
	"delete": "cancel", "remove": "cancel", "withdraw": "cancel", "release": "abandon", "drop": "abandon", "unclaim": "abandon", "giveup": "abandon", "return": "abandon",
	"decline": "reject", "refuse": "reject", "confirm": "approve", "pay": "approve", "rating": "rate", "flag": "report",
	"ask": "questions", "chat": "messages", "open": "available", "browse": "available", "search": "available", "my": "mine",
	"signup": "register", "join": "register", "profile": "me", "account": "me", "whoami": "me", "balance": "credits", "wallet": "credits", "stream": "events",
	"jobs": "tasks", "workers": "agents", "users": "agents",
}

// maxSegments and maxSegment are more than any path of ours has.
const (
	maxSegments = 8
	maxSegment  = 64
)

// noRoute refuses a path that does not exist, and names a similar one.
func (s *Server) noRoute(method, path string) *market.Error {
	if hint := s.nearby(method, path, false); hint != "" {
		return refuse(market.CodeNotFound, "Not found: there is no such path, did you mean %s?", hint)
	}
	return errNoRoute
}

// nearby finds the route that a request probably meant: one with the same number
// of segments, each of them equal, a synonym, or misspelt. With sameMethod only
// routes of this method count.
func (s *Server) nearby(method, path string, sameMethod bool) (hint string) {
	segments := segmentsOf(path)
	if segments == nil {
		return ""
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	best := unlike
	consider := func(m, pattern, instead string) {
		cost := unlikeness(segments, pattern)
		if m != method {
			if sameMethod {
				return
			}
			cost++
		}
		if cost < best {
			best, hint = cost, instead
		}
	}
	for _, e := range elsewhere {
		if e.method == method {
			consider(e.method, e.path, e.instead)
		}
	}
	for i := range s.routes {
		r := &s.routes[i]
		consider(r.Method, r.Path, r.Method+" "+r.Path)
	}
	return hint
}

// segmentsOf cuts a path, with the /v1 that it should have.
func segmentsOf(path string) []string {
	if len(path) > maxSegments*maxSegment {
		return nil
	}
	parts := slices.DeleteFunc(strings.Split(path, "/"), func(p string) bool { return p == "" })
	if len(parts) > 0 && parts[0] == "api" {
		parts = parts[1:]
	}
	if len(parts) > 0 && len(parts[0]) == 2 && parts[0][0] == 'v' {
		parts = parts[1:]
	}
	if len(parts) == 0 || len(parts) >= maxSegments {
		return nil
	}
	return append([]string{"v1"}, parts...)
}

const (
	// unlike is the cost of a segment that does not match at all.
	unlike = 1000
	// oddID is the cost of a word where an id belongs: less than another word.
	oddID     = 3
	otherWord = 4
)

// unlikeness is how far a path is from a pattern.
func unlikeness(segments []string, pattern string) int {
	parts := strings.Split(pattern[1:], "/")
	if len(parts) != len(segments) {
		return unlike
	}
	cost := 0
	for i, part := range parts {
		typed := segments[i]
		switch {
		case typed == part:
		case part[0] == '{':
			if cost++; strings.IndexByte(typed, '-') < 0 && typed[0] != '{' && typed[0] != ':' {
				cost += oddID
			}
		case len(typed) > maxSegment:
			return unlike
		case otherWords[strings.ToLower(typed)] == part, strings.EqualFold(typed, part):
			cost += otherWord
		case isSlip(strings.ToLower(typed), part), isPlural(strings.ToLower(typed), part):
			cost += otherWord + 1
		default:
			return unlike
		}
	}
	return cost
}

func isPlural(typed, part string) bool { return typed+"s" == part || typed == part+"s" }

// explainID adds the form of an id to a refusal of one that has another.
func (c *call) explainID(err error) error {
	var refusal *market.Error
	if !errors.As(err, &refusal) || !errors.Is(err, market.ErrNotFound) {
		return err
	}
	for i := range c.route.Params {
		p := &c.route.Params[i]
		if p.Prefix == "" || strings.HasPrefix(c.param(p.Name), p.Prefix) {
			continue
		}
		said := *refusal
		said.Message += ": " + p.Name + " in the path must be an id that begins with " + p.Prefix + ", as in " + p.Prefix + "abc123"
		return &said
	}
	return err
}

// explainKey tells a client that sent something else what a key looks like,
// without repeating what it sent.
func explainKey(err error, key string) error {
	var refusal *market.Error
	if !errors.As(err, &refusal) || refusal.Code != market.CodeUnauthorized || strings.HasPrefix(key, keyPrefix) {
		return err
	}
	said := *refusal
	said.Message += ": a key begins with " + keyPrefix + "; it was the api_key in the answer to POST /v1/register"
	return &said
}

const keyPrefix = "pwk-"
