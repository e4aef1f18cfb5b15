package httpserver

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
)

// Who may not see a task cannot tell it from one that does not
// exist, on any route.
func TestHiddenTasksLookLikeUnknownOnes(t *testing.T) { onEveryStore(t, checkHiddenTasks) }

func checkHiddenTasks(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	poster, worker, stranger := s.agent("poster", false), s.agent("worker", false), s.agent("stranger", false)
	hidden := map[string]string{"unknown": "tk-0000000000000000"}
	claim := func(name string) string {
		id := poster.post(name, "max_credits", 1)
		hidden[name] = id
		worker.send("POST", "/v1/tasks/"+id+"/pickup", nil, "").is(200)
		return id
	}
	claim("claimed")
	worker.send("POST", "/v1/tasks/"+claim("delivered")+"/deliver", object{"result": "r"}, "").is(200)
	approved := claim("approved")
	worker.send("POST", "/v1/tasks/"+approved+"/deliver", object{"result": "r"}, "").is(200)
	poster.send("POST", "/v1/tasks/"+approved+"/approve", nil, "").is(200)
	cancelled := poster.post("cancelled", "max_credits", 1)
	hidden["cancelled"] = cancelled
	poster.send("POST", "/v1/tasks/"+cancelled+"/cancel", nil, "").is(200)

	routes := []struct {
		method, path string
		body         object
	}{
		{"GET", "", nil},
		{"GET", "?wait=1", nil},
		{"POST", "/deliver", object{"result": "x"}},
		{"POST", "/approve", nil},
		{"POST", "/reject", object{"reason": "x"}},
		{"POST", "/cancel", nil},
		{"POST", "/abandon", nil},
		{"POST", "/progress", nil},
		{"POST", "/rate", object{"rating": 5}},
		{"POST", "/report", object{"reason": "x"}},
		{"GET", "/messages", nil},
		{"POST", "/messages", object{"message": "x"}},
	}
	for name, id := range hidden {
		for _, r := range routes {
			stranger.send(r.method, "/v1/tasks/"+id+r.path, r.body, "").is(404).has("error", "Task not found")
		}
		if name != "unknown" {
			stranger.send("POST", "/v1/tasks/"+id+"/pickup", nil, "").is(409) // the one exception
		}
	}
	stranger.send("POST", "/v1/tasks/"+hidden["unknown"]+"/pickup", nil, "").is(404).has("error", "Task not found")
}

func TestLimitsOfTheContract(t *testing.T) { onEveryStore(t, checkLimitsOfTheContract) }

func checkLimitsOfTheContract(t *testing.T, with pinchwork.Option) {
	mock := clock.NewMock()
	mock.Set(time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC))
	s := newSite(t, Options{}, with, pinchwork.WithClock(mock))
	p := s.agent("p", false) // the first of five
	for range 4 {
		s.agent("more", false)
	}
	s.stranger(false).send("POST", "/v1/register", object{"name": "x"}, "").is(429).headers("Retry-After", "720", "RateLimit-Limit", "5", "RateLimit-Remaining", "0")

	for _, c := range []struct {
		method, path string
		count, every int
	}{
		{"POST", "/v1/tasks", 30, 2}, {"POST", "/v1/tasks/pickup", 60, 1}, {"POST", "/v1/tasks/tk-x/deliver", 30, 2}, {"GET", "/v1/me", 120, 1},
	} {
		for i := range c.count {
			if a := p.send(c.method, c.path, object{}, ""); a.status == 429 {
				t.Fatalf("%s %s: call %d of %d is refused", c.method, c.path, i+1, c.count)
			} else {
				a.headers("RateLimit-Limit", fmt.Sprint(c.count), "RateLimit-Remaining", fmt.Sprint(c.count-i-1))
			}
		}
		p.send(c.method, c.path, object{}, "").is(429).headers("Retry-After", fmt.Sprint(c.every), "RateLimit-Reset", "60")
	}
	mock.Add(time.Minute)
	p.send("GET", "/v1/me", nil, "").is(200)
	// Every route of a class draws on the same bucket.
	for range 60 {
		p.send("POST", "/v1/tasks/pickup/batch", nil, "").is(200)
	}
	p.send("POST", "/v1/tasks/tk-x/pickup", nil, "").is(429)
	// Public reads are charged to the address, apart from the agents'.
	for range 120 {
		s.stranger(false).send("GET", "/v1/agents", nil, "").is(200)
	}
	s.stranger(false).send("GET", "/v1/agents/"+string(p.id), nil, "").is(429)
	p.send("GET", "/v1/me", nil, "").is(200)
	// Guessing admin keys does not lock out the operator.
	guesser := &person{site: s, key: "guess"}
	for range 30 {
		guesser.send("GET", "/v1/admin/reports", nil, "").is(403)
	}
	guesser.send("GET", "/v1/admin/reports", nil, "").is(429)
	for range 30 {
		s.operator(false).send("GET", "/v1/admin/reports", nil, "").is(200)
	}
	s.operator(false).send("GET", "/v1/admin/reports", nil, "").is(429)
}

