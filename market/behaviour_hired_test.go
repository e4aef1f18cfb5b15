package market_test

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// hiring is what a direct hire in these tests says, in words that nothing else says.
const (
	secretNeed = "audit the xylophone ledger"
	secretTag  = "xylophone"
)

// offeredTo posts to some agents alone.
func offeredTo(agents ...*markettest.Agent) markettest.PostOption {
	return func(in *market.PostInput) {
		for _, a := range agents {
			in.OfferTo = append(in.OfferTo, a.ID)
		}
	}
}

// Whoever is asked by name can tell a hire from any other offer.
func TestTheHiredKnowThatTheyAre(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id, open := hire(ada, offeredTo(bob), openAfter(time.Hour)), ada.Post("for all", markettest.Budget(1))
		opens := k.Clock.Now().Add(time.Hour)
		hired := func(a *markettest.Agent) map[market.TaskID]bool {
			t.Helper()
			offers, err := a.API.Browse(k.Ctx, market.BrowseQuery{})
			if err != nil {
				t.Fatal(err)
			}
			out := map[market.TaskID]bool{}
			for _, o := range offers.Tasks {
				out[o.TaskID] = o.Hired
			}
			return out
		}
		if got, want := hired(bob), (map[market.TaskID]bool{id: true, open: false}); !maps.Equal(got, want) {
			t.Errorf("bob is offered %v, want %v", got, want)
		}
		if v := bob.Task(id); !v.Hired || !v.OpensAt.Equal(opens) || len(v.OfferTo) != 0 {
			t.Errorf("bob sees %+v", v)
		}
		k.Advance(time.Hour)
		if got, want := hired(eve), (map[market.TaskID]bool{id: false, open: false}); !maps.Equal(got, want) {
			t.Errorf("eve is offered %v, want %v", got, want)
		}
		if v := eve.Task(id); v.Hired || !v.OpensAt.IsZero() {
			t.Errorf("eve sees %+v", v)
		}
	})
}

// openAfter has a direct hire become everybody's.
func openAfter(d time.Duration) markettest.PostOption {
	return func(in *market.PostInput) { in.OpenAfter = d }
}

// hire posts a direct hire.
func hire(by *markettest.Agent, opts ...markettest.PostOption) market.TaskID {
	return by.Post(secretNeed, append([]markettest.PostOption{markettest.Budget(10), markettest.Tagged(secretTag, "go")}, opts...)...)
}

