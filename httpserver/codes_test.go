package httpserver

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

func TestTheCodesAreDocumented(t *testing.T) {
	server := newSite(t, Options{}).server
	document, err := json.Marshal(server.OpenAPI("https://pinchwork.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	summary := ask(server, "GET", "/v1/capabilities", "", "Accept", "application/json").Body.String()
	for _, c := range market.Codes() {
		if !strings.Contains(string(document), "- `"+string(c.Code)+"`: "+c.Meaning) {
			t.Errorf("the document does not explain %s", c.Code)
		}
		if !strings.Contains(summary, `"`+string(c.Code)+`"`) {
			t.Errorf("the summary does not have %s", c.Code)
		}
	}
}

// Whatever is asked of whatever route in a wrong way, the refusal has a code of
// the table, in both formats.
func TestEveryRefusalHasACode(t *testing.T) {
	site := newSite(t, Options{Limits: NoLimits()})
	key := site.agent("a", false).key
	known := map[string]bool{}
	for _, c := range market.Codes() {
		known[string(c.Code)] = true
	}
	refusals := 0
	for _, r := range Routes() {
		path := anyParam.ReplaceAllLiteralString(r.Path, "xx-abcdefghijkl")
		for _, body := range []string{"", "{", "[]", `{"need":5}`, "---\n", "a=b"} {
			for _, auth := range []string{"", "Bearer x", "Bearer " + key, "Bearer " + adminKey} {
				for _, method := range []string{r.Method, "PUT"} {
					if r.Stream && auth == "Bearer "+key && method == r.Method {
						continue
					}
					for _, query := range []string{"", "?limit=x&count=x&wait=x&status=x&search=%00&sort_by=x", "?%zz"} {
						w := ask(site.server, method, path+query, body, "Authorization", auth, "Accept", "application/json")
						if w.Code < 400 {
							continue
						}
						refusals++
						var refusal Error
						if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil || !known[string(refusal.Code)] || refusal.Error == "" {
							t.Fatalf("%s %s %q: %d %s", method, path+query, body, w.Code, w.Body)
						}
						if refusal.Field != "" && !strings.HasPrefix(refusal.Error, refusal.Field+": ") {
							t.Errorf("%s %s %q: the text does not begin with the field: %s", method, path, body, w.Body)
						}
						md := ask(site.server, method, path+query, body, "Authorization", auth, "Accept", "text/markdown").Body.String()
						if !r.JSONOnly && !strings.Contains(md, "\ncode: "+string(refusal.Code)+"\n") {
							t.Errorf("%s %s %q: in markdown: %s", method, path, body, md)
						}
					}
				}
			}
		}
	}
	if refusals < 500 {
		t.Errorf("only %d refusals", refusals)
	}
}
