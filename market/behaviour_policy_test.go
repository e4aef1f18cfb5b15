package market_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// Settings, and the odds and ends of the API.

func TestPoliciesAreChecked(t *testing.T) {
	for name, change := range map[string]func(p *market.Policy){
		"initial credits":  func(p *market.Policy) { p.InitialCredits = -1 },
		"fee":              func(p *market.Policy) { p.FeePercent = 100.1 },
		"task expiry":      func(p *market.Policy) { p.TaskExpiry = 0 },
		"auto approve":     func(p *market.Policy) { p.AutoApprove = -time.Second },
		"claim timeout":    func(p *market.Policy) { p.ClaimTimeout = 11 * 365 * 24 * time.Hour },
		"match timeout":    func(p *market.Policy) { p.MatchTimeout = 0 },
		"event retention":  func(p *market.Policy) { p.EventRetention = 0 },
		"max open claims":  func(p *market.Policy) { p.MaxOpenClaims = -1 },
		"infra":            func(p *market.Policy) { p.Infra = "everybody" },
		"registration":     func(p *market.Policy) { p.Registration = "members" },
		"abandon cooldown": func(p *market.Policy) { p.AbandonCooldown = -1 },
	} {
		p := market.DefaultPolicy()
		change(&p)
		if _, err := market.New(market.Config{Store: memory.New(), Policy: &p}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := market.New(market.Config{}); err == nil {
		t.Error("a market without a store")
	}
	m, err := market.New(market.Config{Store: memory.New()})
	if err != nil || m.Policy() != market.DefaultPolicy() {
		t.Errorf("by default: %+v, %v", m.Policy(), err)
	}
	if d := time.Since(m.Now()); d < 0 || d > time.Minute {
		t.Errorf("the standard clock is %v off", d)
	}
	<-m.After(0)
}

func TestChargesAreLimited(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		charge := market.Charge{Bucket: "register 192.0.2.1", Every: 12 * time.Minute, Burst: 5}
		for i := range 5 {
			if got, err := k.Market.Charge(k.Ctx, charge); err != nil || got.Remaining != 4-i {
				t.Fatalf("charge %d: %+v, %v", i, got, err)
			}
		}
		_, err := k.Market.Charge(k.Ctx, charge)
		if e := markettest.Refused(t, err, market.ErrRateLimited); e.RetryAfter != 12*time.Minute {
			t.Errorf("retry after %v", e.RetryAfter)
		}
		k.Clock.Advance(12 * time.Minute)
		if _, err := k.Market.Charge(k.Ctx, charge); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		ada := k.Agent("ada")
		mine := market.Charge{Bucket: "read", Every: time.Minute, Burst: 1}
		if _, _, err := k.Market.Admit(k.Ctx, ada.Key, &mine); err != nil {
			t.Fatal(err)
		}
		_, _, err = k.Market.Admit(k.Ctx, ada.Key, &mine)
		markettest.Refused(t, err, market.ErrRateLimited)
		if _, _, err := k.Market.Admit(k.Ctx, k.Agent("bob").Key, &mine); err != nil {
			t.Errorf("another agent's bucket: %v", err)
		}
		if err := k.Market.Ready(k.Ctx); err != nil {
			t.Errorf("ready: %v", err)
		}
	})
}

func TestOverview(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		ada.Post("open", markettest.Budget(10))
		claimed, delivered := ada.Post("claimed", markettest.Budget(10)), ada.Post("delivered", markettest.Budget(10))
		bob.Claim(claimed)
		bob.Claim(delivered)
		bob.Deliver(delivered, "done")
		bob.Work(ada.Post("done", markettest.Budget(10)), ada)
		ada.Cancel(ada.Post("cancelled", markettest.Budget(10)))
		want := market.Overview{Open: 1, InProgress: 2, Done: 1, Escrowed: 30, Agents: 2, Tasks: market.TasksByState{Posted: 1, Claimed: 1, Delivered: 1, Approved: 1, Cancelled: 1}}
		if got, err := k.Market.Overview(k.Ctx); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	})
}

// The dashboard's numbers are those of its lists: nobody is shown a suspended
// agent or its open tasks, and nobody counts them.
func TestOverviewCountsWhatIsShown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		ada.Post("of ada", markettest.Budget(10))
		shown := bob.Post("of bob", markettest.Budget(10))
		if _, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: ada.ID, Suspended: true}); err != nil {
			t.Fatal(err)
		}
		got, err := k.Market.Overview(k.Ctx)
		if err != nil || got.Open != 1 || got.Agents != 1 {
			t.Errorf("%+v, %v, want 1 open task of 1 agent", got, err)
		}
		recent, err := k.Market.Recent(k.Ctx)
		if err != nil || len(recent.Newest) != 1 || recent.Newest[0].TaskID != shown {
			t.Errorf("newest: %+v, %v, want the task of bob alone", recent.Newest, err)
		}
		agents, err := k.Market.Agents(k.Ctx, market.AgentQuery{})
		if err != nil || int64(agents.Total) != got.Agents {
			t.Errorf("%d agents in the list, %v, %d in the overview", agents.Total, err, got.Agents)
		}
	})
}

