package serve

import (
	"net"
	"net/http"
	"testing"
)

// fakeConn is a connection that knows whether it was closed.
type fakeConn struct {
	net.Conn
	closed bool
}

func (c *fakeConn) Close() error { c.closed = true; return nil }

func TestTheLongestQuietConnectionMakesRoom(t *testing.T) {
	c := connections{most: 3}
	conns := make([]*fakeConn, 6)
	for i := range conns {
		conns[i] = &fakeConn{}
	}
	steps := []struct {
		conn   int
		state  http.ConnState
		closes int // -1 for none
	}{
		{0, http.StateNew, -1},
		{1, http.StateNew, -1},
		{2, http.StateNew, -1},
		{0, http.StateActive, -1},
		{1, http.StateActive, -1},
		{0, http.StateIdle, -1},
		{3, http.StateNew, 2}, // never asked anything, and came before 0 rested
		{2, http.StateClosed, -1},
		{3, http.StateActive, -1},
		{4, http.StateNew, 0},
		{0, http.StateClosed, -1},
		{4, http.StateActive, -1},
		{5, http.StateNew, 5}, // all are at work
		{5, http.StateClosed, -1},
		{1, http.StateClosed, -1},
		{5, http.StateNew, -1},
	}
	for n, step := range steps {
		c.follow(conns[step.conn], step.state)
		for i, conn := range conns {
			if closes := i == step.closes; conn.closed != closes {
				t.Fatalf("step %d: connection %d closed: %v", n, i, conn.closed)
			}
			conn.closed = false
		}
	}
	if c.open != 3 {
		t.Errorf("%d are counted, want 3", c.open)
	}
}
