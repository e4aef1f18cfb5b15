// Package faultproxy is a TCP proxy for tests that hurt connections.
//
//	p := faultproxy.Start(t, server.Addr())
//	connect(p.Addr())
//	p.Delay(50 * time.Millisecond) // every piece of data, both ways
//	p.Cut()                        // every open connection, at once
//	p.Refuse(true)                 // new ones too
//	p.LoseAnswers(true)            // what was asked arrives, the answer does not
package faultproxy

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy passes connections on to one address. Its methods may be called by
// many goroutines.
type Proxy struct {
	listener net.Listener
	target   string
	delay    atomic.Int64
	refuse   atomic.Bool
	lossy    atomic.Bool
	lost     atomic.Int64
	done     sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// Start makes a proxy that ends with the test.
func Start(t testing.TB, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	p := &Proxy{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	p.done.Go(p.accept)
	t.Cleanup(func() {
		p.Refuse(true)
		_ = l.Close()
		p.Cut()
		p.done.Wait()
	})
	return p
}

// Addr is host and port to connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Delay holds every piece of data up for d, in both directions.
func (p *Proxy) Delay(d time.Duration) { p.delay.Store(int64(d)) }

// Refuse closes new connections at once, until it is called with false.
func (p *Proxy) Refuse(yes bool) { p.refuse.Store(yes) }

// LoseAnswers cuts a connection instead of passing an answer on, until it is
// called with false.
func (p *Proxy) LoseAnswers(yes bool) { p.lossy.Store(yes) }

// Lost is how many answers were lost.
func (p *Proxy) Lost() int64 { return p.lost.Load() }

// Cut closes every open connection.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *Proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.refuse.Load() {
			_ = in.Close()
			continue
		}
		p.done.Go(func() { p.pass(in) })
	}
}

func (p *Proxy) pass(in net.Conn) {
	defer func() { _ = in.Close() }()
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	if !p.keep(in, out) {
		return
	}
	defer p.forget(in, out)
	var both sync.WaitGroup
	both.Go(func() { p.copy(&slow{out, &p.delay}, in) })
	p.copy(&lossy{&slow{in, &p.delay}, p}, out)
	both.Wait()
}

// copy ends both ways when one ends.
func (p *Proxy) copy(to, from net.Conn) {
	defer func() { _, _ = to.Close(), from.Close() }()
	_, _ = io.Copy(to, from)
}

type slow struct {
	net.Conn
	delay *atomic.Int64
}

func (s *slow) Write(data []byte) (int, error) {
	time.Sleep(time.Duration(s.delay.Load()))
	return s.Conn.Write(data)
}

type lossy struct {
	net.Conn
	proxy *Proxy
}

// Write closes the connection instead when answers should be lost.
func (l *lossy) Write(data []byte) (int, error) {
	if l.proxy.lossy.Load() {
		l.proxy.lost.Add(1)
		return 0, net.ErrClosed
	}
	return l.Conn.Write(data)
}

// keep remembers connections to be cut, unless they are refused by now: a cut that came
// while they were being made has not seen them.
func (p *Proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse.Load() {
		return false
	}
	for _, c := range conns {
		p.conns[c] = struct{}{}
	}
	return true
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		delete(p.conns, c)
	}
}
