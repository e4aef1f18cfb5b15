package redis_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/pinchwork/pinchwork/internal/redistest"
	"github.com/pinchwork/pinchwork/store/redis"
)

func TestURLThatCannotBeUsedIsRefusedWithoutItsPassword(t *testing.T) {
	for _, url := range []string{
		"", "localhost", "http://localhost:6379", "redis://:sesame@localhost:port/0", "redis://user:sesame@[::1", "redis://:sesame@localhost/x",
		"redis://:sesame@localhost:6379/0?dial_timeout=soon", "://:sesame@localhost",
	} {
		_, err := redis.Open(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	url := "redis://" + redistest.Mini(t).Addr()
	for name, opt := range map[string]redis.Option{
		"empty": redis.WithNamespace(""), "braces": redis.WithNamespace("a}b"), "blank": redis.WithNamespace("a b"),
		"colon": redis.WithNamespace("a:b"), "long": redis.WithNamespace(strings.Repeat("a", 64)),
		"feed": redis.WithFeedLength(999), "timeout": redis.WithTimeout(0),
	} {
		if s, err := redis.Open(t.Context(), url, opt); err == nil {
			_ = s.Close()
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := redis.New(t.Context(), nil); err == nil {
		t.Error("no client was accepted")
	}
}

func TestLayoutOfNewerCodeIsRefused(t *testing.T) {
	server := redistest.Mini(t)
	url := "redis://" + server.Addr()
	_ = open(t, url).Close()
	if got, err := server.Get("{pinchwork}:layout"); err != nil || got != "1" {
		t.Fatalf("layout %q, %v", got, err)
	}
	_ = open(t, url).Close()
	for _, layout := range []string{"2", "something"} {
		if err := server.Set("{pinchwork}:layout", layout); err != nil {
			t.Fatal(err)
		}
		if s, err := redis.Open(t.Context(), url); err == nil {
			_ = s.Close()
			t.Errorf("layout %s was accepted", layout)
		}
	}
}

func TestClosingTheStoreLeavesTheEmbeddersClientOpen(t *testing.T) {
	client := goredis.NewClient(&goredis.Options{Addr: redistest.Mini(t).Addr()})
	defer func() { _ = client.Close() }()
	s, err := redis.New(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatalf("the embedder's client: %v", err)
	}
}

func TestDurabilitySaysWhatCanBeLost(t *testing.T) {
	cases := []struct {
		name     string
		settings map[string]string
		says     string
		warns    bool
		enough   bool
	}{
		{"nothing", nil, "nothing outlives the server", true, false},
		{"snapshots", map[string]string{"save": "3600 1"}, "since the last snapshot", true, false},
		{"always", map[string]string{"appendonly": "yes", "appendfsync": "always"}, "loses nothing that was acknowledged", false, true},
		{"everysec", map[string]string{"appendonly": "yes"}, "the last second", true, true},
		{"no fsync", map[string]string{"appendonly": "yes", "appendfsync": "no"}, "30 seconds", true, true},
		{"evicts", map[string]string{"appendonly": "yes", "appendfsync": "always", "maxmemory": "100mb", "maxmemory-policy": "allkeys-lru"}, "set noeviction", true, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var opts []redistest.Option
			for name, value := range c.settings {
				opts = append(opts, redistest.With(name, value))
			}
			server := redistest.Start(t, opts...)
			var log bytes.Buffer
			s := open(t, server.URL(), redis.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			if !strings.Contains(s.Durability(), c.says) {
				t.Errorf("says %q", s.Durability())
			}
			if (log.Len() > 0) != c.warns {
				t.Errorf("logged %q", log.String())
			}
			strict, err := redis.Open(t.Context(), server.URL(), redis.RequireAOF())
			if (err == nil) != c.enough {
				t.Errorf("RequireAOF: %v", err)
			}
			if err == nil {
				_ = strict.Close()
			}
		})
	}
}

// Managed servers forbid CONFIG: the store works, and says that it does not know.
func TestServerThatDoesNotTellItsSettings(t *testing.T) {
	server := redistest.Start(t)
	admin := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	defer func() { _ = admin.Close() }()
	err := admin.Do(context.Background(), "ACL", "SETUSER", "tenant", "on", ">sesame", "~{pinchwork}:*", "&{pinchwork}:*", "+@all", "-@admin", "-config").Err()
	if err != nil {
		t.Fatal(err)
	}
	url := "redis://tenant:sesame@" + server.Addr()
	s := open(t, url)
	if !strings.Contains(s.Durability(), "unknown") {
		t.Errorf("says %q", s.Durability())
	}
	newLane(s, 1).lifecycle()
	if strict, err := redis.Open(t.Context(), url, redis.RequireAOF()); err == nil {
		_ = strict.Close()
		t.Error("RequireAOF accepted a server of which nothing is known")
	}
}