// What stands beside the filters of the public list is how many it then has.
func TestTheCountsByStateAreThoseOfThePublicList(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		eve.Post("of who is suspended", markettest.Budget(1))
		ada.Post("open", markettest.Budget(1))
		ada.Post("open too", markettest.Budget(1))
		hire(ada, offeredTo(bob))
		claimed, delivered := ada.Post("claimed", markettest.Budget(1)), ada.Post("delivered", markettest.Budget(1))
		bob.Claim(claimed)
		bob.Claim(delivered)
		bob.Deliver(delivered, "done")
		bob.Work(ada.Post("done", markettest.Budget(1)), ada)
		ada.Cancel(ada.Post("cancelled", markettest.Budget(1)))
		if _, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: eve.ID, Suspended: true}); err != nil {
			t.Fatal(err)
		}
		o, err := k.Market.Overview(k.Ctx)
		if err != nil {
			t.Fatal(err)
		}
		want := map[market.Status]int64{market.StatusPosted: 2, market.StatusClaimed: 1, market.StatusDelivered: 1, market.StatusApproved: 1, market.StatusExpired: 0, market.StatusCancelled: 1}
		for status, n := range want {
			list, err := k.Market.PublicTasks(k.Ctx, market.PublicQuery{Status: status})
			if err != nil || o.Tasks.Of(status) != n || int64(len(list.Tasks)) != n {
				t.Errorf("%s: %d counted, %d listed, %v, want %d", status, o.Tasks.Of(status), len(list.Tasks), err, n)
			}
		}
	})
}

func TestWebhookOutbox(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Webhook("https://example.com/a", "secret")), k.Agent("bob")
		bob.Ask(ada.Post("task", markettest.Budget(1)), "what?")
		jobs, err := k.Market.LeaseWebhooks(k.Ctx, time.Minute, 10)
		if err != nil || len(jobs) != 1 || jobs[0].URL != "https://example.com/a" || jobs[0].Secret != "secret" || jobs[0].Event.Type != store.EventTaskQuestion {
			t.Fatalf("leased %+v, %v", jobs, err)
		}
		if again, err := k.Market.LeaseWebhooks(k.Ctx, time.Minute, 10); err != nil || len(again) != 0 {
			t.Errorf("leased twice: %+v, %v", again, err)
		}
		if ok, err := k.Market.FinishWebhook(k.Ctx, jobs[0], store.WebhookOutcome{Error: "410 Gone", At: k.Clock.Now()}); err != nil || !ok {
			t.Fatalf("finished: %v, %v", ok, err)
		}
		list, err := ada.API.DeadLetters(k.Ctx, market.Page{})
		if err != nil || list.Total != 1 || list.Dead[0].Error != "410 Gone" || list.Dead[0].Attempts != 1 || list.Dead[0].EventID != jobs[0].Event.DeliveryID() {
			t.Fatalf("dead: %+v, %v", list, err)
		}
		if list, err := bob.API.DeadLetters(k.Ctx, market.Page{}); err != nil || list.Total != 0 || list.Dead == nil {
			t.Errorf("bob's: %+v, %v", list, err)
		}
		id := list.Dead[0].EventID
		for _, a := range []struct {
			who *markettest.Agent
			id  string
		}{{bob, id}, {ada, "x"}, {ada, string(ada.ID) + "-99"}} {
			markettest.Refused(t, a.who.API.Redeliver(k.Ctx, a.id), market.ErrNotFound)
		}
		if err := ada.API.Redeliver(k.Ctx, id); err != nil {
			t.Fatal(err)
		}
		jobs, err = k.Market.LeaseWebhooks(k.Ctx, time.Minute, 10)
		if err != nil || len(jobs) != 1 || jobs[0].Attempts != 0 {
			t.Fatalf("leased again: %+v, %v", jobs, err)
		}
		if ok, err := k.Market.FinishWebhook(k.Ctx, jobs[0], store.WebhookOutcome{Delivered: true, At: k.Clock.Now()}); err != nil || !ok {
			t.Errorf("finished: %v, %v", ok, err)
		}
		heads, err := k.Market.EventHeads(k.Ctx, []market.AgentID{ada.ID, bob.ID, "ag-0000000000000000"})
		if err != nil || len(heads) != 2 || heads[ada.ID].Seq != 1 || heads[bob.ID].Seq != 0 {
			t.Errorf("heads %+v, %v", heads, err)
		}
	})
}

// away is a store that cannot be reached.
type away struct{ market.Store }

var errAway = errors.New("dial tcp 10.0.0.7:5432: secret internals")

