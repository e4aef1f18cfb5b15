package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/programtest"
)

func TestDurationsAreReadable(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 7 * time.Microsecond: "7µs", 1234567: "1.23ms", 12345678: "12ms", 1234567890: "1.23s",
		83 * time.Second: "1m23s", 3*time.Hour + 12*time.Minute + 7*time.Second: "3h12m",
	} {
		if got := Readable(d); got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
	}
	var log bytes.Buffer
	s := Defaults()
	for _, s.Log = range []string{"text", "json"} {
		logger(&s, &log).Info("x", "error", fmt.Errorf("connecting:\n\ttls: refused\n\t%w", refused), "other", errors.New("one line"))
		if !strings.Contains(log.String(), "dial: connection refused") || strings.Contains(log.String(), "tls") || !strings.Contains(log.String(), "one line") {
			t.Error(log.String())
		}
		log.Reset()
	}
	s.Log = "text"
	logger(&s, &log).Info("x", "duration", 12345678*time.Nanosecond)
	if !strings.Contains(log.String(), "duration=12ms") {
		t.Error(log.String())
	}
	log.Reset()
	s.Log = "json"
	logger(&s, &log).Info("x", "duration", 12345678*time.Nanosecond)
	if !strings.Contains(log.String(), `"duration_ms":12.346`) {
		t.Error(log.String())
	}
}

// A server's log begins with what it is and what was set, and ends with why; in between
// there are its requests, and nothing by strangers or health checks.
func TestALogTellsOfItsServersLife(t *testing.T) {
	log := &programtest.Log{}
	i := startLogged(t, log, func(s *Settings) {
		s.AdminKey = "u3vK0o2FJ9m4q0eX7v1o6cQh3m8Jm1b5B2k7yqZk0aE="
		s.Policy.InitialCredits = 7
		s.MetricsListen = "127.0.0.1:0"
	})
	i.call("GET", "/health", "", nil, nil)
	i.call("GET", "/readyz", "", nil, nil)
	i.call("GET", "/v1/tags?search=SECRET", "", nil, nil)
	if _, err := i.dial("nonsense\r\n\r\n").Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	slog.Info("the default logger")
	if err := i.ends(); err != nil {
		t.Fatal(err)
	}
	text := log.String()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, want := range []string{`msg="pinchwork started" replica=mk-`, "version=test", "address=127.0.0.1:", "metrics=127.0.0.1:", "admin-key=(hidden)", "initial-credits=7", "store=memory"} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("the second line, after the warning, lacks %s: %s", want, lines[1])
		}
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, `msg="pinchwork ended"`) || !strings.Contains(last, "after=") || !strings.Contains(last, `why="asked to"`) {
		t.Errorf("the last line is %s", last)
	}
	for _, want := range []string{"path=/v1/tags ", "client=127.0.0.1", "the default logger"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	for _, never := range []string{"/health", "/readyz", "SECRET", "u3vK0"} {
		if strings.Contains(text, never) {
			t.Errorf("%s is in\n%s", never, text)
		}
	}
}

// With a log for programs every line of either output is an object.
func TestALogForProgramsIsNothingElse(t *testing.T) {
	log, out := &programtest.Log{}, &programtest.Log{}
	ctx, stop := context.WithCancelCause(context.Background())
	s := Defaults()
	s.Listen, s.Store, s.Log = "127.0.0.1:0", "memory", "json"
	done := make(chan error, 1)
	go func() { done <- Run(ctx, s, "test", out, log) }()
	for deadline := time.After(20 * time.Second); !strings.Contains(log.String(), "pinchwork started"); {
		select {
		case <-deadline:
			t.Fatal(log.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
	stop(terminated{})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if out.String() != "" {
		t.Errorf("the standard output has %s", out.String())
	}
	var last map[string]any
	for line := range strings.Lines(log.String()) {
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if last["why"] != "terminated signal received" {
		t.Errorf("it ended with %v", last)
	}
}

func TestNoPasswordOfAStoreIsInTheLog(t *testing.T) {
	for store, want := range map[string]string{
		"postgres://u:SECRET@db:5432/x?sslmode=off&password=SECRET": "postgres://u@db:5432/x",
		"redis://:SECRET@host/0":                                    "redis://@host/0",
		"postgres://u:SECRET%zz@db/x":                               "postgres://(hidden)",
		"sqlite:/var/lib/market.db":                                 "sqlite:/var/lib/market.db",
		"unix://u:SECRET@/run/redis.sock":                           "unix://u@/run/redis.sock",
	} {
		s := Defaults()
		s.Store = store
		if got := s.changed(); got != "store="+want {
			t.Errorf("%s is shown as %s", store, got)
		}
	}
}

func TestStrangersAreHeardAtDebugOnly(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelInfo: 0, slog.LevelDebug: 3} {
		log := &programtest.Log{}
		s := Defaults()
		s.LogLevel = level
		var by interface {
			Println(args ...any)
			Write(line []byte) (int, error)
			Printf(ctx context.Context, format string, args ...any)
		} = stranger{"somebody", logger(&s, log)}
		goredis.SetLogger(by)
		by.Printf(t.Context(), "one %d", 1)
		by.Println("two")
		if _, err := by.Write([]byte("three\n")); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "msg=somebody"); got != want {
			t.Errorf("at %v there are %d lines:\n%s", level, got, log)
		}
	}
}

// terminated is a cause as os/signal gives one.
type terminated struct{}

func (terminated) Error() string        { return "terminated signal received" }
func (terminated) Is(target error) bool { return target == context.Canceled }