// asStranger calls every method by which an agent may learn of a task or touch it.
func asStranger(a market.AgentAPI, id market.TaskID, q market.QuestionID) map[string]func(context.Context) (any, error) {
	word := market.Filter{Search: "xylophone"}
	return map[string]func(context.Context) (any, error){
		"Abandon":      func(ctx context.Context) (any, error) { return a.Abandon(ctx, id) },
		"Agent":        func(ctx context.Context) (any, error) { return a.Agent(ctx, a.ID()) },
		"Agents":       func(ctx context.Context) (any, error) { return a.Agents(ctx, market.AgentQuery{}) },
		"Answer":       func(ctx context.Context) (any, error) { return a.Answer(ctx, id, q, "x") },
		"Approve":      func(ctx context.Context) (any, error) { return a.Approve(ctx, id, market.ApproveInput{}) },
		"Ask":          func(ctx context.Context) (any, error) { return a.Ask(ctx, id, "x") },
		"Browse":       func(ctx context.Context) (any, error) { return a.Browse(ctx, market.BrowseQuery{}) },
		"Browse words": func(ctx context.Context) (any, error) { return a.Browse(ctx, market.BrowseQuery{Filter: word}) },
		"Browse tags": func(ctx context.Context) (any, error) {
			return a.Browse(ctx, market.BrowseQuery{Filter: market.Filter{Tags: []string{secretTag}}})
		},
		"Cancel":      func(ctx context.Context) (any, error) { return a.Cancel(ctx, id) },
		"Credits":     func(ctx context.Context) (any, error) { return a.Credits(ctx, market.Page{}) },
		"DeadLetters": func(ctx context.Context) (any, error) { return a.DeadLetters(ctx, market.Page{}) },
		"Deliver":     func(ctx context.Context) (any, error) { return a.Deliver(ctx, id, market.DeliverInput{Result: "x"}) },
		"Estimate":    func(ctx context.Context) (any, error) { return a.Estimate(ctx, market.EstimateInput{Need: "x"}) },
		"Tags":        func(ctx context.Context) (any, error) { return a.Tags(ctx, market.TagQuery{}) },
		"Explain":     func(ctx context.Context) (any, error) { return a.Explain(ctx, id, market.Filter{}) },
		"Me":          func(ctx context.Context) (any, error) { return a.Me(ctx) },
		"Messages":    func(ctx context.Context) (any, error) { return a.Messages(ctx, id, market.Page{}) },
		"Mine":        func(ctx context.Context) (any, error) { return a.Mine(ctx, market.MineQuery{}) },
		"Pickup":      func(ctx context.Context) (any, error) { v, _, err := a.Pickup(ctx, market.Filter{}); return v, err },
		"Pickup words": func(ctx context.Context) (any, error) {
			v, _, err := a.Pickup(ctx, word)
			return v, err
		},
		"PickupBatch": func(ctx context.Context) (any, error) { return a.PickupBatch(ctx, market.BatchInput{Count: 10}) },
		"PickupTask":  func(ctx context.Context) (any, error) { return a.PickupTask(ctx, id) },
		"Progress":    func(ctx context.Context) (any, error) { return a.Progress(ctx, id, market.ProgressInput{Note: "x"}) },
		"Questions":   func(ctx context.Context) (any, error) { return a.Questions(ctx, id, market.Page{}) },
		"Rate":        func(ctx context.Context) (any, error) { return a.Rate(ctx, id, market.RateInput{Rating: 5}) },
		"Reject":      func(ctx context.Context) (any, error) { return a.Reject(ctx, id, market.RejectInput{Reason: "x"}) },
		"ReportTask":  func(ctx context.Context) (any, error) { return a.ReportTask(ctx, id, "x") },
		"SendMessage": func(ctx context.Context) (any, error) { return a.SendMessage(ctx, id, "x") },
		"Stats":       func(ctx context.Context) (any, error) { return a.Stats(ctx) },
		"Task":        func(ctx context.Context) (any, error) { return a.Task(ctx, id, 0) },
		"Trust":       func(ctx context.Context) (any, error) { return a.Trust(ctx, market.Page{}) },
	}
}

// harmless are methods by which nobody asks about tasks. Events are looked at apart.
var harmless = []string{"Events", "ID", "Post", "PostBatch", "Redeliver", "RotateKey", "UpdateMe"}

// A new method of an agent has to say that it keeps direct hires from strangers.
func TestStrangersTryEveryMethod(t *testing.T) {
	tried := asStranger(markettest.New(t).Agent("eve").API, "", "")
	api := reflect.TypeFor[market.AgentAPI]()
	for i := range api.NumMethod() {
		if name := api.Method(i).Name; tried[name] == nil && !slices.Contains(harmless, name) {
			t.Errorf("%s is not tried", name)
		}
	}
}

