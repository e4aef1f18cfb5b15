package serve

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
	"time"
)

// started is the first line of a server's life that says all that one wants to know of it
// later: what runs, where, and what was set.
func (s *Settings) started(log *slog.Logger, replica, version, address, metrics, kept string) {
	args := []any{"replica", replica, "version", version, "go", runtime.Version(), "address", address}
	if metrics != "" {
		args = append(args, "metrics", metrics)
	}
	log.Info("pinchwork started", append(args, "kept", kept, "settings", s.changed())...)
}

// changed lists the settings that are not the default, with no secret in them.
func (s *Settings) changed() string {
	defaults := Defaults()
	var out []string
	for _, o := range All() {
		value := o.Get(s)
		switch {
		case o.Secret && s.AdminKey != "":
			value = "(hidden)"
		case value == o.Get(&defaults):
			continue
		case o.Key == "store":
			value = withoutPassword(value)
		}
		out = append(out, o.Key+"="+value)
	}
	return strings.Join(out, " ")
}

// withoutPassword is a store's address, without what opens it.
func withoutPassword(store string) string {
	if !strings.Contains(store, "://") {
		return store
	}
	u, err := url.Parse(store)
	if err != nil {
		scheme, _, _ := strings.Cut(store, "://")
		return scheme + "://(hidden)"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	u.RawQuery, u.Fragment = "", "" // may hold a password too
	return u.String()
}

// Refused logs why a server was not even begun, if its log is for programs.
func Refused(s Settings, err error, logs io.Writer) {
	if s.Log == "json" {
		ended(context.Background(), logger(&s, logs), time.Now(), err)
	}
}

// ended is the last line: why, and after how long.
func ended(ctx context.Context, log *slog.Logger, since time.Time, err error) {
	args := []any{"after", time.Since(since)}
	if err != nil {
		log.Error("pinchwork ended", append(args, "why", err.Error())...)
		return
	}
	log.Info("pinchwork ended", append(args, "why", why(ctx))...)
}

// interrupted is why a server ends when Ctrl-C is pressed.
const interrupted = "interrupt signal received"

// why names the signal that ended a server: its error says so, and is a Canceled too.
func why(ctx context.Context) string {
	cause := context.Cause(ctx)
	if cause == nil || cause.Error() == context.Canceled.Error() {
		return "asked to"
	}
	return cause.Error()
}
