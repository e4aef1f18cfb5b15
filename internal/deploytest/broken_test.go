package deploytest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What breaks on its way is sent again where that does nothing twice, and nowhere else.
func TestAReplicaBreaksConnections(t *testing.T) {
	for name, proxy := range map[string]struct {
		start func(*site)
		// Caddy before 2.10 does not send a body again.
		body string
	}{
		"nginx": {start: func(s *site) { s.nginx(0) }, body: strings.Repeat("x", 40_000)},
		"caddy": {start: func(s *site) { s.caddy(0) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var came atomic.Int64
			s := &site{t: t}
			for range 2 {
				s.stub(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/readyz" {
						return
					}
					body, _ := io.ReadAll(r.Body)
					if came.Add(1) == 1 {
						c, _, _ := http.NewResponseController(w).Hijack()
						_ = c.Close()
						return
					}
					_, _ = w.Write(body)
				})
			}
			s.calls()
			proxy.start(s)
			for _, again := range []struct{ method, key, body string }{
				{method: http.MethodGet}, {method: http.MethodPost, key: "k"}, {method: http.MethodPost, key: "k", body: proxy.body},
			} {
				came.Store(0)
				status, body := s.sends(again.method, again.key, again.body)
				if status != http.StatusOK || body != again.body || came.Load() != 2 {
					t.Errorf("%s with key %q and %d bytes comes %d times, the answer is %d with %d bytes",
						again.method, again.key, len(again.body), came.Load(), status, len(body))
				}
			}
			came.Store(0)
			if status, _ := s.sends(http.MethodPost, "", "x"); status != http.StatusBadGateway || came.Load() != 1 {
				t.Errorf("a POST without a key comes %d times, the answer is %d", came.Load(), status)
			}
		})
	}
}

// When one replica ends as soon as the other one is back, Caddy may know of the end first:
// what comes in that moment waits.
func TestNoReplicaIsReadyForAMoment(t *testing.T) {
	t.Parallel()
	var ready atomic.Bool
	ready.Store(true)
	probes := make(chan struct{})
	s := &site{t: t}
	for range 2 {
		s.stub(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path != "/readyz":
				_, _ = io.Copy(w, r.Body)
			case !ready.Load():
				w.WriteHeader(http.StatusServiceUnavailable)
				select {
				case probes <- struct{}{}:
				case <-r.Context().Done():
				}
			}
		})
	}
	s.calls()
	s.caddy(0)
	ready.Store(false)
	for range 2 * 2 { // each has answered so at least once
		<-probes
	}
	ready.Store(true)
	if status, body := s.sends(http.MethodPost, "k", "x"); status != http.StatusOK || body != "x" {
		t.Errorf("a POST while no replica was ready is answered %d %q", status, body)
	}
}

// A worker that waits for a task and goes away is given none: the proxy says that it is gone.
func TestAClientGoesAway(t *testing.T) {
	for name, start := range map[string]func(*site){
		"nginx": func(s *site) { s.nginx(0) },
		"caddy": func(s *site) { s.caddy(0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			came, gone := make(chan struct{}, 1), make(chan struct{}, 1)
			s := &site{t: t}
			for range 2 {
				s.stub(func(_ http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/readyz" {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					came <- struct{}{}
					<-r.Context().Done()
					gone <- struct{}{}
				})
			}
			s.calls()
			start(s)
			ctx, leave := context.WithCancel(t.Context())
			r, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/tasks/pickup", strings.NewReader(`{"wait":60}`))
			left := make(chan error, 1)
			go func() { _, err := s.client.Do(r); left <- err }() //nolint:bodyclose // nothing is answered
			<-came
			leave()
			if err := <-left; err == nil {
				t.Error("the wait is answered")
			}
			select {
			case <-gone:
			case <-time.After(10 * time.Second):
				t.Error("the replica is not told that its client is gone")
			}
		})
	}
}

// stub is a replica of a test's own.
func (s *site) stub(answers http.HandlerFunc) {
	r := httptest.NewServer(answers)
	s.t.Cleanup(func() { r.CloseClientConnections(); r.Close() })
	s.replicas, s.addresses = append(s.replicas, r), append(s.addresses, r.Listener.Addr().String())
}

func (s *site) sends(method, key, body string) (int, string) {
	r, _ := http.NewRequest(method, s.url+"/v1/tasks", strings.NewReader(body))
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Error(err)
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}
