package httpclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// unknownOf is err as the error of a call that may have been done.
func unknownOf(t *testing.T, what string, err error) *httpclient.OutcomeUnknown {
	t.Helper()
	var unknown *httpclient.OutcomeUnknown
	if !errors.As(err, &unknown) {
		t.Errorf("%s: %v, want an unknown outcome", what, err)
		return &httpclient.OutcomeUnknown{Err: errors.New("none")}
	}
	return unknown
}

func wantKnown(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || errors.As(err, new(*httpclient.OutcomeUnknown)) {
		t.Errorf("%s: %v, want an error of which the outcome is known", what, err)
	}
}

// refusing answers with a code, as this API does.
func refusing(status int, code market.Code, header ...string) failure {
	body, err := json.Marshal(map[string]any{"error": "in any words", "code": code})
	if err != nil {
		panic(err)
	}
	return func(*http.Request) (*http.Response, error) { return reply(status, string(body), header...), nil }
}

// deafly cuts every connection after the market has done what was asked.
func deafly(t *testing.T, w *twin, cutting *atomic.Bool) string {
	t.Helper()
	api, err := httpserver.New(w.Market, httpserver.Options{Limits: httpserver.NoLimits()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if cutting.Load() {
			api.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		api.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() { server.Close(); api.Close() })
	return server.URL
}

// All answers are lost: the error holds the key under which another call, by
// another client, gets the outcome of the first.
func TestALostAnswerLeavesTheKeyOfASafeRepeat(t *testing.T) {
	w := newTwin(t)
	poster, err := w.Register(t.Context(), market.RegisterInput{Name: "poster"})
	if err != nil {
		t.Fatal(err)
	}
	var cutting atomic.Bool
	cutting.Store(true)
	url := deafly(t, w, &cutting)
	quick := httpclient.WithMaxDelay(time.Millisecond)
	c, err := httpclient.New(url, poster.APIKey, quick)
	if err != nil {
		t.Fatal(err)
	}
	err = post(t.Context(), c)
	unknown := unknownOf(t, "post", err)
	if unknown.Key == "" || !strings.Contains(err.Error(), unknown.Key) || strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("key %q, error %q", unknown.Key, err)
	}
	if !errors.Is(err, market.ErrUnavailable) || !errors.Is(err, httpclient.ErrUnreachable) {
		t.Errorf("error %v", err)
	}
	cutting.Store(false)
	if c, err = httpclient.New(url, poster.APIKey); err != nil {
		t.Fatal(err)
	}
	if err := post(market.WithIdempotencyKey(t.Context(), unknown.Key), c); err != nil {
		t.Errorf("repeat: %v", err)
	}
	mine, err := c.Mine(t.Context(), market.MineQuery{})
	if err != nil || mine.Total != 1 {
		t.Errorf("%d tasks, %v", mine.Total, err)
	}
}

func TestWhatLeavesTheOutcomeOpen(t *testing.T) {
	dial := func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	for name, tc := range map[string]struct {
		how  failure
		open bool
	}{
		"cut":                 {cut, true},
		"time-out":            {hang, true},
		"502 of a proxy":      {status(502), true},
		"504 of a proxy":      {status(504), true},
		"store away":          {refusing(503, market.CodeUnavailable), true},
		"server's mistake":    {refusing(500, market.CodeInternal), true},
		"first under way":     {refusing(409, market.CodeStillUnderWay), true},
		"no JSON":             {func(*http.Request) (*http.Response, error) { return reply(200, "<html>"), nil }, true},
		"refused connection":  {dial, false},
		"refused":             {refusing(402, market.CodeInsufficientCredits), false},
		"limited":             {refusing(429, market.CodeRateLimited), false},
		"contended":           {refusing(503, market.CodeContended), false},
		"board loading":       {refusing(503, market.CodeWarming), false},
		"leads elsewhere":     {func(*http.Request) (*http.Response, error) { return reply(307, "", "Location", "/x"), nil }, false},
		"not switched on":     {refusing(501, market.CodeNotConfigured), false},
		"refused by a filter": {status(403), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := failing(100, tc.how).client(t)
				err := post(market.WithIdempotencyKey(t.Context(), "mine"), c)
				if !tc.open {
					wantKnown(t, "post", err)
				} else if got := unknownOf(t, "post", err).Key; got != "mine" {
					t.Errorf("key %q", got)
				}
				wantKnown(t, "a read", ignore(c.Me(t.Context())))
			})
		})
	}
}

