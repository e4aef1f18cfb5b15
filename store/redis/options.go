package redis

import (
	"fmt"
	"log/slog"
	"regexp"
	"time"
)

// Option changes how a Store is made.
type Option func(*Store) error

// The defaults of the options.
const (
	DefaultNamespace  = "pinchwork"
	DefaultFeedLength = 250_000
	DefaultTimeout    = 4 * time.Second
)

var namespaceForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)

// WithNamespace sets the namespace, which is the hash tag of every key: several
// marketplaces can live side by side on one server. 1–63 letters, digits, '_',
// '.' and '-', the first a letter or digit; default "pinchwork".
func WithNamespace(name string) Option {
	return func(s *Store) error {
		if !namespaceForm.MatchString(name) {
			return fmt.Errorf("redis: namespace %q must be 1–63 letters, digits, '_', '.' or '-', beginning with a letter or digit", name)
		}
		s.namespace = name
		return nil
	}
}

// WithLogger sets where warnings about the server's settings go. Silent by default.
func WithLogger(log *slog.Logger) Option {
	return func(s *Store) error {
		if log != nil {
			s.log = log
		}
		return nil
	}
}

// WithFeedLength sets about how many commits the feed keeps; at least 1,000,
// default 250,000 (some 50 MB). A process that has fallen further behind
// reloads its mirror.
func WithFeedLength(commits int64) Option {
	return func(s *Store) error {
		if commits < 1_000 {
			return fmt.Errorf("redis: feed length %d is below 1,000", commits)
		}
		s.feedLength = commits
		return nil
	}
}

// WithTimeout bounds every call, default 4 s: after that an unreachable server
// is an error.
func WithTimeout(d time.Duration) Option {
	return func(s *Store) error {
		if d <= 0 {
			return fmt.Errorf("redis: timeout %s is not positive", d)
		}
		s.timeout = d
		return nil
	}
}

// RequireAOF refuses a server that is not known to run with "appendonly yes",
// and one that may evict keys.
func RequireAOF() Option {
	return func(s *Store) error {
		s.requireAOF = true
		return nil
	}
}
