package market_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// The steps of a random market.

func (w *walk) post(rt *rapid.T) {
	a := w.someone(rt)
	in := market.PostInput{
		Need: w.words(rt), Context: rapid.SampledFrom([]string{"", "sql", "語"}).Draw(rt, "context"), Tags: w.tags(rt),
		MaxCredits: rapid.SampledFrom([]int64{-1, 0, 1, 7, 10, 50, 200, 100_001}).Draw(rt, "budget"),
	}
	if rapid.IntRange(0, 3).Draw(rt, "deadline") == 0 {
		in.Deadline = time.Duration(rapid.IntRange(0, 600).Draw(rt, "minutes")) * time.Minute
	}
	if rapid.IntRange(0, 5).Draw(rt, "timeouts") == 0 {
		in.ClaimTimeout, in.ReviewTimeout = 30*time.Minute, 45*time.Minute
	}
	posted, err := a.API.Post(w.context(rt), in)
	if err == nil {
		w.tasks = append(w.tasks, posted.TaskID)
	}
	w.did(rt, err, a)
}

func (w *walk) pickup(rt *rapid.T) {
	a := w.someone(rt)
	p, ok, err := a.API.Pickup(w.context(rt), w.filter(rt))
	if ok && err == nil {
		w.tasks = append(w.tasks, p.TaskID) // a system task becomes known by this
	}
	w.did(rt, err, a)
}

func (w *walk) batch(rt *rapid.T) {
	a := w.someone(rt)
	list, err := a.API.PickupBatch(w.context(rt), market.BatchInput{Count: rapid.IntRange(-1, 4).Draw(rt, "count"), Filter: w.filter(rt)})
	for _, p := range list.Tasks {
		w.tasks = append(w.tasks, p.TaskID)
	}
	w.did(rt, err, a)
}

func (w *walk) claim(rt *rapid.T) {
	a := w.someone(rt)
	_, err := a.API.PickupTask(w.context(rt), w.some(rt))
	w.did(rt, err, a)
}

// party is an agent that can do something with the task, mostly.
func (w *walk) party(rt *rapid.T, id market.TaskID, worker bool) *markettest.Agent {
	if rapid.IntRange(0, 9).Draw(rt, "stranger") == 0 {
		return w.someone(rt)
	}
	stored, err := w.k.Store.Tasks(w.k.Ctx, []market.TaskID{id})
	if err != nil || len(stored) == 0 {
		return w.someone(rt)
	}
	want := stored[0].Task.Poster
	if worker {
		want = stored[0].Task.Worker()
	}
	for _, a := range w.agents {
		if a.ID == want {
			return a
		}
	}
	return w.someone(rt)
}

func (w *walk) deliver(rt *rapid.T) {
	id := w.some(rt)
	a := w.party(rt, id, true)
	in := market.DeliverInput{Result: w.result(rt)}
	if rapid.Bool().Draw(rt, "claims") {
		in.CreditsClaimed = rapid.SampledFrom([]int64{-5, 0, 1, 9, 10, 1_000_000}).Draw(rt, "credits")
	}
	_, err := a.API.Deliver(w.context(rt), id, in)
	w.did(rt, err, a)
}

// result answers system tasks of every kind, more or less.
func (w *walk) result(rt *rapid.T) string {
	a, b := w.someone(rt), w.someone(rt)
	return rapid.SampledFrom([]string{
		"done", "[]", "null",
		fmt.Sprintf(`{"ranked_agents": [%q, %q], "extracted_tags": ["go", "a b"]}`, a.ID, b.ID),
		`{"meets_requirements": true, "explanation": "fine"}`, `{"meets_requirements": "false"}`,
		fmt.Sprintf(`{"agent_id": %q, "tags": ["sql", "testing"]}`, a.ID),
	}).Draw(rt, "result")
}

func (w *walk) approve(rt *rapid.T) {
	id := w.some(rt)
	a := w.party(rt, id, false)
	in := market.ApproveInput{}
	if rapid.Bool().Draw(rt, "rates") {
		in.Rating = rapid.IntRange(-1, 6).Draw(rt, "rating")
	}
	_, err := a.API.Approve(w.context(rt), id, in)
	w.did(rt, err, a, w.party(rt, id, true))
}

func (w *walk) reject(rt *rapid.T) {
	id := w.some(rt)
	a := w.party(rt, id, false)
	_, err := a.API.Reject(w.context(rt), id, market.RejectInput{Reason: rapid.SampledFrom([]string{"", "no"}).Draw(rt, "reason")})
	w.did(rt, err, a, w.party(rt, id, true))
}

