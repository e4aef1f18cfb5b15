package httpserver

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// refused are the statuses that a bad request may get.
var refused = map[int]bool{400: true, 413: true, 415: true}

type poster func(contentType, body string) (market.PostInput, int, string)

func (post poster) try(t *testing.T, contentType, body string) (market.PostInput, bool) {
	in, status, answer := post(contentType, body)
	if status == http.StatusCreated {
		if !utf8.ValidString(in.Need+in.Context) || strings.ContainsRune(in.Need+in.Context+strings.Join(in.Tags, ""), 0) {
			t.Errorf("a text got through that no store takes: %+v", in)
		}
		return in, true
	}
	if !refused[status] || !strings.HasPrefix(answer, `{"error":"`) {
		t.Errorf("%d %s for %q", status, answer, body)
	}
	return in, false
}

// FuzzJSONBody: what is accepted means what encoding/json takes it to mean.
func FuzzJSONBody(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `{"need":"x"}`, `{"need":"x","max_credits":5,"tags":["a","b"],"wait":null}`, `[`, `{"need":"\u0000"}`, `{"need":"\ud83d\ude00"}`, `{"need":"\ud83d"}`,
		`{"need":"x","need":"y"}`, `{"NEED":"x"}`, `{"need":"a\\u0000"}`, `{"x":{"need":"y"},"need":"\\\""}`, "{\"need\":\"\xff\"}", `{"need":"x"}}`, ` {"a":[],"b":{},"c":[[{}]],"need":"x" , "context" : "c" } `, `{"\u006eeed":"x"}`,
	} {
		f.Add(body)
	}
	post := poster(posting(f))
	f.Fuzz(func(t *testing.T, sent string) {
		got, accepted := post.try(t, "application/json", sent)
		if !accepted {
			return
		}
		exact := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(sent, "\ufeff")), &exact); err != nil {
			t.Fatalf("%q was accepted: %v", sent, err)
		}
		known := map[string]json.RawMessage{} // encoding/json would match names in any case
		for name := range fieldsOf(reflect.TypeFor[wire.Post]()).byName {
			if value, there := exact[name]; there {
				known[name] = value
			}
		}
		data, _ := json.Marshal(known)
		var body wire.Post
		err := json.Unmarshal(data, &body)
		if want := body.Input(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q became %+v, want %+v (%v)", sent, got, want, err)
		}
	})
}

// FuzzMarkdownBody: any bytes are accepted or refused, never a failure.
func FuzzMarkdownBody(f *testing.F) {
	for _, body := range []string{
		"", "x", "---\n---\n", "---\nmax_credits: 5\n---\nx", "---\ntags: [a, b]\nneed: |\n  x\n---", "---\na: &a [*a]\n---\nx", "---\n? [a]\n: b\n---\nx", "---\n<<: {max_credits: 5}\n---\nx",
		"---\n- a\n---\n", "---\n--- \nx", "---\r\nneed: x\r\n---\r\n", "---\n!!binary a: b\n---\nx", "---\n%YAML 1.2\n---\nx", "---\nmax_credits: !!str 5\n---\nx", "---\nmax_credits: 0o17\ncontext: !x y\n---\nx", "---\n\"a\\0\": \"b\\0\"\n---\n",
	} {
		f.Add(body)
	}
	post := poster(posting(f))
	f.Fuzz(func(t *testing.T, body string) {
		got, accepted := post.try(t, "text/markdown", body)
		if start := strings.TrimLeft(body, "\ufeff \t\r\n"); accepted && !strings.HasPrefix(start, "---") && !strings.HasPrefix(start, "```") && !strings.HasPrefix(start, "~~~") && got.Need != strings.Trim(strings.TrimPrefix(body, "\ufeff"), "\r\n") {
			t.Errorf("the text %q became %q", body, got.Need)
		}
	})
}

// FuzzQuery: any query is understood or refused.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{"", "limit=5&offset=2", "tags=a,b&tags=c", "search=%00", "search=%ff", "limit=0", "limit=-9223372036854775808", "limit=1;offset=2", "%zz", "tags=%2C,%20", "limit=%31"} {
		f.Add(query)
	}
	var got market.BrowseQuery
	s := &stub{browse: func(q market.BrowseQuery) (market.BrowseList, error) {
		got = q
		return market.BrowseList{}, nil
	}}
	server := s.server(f, Options{Limits: NoLimits()})
	f.Fuzz(func(t *testing.T, query string) {
		r := newRequest("192.0.2.1:1", "")
		r.URL.Path, r.URL.RawQuery = "/v1/tasks/available", query
		r.Header.Set("Authorization", "Bearer "+stubKey)
		w := newRecorder()
		server.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("%d for %q", w.Code, query)
		}
		for _, text := range append(got.Tags, got.Search) {
			if !clean(text) {
				t.Errorf("%q got through", text)
			}
		}
	})
}

// FuzzLastEventID: any id opens a stream or is refused with 400.
func FuzzLastEventID(f *testing.F) {
	for _, id := range []string{"", "0", "1", "-1", "01", "9223372036854775807", "9223372036854775808", "x", "\x00", "\xff", "1 ", "1\n"} {
		f.Add(id)
	}
	site := newSite(f, Options{Limits: NoLimits()})
	p := site.agent("p", false)
	site.server.Close() // an opened stream ends at once
	f.Fuzz(func(t *testing.T, id string) {
		r := newRequest("192.0.2.1:1", "")
		r.URL.Path = "/v1/events"
		r.Header.Set("Authorization", "Bearer "+p.key)
		r.Header["Last-Event-Id"] = []string{id}
		w := newRecorder()
		site.server.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("%d %s for %q", w.Code, w.Body, id)
		}
	})
}
