package httpserver

import (
	"bytes"
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// posting returns a function that says what a body becomes, or the refusal.
func posting(t testing.TB) func(contentType, body string) (market.PostInput, int, string) {
	var got market.PostInput
	s := &stub{post: func(_ context.Context, in market.PostInput) (market.Posted, error) {
		got = in
		return market.Posted{TaskID: "tk-1", Status: market.StatusPosted, Need: in.Need}, nil
	}}
	server := s.server(t, Options{Limits: NoLimits()})
	return func(contentType, body string) (market.PostInput, int, string) {
		got = market.PostInput{}
		w := ask(server, "POST", "/v1/tasks", body, "Content-Type", contentType)
		return got, w.Code, w.Body.String()
	}
}

func TestBodiesThatMeanTheSame(t *testing.T) {
	post := posting(t)
	want := market.PostInput{Need: "Review: \"this\"\n- é 日本", Context: "docs", MaxCredits: 15, Tags: []string{"go", "api"}}
	const js = `{"need": "Review: \"this\"\n- \u00e9 日本", "context":"docs" , "max_credits":15,"tags":["go","api"], "unknown": {"x": [1, {"y": "}"}]}}`
	const md = "---\nmax_credits: 15\ncontext: docs\ntags: [go, api]\nunknown: {x: [1, {y: z}]}\n---\nReview: \"this\"\n- é 日本\n"
	front, _, _ := strings.Cut(md, "Review")
	for name, c := range map[string]struct{ contentType, body string }{
		"JSON":                          {"application/json", js},
		"JSON with a charset":           {"application/json; charset=utf-8", js},
		"JSON of a kind":                {"application/vnd.api+json", js},
		"JSON as curl -d sends it":      {"application/x-www-form-urlencoded", js},
		"JSON without a type":           {"", js},
		"JSON as text":                  {"text/plain", " \n" + js},
		"JSON with a byte order mark":   {"application/json", "\ufeff" + js},
		"markdown":                      {"text/markdown", md},
		"markdown as curl -d sends it":  {"application/x-www-form-urlencoded", md},
		"markdown without a type":       {"", md},
		"markdown with CRLF":            {"text/markdown", strings.ReplaceAll(front, "\n", "\r\n") + "\r\nReview: \"this\"\n- é 日本"},
		"all in the frontmatter":        {"text/markdown", "---\nmax_credits: 15\ncontext: docs\ntags:\n- go\n- api\nneed: \"Review: \\\"this\\\"\\n- é 日本\"\n---\n"},
		"block text in the frontmatter": {"text/markdown", "---\nmax_credits: 0xf\ncontext: >-\n  docs\ntags: ['go', \"api\"]\nneed: |-\n  Review: \"this\"\n  - é 日本\n---"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status, answer := post(c.contentType, c.body)
			if status != http.StatusCreated {
				t.Fatalf("%d %s", status, answer)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestMarkdownText(t *testing.T) {
	post := posting(t)
	for name, c := range map[string]struct{ body, want string }{
		"no frontmatter":                {"Do it.\n", "Do it."},
		"empty frontmatter":             {"---\n---\nDo it.", "Do it."},
		"comments alone":                {"---\n# nothing\n---\nDo it.", "Do it."},
		"a rule in the text":            {"---\n---\nA\n---\nB", "A\n---\nB"},
		"inner blank lines and indent":  {"---\n---\n\n    code\n\nend\n\n", "    code\n\nend"},
		"JSON that is meant as text":    {`{"need": "no"}`, `{"need": "no"}`},
		"a list that is meant as text":  {`[1]`, `[1]`},
		"digits in a string field":      {"---\ncontext: 0123\n---\nx", "x"},
		"trailing spaces after hyphens": {"--- \ncontext: a\n---  \nx", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status, answer := post("text/markdown", c.body)
			if status != http.StatusCreated || got.Need != c.want {
				t.Errorf("%d %s: need %q, want %q", status, answer, got.Need, c.want)
			}
			if name == "digits in a string field" && got.Context != "0123" {
				t.Errorf("context %q", got.Context)
			}
		})
	}
}

// A body that no client should send is the client's error, never a 500.
func TestBadBodiesAreRefused(t *testing.T) {
	post := posting(t)
	bomb := "---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c]\ntags: *d\n---\nx"
	for name, c := range map[string]struct {
		contentType, body string
		status            int
		says              string
	}{
		"bad JSON":                    {"application/json", `{"need": }`, 400, "JSON"},
		"cut JSON":                    {"", `{"need": "x"`, 400, "JSON"},
		"trailing garbage":            {"application/json", `{"need": "x"} y`, 400, "JSON"},
		"two objects":                 {"application/json", `{"need": "x"}{}`, 400, "JSON"},
		"a list":                      {"application/json", `[{"need": "x"}]`, 400, "object"},
		"a list without a type":       {"", `[{"need": "x"}]`, 400, "object"},
		"a string":                    {"application/json", `"need"`, 400, "object"},
		"null":                        {"application/json", `null`, 400, "object"},
		"bad UTF-8":                   {"application/json", "{\"need\": \"\xff\"}", 400, "UTF-8"},
		"bad UTF-8 in markdown":       {"text/markdown", "x\xc3(", 400, "UTF-8"},
		"NUL":                         {"application/json", `{"need": "a\u0000b"}`, 400, "need: must not contain NUL"},
		"NUL in a list":               {"application/json", `{"need": "x", "tags": ["a\u0000b"]}`, 400, "tags: must not contain NUL"},
		"a raw control character":     {"application/json", "{\"need\": \"a\x00b\"}", 400, "JSON"},
		"NUL in markdown":             {"text/markdown", "a\x00b", 400, "need: must not contain NUL"},
		"NUL in YAML":                 {"text/markdown", "---\ncontext: \"a\\0b\"\n---\nx", 400, "context: must not contain NUL"},
		"half a surrogate pair":       {"application/json", `{"need": "\ud83d"}`, 400, "need: must be valid Unicode"},
		"the other half":              {"application/json", `{"need": "\udc00x"}`, 400, "need: must be valid Unicode"},
		"the wrong type":              {"application/json", `{"need": 5}`, 400, "need: must be a string"},
		"a number in quotes":          {"application/json", `{"need": "x", "max_credits": "5"}`, 400, "max_credits: must be a whole number"},
		"half a credit":               {"application/json", `{"need": "x", "max_credits": 1.5}`, 400, "max_credits: must be a whole number"},
		"more than an integer holds":  {"application/json", `{"need": "x", "max_credits": 99999999999999999999}`, 400, "max_credits: must be a whole number"},
		"tags that are no list":       {"application/json", `{"need": "x", "tags": "go"}`, 400, "tags: must be a list of strings"},
		"tags of numbers":             {"application/json", `{"need": "x", "tags": [1]}`, 400, "tags: must be a list of strings"},
		"a field twice":               {"application/json", `{"need": "x", "need": "y"}`, 400, "need: is given twice"},
		"deep nesting":                {"application/json", `{"need": "x", "y": ` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, 400, "JSON"},
		"nothing":                     {"application/json", "", 400, "need: is required"},
		"blanks":                      {"application/json", " \n ", 400, "need: is required"},
		"null for a required field":   {"application/json", `{"need": null}`, 400, "need: is required"},
		"no text":                     {"text/markdown", "---\nmax_credits: 5\n---\n", 400, "need: is required"},
		"bad YAML":                    {"text/markdown", "---\na: [\n---\nx", 400, "frontmatter"},
		"tabs in YAML":                {"text/markdown", "---\na:\n\t- b\n---\nx", 400, "frontmatter"},
		"a YAML list":                 {"text/markdown", "---\n- a\n---\nx", 400, "frontmatter"},
		"a YAML string":               {"text/markdown", "---\nabc\n---\nx", 400, "frontmatter"},
		"an open frontmatter":         {"text/markdown", "---\nmax_credits: 5\nx", 400, "closing"},
		"two YAML documents":          {"text/markdown", "---\na: 1\n...\nb: 2\n---\nx", 400, "frontmatter"},
		"a YAML field twice":          {"text/markdown", "---\nmax_credits: 5\nmax_credits: 6\n---\nx", 400, "max_credits: is given twice"},
		"an alias bomb":               {"text/markdown", bomb, 400, ""},
		"deep YAML":                   {"text/markdown", "---\na: " + strings.Repeat("[", 10_000) + "\n---\nx", 400, "frontmatter"},
		"YAML of the wrong type":      {"text/markdown", "---\nmax_credits: ten\n---\nx", 400, "max_credits: must be a whole number"},
		"a quoted YAML number":        {"text/markdown", "---\nmax_credits: \"5\"\n---\nx", 400, "max_credits: must be a whole number"},
		"a YAML fraction":             {"text/markdown", "---\nmax_credits: 1.5\n---\nx", 400, "max_credits: must be a whole number"},
		"a YAML mapping for a string": {"text/markdown", "---\ncontext: {a: b}\n---\nx", 400, "context: must be a string"},
		"a YAML list for a string":    {"text/markdown", "---\ncontext: [a]\n---\nx", 400, "context: must be a string"},
		"lists in YAML tags":          {"text/markdown", "---\ntags: [[a]]\n---\nx", 400, "tags: must be a list of strings"},
		"a text given twice":          {"text/markdown", "---\nneed: a\n---\nb", 400, "need: is given in the frontmatter and as the text"},
		"a huge frontmatter":          {"text/markdown", "---\nx: " + strings.Repeat("y", maxFrontmatter) + "\n---\nx", 413, "frontmatter"},
		"another content type":        {"application/xml", "<need/>", 415, "application/xml"},
		"a form with files":           {"multipart/form-data; boundary=x", "--x", 415, "multipart"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status, answer := post(c.contentType, c.body)
			if status != c.status || !strings.Contains(answer, c.says) || !strings.HasPrefix(answer, `{"error":`) {
				t.Errorf("%d %s (%+v), want %d and %q", status, answer, got, c.status, c.says)
			}
		})
	}
}

func TestBodySize(t *testing.T) {
	s := &stub{deliver: func(in market.DeliverInput) (market.Task, error) {
		return market.Task{TaskID: "tk-1"}, nil
	}}
	const maxBody = 8 << 20
	server := s.server(t, Options{})
	body := func(n int) string { return `{"result": "` + strings.Repeat("x", n-14) + `"}` }
	expect(t, ask(server, "POST", "/v1/tasks/tk-1/deliver", body(maxBody)), 200)
	expect(t, ask(server, "POST", "/v1/tasks/tk-1/deliver", body(maxBody+1)), 413, "8 MiB")

	chunked := func(n int) int {
		r, _ := http.NewRequest(http.MethodPost, "/v1/tasks/tk-1/deliver", struct{ *bytes.Reader }{bytes.NewReader([]byte(body(n)))})
		r.ContentLength = -1
		r.Header.Set("Authorization", "Bearer "+stubKey)
		w := newRecorder()
		server.ServeHTTP(w, r)
		return w.Code
	}
	if got := chunked(maxBody); got != 200 {
		t.Errorf("8 MiB in chunks: %d", got)
	}
	if got := chunked(maxBody + 1); got != 413 {
		t.Errorf("more than 8 MiB in chunks: %d", got)
	}
	expect(t, ask(server, "POST", "/v1/tasks/tk-1/deliver", `{}`, "Content-Encoding", "gzip"), 415)

	small := s.server(t, Options{MaxBodyBytes: 2000})
	expect(t, ask(small, "POST", "/v1/tasks/tk-1/deliver", body(2000)), 200)
	expect(t, ask(small, "POST", "/v1/tasks/tk-1/deliver", body(2001)), 413, "2000 bytes")
}

func TestPatchTellsNullFromAbsent(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		want              market.UpdateInput
	}{
		"JSON null":        {"application/json", `{"webhook_url": null, "good_at": null, "tags": null}`, market.UpdateInput{WebhookURL: market.Null[string](), GoodAt: market.Null[string](), Tags: market.Null[[]string]()}},
		"JSON values":      {"application/json", `{"good_at": "go", "accepts_system_tasks": true, "tags": ["a"]}`, market.UpdateInput{GoodAt: market.Some("go"), AcceptsSystemTasks: market.Some(true), Tags: market.Some([]string{"a"})}},
		"nothing":          {"application/json", ``, market.UpdateInput{}},
		"an empty object":  {"application/json", `{}`, market.UpdateInput{}},
		"YAML null":        {"text/markdown", "---\nwebhook_url: null\ngood_at: ~\nwebhook_secret:\n---\n", market.UpdateInput{WebhookURL: market.Null[string](), GoodAt: market.Null[string](), WebhookSecret: market.Null[string]()}},
		"markdown text":    {"text/markdown", "---\naccepts_system_tasks: yes\nwebhook_secret: 123\n---\nGo & <tests>", market.UpdateInput{GoodAt: market.Some("Go & <tests>"), AcceptsSystemTasks: market.Some(true), WebhookSecret: market.Some("123")}},
		"quoted YAML null": {"text/markdown", "---\nwebhook_secret: 'null'\n---\n", market.UpdateInput{WebhookSecret: market.Some("null")}},
	} {
		t.Run(name, func(t *testing.T) {
			var got market.UpdateInput
			s := &stub{update: func(in market.UpdateInput) (market.Me, error) {
				got = in
				return market.Me{ID: stubAgent}, nil
			}}
			expect(t, ask(s.server(t, Options{}), "PATCH", "/v1/me", c.body, "Content-Type", c.contentType), 200)
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
	s := &stub{}
	expect(t, ask(s.server(t, Options{}), "PATCH", "/v1/me", `{"good_at": 5}`), 400, "good_at: must be a string")
	expect(t, ask(s.server(t, Options{}), "PATCH", "/v1/me", `{"accepts_system_tasks": "true"}`), 400, "accepts_system_tasks: must be true or false")
	for _, value := range []string{`"true"`, "'yes'", "1", "maybe", "[true]"} {
		expect(t, ask(s.server(t, Options{}), "PATCH", "/v1/me", "---\naccepts_system_tasks: "+value+"\n---\n"), 400, "accepts_system_tasks: must be true or false")
	}
}

func TestSuspendNeedsToBeTold(t *testing.T) {
	s := &stub{suspend: func(in market.SuspendInput) (market.Suspension, error) {
		return market.Suspension{AgentID: in.AgentID, Suspended: in.Suspended}, nil
	}}
	server := s.server(t, Options{})
	admin := []string{"Authorization", "Bearer " + adminKey}
	expect(t, ask(server, "POST", "/v1/admin/agents/suspend", `{"agent_id": "ag-1"}`, admin...), 400, "suspended: is required")
	expect(t, ask(server, "POST", "/v1/admin/agents/suspend", `{"agent_id": "ag-1", "suspended": false}`, admin...), 200, `"suspended":false`)
}

func TestEndpointsWithoutText(t *testing.T) {
	s := &stub{cancel: func(id market.TaskID) (market.Task, error) { return market.Task{TaskID: id}, nil }}
	server := s.server(t, Options{})
	for _, body := range []string{"", "{}", `{"reason": "ignored"}`, "---\n---\n", "\n"} {
		expect(t, ask(server, "POST", "/v1/tasks/tk-7/cancel", body), 200, "tk-7")
	}
	expect(t, ask(server, "POST", "/v1/tasks/tk-7/cancel", "why not"), 400, "no text")
}
