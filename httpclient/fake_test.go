package httpclient_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

const testKey = "pwk-secretsecretsecretsecretsecretsecretsecret0"

// server answers requests without a network, so that a synctest bubble's clock
// runs through time-outs and pauses.
type server struct {
	mu      sync.Mutex
	seen    []*http.Request
	bodies  []string
	respond func(attempt int, req *http.Request) (*http.Response, error)
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	s.mu.Lock()
	s.seen, s.bodies = append(s.seen, req), append(s.bodies, body)
	attempt := len(s.seen)
	s.mu.Unlock()
	res, err := s.respond(attempt, req)
	if res != nil {
		res.Request = req
	}
	return res, err
}

func (s *server) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...)
}

func reply(status int, body string, header ...string) *http.Response {
	res := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(header); i += 2 {
		res.Header.Set(header[i], header[i+1])
	}
	return res
}

// always answers every request alike.
func always(status int, body string, header ...string) *server {
	return &server{respond: func(int, *http.Request) (*http.Response, error) {
		return reply(status, body, header...), nil
	}}
}

func (s *server) client(t testing.TB, opts ...httpclient.Option) *httpclient.Client {
	t.Helper()
	opts = append(opts, httpclient.WithHTTPClient(&http.Client{Transport: s}))
	c, err := httpclient.New("http://market.example/base/", testKey, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *server) admin(t testing.TB) *httpclient.Admin {
	t.Helper()
	a, err := httpclient.NewAdmin("http://market.example", "operator", httpclient.WithHTTPClient(&http.Client{Transport: s}))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// sleeping answers after the request's context or the given function.
func hang(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func ignore[T any](_ T, err error) error { return err }

func post(ctx context.Context, c *httpclient.Client) error {
	return ignore(c.Post(ctx, market.PostInput{Need: "x"}))
}
