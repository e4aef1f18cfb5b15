package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// The test binary is also the other process: with these set it works on a file until
// it is killed or its standard input ends.
const (
	childFile = "PINCHWORK_SQLITE_CHILD"
	childFrom = "PINCHWORK_SQLITE_FROM"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		if err := work(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// work leads lives on eight goroutines, and says of each step that was acknowledged
// which version of which task it made.
func work(path string) error {
	s, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return err
	}
	var from int
	if _, err := fmt.Sscan(os.Getenv(childFrom), &from); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	failed := make(chan error)
	for client := range 8 {
		go func() {
			for n := from + client*10_000; ; n++ {
				if err := lead(s, n, func(l *storebench.Life) { fmt.Printf("%s %d\n", l.Task.ID, l.Task.Version) }); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	select {
	case err := <-failed:
		return err
	case <-ended:
		return s.Close()
	}
}

// lead commits the steps of the n-th life; said is told of each that is acknowledged.
func lead(s store.Committer, n int, said func(l *storebench.Life)) error {
	half := storebench.Crowd / 2
	l := storebench.NewLife(n, storebench.AgentID(n%half), storebench.AgentID(half+n*31%half))
	approve := func() *store.Change {
		c := l.Approve(1)
		c.Trust, c.Feed = nil, c.Feed[:1]
		return c
	}
	for _, step := range []func() *store.Change{l.Post, l.Claim, l.Deliver, approve} {
		if _, err := s.Commit(context.Background(), step()); err != nil {
			return err
		}
		said(l)
	}
	return nil
}

// child is another process at work.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
	stdin io.WriteCloser
}

func startChild(t *testing.T, path string, from int) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), childFile+"="+path, fmt.Sprintf("%s=%d", childFrom, from))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.stdin, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	return c
}

// hear reads so many acknowledgements, or all that are left for a negative number.
func (c *child) hear(t *testing.T, n int, into versions) {
	t.Helper()
	for ; n != 0 && c.lines.Scan(); n-- {
		var id string
		var version int64
		// A killed process may have been in the midst of its last line.
		if _, err := fmt.Sscan(c.lines.Text(), &id, &version); err == nil && strings.HasPrefix(id, "tk-") {
			into.add(store.TaskID(id), version)
		}
	}
	if n > 0 {
		t.Fatalf("the other process ended %d steps too early", n)
	}
}

// versions are what was acknowledged: a task, and the highest version of it.
type versions map[store.TaskID]int64

func (v versions) add(id store.TaskID, version int64) { v[id] = max(v[id], version) }

// populate registers the agents.
func populate(t testing.TB, s store.Committer) {
	t.Helper()
	for n := range storebench.Crowd {
		if _, err := s.Commit(context.Background(), storebench.Registration(n, 1<<40)); err != nil {
			t.Fatal(err)
		}
	}
}