// A repeat may ask for another format, or come while the first request is still
// running.
func TestARepeatedRequestHasTheFirstOnesOutcome(t *testing.T) { onEveryStore(t, checkRepeats) }

func checkRepeats(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	p := s.agent("p", false)
	md := &person{site: s, key: p.key, id: p.id, markdown: true}
	body := object{"need": "once", "max_credits": 10}
	var wait sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wait.Go(func() {
			ids[i] = p.send("POST", "/v1/tasks", body, "need", "Idempotency-Key", "k1").is(201).text("task_id")
		})
	}
	wait.Wait()
	again := md.send("POST", "/v1/tasks", body, "need", "Idempotency-Key", "k1").is(201).has("need", "once")
	for _, id := range append(ids, again.text("task_id")) {
		if id != ids[0] {
			t.Errorf("two tasks: %v", ids)
		}
	}
	p.send("GET", "/v1/me", nil, "").is(200).has("credits", 90)
	p.send("POST", "/v1/tasks", object{"need": "other"}, "need", "Idempotency-Key", "k1").is(409)
	grant := object{"agent_id": p.id, "amount": 5}
	s.operator(false).send("POST", "/v1/admin/credits/grant", grant, "", "Idempotency-Key", "g").is(200)
	s.operator(true).send("POST", "/v1/admin/credits/grant", grant, "", "Idempotency-Key", "g").is(200)
	p.send("GET", "/v1/me", nil, "").is(200).has("credits", 95)
}

func TestPostThatWaits(t *testing.T) { onEveryStore(t, checkPostThatWaits) }

func checkPostThatWaits(t *testing.T, with pinchwork.Option) {
	s := newSite(t, Options{Limits: NoLimits()}, with)
	poster, worker := s.agent("poster", false), s.agent("worker", false)
	answers := make(chan *reply)
	go func() {
		answers <- poster.send("POST", "/v1/tasks", object{"need": "quick", "max_credits": 5, "wait": 60}, "need")
	}()
	deadline := time.Now().Add(20 * time.Second)
	var task string
	for task == "" {
		if a := worker.send("POST", "/v1/tasks/pickup", nil, ""); a.status == http.StatusOK {
			task = a.text("task_id")
		} else if time.Now().After(deadline) {
			t.Fatal("the task never opened")
		}
	}
	worker.send("POST", "/v1/tasks/"+task+"/deliver", object{"result": "done"}, "").is(200)
	(<-answers).is(200).has("task_id", task, "status", "delivered", "result", "done").headers("X-Task-Id", task, "X-Status", "delivered")

	poster.send("POST", "/v1/tasks", object{"need": "slow", "max_credits": 5, "wait": 1}, "need").is(201).has("status", "posted", "need", "slow", "max_credits", 5).headers("X-Status", "posted")
	poster.send("POST", "/v1/tasks", object{"need": "x", "wait": 301}, "need").is(400)
	poster.send("POST", "/v1/tasks", object{"need": "x", "max_credits": 1, "wait": 0}, "need").is(201).has("status", "posted")
}

func TestNewNeedsAMarket(t *testing.T) {
	if _, err := New(nil, Options{}); err == nil {
		t.Error("no market was accepted")
	}
	var _ backend = (*market.Market)(nil)
}
