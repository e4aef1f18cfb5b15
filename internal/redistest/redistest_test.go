package redistest

import (
	"testing"

	goredis "github.com/redis/go-redis/v9"
)

func connect(t *testing.T, addr string) *goredis.Client {
	t.Helper()
	c := goredis.NewClient(&goredis.Options{Addr: addr})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestDurableServerKeepsWhatItAcknowledgedWhenKilled(t *testing.T) {
	s := Start(t, Durable())
	if err := connect(t, s.Addr()).Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := connect(t, s.Addr()).Ping(t.Context()).Err(); err == nil {
		t.Fatal("a killed server answers")
	}
	s.Restart()
	if got, err := connect(t, s.Addr()).Get(t.Context(), "k").Result(); err != nil || got != "v" {
		t.Fatalf("after the restart: %q, %v", got, err)
	}
}

func TestServersArePrivate(t *testing.T) {
	a, b := Start(t), Start(t)
	if err := connect(t, a.Addr()).Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := connect(t, b.Addr()).DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Fatalf("the other server holds %d keys, %v", n, err)
	}
	if got, err := connect(t, b.Addr()).ConfigGet(t.Context(), "appendonly").Result(); err != nil || got["appendonly"] != "no" {
		t.Fatalf("appendonly of a plain server: %v, %v", got, err)
	}
}

func TestMiniAnswers(t *testing.T) {
	if err := connect(t, Mini(t).Addr()).Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}
