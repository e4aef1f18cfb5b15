package httpclient_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

const posted = `{"task_id":"tk-1","status":"posted","need":"x"}`

// failing fails the first n attempts, then succeeds.
func failing(n int, how failure) *server {
	return &server{respond: func(attempt int, req *http.Request) (*http.Response, error) {
		if attempt <= n {
			return how(req)
		}
		return reply(201, posted), nil
	}}
}

func cut(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset by peer") }

// failure is how an attempt fails.
type failure func(*http.Request) (*http.Response, error)

func status(code int, header ...string) failure {
	return func(*http.Request) (*http.Response, error) {
		return reply(code, `{"error":"not now"}`, header...), nil
	}
}

func keys(s *server) map[string]int {
	out := map[string]int{}
	for _, r := range s.requests() {
		out[r.Header.Get("Idempotency-Key")]++
	}
	return out
}

// A call that changes something is repeated under one key, so that it happens once.
func TestPassingFailuresAreRetriedUnderOneKey(t *testing.T) {
	for name, how := range map[string]failure{
		"cut": cut, "502": status(502), "503": status(503), "504": status(504), "429": status(429, "Retry-After", "2"),
		"time-out": hang,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := failing(2, how)
				c := s.client(t)
				if err := post(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				if got := keys(s); len(got) != 1 || len(s.requests()) != 3 || got[""] != 0 {
					t.Errorf("keys of the attempts: %v", got)
				}
				for i, body := range s.bodies {
					if body != s.bodies[0] {
						t.Errorf("attempt %d sent %s", i, body)
					}
				}
				if err := post(t.Context(), c); err != nil || len(keys(s)) != 2 {
					t.Errorf("another call: keys %v, error %v", keys(s), err)
				}
			})
		})
	}
}

func TestCallersKeyIsUsed(t *testing.T) {
	s := always(201, posted)
	if err := post(market.WithIdempotencyKey(t.Context(), "mine"), s.client(t)); err != nil {
		t.Fatal(err)
	}
	if got := keys(s); got["mine"] != 1 {
		t.Errorf("keys %v", got)
	}
}

func TestRefusalsAreNotRetried(t *testing.T) {
	for _, code := range []int{400, 401, 402, 403, 404, 409, 500, 501} {
		s := failing(1, status(code))
		if err := post(t.Context(), s.client(t)); err == nil || len(s.requests()) != 1 {
			t.Errorf("%d: error %v after %d attempts", code, err, len(s.requests()))
		}
	}
}

func TestRegisterIsNeverRepeated(t *testing.T) {
	for name, how := range map[string]failure{"cut": cut, "503": status(503)} {
		s := failing(1, how)
		_, err := s.client(t).Register(t.Context(), market.RegisterInput{Name: "a"})
		if !errors.Is(err, market.ErrUnavailable) || len(s.requests()) != 1 {
			t.Errorf("%s: error %v after %d attempts", name, err, len(s.requests()))
		}
	}
}

func TestAttemptsAndPausesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing(100, cut)
		start := time.Now()
		err := post(t.Context(), s.client(t, httpclient.WithAttempts(6), httpclient.WithMaxDelay(time.Second)))
		if !errors.Is(err, httpclient.ErrUnreachable) || !errors.Is(err, market.ErrUnavailable) {
			t.Errorf("error %v", err)
		}
		if n := len(s.requests()); n != 6 {
			t.Errorf("%d attempts", n)
		}
		if d := time.Since(start); d < 1500*time.Millisecond || d > 5*time.Second {
			t.Errorf("gave up after %v", d)
		}
	})
}

func TestRetryAfterIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := post(t.Context(), failing(1, status(429, "Retry-After", "7")).client(t)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d < 7*time.Second || d > 9*time.Second {
			t.Errorf("came back after %v", d)
		}
	})
}

// An abandon cooldown lasts half an hour: that is for the caller to wait for.
func TestLongRetryAfterIsHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := failing(1, status(429, "Retry-After", "1800")), time.Now()
		e := refusalOf(t, "post", post(t.Context(), s.client(t)), market.ErrRateLimited)
		if e.RetryAfter != 30*time.Minute || time.Since(start) > time.Second || len(s.requests()) != 1 {
			t.Errorf("retry after %v, took %v, %d attempts", e.RetryAfter, time.Since(start), len(s.requests()))
		}
	})
}

func TestEndedContextEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		err := post(ctx, failing(100, cut).client(t, httpclient.WithAttempts(100)))
		if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(*market.Error)) {
			t.Errorf("between attempts: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := post(ctx, failing(1, hang).client(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("during an attempt: %v", err)
		}
	})
}

// A wait of five minutes outlasts the time-out of ordinary calls.
func TestTimeoutAllowsForTheWait(t *testing.T) {
	slow := func(d time.Duration) *server {
		return &server{respond: func(_ int, req *http.Request) (*http.Response, error) {
			select {
			case <-time.After(d):
				return reply(200, `{"task_id":"tk-1","status":"delivered"}`), nil
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
		}}
	}
	synctest.Test(t, func(t *testing.T) {
		s := slow(299 * time.Second)
		got, err := s.client(t).Task(t.Context(), "tk-1", 300*time.Second)
		if err != nil || got.Status != market.StatusDelivered || len(s.requests()) != 1 {
			t.Errorf("task: %+v, %v after %d attempts", got, err, len(s.requests()))
		}
		p, err := slow(299*time.Second).client(t).Post(t.Context(), market.PostInput{Need: "x", Wait: 300 * time.Second})
		if err != nil || p.Task == nil {
			t.Errorf("post: %+v, %v", p, err)
		}
		_, err = slow(31*time.Second).client(t, httpclient.WithAttempts(1)).Me(t.Context())
		if !errors.Is(err, httpclient.ErrUnreachable) {
			t.Errorf("a call that does not wait: %v", err)
		}
	})
}