// An attempt that may have been done is not forgotten when later ones were not
// even sent; an answer to a later one tells it.
func TestEarlierAttemptsCount(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	then := func(later failure) *server {
		return &server{respond: func(attempt int, req *http.Request) (*http.Response, error) {
			if attempt == 1 {
				return cut(req)
			}
			return later(req)
		}}
	}
	synctest.Test(t, func(t *testing.T) {
		for name, later := range map[string]failure{
			"gone": func(*http.Request) (*http.Response, error) { return nil, dial }, "limited": status(429), "contended": refusing(503, market.CodeContended),
		} {
			_ = unknownOf(t, name, post(t.Context(), then(later).client(t)))
		}
		wantKnown(t, "refused", post(t.Context(), then(refusing(402, market.CodeInsufficientCredits)).client(t)))
	})
}

func TestCallsWithoutAKeySayWhetherTheyMayHaveBeenDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := failing(100, cut).client(t)
		for name, err := range map[string]error{
			"register": ignore(c.Register(t.Context(), market.RegisterInput{Name: "a"})),
			"update":   ignore(c.UpdateMe(t.Context(), market.UpdateInput{Name: market.Some("b")})),
		} {
			if key := unknownOf(t, name, err).Key; key != "" || strings.Contains(err.Error(), "idempotency key") {
				t.Errorf("%s: key %q, error %v", name, key, err)
			}
		}
	})
}

func TestAnInterruptedCallSaysWhetherItMayHaveBeenDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := post(ctx, failing(1, hang).client(t))
		if unknown := unknownOf(t, "interrupted", err); unknown.Key == "" || !errors.Is(err, context.Canceled) {
			t.Errorf("key %q, error %v", unknown.Key, err)
		}
		wantKnown(t, "an interrupted read", ignore(failing(1, hang).client(t).Me(ctx)))
	})
}

// To a port that nobody listens on, or to a server that is not trusted, nothing
// is sent.
func TestNothingSentIsNoUnknownOutcome(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"http://" + address, secure.URL} {
		c, err := httpclient.New(url, testKey, httpclient.WithAttempts(2), httpclient.WithMaxDelay(time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		err = post(t.Context(), c)
		wantKnown(t, url, err)
		if !strings.Contains(fmt.Sprint(err), "cannot be reached") || !errors.Is(err, httpclient.ErrUnreachable) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// The first request under a key has not ended: the server says when to ask again.
func TestAFirstRequestStillUnderWayIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := failing(2, refusing(409, market.CodeStillUnderWay, "Retry-After", "2"))
		if err := post(t.Context(), s.client(t)); err != nil || len(keys(s)) != 1 {
			t.Errorf("keys %v, error %v", keys(s), err)
		}
		if d := time.Since(start); d < 4*time.Second || d > 6*time.Second {
			t.Errorf("came back after %v", d)
		}
		s = failing(100, refusing(409, market.CodeStillUnderWay, "Retry-After", "1"))
		err := post(t.Context(), s.client(t, httpclient.WithAttempts(3)))
		if !errors.Is(err, market.ErrConflict) || len(s.requests()) != 3 {
			t.Errorf("error %v after %d attempts", err, len(s.requests()))
		}
		// By its code and by nothing else.
		s = failing(1, refusing(409, market.CodeWrongState, "Retry-After", "1"))
		if err := post(t.Context(), s.client(t)); err == nil || len(s.requests()) != 1 {
			t.Errorf("another conflict: error %v after %d attempts", err, len(s.requests()))
		}
	})
}
