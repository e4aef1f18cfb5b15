package market_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// A hostile market: twenty agents of one owner, with every trick that is known,
// against twenty honest ones, day after day on the fake clock. At the end of each day
// the owner has no more than what it was given, earned from others, and the
// platform's budget allows; no honest worker is blocked, and each is paid for what
// it did or sees on whom not to rely. The whole year takes some minutes: make year.
func TestAHostileYear(t *testing.T) {
	t.Parallel()
	h := newHostile(t, markettest.New(t, markettest.CheckRarely(), hostilePolicy))
	days := hostileDays(t, 15)
	for day := 1; day <= days; day++ {
		h.day(day)
	}
	h.everyTrickWasTried()
	t.Logf("%d days: the owner holds %d beyond bonuses and earnings, after system pay of %d (at most %d about one agent in 24 hours); honest workers were paid for %d of %d deliveries",
		days, h.excess(), h.paid, h.most, h.approved, h.delivered)
}

// The same on every store, for a day.
func TestAHostileDayOnEveryStore(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		h := newHostile(t, k)
		h.day(1)
	}, hostilePolicy, markettest.CheckRarely())
}

var hostilePolicy = policy(func(p *market.Policy) { p.MaxAgentBytes = 200_000 })

func hostileDays(t *testing.T, days int) int {
	text := os.Getenv("PINCHWORK_TEST_DAYS")
	if text == "" {
		return days
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < 1 {
		t.Fatalf("PINCHWORK_TEST_DAYS=%q is no number of days", text)
	}
	return days
}

// hostile is the market and what is known of it from outside.
type hostile struct {
	*markettest.Kit
	t      *testing.T
	random *rand.Rand
	honest []*markettest.Agent
	sybils []*markettest.Agent
	// owned are the sybils' ids, poster is who posted a task.
	owned  map[market.AgentID]bool
	poster map[market.TaskID]market.AgentID
	// read is up to which ledger entry of an agent books has read.
	read map[market.AgentID]int64
	// about are the platform's payments about an agent's tasks and profile, brought
	// the fees of an agent's approved tasks.
	about   map[market.AgentID][]payment
	brought map[market.AgentID]int64
	// given, earned and spent are what the sybils got from bonuses and grants, from
	// honest posters, and what they paid to honest workers; paid is their system pay.
	given, earned, spent, paid int64
	// most is the most that was paid about one agent within 24 hours.
	most int64
	// delivered and approved count the honest workers' deliveries.
	delivered, approved int
	tried               map[string]int
	start               time.Time
}

type payment struct {
	at     time.Time
	amount int64
}

func newHostile(t *testing.T, k *markettest.Kit) *hostile {
	h := &hostile{
		Kit: k, t: t, random: rand.New(rand.NewPCG(8, 11)),
		owned: map[market.AgentID]bool{}, poster: map[market.TaskID]market.AgentID{}, read: map[market.AgentID]int64{},
		about: map[market.AgentID][]payment{}, brought: map[market.AgentID]int64{}, tried: map[string]int{}, start: k.Clock.Now(),
	}
	skills := []string{"python", "golang", "review", "prose"}
	for i := range 20 {
		h.honest = append(h.honest, k.Agent(fmt.Sprintf("honest %d", i), h.kind(i, markettest.Capable(skills[i%4]))...))
		sybil := k.Agent(fmt.Sprintf("one of many %d", i), h.kind(i, markettest.GoodAt("everything"))...)
		h.sybils = append(h.sybils, sybil)
		h.owned[sybil.ID] = true
	}
	return h
}

// kind makes a fifth of the agents infra agents.
func (h *hostile) kind(i int, opts ...markettest.AgentOption) []markettest.AgentOption {
	if i%5 == 0 {
		opts = append(opts, markettest.Infra())
	}
	return opts
}

type act struct {
	at time.Duration
	do func()
}

// day lets everybody act at some time of it, and then looks at the books.
func (h *hostile) day(n int) {
	h.Helper()
	var acts []act
	at := func(do func()) { acts = append(acts, act{time.Duration(h.random.Int64N(int64(23 * time.Hour))), do}) }
	for i := range h.honest {
		at(func() { h.review(h.honest[i]) })
		at(func() { h.hire(h.honest[i]) })
		for range 2 {
			at(func() { h.work(h.honest[i]) })
		}
	}
	tricks := h.tricks()
	for i := range h.sybils {
		for range 3 {
			trick := tricks[h.random.IntN(len(tricks))]
			at(func() {
				if trick.do(h.sybils[i]) {
					h.tried[trick.name]++
				}
			})
		}
	}
	slices.SortStableFunc(acts, func(a, b act) int { return cmp.Compare(a.at, b.at) })
	midnight := h.start.Add(time.Duration(n) * 24 * time.Hour)
	morning := midnight.Add(-24 * time.Hour)
	for _, a := range acts {
		if at := morning.Add(a.at); at.After(h.Clock.Now()) {
			h.Until(at)
		}
		a.do()
	}
	h.Until(midnight)
	if n%30 == 0 {
		for _, a := range h.honest {
			h.Grant(a, 100)
		}
		h.Check()
	}
	h.judge(n)
}

// may fails the test unless an operation went well or was refused with a reason.
func (h *hostile) may(err error) bool {
	h.Helper()
	var e *market.Error
	if err != nil && (!errors.As(err, &e) || e.Code == "" || errors.Is(err, market.ErrUnavailable)) {
		h.t.Errorf("no refusal: %v", err)
	}
	return err == nil
}

func (h *hostile) post(a *markettest.Agent, in market.PostInput) (market.TaskID, bool) {
	h.Helper()
	posted, err := a.API.Post(h.Ctx, in)
	if !h.may(err) {
		return "", false
	}
	h.poster[posted.TaskID] = a.ID
	return posted.TaskID, true
}

const goodWork = "good work: "

// hire lets an honest agent post a task now and then.
func (h *hostile) hire(a *markettest.Agent) {
	if h.random.IntN(2) == 0 {
		tag := []string{"python", "golang", "review", "prose"}[h.random.IntN(4)]
		h.post(a, market.PostInput{Need: "Something honest about " + tag, MaxCredits: 5 + h.random.Int64N(15), Tags: []string{tag}})
	}
}

// review lets an honest agent pay for good work and reject the rest.
func (h *hostile) review(a *markettest.Agent) {
	list, err := a.API.Mine(h.Ctx, market.MineQuery{Role: market.PartyPoster, Status: market.StatusDelivered})
	h.may(err)
	for _, v := range list.Tasks {
		if strings.HasPrefix(v.Result, goodWork) {
			_, err = a.API.Approve(h.Ctx, v.TaskID, market.ApproveInput{Rating: 5})
		} else {
			_, err = a.API.Reject(h.Ctx, v.TaskID, market.RejectInput{Reason: "not what I asked for"})
		}
		h.may(err)
	}
}

// work lets an honest agent do what it finds, of posters that it can rely on. One
// that is blocked, or may not claim, was robbed of its living.
func (h *hostile) work(a *markettest.Agent) {
	h.Helper()
	if a.Me().AcceptsSystemTasks {
		h.serve(a, h.honestAnswer)
	}
	list, err := a.API.Browse(h.Ctx, market.BrowseQuery{Page: market.Page{Limit: 20}})
	h.may(err)
	for _, item := range list.Tasks {
		if item.PosterRecord.Rejected > item.PosterRecord.Approved || item.ReviewTimeout.Duration == 0 || item.ReviewTimeout.Duration > 24*time.Hour {
			continue
		}
		claim, err := a.API.PickupTask(h.Ctx, item.TaskID)
		if err != nil {
			h.t.Errorf("an honest worker may not claim what it was offered: %v", err)
			return
		}
		v, err := a.API.Deliver(h.Ctx, claim.TaskID, market.DeliverInput{Result: goodWork + claim.Need})
		if err != nil || v.WorkerReceives == nil || *v.WorkerReceives < 1 {
			h.t.Errorf("an honest delivery: %+v, %v", v.WorkerReceives, err)
		}
		h.delivered++
		return
	}
}

// serve does the system tasks that are on offer to an infra agent.
func (h *hostile) serve(a *markettest.Agent, answer func(p market.Pickup) string) (done int) {
	h.Helper()
	for range 5 {
		p, ok, err := a.API.Pickup(h.Ctx, market.Filter{})
		if !h.may(err) || !ok {
			return done
		}
		if p.SystemTaskType == "" {
			_, err := a.API.Deliver(h.Ctx, p.TaskID, market.DeliverInput{Result: goodWork + p.Need})
			h.may(err)
			if !h.owned[a.ID] {
				h.delivered++
			}
			return done
		}
		_, err = a.API.Deliver(h.Ctx, p.TaskID, market.DeliverInput{Result: answer(p)})
		h.may(err)
		done++
	}
	return done
}

func (h *hostile) honestAnswer(p market.Pickup) string {
	switch p.SystemTaskType {
	case market.MatchAgents:
		return `{"ranked_agents":["` + string(h.honest[h.random.IntN(20)].ID) + `"],"extracted_tags":["honest"]}`
	case market.VerifyCompletion:
		return `{"meets_requirements":true,"explanation":"I looked"}`
	}
	return `{"tags":["honest"]}`
}
