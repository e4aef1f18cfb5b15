package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// logger writes durations as people read them, and as milliseconds for programs.
func logger(s *Settings, w io.Writer) *slog.Logger {
	o := slog.HandlerOptions{Level: s.LogLevel}
	if s.Log == "json" {
		o.ReplaceAttr = milliseconds
		return slog.New(slog.NewJSONHandler(w, &o))
	}
	o.ReplaceAttr = readable
	return slog.New(slog.NewTextHandler(w, &o))
}

func readable(_ []string, a slog.Attr) slog.Attr {
	a = oneLine(a)
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(Readable(a.Value.Duration()))
	}
	return a
}

// oneLine shortens an error that a driver says over several lines.
func oneLine(a slog.Attr) slog.Attr {
	if err, is := a.Value.Any().(error); is && strings.Contains(err.Error(), "\n") {
		a.Value = slog.StringValue(shortly(err))
	}
	return a
}

func milliseconds(_ []string, a slog.Attr) slog.Attr {
	a = oneLine(a)
	if a.Value.Kind() == slog.KindDuration {
		a.Key += "_ms"
		a.Value = slog.Float64Value(float64(a.Value.Duration().Round(time.Microsecond)) / float64(time.Millisecond))
	}
	return a
}

// Readable is a duration with at most three digits that count, such as 12ms, 1.24s or
// 3h12m.
func Readable(d time.Duration) string {
	switch size := d.Abs(); {
	case size < 10*time.Microsecond:
	case size < 10*time.Millisecond:
		d = d.Round(10 * time.Microsecond)
	case size < time.Second:
		d = d.Round(time.Millisecond)
	case size < time.Minute:
		d = d.Round(10 * time.Millisecond)
	case size < time.Hour:
		d = d.Round(time.Second)
	default:
		d = d.Round(time.Minute)
	}
	return short(d)
}

// stranger is the log of a library that has its own: what it says is for those who look
// for a fault, since what comes of it is said by us.
type stranger struct {
	name string
	log  *slog.Logger
}

// Printf is how go-redis logs.
func (s stranger) Printf(ctx context.Context, format string, args ...any) {
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.DebugContext(ctx, s.name, "says", strings.TrimSpace(fmt.Sprintf(format, args...)))
	}
}

// Println is how the handler of the metrics logs.
func (s stranger) Println(args ...any) {
	s.log.Debug(s.name, "says", strings.TrimSpace(fmt.Sprintln(args...)))
}

// Write is how net/http logs.
func (s stranger) Write(line []byte) (int, error) {
	s.log.Debug(s.name, "says", strings.TrimSpace(string(line)))
	return len(line), nil
}
