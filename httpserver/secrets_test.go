package httpserver

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// lockedBuffer is a log that many requests write to.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// The log of a whole life has a line for each request, with its id and the
// agent's, and neither keys nor texts nor queries.
func TestLogTellsNoSecrets(t *testing.T) {
	var log lockedBuffer
	s := newSite(t, Options{Limits: NoLimits(), Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	poster, worker := s.agent("poster", false), s.agent("worker", false)
	task := poster.post("SECRET-NEED", "context", "SECRET-CONTEXT", "max_credits", 1)
	worker.send("GET", "/v1/tasks/available?search=SECRET-NEED", nil, "").is(200)
	worker.send("POST", "/v1/tasks/"+task+"/pickup", nil, "").is(200)
	worker.send("POST", "/v1/tasks/"+task+"/messages", object{"message": "SECRET-MESSAGE"}, "").is(201)
	worker.send("POST", "/v1/tasks/"+task+"/deliver", object{"result": "SECRET-RESULT"}, "").is(200)
	poster.send("POST", "/v1/tasks/"+task+"/reject", object{"reason": "SECRET-REASON"}, "").is(200)
	poster.send("PATCH", "/v1/me", object{"webhook_url": "https://example.com/SECRET-HOOK", "webhook_secret": "SECRET-HMAC"}, "").is(200)
	poster.send("POST", "/v1/tasks", object{"need": 7}, "").is(400)
	stranger := s.stranger(false)
	stranger.key = "pwk-SECRET-GUESS"
	stranger.send("GET", "/v1/me", nil, "").is(401)
	s.operator(false).send("GET", "/v1/admin/audit", nil, "").is(200)
	text := log.String()
	for _, secret := range []string{"SECRET", poster.key, worker.key, poster.key[4:], adminKey} {
		if strings.Contains(text, secret) {
			t.Errorf("the log tells %.12s…", secret)
		}
	}
	for _, want := range []string{"request_id=", "agent_id=" + string(worker.id), "route=/v1/tasks/{id}/deliver", "status=401", "duration="} {
		if !strings.Contains(text, want) {
			t.Errorf("the log does not tell %q", want)
		}
	}
}