func (away) Load(context.Context, store.LoadQuery) (*store.Loaded, error) { return nil, errAway }
func (away) Feed(context.Context, store.Position, int) (store.FeedPage, error) {
	return store.FeedPage{}, errAway
}
func (away) Ping(context.Context) (time.Time, error) { return time.Time{}, errAway }
func (away) Admit(context.Context, store.Admission) (market.Admitted, error) {
	return market.Admitted{}, errAway
}

func TestAStoreThatIsAway(t *testing.T) {
	m, err := market.New(market.Config{Store: away{memory.New()}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, a := t.Context(), m.As("ag-0000000000000000")
	for name, call := range map[string]func() error{
		"me":     func() error { _, err := a.Me(ctx); return err },
		"post":   func() error { _, err := a.Post(ctx, market.PostInput{Need: "x"}); return err },
		"pickup": func() error { _, _, err := a.Pickup(ctx, market.Filter{}); return err },
		"browse": func() error { _, err := a.Browse(ctx, market.BrowseQuery{}); return err },
		"mine":   func() error { _, err := a.Mine(ctx, market.MineQuery{}); return err },
		"agents": func() error { _, err := a.Agents(ctx, market.AgentQuery{}); return err },
		"ready":  func() error { return m.Ready(ctx) },
		"admit":  func() error { _, _, err := m.Admit(ctx, "pwk-x", nil); return err },
	} {
		err := call()
		if e := markettest.Refused(t, err, market.ErrUnavailable); e.RetryAfter <= 0 || strings.Contains(e.Error(), "secret") || !errors.Is(err, errAway) {
			t.Errorf("%s: %v, retry after %v", name, err, e.RetryAfter)
		}
	}
}

// skewed is a store whose clock is wrong.
type skewed struct {
	market.Store
	at time.Time
}

func (s skewed) Ping(context.Context) (time.Time, error) { return s.at, nil }

func TestASkewedClockIsLogged(t *testing.T) {
	for skew, logged := range map[time.Duration]bool{0: false, 1500 * time.Millisecond: false, -5 * time.Minute: true, 5 * time.Minute: true} {
		var log strings.Builder
		clock := markettest.NewClock(markettest.Start)
		m, err := market.New(market.Config{
			Store: skewed{memory.New(), markettest.Start.Add(skew)}, Clock: clock, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Ready(t.Context()); err != nil || strings.Contains(log.String(), "skew") != logged {
			t.Errorf("skew %v: %v, log %q", skew, err, log.String())
		}
	}
}

// A matcher that fails or panics costs the match, not the task.
type badMatcher struct{ panics bool }

func (b badMatcher) Match(context.Context, market.MatchTask, market.Directory) (market.Matches, error) {
	if b.panics {
		panic("no idea")
	}
	return market.Matches{}, errors.New("no idea")
}

func (b badMatcher) Candidates(ctx context.Context, t market.MatchTask, d market.Directory, _ int) ([]market.AgentID, error) {
	found, err := b.Match(ctx, t, d)
	return found.Agents, err
}

func TestABadMatcherCostsNoTask(t *testing.T) {
	for _, b := range []badMatcher{{false}, {true}} {
		k := markettest.New(t)
		m, err := market.New(market.Config{Store: k.Store, Clock: k.Clock, Matcher: b})
		if err != nil {
			t.Fatal(err)
		}
		ada := k.Agent("ada").On(m)
		id := ada.Post("task", markettest.Budget(1))
		k.Agent("infra", markettest.Infra())
		other := ada.Post("task", markettest.Budget(1))
		if len(k.Stored(id).Children) != 0 || k.Stored(id).Matching != nil {
			t.Errorf("not broadcast: %+v", k.Stored(id))
		}
		if got := len(k.Stored(other).Children); got > 1 {
			t.Errorf("%d match tasks", got)
		}
	}
}

func TestOptional(t *testing.T) {
	var in market.UpdateInput
	if err := json.Unmarshal([]byte(`{"good_at": null, "name": "ada"}`), &in); err != nil {
		t.Fatal(err)
	}
	if v, set := in.GoodAt.Get(); !set || v != "" || !in.GoodAt.IsNull() {
		t.Errorf("null is %q, %v", v, set)
	}
	if v, set := in.Name.Get(); !set || v != "ada" || in.Name.IsNull() {
		t.Errorf("a value is %q, %v", v, set)
	}
	if _, set := in.WebhookURL.Get(); set || !in.WebhookURL.IsZero() {
		t.Error("absent is present")
	}
	data, err := json.Marshal(in)
	if err != nil || string(data) != `{"name":"ada","good_at":null}` {
		t.Errorf("written again: %s, %v", data, err)
	}
	if err := json.Unmarshal([]byte(`{"name": 7}`), &in); err == nil {
		t.Error("a number is a name")
	}
}

func TestConflictsNameTheirGuard(t *testing.T) {
	err := &store.Conflict{Guard: store.GuardBalance, Agent: "ag-1"}
	if got := err.Error(); !strings.Contains(got, "balance") || !strings.Contains(got, "ag-1") {
		t.Errorf("%q", got)
	}
}
