package httpclient

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/pinchwork/pinchwork/market"
)

// call is one operation: a request that can be sent several times.
type call struct {
	method string
	path   string // escaped, from the base URL on, such as "/v1/me"
	query  url.Values
	body   any // encoded as JSON; nil for none
	// wait is how long the server was asked to wait before it answers.
	wait time.Duration
	// once forbids another attempt.
	once bool
	// reads is set where a POST changes nothing.
	reads bool
}

func get(path string, query url.Values) call {
	return call{method: http.MethodGet, path: path, query: query}
}

func post(path string, body any) call {
	return call{method: http.MethodPost, path: path, body: body}
}

// answer is a successful response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	// call is the call that it answers, key that call's idempotency key.
	call call
	key  string
}

// fetch makes the call and decodes its answer.
func fetch[T any](ctx context.Context, c *caller, what call) (T, error) {
	var out T
	a, err := c.do(ctx, what)
	if err != nil {
		return out, err
	}
	return out, a.decode(&out)
}

func (a answer) decode(into any) error {
	err := json.Unmarshal(a.body, into)
	if err == nil && !a.has(leading(into)) {
		err = errShape
	}
	if err == nil {
		return nil
	}
	err = &market.Error{
		Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Cause: err,
		Message: "The server's answer is not the JSON that this API gives; is the address right?",
	}
	if a.call.changes() {
		return &OutcomeUnknown{Key: a.key, Err: err}
	}
	return err
}

var errShape = errors.New("an answer of another shape")

// leading is the JSON name of a struct's first field, which every answer of this
// API contains: an id, a list or a number, or null where that may be. It is "" if into
// is not a struct.
func leading(into any) (name string, nullable bool) {
	t := reflect.TypeOf(into).Elem()
	if t.Kind() != reflect.Struct || t.NumField() == 0 {
		return "", false
	}
	name, options, _ := strings.Cut(t.Field(0).Tag.Get("json"), ",")
	if strings.Contains(options, "omit") || name == "-" {
		return "", false
	}
	return name, t.Field(0).Type.Kind() == reflect.Pointer
}

// has reports whether the answer is an object with a value under the name.
// Without this check, a foreign 200 would become a task without an id.
func (a answer) has(name string, nullable bool) bool {
	if name == "" {
		return true
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(a.body, &members) != nil {
		return false
	}
	value := string(members[name])
	return value != "" && (value != "null" || nullable) && value != `""`
}

// do makes the call, and repeats it where that may help and is safe.
func (c *caller) do(ctx context.Context, what call) (answer, error) {
	body, err := encode(what.body)
	if err != nil {
		return answer{}, err
	}
	key := idempotencyKey(ctx, what)
	if !isHeader(key) {
		return answer{}, invalid("Idempotency-Key", "must have no control characters")
	}
	open := false // an attempt before the last may have been done
	for attempt := 1; ; attempt++ {
		a, err := c.attempt(ctx, what, body, key)
		if err == nil {
			c.options.tell(nil, 0)
			return a, nil
		}
		if open = what.changes() && (leavesOpen(err) || open && !answers(err)); ctx.Err() != nil {
			return answer{}, ending(ctx.Err(), open, key)
		}
		delay, again := c.options.pause(attempt, err)
		if !again || what.once {
			return answer{}, ending(err, open, key)
		}
		c.options.tell(err, delay)
		if err := sleep(ctx, delay); err != nil {
			return answer{}, ending(err, open, key)
		}
	}
}

// ending is the error of a call that is not tried again.
func ending(err error, open bool, key string) error {
	if open {
		return &OutcomeUnknown{Key: key, Err: err}
	}
	return err
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, &market.Error{Kind: market.ErrInvalid, Code: market.CodeInvalid, Message: "The input cannot be written as JSON", Cause: err}
	}
	return data, nil
}

// idempotencyKey is the caller's key or a new one: the server then runs the
// call once, however often it is sent.
func idempotencyKey(ctx context.Context, what call) string {
	if what.method != http.MethodPost || what.once || what.reads {
		return ""
	}
	if key := market.IdempotencyKey(ctx); key != "" {
		return key
	}
	return rand.Text()
}

// isHeader reports whether net/http would send s as a header.
func isHeader(s string) bool { return !strings.ContainsFunc(s, unicode.IsControl) }

func (c *caller) attempt(ctx context.Context, what call, body []byte, key string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.timeout+what.wait)
	defer cancel()
	var sent sending
	req, err := c.request(sent.watch(ctx), what, body, key)
	if err != nil {
		return answer{}, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, sent.failed(c.Server(), err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := c.read(res)
	if err != nil {
		return answer{}, err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return answer{}, refusal(res, data)
	}
	return answer{status: res.StatusCode, header: res.Header, body: data, call: what, key: key}, nil
}

func (c *caller) request(ctx context.Context, what call, body []byte, key string) (*http.Request, error) {
	target := c.Server() + what.path
	if len(what.query) > 0 {
		target += "?" + what.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, what.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, &market.Error{Kind: market.ErrInvalid, Code: market.CodeInvalid, Message: "The request cannot be made", Cause: err}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.options.userAgent)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

var errTooLarge = errors.New("the answer is larger than the limit")

func (c *caller) read(res *http.Response) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(res.Body, c.options.maxResponse+1))
	if err != nil {
		return nil, unanswered(c.Server(), err)
	}
	if int64(len(data)) > c.options.maxResponse {
		return nil, &market.Error{
			Kind: market.ErrUnavailable, Code: market.CodeUnavailable, Cause: errTooLarge,
			Message: fmt.Sprintf("The server's answer is larger than %d bytes; ask for a smaller page", c.options.maxResponse),
		}
	}
	return data, nil
}
