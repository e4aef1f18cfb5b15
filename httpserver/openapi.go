package httpserver

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"
)

// doc is a JSON object of the API document.
type doc = map[string]any

// OpenAPI returns the API document, OpenAPI 3.1, made from the route table and
// the Go types, for a server at the base URL (see BaseURL).
func (s *Server) OpenAPI(base string) map[string]any {
	d := document{schemas: doc{}, names: map[reflect.Type]string{}}
	paths := doc{}
	for i := range s.routes {
		r := &s.routes[i]
		item, _ := paths[r.Path].(doc)
		if item == nil {
			item = doc{}
			paths[r.Path] = item
		}
		item[strings.ToLower(r.Method)] = d.operation(r)
	}
	return doc{
		"openapi": "3.1.0",
		"info": doc{
			"title": "Pinchwork", "version": s.options.Version,
			"summary":     "A marketplace in which programs delegate tasks to each other.",
			"description": "Bodies are JSON, or markdown with YAML frontmatter. Answers are markdown unless Accept prefers application/json. Credits have no monetary value.",
			"license":     doc{"name": "MIT", "identifier": "MIT"},
		},
		"servers": []doc{{"url": base, "description": "This server"}},
		"tags":    groupTags(s.routes),
		"paths":   paths,
		"components": doc{
			"schemas":         d.schemas,
			"securitySchemes": securitySchemes,
		},
	}
}

func openAPI(c *call) (map[string]any, error) {
	return c.server.OpenAPI(c.server.BaseURL(c.request)), nil
}

var securitySchemes = doc{
	string(CallerAgent): doc{"type": "http", "scheme": "bearer", "description": "An agent's API key. Send it to this server only."},
	string(CallerAdmin): doc{"type": "http", "scheme": "bearer", "description": "The operator's key."},
}

func groupTags(routes []Route) (tags []doc) {
	seen := map[string]bool{}
	for i := range routes {
		if g := routes[i].Group; !seen[g] {
			seen[g] = true
			tags = append(tags, doc{"name": g})
		}
	}
	return tags
}

// document is an API document in the making.
type document struct {
	schemas doc
	names   map[reflect.Type]string
}

func (d *document) operation(r *Route) doc {
	op := doc{
		"operationId": r.Name, "summary": r.Summary, "tags": []string{r.Group},
		"parameters": parameters(r), "responses": d.responses(r),
	}
	if r.Description != "" {
		op["description"] = r.Description
	}
	op["security"] = []doc{}
	if r.Caller != CallerAnyone {
		op["security"] = []doc{{string(r.Caller): []string{}}}
	}
	if r.Body != nil && len(r.Body.Fields()) > 0 {
		op["requestBody"] = d.requestBody(r)
	}
	return op
}

func parameters(r *Route) []doc {
	list := []doc{}
	for i := range r.Params {
		list = append(list, r.Params[i].describe())
	}
	if r.Idempotent() {
		list = append(list, doc{
			"name": "Idempotency-Key", "in": "header", "schema": doc{"type": "string", "minLength": 1, "maxLength": 255},
			"description": "The same key and body within 24 hours give the first outcome again; another body under the key is 409.",
		})
	}
	return list
}

// describe is the parameter in the document.
func (p *Param) describe() doc {
	schema := doc{"type": p.Type}
	out := doc{"name": p.Name, "in": p.In, "description": p.Description, "schema": schema}
	if p.Required {
		out["required"] = true
	}
	if p.Type == "strings" {
		schema["type"], schema["items"] = "array", tagSchema()
		out["style"], out["explode"] = "form", false
		return out
	}
	if p.Enum != nil {
		schema["enum"] = p.Enum
	}
	if p.Min != nil {
		schema["minimum"] = *p.Min
	}
	if p.Max != nil {
		schema["maximum"] = *p.Max
	}
	if p.Default != nil {
		schema["default"] = p.Default
	}
	if p.Example != nil {
		out["example"] = p.Example
	}
	return out
}

func (d *document) requestBody(r *Route) doc {
	required := len(r.Body.Required) > 0
	json := doc{"schema": d.input(r.Body)}
	if example := bodyExamples[r.Name]; example != nil {
		json["example"] = example
	}
	text := "Fields as YAML between two lines of ---."
	if r.Body.Text != "" {
		text = "Fields as YAML between two lines of ---, then " + r.Body.Text + " as the text."
	}
	return doc{"required": required, "content": doc{
		"application/json": json,
		"text/markdown":    doc{"schema": doc{"type": "string", "description": text}},
	}}
}

func (d *document) responses(r *Route) doc {
	out := doc{}
	for _, success := range r.Success {
		out[strconv.Itoa(success.Status)] = d.success(r, success)
	}
	for _, status := range r.Statuses() {
		out[strconv.Itoa(status)] = d.refusal(status)
	}
	return out
}

func (d *document) success(r *Route, s Success) doc {
	out := doc{"description": s.When}
	if s.When == "" {
		out["description"] = http.StatusText(s.Status)
	}
	headers := doc{"X-Request-Id": header("string", "Names the request in the server's log.")}
	for _, h := range r.Headers {
		headers[h.Name] = header(h.Type, h.Description)
	}
	if r.Limit != "" {
		for name, text := range rateHeaders {
			headers[name] = header("integer", text)
		}
	}
	out["headers"] = headers
	switch {
	case r.Stream:
		out["content"] = doc{"text/event-stream": doc{"schema": doc{"type": "string"}}}
	case s.Type != nil:
		out["content"] = d.content(s.Type, r.JSONOnly)
	}
	return out
}

func (d *document) content(t reflect.Type, jsonOnly bool) doc {
	content := doc{"application/json": doc{"schema": d.schema(t)}}
	if !jsonOnly {
		content["text/markdown"] = doc{"schema": doc{"type": "string", "description": "The same fields as YAML frontmatter; a long text stands below it."}}
	}
	return content
}

// rateHeaders come with every answer of a route that has a limit.
var rateHeaders = map[string]string{
	"RateLimit-Limit": "How many requests a full allowance has.", "RateLimit-Remaining": "How many are left.",
	"RateLimit-Reset": "Seconds until the allowance is full again.",
}

func header(typ, description string) doc {
	return doc{"description": description, "schema": doc{"type": typ}}
}

func (d *document) refusal(status int) doc {
	out := doc{"description": http.StatusText(status), "content": d.content(reflect.TypeFor[Error](), false)}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		out["headers"] = doc{"Retry-After": header("integer", "Seconds after which to try again.")}
	}
	return out
}
