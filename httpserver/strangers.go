package httpserver

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// strangers collects the names in a request that its endpoint does not have.
type strangers struct {
	names   vocabulary
	route   *Route
	fields  []string // of the body, or of the query
	body    *fields  // nil for the query
	ignored []string
	seen    int
	// wrong refuses the first name that reads like one of the endpoint's, and also are
	// corrections of those after it.
	wrong *market.Error
	also  []string
}

const (
	// maxJudged bounds how many unknown names are compared with the known ones:
	// a body of 8 MiB can have a million.
	maxJudged = 64
	// maxIgnored, maxAlso and maxShown bound what an answer repeats of a request.
	maxIgnored = 20
	maxAlso    = 5
	maxShown   = 60
)

// meet judges a name. One that reads like one of the endpoint's is refused, any other kept
// for the answer to name. value is the JSON that it has, nil where it has another form.
func (s *strangers) meet(name string, value []byte) {
	if s.seen++; s.seen > maxJudged {
		return
	}
	if s.holdsFields(value) {
		s.refuse(shortName(name), "send what it holds at the top level, not inside of another field", "")
		return
	}
	meant := s.fitting(s.names.meant(name, s.fields), value)
	switch {
	case len(meant) > 0:
		right := strings.Join(meant, " or ")
		if form := s.form(meant[0], value); form == "" {
			s.refuse(name, "there is no such field here, did you mean "+right+"?", right)
		} else {
			s.refuse(name, "there is no such field here, did you mean "+right+"? It must be "+form, right+" ("+form+")")
		}
	case s.route.Idempotent() && isRepeatKey(name):
		s.refuse(name, "is sent as the header Idempotency-Key", "the header Idempotency-Key")
	case s.route.Method != http.MethodGet && isOnTrial(name):
		s.refuse(name, "nothing is done on trial or in part here, leave it out", "")
	case s.route.Strict != "" && s.matters(name):
		s.refuse(name, "there is no such field here, only "+strings.Join(s.fields, ", ")+"; "+s.route.Strict, "")
	default:
		if shown := shortName(name); len(s.ignored) < maxIgnored && !slices.Contains(s.ignored, shown) {
			s.ignored = append(s.ignored, shown)
		}
	}
}

// refuse keeps the refusal of a name. right is what stands for it, "" when nothing does.
func (s *strangers) refuse(name, why, right string) {
	switch {
	case s.wrong == nil:
		s.wrong = invalid(name, "%s", why)
	case right != "" && len(s.also) < maxAlso:
		s.also = append(s.also, right+" for "+name)
	}
}

// refusal is that of the names met since the last one, all of them in one answer.
func (s *strangers) refusal() error {
	if s.wrong == nil {
		return nil
	}
	said := *s.wrong
	if len(s.also) > 0 {
		said.Message += " Likewise " + strings.Join(s.also, ", ")
	}
	return &said
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

// fitting are those of the fields that take such a value, all of them where none does. A
// text may be meant for any.
func (s *strangers) fitting(fields []string, value []byte) []string {
	if begins(value, reflect.String) {
		return fields
	}
	fit := slices.DeleteFunc(slices.Clone(fields), func(field string) bool { return s.form(field, value) != "" })
	if len(fit) == 0 {
		return fields
	}
	return fit
}

// form says what a field takes when a value is of another kind.
func (s *strangers) form(field string, value []byte) string {
	if s.body == nil || len(value) == 0 || begins(value, s.body.byName[field].plain.Kind()) {
		return ""
	}
	return wire.Kind(s.body.byName[field].plain)
}

// isOnTrial recognises what would have a request not done, or not wholly.
func isOnTrial(name string) bool {
	if len(name) > maxSpelling {
		return false
	}
	switch plainName(name) {
	case "dryrun", "simulate", "preview", "draft", "isdraft", "validateonly", "testmode", "partial", "ispartial", "preliminary", "interim":
		return true
	}
	return false
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

// weighty are words by which a caller might want to choose a task or a verdict, besides all
// that this API has a name for.
var weighty = map[string]bool{}

func init() {
	for word := range strings.FieldsSeq("id type kind language priority difficulty domain min max only approve approved accept accepted decision verdict reject rejected partial") {
		weighty[word] = true
	}
}

// matters reports whether a name has a word that may be meant to change what is claimed or
// paid.
func (s *strangers) matters(name string) bool {
	if len(name) > maxSpelling {
		return false
	}
	for word := range strings.SplitSeq(snakeCase(name), "_") {
		if weighty[word] || synonyms[word] != nil || s.names.hasWord(word) {
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
			return invalid(name, "belongs in the body as %s, not in the query", wire.Kind(fieldsOf(c.route.Body.Type).byName[name].plain))
		default:
			s.meet(name, nil)
		}
	}
	if err := s.refusal(); err != nil {
		return err
	}
	c.ignored = append(c.ignored, s.ignored...)
	return nil
}
