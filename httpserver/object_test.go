package httpserver

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

func TestAResultMayBeAnObject(t *testing.T) {
	for body, want := range map[string]string{
		`{"result": {"ranked_agents": ["ag-1"], "n": 1.50}}`:                                `{"ranked_agents": ["ag-1"], "n": 1.50}`,
		`{"ranked_agents": ["ag-1"], "extracted_tags": []}`:                                 `{"ranked_agents": ["ag-1"], "extracted_tags": []}`,
		` {"meets_requirements": true, "explanation": "<&>\u00e9\n", "credits_claimed": 5}`: `{"meets_requirements": true, "explanation": "<&>\u00e9\n", "credits_claimed": 5}`,
		`{"agent_id": "ag-1", "tags": ["go"]}`:                                              `{"agent_id": "ag-1", "tags": ["go"]}`,
		`{"result": "a text", "credits_claimed": 5}`:                                        "a text",
		`{"result": "{\"tags\": []}"}`:                                                      `{"tags": []}`,
	} {
		in, err := bodyOf[market.DeliverInput](t, "deliverTask", body)
		if err != nil || in.Result != want {
			t.Errorf("%s: %q, %v", body, in.Result, err)
		}
	}
	for _, body := range []string{`{"result": ["tags"]}`, `{"result": 5}`, `{"anything": {"tags": []}}`, `{"result": null, "tags": []}`, `{"tags": [}`} {
		if in, err := bodyOf[market.DeliverInput](t, "deliverTask", body); err == nil {
			t.Errorf("%s is taken as %q", body, in.Result)
		}
	}
	if _, err := bodyOf[market.RejectInput](t, "rejectTask", `{"reason": {"tags": []}}`); err == nil {
		t.Error("a reason may be an object")
	}
}

// bodyOf reads a body as a route does.
func bodyOf[In any](t *testing.T, route, body string) (in In, err error) {
	t.Helper()
	for _, r := range Routes() {
		if r.Name != route {
			continue
		}
		req, err := http.NewRequest(r.Method, "http://x"+r.Path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		c := &call{server: &Server{options: Options{}.filledIn()}, request: req, route: &r}
		return in, c.decode(fieldsOf(r.Body.Type), reflect.ValueOf(&in).Elem())
	}
	t.Fatal("no route", route)
	return in, nil
}
