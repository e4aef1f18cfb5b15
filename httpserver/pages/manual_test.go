package pages_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/httpserver/pages"
	"github.com/pinchwork/pinchwork/market"
)

const adminKey = "operator-key"

// site is a server with pages over a market of its own.
type site struct {
	t      *testing.T
	market *market.Market
	url    string
	api    *httpserver.Server
}

func newSite(t *testing.T, o httpserver.Options, with ...pinchwork.Option) *site {
	t.Helper()
	m, err := pinchwork.New(with...)
	if err != nil {
		t.Fatal(err)
	}
	if o.Limits == (httpserver.Limits{}) {
		o.Limits = httpserver.NoLimits()
	}
	o.AdminKey, o.Pages = adminKey, pages.New(m)
	api, err := httpserver.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	live := httptest.NewServer(api)
	t.Cleanup(func() { api.Close(); live.Close() })
	return &site{t, m, live.URL, api}
}

// answer is a response whose body has been read.
type answer struct {
	StatusCode int
	Status     string
	Header     http.Header
}

func (s *site) get(path string, headers ...string) (answer, string) {
	s.t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Status, res.Header}, string(data)
}

// noDoor opens nothing.
func noDoor(*httpserver.Server) http.Handler { return http.NotFoundHandler() }

// everything is the manual and all its references.
func (s *site) everything() string {
	s.t.Helper()
	_, all := s.get("/skill.md")
	for _, name := range s.sections() {
		all += s.section(name)
	}
	return all
}

// The manual has a section for each subject that agents look for, in itself or among its
// references.
func TestManualHasEverySubject(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	res, manual := s.get("/skill.md")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/markdown; charset=utf-8" {
		t.Fatalf("%s %v", res.Status, res.Header)
	}
	for _, subject := range []string{
		"key-safety", "quick-start", "command-line", "formats", "sync-mode", "headers", "endpoints", "matching", "credits", "lifecycle",
		"ratings", "reporting", "events", "webhooks", "deadlines", "messaging", "trust", "abuse-prevention", "admin", "capabilities",
		"infra-agents", "evidence", "limits", "errors", "rejection", "questions", "search", "stats", "discovery", "batch", "visibility",
		"terms", "heartbeat", "tips",
	} {
		res, part := s.get("/skill.md?section=" + subject)
		if res.StatusCode != http.StatusOK || !strings.HasPrefix(part, "## ") || strings.Count(part, "\n## ") != 0 {
			t.Errorf("section %s: %s, %.60q", subject, res.Status, part)
		}
	}
	if res, text := s.get("/skill.md?section=nothing"); res.StatusCode != http.StatusNotFound || !strings.Contains(text, "lifecycle, rejection, credits") {
		t.Errorf("an unknown section: %s %s", res.Status, text)
	}
	_, more, _ := strings.Cut(manual, "\n## More\n")
	for _, name := range s.sections() {
		if in := strings.Contains(manual, s.section(name)[:20]); in == strings.Contains(more, "\n- `"+name+"`: ") {
			t.Errorf("section %s is in the manual or in its list of references, not in both and not in neither", name)
		}
	}
	all := s.everything()
	for _, r := range httpserver.Routes() {
		if !strings.Contains(all, "| "+r.Method+" | "+r.Path+" |") {
			t.Errorf("the manual lacks %s %s", r.Method, r.Path)
		}
	}
	for _, c := range market.Codes() {
		if !strings.Contains(all, "`"+string(c.Code)+"`: "+c.Meaning) {
			t.Errorf("the manual lacks the code %s", c.Code)
		}
	}
	if strings.Contains(all, "pinchwork.dev") || !strings.Contains(all, s.url+"/v1/tasks") {
		t.Error("the manual has not this server's address")
	}
}

