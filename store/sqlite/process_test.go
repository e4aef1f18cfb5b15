package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store"
)

// A killed process loses nothing that it had acknowledged, and leaves nothing done by
// halves; the next one goes on in the same file.
func TestKilledProcessesLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	s := openAt(t, path)
	populate(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := versions{}
	for round := range 6 {
		c := startChild(t, path, round*100_000)
		c.hear(t, 100+round*37, acknowledged)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.hear(t, -1, acknowledged)
		_ = c.Wait()
		s := openAt(t, path)
		check(t, s, acknowledged)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Several processes write to one file at once, with nothing lost and nothing twice,
// and a killed one does not disturb the others.
func TestProcessesShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	s := openAt(t, path)
	populate(t, s)
	acknowledged := versions{}
	one, other := startChild(t, path, 100_000), startChild(t, path, 200_000)
	for n := 1; n <= 20; n++ {
		if err := lead(s, n, func(l *storebench.Life) { acknowledged.add(l.Task.ID, l.Task.Version) }); err != nil {
			t.Fatal(err)
		}
		one.hear(t, 10, acknowledged)
		other.hear(t, 10, acknowledged)
	}
	if err := one.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	one.hear(t, -1, acknowledged)
	other.hear(t, 50, acknowledged)
	if err := other.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	other.hear(t, -1, acknowledged)
	if err := other.Wait(); err != nil {
		t.Errorf("the other process: %v", err)
	}
	check(t, s, acknowledged)
}

// What another process has acknowledged is in the feed at the next look.
func TestFeedHearsOfOtherProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "market.db")
	s := openAt(t, path)
	populate(t, s)
	head, err := s.Feed(context.Background(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	acknowledged, heard := versions{}, map[store.TaskID]bool{}
	c := startChild(t, path, 100_000)
	for range 5 {
		c.hear(t, 20, acknowledged)
		page, err := s.Feed(context.Background(), head.Next, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			heard[item.Task] = true
		}
		head = page
		for id := range acknowledged {
			if !heard[id] {
				t.Fatalf("%s was posted, and the feed does not know", id)
			}
		}
	}
}