// unknownTo fails if there is any way in which the stranger learns of the task or
// touches it: each call answers as it does for a task that does not exist.
func unknownTo(t *testing.T, k *markettest.Kit, eve *markettest.Agent, id market.TaskID, q market.QuestionID) {
	t.Helper()
	eve.Events()
	never := asStranger(eve.API, "tk-never-was-one", "qa-never-was-one")
	for name, try := range asStranger(eve.API, id, q) {
		k.Do(name, func() {
			got, err := try(k.Ctx)
			want, unknown := never[name](k.Ctx)
			if said(got, err) != said(want, unknown) {
				t.Errorf("%s of a stranger: %s; of no task: %s", name, said(got, err), said(want, unknown))
			}
			if strings.Contains(said(got, err), string(id)) || strings.Contains(said(got, err), secretTag) {
				t.Errorf("%s tells a stranger: %s", name, said(got, err))
			}
		})
	}
	if events := eve.Events(); len(events) > 0 {
		t.Errorf("the stranger is told %v", events)
	}
	public, err := k.Market.PublicTask(k.Ctx, id)
	none, unknown := k.Market.PublicTask(k.Ctx, "tk-never-was-one")
	if said(public, err) != said(none, unknown) {
		t.Errorf("the public sees %s", said(public, err))
	}
	recent, err := k.Market.Recent(k.Ctx)
	found, failed := k.Market.SearchTasks(k.Ctx, market.Filter{}, market.Page{})
	if all := said(recent, err) + said(found, failed); strings.Contains(all, string(id)) || strings.Contains(all, secretTag) {
		t.Errorf("the public is shown %s", all)
	}
	hours, err := k.Market.Activity(k.Ctx, 1)
	for _, hour := range hours {
		if err != nil || hour.Posted != 0 || hour.Approved != 0 {
			t.Errorf("the public counts %+v, %v", hour, err)
		}
	}
	if o, err := k.Market.Overview(k.Ctx); err != nil || o.Open+o.InProgress+o.Done != 0 {
		t.Errorf("the public counts %+v, %v", o, err)
	}
}

func said(v any, err error) string {
	data, _ := json.Marshal(v)
	if err != nil {
		return string(data) + " " + err.Error()
	}
	return string(data)
}

// From the post to the rating, and on every way back to the board, a direct hire is
// for those that it names, and does not exist for anybody else.
func TestADirectHireIsForItsAgentsAlone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada"), k.Agent("bob"), k.Agent("cyd")
		// The strangers fit the task best, and one of them does system tasks.
		fit, infra := k.Agent("fit", markettest.Capable("go"), markettest.GoodAt("audit a ledger")), k.Agent("infra", markettest.Infra())
		id := hire(ada, offeredTo(cyd, bob, cyd))
		q := bob.Ask(id, "which keys?")
		hidden := func(when string) {
			t.Helper()
			for _, stranger := range []*markettest.Agent{fit, infra} {
				k.Do(when, func() { unknownTo(t, k, stranger, id, q) })
			}
		}
		hidden("posted")
		for _, a := range []*markettest.Agent{bob, cyd} {
			if offers := a.Browse(); len(offers) != 1 || !offers[0].IsMatched || *offers[0].MatchRank != 0 || offers[0].Need != secretNeed {
				t.Errorf("%s is offered %+v", a.Name, offers)
			}
			if v := a.Task(id); v.Status != market.StatusPosted || v.OfferTo != nil || len(a.Questions(id)) != 1 {
				t.Errorf("%s sees %+v", a.Name, v)
			}
			if events := a.Events(); len(events) != 1 || events[0].Type != store.EventTaskMatched || *events[0].Data.Rank != 0 {
				t.Errorf("%s is told %+v", a.Name, events)
			}
		}
		if v := ada.Task(id); !slices.Equal(v.OfferTo, []market.AgentID{cyd.ID, bob.ID}) || !v.OpensAt.IsZero() {
			t.Errorf("the poster sees %+v", v)
		}
		if p := bob.Pickup(market.Filter{Tags: []string{secretTag}, Search: "xylophone"}); p.TaskID != id {
			t.Errorf("%+v", p)
		}
		hidden("claimed")
		bob.Abandon(id)
		hidden("given back")
		if heard := cyd.Heard(); !slices.Contains(heard, store.EventTaskMatched) {
			t.Errorf("the other one is told %v when it is given back", heard)
		}
		cyd.Claim(id)
		k.Advance(80 * time.Hour)
		hidden("timed out")
		bob.Claim(id)
		bob.Deliver(id, "done")
		if v := ada.Task(id); v.Verification != nil {
			t.Errorf("somebody is asked about it: %+v", v.Verification)
		}
		hidden("delivered")
		ada.Approve(id, 5)
		bob.Rate(id, 5)
		hidden("approved")
		if tags := bob.Profile().ReputationByTag; len(tags) != 0 {
			t.Errorf("the public reads its tags at the worker: %v", tags)
		}
		markettest.Refused(t, second(cyd.API.PickupTask(k.Ctx, id)), market.ErrConflict)
	})
}