// The manual states this server's own settings.
func TestManualStatesSettings(t *testing.T) {
	m, err := pinchwork.New(pinchwork.WithPolicy(func(p *market.Policy) {
		p.InitialCredits, p.FeePercent, p.TaskExpiry, p.Infra = 77, 12.5, 36*time.Hour, market.InfraAppointed
		p.ClaimTimeout, p.AbandonLimit, p.NewcomerClaims, p.Registration = 0, 0, 0, market.RegistrationInvite
	}))
	if err != nil {
		t.Fatal(err)
	}
	o := httpserver.Options{Pages: pages.New(m), PublicURL: "https://work.example/market", MaxBodyBytes: 3 << 20}
	o.Limits.Pickup = httpserver.Limit{Count: 7, Per: time.Minute}
	api, err := httpserver.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	for section, says := range map[string][]string{
		"": {"https://work.example/market/v1/tasks"}, "quick-start": {"an `invite`"}, "credits": {"start with 77", "12.5 %"}, "lifecycle": {"after 36h", "| at its `deadline`"},
		"infra-agents": {"must also have appointed"}, "claims": {"without end"}, "abuse-prevention": {"pickup 7/m", "create 30/m"}, "limits": {"3 MiB"},
	} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/skill.md?section="+section, nil))
		text := strings.ReplaceAll(w.Body.String(), "\n", " ")
		for _, want := range says {
			if !strings.Contains(text, want) {
				t.Errorf("section %q of the manual does not say %q: %s", section, want, text)
			}
		}
		if strings.Contains(text, "strike") && strings.Contains(text, "block pickup") {
			t.Errorf("section %q speaks of a block that there is not: %s", section, text)
		}
	}
}

var shortCall = regexp.MustCompile("`(GET|POST|PATCH) (/v1/[^ `]+)( \\{[^`]*\\})?`")

// shortCalls are the calls that stand in the text, as curl lines with the key that
// the manual says they need.
func shortCalls(url, manual string) (lines []string) {
	for _, call := range shortCall.FindAllStringSubmatch(manual, -1) {
		method, path, body, key := call[1], call[2], strings.TrimSpace(call[3]), "YOUR_API_KEY"
		switch {
		case strings.Contains(path, "EVENT_ID"):
			continue // nothing failed here
		case strings.HasPrefix(path, "/v1/admin/"):
			key = "ADMIN_KEY"
		}
		if strings.HasSuffix(path, "/tasks") {
			body = strings.Replace(body, `"wait": 120`, `"wait": 0`, 1) // nobody works here
		}
		line := "curl -X " + method + ` "` + url + path + `" -H "Authorization: Bearer ` + key + `"`
		if body != "" {
			line += " -d '" + body + "'"
		}
		lines = append(lines, line)
	}
	return lines
}

// Every curl line of the manual works as it stands, and so does every call in
// its text.
func TestManualCommandsWork(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	manual := s.everything()
	lines := slices.Concat(regexp.MustCompile(`(?m)^curl .*$`).FindAllString(manual, -1), shortCalls(s.url, manual))
	slices.Sort(lines)
	if lines = slices.Compact(lines); len(lines) < 40 {
		t.Fatalf("the manual has %d commands", len(lines))
	}
	for _, line := range lines {
		t.Run(line, func(t *testing.T) {
			f := newFixture(t, s)
			r := f.request(line)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			if strings.HasSuffix(r.URL.Path, "/v1/events") {
				if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
					t.Errorf("the stream is %q", got)
				}
				return
			}
			data, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode > 299 {
				t.Errorf("%s, %v: %s", res.Status, err, data)
			}
		})
	}
}

// fixture has what a command may be about: a task in the state that it needs,
// and the keys of those who may give it.
type fixture struct {
	t              *testing.T
	poster, worker *market.Registration
	task           market.TaskID
	question       market.QuestionID
	m              *market.Market
}

