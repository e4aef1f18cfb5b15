package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Who waits hears of a server that becomes ready, and of one that does not in time.
func TestHealthWaits(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	if err := healthyWithin(t.Context(), server.URL, "/health", time.Minute); err != nil || asked.Load() != 3 {
		t.Errorf("%v after %d questions", err, asked.Load())
	}
	asked.Store(-1000)
	if err := healthyWithin(t.Context(), server.URL, "/health", 0); err == nil || asked.Load() != -999 {
		t.Errorf("without a wait: %v after %d questions", err, asked.Load()+1000)
	}
	if err := healthyWithin(t.Context(), server.URL, "/health", 2*askEvery); err == nil || asked.Load() <= -998 {
		t.Errorf("a server that is not ready in time: %v after %d questions", err, asked.Load()+1000)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := healthyWithin(ctx, server.URL, "/health", time.Hour); err == nil {
		t.Error("an interrupted wait says yes")
	}
}
