package httpserver

import (
	"context"
	"maps"
	"net/http"
	"testing"

	"github.com/pinchwork/pinchwork/market"
)

// Metadata is an object of strings, in JSON and in a frontmatter.
func TestMetadataInBodies(t *testing.T) {
	post := posting(t)
	for body, want := range map[string]map[string]string{
		`{"need":"x","metadata":{"order":"7","note":"a \"b\"=é"}}`: {"order": "7", "note": `a "b"=é`},
		"---\nmetadata:\n  order: 007\n  note: yes\n---\nx":        {"order": "007", "note": "yes"},
		"---\nmetadata: {order: '7'}\n---\nx":                      {"order": "7"},
		`{"need":"x","metadata":null}`:                             nil,
		`{"need":"x","metadata":{}}`:                               {},
	} {
		if got, status, answer := post("", body); status != http.StatusCreated || !maps.Equal(got.Metadata, want) {
			t.Errorf("%s: %d %s, %v", body, status, answer, got.Metadata)
		}
	}
	for _, body := range []string{
		`{"need":"x","metadata":{"order":7}}`, `{"need":"x","metadata":{"order":null}}`, `{"need":"x","metadata":["a"]}`,
		`{"need":"x","metadata":"a=b"}`, `{"need":"x","metadata":{"a":"1","a":"2"}}`, `{"need":"x","metadata":{"a":"\u0000"}}`,
		`{"need":"x","metadata":{"a":{"b":"c"}}}`,
		"---\nmetadata: [a]\n---\nx", "---\nmetadata: a\n---\nx", "---\nmetadata:\n  a: [b]\n---\nx", "---\nmetadata: {a: ~}\n---\nx",
		"---\nneed: {a: b}\n---\n", "---\ntags: {a: b}\n---\nx",
	} {
		if _, status, answer := post("", body); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
}

func TestMetadataInTheQuery(t *testing.T) {
	var got market.MineQuery
	s := &stub{mine: func(_ context.Context, q market.MineQuery) (market.TaskList, error) {
		got = q
		return market.TaskList{}, nil
	}}
	server := s.server(t, Options{Limits: NoLimits()})
	w := ask(server, "GET", "/v1/tasks/mine?metadata.order=7&metadata.note=a,b%3Dc", "")
	if want := map[string]string{"order": "7", "note": "a,b=c"}; w.Code != http.StatusOK || !maps.Equal(got.Metadata, want) {
		t.Errorf("%d %s: %v", w.Code, w.Body, got.Metadata)
	}
	for _, query := range []string{"metadata=order", "metadata.a=1&metadata.a=2", "metadata.a=%ff"} {
		if w := ask(server, "GET", "/v1/tasks/mine?"+query, ""); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}
