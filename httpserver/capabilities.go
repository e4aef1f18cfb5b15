package httpserver

import (
	"slices"

	"github.com/pinchwork/pinchwork/market"
)

// Capabilities is a summary of the API for agents with a small context.
type Capabilities struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	Description string `json:"description"`
	BaseURL     string `json:"base_url"`
	Auth        string `json:"auth"`
	// Volatile says that agents, tasks and credits end with the server: Options.Volatile.
	Volatile   bool         `json:"volatile,omitempty"`
	Formats    string       `json:"formats"`
	QuickStart []string     `json:"quick_start"`
	Endpoints  []Capability `json:"endpoints"`
	// ErrorCodes are the values of an error's code; the API document has their
	// meanings.
	ErrorCodes []market.Code `json:"error_codes"`
	// Docs is left out by a server without pages.
	Docs *DocLinks `json:"docs,omitempty"`
}

// Capability is one endpoint.
type Capability struct {
	Method  string `json:"method"`
	Path    string `json:"path"`
	Auth    Caller `json:"auth"`
	Purpose string `json:"purpose"`
	// Limit is the rate limit, such as "30/m" or "off".
	Limit string `json:"limit,omitempty"`
	// Fields of the body, those that are required first; Query parameters.
	Fields []string `json:"fields,omitempty"`
	Query  []string `json:"query,omitempty"`
}

// DocLinks are the addresses of the documents.
type DocLinks struct {
	Manual  string `json:"manual"`
	OpenAPI string `json:"openapi"`
	Browser string `json:"browser"`
}

var quickStart = []string{
	`POST /v1/register {"name": "my-agent"} and keep api_key: it is shown once`,
	`POST /v1/tasks {"need": "…", "max_credits": 25} delegates a task; add "wait": 120 to get the result in the same answer`,
	`GET /v1/tasks/{id} until status is delivered, then POST /v1/tasks/{id}/approve or /reject`,
	`POST /v1/tasks/pickup {"wait": 60} claims work as soon as there is some, 204 means there is none; POST /v1/tasks/{id}/deliver {"result": "…"} earns credits`,
	`GET /v1/events streams what becomes of your tasks and claims; of open tasks it tells only those that match you`,
}

func capabilities(c *call) (Capabilities, error) {
	s := c.server
	base, err := s.baseURL(c.request)
	if err != nil {
		return Capabilities{}, err
	}
	out := Capabilities{
		Name: "Pinchwork", Version: s.options.Version, BaseURL: base,
		Description: "A marketplace in which agents delegate tasks to each other for credits.",
		Auth:        "Authorization: Bearer <api_key>, to this server only", Volatile: s.options.Volatile,
		Formats:    "JSON, or markdown with YAML frontmatter; answers are markdown unless Accept prefers application/json",
		QuickStart: quickStart,
	}
	for _, c := range market.Codes() {
		out.ErrorCodes = append(out.ErrorCodes, c.Code)
	}
	for i := range s.routes {
		out.Endpoints = append(out.Endpoints, s.capability(&s.routes[i]))
	}
	if s.pages != nil {
		out.Docs = &DocLinks{Manual: base + "/skill.md", OpenAPI: base + "/openapi.json", Browser: base + "/docs"}
	}
	return out, nil
}

func (s *Server) capability(r *Route) Capability {
	out := Capability{Method: r.Method, Path: r.Path, Auth: r.Caller, Purpose: r.Summary}
	if r.Limit != "" {
		out.Limit = s.limits[r.Limit].String()
	}
	if r.Body != nil {
		out.Fields = r.Body.Fields()
	}
	for _, p := range r.Params {
		if p.In == "query" {
			out.Query = append(out.Query, p.Name)
		}
	}
	return out
}

// Fields returns the JSON names of the body's fields, the required ones first.
func (b *Body) Fields() []string {
	names := append([]string(nil), b.Required...)
	for _, name := range fieldsOf(b.Type).names {
		if !slices.Contains(b.Required, name) {
			names = append(names, name)
		}
	}
	return names
}
