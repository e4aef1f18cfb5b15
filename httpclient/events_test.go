package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

func streamEvent(id, typ, fields string) string {
	return fmt.Sprintf("id: %s\nevent: %s\ndata: {\"type\":%q,\"task_id\":\"tk-1\"%s}\n\n", id, typ, typ, fields)
}

// stream serves each text as one connection, which then ends.
func stream(texts ...string) *server {
	return &server{respond: func(attempt int, req *http.Request) (*http.Response, error) {
		if attempt > len(texts) {
			return hang(req)
		}
		return reply(200, texts[attempt-1]), nil
	}}
}

func lastIDs(s *server) []string {
	var out []string
	for _, r := range s.requests() {
		out = append(out, r.Header.Get("Last-Event-ID"))
	}
	return out
}

func collect(t *testing.T, c *httpclient.Client, after string, n int) []market.StreamEvent {
	t.Helper()
	var out []market.StreamEvent
	for e, err := range c.Events(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		if out = append(out, e); len(out) == n {
			break
		}
	}
	return out
}

func TestEventsAreReadAndResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream(
			": hello\n\n"+streamEvent("a1", "task_rejected", `,"reason":"bad","grace_deadline":"2025-01-15T10:30:00Z","at":"2025-01-15T10:25:00Z"`)+
				"id: a2\nevent: task_matched\ndata: {\"task_id\"", // cut in the middle: not an event
			streamEvent("a2", "task_matched", `,"rank":0`),
			streamEvent("a3", "task_message", `,"message_id":"msg-1","unknown":[1]`),
		)
		got := collect(t, s.client(t, httpclient.WithAgentID("ag-me")), "a0", 3)
		if d := got[0].Data; got[0].ID != "a1" || d.Reason != "bad" || d.GraceDeadline.IsZero() || got[0].At.Minute() != 25 || got[0].Agent != "ag-me" {
			t.Errorf("first event %+v", got[0])
		}
		if got[1].Type != store.EventTaskMatched || got[1].Data.Rank == nil || got[1].Task != "tk-1" {
			t.Errorf("second event %+v", got[1])
		}
		if got[2].Data.MessageID != "msg-1" {
			t.Errorf("third event %+v", got[2])
		}
		if ids := fmt.Sprint(lastIDs(s)); ids != "[a0 a1 a2]" {
			t.Errorf("resumed after %s", ids)
		}
	})
}

// A stream that says where it starts is resumed from there, even if nothing
// has happened yet.
func TestPositionWithoutEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stream("id: start\n\n", streamEvent("n1", "task_approved", ""))
		if got := collect(t, s.client(t), "", 1); got[0].ID != "n1" {
			t.Errorf("event %+v", got[0])
		}
		if ids := fmt.Sprint(lastIDs(s)); ids != "[ start]" {
			t.Errorf("positions %s", ids)
		}
	})
}

func TestGapHasNoID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := collect(t, stream("event: gap\ndata: {\"type\":\"gap\"}\n\n"+streamEvent("k9", "task_approved", "")).client(t), "old", 2)
		if got[0].Type != store.EventGap || got[0].ID != "" || got[1].ID != "k9" {
			t.Errorf("events %+v", got)
		}
	})
}

func TestReconnectsWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		start := time.Now()
		s := &server{respond: func(attempt int, req *http.Request) (*http.Response, error) {
			at = append(at, time.Since(start))
			switch attempt {
			case 3:
				return reply(503, "", "Retry-After", "20"), nil
			case 12:
				return reply(200, streamEvent("z", "task_approved", "")), nil
			}
			return cut(req)
		}}
		collect(t, s.client(t), "", 1)
		if first := at[1] - at[0]; first > 300*time.Millisecond {
			t.Errorf("first pause %v", first)
		}
		if asked := at[3] - at[2]; asked < 20*time.Second {
			t.Errorf("the server asked for 20 s, got %v", asked)
		}
		if last := at[11] - at[10]; last < 20*time.Second || last > time.Minute {
			t.Errorf("last pause %v", last)
		}
	})
}

// silent is a connection on which comments come for a while, then nothing.
type silent struct {
	ctx   context.Context
	beats int
}

func (s *silent) Read(b []byte) (int, error) {
	if s.beats == 0 {
		<-s.ctx.Done()
		return 0, s.ctx.Err()
	}
	s.beats--
	time.Sleep(15 * time.Second)
	return copy(b, ": alive\n\n"), nil
}

// A proxy that cuts every stream after a while is no failure: the pauses stay
// short.
func TestStreamsThatLivedForAWhileAreNoFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		s := &server{respond: func(attempt int, req *http.Request) (*http.Response, error) {
			at = append(at, time.Now())
			if attempt == 12 {
				return reply(200, streamEvent("a", "task_approved", "")), nil
			}
			res := reply(200, "")
			res.Body = io.NopCloser(io.MultiReader(io.LimitReader(&silent{ctx: req.Context(), beats: 2}, 2*int64(len(": alive\n\n"))), cutOff{}))
			return res, nil
		}}
		collect(t, s.client(t), "", 1)
		for i := range at[1:] {
			if d := at[i+1].Sub(at[i]); d > 31*time.Second {
				t.Errorf("connection %d came %v after a stream of 30 s began", i+2, d)
			}
		}
	})
}

// cutOff is where a connection was cut.
type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestSilentConnectionIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := &server{respond: func(attempt int, req *http.Request) (*http.Response, error) {
			if attempt > 1 {
				return reply(200, streamEvent("a", "task_approved", "")), nil
			}
			res := reply(200, "")
			res.Body = io.NopCloser(&silent{ctx: req.Context(), beats: 10})
			return res, nil
		}}
		collect(t, s.client(t), "", 1)
		if d := time.Since(start); d < 195*time.Second || d > 197*time.Second {
			t.Errorf("replaced after %v, want 45 s after the last of 150 s of comments", d)
		}
	})
}

func TestEventsEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		server *server
		kind   error
	}{
		"unauthorized": {always(401, `{"error":"Invalid API key"}`), market.ErrUnauthorized},
		"suspended":    {always(403, `{"error":"Agent suspended","code":"suspended"}`), market.ErrSuspended},
		"malformed id": {always(400, `{"error":"Last-Event-ID: is malformed"}`), market.ErrInvalid},
		"too many":     {always(429, `{"error":"Too many streams"}`, "Retry-After", "1"), market.ErrRateLimited},
		"a page":       {always(200, "<html>Welcome</html>", "Content-Type", "text/html; charset=utf-8"), market.ErrUnavailable},
		"not an event": {always(200, "data: hello\n\n"), market.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			errs := 0
			for _, err := range tc.server.client(t).Events(t.Context(), "x") {
				wantKind(t, name, err, tc.kind)
				errs++
			}
			if errs != 1 {
				t.Errorf("%d errors", errs)
			}
		})
	}
}

func TestEventsEndWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Hour, cancel)
		errs := 0
		for e, err := range stream().client(t).Events(ctx, "") {
			if errs++; !errors.Is(err, context.Canceled) {
				t.Errorf("got %+v, %v", e, err)
			}
		}
		if errs != 1 {
			t.Errorf("%d errors", errs)
		}
	})
}

func TestHugeEventIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := always(200, "data: "+strings.Repeat("x", 2<<20)+"\n\n")
		for _, err := range s.client(t).Events(ctx, "") {
			wantKind(t, "huge", err, market.ErrUnavailable)
			if err == nil || !strings.Contains(err.Error(), "larger than") {
				t.Errorf("error %v", err)
			}
		}
		if n := len(s.requests()); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}
