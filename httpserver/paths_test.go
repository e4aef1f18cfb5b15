package httpserver

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/pinchwork/pinchwork"
)

var anyParam = regexp.MustCompile(`:[a-z_]+|\{[a-z_]+\}`)

// Nothing that stands where an id should be brings the server down, on any
// route: the answer is a refusal (rule 1.1).
func TestNoIDInAPathBreaksTheServer(t *testing.T) {
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(m, Options{Limits: NoLimits(), AdminKey: "operator"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tried := 0
	for _, r := range Routes() {
		if !anyParam.MatchString(r.Path) {
			continue
		}
		for _, odd := range []string{"%00", "%00x", "x%00", "%01", "%0a", "%ff", "%c3%28", "%2f", "..%2f..", "%2e%2e", ":id", "*", "%25", "%3f", "%20", "%7f", "\u00e9", "{id}"} {
			path := anyParam.ReplaceAllLiteralString(r.Path, odd)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(r.Method, path, http.NoBody))
			if w.Code < 400 || w.Code >= 500 {
				t.Errorf("%s %s: %d %s", r.Method, path, w.Code, w.Body)
			}
			tried++
		}
	}
	if tried < 200 {
		t.Errorf("%d paths tried", tried)
	}
}
