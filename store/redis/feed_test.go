package redis_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/redis"
)

func moved(agent int) *store.Change {
	return &store.Change{At: start, Feed: []store.FeedItem{
		{Kind: store.FeedAgent, Agent: store.AgentID(fmt.Sprintf("ag-%d", agent))},
	}}
}

func feedHead(t *testing.T, s *redis.Store) store.Position {
	t.Helper()
	page, err := s.Feed(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return page.Next
}

func TestReaderThatFellBehindTheCappedFeedIsTold(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, server.URL(), redis.WithFeedLength(1_000))
	old := feedHead(t, s)
	var changes []*store.Change
	for i := range 100 {
		changes = append(changes, moved(i))
	}
	var near store.Position
	for i := range 15 {
		if i == 14 {
			near = feedHead(t, s)
		}
		if _, errs := s.CommitEach(t.Context(), changes); errors.Join(errs...) != nil {
			t.Fatal(errors.Join(errs...))
		}
	}
	if _, err := s.Feed(t.Context(), old, 10); !errors.Is(err, store.ErrFeedTruncated) {
		t.Fatalf("reading from a position that is gone: %v", err)
	}
	page, err := s.Feed(t.Context(), near, 1_000)
	if err != nil || len(page.Items) != 100 || page.More {
		t.Fatalf("%d items, %v", len(page.Items), err)
	}
	length, err := s.Client().XLen(t.Context(), "{pinchwork}:feed").Result()
	if err != nil || length > 1_200 {
		t.Fatalf("the feed holds %d elements, %v", length, err)
	}
}

// A crash of a server that does not sync each command loses the end of the
// feed, and later commits take the lost numbers. A reader that had seen what
// was lost must not go on as if nothing had happened.
func TestReaderOfALostHistoryIsTold(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, server.URL())
	commit := func(c *store.Change) {
		t.Helper()
		if _, err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	commit(moved(1))
	snapshot := backUp(t, s)
	commit(moved(2))
	seen := feedHead(t, s)
	restore(t, s, snapshot)
	if _, err := s.Feed(t.Context(), seen, 10); !errors.Is(err, store.ErrFeedTruncated) {
		t.Fatalf("reading beyond the head: %v", err)
	}
	other := moved(3)
	other.At = start.Add(1_000_000)
	commit(other)
	commit(moved(4))
	if _, err := s.Feed(t.Context(), seen, 10); !errors.Is(err, store.ErrFeedTruncated) {
		t.Fatalf("reading on from a lost element: %v", err)
	}
	if page, err := s.Feed(t.Context(), "1@"+store.Position(fmt.Sprint(start.UnixMicro())), 10); err != nil || len(page.Items) != 2 {
		t.Fatalf("reading on from a kept element: %+v, %v", page, err)
	}
}

// backUp returns all keys of the server with their contents.
func backUp(t *testing.T, s *redis.Store) map[string]string {
	t.Helper()
	keys, err := s.Client().Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	dump := map[string]string{}
	for _, key := range keys {
		if dump[key], err = s.Client().Dump(t.Context(), key).Result(); err != nil {
			t.Fatal(err)
		}
	}
	return dump
}

func restore(t *testing.T, s *redis.Store, dump map[string]string) {
	t.Helper()
	if err := s.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for key, content := range dump {
		if err := s.Client().Restore(t.Context(), key, 0, content).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBadPositionIsAnError(t *testing.T) {
	s := open(t, redistest.Start(t).URL())
	if _, err := s.Feed(t.Context(), "nonsense", 10); err == nil {
		t.Error("a position that is none was accepted")
	}
	if _, _, err := s.Entries(t.Context(), "", "nonsense", 10); err == nil {
		t.Error("a cursor that is none was accepted")
	}
}
