package httpserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// listener is an open event stream.
type listener struct {
	t    testing.TB
	res  *http.Response
	read *bufio.Reader
}

func (p *person) listen(after string) *listener {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.url+"/v1/events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.key)
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = res.Body.Close() })
	return &listener{p.t, res, bufio.NewReader(res.Body)}
}

// block reads up to the next empty line.
func (l *listener) block() (string, error) {
	var out strings.Builder
	for {
		line, err := l.read.ReadString('\n')
		if err != nil || line == "\n" {
			return out.String(), err
		}
		out.WriteString(line)
	}
}

// next returns id, type and data of the next event, leaving out comments.
func (l *listener) next() (id, kind, data string) {
	l.t.Helper()
	for {
		block, err := l.block()
		if err != nil {
			l.t.Fatalf("the stream ended: %v", err)
		}
		fields := map[string]string{}
		for line := range strings.SplitSeq(strings.TrimSuffix(block, "\n"), "\n") {
			name, value, _ := strings.Cut(line, ": ")
			fields[name] = value
		}
		if fields["data"] != "" {
			return fields["id"], fields["event"], fields["data"]
		}
	}
}

func TestEventStream(t *testing.T) { onEveryStore(t, checkEventStream) }

func checkEventStream(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	poster, worker := s.agent("poster", false), s.agent("worker", false)
	l := poster.listen("")
	if h := l.res.Header; l.res.StatusCode != http.StatusOK || h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" || h.Get("X-Accel-Buffering") != "no" {
		t.Fatalf("%d %v", l.res.StatusCode, h)
	}
	if opening, err := l.block(); err != nil || opening != ": stream open\nid: 0\n" {
		t.Errorf("opening %q, %v", opening, err)
	}
	task := poster.post("x", "max_credits", 1)
	worker.send("POST", "/v1/tasks/"+task+"/pickup", nil, "").is(200)
	worker.send("POST", "/v1/tasks/"+task+"/deliver", object{"result": "r"}, "").is(200)
	id, kind, data := l.next()
	if id != "1" || kind != "task_claimed" || !strings.HasPrefix(data, `{"type":"task_claimed","task_id":"`+task+`"`) {
		t.Errorf("first event: %s %s %s", id, kind, data)
	}
	if _, kind, _ = l.next(); kind != "task_delivered" {
		t.Errorf("second event: %s", kind)
	}

	w := worker.listen("")
	poster.send("POST", "/v1/tasks/"+task+"/reject", object{"reason": "line\nbreak", "feedback": "f"}, "").is(200)
	if _, kind, data = w.next(); kind != "task_rejected" || !strings.Contains(data, `"reason":"line\nbreak","feedback":"f","grace_deadline":"`) {
		t.Errorf("rejection: %s %s", kind, data)
	}

	resumed := poster.listen("1")
	if id, kind, _ = resumed.next(); id != "2" || kind != "task_delivered" {
		t.Errorf("resumed with %s %s", id, kind)
	}
	fresh := worker.listen("999")
	if id, kind, data = fresh.next(); id != "" || kind != "gap" || !strings.HasPrefix(data, `{"type":"gap"`) {
		t.Errorf("after an id from another life: %s %s %s", id, kind, data)
	}
	if id, kind, _ = fresh.next(); id != "1" || kind != "task_rejected" {
		t.Errorf("then %s %s", id, kind)
	}
	for _, bad := range []string{"x", "-1", "01", "1.0", "99999999999999999999"} {
		worker.send("GET", "/v1/events", nil, "", "Last-Event-ID", bad).is(400)
	}
	worker.send("HEAD", "/v1/events", nil, "").is(200)
}

func TestStreamsPerAgent(t *testing.T) { onEveryStore(t, checkStreamsPerAgent) }

func checkStreamsPerAgent(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with, pinchwork.WithPolicy(func(p *market.Policy) { p.MaxStreams = 2 }))
	p := s.agent("p", false)
	first := p.listen("")
	_, _ = first.block()
	second := p.listen("")
	_, _ = second.block()
	third := p.listen("")
	_, _ = third.block()
	if block, err := first.block(); !errors.Is(err, io.EOF) {
		t.Errorf("the oldest stream got %q, %v: not a clean end", block, err)
	}
	p.post("x", "max_credits", 1)
	w := s.agent("w", false)
	w.send("POST", "/v1/tasks/pickup", object{}, "").is(200)
	for _, l := range []*listener{second, third} {
		if _, kind, _ := l.next(); kind != "task_claimed" {
			t.Errorf("got %s", kind)
		}
	}
}

// A suspended agent's stream is closed (rule 2.9).
func TestSuspensionClosesTheAgentsStream(t *testing.T) { onEveryStore(t, checkSuspendedStream) }

