package httpserver

import (
	"net/http"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork"
)

// A pickup waits as long as it was told to, in the body or in the query, on whichever
// replica the task is posted.
func TestAPickupWaits(t *testing.T) {
	onEveryStore(t, func(t *testing.T, with pinchwork.Option) {
		relay := &bus{}
		here, there := following(t, Options{Limits: NoLimits()}, with, relay), following(t, Options{Limits: NoLimits()}, with, relay)
		poster, worker := here.agent("poster", false), there.agent("worker", false)
		answers := make(chan *reply)
		for _, ask := range []func() *reply{
			func() *reply { return worker.send("POST", "/v1/tasks/pickup", object{"wait": 60}, "") },
			func() *reply { return worker.send("POST", "/v1/tasks/pickup?wait=60&tags=go", nil, "") },
			func() *reply {
				return worker.send("POST", "/v1/tasks/pickup/batch", object{"wait": 60, "count": 3, "search": "quick"}, "")
			},
		} {
			go func() { answers <- ask() }()
			task := poster.send("POST", "/v1/tasks", object{"need": "quick", "max_credits": 5, "tags": []string{"go"}}, "need").is(201).text("task_id")
			a := (<-answers).is(200)
			if a.fields["tasks"] != nil || a.fields["total"] != nil {
				a.has("total", 1)
				a = a.list("tasks")[0]
			}
			if got := a.text("task_id"); got != task {
				t.Errorf("it claimed %s, not %s", got, task)
			}
		}
		worker.send("POST", "/v1/tasks/pickup", object{"wait": 0}, "").is(204)
		worker.send("POST", "/v1/tasks/pickup", object{"wait": 301}, "").is(400)
		worker.send("POST", "/v1/tasks/pickup?wait=-1", nil, "").is(400)
	})
}

// Close ends the pickups that wait: each looks once more, and says that there is no task.
func TestCloseEndsWaitingPickups(t *testing.T) {
	s := newSite(t, Options{Limits: NoLimits()})
	worker := s.agent("worker", false)
	answers := make(chan *reply, 2)
	go func() { answers <- worker.send("POST", "/v1/tasks/pickup", object{"wait": 60}, "") }()
	go func() { answers <- worker.send("POST", "/v1/tasks/pickup/batch", object{"wait": 60}, "") }()
	s.server.Close()
	for range 2 {
		select {
		case a := <-answers:
			if a.status != http.StatusNoContent {
				a.is(http.StatusOK).has("total", 0)
			}
		case <-time.After(20 * time.Second):
			t.Error("it waits on after Close")
		}
	}
}
