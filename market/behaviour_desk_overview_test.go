package market_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// How the marketplace stands, for operators.

func overview(t *testing.T, k *markettest.Kit) market.DeskOverview {
	t.Helper()
	return overviewOf(t, k.Market)
}

func overviewOf(t *testing.T, m *market.Market) market.DeskOverview {
	t.Helper()
	o, err := m.DeskOverview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestTheOverviewCountsMoneyTasksAndReports(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		if _, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: ada.ID, Amount: 50}); err != nil {
			t.Fatal(err)
		}
		done := ada.Post("done", markettest.Budget(20))
		bob.Claim(done)
		bob.Deliver(done, "result")
		ada.Approve(done)
		open := ada.Post("open", markettest.Budget(30))
		if _, err := bob.API.ReportTask(k.Ctx, open, "spam"); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: bob.ID, Amount: 8, Reason: "fraud"}); err != nil {
			t.Fatal(err)
		}
		o := overview(t, k)
		want := market.DeskMoney{Counted: true, Registered: 200, Granted: 50, ClawedBack: 8, Fees: 2, Escrowed: 30, Held: 100 + 50 - 20 - 30 + 100 + 18 - 8}
		if o.Money != want {
			t.Errorf("money: %+v, want %+v", o.Money, want)
		}
		if (o.Tasks != market.TasksByState{Posted: 1, Approved: 1}) || o.Agents != 2 || o.ReportsOpen != 1 || !o.At.Equal(k.Clock.Now()) {
			t.Errorf("counted: %+v", o)
		}
		if len(o.Replicas) != 0 {
			t.Errorf("nobody runs it, and there are %+v", o.Replicas)
		}
	})
}

// Operators count what only named agents may know of as well; everybody's numbers do not.
func TestTheOverviewCountsTasksOfferedToNamedAgents(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		hired := func(in *market.PostInput) { in.OfferTo = []market.AgentID{bob.ID} }
		ada.Post("open", markettest.Budget(10))
		ada.Post("hired", markettest.Budget(20), hired)
		taken := ada.Post("taken", markettest.Budget(30), hired)
		bob.Claim(taken)
		o := overview(t, k)
		if o.Tasks != (market.TasksByState{Posted: 2, Claimed: 1}) || *o.Hired != (market.TasksByState{Posted: 1, Claimed: 1}) || o.Money.Escrowed != 60 {
			t.Errorf("counted: %+v, of them hired %+v, %d in escrow", o.Tasks, o.Hired, o.Money.Escrowed)
		}
		for status, n := range map[market.Status]int64{market.StatusPosted: o.Tasks.Posted, market.StatusClaimed: o.Tasks.Claimed} {
			list, err := k.Market.AllTasks(k.Ctx, market.AllTasksQuery{Status: status})
			if err != nil || int64(len(list.Tasks)) != n {
				t.Errorf("%s: %d are counted, %d listed, %v", status, n, len(list.Tasks), err)
			}
		}
		public, err := k.Market.Overview(k.Ctx)
		if err != nil || public.Tasks != (market.TasksByState{Posted: 1}) {
			t.Errorf("everybody is told: %+v, %v", public.Tasks, err)
		}
		report, err := k.Market.Audit(k.Ctx)
		if err != nil || int64(report.Tasks) != o.Tasks.Posted+o.Tasks.Claimed {
			t.Errorf("an audit counts %d, %v", report.Tasks, err)
		}
	})
}

// What is late is known although nobody sweeps, and by which task.
func TestTheOverviewSaysWhatIsLate(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Webhook(hookURL, "s"))
		bob := k.Agent("bob")
		late := ada.Post("late", markettest.Deadline(time.Hour))
		k.Sweep()
		if h := overview(t, k).Health; h.TimersLate != 0 || h.LateTask != "" || h.WebhooksLate != 0 || h.StoreSeconds < 0 {
			t.Errorf("before: %+v", h)
		}
		bob.Ask(late, "which?")
		k.Clock.Advance(time.Hour + 90*time.Second)
		h := overview(t, k).Health
		if h.TimersLate != 90 || h.LateTask != late || h.WebhooksLate != 3690 {
			t.Errorf("late: %+v", h)
		}
		if _, err := k.Market.Sweep(k.Ctx); err != nil {
			t.Fatal(err)
		}
		if h = overview(t, k).Health; h.TimersLate != 0 || h.LateTask != "" {
			t.Errorf("after a sweep: %+v", h)
		}
	})
}

