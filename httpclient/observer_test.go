package httpclient_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
)

func TestAnObserverHearsOfPausesAndOfSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing(2, status(429, "Retry-After", "3"))
		var heard []string
		c := s.client(t, httpclient.WithObserver(func(err error, again time.Duration) {
			switch {
			case err == nil:
				heard = append(heard, "done")
			case again >= 3*time.Second:
				heard = append(heard, "wait")
			default:
				heard = append(heard, err.Error())
			}
		}))
		if err := post(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if want := []string{"wait", "wait", "done"}; !slices.Equal(heard, want) {
			t.Errorf("heard %q, want %q", heard, want)
		}
	})
}

func TestAnObserverHearsOfBrokenStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{respond: func(attempt int, req *http.Request) (*http.Response, error) {
			if attempt <= 2 {
				return cut(req)
			}
			return reply(401, `{"error":"no"}`), nil
		}}
		failed := 0
		c := s.client(t, httpclient.WithObserver(func(err error, _ time.Duration) {
			if err != nil {
				failed++
			}
		}))
		var last error
		for _, err := range c.Events(t.Context(), "") {
			last = err
		}
		if failed != 2 || last == nil {
			t.Errorf("heard of %d failures, %v", failed, last)
		}
	})
}
