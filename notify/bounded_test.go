package notify

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// raw is a server that says what it likes on each connection, until the client
// has gone.
func raw(t *testing.T, say func(net.Conn)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		say(conn)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// untilGone blocks until the other side has closed the connection.
func untilGone(conn net.Conn) { _, _ = bufio.NewReader(conn).ReadByte() }

// trickle repeats a piece until the other side has closed the connection.
func trickle(conn net.Conn, piece string) {
	for {
		if _, err := fmt.Fprint(conn, piece); err != nil {
			return
		}
		pollInterval()
	}
}

// unboundedAnswers are answers that never end by themselves.
var unboundedAnswers = map[string]struct {
	say    func(net.Conn)
	failed bool
}{
	"switching protocols": {func(c net.Conn) {
		_, _ = fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		untilGone(c)
	}, true},
	"early hints for ever": {func(c net.Conn) { trickle(c, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") }, true},
	"an early hint alone": {func(c net.Conn) {
		_, _ = fmt.Fprint(c, "HTTP/1.1 103 Early Hints\r\n\r\n")
		untilGone(c)
	}, true},
	"headers for ever": {func(c net.Conn) {
		_, _ = fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
		trickle(c, "X: y\r\n")
	}, true},
	"a body that trickles": {func(c net.Conn) {
		_, _ = fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
		trickle(c, "x")
	}, false},
}

// An attempt ends by its timeout, whatever the server does, and gives its slot
// back; an answer of 1xx is no success.
func TestNoAnswerHoldsASlot(t *testing.T) {
	for name, c := range unboundedAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, fine := newWorld(t), newReceiver(t, nil)
			w.agent("ag-1", raw(t, c.say), "")
			w.agent("ag-2", fine.URL, "")
			stop := w.deliver(WebhookOptions{AllowPrivate: true, MaxRetries: new(0), Concurrency: 1, Timeout: 200 * time.Millisecond})
			w.tell("ag-1", 1)
			eventually(t, "the attempt ends", func() bool { return len(w.finished()) == 1 })
			if out := w.finished()[0]; out.Delivered == c.failed {
				t.Errorf("outcome %+v, want failed %v", out, c.failed)
			}
			w.tell("ag-2", 1)
			eventually(t, "the slot is free", func() bool { return fine.count() == 1 })
			stop()
		})
	}
}

// The end of the process waits for no such answer beyond its grace.
func TestNoAnswerHoldsUpTheEnd(t *testing.T) {
	for name, c := range unboundedAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, asked := newWorld(t), make(chan struct{}, 1)
			w.agent("ag-1", raw(t, func(conn net.Conn) {
				asked <- struct{}{}
				c.say(conn)
			}), "")
			stop := w.deliver(WebhookOptions{AllowPrivate: true, Timeout: time.Hour})
			w.tell("ag-1", 1)
			<-asked
			began := time.Now()
			stop()
			if took := time.Since(began); took > grace+leaseSlack {
				t.Errorf("the end took %v, want %v at most", took, grace)
			}
		})
	}
}
