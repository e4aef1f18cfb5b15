package memory

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

var start = time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)

func TestFeedIsBounded(t *testing.T) {
	s, ctx := New(), context.Background()
	head, err := s.Feed(ctx, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	c := &store.Change{At: start, Feed: make([]store.FeedItem, 1024)}
	for range maxFeed/1024 + 1 {
		if _, err := s.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	if s.feed.len() != maxFeed {
		t.Errorf("the feed keeps %d items, want %d", s.feed.len(), maxFeed)
	}
	if _, err := s.Feed(ctx, head.Next, 1); !errors.Is(err, store.ErrFeedTruncated) {
		t.Errorf("below the feed: got %v, want ErrFeedTruncated", err)
	}
	page, err := s.Feed(ctx, position(s.feed.first), 10)
	if err != nil || len(page.Items) != 10 || !page.More {
		t.Errorf("at the oldest item: got %d items, more %v, error %v", len(page.Items), page.More, err)
	}
}

func TestFeedKnowsItsOwnPositionsOnly(t *testing.T) {
	for _, p := range []store.Position{"1", "-1", "x", "9223372036854775808", " "} {
		if _, err := New().Feed(context.Background(), p, 1); !errors.Is(err, store.ErrFeedTruncated) {
			t.Errorf("position %q: got %v, want ErrFeedTruncated", p, err)
		}
	}
	if _, _, err := New().Entries(context.Background(), "", "x", 1); err == nil {
		t.Error("Entries took a strange cursor")
	}
}

func TestFullBucketsAreForgotten(t *testing.T) {
	l := newLimiter()
	charge := &store.Charge{Every: time.Second, Burst: 10}
	for i := range 10_000 {
		now := start.Add(time.Duration(i) * 10 * time.Millisecond)
		if !l.charge(bucket{name: fmt.Sprint(i)}, charge, now).Allowed {
			t.Fatalf("bucket %d was not full", i)
		}
	}
	// Two generations of 10 s, a hundred buckets each second.
	if n := len(l.young) + len(l.old); n > 2100 {
		t.Errorf("%d buckets are kept", n)
	}
	l.prune(start.Add(time.Hour))
	l.prune(start.Add(2 * time.Hour))
	if n := len(l.young) + len(l.old); n != 0 {
		t.Errorf("%d full buckets are kept after pruning", n)
	}
}

func TestPruningLeavesNothingBehind(t *testing.T) {
	s, ctx := New(), context.Background()
	id := store.TaskID("tk-1")
	_, err := s.Commit(ctx, &store.Change{
		At: start,
		Tasks: []store.TaskWrite{{New: &store.Task{
			ID: id, Version: 1, Poster: "ag-1", Status: store.StatusCancelled, NextDue: start,
			Claim: &store.Claim{Worker: "ag-2"}, Ending: &store.Ending{At: start},
		}}},
		Questions: []store.Question{{ID: "qa-1", Task: id}},
		Messages:  []store.Message{{ID: "msg-1", Task: id}},
		Reports:   []store.Report{{ID: "rp-1", Task: id, Status: store.ReportOpen}},
		Results:   []store.Result{{Task: id, No: 1}},
		Roles:     []store.RoleWrite{{Task: id, Agent: "ag-2", Role: store.RoleWorker}},
	})
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.Prune(ctx, store.PruneQuery{EndedBefore: start.Add(time.Hour), Limit: 10})
	if err != nil || done.Tasks != 1 {
		t.Fatalf("pruned %d tasks, error %v", done.Tasks, err)
	}
	left := map[string]int{
		"tasks": len(s.tasks), "all": s.all.len(), "open": s.open.len(), "due": s.due.len(), "ended": s.ended.len(),
		"questions": len(s.talk.questions), "messages": len(s.talk.messages),
		"reports": len(s.reports.byID), "reporters": len(s.reports.byWho), "report list": s.reports.list("").Len(),
		"posted": s.party("ag-1").posted.all.len(), "worked": s.party("ag-2").worked.all.len(),
		"poster's due": s.party("ag-1").due.len(), "worker's due": s.party("ag-2").due.len(),
	}
	for what, n := range left {
		if n != 0 {
			t.Errorf("%s: %d left", what, n)
		}
	}
}

func TestOneLeaseDropsABoundedNumberOfDeliveries(t *testing.T) {
	s, ctx := New(), context.Background()
	profile := &store.Profile{ID: "ag-1", Version: 1, WebhookURL: "https://example.com", Suspended: true}
	c := &store.Change{At: start, Agents: []store.AgentWrite{{New: profile}}}
	for range maxDropped + 1 {
		c.Events = append(c.Events, store.Event{Agent: "ag-1", At: start})
	}
	if _, err := s.Commit(ctx, c); err != nil {
		t.Fatal(err)
	}
	for _, left := range []int{1, 0} {
		jobs, err := s.LeaseWebhooks(ctx, start, start, 10)
		if err != nil || len(jobs) != 0 || s.webhooks.queue.Len() != left {
			t.Fatalf("%d jobs, %d left, want 0 and %d; error %v", len(jobs), s.webhooks.queue.Len(), left, err)
		}
	}
}
