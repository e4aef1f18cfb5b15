package httpserver

import (
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

const formType = "application/x-www-form-urlencoded" // what curl -d says of everything

func TestWhatIsWrappedAroundABodyIsTakenOff(t *testing.T) {
	post := posting(t)
	const object = `{"need": "Do it", "max_credits": 5}`
	const front = "---\nmax_credits: 5\n---\nDo it"
	for name, c := range map[string]struct{ contentType, body string }{
		"blank lines before the object":       {formType, "\n \r\n" + object},
		"a byte order mark and blanks":        {formType, "\ufeff\n" + object + "\n"},
		"a fence around the object":           {formType, "```json\n" + object + "\n```"},
		"a fence without a language":          {formType, "```\n" + object + "\n```\n"},
		"a fence of tildes":                   {formType, "~~~ json\n" + object + "\n~~~"},
		"a longer fence":                      {formType, "\n````JSON\r\n" + object + "\r\n````\r\n"},
		"a fence in one line":                 {formType, "```" + object + "```"},
		"a fence though it is called JSON":    {"application/json", "```json\n" + object + "\n```"},
		"a fence without a content type":      {"", "```json\n" + object + "\n```"},
		"blank lines before the frontmatter":  {formType, "\n\n" + front},
		"the same called markdown":            {"text/markdown", " \n" + front},
		"a byte order mark, frontmatter":      {formType, "\ufeff" + front},
		"a fence around all of the markdown":  {formType, "```markdown\n" + front + "\n```"},
		"the same in markdown":                {"text/markdown", "~~~\n" + front + "\n~~~\n"},
		"a fence around the frontmatter only": {formType, "```yaml\n---\nmax_credits: 5\n---\n```\nDo it"},
	} {
		t.Run(name, func(t *testing.T) {
			got, status, answer := post(c.contentType, c.body)
			if status != 201 || got.Need != "Do it" || got.MaxCredits != 5 {
				t.Errorf("%d %s: %+v", status, answer, got)
			}
		})
	}
}

func TestWhatWasHardlyMeantAsTextIsRefused(t *testing.T) {
	post := posting(t)
	for body, says := range map[string]string{
		"need=x&max_credits=5":           "forms are not read here",
		"max_credits=5&need=x":           "forms are not read here",
		"need=review+this":               "forms are not read here",
		"x=1&need=do%20it":               "forms are not read here",
		"budget=5&description=x":         "forms are not read here",
		`["need"]`:                       "must be a JSON object",
		`"need"`:                         "must be a JSON object",
		`42`:                             "must be a JSON object",
		` null `:                         "must be a JSON object",
		`Here is my task: {"need": "x"}`: "holds fields of this endpoint",
		"Sure!\n```json\n{\"need\":\n \"x\", \"max_credits\": 5}\n```\nDone.": "holds fields of this endpoint",
		`Review this. {"x": 1, "max_credits" : 5}`:                            "holds fields of this endpoint",
		"```json\n{\"need\": \"x\"}":                                          "holds fields of this endpoint",
		"```json\n{\"need\": \"x\",}\n```":                                    "holds fields of this endpoint",
		"{need: x}":                                                           "is not valid JSON",
	} {
		for _, contentType := range []string{formType, "", "text/plain"} {
			got, status, answer := post(contentType, body)
			if status != 400 || !strings.Contains(answer, says) || says != "is not valid JSON" && !strings.Contains(answer, "text/markdown") {
				t.Errorf("%q as %q: %d %s (%+v)", body, contentType, status, answer, got)
			}
		}
		if got, status, answer := post("text/markdown", body); status != 201 || got.Need != strings.Trim(body, "\r\n") {
			t.Errorf("%q as markdown: %d %s, need %q", body, status, answer, got.Need)
		}
	}
}

func TestWhatIsMeantAsTextStaysAsItIs(t *testing.T) {
	var got market.DeliverInput
	s := &stub{deliver: func(in market.DeliverInput) (market.Task, error) {
		got = in
		return market.Task{TaskID: "tk-1"}, nil
	}}
	server := s.server(t, Options{Limits: NoLimits()})
	deliver := func(body string) {
		t.Helper()
		got = market.DeliverInput{}
		expect(t, ask(server, "POST", "/v1/tasks/tk-1/deliver", body, "Content-Type", formType), 200)
	}
	for _, text := range []string{
		"```json\n{\"ranked_agents\": [\"ag-1\"], \"extracted_tags\": []}\n```",
		"Here it is: {\"meets_requirements\": true, \"explanation\": \"x\"}",
		"```go\nfunc main() {}\n```", "```\nno object\n```", "x=5&y=6", "x = 5", "a{b}c", "- a\n- b", "~~~\n---\na: b\n---\n~~~",
		"The log said {\"result\": 5}.", "\"result\": \"x\"", "{{.Need}}"[2:], "12 apples", "true story",
	} {
		deliver(text)
		if got.Result != text || got.CreditsClaimed != 0 {
			t.Errorf("%q became %+v", text, got)
		}
	}
	deliver("```json\n{\"result\": \"done\", \"credits_claimed\": 2}\n```")
	if got.Result != "done" || got.CreditsClaimed != 2 {
		t.Errorf("a fenced delivery became %+v", got)
	}
	deliver("\n---\ncredits_claimed: 2\n---\nThe object is {\"result\": \"x\"}.")
	if got.Result != `The object is {"result": "x"}.` || got.CreditsClaimed != 2 {
		t.Errorf("a text below a frontmatter became %+v", got)
	}
}

func TestIntegersMayBeWrittenWithAPoint(t *testing.T) {
	post := posting(t)
	for written, want := range map[string]int64{
		"5": 5, "5.0": 5, "0": -1, "5.000": 5, "4.0e0": 4, "4e0": 4, "4E1": 40, "1.5e1": 15, "150e-1": 15, "-2.0": -2, "0.0": -1, "1e5": 100_000, "0e-9": -1,
	} {
		if got, status, answer := post("application/json", `{"need":"x","max_credits":`+written+`}`); status != 201 || got.MaxCredits != want {
			t.Errorf("%s: %d %s", written, status, answer)
		}
		if got, status, answer := post("text/markdown", "---\nmax_credits: "+written+"\n---\nx"); status != 201 || got.MaxCredits != want {
			t.Errorf("%s in YAML: %d %s", written, status, answer)
		}
		if got, status, answer := post("application/json", `{"need":"x","deadline_minutes":`+written+`}`); status != 201 || got.Deadline != max(time.Duration(want), -1)*time.Minute {
			t.Errorf("%s minutes: %d %s", written, status, answer)
		}
	}
	for _, written := range []string{"5.5", "1e-1", "-0.5", "5.00000000000000000001", "1e99", "1e999999999999", "9223372036854775808.0", "05", "5.", ".5", "0x5p0", "1e", strings.Repeat("1", 300) + ".0"} {
		if _, status, answer := post("application/json", `{"need":"x","max_credits":`+written+`}`); status != 400 {
			t.Errorf("%s: %d %s", written, status, answer)
		}
	}
	for _, written := range []string{"5.5", "1e-1", ".inf", ".nan", "1e99"} {
		if _, status, answer := post("text/markdown", "---\nmax_credits: "+written+"\n---\nx"); status != 400 || !strings.Contains(answer, "max_credits: must be a whole number") {
			t.Errorf("%s in YAML: %d %s", written, status, answer)
		}
	}
}

func TestListsHoldStringsAlone(t *testing.T) {
	server := newSite(t, Options{Limits: NoLimits()})
	key := []string{"Authorization", "Bearer " + server.agent("a", false).key}
	for _, body := range []string{`{"tags":[null]}`, `{"tags":["go",null]}`, `{"tags":[1]}`, "---\ntags: [~]\n---\n", "---\ntags:\n-\n---\n"} {
		expect(t, ask(server.server, "POST", "/v1/tasks/pickup?tags=go", body, key...), 400, "tags: must be a list of strings")
	}
	many := `{"need":"x","tags":["t0"` + strings.Repeat(`,"t"`, 600_000) + `]}`
	expect(t, ask(server.server, "POST", "/v1/tasks", many, key...), 400, "tags: has more than 100 elements")
}

func TestTheNumberOfTagsIsCheckedFirst(t *testing.T) {
	site := newSite(t, Options{Limits: NoLimits()})
	key := []string{"Authorization", "Bearer " + site.agent("a", false).key}
	eleven := `"a","a","a","a","a","a","a","a","a","a","a"`
	expect(t, ask(site.server, "POST", "/v1/tasks", `{"need":"","tags":[`+eleven+`]}`, key...), 400, "tags: at most 10")
	expect(t, ask(site.server, "POST", "/v1/tasks/pickup", `{"tags":[`+eleven+`]}`, key...), 400, "tags: at most 10")
	expect(t, ask(site.server, "GET", "/v1/agents?tags="+strings.Repeat("0,", 30_000), ""), 400, "tags: at most 10")
	expect(t, ask(site.server, "POST", "/v1/register", `{"name":"x","tags":[`+eleven+","+eleven+`]}`), 400, "tags: at most 20")
}
