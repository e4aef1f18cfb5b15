package httpserver

import (
	"slices"
	"strings"
)

// strangers collects the names in a request that its endpoint does not have.
type strangers struct {
	names   vocabulary
	route   *Route
	fields  []string // of the body, or of the query
	body    *fields  // nil for the query
	ignored []string
	seen    int
}

const (
	// maxJudged bounds how many unknown names are compared with the known ones:
	// a body of 8 MiB can have a million.
	maxJudged = 64
	// maxIgnored and maxShown bound what an answer repeats of a request.
	maxIgnored = 20
	maxShown   = 60
)

// meet refuses a name that reads like one of the endpoint's, and keeps any other
// for the answer to name. value is the JSON that it has, nil where it has another form.
func (s *strangers) meet(name string, value []byte) error {
	if s.seen++; s.seen > maxJudged {
		return nil
	}
	if s.holdsFields(value) {
		return invalid(shortName(name), "send what it holds at the top level, not inside of another field")
	}
	if meant := s.names.meant(name, s.fields); len(meant) > 0 {
		return invalid(name, "there is no such field here, did you mean %s?%s", strings.Join(meant, " or "), s.form(meant[0], value))
	}
	if s.route.Idempotent() && isRepeatKey(name) {
		return invalid(name, "is sent as the header Idempotency-Key")
	}
	if s.route.Choosing && s.narrows(name) {
		return invalid(name, "pickups do not choose by it, only by %s; GET /v1/tasks/available shows what is on offer, POST /v1/tasks/{id}/pickup takes one",
			strings.Join(s.fields, ", "))
	}
	if shown := shortName(name); len(s.ignored) < maxIgnored && !slices.Contains(s.ignored, shown) {
		s.ignored = append(s.ignored, shown)
	}
	return nil
}

// holdsFields reports whether the fields of the endpoint are wrapped in a value.
func (s *strangers) holdsFields(value []byte) (holds bool) {
	if s.body == nil || len(value) == 0 || value[0] != '{' {
		return false
	}
	seen := 0
	_ = eachMember(value, func(name string, _ []byte) error {
		if _, known := s.body.byName[name]; known && seen < maxJudged {
			holds = true
		}
		seen++
		return nil
	})
	return holds
}

// form says what a field takes when a value is of another kind.
func (s *strangers) form(field string, value []byte) string {
	if s.body == nil || len(value) == 0 || begins(value, s.body.byName[field].plain.Kind()) {
		return ""
	}
	return " It must be " + s.body.byName[field].describe()
}

func isRepeatKey(name string) bool {
	if len(name) > maxSpelling {
		return false
	}
	switch plainName(name) {
	case "idempotencykey", "idempotencytoken", "idempotencyid":
		return true
	}
	return false
}

// choosing are words by which a caller might want to choose a task, besides all that
// this API has a name for.
var choosing = map[string]bool{
	"id": true, "type": true, "kind": true, "language": true, "priority": true, "difficulty": true, "domain": true, "min": true, "max": true, "only": true,
}

// narrows reports whether a name has a word that may be meant to narrow a choice. To
// ignore it would be to claim another task than was wanted.
func (s *strangers) narrows(name string) bool {
	if len(name) > maxSpelling {
		return false
	}
	for word := range strings.SplitSeq(snakeCase(name), "_") {
		if choosing[word] || synonyms[word] != nil || s.names.hasWord(word) {
			return true
		}
	}
	return false
}

func (v vocabulary) hasWord(word string) bool {
	for name := range v {
		if slices.Contains(strings.Split(name, "_"), word) {
			return true
		}
	}
	return false
}

func shortName(name string) string {
	if len(name) <= maxShown {
		return strings.ToValidUTF8(name, "�")
	}
	return strings.ToValidUTF8(name[:maxShown], "") + "…"
}

// readQuery parses the query of a call and judges the names in it, before
// anything is done.
func (c *call) readQuery() error {
	if c.request.URL.RawQuery == "" || c.route.JSONOnly {
		return nil
	}
	if err := c.parseQuery(); err != nil {
		return err
	}
	known, inBody := c.route.queryNames(), c.route.bodyNames()
	s := strangers{names: c.server.names, route: c.route, fields: slices.Compact(slices.Sorted(slices.Values(append(known, inBody...))))}
	for _, name := range sortedNames(c.query) {
		switch {
		case slices.Contains(known, name), slices.Contains(known, metadataParam) && strings.HasPrefix(name, metadataPrefix):
		case slices.Contains(known, metadataParam) && name+"." == metadataPrefix:
			return invalid(name, "is written %sKEY=VALUE", metadataPrefix)
		case slices.Contains(inBody, name):
			return invalid(name, "belongs in the body as %s, not in the query", fieldsOf(c.route.Body.Type).byName[name].describe())
		default:
			if err := s.meet(name, nil); err != nil {
				return err
			}
		}
	}
	c.ignored = append(c.ignored, s.ignored...)
	return nil
}
