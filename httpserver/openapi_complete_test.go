package httpserver

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pinchwork/pinchwork/market"
)

func TestOpenAPIIsKeptByClients(t *testing.T) {
	s := plainServer(t)
	first := ask(s, http.MethodGet, "http://one.example/openapi.json", "")
	etag := first.Header().Get("Etag")
	expect(t, first, http.StatusOK, `"url":"http://one.example"`)
	if etag == "" || first.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("headers %v", first.Header())
	}
	for _, tags := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		again := ask(s, http.MethodGet, "http://one.example/openapi.json", "", "If-None-Match", tags)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("Etag") != etag {
			t.Errorf("If-None-Match %s: %d, %d bytes", tags, again.Code, again.Body.Len())
		}
	}
	// Another address is another document.
	expect(t, ask(s, http.MethodGet, "http://two.example/openapi.json", "", "If-None-Match", etag), http.StatusOK, `"url":"http://two.example"`)
	expect(t, ask(s, http.MethodGet, "http://one.example/openapi.json", "", "If-None-Match", `"old"`), http.StatusOK)
}

// What is served is what OpenAPI returns.
func TestOpenAPIServedIsOpenAPI(t *testing.T) {
	s := plainServer(t)
	var served, made any
	data, err := json.Marshal(s.OpenAPI("http://api.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &made); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(documentOf(t, s), &served); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, served); diff != "" {
		t.Error(diff)
	}
}

// described is the part of an API document that these tests look at.
type described struct {
	Paths map[string]map[string]struct {
		Parameters []struct {
			Name, In string
			Schema   map[string]any
		}
		RequestBody struct{ Content map[string]media }
		Responses   map[string]response
	}
	Components struct{ Responses map[string]response }
}

type response struct {
	Ref     string `json:"$ref"`
	Headers map[string]any
	Content map[string]media
}

type media struct {
	Schema  map[string]any
	Example any
}

func read(t *testing.T) described {
	t.Helper()
	var d described
	if err := json.Unmarshal(documentOf(t, plainServer(t)), &d); err != nil {
		t.Fatal(err)
	}
	for _, item := range d.Paths {
		for _, op := range item {
			for status, res := range op.Responses {
				if name, is := strings.CutPrefix(res.Ref, "#/components/responses/"); is {
					op.Responses[status] = d.Components.Responses[name]
				}
			}
		}
	}
	return d
}

// Every body and every answer has an example in each of its forms; the
// validators of TestOpenAPIIsValid hold them against their schemas.
func TestEveryBodyHasExamples(t *testing.T) {
	for path, item := range read(t).Paths {
		for verb, op := range item {
			for form, m := range op.RequestBody.Content {
				if m.Example == nil {
					t.Errorf("%s %s: the %s body has no example", verb, path, form)
				}
			}
			for status, res := range op.Responses {
				if len(res.Headers) == 0 {
					t.Errorf("%s %s %s has no headers", verb, path, status)
				}
				for form, m := range res.Content {
					if m.Example == nil && path != "/openapi.json" {
						t.Errorf("%s %s %s: %s has no example", verb, path, status, form)
					}
				}
			}
		}
	}
}

// The two examples of a body say the same to the server, and it takes them.
func TestBodyExamplesAreTaken(t *testing.T) {
	for _, r := range Routes() {
		example := bodyExamples[r.Name]
		if example == nil {
			if r.Body != nil && len(r.Body.Fields()) > 0 {
				t.Errorf("%s has no example", r.Name)
			}
			continue
		}
		asJSON, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		fields := fieldsOf(r.Body.Type)
		want := decoded(t, &r, fields, "application/json", string(asJSON))
		got := decoded(t, &r, fields, "text/markdown", markdownBody(&r, example))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: markdown is read as %+v, JSON as %+v", r.Name, got, want)
		}
	}
}

func decoded(t *testing.T, r *Route, fields *fields, contentType, text string) any {
	t.Helper()
	req, err := http.NewRequest(r.Method, "http://x"+r.Path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	into := reflect.New(r.Body.Type).Elem()
	if err := (&call{server: &Server{options: Options{}.filledIn()}, request: req, route: r}).decode(fields, into); err != nil {
		t.Errorf("%s: %v in\n%s", r.Name, err, text)
	}
	return into.Interface()
}

// free are the strings that the server does not bound by itself: what names
// nothing is 404.
var free = []string{"agent_id", "task_id", "Last-Event-ID"}

// Every parameter and every field of a body has its bounds.
func TestInputsAreBounded(t *testing.T) {
	for path, item := range read(t).Paths {
		for verb, op := range item {
			for _, p := range op.Parameters {
				if p.In != "path" && !bounded(p.Schema) && !slices.Contains(free, p.Name) {
					t.Errorf("%s %s: %s has no bounds: %v", verb, path, p.Name, p.Schema)
				}
			}
			properties, _ := op.RequestBody.Content["application/json"].Schema["properties"].(map[string]any)
			for name, schema := range properties {
				if s, is := schema.(map[string]any); !is || !bounded(s) && !slices.Contains(free, name) {
					t.Errorf("%s %s: %s has no bounds: %v", verb, path, name, schema)
				}
			}
		}
	}
}

func bounded(schema map[string]any) bool {
	typ := schema["type"]
	if list, is := typ.([]any); is {
		typ = list[0]
	}
	need := map[any]string{"string": "maxLength", "integer": "minimum", "number": "maximum", "array": "maxItems"}[typ]
	return need == "" || schema[need] != nil || schema["enum"] != nil
}

// The headers that the server sends with a refusal are in the document.
func TestRefusalHeadersAreDescribed(t *testing.T) {
	s := (&stub{charge: func(market.Charge) (market.Admitted, error) {
		return market.Admitted{RetryAfter: time.Second}, nil
	}}).server(t, Options{})
	d := read(t)
	for _, w := range []struct {
		status string
		header http.Header
	}{
		{"429", ask(s, http.MethodGet, "/v1/me", "").Header()},
		{"401", ask(s, http.MethodGet, "/v1/me", "", "Authorization", "").Header()},
	} {
		described := http.Header{}
		for name := range d.Paths["/v1/me"]["get"].Responses[w.status].Headers {
			described.Set(name, "x")
		}
		for name := range w.header {
			if plain := []string{"Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options", "Vary"}; described.Get(name) == "" && !slices.Contains(plain, name) {
				t.Errorf("%s: %s is sent and not in the document", w.status, name)
			}
		}
	}
}

// Types of the same name get names of their own.
func TestComponentNamesDiffer(t *testing.T) {
	d := document{schemas: doc{}, responses: doc{}, names: map[reflect.Type]string{}}
	for i := range table {
		d.operation(&table[i])
	}
	for range 2 {
		d.schema(reflect.TypeFor[market.Error]())
	}
	if len(d.schemas) != len(d.names) {
		t.Errorf("%d types became %d components: %v", len(d.names), len(d.schemas), d.names)
	}
	if d.names[reflect.TypeFor[Error]()] != "Error" || d.names[reflect.TypeFor[market.Error]()] != "rules.Error" {
		t.Errorf("names %v", d.names)
	}
}
