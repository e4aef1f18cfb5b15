package httpagent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/cmd/pinchwork/internal/httpagent"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/worker"
)

// A task is posted, done by an agent behind HTTP that shows progress, rejected, done again
// under another key, and approved.
func TestAnAgentBehindHTTPWorks(t *testing.T) {
	var mu sync.Mutex
	keys := map[string]string{}
	shown := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var task struct {
			Need   string `json:"need"`
			Reason string `json:"rejection_reason"`
		}
		_ = json.NewDecoder(r.Body).Decode(&task)
		mu.Lock()
		keys[r.Header.Get("Idempotency-Key")] = task.Reason
		mu.Unlock()
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = fmt.Fprintln(w, `{"note":"reading","percent":40}`)
		_ = http.NewResponseController(w).Flush()
		if task.Reason == "" {
			<-shown
		}
		_, _ = fmt.Fprintf(w, "{\"result\":%q,\"credits\":4}\n", "did "+task.Need+" "+task.Reason)
	}))
	defer server.Close()
	agent, err := httpagent.New(server.URL, "", false)
	if err != nil {
		t.Fatal(err)
	}
	poster, hired := agents(t)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := worker.Run(ctx, hired, agent.Do); err != nil {
			t.Error(err)
		}
	})
	defer func() { stop(); running.Wait() }()

	p, err := poster.Post(ctx, market.PostInput{Need: "this", MaxCredits: 9})
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range poster.Events(ctx, "0") {
		if err != nil {
			t.Fatal(err)
		}
		if e.Type == "task_progress" {
			break
		}
	}
	got, err := poster.Task(ctx, p.TaskID, 0)
	if err != nil || got.Progress == nil || got.Progress.Note != "reading" || *got.Progress.Percent != 40 {
		t.Errorf("progress %+v, %v", got.Progress, err)
	}
	close(shown)
	delivered(t, poster, p.TaskID)
	if _, err := poster.Reject(ctx, p.TaskID, market.RejectInput{Reason: "louder"}); err != nil {
		t.Fatal(err)
	}
	delivered(t, poster, p.TaskID)
	end, err := poster.Approve(ctx, p.TaskID, market.ApproveInput{})
	if err != nil || end.Result != "did this louder" || end.CreditsCharged != 4 {
		t.Errorf("%+v, %v", end, err)
	}
	if len(keys) != 2 {
		t.Errorf("keys %v", keys)
	}
}

func agents(t *testing.T) (poster, hired market.AgentAPI) {
	t.Helper()
	m, err := pinchwork.New()
	if err != nil {
		t.Fatal(err)
	}
	var both []market.AgentAPI
	for _, name := range []string{"poster", "hired"} {
		r, err := m.Register(t.Context(), market.RegisterInput{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, m.As(r.AgentID))
	}
	return both[0], both[1]
}

func delivered(t *testing.T, poster market.AgentAPI, id market.TaskID) {
	t.Helper()
	got, err := poster.Task(t.Context(), id, time.Minute)
	if err != nil || got.Status != market.StatusDelivered {
		t.Fatalf("%+v, %v", got, err)
	}
}