// When its time has come it is everybody's, at that instant and though nobody asks,
// and those whom it fits are told.
func TestADirectHireOpens(t *testing.T) {
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		fit := k.Agent("fit", markettest.Capable("go"), markettest.GoodAt("audit a ledger"))
		id := hire(ada, offeredTo(bob), openAfter(9*time.Minute+time.Second))
		if v := ada.Task(id); v.OpensAt.IsZero() || !v.OpensAt.Equal(k.Clock.Now().Add(10*time.Minute)) {
			t.Errorf("the poster sees %+v", v)
		}
		k.Clock.Advance(10*time.Minute - time.Microsecond)
		unknownTo(t, k, fit, id, "")
		w := pickUp(k, eve, market.Filter{Search: "ledger"})
		stillWaits(t, w)
		k.Clock.Advance(time.Microsecond)
		if got(t, w) != id {
			t.Error("another task was claimed")
		}
		eve.Abandon(id)
		if v := fit.Task(id); v.Status != market.StatusPosted || v.OfferTo != nil || !v.OpensAt.IsZero() {
			t.Errorf("a stranger sees %+v", v)
		}
		second := hire(ada, offeredTo(bob), openAfter(time.Minute))
		k.Clock.Advance(time.Minute)
		// The matcher has not run yet, and it is everybody's.
		if offers := eve.Offers(); !slices.Contains(offers, second) {
			t.Errorf("offered are %v", offers)
		}
		k.Sweep()
		if heard := fit.Heard(); !slices.Equal(heard, []market.EventType{store.EventTaskMatched}) {
			t.Errorf("whom it fits is told %v", heard)
		}
		// Nobody has a head start: the poster has said when it is everybody's.
		if p, ok := eve.TryPickup(market.Filter{Tags: []string{secretTag}}); !ok || p.TaskID != id {
			t.Errorf("%+v, %v", p, ok)
		}
		eve.Deliver(id, "done")
		ada.Approve(id, 5)
		if tags := eve.Profile().ReputationByTag; len(tags) != 2 {
			t.Errorf("the rating on a task of everybody's is at %v", tags)
		}
		if o, err := k.Market.Overview(k.Ctx); err != nil || o.Open != 1 || o.Done != 1 {
			t.Errorf("the public counts %+v, %v", o, err)
		}
	})
}

// What was claimed in time stays between those who know of it, whatever the hour, and
// is everybody's when it comes back to the board.
func TestADirectHireThatIsClaimedInTimeStaysHidden(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := hire(ada, offeredTo(bob), openAfter(time.Minute))
		bob.Claim(id)
		bob.Abandon(id)
		unknownTo(t, k, eve, id, "")
		bob.Claim(id)
		k.Advance(time.Hour)
		unknownTo(t, k, eve, id, "")
		bob.Abandon(id)
		if p, ok := eve.TryPickup(); !ok || p.TaskID != id {
			t.Errorf("%+v, %v", p, ok)
		}
	})
}

