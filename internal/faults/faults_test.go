package faults_test

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/faultproxy"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// rounds is how often each fault strikes.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PINCHWORK_TEST_ROUNDS")
	if text == "" {
		return 2
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("PINCHWORK_TEST_ROUNDS=%q is no number of rounds", text)
	}
	return n
}

// burst is how many events the load brings between two strikes.
const burst = 60

func TestKillTheServer(t *testing.T) {
	onEachStore(t, func(t *testing.T, url string) {
		r := serve(t, url)
		l := startLoad(t, r.url)
		for range rounds(t) {
			l.progress(burst)
			r.kill()
			r.start()
		}
		l.progress(burst)
		l.verify(r.url)
	})
}

func TestKillTheStore(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d *database) {
		r := serve(t, d.url(d.addr))
		l := startLoad(t, r.url)
		for range rounds(t) {
			l.progress(burst)
			d.kill()
			r.refuses()
			d.restart()
		}
		l.progress(burst)
		l.verify(r.url)
	})
}

// refuses proves that a server without its store says so in time, to many at
// once, and keeps no goroutine for them.
func (r *replica) refuses() {
	t := r.t
	t.Helper()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			began := time.Now()
			q, _ := http.NewRequest(http.MethodGet, r.url+"/v1/me", nil)
			q.Header.Set("Authorization", "Bearer pwk-0123456789012345678901234567890123456789012")
			res, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Errorf("asking a server without its store: %v", err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
				t.Errorf("without its store the server answers %s, Retry-After %q", res.Status, res.Header.Get("Retry-After"))
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("the answer took %v", took)
			}
		})
	}
	all.Wait()
	if n := r.goroutines(); n > 500 {
		t.Errorf("%v goroutines", n)
	}
	for path, want := range map[string]int{"/health": http.StatusOK, "/readyz": http.StatusServiceUnavailable} {
		res, err := http.Get(r.url + path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s without a store: %s", path, res.Status)
		}
	}
}

// goroutines asks the server's metrics.
func (r *replica) goroutines() float64 {
	r.t.Helper()
	res, err := http.Get(r.metrics)
	if err != nil {
		r.t.Fatalf("reading the metrics: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "go_goroutines "); ok {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				r.t.Fatalf("reading the metrics: %v", err)
			}
			return n
		}
	}
	r.t.Fatal("the metrics have no go_goroutines")
	return 0
}

func TestCutAndSlowConnections(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d *database) {
		p := faultproxy.Start(t, d.addr)
		r := serve(t, d.through(p))
		l := startLoad(t, r.url)
		for range rounds(t) {
			l.progress(burst)
			p.Cut()
			l.progress(burst / 4)
			p.Refuse(true)
			p.Cut()
			r.refuses()
			p.Refuse(false)
			l.progress(burst / 4)
			p.Delay(10 * time.Millisecond)
			l.progress(burst / 4)
			p.Delay(0)
		}
		l.progress(burst)
		l.verify(r.url)
	})
}

func TestKillOneOfTwoReplicas(t *testing.T) {
	onEachStore(t, func(t *testing.T, url string) {
		stays, dies := serve(t, url), serve(t, url)
		l := startLoad(t, stays.url, dies.url)
		for i := range rounds(t) {
			l.progress(burst)
			dies.kill()
			if i > 0 {
				l.progress(burst / 2)
			}
			dies.start()
		}
		l.progress(burst)
		l.verify(stays.url)
	})
}

// A timer that falls due while the server is away fires within two seconds of
// its return.
func TestTimersFireAfterRecovery(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d *database) {
		r := serve(t, d.url(d.addr))
		poster := newPerson(t, []string{r.url}, market.RegisterInput{Name: "poster"}).clients[0]
		worker := newPerson(t, []string{r.url}, market.RegisterInput{Name: "worker"}).clients[0]
		posted, err := poster.Post(t.Context(), market.PostInput{Need: "task", MaxCredits: price})
		if err == nil {
			_, err = worker.PickupTask(t.Context(), posted.TaskID)
		}
		if err == nil {
			_, err = worker.Deliver(t.Context(), posted.TaskID, market.DeliverInput{Result: "done"})
		}
		if err != nil {
			t.Fatal(err)
		}
		due := time.Now().Add(autoApprove)
		r.kill()
		await(t, "the timer to be due", 2*autoApprove, func() bool { return time.Now().After(due) })
		r.start()
		up := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for e, err := range poster.Events(ctx, "0") {
			if err != nil {
				t.Fatal(err)
			}
			if e.Type == store.EventTaskApproved {
				break
			}
		}
		if late := time.Since(up); late > 2*time.Second {
			t.Errorf("the timer fired %v after the recovery", late)
		}
		if c, err := worker.Credits(t.Context(), market.Page{}); err != nil || c.Balance != 1_000_000+price-fee {
			t.Errorf("the worker has %d, %v", c.Balance, err)
		}
	})
}
