package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

var private = WebhookOptions{AllowPrivate: true}

func TestWebhookDeliversSignedEvent(t *testing.T) {
	w, r := newWorld(t), newReceiver(t, nil)
	w.agent("ag-1", r.URL+"/hook?x=1", "my-hmac-secret")
	grace := market.NewTime(start.Add(5 * time.Minute))
	w.commit(&store.Change{Events: []market.Event{{
		Agent: "ag-1", Type: store.EventTaskRejected, Task: "tk-9", At: start,
		Data: market.EventData{Reason: "no <b>", Feedback: "more", GraceDeadline: grace},
	}}})
	w.deliver(private)
	eventually(t, "delivered", func() bool { return len(w.finished()) == 1 })

	got := r.all()[0]
	var body any
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"event": "task_rejected", "task_id": "tk-9", "timestamp": "2025-01-15T10:30:00+00:00",
		"data": map[string]any{"reason": "no <b>", "feedback": "more", "grace_deadline": "2025-01-15T10:35:00+00:00"},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", HeaderEvent: "task_rejected", HeaderEventID: "ag-1-1",
		HeaderSignature: Sign("my-hmac-secret", got.body), "User-Agent": userAgent,
	} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if out := w.finished()[0]; !out.Delivered || !out.At.Equal(start) {
		t.Errorf("outcome %+v, want delivered at %v", out, start)
	}
}

func TestWebhookWithoutSecretIsNotSigned(t *testing.T) {
	w, r := newWorld(t), newReceiver(t, nil)
	w.agent("ag-1", r.URL, "")
	w.deliver(private)
	w.tell("ag-1", 1)
	eventually(t, "delivered", func() bool { return r.count() == 1 })
	got := r.all()[0]
	if s, ok := got.header[HeaderSignature]; ok {
		t.Errorf("%s: %q, want none", HeaderSignature, s)
	}
	if !strings.Contains(string(got.body), `"data":{}`) {
		t.Errorf("body %s, want an empty object for data", got.body)
	}
}

// Retries live in the store, a failure ends as a dead letter that
// its owner can see and send again.
func TestWebhookRetriesThenKeepsADeadLetter(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	w := newWorld(t)
	r := newReceiver(t, func(rw http.ResponseWriter, _ *http.Request) {
		if broken.Load() {
			http.Error(rw, "secret detail of the server", http.StatusInternalServerError)
		}
	})
	w.agent("ag-1", r.URL, "s")
	w.deliver(private)
	w.tell("ag-1", 1)
	for attempt := 1; attempt <= 4; attempt++ {
		eventually(t, "attempt", func() bool { return len(w.finished()) == attempt })
		out := w.finished()[attempt-1]
		if attempt < 4 {
			base := time.Second << (attempt - 1)
			if d := out.RetryAt.Sub(out.At); d < base*3/4 || d > base*5/4 {
				t.Errorf("attempt %d is retried after %v, want %v ± 25 %%", attempt, d, base)
			}
			w.pass(out.RetryAt.Sub(w.clock.Now()) + time.Millisecond)
		} else if !out.RetryAt.IsZero() || out.Delivered {
			t.Errorf("the last outcome is %+v, want a dead letter", out)
		}
	}
	dead := w.dead("ag-1")
	if len(dead) != 1 || dead[0].Error != "answered 500 Internal Server Error" || dead[0].Attempts != 4 {
		t.Fatalf("dead letters %+v, want one after 4 attempts", dead)
	}
	broken.Store(false)
	if err := w.As("ag-1").Redeliver(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	signal(w.wake)
	eventually(t, "redelivered", func() bool { return len(w.finished()) == 5 })
	ids := map[string]int{}
	for _, got := range r.all() {
		ids[got.header.Get(HeaderEventID)]++
	}
	if diff := cmp.Diff(map[string]int{"ag-1-1": 5}, ids); diff != "" {
		t.Errorf("event ids (-want +got):\n%s", diff)
	}
	if !w.finished()[4].Delivered || len(w.dead("ag-1")) != 0 {
		t.Errorf("after redelivery: %+v, dead %+v", w.finished()[4], w.dead("ag-1"))
	}
}

func TestWebhookMaxRetriesIsASetting(t *testing.T) {
	for _, retries := range []int{0, 1} {
		t.Run(fmt.Sprint(retries), func(t *testing.T) {
			w, r := newWorld(t), newReceiver(t, status(http.StatusInternalServerError))
			w.agent("ag-1", r.URL, "")
			w.deliver(WebhookOptions{AllowPrivate: true, MaxRetries: new(retries)})
			w.tell("ag-1", 1)
			for n := range retries + 1 {
				eventually(t, "attempt", func() bool { return len(w.finished()) == n+1 })
				w.pass(5 * time.Second)
			}
			if dead := w.dead("ag-1"); len(dead) != 1 || dead[0].Attempts != retries+1 {
				t.Errorf("dead letters %+v, want one after %d attempts", dead, retries+1)
			}
		})
	}
}

// A redirect is a failure, and its target is never asked.
func TestWebhookFollowsNoRedirect(t *testing.T) {
	for _, code := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			target := newReceiver(t, nil)
			w := newWorld(t)
			r := newReceiver(t, func(rw http.ResponseWriter, req *http.Request) {
				http.Redirect(rw, req, target.URL, code)
			})
			w.agent("ag-1", r.URL, "")
			w.deliver(WebhookOptions{AllowPrivate: true, MaxRetries: new(0)})
			w.tell("ag-1", 1)
			eventually(t, "attempt", func() bool { return len(w.finished()) == 1 })
			if n := target.count(); n != 0 {
				t.Errorf("the redirect's target got %d requests, want 0", n)
			}
			want := fmt.Sprintf("answered %d: redirects are not followed", code)
			if dead := w.dead("ag-1"); len(dead) != 1 || dead[0].Error != want {
				t.Errorf("dead letters %+v, want one with %q", dead, want)
			}
		})
	}
}

