package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pinchwork/pinchwork/notify"
)

func TestExample(t *testing.T) {
	var out strings.Builder
	r := newReceiver("secret", &out)
	body := `{"event": "task_delivered", "task_id": "tk-1", "data": {}, "timestamp": "2025-06-01T12:00:00Z"}`
	send := func(signature string) int {
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		req.Header.Set(notify.HeaderSignature, signature)
		req.Header.Set("X-Pinchwork-Event-Id", "ag-1-7")
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w.Code
	}
	good := notify.Sign("secret", []byte(body))
	for signature, want := range map[string]int{"": 401, notify.Sign("guess", []byte(body)): 401, good[:len(good)-1]: 401, good: 204} {
		if got := send(signature); got != want {
			t.Errorf("signature %q: %d, want %d", signature, got, want)
		}
	}
	send(good)
	if out.String() != "task_delivered\n" {
		t.Errorf("printed %q", out.String())
	}
}
