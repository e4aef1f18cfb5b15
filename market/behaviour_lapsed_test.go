package market_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// A worker whose claim ended is told so, when and why, whatever has become of
// the task since; and it sees nothing of whoever has it now.
func TestALapsedClaimSaysWhenAndWhy(t *testing.T) {
	for name, end := range map[string]struct {
		why  string
		post []markettest.PostOption
		ends func(k *markettest.Kit, poster, worker *markettest.Agent, task market.TaskID)
	}{
		"abandoned": {why: "you gave it back", ends: func(_ *markettest.Kit, _, worker *markettest.Agent, task market.TaskID) {
			worker.Abandon(task)
		}},
		"deadline": {why: "deadline passed", post: []markettest.PostOption{markettest.Deadline(30 * time.Minute)}, ends: func(k *markettest.Kit, _, _ *markettest.Agent, _ market.TaskID) {
			k.Advance(30 * time.Minute)
		}},
		"claim timeout": {why: "time for a delivery passed", ends: func(k *markettest.Kit, _, _ *markettest.Agent, _ market.TaskID) {
			k.Advance(72 * time.Hour)
		}},
		"grace": {why: "grace after the rejection passed", ends: func(k *markettest.Kit, poster, worker *markettest.Agent, task market.TaskID) {
			worker.Deliver(task, "first try")
			poster.Reject(task, "no")
			k.Advance(5 * time.Minute)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				poster, worker, next := k.Agent("poster"), k.Agent("worker"), k.Agent("next")
				task := poster.Post("work", append(end.post, markettest.Budget(10))...)
				worker.Claim(task)
				end.ends(k, poster, worker, task)
				expectLapsed(t, k, worker, task, end.why)
				next.Claim(task)
				expectLapsed(t, k, worker, task, end.why)
				next.Deliver(task, "a secret of the next")
				expectLapsed(t, k, worker, task, end.why)
				if _, err := worker.API.Task(k.Ctx, task, 0); !errors.Is(err, market.ErrNotFound) {
					t.Errorf("the task of another worker: %v", err)
				}
				poster.Reject(task, "no")
				k.Advance(5 * time.Minute)
				worker.Claim(task)
				worker.Deliver(task, "under a new claim")
			})
		})
	}
}

func expectLapsed(t *testing.T, k *markettest.Kit, worker *markettest.Agent, task market.TaskID, why string) {
	t.Helper()
	_, deliver := worker.API.Deliver(k.Ctx, task, market.DeliverInput{Result: "late"})
	_, abandon := worker.API.Abandon(k.Ctx, task)
	_, write := worker.API.SendMessage(k.Ctx, task, "hello?")
	_, read := worker.API.Messages(k.Ctx, task, market.Page{})
	for what, err := range map[string]error{"deliver": deliver, "abandon": abandon, "message": write, "messages": read} {
		var refusal *market.Error
		if !errors.As(err, &refusal) || refusal.Code != market.CodeClaimLapsed || !errors.Is(err, market.ErrConflict) || !strings.Contains(refusal.Message, why) {
			t.Errorf("%s: %v, want a lapsed claim: %s", what, err, why)
		}
	}
}
