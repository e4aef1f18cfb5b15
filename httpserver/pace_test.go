package httpserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// hasty gives clients so little time that a test need not wait.
func (s *Server) hasty() *Server {
	s.reading.within, s.writing.within, s.slowestRead = 50*time.Millisecond, 50*time.Millisecond, 50*time.Millisecond
	return s
}

// patience is how long a test waits for what has to come soon.
const patience = 20 * time.Second

// raw opens a connection to a server, writes to it, and reads no faster than
// the test does.
func raw(t testing.TB, server *httptest.Server, format string, args ...any) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, format, args...); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	return conn
}

// A request whose body does not come is answered without it or ended, on every
// route there is and where there is none.
func TestNoRouteWaitsForABodyThatDoesNotCome(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits(), AdminKey: adminKey})
	s.server.hasty()
	live := httptest.NewServer(s.server)
	defer live.Close()
	key := s.agent("p", false).key
	paths := []string{"GET /nothing", "POST /admin/login", "PUT /health"}
	for _, route := range Routes() {
		if !route.Stream {
			paths = append(paths, route.Method+" "+pathParam.ReplaceAllString(route.Path, "x"))
		}
	}
	for _, path := range paths {
		for _, length := range []string{"Content-Length: 1000", "Transfer-Encoding: chunked"} {
			bearer := key
			if strings.Contains(path, "/admin/") {
				bearer = adminKey
			}
			conn := raw(t, live, "%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n", path, bearer, length)
			if _, err := io.Copy(io.Discard, conn); err != nil && !isReset(err) {
				t.Errorf("%s with %s and no body is still open: %v", path, length, err)
			}
		}
	}
}

// isReset reports whether the other side cut the connection.
func isReset(err error) bool {
	var timeout net.Error
	return err == nil || !errors.As(err, &timeout) || !timeout.Timeout()
}

func TestABodyOfAReadIsNotWaitedFor(t *testing.T) {
	server := (&stub{}).server(t, Options{})
	live := httptest.NewServer(server)
	defer live.Close()
	for _, method := range []string{"GET", "HEAD"} {
		conn := raw(t, live, "%s /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", method)
		began := time.Now()
		res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v, %v", method, res, err)
		}
		_ = res.Body.Close()
		if took := time.Since(began); took > slowestRead/2 {
			t.Errorf("%s was answered after %v", method, took)
		}
	}
}