func TestWebhookTimeoutIsASetting(t *testing.T) {
	w, r := newWorld(t), newReceiver(t, hang(t))
	w.agent("ag-1", r.URL, "")
	w.deliver(WebhookOptions{AllowPrivate: true, Timeout: 50 * time.Millisecond})
	w.tell("ag-1", 1)
	eventually(t, "attempt", func() bool { return len(w.finished()) == 1 })
	if out := w.finished()[0]; out.Error != "no answer within 50ms" || out.RetryAt.IsZero() {
		t.Errorf("outcome %+v, want a retry for want of an answer", out)
	}
}

// An answer without end is read to a bound, and what its headers say counts.
func TestWebhookReadsBoundedAnswer(t *testing.T) {
	var sent atomic.Int64
	w := newWorld(t)
	r := newReceiver(t, func(rw http.ResponseWriter, req *http.Request) {
		for chunk := make([]byte, 32<<10); ; {
			n, err := rw.Write(chunk)
			if sent.Add(int64(n)); err != nil || req.Context().Err() != nil {
				return
			}
		}
	})
	w.agent("ag-1", r.URL, "")
	w.deliver(private)
	w.tell("ag-1", 1)
	eventually(t, "delivered", func() bool { return len(w.finished()) == 1 })
	if !w.finished()[0].Delivered {
		t.Errorf("outcome %+v, want delivered", w.finished()[0])
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("the server could send %d bytes, want a bound", n)
	}
}

// Each attempt has its own connection, so that the guard sees each.
func TestWebhookKeepsNoConnection(t *testing.T) {
	var opened atomic.Int64
	w, r := newWorld(t), newReceiver(t, nil)
	r.Config.ConnState = nil
	counted := httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	counted.Config.ConnState = countNew(&opened)
	counted.Start()
	t.Cleanup(counted.Close)
	w.agent("ag-1", counted.URL, "")
	w.deliver(private)
	w.tell("ag-1", 5)
	eventually(t, "delivered", func() bool { return len(w.finished()) == 5 })
	if n := opened.Load(); n != 5 {
		t.Errorf("%d connections for 5 deliveries, want 5", n)
	}
}

