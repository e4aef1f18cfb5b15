package httpserver

import (
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/market/limits"
)

// doc is a JSON object of the API document.
type doc = map[string]any

// OpenAPI returns the API document, OpenAPI 3.1, made from the route table and
// the Go types, for a server at the base URL (see BaseURL).
func (s *Server) OpenAPI(base string) map[string]any {
	d := document{schemas: doc{}, responses: doc{}, names: map[reflect.Type]string{}}
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
			"description": "Bodies are JSON, or markdown with YAML frontmatter. Answers are markdown unless Accept prefers application/json. A field or parameter that an endpoint does not have is ignored and named in ignored of the answer, unless it reads like one that it has: that is refused, and nothing is done. Credits have no monetary value.",
			"license":     doc{"name": "MIT", "identifier": "MIT"},
		},
		"servers": serversOf(base),
		"tags":    groupTags(s.routes),
		"paths":   paths,
		"components": doc{
			"schemas":         d.schemas,
			"responses":       d.responses,
			"securitySchemes": securitySchemes,
		},
	}
}

func serversOf(base string) []doc { return []doc{{"url": base, "description": "This server"}} }

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

// document is an API document under construction.
type document struct {
	schemas doc
	// responses are the refusals.
	responses doc
	names     map[reflect.Type]string
}

func (d *document) operation(r *Route) doc {
	op := doc{
		"operationId": r.Name, "summary": r.Summary, "tags": []string{r.Group},
		"parameters": parameters(r), "responses": d.answers(r),
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
		schema["type"], schema["items"], schema["maxItems"] = "array", tagSchema(), limits.Tags
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
	if p.Type == "string" && p.Required {
		schema["minLength"] = 1
	}
	if p.MaxLength > 0 {
		schema["maxLength"] = p.MaxLength
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
	markdown := doc{}
	if example := bodyExamples[r.Name]; example != nil {
		markdown["example"] = markdownBody(r, example)
	}
	text := "Fields as YAML between two lines of ---."
	if r.Body.Text != "" {
		text = "Fields as YAML between two lines of ---, then " + r.Body.Text + " as the text."
	}
	markdown["schema"] = doc{"type": "string", "description": text}
	return doc{"required": required, "content": doc{"application/json": json, "text/markdown": markdown}}
}

func (d *document) answers(r *Route) doc {
	out := doc{}
	for _, success := range r.Success {
		out[strconv.Itoa(success.Status)] = d.success(r, success)
	}
	for _, status := range r.Statuses() {
		out[strconv.Itoa(status)] = d.refusal(r, status)
	}
	return out
}

func (d *document) success(r *Route, s Success) doc {
	out := doc{"description": s.When}
	if s.When == "" {
		out["description"] = http.StatusText(s.Status)
	}
	headers := commonHeaders(r)
	for _, h := range slices.Concat(r.Headers, s.Headers) {
		headers[h.Name] = header(h.Type, h.Description)
	}
	out["headers"] = headers
	switch {
	case r.Stream:
		out["content"] = doc{"text/event-stream": doc{"schema": doc{"type": "string"}, "example": streamExample}}
	case s.Type != nil:
		out["content"] = d.content(s, r.JSONOnly)
	}
	return out
}

func (d *document) content(s Success, jsonOnly bool) doc {
	example := sampleJSON(s.Type)
	content := doc{"application/json": doc{"schema": d.schema(s.Type), "example": example}}
	if s.Type.Kind() == reflect.Map {
		delete(content["application/json"].(doc), "example")
	}
	if !jsonOnly {
		content["text/markdown"] = doc{
			"schema":  doc{"type": "string", "description": "The same fields as YAML frontmatter; a long text stands below it."},
			"example": markdownExample(example, s.Note),
		}
	}
	return content
}

// rateHeaders come with every answer of a route that has a limit, once it is
// known whose limit it is.
var rateHeaders = map[string]string{
	"RateLimit-Limit": "How many requests a full allowance has.", "RateLimit-Remaining": "How many are left.",
	"RateLimit-Reset": "Seconds until the allowance is full again.",
}

func header(typ, description string) doc {
	return doc{"description": description, "schema": doc{"type": typ}}
}

// commonHeaders come with every answer of a route, refusals included.
func commonHeaders(r *Route) doc {
	headers := doc{"X-Request-Id": header("string", "Names the request in the server's log.")}
	if r.Limit != "" {
		for name, text := range rateHeaders {
			headers[name] = header("integer", text)
		}
	}
	return headers
}

// refusal returns a reference to the response for a status, which it creates at
// first use, since routes of one kind share it.
func (d *document) refusal(r *Route, status int) doc {
	name := "Refusal" + strconv.Itoa(status)
	if r.Limit != "" {
		name += "Limited"
	}
	if r.JSONOnly {
		name += "JSON"
	}
	if d.responses[name] == nil {
		d.responses[name] = d.makeRefusal(r, status)
	}
	return doc{"$ref": "#/components/responses/" + name}
}

func (d *document) makeRefusal(r *Route, status int) doc {
	headers := commonHeaders(r)
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		headers["Retry-After"] = header("integer", "Seconds after which to try again.")
	case http.StatusUnauthorized:
		headers["WWW-Authenticate"] = header("string", "The scheme, Bearer.")
	}
	return doc{
		"description": http.StatusText(status), "headers": headers,
		"content": d.content(Success{Type: reflect.TypeFor[Error]()}, r.JSONOnly),
	}
}
