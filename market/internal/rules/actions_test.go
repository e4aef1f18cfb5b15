package rules

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// No guard lets anybody through in a state in which it is not asked.
func TestGuardsAreAskedInTheirStates(t *testing.T) {
	every := map[Action]guard{}
	for _, list := range guards {
		for _, g := range list {
			every[g.action] = g
		}
	}
	if len(every) != 10 {
		t.Fatalf("%d actions", len(every))
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := &Policy{}
	for _, status := range []store.Status{
		store.StatusPosted, store.StatusClaimed, store.StatusDelivered, store.StatusApproved, store.StatusExpired, store.StatusCancelled,
	} {
		for _, caller := range []store.AgentID{"ag-poster", "ag-worker", "ag-stranger"} {
			task := &store.Task{ID: "tk-1", Poster: "ag-poster", Status: status, ExpiresAt: now.Add(time.Hour)}
			if status != store.StatusPosted && status != store.StatusCancelled && status != store.StatusExpired {
				task.Claim = &store.Claim{Worker: "ag-worker", At: now}
			}
			if status == store.StatusDelivered {
				task.Delivery = &store.Delivery{}
			}
			if status == store.StatusApproved {
				task.Ending = &store.Ending{At: now}
			}
			l := &store.Loaded{Caller: &store.Agent{Profile: store.Profile{ID: caller}}, Task: task}
			listed := map[Action]bool{}
			for _, a := range p.Actions(now, l) {
				listed[a] = true
			}
			for a, g := range every {
				if (g.may(p, now, l) == nil) != listed[a] {
					t.Errorf("%s of a %s task by %s: listed %v", a, status, caller, listed[a])
				}
			}
		}
	}
}
