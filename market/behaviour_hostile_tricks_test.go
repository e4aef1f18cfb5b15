package market_test

import (
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// trick is something that a sybil tries; do reports whether it came as far as to
// get something started.
type trick struct {
	name string
	do   func(a *markettest.Agent) bool
}

func (h *hostile) tricks() []trick {
	return []trick{
		{"post, be matched, cancel", h.mint},
		{"finish tasks of one credit among each other", h.wash},
		{"be read again and again", h.flip},
		{"read the delivery, reject, take back", h.readAndReject},
		{"a review that never ends", h.endlessReview},
		{"claim the whole board and sit on it", h.hoard},
		{"deliver rubbish and ask for everything", h.rubbish},
		{"match strangers' tasks to friends", h.favour},
		{"do some real work", h.honestWork},
		{"fill the store", h.fill},
		{"everything twice at once", h.twice},
		{"verify and match one's own", h.ownVerdict},
		{"wait for the timer of an accomplice", h.accomplice},
	}
}

func (h *hostile) other(a *markettest.Agent) *markettest.Agent {
	for {
		if b := h.sybils[h.random.IntN(len(h.sybils))]; b != a {
			return b
		}
	}
}

// infra is one of the sybils' infra agents.
func (h *hostile) infra(but *markettest.Agent) *markettest.Agent {
	for {
		if b := h.sybils[h.random.IntN(4)*5]; b != but {
			return b
		}
	}
}

// mint has the platform pay an own infra agent for tasks that are then taken back.
func (h *hostile) mint(a *markettest.Agent) bool {
	got := 0
	for range 40 {
		id, ok := h.post(a, market.PostInput{Need: "mint", MaxCredits: 1})
		if !ok {
			break
		}
		got += h.serve(h.infra(a), func(market.Pickup) string { return "{}" })
		_, err := a.API.Cancel(h.Ctx, id)
		h.may(err)
	}
	return got > 0
}

// wash earns approvals, ratings and verifications with tasks of one credit.
func (h *hostile) wash(a *markettest.Agent) bool {
	done := false
	for range 3 {
		b := h.other(a)
		id, ok := h.post(a, market.PostInput{Need: "wash", MaxCredits: 1, Tags: []string{"python"}})
		if !ok {
			return done
		}
		if _, err := b.API.PickupTask(h.Ctx, id); !h.may(err) {
			continue
		}
		_, err := b.API.Deliver(h.Ctx, id, market.DeliverInput{Result: "washed"})
		h.may(err)
		h.serve(h.infra(a), func(market.Pickup) string { return `{"meets_requirements":true}` })
		_, err = a.API.Approve(h.Ctx, id, market.ApproveInput{Rating: 5})
		if h.may(err) {
			_, err = b.API.Rate(h.Ctx, id, market.RateInput{Rating: 5})
			h.may(err)
			done = true
		}
	}
	return done
}

// flip changes its skills, so that somebody is paid for reading them.
func (h *hostile) flip(a *markettest.Agent) bool {
	got := 0
	for _, text := range []string{"python", "golang", "", "prose of every kind"} {
		_, err := a.API.UpdateMe(h.Ctx, market.UpdateInput{GoodAt: market.Some(text)})
		h.may(err)
		got += h.serve(h.infra(a), func(market.Pickup) string { return `{"tags":["python"]}` })
		h.Advance(time.Minute)
	}
	return got > 0
}

// readAndReject wants the work without paying for it.
func (h *hostile) readAndReject(a *markettest.Agent) bool {
	list, err := a.API.Mine(h.Ctx, market.MineQuery{Role: market.PartyPoster, Status: market.StatusDelivered})
	h.may(err)
	for _, v := range list.Tasks {
		_, err := a.API.Reject(h.Ctx, v.TaskID, market.RejectInput{Reason: "no"})
		h.may(err)
	}
	h.Advance(6 * time.Minute)
	for _, v := range list.Tasks {
		_, err := a.API.Cancel(h.Ctx, v.TaskID)
		h.may(err)
	}
	h.post(a, market.PostInput{Need: "Do this and be paid well", MaxCredits: 20, Tags: []string{"python"}})
	return len(list.Tasks) > 0
}

func (h *hostile) endlessReview(a *markettest.Agent) bool {
	_, ok := h.post(a, market.PostInput{Need: "Do this and wait for a year", MaxCredits: 3, ReviewTimeout: 525_600 * time.Minute})
	return ok
}

// hoard claims what it can get, so that nobody else does.
func (h *hostile) hoard(a *markettest.Agent) bool {
	list, err := a.API.PickupBatch(h.Ctx, market.BatchInput{Count: 10})
	return h.may(err) && len(list.Tasks) > 0
}

// rubbish delivers what it holds and asks for all of the budget.
func (h *hostile) rubbish(a *markettest.Agent) bool {
	if _, _, err := a.API.Pickup(h.Ctx, market.Filter{Tags: []string{"golang"}}); !h.may(err) {
		return false
	}
	list, err := a.API.Mine(h.Ctx, market.MineQuery{Role: market.PartyWorker, Status: market.StatusClaimed})
	h.may(err)
	for _, v := range list.Tasks {
		_, err := a.API.Deliver(h.Ctx, v.TaskID, market.DeliverInput{Result: "rubbish", CreditsClaimed: 1_000_000})
		h.may(err)
	}
	return len(list.Tasks) > 0
}

// favour gives the head start on other people's tasks to its friends.
func (h *hostile) favour(a *markettest.Agent) bool {
	b := h.other(a)
	return h.serve(h.infra(nil), func(market.Pickup) string {
		return `{"ranked_agents":["` + string(b.ID) + `","` + string(a.ID) + `"],"tags":["scammer"],"meets_requirements":false}`
	}) > 0
}

func (h *hostile) honestWork(a *markettest.Agent) bool {
	p, ok, err := a.API.Pickup(h.Ctx, market.Filter{Tags: []string{"review"}})
	if !h.may(err) || !ok {
		return false
	}
	_, err = a.API.Deliver(h.Ctx, p.TaskID, market.DeliverInput{Result: goodWork + p.Need})
	return h.may(err)
}

// fill posts long texts and takes them back.
func (h *hostile) fill(a *markettest.Agent) bool {
	filled := false
	for range 5 {
		id, ok := h.post(a, market.PostInput{Need: strings.Repeat("fill ", 5_000), MaxCredits: 1})
		if !ok {
			return filled
		}
		_, err := a.API.Cancel(h.Ctx, id)
		filled = h.may(err)
	}
	return filled
}

// twice approves and cancels at the same moment, under one key and under none.
func (h *hostile) twice(a *markettest.Agent) bool {
	b := h.other(a)
	id, ok := h.post(a, market.PostInput{Need: "twice", MaxCredits: 7})
	if !ok {
		return false
	}
	if _, err := b.API.PickupTask(h.Ctx, id); !h.may(err) {
		return false
	}
	_, err := b.API.Deliver(h.Ctx, id, market.DeliverInput{Result: "twice"})
	h.may(err)
	ctx := market.WithIdempotencyKey(h.Ctx, string(id))
	for range 2 {
		_, err = a.API.Approve(ctx, id, market.ApproveInput{})
		h.may(err)
		_, err = a.API.Approve(h.Ctx, id, market.ApproveInput{})
		h.may(err)
		_, err = a.API.Cancel(h.Ctx, id)
		h.may(err)
		_, err = b.API.Deliver(h.Ctx, id, market.DeliverInput{Result: "again"})
		h.may(err)
	}
	return true
}

// ownVerdict becomes an infra agent for an hour, to judge what it has to do with.
func (h *hostile) ownVerdict(a *markettest.Agent) bool {
	was := a.Me().AcceptsSystemTasks
	_, err := a.API.UpdateMe(h.Ctx, market.UpdateInput{AcceptsSystemTasks: market.Some(true)})
	h.may(err)
	_, posted := h.post(a, market.PostInput{Need: "my own", MaxCredits: 2})
	h.serve(a, func(p market.Pickup) string {
		if h.poster[p.ParentTaskID] == a.ID {
			h.t.Errorf("%s matches or verifies its own task", a.ID)
		}
		return `{"ranked_agents":["` + string(a.ID) + `"],"meets_requirements":true,"tags":["best"]}`
	})
	_, err = a.API.UpdateMe(h.Ctx, market.UpdateInput{AcceptsSystemTasks: market.Some(was)})
	h.may(err)
	return posted
}

// accomplice holds a task of a friend until its time is up, again and again.
func (h *hostile) accomplice(a *markettest.Agent) bool {
	id, ok := h.post(a, market.PostInput{Need: "hold this", MaxCredits: 2, ClaimTimeout: 1 * time.Minute, Deadline: 30 * time.Minute})
	if !ok {
		return false
	}
	_, err := h.other(a).API.PickupTask(h.Ctx, id)
	h.may(err)
	h.Advance(2 * time.Minute)
	return true
}
