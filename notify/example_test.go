package notify_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/notify"
	"github.com/pinchwork/pinchwork/store/memory"
)

// A receiver of webhooks reads a bounded body whole, verifies it before it
// parses it, and answers 2xx at once. It tells repeats by the event's id.
func Example_receiver() {
	const secret = "my-hmac-secret"
	done := make(chan struct{})
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || !notify.VerifySignature(secret, body, r.Header.Get(notify.HeaderSignature)) {
			http.Error(w, "bad signature", http.StatusUnauthorized)
			return
		}
		fmt.Println(r.Header.Get(notify.HeaderEvent), "is genuine")
		w.WriteHeader(http.StatusNoContent)
		close(done)
	}))
	defer receiver.Close()

	// A marketplace whose webhooks may stay on this machine.
	policy := market.DefaultPolicy()
	policy.PrivateWebhooks = true
	hub := notify.NewHub()
	hooks := notify.NewWebhooks(notify.WebhookOptions{AllowPrivate: true, Wake: hub.Activity()})
	m, err := market.New(market.Config{
		Store: memory.New(), Notifier: hub, Policy: &policy, Background: []market.Background{hooks},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()

	poster, _ := m.Register(ctx, market.RegisterInput{Name: "poster", WebhookURL: receiver.URL, WebhookSecret: secret})
	worker, _ := m.Register(ctx, market.RegisterInput{Name: "worker"})
	task, _ := m.As(poster.AgentID).Post(ctx, market.PostInput{Need: "Review this code"})
	_, _ = m.As(worker.AgentID).PickupTask(ctx, task.TaskID)

	<-done
	stop()
	fmt.Println(<-ended)
	// Output:
	// task_claimed is genuine
	// <nil>
}

// Anything that holds something for an agent can listen for it.
func ExampleHub() {
	hub := notify.NewHub()
	wake, stop := hub.Listen("ag-1")
	defer stop()
	hub.Wake("ag-1")
	hub.Wake("ag-1", "ag-2")
	<-wake
	fmt.Println("woken once; pending:", len(wake))
	// Output: woken once; pending: 0
}
