package httpclient_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

// A key goes to the server it was given for and to no other (rule 15.6).
func TestRedirectsToAnotherOriginAreRefused(t *testing.T) {
	var visits atomic.Int32
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer evil.Close()
	for _, code := range []int{301, 302, 303, 307, 308} {
		home := httptest.NewServer(http.RedirectHandler(evil.URL+"/v1/me", code))
		c, err := httpclient.New(home.URL, testKey)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Me(t.Context())
		wantKind(t, "get", err, market.ErrUnavailable)
		if err == nil || !strings.Contains(err.Error(), evil.URL) {
			t.Errorf("the error does not name the target: %v", err)
		}
		wantKind(t, "post", post(t.Context(), c), market.ErrUnavailable)
		for _, err := range c.Events(t.Context(), "") {
			wantKind(t, "events", err, market.ErrUnavailable)
		}
		home.Close()
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("the other origin was visited %d times", n)
	}
}

func TestRedirectsInTheOriginAreFollowedForReadsOnly(t *testing.T) {
	var posts atomic.Int32
	mux := http.NewServeMux()
	mux.Handle("/v1/", http.RedirectHandler("/moved", http.StatusFound))
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		_, _ = w.Write([]byte(`{"id":"ag-1"}`))
	})
	home := httptest.NewServer(mux)
	defer home.Close()
	c, err := httpclient.New(home.URL, testKey)
	if err != nil {
		t.Fatal(err)
	}
	if me, err := c.Me(t.Context()); err != nil || me.ID != "ag-1" {
		t.Errorf("get: %+v, %v", me, err)
	}
	wantKind(t, "post", post(t.Context(), c), market.ErrUnavailable)
	if n := posts.Load(); n != 1 {
		t.Errorf("%d requests at the new path, want the read alone", n)
	}
}

func TestEndlessRedirectsEnd(t *testing.T) {
	var n atomic.Int32
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}))
	defer home.Close()
	c, err := httpclient.New(home.URL, testKey)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Me(t.Context())
	wantKind(t, "loop", err, market.ErrUnavailable)
	if n.Load() > 10 {
		t.Errorf("%d requests", n.Load())
	}
}
