package httpserver

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// Refusals of a path, an id or a key suggest what would be right, judging by its
// form alone. They look nothing up, so that they reveal nothing about what exists.

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
func (s *Server) nearby(method, path string, sameMethod bool) string {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(path) > maxSegments*maxSegment || len(parts) > maxSegments {
		return ""
	}
	if slices.Contains(parts, "") { // an id may be missing there, or a slash too many
		if hint := s.nearest(method, versioned(parts), sameMethod); hint != "" {
			return hint
		}
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	}
	return s.nearest(method, versioned(parts), sameMethod)
}

func (s *Server) nearest(method string, segments []string, sameMethod bool) (hint string) {
	if segments == nil {
		return ""
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
	for i := range s.routes {
		r := &s.routes[i]
		consider(r.Method, r.Path, r.Method+" "+r.Path)
	}
	for _, e := range elsewhere {
		if e.method == method || e.method == "" {
			consider(method, e.path, e.instead)
		}
	}
	return hint
}

// versioned are the segments of a path with the v1 that it should begin with.
func versioned(parts []string) []string {
	if len(parts) > 0 && strings.EqualFold(parts[0], "api") {
		parts = parts[1:]
	}
	if len(parts) > 0 && len(parts[0]) == 2 && parts[0][0]|0x20 == 'v' {
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
			if cost++; typed != "" && strings.IndexByte(typed, '-') < 0 && typed[0] != '{' && typed[0] != ':' {
				cost += oddID
			}
		case typed == "":
			return unlike
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