func (w *walk) cancel(rt *rapid.T) {
	id := w.some(rt)
	a := w.party(rt, id, false)
	_, err := a.API.Cancel(w.context(rt), id)
	w.did(rt, err, a)
}

func (w *walk) abandon(rt *rapid.T) {
	id := w.some(rt)
	a := w.party(rt, id, true)
	_, err := a.API.Abandon(w.context(rt), id)
	w.did(rt, err, a)
}

func (w *walk) rate(rt *rapid.T) {
	id := w.some(rt)
	a := w.party(rt, id, true)
	_, err := a.API.Rate(w.context(rt), id, market.RateInput{Rating: rapid.IntRange(0, 6).Draw(rt, "rating")})
	w.did(rt, err, a)
}

func (w *walk) talk(rt *rapid.T) {
	id, a := w.some(rt), w.someone(rt)
	switch rapid.IntRange(0, 2).Draw(rt, "talk") {
	case 0:
		_, err := a.API.Ask(w.context(rt), id, "what?")
		w.did(rt, err)
	case 1:
		a = w.party(rt, id, false)
		list, err := a.API.Questions(w.k.Ctx, id, market.Page{})
		if err != nil || len(list.Questions) == 0 {
			w.did(rt, err)
			return
		}
		q := rapid.SampledFrom(list.Questions).Draw(rt, "question")
		_, err = a.API.Answer(w.context(rt), id, q.ID, "that")
		w.did(rt, err)
	case 2:
		_, err := w.party(rt, id, rapid.Bool().Draw(rt, "worker")).API.SendMessage(w.context(rt), id, "hi")
		w.did(rt, err)
	}
}

func (w *walk) report(rt *rapid.T) {
	_, err := w.someone(rt).API.ReportTask(w.context(rt), w.some(rt), "spam")
	w.did(rt, err)
}

func (w *walk) clock(rt *rapid.T) {
	w.k.Clock.Advance(rapid.SampledFrom([]time.Duration{
		time.Microsecond, time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, time.Hour, 24 * time.Hour, 80 * time.Hour,
	}).Draw(rt, "time"))
	w.did(rt, nil, w.someone(rt))
}

func (w *walk) sweep(rt *rapid.T) {
	_, err := w.k.Market.Sweep(w.k.Ctx)
	w.did(rt, err, w.someone(rt))
}

func (w *walk) operator(rt *rapid.T) {
	a := w.someone(rt)
	var err error
	switch rapid.IntRange(0, 9).Draw(rt, "operator") {
	case 0:
		_, err = w.k.Market.Suspend(w.context(rt), market.SuspendInput{AgentID: a.ID, Suspended: true})
	case 1, 2, 3, 4:
		for _, a := range w.agents {
			if _, err = w.k.Market.Suspend(w.k.Ctx, market.SuspendInput{AgentID: a.ID}); err != nil {
				break
			}
		}
	case 5, 6:
		_, err = w.k.Market.Grant(w.context(rt), market.GrantInput{AgentID: a.ID, Amount: rapid.SampledFrom([]int64{0, 20, 300}).Draw(rt, "amount")})
	case 7:
		if len(w.agents) < 12 {
			w.join(fmt.Sprint("agent ", len(w.agents)), markettest.GoodAt(w.words(rt)))
		}
	default:
		_, err = w.k.Market.Prune(w.k.Ctx, time.Time{})
	}
	w.did(rt, err, a)
}

func (w *walk) profile(rt *rapid.T) {
	a := w.someone(rt)
	var in market.UpdateInput
	switch rapid.IntRange(0, 2).Draw(rt, "profile") {
	case 0:
		in.GoodAt = market.Some(w.words(rt))
	case 1:
		in.Tags = market.Some(w.tags(rt))
	case 2:
		in.AcceptsSystemTasks = market.Some(rapid.Bool().Draw(rt, "infra"))
	}
	_, err := a.API.UpdateMe(w.k.Ctx, in)
	w.did(rt, err, a)
}

func (w *walk) read(rt *rapid.T) {
	a := w.someone(rt)
	_, err := a.API.Stats(w.k.Ctx)
	if err == nil {
		_, err = a.API.Task(w.k.Ctx, w.some(rt), 0)
	}
	w.did(rt, err, a)
}