func newFixture(t *testing.T, s *site) *fixture {
	t.Helper()
	f := &fixture{t: t, m: s.market}
	for _, r := range []**market.Registration{&f.poster, &f.worker} {
		got, err := s.market.Register(t.Context(), market.RegisterInput{Name: "agent", GoodAt: "python"})
		if err != nil {
			t.Fatal(err)
		}
		*r = &got
	}
	posted, err := s.market.As(f.poster.AgentID).Post(t.Context(), market.PostInput{Need: "Review this endpoint, security", Tags: []string{"python"}, MaxCredits: 15})
	if err != nil {
		t.Fatal(err)
	}
	f.task = posted.TaskID
	return f
}

// prepare brings the task into the state in which the path makes sense and
// returns the key of who calls.
func (f *fixture) prepare(method, path string) (key string) {
	f.t.Helper()
	ctx, poster, worker := f.t.Context(), f.m.As(f.poster.AgentID), f.m.As(f.worker.AgentID)
	must := func(err error) {
		f.t.Helper()
		if err != nil {
			f.t.Fatal(err)
		}
	}
	claim := func() { _, err := worker.PickupTask(ctx, f.task); must(err) }
	deliver := func() { claim(); _, err := worker.Deliver(ctx, f.task, market.DeliverInput{Result: "done"}); must(err) }
	approve := func() { deliver(); _, err := poster.Approve(ctx, f.task, market.ApproveInput{}); must(err) }
	path, query, _ := strings.Cut(path, "?")
	after := func(suffix string) bool { return strings.HasSuffix(path, suffix) }
	switch {
	case strings.Contains(query, "wait="):
		deliver()
		return string(f.poster.APIKey)
	case after("/deliver"), after("/abandon"), after("/messages"), after("/progress"):
		claim()
		return string(f.worker.APIKey)
	case after("/approve"), after("/reject"):
		deliver()
		return string(f.poster.APIKey)
	case after("/rate"):
		approve()
		return string(f.worker.APIKey)
	case after("/answer"):
		q, err := worker.Ask(ctx, f.task, "what?")
		must(err)
		f.question = q.ID
		return string(f.poster.APIKey)
	case after("/cancel"), method == http.MethodGet && after(string(f.task)):
		return string(f.poster.APIKey)
	}
	return string(f.worker.APIKey)
}

var words = regexp.MustCompile(`\$?'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\S+)`)

// request is the request that curl would make of a line.
func (f *fixture) request(line string) *http.Request {
	f.t.Helper()
	var args []string
	for _, m := range words.FindAllStringSubmatch(line, -1) {
		arg := m[1] + m[2] + m[3]
		if strings.HasPrefix(m[0], "$") {
			arg = strings.ReplaceAll(arg, `\n`, "\n")
		}
		args = append(args, arg)
	}
	method, url, body := "", "", ""
	header := http.Header{}
	for i := 1; i < len(args); i++ {
		switch args[i] {
		case "-X":
			i++
			method = args[i]
		case "-H":
			i++
			name, value, _ := strings.Cut(args[i], ": ")
			header.Set(name, value)
		case "-d", "--data-binary":
			i++
			body = args[i]
		case "-N", "-i":
		case "--max-time":
			i++
		default:
			url = args[i]
		}
	}
	switch {
	case method == "" && body != "":
		method = http.MethodPost // as curl does
	case method == "":
		method = http.MethodGet
	}
	url = strings.ReplaceAll(url, "TASK_ID", string(f.task))
	key := f.prepare(method, strings.TrimPrefix(url, "http://"))
	replace := strings.NewReplacer("YOUR_API_KEY", key, "ADMIN_KEY", adminKey, "QA_ID", string(f.question), "AGENT_ID", string(f.worker.AgentID))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	f.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, replace.Replace(url), strings.NewReader(replace.Replace(body)))
	if err != nil {
		f.t.Fatalf("%s: %v", line, err)
	}
	for name := range header {
		r.Header.Set(name, replace.Replace(header.Get(name)))
	}
	if body != "" && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl does
	}
	return r
}

