package httpagent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/work"
	"github.com/pinchwork/pinchwork/worker"
)

const (
	// mostLine holds the longest result, every character of it escaped.
	mostLine  = 12*worker.MaxResult + 64<<10
	mostBytes = 4 * mostLine
	mostWords = 800 // bytes that are read of an answer that is no result
	// pollPause is the time between two questions about work under way.
	pollPause = 5 * time.Second
)

// outcome is what one request has brought.
type outcome struct {
	done   bool
	result worker.Result
	after  time.Duration // when it is not done: when to ask again
}

// message is a line of an answer, or all of it.
type message struct {
	progress
	Result  json.RawMessage `json:"result"`
	Credits int64           `json:"credits"`
	Error   string          `json:"error"`
}

type progress struct {
	Note    string   `json:"note"`
	Percent *float64 `json:"percent"`
}

func (p progress) tell(ctx context.Context, notes *work.Notes) {
	percent := -1
	if p.Percent != nil {
		percent = int(max(0, min(100, *p.Percent)))
	}
	notes.Tell(ctx, p.Note, percent)
}

// read reads an answer.
func read(res *http.Response, tell func(progress)) (outcome, error) {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	body := &bounded{r: res.Body, left: mostBytes}
	after := retryAfter(res.Header)
	switch code := res.StatusCode; {
	case code == http.StatusAccepted:
		return pending(body, after, tell)
	case code == http.StatusOK && (kind == "application/x-ndjson" || kind == "application/jsonl"):
		return stream(body, tell)
	case code == http.StatusOK && kind == "application/json":
		return whole(body)
	case code == http.StatusOK && strings.HasPrefix(kind, "text/"):
		text, err := all(body)
		return outcome{done: true, result: worker.Text(string(text))}, err
	case code == http.StatusOK:
		return outcome{}, refusal{fmt.Errorf("the agent answered %q; it must be JSON, lines of JSON or text", kind)}
	case code == http.StatusTooManyRequests, code == http.StatusBadGateway,
		code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		return outcome{after: after}, passing{fmt.Errorf("the agent answered %d", code)}
	case code >= 300 && code < 400:
		return outcome{}, refusal{fmt.Errorf("the agent answered %d; redirects are not followed, give the address that it leads to", code)}
	default:
		return outcome{}, refusal{fmt.Errorf("the agent answered %d%s", code, words(body))}
	}
}

// pending is the answer that the work goes on.
func pending(body io.Reader, after time.Duration, tell func(progress)) (outcome, error) {
	text, err := all(body)
	if err != nil {
		return outcome{}, err
	}
	var p progress
	if json.Unmarshal(text, &p) == nil {
		tell(p)
	}
	if after == 0 {
		after = pollPause
	}
	return outcome{after: after}, nil
}

func whole(body io.Reader) (outcome, error) {
	text, err := all(body)
	if err != nil {
		return outcome{}, err
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return outcome{}, refusal{errors.New(`the agent's answer is not JSON of the form {"result": "…"}`)}
	}
	return m.outcome()
}

// stream reads lines of JSON: progress, and at last a result or an error. Empty lines
// keep the connection alive.
func stream(body io.Reader, tell func(progress)) (outcome, error) {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, mostLine)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var m message
		if json.Unmarshal(line, &m) != nil {
			if lines.Err() != nil {
				break // only part of the line has come
			}
			return outcome{}, errors.New("the agent sent a line that is no JSON object")
		}
		if m.Result != nil || m.Error != "" {
			return m.outcome()
		}
		tell(m.progress)
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) || errors.Is(err, errTooLong) {
		return outcome{}, errTooLong
	}
	return outcome{}, passing{errors.New("the agent's answer broke off")}
}

func (m message) outcome() (outcome, error) {
	if m.Error != "" {
		return outcome{}, refusal{errors.New("the agent said: " + work.Line(m.Error))}
	}
	var text string
	switch {
	case m.Result == nil || string(m.Result) == "null":
		return outcome{}, refusal{errors.New(`the agent's answer has no "result"`)}
	case m.Credits < 0:
		return outcome{}, refusal{errors.New(`the agent's answer has negative "credits"`)}
	case json.Unmarshal(m.Result, &text) != nil:
		text = string(m.Result) // JSON that is no string is delivered as it is
	}
	return outcome{done: true, result: worker.Result{Text: text, Credits: m.Credits}}, nil
}

var errTooLong = errors.New("the agent's answer is too long")

// bounded is a reader that fails after so many bytes.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func all(body io.Reader) ([]byte, error) {
	text, err := io.ReadAll(&bounded{r: body, left: mostLine})
	if err != nil && !errors.Is(err, errTooLong) {
		err = passing{fmt.Errorf("the agent's answer broke off: %w", work.WithoutURL(err))}
	}
	return text, err
}

// words are the beginning of what the agent said, on one line.
func words(body io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(body, mostWords))
	if s := work.Line(string(text)); s != "" {
		return ": " + s
	}
	return ""
}

// retryAfter is the pause that an answer asks for, 0 for none.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return time.Duration(max(seconds, 1)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), time.Second)
	}
	return 0
}
