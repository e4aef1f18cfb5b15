package httpclient_test

import (
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// listen serves the market at an address until stop, which cuts every
// connection as a crash does.
func (w *twin) listen(t *testing.T, address string) (url string, stop func()) {
	t.Helper()
	api, err := httpserver.New(w.Market, httpserver.Options{Limits: httpserver.NoLimits()})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(ln) }()
	return "http://" + ln.Addr().String(), func() {
		_ = server.Close()
		api.Close()
		<-done
	}
}

// A stream outlives the server: whatever happened while it was away arrives,
// in order and once.
func TestStreamSurvivesARestart(t *testing.T) {
	w := newTwin(t)
	url, stop := w.listen(t, "127.0.0.1:0")
	poster, err := w.Register(t.Context(), market.RegisterInput{Name: "poster"})
	if err != nil {
		t.Fatal(err)
	}
	worker, err := w.Register(t.Context(), market.RegisterInput{Name: "worker"})
	if err != nil {
		t.Fatal(err)
	}
	posted, err := w.As(poster.AgentID).Post(t.Context(), market.PostInput{Need: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.As(worker.AgentID).PickupTask(t.Context(), posted.TaskID); err != nil {
		t.Fatal(err)
	}
	say := func(i int) {
		if _, err := w.As(worker.AgentID).SendMessage(t.Context(), posted.TaskID, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := httpclient.New(url, poster.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	const all = 30
	var got []string
	// The log is read from its beginning, the claim, by an id of another life.
	for e, err := range c.Events(t.Context(), "999999") {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == store.EventGap {
			continue
		}
		got = append(got, e.ID)
		if len(got) == all+1 {
			break
		}
		if say(len(got)); len(got)%10 == 0 {
			stop()
			_, stop = w.listen(t, url[len("http://"):])
		}
	}
	stop()
	for i, id := range got {
		if id != fmt.Sprint(i+1) {
			t.Fatalf("event %d is %s: %v", i+1, id, got)
		}
	}
}
