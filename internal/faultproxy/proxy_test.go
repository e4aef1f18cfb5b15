package faultproxy

import (
	"io"
	"net"
	"testing"
	"time"
)

// echo answers everything with itself.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	return l.Addr().String()
}

// call sends a word and returns what comes back.
func call(t *testing.T, p *Proxy) (string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte("word")); err != nil {
		return "", err
	}
	answer := make([]byte, 4)
	n, err := io.ReadFull(conn, answer)
	return string(answer[:n]), err
}

func TestProxyPassesRefusesAndLosesAnswers(t *testing.T) {
	p := Start(t, echo(t))
	for _, step := range []struct {
		name     string
		set      func()
		answered bool
		lost     int64
	}{
		{"passes", func() {}, true, 0},
		{"refuses", func() { p.Refuse(true) }, false, 0},
		{"passes again", func() { p.Refuse(false) }, true, 0},
		{"loses the answer", func() { p.LoseAnswers(true) }, false, 1},
		{"loses no more", func() { p.LoseAnswers(false) }, true, 1},
	} {
		step.set()
		if got, err := call(t, p); (got == "word" && err == nil) != step.answered {
			t.Errorf("%s: %q, %v", step.name, got, err)
		}
		if p.Lost() != step.lost {
			t.Errorf("%s: %d answers lost, want %d", step.name, p.Lost(), step.lost)
		}
	}
}