func TestTheOverviewSaysWhoseWebhooksAreDead(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada", markettest.Webhook(hookURL, "s")), k.Agent("bob", markettest.Webhook(hookURL, "s")), k.Agent("cyd")
		task, other := ada.Post("task"), bob.Post("other")
		for _, q := range []string{"one", "two"} {
			cyd.Ask(task, q)
		}
		cyd.Ask(other, "three")
		for _, job := range queued(t, k) {
			if ok, err := k.Market.FinishWebhook(k.Ctx, job, store.WebhookOutcome{Error: "status 500", At: k.Clock.Now()}); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		o := overview(t, k)
		if o.Dead.Total != 3 || o.Dead.TotalMore || !slices.Equal(o.Dead.Agents, []market.DeadOf{{AgentID: ada.ID, Name: "ada", Count: 2}, {AgentID: bob.ID, Name: "bob", Count: 1}}) {
			t.Errorf("dead: %+v", o.Dead)
		}
		seen := map[string]int{}
		for offset := range 4 {
			list, err := k.Market.DeadWebhooks(k.Ctx, market.DeadQuery{Page: market.Page{Limit: 1, Offset: offset}})
			if err != nil || list.Total != 3 || len(list.Dead) != min(1, 3-offset) {
				t.Fatalf("page %d: %+v, %v", offset, list, err)
			}
			for _, d := range list.Dead {
				seen[d.Name+" "+d.Error+" "+string(d.Event)+" "+string(d.AgentID)]++
			}
		}
		if seen["ada status 500 task_question "+string(ada.ID)] != 2 || seen["bob status 500 task_question "+string(bob.ID)] != 1 {
			t.Errorf("listed are %v", seen)
		}
		_, err := k.Market.DeadWebhooks(k.Ctx, market.DeadQuery{Page: market.Page{Limit: 101}})
		markettest.Refused(t, err, market.ErrInvalid)
	})
}

// mortal is a store that a process reaches until it is killed.
type mortal struct {
	market.Store
	killed *atomic.Bool
}

func (s mortal) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	if s.killed.Load() {
		return store.Committed{}, errors.New("killed")
	}
	return s.Store.Commit(ctx, c)
}

// Replicas show that they live, and which of them runs the timers; one that has ended is
// forgotten at once, one that was killed within two minutes, and one without a name writes
// nothing.
func TestReplicasShowThatTheyLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, killed := memory.New(), new(atomic.Bool)
		start := func(name string, killed *atomic.Bool) (m *market.Market, stop func()) {
			m, err := pinchwork.New(pinchwork.WithStore(mortal{kept, killed}), pinchwork.WithInstance(name, "v1"))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { _ = m.Run(ctx) })
			synctest.Wait()
			return m, func() { cancel(); running.Wait() }
		}
		alive := func(m *market.Market) (names []string, swept string) {
			o, err := m.DeskOverview(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var last market.Time
			for _, r := range o.Replicas {
				names = append(names, r.Name)
				if r.Version != "v1" || r.SeenAt.After(time.Now()) || time.Since(r.SeenAt.Time) > 2*time.Minute || r.Since.After(r.SeenAt.Time) {
					t.Errorf("a replica is %+v", r)
				}
				if r.SweptAt.After(last.Time) {
					last, swept = r.SweptAt, r.Name
				}
			}
			return names, swept
		}
		one, stopOne := start("one", new(atomic.Bool))
		time.Sleep(10 * time.Second)
		two, stopTwo := start("two", new(atomic.Bool))
		defer stopTwo()
		_, stopQuiet := start("", new(atomic.Bool))
		for _, m := range []*market.Market{one, two} {
			if names, _ := alive(m); !slices.Equal(names, []string{"one", "two"}) {
				t.Errorf("alive are %v", names)
			}
		}
		time.Sleep(time.Hour)
		if names, _ := alive(two); !slices.Equal(names, []string{"one", "two"}) {
			t.Errorf("an hour later %v are alive", names)
		}
		stopOne()
		stopQuiet()
		_, stopKilled := start("killed", killed)
		if names, _ := alive(two); !slices.Equal(names, []string{"two", "killed"}) {
			t.Errorf("after the end of one %v are alive", names)
		}
		killed.Store(true)
		stopKilled()
		if names, _ := alive(two); !slices.Equal(names, []string{"two", "killed"}) {
			t.Errorf("a replica that was killed said so: %v are alive", names)
		}
		time.Sleep(time.Minute - time.Since(time.Now().Truncate(time.Minute)) + 25*time.Second)
		for o, i := overviewOf(t, two), 0; i < len(o.Replicas); i++ {
			if r := o.Replicas[i]; r.Silent != (r.Name == "killed") {
				t.Errorf("%s, seen %v ago, is silent: %v", r.Name, time.Since(r.SeenAt.Time), r.Silent)
			}
		}
		time.Sleep(3 * time.Minute)
		r, err := two.Register(t.Context(), market.RegisterInput{Name: "ada"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := two.As(r.AgentID).Post(t.Context(), market.PostInput{Need: "task", Deadline: time.Minute}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		if names, swept := alive(two); !slices.Equal(names, []string{"two"}) || swept != "two" {
			t.Errorf("after the end of one %v are alive, and %q runs the timers", names, swept)
		}
	})
}
