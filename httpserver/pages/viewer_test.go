package pages

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Over HTTP/2 an armed write deadline resets a stream that has nothing to say.
func TestAQuietViewerIsNotCutOverHTTP2(t *testing.T) {
	live := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &viewer{control: http.NewResponseController(w), w: w, slowest: 50 * time.Millisecond}
		for v.send(event([]byte("x"))) {
			select {
			case <-time.After(4 * v.slowest):
			case <-r.Context().Done():
				return
			}
		}
	}))
	live.EnableHTTP2 = true
	live.StartTLS()
	defer live.Close()
	res, err := live.Client().Get(live.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	read := bufio.NewReader(res.Body)
	for i := range 6 {
		if _, err := read.ReadString('\n'); err != nil {
			t.Fatalf("cut after %d lines of %s: %v", i, res.Proto, err)
		}
	}
}