// Who waits is called for a direct hire only if it is for him, also by other replicas,
// and after a restart all is as before.
func TestADirectHireOnEveryReplica(t *testing.T) {
	whileOthersAct(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		other := k.Replica()
		first, his := pickUp(k, eve, market.Filter{}), pickUp(k, bob, market.Filter{})
		id := hire(ada.On(other), offeredTo(bob))
		if got(t, his) != id {
			t.Error("another task was claimed")
		}
		stillWaits(t, first)
		bob.On(other).Abandon(id)
		for name, m := range map[string]*market.Market{"this": k.Market, "another": other, "a new one": k.Replica()} {
			if offers := eve.On(m).Offers(); len(offers) > 0 {
				t.Errorf("%s offers a stranger %v", name, offers)
			}
			markettest.Eventually(t, name+" to offer it", func() bool { return len(bob.On(m).Offers()) == 1 })
			unknownTo(t, k, eve.On(m), id, "")
		}
		hire(ada, offeredTo(eve))
		got(t, first)
	})
}

func TestDirectHiresHaveLimits(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		many := make([]market.AgentID, 21)
		for i := range many {
			many[i] = bob.ID
		}
		for _, c := range []struct {
			to    []market.AgentID
			after time.Duration
			field string
		}{
			{many, 0, "offer_to"},
			{[]market.AgentID{bob.ID, ada.ID}, 0, "offer_to[1]"},
			{[]market.AgentID{bob.ID, bob.ID, "ag-nobody"}, 0, "offer_to[2]"},
			{[]market.AgentID{market.Platform}, 0, "offer_to[0]"},
			{[]market.AgentID{""}, 0, "offer_to[0]"},
			{[]market.AgentID{"ag-\x00\xff"}, 0, "offer_to[0]"},
			{nil, time.Minute, "open_after_minutes"},
			{[]market.AgentID{bob.ID}, -1, "open_after_minutes"},
			{[]market.AgentID{bob.ID}, 366 * 24 * time.Hour, "open_after_minutes"},
		} {
			_, err := ada.API.Post(k.Ctx, market.PostInput{Need: "x", OfferTo: c.to, OpenAfter: c.after})
			if refusal := markettest.Refused(t, err, market.ErrInvalid); refusal.Field != c.field {
				t.Errorf("%v, %v: the field is %q", c.to, c.after, refusal.Field)
			}
		}
		if ada.Balance() != 100 {
			t.Errorf("%d credits are left", ada.Balance())
		}
		// A repeat has to say the same.
		ctx := keyed(k, "one")
		in := market.PostInput{Need: "x", OfferTo: many[:20]}
		first, err := ada.API.Post(ctx, in)
		again, failed := ada.API.Post(ctx, in)
		if err != nil || failed != nil || again.TaskID != first.TaskID {
			t.Errorf("%v, %v: %s and %s", err, failed, first.TaskID, again.TaskID)
		}
		in.OfferTo = nil
		markettest.Refused(t, second(ada.API.Post(ctx, in)), market.ErrConflict)
	})
}

// Nobody is told who is suspended: a suspended agent can be hired, and has the task on
// offer once it is no longer.
func TestASuspendedAgentIsHiredForLater(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		k.Suspend(bob, true)
		id := hire(ada, offeredTo(bob))
		markettest.Refused(t, second(bob.API.PickupTask(k.Ctx, id)), market.ErrSuspended)
		k.Suspend(bob, false)
		if p := bob.Pickup(); p.TaskID != id {
			t.Errorf("%+v", p)
		}
	})
}

// Who was told of a direct hire is told when it is taken back, or too late.
func TestTheHiredAreToldThatItIsGone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		ada.Cancel(hire(ada, offeredTo(bob)))
		hire(ada, offeredTo(bob), markettest.Deadline(time.Minute))
		k.Advance(time.Minute)
		want := []market.EventType{store.EventTaskMatched, store.EventTaskCancelled, store.EventTaskMatched, store.EventTaskExpired}
		if heard := bob.Heard(); !slices.Equal(heard, want) {
			t.Errorf("the hired is told %v", heard)
		}
		if heard := eve.Heard(); len(heard) > 0 {
			t.Errorf("a stranger is told %v", heard)
		}
	})
}