func TestDocumentsHaveThisAddress(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	for path, want := range map[string][]string{
		"/llms.txt":                 {"text/plain; charset=utf-8", s.url + "/skill.md"},
		"/terms":                    {"text/markdown; charset=utf-8", "no monetary value", s.url + "/v1/tasks/"},
		"/robots.txt":               {"text/plain; charset=utf-8", "Disallow: /v1/"},
		"/.well-known/security.txt": {"text/plain; charset=utf-8", "Contact: ", "Canonical: " + s.url},
		"/docs":                     {"text/html; charset=utf-8", "/openapi.json"},
		"/docs/swagger-ui.css":      {"text/css; charset=utf-8", ".swagger-ui"},
	} {
		res, text := s.get(path)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != want[0] {
			t.Errorf("%s: %s, %s", path, res.Status, res.Header.Get("Content-Type"))
		}
		for _, part := range want[1:] {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %q", path, part)
			}
		}
	}
	_, text := s.get("/.well-known/security.txt")
	expires, err := time.Parse(time.RFC3339, strings.TrimSpace(regexp.MustCompile(`Expires: (\S+)`).FindStringSubmatch(text)[1]))
	if left := time.Until(expires); err != nil || left < 24*time.Hour || left > 366*24*time.Hour {
		t.Errorf("security.txt expires in %v, %v", left, err)
	}
	_, capabilities := s.get("/v1/capabilities", "Accept", "application/json")
	var c httpserver.Capabilities
	if err := json.Unmarshal([]byte(capabilities), &c); err != nil || c.Docs == nil || c.Docs.Manual != s.url+"/skill.md" {
		t.Errorf("capabilities: %v, %+v", err, c.Docs)
	}
}

// Browsers get the terms as a page with the same words.
func TestTermsAsAPage(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	_, text := s.get("/terms")
	res, page := s.get("/terms", "Accept", "text/html,*/*;q=0.8")
	if got := res.Header.Get("Content-Type"); got != "text/html; charset=utf-8" || !strings.Contains(page, "<h1>Terms</h1>") {
		t.Fatalf("%s %s", got, page)
	}
	if want, got := len(regexp.MustCompile(`(?m)^\d+\. `).FindAllString(text, -1)), strings.Count(page, "<li>"); got != want || got < 5 {
		t.Errorf("%d terms, want %d", got, want)
	}
	if !strings.Contains(page, "POST "+s.url+"/v1/tasks/TASK_ID/report.") || !strings.Contains(page, "By using this marketplace") {
		t.Errorf("the page lacks something: %s", page)
	}
}

// The manual's limits are the market's.
func TestManualStatesLimits(t *testing.T) {
	s := newSite(t, httpserver.Options{})
	_, limits := s.get("/skill.md?section=limits")
	for _, want := range []string{"In characters: `need` 50,000,", "`result` 500,000", "10 tags of a task and 20 of an agent", "up to 50 letters"} {
		if !strings.Contains(limits, want) {
			t.Errorf("the limits lack %q: %s", want, limits)
		}
	}
	if _, page := s.get("/skill.md?section=deadlines"); !strings.Contains(page, "(1 to 525,600)") {
		t.Errorf("deadlines: %s", page)
	}
}

// The documents lead to the doors of other protocols where there are any.
func TestDocumentsLeadToTheDoors(t *testing.T) {
	doors := []httpserver.Door{{Path: "/mcp", Open: noDoor}, {Path: "/.well-known/agent-card.json", Open: noDoor}}
	with, without := newSite(t, httpserver.Options{Doors: doors}), newSite(t, httpserver.Options{})
	if _, text := with.get("/llms.txt"); !strings.Contains(text, "\n- [Tools]("+with.url+"/mcp)") || !strings.Contains(text, "\n- [Agent card]("+with.url+"/.well-known/agent-card.json)") || !strings.Contains(text, "\n- [Installer") {
		t.Errorf("llms.txt says %s", text)
	}
	if _, text := without.get("/llms.txt"); strings.Contains(text, "/mcp") || strings.Contains(text, "agent-card") || strings.Contains(text, "\n\n- [Installer") {
		t.Errorf("without doors llms.txt says %s", text)
	}
}
