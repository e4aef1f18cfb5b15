package httpclient_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
	"github.com/pinchwork/pinchwork/market"
)

func unescape(s string) string {
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(s)
}

func wantKind(t *testing.T, what string, err, kind error) {
	t.Helper()
	_ = refusalOf(t, what, err, kind)
}

func refusalOf(t *testing.T, what string, err, kind error) *market.Error {
	t.Helper()
	var e *market.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		t.Errorf("%s: error %v (%T), want %v", what, err, err, kind)
		return &market.Error{}
	}
	return e
}

// The same errors.Is as in-process: the code decides, and the
// status only where there is no code that this version knows.
func TestCodeBecomesKind(t *testing.T) {
	type refusal struct {
		status  int
		message string
		code    market.Code
		field   string
		kind    error
	}
	cases := []refusal{
		{400, "max_credits: must be between 1 and 100000", market.CodeInvalid, "max_credits", market.ErrInvalid},
		{400, "tags[3]: is not a tag", "", "", market.ErrInvalid},
		{401, "Invalid API key", "", "", market.ErrUnauthorized},
		{402, "Insufficient credits. Have 3, need 50", "", "", market.ErrInsufficientCredits},
		{403, "Agent suspended", "", "", market.ErrForbidden},
		{403, "You are not the poster", "", "", market.ErrForbidden},
		{404, "Task not found", "", "", market.ErrNotFound},
		{409, "Task is approved", "", "", market.ErrConflict},
		{409, "From the future", "something_new", "", market.ErrConflict},
		{413, "The body is larger than 8 MiB", "", "", market.ErrInvalid},
		{415, "The content type is not known", "", "", market.ErrInvalid},
		{429, "Too many requests", "", "", market.ErrRateLimited},
		{501, "No admin key is set", "", "", market.ErrNotConfigured},
		{500, "Internal error", "", "", market.ErrUnavailable},
		{503, "The store is not available", "", "", market.ErrUnavailable},
		{418, "Teapot", "", "", market.ErrUnavailable},
	}
	for _, c := range market.Codes() {
		cases = append(cases, refusal{400, "A refusal in any words", c.Code, "", c.Kind})
	}
	for _, tc := range cases {
		t.Run(fmt.Sprint(tc.status, tc.code, tc.message), func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"error": tc.message, "code": tc.code, "field": tc.field})
			if err != nil {
				t.Fatal(err)
			}
			_, err = always(tc.status, string(body)).client(t, httpclient.WithAttempts(1)).Me(t.Context())
			e := refusalOf(t, "Me", err, tc.kind)
			if e.Message != tc.message || e.Field != tc.field || e.Code != tc.code {
				t.Errorf("message %q, code %q, field %q", e.Message, e.Code, e.Field)
			}
			if errors.Is(tc.kind, market.ErrSuspended) && !errors.Is(err, market.ErrForbidden) {
				t.Error("suspended is not a kind of forbidden")
			}
			if !errors.Is(tc.kind, market.ErrSuspended) && errors.Is(err, market.ErrSuspended) {
				t.Error("forbidden is taken for suspended")
			}
			if errors.Is(err, httpclient.ErrUnreachable) {
				t.Error("an answer counts as no answer")
			}
		})
	}
}

func TestRetryAfterInBothForms(t *testing.T) {
	date := time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"90": 90 * time.Second, date.Add(time.Minute).Format(http.TimeFormat): time.Minute,
		date.Add(-time.Hour).Format(http.TimeFormat): 0, "soon": 0, "": 0, "-5": 0,
	} {
		s := always(429, `{"error":"x"}`, "Retry-After", value, "Date", date.Format(http.TimeFormat))
		_, err := s.client(t, httpclient.WithAttempts(1)).Me(t.Context())
		if e := refusalOf(t, value, err, market.ErrRateLimited); e.RetryAfter != want {
			t.Errorf("%q is %v, want %v", value, e.RetryAfter, want)
		}
	}
}

func TestAnswersThatAreNoneOfOurs(t *testing.T) {
	for name, s := range map[string]*server{
		"page instead of JSON": always(200, "<html>Welcome to nginx</html>"),
		"empty":                always(200, ""),
		"list":                 always(200, "[]"),
		"page with an error":   always(404, "<html>\x1b[31mNot here</html>"),
	} {
		_, err := s.client(t).Me(t.Context())
		var e *market.Error
		if !errors.As(err, &e) || e.Message == "" || strings.ContainsAny(e.Message, "<\x1b") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := always(400, `{"error":"bad \u001b]0;evil\u0007 thing"}`).client(t).Me(t.Context())
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\x07") {
		t.Errorf("control characters reach the terminal: %q", err)
	}
}

func TestLargeAnswersAreNotRead(t *testing.T) {
	s := always(200, `{"id":"`+strings.Repeat("x", 2000)+`"}`)
	_, err := s.client(t, httpclient.WithMaxResponse(1000)).Me(t.Context())
	wantKind(t, "large", err, market.ErrUnavailable)
	if n := len(s.requests()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestBaseURLAndKeyAreChecked(t *testing.T) {
	for _, base := range []string{"", "market", "ftp://x", "http://", "http://:80", "http://u:p@x", "http://x?a=b", "http://x#y", "http://[::1", "//x"} {
		if _, err := httpclient.New(base, testKey); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("base %q: %v", base, err)
		}
	}
	for _, key := range []string{"a b", "a\r\nX-Evil: 1", "clé"} {
		_, err := httpclient.New("http://x", market.APIKey(key))
		if !errors.Is(err, market.ErrInvalid) || strings.Contains(err.Error(), key) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

// What no header can carry is refused, not retried as a failure of the network.
func TestControlCharactersInHeaders(t *testing.T) {
	s := always(201, posted)
	wantKind(t, "key", post(market.WithIdempotencyKey(t.Context(), "a\nb"), s.client(t)), market.ErrInvalid)
	for _, err := range s.client(t).Events(t.Context(), "1\r\nX: y") {
		wantKind(t, "event id", err, market.ErrInvalid)
	}
	if n := len(s.requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestNormalizeURL(t *testing.T) {
	for in, want := range map[string]string{
		"HTTP://Example.COM:80/": "http://example.com", "https://x:443/a/": "https://x/a",
		"https://x:80": "https://x:80", "http://[::1]:8000": "http://[::1]:8000", "http://x": "http://x",
		"http://[::1]": "http://[::1]", "http://x/a%2Fb/": "http://x/a%2Fb",
	} {
		if got, err := httpclient.NormalizeURL(in); err != nil || got != want {
			t.Errorf("%s is %s, %v; want %s", in, got, err, want)
		}
	}
}

func TestNoErrorHoldsTheKey(t *testing.T) {
	down := &server{respond: func(int, *http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }}
	for _, s := range []*server{down, always(401, `{"error":"no"}`), always(302, "", "Location", "http://evil.example/"), always(200, "x")} {
		_, err := s.client(t, httpclient.WithAttempts(1)).Me(t.Context())
		for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			if err == nil || strings.Contains(text, "secret") {
				t.Errorf("error %s", text)
			}
		}
	}
}
