package market_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// docs/lifecycle.md says which step leads from which state to which. Each step
// is tried in each state.
func TestLifecycleIsAsDocumented(t *testing.T) {
	want := documented(t)
	for _, from := range market.Statuses() {
		for what, step := range lifeSteps {
			key := string(from) + " " + what
			t.Run(key, func(t *testing.T) {
				k := markettest.New(t)
				w := newLife(k, from, what == "deadline")
				err := step(w)
				to := k.Stored(w.id).Status
				switch wanted, listed := want[key]; {
				case listed && (err != nil || to != wanted):
					t.Errorf("ends as %s, %v; documented is %s", to, err, wanted)
				case !listed && to != from:
					t.Errorf("ends as %s, which is not documented", to)
				case !listed && err != nil && !strings.Contains(err.Error(), string(from)):
					t.Errorf("the refusal %q does not name the state %s", err, from)
				}
				delete(want, key)
			})
		}
	}
	for key := range want {
		t.Errorf("documented but never tried: %s", key)
	}
}

// decide is an operator's decision.
func (w *lifeOf) decide(in market.ResolveTaskInput) error {
	in.Reason = "decided"
	return second(w.k.Market.ResolveTask(w.k.Ctx, w.id, in))
}

// documented reads the table of docs/lifecycle.md: "from what" → to.
func documented(t *testing.T) map[string]market.Status {
	t.Helper()
	data, err := os.ReadFile("../docs/lifecycle.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]market.Status{}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		if len(cells) != 7 || strings.Contains(line, "---") || strings.TrimSpace(cells[1]) == "from" {
			continue
		}
		from, what, to := strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[4])
		out[from+" "+what] = market.Status(to)
		if !strings.Contains(string(data), "    "+from+" --> "+to+": ") {
			t.Errorf("the diagram has no arrow from %s to %s", from, to)
		}
	}
	if len(out) == 0 {
		t.Fatal("docs/lifecycle.md has no table")
	}
	return out
}

// lifeOf is a task in some state, with its parties.
type lifeOf struct {
	k        *markettest.Kit
	ada, bob *markettest.Agent
	id       market.TaskID
}

func newLife(k *markettest.Kit, status market.Status, deadline bool) *lifeOf {
	w := &lifeOf{k: k, ada: k.Agent("ada"), bob: k.Agent("bob")}
	var opts []markettest.PostOption
	if deadline {
		opts = append(opts, markettest.Deadline(50*time.Hour)) // before all others
	}
	w.id = w.ada.Post("task", opts...)
	switch status {
	case market.StatusCancelled:
		w.ada.Cancel(w.id)
	case market.StatusExpired:
		k.Advance(72 * time.Hour)
	}
	if status != market.StatusClaimed && status != market.StatusDelivered && status != market.StatusApproved {
		return w
	}
	w.bob.Claim(w.id)
	if status != market.StatusClaimed {
		w.bob.Deliver(w.id, "done")
	}
	if status == market.StatusApproved {
		w.ada.Approve(w.id)
	}
	return w
}

// lifeSteps are the actions and the timers. A timer of another state is not
// due: then the task stays as it is.
var lifeSteps = map[string]func(w *lifeOf) error{
	"pickup":  func(w *lifeOf) error { return second(w.bob.API.PickupTask(w.k.Ctx, w.id)) },
	"cancel":  func(w *lifeOf) error { return second(w.ada.API.Cancel(w.k.Ctx, w.id)) },
	"abandon": func(w *lifeOf) error { return workersOnly(second(w.bob.API.Abandon(w.k.Ctx, w.id)), w) },
	"deliver": func(w *lifeOf) error {
		return workersOnly(second(w.bob.API.Deliver(w.k.Ctx, w.id, market.DeliverInput{Result: "x"})), w)
	},
	"approve": func(w *lifeOf) error { return second(w.ada.API.Approve(w.k.Ctx, w.id, market.ApproveInput{})) },
	"reject": func(w *lifeOf) error {
		return second(w.ada.API.Reject(w.k.Ctx, w.id, market.RejectInput{Reason: "no"}))
	},
	"refund":  func(w *lifeOf) error { return w.decide(market.ResolveTaskInput{Outcome: market.OutcomeRefund}) },
	"release": func(w *lifeOf) error { return w.decide(market.ResolveTaskInput{Outcome: market.OutcomeRelease}) },
	"split": func(w *lifeOf) error {
		return w.decide(market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 1})
	},
	"expiry": func(w *lifeOf) error {
		return w.fire(func(t *store.Task) time.Time { return t.ExpiresAt }, market.StatusPosted)
	},
	"deadline": func(w *lifeOf) error {
		return w.fire(func(t *store.Task) time.Time { return t.Deadline }, market.StatusPosted, market.StatusClaimed)
	},
	"claim timeout": func(w *lifeOf) error {
		return w.fire(func(t *store.Task) time.Time { return t.Claim.Timeout }, market.StatusClaimed)
	},
	"review timeout": func(w *lifeOf) error {
		return w.fire(func(t *store.Task) time.Time { return t.Delivery.ReviewUntil }, market.StatusDelivered)
	},
	"grace over": func(w *lifeOf) error {
		if w.k.Stored(w.id).Status != market.StatusClaimed {
			return nil
		}
		w.bob.Deliver(w.id, "x")
		w.ada.Reject(w.id, "no")
		return w.fire(func(t *store.Task) time.Time { return t.Claim.Grace }, market.StatusClaimed)
	},
}

// workersOnly lets pass that a task without a worker knows none.
func workersOnly(err error, w *lifeOf) error {
	if errors.Is(err, market.ErrForbidden) || errors.Is(err, market.ErrNotFound) {
		return nil
	}
	return err
}

// fire moves the clock to the task's own instant of a timer and sweeps, with
// every other timer of the state put off.
func (w *lifeOf) fire(at func(t *store.Task) time.Time, states ...market.Status) error {
	t := w.k.Stored(w.id)
	for _, status := range states {
		if t.Status != status {
			continue
		}
		due := at(t)
		if w.k.Stored(w.id).NextDue.After(due) || due.IsZero() {
			return errors.New("this timer is not armed in state " + string(t.Status))
		}
		w.k.Clock.Set(due)
		_, err := w.k.Market.Sweep(w.k.Ctx)
		return err
	}
	return nil
}
