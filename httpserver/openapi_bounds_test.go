package httpserver

import (
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market/limits"
)

// edge is a value at a bound of the document, or beyond it.
type edge struct {
	value any
	right bool
}

func edges(schema doc) (list []edge) {
	add := func(right bool, value any) { list = append(list, edge{value, right}) }
	if most, has := schema["maximum"].(int); has {
		add(true, most)
		add(false, most+1)
	}
	if least, has := schema["minimum"].(int); has {
		add(true, least)
		add(false, least-1)
	}
	if most, has := schema["maxLength"].(int); has && schema["format"] == nil {
		add(true, strings.Repeat("x", most))
		add(false, strings.Repeat("x", most+1))
	}
	if schema["minLength"] == 1 {
		add(false, "")
	}
	if most, has := schema["maxItems"].(int); has && schema["minItems"] == 1 {
		tasks := make([]doc, most+1)
		for i := range tasks {
			tasks[i] = doc{"need": "x", "max_credits": 1}
		}
		add(true, tasks[:most])
		add(false, tasks)
		add(false, tasks[:0])
	} else if has {
		tags := make([]string, most+1)
		for i := range tags {
			tags[i] = "t" + string(rune('a'+i))
		}
		add(true, tags[:most])
		add(false, tags)
		add(false, []string{strings.Repeat("x", 51)})
	}
	return list
}

// What the document says of the size of inputs is what the market enforces, for
// every field of every body.
func TestTheDocumentsBoundsAreTheMarkets(t *testing.T) {
	site := newSite(t, Options{Limits: NoLimits()})
	key, hired := site.agent("a", false).key, string(site.agent("c", false).id)
	d := document{schemas: doc{}, responses: doc{}, names: map[reflect.Type]string{}}
	tried := 0
	for i := range table {
		r := &table[i]
		example := bodyExamples[r.Name]
		if r.Body == nil || example == nil {
			continue
		}
		properties := d.input(r.Body)["properties"].(doc)
		for name, schema := range properties {
			for _, e := range edges(schema.(doc)) {
				tried++
				body := maps.Clone(example)
				body[name] = e.value
				if name == "wait" && e.value == limits.WaitSeconds {
					continue // it would wait
				}
				if ids, list := e.value.([]string); name == "offer_to" && list && len(ids) == 1 {
					continue // its elements have no length: each is an agent or none
				}
				if name == "open_after_minutes" {
					body["offer_to"] = []string{hired}
				}
				as := key
				if r.Name == "rotateKey" { // it ends the key
					as = site.agent("b", false).key
				}
				checkEdge(t, site, r, as, name, body, e)
			}
		}
	}
	if tried < 80 {
		t.Errorf("only %d values were tried", tried)
	}
}

func checkEdge(t *testing.T, site *site, r *Route, key, name string, body doc, e edge) {
	t.Helper()
	if r.Caller == CallerAdmin {
		key = adminKey
	}
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.NewReplacer("{id}", "tk-abcdefghijkl", "{qid}", "qa-abcdefghijkl").Replace(r.Path)
	w := ask(site.server, r.Method, path, string(data), "Authorization", "Bearer "+key)
	var refusal Error
	_ = json.Unmarshal(w.Body.Bytes(), &refusal)
	// An empty id is nobody's, which is 404.
	refused := w.Code == 400 && refusal.Field == name || name == "agent_id" && w.Code == 404
	if refused == e.right {
		t.Errorf("%s: %s of %.40q: %d %.200s", r.Name, name, data[:min(len(data), 40)], w.Code, w.Body)
	}
}
