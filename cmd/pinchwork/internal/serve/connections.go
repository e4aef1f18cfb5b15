package serve

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many connections a server has open. At the bound a new
// one takes the place of the one that has been quiet for longest, between two
// requests or before its first; when all are at work the new one is closed.
// Nobody waits, so a full server still ends.
type connections struct {
	most int // 0 for no bound

	mu   sync.Mutex
	open int
	// quiet has the connections without a request, the longest quiet first; places
	// has the position of each in that list.
	quiet  list.List
	places map[net.Conn]*list.Element
}

// follow is an http.Server's ConnState.
func (c *connections) follow(conn net.Conn, state http.ConnState) {
	if c.most == 0 {
		return
	}
	if goes := c.note(conn, state); goes != nil {
		_ = goes.Close()
	}
}

// note counts the connection, and returns one that has to be closed.
func (c *connections) note(conn net.Conn, state http.ConnState) (goes net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place := c.places[conn]; place != nil {
		c.quiet.Remove(place)
		delete(c.places, conn)
	}
	switch state {
	case http.StateNew:
		if c.open++; c.open > c.most {
			goes = c.longestQuiet(conn)
		}
		if goes != conn {
			c.rest(conn)
		}
	case http.StateIdle:
		c.rest(conn)
	case http.StateClosed, http.StateHijacked:
		c.open--
	}
	return goes
}

func (c *connections) rest(conn net.Conn) {
	if c.places == nil {
		c.places = map[net.Conn]*list.Element{}
	}
	c.places[conn] = c.quiet.PushBack(conn)
}

// longestQuiet takes the connection that has been quiet for longest out of the
// list; the new one when there is none. It counts until it is closed.
func (c *connections) longestQuiet(fresh net.Conn) net.Conn {
	first := c.quiet.Front()
	if first == nil {
		return fresh
	}
	conn := c.quiet.Remove(first).(net.Conn)
	delete(c.places, conn)
	return conn
}