func TestWebhookBurstArrivesOnce(t *testing.T) {
	const agents, each, burst = 10, 20, 4 * maxWaiting
	w, r := newWorld(t), newReceiver(t, nil)
	w.agent("ag-busy", r.URL, "")
	w.deliver(private)
	w.tell("ag-busy", burst)
	for i := range agents {
		id := market.AgentID(fmt.Sprintf("ag-%02d", i))
		w.agent(id, r.URL, "")
		w.tell(id, each)
	}
	const total = burst + agents*each
	for len(w.finished()) < total {
		before := len(w.finished())
		eventually(t, "progress", func() bool {
			// A process that gets no time to run lets go of what it holds.
			w.pass(5 * time.Millisecond)
			return len(w.finished()) > before
		})
	}
	seen := map[string]int{}
	for _, got := range r.all() {
		seen[got.header.Get(HeaderEventID)]++
	}
	if len(seen) != total || r.count() != total {
		t.Errorf("%d requests with %d event ids, want %d of each", r.count(), len(seen), total)
	}
}

// A slow endpoint, even many, with a long queue of its own, holds nobody up.
func TestWebhookSlowEndpointsHoldNobodyUp(t *testing.T) {
	w := newWorld(t)
	slow, fast := newReceiver(t, hang(t)), newReceiver(t, nil)
	const hanging = 20
	for i := range hanging {
		w.agent(market.AgentID(fmt.Sprintf("ag-slow-%d", i)), slow.URL, "")
		w.tell(market.AgentID(fmt.Sprintf("ag-slow-%d", i)), 50)
	}
	w.deliver(WebhookOptions{AllowPrivate: true, Timeout: time.Minute})
	eventually(t, "the slow ones hang", func() bool { return slow.count() == hanging*firstWindow })
	w.agent("ag-fast", fast.URL, "")
	w.tell("ag-fast", 30)
	eventually(t, "the fast one is served", func() bool { return len(w.finished()) == 30 })
	if n := slow.count(); n != hanging*firstWindow {
		t.Errorf("%d requests hang, want %d", n, hanging*firstWindow)
	}
}

// Endpoints known to be slow leave half of the slots to others.
func TestWebhookSlowEndpointsGetHalfOfTheSlots(t *testing.T) {
	w := newWorld(t)
	slow, fast := newReceiver(t, hang(t)), newReceiver(t, nil)
	opts := WebhookOptions{AllowPrivate: true, Timeout: 100 * time.Millisecond, Concurrency: 4}
	for i := range 8 {
		w.agent(market.AgentID(fmt.Sprintf("ag-slow-%d", i)), slow.URL, "")
		w.tell(market.AgentID(fmt.Sprintf("ag-slow-%d", i)), 2)
	}
	hooks := NewWebhooks(opts)
	hooks.wake = w.wake
	w.run(hooks)
	eventually(t, "all have failed", func() bool { return len(w.finished()) == 16 })
	for i := range 8 {
		w.tell(market.AgentID(fmt.Sprintf("ag-slow-%d", i)), 20)
	}
	w.agent("ag-fast", fast.URL, "")
	w.tell("ag-fast", 50)
	eventually(t, "the fast one is served", func() bool { return fast.count() == 50 })
	if n := slow.count(); n >= 16+8*20 {
		t.Errorf("all %d slow deliveries went first", n)
	}
}

// What a process held when it died comes back after its lease.
func TestWebhookOfDeadProcessIsDeliveredAfterLease(t *testing.T) {
	w, r := newWorld(t), newReceiver(t, nil)
	w.agent("ag-1", r.URL, "")
	w.tell("ag-1", 1)
	jobs, err := w.LeaseWebhooks(t.Context(), defaultTimeout+leaseSlack, 10)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("leased %d, %v, want 1", len(jobs), err)
	}
	w.deliver(private)
	w.agent("ag-2", r.URL, "")
	w.tell("ag-2", 1)
	eventually(t, "the free one is delivered", func() bool { return len(w.finished()) == 1 })
	if got := r.all()[0].header.Get(HeaderEventID); got != "ag-2-1" {
		t.Errorf("%s was delivered under somebody's lease", got)
	}
	w.pass(defaultTimeout + leaseSlack + time.Millisecond)
	eventually(t, "the other follows", func() bool { return len(w.finished()) == 2 })
	if out := w.finished()[1]; !out.Delivered {
		t.Errorf("outcome %+v, want delivered", out)
	}
}

// Without any wake-up the queue is looked at once a second.
func TestWebhookLeavesWithinASecondWithoutWake(t *testing.T) {
	w, r := newWorld(t), newReceiver(t, nil)
	w.agent("ag-1", r.URL, "")
	w.run(NewWebhooks(private))
	w.tell("ag-1", 1)
	eventually(t, "delivered", func() bool {
		w.clock.Add(leaseEvery)
		return r.count() == 1
	})
}