func checkSuspendedStream(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	p := s.agent("p", false)
	l := p.listen("")
	_, _ = l.block()
	s.operator(false).send("POST", "/v1/admin/agents/suspend", object{"agent_id": p.id, "suspended": true}, "").is(200)
	if block, err := l.block(); !errors.Is(err, io.EOF) {
		t.Errorf("got %q, %v", block, err)
	}
	p.send("GET", "/v1/events", nil, "").is(403).has("error", "Agent suspended")
}

func TestCloseEndsStreamsCleanly(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits()})
	l := s.agent("p", false).listen("")
	_, _ = l.block()
	s.server.Close()
	if block, err := l.block(); !errors.Is(err, io.EOF) {
		t.Errorf("got %q, %v: not a clean end", block, err)
	}
}

// scripted is a stream's source with a function for a market.
type scripted struct {
	next func(ctx context.Context) ([]market.StreamEvent, error)
	done chan struct{}
}

func (s *scripted) Next(ctx context.Context) ([]market.StreamEvent, error) { return s.next(ctx) }
func (s *scripted) Position() string                                       { return "7" }
func (s *scripted) Close()                                                 { close(s.done) }

func (s *stub) plays(from *scripted) *stub {
	from.done = make(chan struct{})
	s.open = func(context.Context, string) (source, error) { return from, nil }
	return s
}

func quiet(ctx context.Context) ([]market.StreamEvent, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestHeartbeat(t *testing.T) {
	s := (&stub{}).plays(&scripted{next: quiet})
	server := s.server(t, Options{})
	if server.heartbeat != 15*time.Second {
		t.Errorf("comments every %v", server.heartbeat)
	}
	server.heartbeat = time.Millisecond
	live := httptest.NewServer(server)
	defer live.Close()
	defer server.Close()
	p := &person{site: &site{t: t, url: live.URL}, key: stubKey}
	l := p.listen("")
	if opening, _ := l.block(); opening != ": stream open\nid: 7\n" {
		t.Errorf("opening %q", opening)
	}
	for range 3 {
		if beat, err := l.block(); beat != ":\n" || err != nil {
			t.Fatalf("heartbeat %q, %v", beat, err)
		}
	}
}

// brittle panics where a comment is written.
type brittle struct{ http.ResponseWriter }

func (w brittle) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w brittle) Write(p []byte) (int, error) {
	if string(p) == string(comment) {
		panic("the writer is broken")
	}
	return w.ResponseWriter.Write(p)
}

// A heartbeat runs on a goroutine of its own, where a panic of the writer that a
// host program put around the answer would end the process. It ends the stream.
func TestAHeartbeatThatPanicsEndsItsStreamAlone(t *testing.T) {
	s := (&stub{}).plays(&scripted{next: quiet})
	var log strings.Builder
	server := s.server(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	server.heartbeat = time.Millisecond
	live := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.ServeHTTP(brittle{w}, r)
	}))
	p := &person{site: &site{t: t, url: live.URL}, key: stubKey}
	l := p.listen("")
	if opening, _ := l.block(); opening != ": stream open\nid: 7\n" {
		t.Errorf("opening %q", opening)
	}
	if _, err := l.block(); err == nil {
		t.Error("the stream goes on")
	}
	live.Close()
	server.Close()
	if !strings.Contains(log.String(), "the writer is broken") {
		t.Errorf("the log lacks the panic: %s", log.String())
	}
}

// TestSlowReader: who does not read is disconnected and holds nobody up.
func TestSlowReader(t *testing.T) {
	big := strings.Repeat("x", 4000)
	from := &scripted{next: func(ctx context.Context) ([]market.StreamEvent, error) {
		event := market.Event{Type: store.EventTaskRejected, Data: market.EventData{Reason: big}}
		return []market.StreamEvent{{ID: "8", Event: event}}, ctx.Err()
	}}
	server := (&stub{}).plays(from).server(t, Options{})
	if server.slowestRead != 10*time.Second {
		t.Errorf("readers have %v", server.slowestRead)
	}
	server.slowestRead = 50 * time.Millisecond
	live := httptest.NewServer(server)
	defer live.Close()
	conn, err := net.Dial("tcp", live.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", stubKey); err != nil {
		t.Fatal(err)
	}
	select {
	case <-from.done:
	case <-time.After(20 * time.Second):
		t.Fatal("the stream of a reader that does not read is still open")
	}
}

func TestStreamThatFails(t *testing.T) {
	s := (&stub{}).plays(&scripted{next: func(context.Context) ([]market.StreamEvent, error) {
		return nil, &market.Error{Kind: market.ErrUnavailable, Message: "secret", Cause: errors.New("secret")}
	}})
	w := ask(s.server(t, Options{}), "GET", "/v1/events", "")
	expect(t, w, 200, ": stream open")
	if strings.Contains(w.Body.String(), "secret") {
		t.Error(w.Body)
	}
	s.open = func(context.Context, string) (source, error) {
		return nil, &market.Error{Kind: market.ErrUnavailable, Message: "away"}
	}
	expect(t, ask(s.server(t, Options{}), "GET", "/v1/events", ""), 503, "away")
}