// A refusal neither waits for the body nor costs an honest client its connection.
func TestARefusalKeepsTheConnectionOfWhoSentItsBody(t *testing.T) {
	live := httptest.NewServer((&stub{}).server(t, Options{}))
	defer live.Close()
	conn := raw(t, live, "%s", strings.Repeat("POST /v1/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{\"x\": 12}", 3))
	read := bufio.NewReader(conn)
	for range 3 {
		res, err := http.ReadResponse(read, nil)
		if err != nil || res.StatusCode != http.StatusUnauthorized {
			t.Fatalf("%v, %v", res, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
}

// A client may be slow, but not as slow as it likes: the time that it has grows
// with what it has sent.
func TestSlowBodiesHaveTheTimeThatTheirSizeNeeds(t *testing.T) {
	p := pace{within: 10 * time.Second, rate: 32 << 10}
	start := time.Unix(1000, 0)
	for _, c := range []struct {
		now  time.Duration
		read int64
		want time.Duration
	}{
		{0, 0, 10 * time.Second},
		{9 * time.Second, 9, 10 * time.Second}, // a byte a second
		{100 * time.Second, 8 << 20, 110 * time.Second},
		{260 * time.Second, 8 << 20, 266 * time.Second},
	} {
		got := p.until(start, start.Add(c.now), c.read).Sub(start).Truncate(time.Second)
		if got != c.want {
			t.Errorf("at %v with %d bytes: until %v, want %v", c.now, c.read, got, c.want)
		}
	}
}

// A body that needs longer than the request's own time is still served.
func TestTheTimeOfARequestBeginsWithItsBody(t *testing.T) {
	s := &stub{deliver: func(market.DeliverInput) (market.Task, error) { return market.Task{TaskID: "tk-1"}, nil }}
	server := s.server(t, Options{Timeout: 20 * time.Millisecond})
	server.reading.within = time.Second
	live := httptest.NewServer(server)
	defer live.Close()
	r, w := io.Pipe()
	time.AfterFunc(10*server.options.Timeout, func() {
		_, _ = io.WriteString(w, `{"result": "x"}`)
		_ = w.Close()
	})
	req, _ := http.NewRequest(http.MethodPost, live.URL+"/v1/tasks/tk-1/deliver", r)
	req.Header.Set("Authorization", "Bearer "+stubKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
}

// Who does not read its answer is cut, and the request ends.
func TestAnAnswerThatIsNotReadIsCut(t *testing.T) {
	huge := strings.Repeat("x", 16<<20)
	s := &stub{deliver: func(market.DeliverInput) (market.Task, error) {
		return market.Task{TaskID: "tk-1", Result: huge}, nil
	}}
	server := s.server(t, Options{}).hasty()
	over := make(chan struct{})
	live := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.ServeHTTP(w, r)
		close(over)
	}))
	defer live.Close()
	raw(t, live, "POST /v1/tasks/tk-1/deliver HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 15\r\n\r\n{\"result\": \"x\"}", stubKey)
	select {
	case <-over:
	case <-time.After(patience):
		t.Fatal("the answer is still being sent")
	}
}

// A deadline of ours must not end what another handler sends later on the same
// connection.
func TestNoDeadlineIsLeftOnTheConnection(t *testing.T) {
	server := (&stub{}).server(t, Options{}).hasty()
	proceed := make(chan struct{})
	live := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/other" {
			server.ServeHTTP(w, r)
			return
		}
		<-proceed
		_, _ = io.Copy(w, io.LimitReader(zeros{}, 1<<20))
	}))
	defer live.Close()
	conn := raw(t, live, "GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /other HTTP/1.1\r\nHost: x\r\n\r\n")
	read := bufio.NewReader(conn)
	for i := range 2 {
		res, err := http.ReadResponse(read, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Fatalf("answer %d is cut after %d bytes: %v", i, n, err)
		}
		_ = res.Body.Close()
		if i == 0 {
			time.AfterFunc(3*server.writing.within, func() { close(proceed) })
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Over HTTP/2 an armed write deadline resets a stream that has nothing to say.
func TestQuietStreamsLiveOverHTTP2(t *testing.T) {
	server := (&stub{}).plays(&scripted{next: quiet}).server(t, Options{}).hasty()
	server.heartbeat = 4 * server.slowestRead
	live := httptest.NewUnstartedServer(server)
	live.EnableHTTP2 = true
	live.StartTLS()
	defer live.Close()
	defer server.Close()
	r, _ := http.NewRequest(http.MethodGet, live.URL+"/v1/events", nil)
	r.Header.Set("Authorization", "Bearer "+stubKey)
	res, err := live.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.ProtoMajor != 2 {
		t.Fatalf("spoke %s", res.Proto)
	}
	l := &listener{t, res, bufio.NewReader(res.Body)}
	for i := range 4 {
		if _, err := l.block(); err != nil {
			t.Fatalf("after %d blocks: %v", i, err)
		}
	}
}

// Close ends the stream of somebody who has stopped reading at once.
func TestCloseDoesNotWaitForStalledReaders(t *testing.T) {
	big := strings.Repeat("x", 4000)
	wrote := make(chan struct{}, 1<<20)
	from := &scripted{next: func(ctx context.Context) ([]market.StreamEvent, error) {
		wrote <- struct{}{}
		return []market.StreamEvent{{ID: "8", Event: market.Event{Type: store.EventTaskRejected, Data: market.EventData{Reason: big}}}}, ctx.Err()
	}}
	server := (&stub{}).plays(from).server(t, Options{})
	server.slowestRead = 10 * patience
	live := httptest.NewServer(server)
	defer live.Close()
	raw(t, live, "GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", stubKey)
	for stalled := false; !stalled; {
		select {
		case <-wrote:
		case <-time.After(300 * time.Millisecond):
			stalled = true
		}
	}
	server.Close()
	select {
	case <-from.done:
	case <-time.After(slowestRead / 2):
		t.Fatal("the stream is still open")
	}
}

// Large answers that nobody takes are bounded, for each caller and for all, and
// the place of one that was taken is free again.
func TestLargeAnswersUnderWayAreBounded(t *testing.T) {
	big := strings.Repeat("x", 12<<20)
	s := &stub{browse: func(market.BrowseQuery) (market.BrowseList, error) {
		return market.BrowseList{Tasks: []market.BrowseItem{{Need: big}}}, nil
	}}
	server := s.server(t, Options{Limits: NoLimits()})
	server.slowestRead = 10 * patience // longer than a busy machine takes to make the answers
	live := httptest.NewServer(server)
	defer live.Close()
	defer live.CloseClientConnections()
	get := fmt.Sprintf("GET /v1/tasks/available HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nAuthorization: Bearer %s\r\n\r\n", stubKey)
	for range 20 {
		raw(t, live, "%s", get)
	}
	refused := false
	// Twenty answers of 12 MiB are made first, which takes a busy machine a while.
	for deadline := time.Now().Add(5 * patience); !refused && time.Now().Before(deadline); {
		w := ask(server, "GET", "/v1/tasks/available", "")
		refused = w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != ""
	}
	if !refused {
		t.Error("twenty readers of 12 MiB that do not read, and no refusal")
	}
	expect(t, ask(server, "GET", "/health", ""), 200)
}

func TestThePlaceOfALargeAnswerIsFreeAgain(t *testing.T) {
	server := (&stub{}).server(t, Options{})
	c := &call{server: server, request: newRequest("192.0.2.1:1", ""), ctx: t.Context()}
	for range 1000 {
		made, sent, err := c.beginLarge(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		made()
		made()
		sent()
	}
	if len(server.underWay.own) != 0 || server.underWay.all != 0 {
		t.Errorf("left over: %v", server.underWay.own)
	}
	if _, _, err := c.beginLarge(maxOwn + 1); !errors.Is(err, market.ErrRateLimited) {
		t.Errorf("more than one caller may have: %v", err)
	}
	server.underWay.all = maxUnderWay
	if _, _, err := c.beginLarge(1 << 20); !errors.Is(err, market.ErrUnavailable) {
		t.Errorf("when all is used: %v", err)
	}
}