func TestWebhookShutdownLetsAttemptsEnd(t *testing.T) {
	w := newWorld(t)
	arrived, answer := make(chan struct{}), make(chan struct{})
	r := newReceiver(t, func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-answer
	})
	w.agent("ag-1", r.URL, "")
	stop := w.deliver(private)
	w.tell("ag-1", 1)
	<-arrived
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	close(answer)
	<-stopped
	if out := w.finished(); len(out) != 1 || !out[0].Delivered {
		t.Errorf("outcomes %+v, want one delivered", out)
	}
}

func TestWebhookShutdownCutsOffWhatHangs(t *testing.T) {
	w, r := newWorld(t), newReceiver(t, hang(t))
	w.agent("ag-1", r.URL, "")
	stop := w.deliver(WebhookOptions{AllowPrivate: true, Timeout: time.Hour})
	w.tell("ag-1", 1)
	eventually(t, "it hangs", func() bool { return r.count() == 1 })
	began := time.Now()
	stop()
	if took := time.Since(began); took > 3*grace {
		t.Errorf("stopping took %v, want about %v", took, grace)
	}
	if out := w.finished(); len(out) != 0 {
		t.Errorf("outcomes %+v, want none: it does not count as an attempt", out)
	}
	w.pass(2 * time.Hour)
	jobs, err := w.LeaseWebhooks(t.Context(), time.Second, 1)
	if err != nil || len(jobs) != 1 || jobs[0].Attempts != 0 {
		t.Errorf("after the lease: %+v, %v, want the delivery with 0 attempts", jobs, err)
	}
}

func TestWebhookOutcomeIsWrittenAgainWhenTheStoreFails(t *testing.T) {
	w, r := newWorld(t), newReceiver(t, nil)
	w.agent("ag-1", r.URL, "")
	failures := 2
	w.refuse = func() error {
		if failures--; failures >= 0 {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	w.deliver(private)
	w.tell("ag-1", 1)
	eventually(t, "written", func() bool { return len(w.finished()) == 1 })
	if r.count() != 1 {
		t.Errorf("%d requests, want 1", r.count())
	}
}

// A URL that stricter settings would refuse is not called.
func TestWebhookURLIsCheckedAgain(t *testing.T) {
	w, r := newWorld(t), newReceiver(t, nil)
	w.agent("ag-1", r.URL, "")
	w.deliver(WebhookOptions{MaxRetries: new(0)})
	w.tell("ag-1", 1)
	eventually(t, "attempt", func() bool { return len(w.finished()) == 1 })
	if got := w.finished()[0].Error; got != errNotAllowed.Error() || r.count() != 0 {
		t.Errorf("error %q and %d requests, want %q and none", got, r.count(), errNotAllowed)
	}
}

func TestWebhookFailuresTellNoSecrets(t *testing.T) {
	var log strings.Builder
	closed := httptest.NewServer(nil)
	closed.Close()
	plain := newReceiver(t, nil)
	untrusted := httptest.NewTLSServer(http.HandlerFunc(plain.serve))
	t.Cleanup(untrusted.Close)
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	for name, c := range map[string]struct{ url, want string }{
		"refused":      {closed.URL + "/hush", "the connection was refused"},
		"untrusted":    {untrusted.URL + "/hush", "the TLS certificate is not valid for this host"},
		"not TLS":      {strings.Replace(plain.URL, "http:", "https:", 1) + "/hush", "the server does not speak TLS"},
		"unknown name": {"http://nowhere.invalid/hush", "the host name could not be resolved"},
		"not HTTP":     {"http://" + babbler(t) + "/hush", "the connection broke before a valid answer came"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.agent("ag-1", c.url, "hush-hush")
			log.Reset()
			stop := w.deliver(WebhookOptions{
				AllowPrivate: true, MaxRetries: new(0),
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			})
			w.tell("ag-1", 1)
			eventually(t, "attempt", func() bool { return len(w.finished()) == 1 })
			stop()
			if got := w.finished()[0].Error; got != c.want {
				t.Errorf("error %q, want %q", got, c.want)
			}
			if strings.Contains(log.String(), "hush") || !strings.Contains(log.String(), "ag-1-1") {
				t.Errorf("log %q", log.String())
			}
		})
	}
}
