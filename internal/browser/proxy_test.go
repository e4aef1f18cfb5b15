package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/browsertest"
)

// proxy stands before a site, and answers 502 itself while the site is away.
type proxy struct {
	*httptest.Server
	away    atomic.Bool
	refused chan struct{} // an event stream was answered 502
}

func newProxy(t *testing.T, s *site) *proxy {
	t.Helper()
	target, err := url.Parse(s.origin)
	must(t, err)
	p := &proxy{refused: make(chan struct{}, 100)}
	pass := httputil.NewSingleHostReverseProxy(target)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.away.Load() {
			pass.ServeHTTP(w, r)
			return
		}
		http.Error(w, "<h1>502 Bad Gateway</h1>", http.StatusBadGateway)
		if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			p.refused <- struct{}{}
		}
	}))
	t.Cleanup(func() { p.CloseClientConnections(); p.Close() })
	return p
}

// goAway cuts all connections, and answers 502 until the site is back.
func (p *proxy) goAway() {
	p.away.Store(true)
	p.CloseClientConnections()
}

func (p *proxy) awaitRefusals(t *testing.T, n int) {
	t.Helper()
	patience := time.After(30 * time.Second)
	for i := range n {
		select {
		case <-p.refused:
		case <-patience:
			t.Fatalf("the page asked for its stream %d times while the site was away", i)
		}
	}
}

// An open dashboard outlives a restart of the server behind a proxy, whose 502
// makes a browser give its stream up for good.
func TestDashboardComesBackBehindAProxy(t *testing.T) {
	everywhere(t, func(t *testing.T, s *site) {
		p := newProxy(t, s)
		tab := browsertest.Open(t)
		tab.Visit(p.URL + strings.TrimPrefix(s.root, s.origin) + "/")
		browsertest.Eval[bool](tab, `window.sameDocument = true`)
		s.post("Posted before the restart")
		tab.Until(`document.querySelector(".tasks .need").textContent === "Posted before the restart"`)

		p.goAway()
		p.awaitRefusals(t, 3)
		s.post("Posted during the restart")
		p.away.Store(false)
		tab.Until(`document.querySelector(".tasks .need").textContent === "Posted during the restart"`)
		s.post("Posted after the restart")
		tab.Until(`document.querySelector(".tasks .need").textContent === "Posted after the restart"`)
		if !browsertest.Eval[bool](tab, `window.sameDocument === true`) {
			t.Error("the page was loaded again")
		}
	})
}
