package httpserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// lacking lists what the mended request has that the wrong one had not and its answer
// does not say.
func (s *scene) lacking(m mistake, wrong *http.Request, answer *reply) (lacks []string) {
	s.t.Helper()
	said := []string{answer.raw, answer.text("error"), answer.text("hint")}
	for name, values := range answer.header {
		said = append(said, name+": "+strings.Join(values, ", "))
	}
	must := s.changes(wrong, s.request(m.Mended, m.By))
	for _, word := range m.Says {
		must = append(must, []string{word})
	}
	if len(must) == 0 {
		s.t.Fatal("nothing differs, so nothing can be lacking")
	}
	for _, spellings := range must {
		if !slices.ContainsFunc(spellings, func(word string) bool {
			return slices.ContainsFunc(said, func(text string) bool { return says(text, word) })
		}) {
			lacks = append(lacks, spellings[0])
		}
	}
	return lacks
}

// changes are what the right request has that the wrong one had not, each in the
// spellings in which an answer may say it. Values are the caller's own, except for their
// form.
func (s *scene) changes(wrong, right *http.Request) (must [][]string) {
	had, body := elements(wrong), string(sentBody(wrong))
	for e := range elements(right) {
		if !had[e] && !says(body, e) {
			must = append(must, []string{e})
		}
	}
	given, taken := forms(wrong), forms(right)
	for form := range taken {
		if given != nil && !given[form] {
			must = append(must, inWords[form])
		}
	}
	return append(must, s.changesOfPath(wrong.URL.EscapedPath(), right.URL.EscapedPath())...)
}

// inWords are the forms of values as an answer may say them.
var inWords = map[string][]string{
	"text": {"text", "a string", "a list of strings"}, "list": {"list"}, "number": {"number", "whole number"}, "bool": {"true or false"},
}

// changesOfPath is the path, or the beginning of an id that stood wrong in it.
func (s *scene) changesOfPath(wrong, right string) (must [][]string) {
	was, is := strings.Split(strings.TrimSuffix(wrong, "/"), "/"), strings.Split(right, "/")
	if len(was) == len(is) {
		for i, part := range is {
			prefix, _, isID := strings.Cut(part, "-")
			switch {
			case part == was[i]:
			case !isID || len(prefix) != 2:
				return [][]string{{right, s.pattern(right)}}
			case was[i] != "" && !strings.HasPrefix(was[i], prefix+"-"):
				must = append(must, []string{prefix + "-"})
			}
		}
		return must
	}
	return [][]string{{right, s.pattern(right)}}
}

// elements are what one has to know to write a request, but for its path.
func elements(r *http.Request) map[string]bool {
	all := map[string]bool{r.Method: true}
	for name := range r.URL.Query() {
		all[name] = true
	}
	for name, values := range r.Header {
		switch name {
		case "Content-Type", "Accept":
		case "Authorization":
			scheme, _, _ := strings.Cut(values[0], " ")
			all[name], all[scheme] = true, true
		default:
			all[name] = true
		}
	}
	body := sentBody(r)
	if strings.Contains(fmt.Sprint(r.Header, r.URL, string(body)), keyPrefix) {
		all[keyPrefix] = true
	}
	for name := range fieldsIn(body) {
		all[name] = true
	}
	if json.Valid(body) {
		all["JSON"] = true
	}
	if kind := r.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/") {
		all[kind] = true
	}
	if len(body) == 0 || bytes.ContainsRune(body, '{') {
		all["JSON"] = true
	}
	return all
}

// fieldsIn are the fields of a body; nil when it has no form that holds any.
func fieldsIn(body []byte) (fields map[string]any) {
	if front, _, err := splitFrontmatter(body); err == nil && front != nil {
		if yaml.Load(front, &fields) != nil {
			return nil
		}
	} else if json.Unmarshal(body, &fields) != nil {
		return nil
	}
	for _, value := range slices.Collect(maps.Values(fields)) {
		list, _ := value.([]any)
		for _, element := range append(list, value) {
			if inner, is := element.(map[string]any); is {
				maps.Copy(fields, inner)
			}
		}
	}
	return fields
}

// forms are those of the values in a request; nil for one that has no fields in its body.
func forms(r *http.Request) map[string]bool {
	fields := fieldsIn(sentBody(r))
	if fields == nil {
		return nil
	}
	all := map[string]bool{}
	for _, value := range fields {
		switch value.(type) {
		case string:
			all["text"] = true
		case bool:
			all["bool"] = true
		case float64, int:
			all["number"] = true
		case []any:
			all["list"] = true
		case nil:
			return nil
		}
	}
	return all
}

// says reports whether a text has a word, not as part of a longer one. A prefix of ids
// may be followed by anything.
func says(text, word string) bool {
	for at := 0; ; at++ {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		at += i
		rest := text[at+len(word):]
		if strings.HasSuffix(word, "-") || rest == "" || !strings.ContainsRune("_-/{", rune(rest[0])) && !isLetter(rest[0]) {
			if at == 0 || !isLetter(text[at-1]) && text[at-1] != '_' {
				return true
			}
		}
	}
}

func sentBody(r *http.Request) []byte {
	if r.GetBody == nil {
		return nil
	}
	body, _ := r.GetBody()
	data, _ := io.ReadAll(body)
	return data
}

// pattern is a path with the ids of the scene as the API document writes them.
func (s *scene) pattern(path string) string {
	for name, id := range s.ids {
		switch {
		case id == "":
		case name == "question":
			path = strings.ReplaceAll(path, "/"+id, "/{qid}")
		default:
			path = strings.ReplaceAll(path, "/"+id, "/{id}")
		}
	}
	return path
}
