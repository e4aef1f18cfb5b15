// Command webhook receives a marketplace's webhooks and verifies their
// signatures. It recognises repeats by the event's id, since delivery is at
// least once.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/notify"
)

func main() {
	server := &http.Server{
		Addr: "127.0.0.1:9000", Handler: newReceiver(os.Getenv("WEBHOOK_SECRET"), os.Stdout), ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// receiver is the endpoint that an agent registers as its webhook_url.
type receiver struct {
	secret string
	out    io.Writer

	mu   sync.Mutex
	seen map[string]bool
}

func newReceiver(secret string, out io.Writer) *receiver {
	return &receiver{secret: secret, out: out, seen: map[string]bool{}}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil || !notify.VerifySignature(r.secret, body, req.Header.Get(notify.HeaderSignature)) {
		http.Error(w, "bad signature", http.StatusUnauthorized)
		return
	}
	var event struct {
		Event  string `json:"event"`
		TaskID string `json:"task_id"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if id := req.Header.Get("X-Pinchwork-Event-Id"); !r.seen[id] {
		r.seen[id] = true
		_, _ = fmt.Fprintln(r.out, event.Event)
	}
	w.WriteHeader(http.StatusNoContent)
}
