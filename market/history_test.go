package market_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// call is one call of a client about one task.
type call struct {
	task market.TaskID
	what string // claim, deliver, approve, reject, cancel, abandon
	by   int    // the worker who calls; −1 is the poster
}

// state is what the life of a task allows next (rule 4.1).
type state struct {
	status market.Status
	worker int
}

// next returns the state after a call that succeeded; ok is false when the
// state does not allow it.
func (s state) next(c call) (state, bool) {
	switch {
	case c.what == "claim" && s.status == market.StatusPosted:
		return state{market.StatusClaimed, c.by}, true
	case c.what == "deliver" && s.status == market.StatusClaimed && s.worker == c.by:
		return state{market.StatusDelivered, c.by}, true
	case c.what == "abandon" && s.status == market.StatusClaimed && s.worker == c.by:
		return state{status: market.StatusPosted}, true
	case c.what == "approve" && s.status == market.StatusDelivered:
		return state{market.StatusApproved, s.worker}, true
	case c.what == "reject" && s.status == market.StatusDelivered:
		return state{market.StatusClaimed, s.worker}, true
	case c.what == "cancel" && s.status == market.StatusPosted:
		return state{status: market.StatusCancelled}, true
	}
	return s, false
}

// lifeModel is a task's life for the checker: a call succeeds exactly when the
// state allows it.
var lifeModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := map[market.TaskID][]porcupine.Operation{}
		for _, op := range history {
			id := op.Input.(call).task
			parts[id] = append(parts[id], op)
		}
		var out [][]porcupine.Operation
		for _, part := range parts {
			out = append(out, part)
		}
		return out
	},
	Init: func() any { return state{status: market.StatusPosted} },
	Step: func(s, input, output any) (bool, any) {
		next, allowed := s.(state).next(input.(call))
		return allowed == output.(bool), next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %v", input, output) },
}

// The calls of many clients on two replicas, however they overlap, are as if
// one had come after the other.
func TestHistoriesAreLinearizable(t *testing.T) {
	const clients, tasks, calls = 6, 4, 40
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Granted(1_000))
		other := k.Replica()
		var workers []*markettest.Agent
		for i := range clients {
			workers = append(workers, k.Agent(fmt.Sprint("worker ", i)))
		}
		for round := range 3 {
			var ids []market.TaskID
			for range tasks {
				ids = append(ids, ada.Post(fmt.Sprint("round ", round), markettest.Budget(1)))
			}
			var mu sync.Mutex
			var history []porcupine.Operation
			began := time.Now()
			k.Together(clients, func(i int) {
				random := rand.New(rand.NewPCG(uint64(round), uint64(i)))
				poster, worker := ada, workers[i]
				if i%2 == 0 {
					poster, worker = ada.On(other), worker.On(other)
				}
				for range calls {
					c := call{task: ids[random.IntN(tasks)], what: whats[random.IntN(len(whats))], by: i}
					if slices.Contains([]string{"approve", "reject", "cancel"}, c.what) {
						c.by = -1
					}
					from := time.Since(began)
					err := c.make(k, poster, worker)
					until := time.Since(began)
					var refusal *market.Error
					if err != nil && (!errors.As(err, &refusal) || errors.Is(err, market.ErrUnavailable)) {
						t.Errorf("%+v: %v", c, err)
						return
					}
					mu.Lock()
					history = append(history, porcupine.Operation{ClientId: i, Input: c, Output: err == nil, Call: int64(from), Return: int64(until)})
					mu.Unlock()
				}
			})
			if got := porcupine.CheckOperationsTimeout(lifeModel, history, 30*time.Second); got != porcupine.Ok {
				t.Errorf("round %d: a history of %d calls is %s", round, len(history), got)
			}
		}
	}, policy(func(p *market.Policy) { p.AbandonLimit, p.MaxOpenClaims, p.NewcomerClaims = 0, 0, 0 }))
}

// claims and deliveries are more frequent, so that there is something to review.
var whats = []string{"claim", "claim", "claim", "deliver", "deliver", "approve", "reject", "abandon", "cancel"}

func (c call) make(k *markettest.Kit, poster, worker *markettest.Agent) (err error) {
	switch c.what {
	case "claim":
		_, err = worker.API.PickupTask(k.Ctx, c.task)
	case "deliver":
		_, err = worker.API.Deliver(k.Ctx, c.task, market.DeliverInput{Result: "done"})
	case "abandon":
		_, err = worker.API.Abandon(k.Ctx, c.task)
	case "approve":
		_, err = poster.API.Approve(k.Ctx, c.task, market.ApproveInput{})
	case "reject":
		_, err = poster.API.Reject(k.Ctx, c.task, market.RejectInput{Reason: "no"})
	case "cancel":
		_, err = poster.API.Cancel(k.Ctx, c.task)
	}
	return err
}
