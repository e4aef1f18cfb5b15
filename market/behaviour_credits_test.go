package market_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Ledger, statistics and audit (rules 3.7, 3.8, 3.10).

func TestLedgerNewestFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		var ids []market.TaskID
		for range 3 {
			k.Clock.Advance(time.Minute)
			ids = append(ids, ada.Post("task", markettest.Budget(10)))
		}
		ada.Cancel(ids[2])
		c := ada.Credits()
		if c.Balance != 80 || c.Escrowed != 20 || c.Total != 5 || len(c.Ledger) != 5 {
			t.Fatalf("credits: %+v", c)
		}
		var sum int64
		for i, want := range []market.LedgerEntry{
			{Amount: 10, Reason: store.EntryRefund, TaskID: ids[2]},
			{Amount: -10, Reason: store.EntryEscrow, TaskID: ids[2]},
			{Amount: -10, Reason: store.EntryEscrow, TaskID: ids[1]},
			{Amount: -10, Reason: store.EntryEscrow, TaskID: ids[0]},
			{Amount: 100, Reason: store.EntrySignupBonus},
		} {
			got := c.Ledger[i]
			if got.Amount != want.Amount || got.Reason != want.Reason || fmt.Sprint(taskOf(got)) != fmt.Sprint(taskOf(want)) || !strings.HasPrefix(string(got.ID), "le-") {
				t.Errorf("line %d is %+v", i, got)
			}
			if got.BalanceAfter != c.Balance-sum {
				t.Errorf("after line %d there were %d, want %d", i, got.BalanceAfter, c.Balance-sum)
			}
			sum += got.Amount
		}
		if sum != c.Balance {
			t.Errorf("the lines add up to %d, the balance is %d", sum, c.Balance)
		}
		page, err := ada.API.Credits(k.Ctx, market.Page{Limit: 2, Offset: 3})
		if err != nil || page.Total != 5 || len(page.Ledger) != 2 || page.Ledger[0].TaskID != ids[0] {
			t.Errorf("the fourth and fifth: %+v, %v", page, err)
		}
		for _, p := range []market.Page{{Limit: 101}, {Limit: -1}, {Offset: -1}} {
			_, err := bob.API.Credits(k.Ctx, p)
			markettest.Refused(t, err, market.ErrInvalid)
		}
		if page, err := bob.API.Credits(k.Ctx, market.Page{Offset: 1}); err != nil || page.Total != 1 || page.Ledger == nil || len(page.Ledger) != 0 {
			t.Errorf("past the end: %+v, %v", page, err)
		}
	})
}

func taskOf(e market.LedgerEntry) market.TaskID {
	if e.TaskID == "" {
		return ""
	}
	return e.TaskID
}

func TestStatistics(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		s := bob.Stats()
		if s.ApprovalRate != nil || s.AvgTaskValue != nil || s.TasksByTag == nil || len(s.TasksByTag) != 0 {
			t.Errorf("a new agent's statistics are %+v", s)
		}
		work := func(budget, claimed int64, tags ...string) {
			id := ada.Post("task", markettest.Budget(budget), markettest.Tagged(tags...))
			bob.Claim(id)
			bob.Deliver(id, "done", claimed)
			ada.Approve(id)
		}
		work(100, 40, "Python")           // 36 net
		work(20, 20, "python", "testing") // 18 net
		work(15, 15, "writing")           // 14 net
		id := ada.Post("task", markettest.Budget(50))
		bob.Claim(id)
		bob.Deliver(id, "bad")
		ada.Reject(id, "bad")
		s = bob.Stats()
		if s.TotalEarned != 68 || s.TotalFeesPaid != 7 || s.TotalSpent != 0 || *s.ApprovalRate != 0.75 || *s.AvgTaskValue != 25 ||
			s.Recent7dEarned != 68 || s.Recent30d != 68 {
			t.Errorf("the worker's statistics are %+v", s)
		}
		want := []market.TagEarnings{{Tag: "python", Count: 2, Earned: 54}, {Tag: "testing", Count: 1, Earned: 18}, {Tag: "writing", Count: 1, Earned: 14}}
		if fmt.Sprint(s.TasksByTag) != fmt.Sprint(want) {
			t.Errorf("by tag %v, want %v", s.TasksByTag, want)
		}
		if s := ada.Stats(); s.TotalSpent != 75 || s.TotalEarned != 0 || s.ApprovalRate != nil {
			t.Errorf("the poster's statistics are %+v: what was refunded is not spent", s)
		}
	})
}

// The last 7 and 30 days are exact to the second.
func TestRecentEarnings(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		for range 3 {
			bob.Work(ada.Post("task", markettest.Budget(9)), ada)
			k.Clock.Advance(24 * time.Hour)
		}
		check := func(week, month int64) {
			t.Helper()
			if s := bob.Stats(); s.Recent7dEarned != week || s.Recent30d != month || s.TotalEarned != 27 {
				t.Errorf("at %s: %+v, want %d and %d", k.Clock.Now(), s, week, month)
			}
		}
		check(27, 27)
		k.Clock.Set(markettest.Start.Add(7*24*time.Hour - time.Second))
		check(27, 27)
		k.Clock.Advance(time.Second)
		check(18, 27)
		k.Clock.Set(markettest.Start.Add(9*24*time.Hour - time.Second))
		check(9, 27)
		k.Clock.Set(markettest.Start.Add(30 * 24 * time.Hour))
		check(0, 18)
		k.Clock.Set(markettest.Start.Add(32 * 24 * time.Hour))
		check(0, 0)
	})
}

// The audit tells when the books are wrong: a balance that no entry explains,
// and an escrow that is not what the tasks hold.
func TestAuditFindsWhatIsForged(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(10))
		report, err := k.Market.Audit(k.Ctx)
		if err != nil || !report.OK || report.Agents != 2 || report.Tasks != 1 || report.Entries != 3 ||
			report.Platform != -200 || report.Issued != 200 || report.SystemPay != 0 || report.Fees != 0 || report.Balances != 190 || report.Escrow != 10 || report.Sum != 0 {
			t.Fatalf("the audit says %+v, %v", report, err)
		}
		forge := func(c *store.Change, word string) {
			t.Helper()
			m, err := market.New(market.Config{Store: forged{k.Store, c}, Clock: k.Clock})
			if err != nil {
				t.Fatal(err)
			}
			report, err := m.Audit(k.Ctx)
			if err != nil || report.OK || len(report.Problems) == 0 || !strings.Contains(strings.Join(report.Problems, "; "), word) {
				t.Errorf("the audit of forged books says %+v, %v", report, err)
			}
		}
		forge(&store.Change{Accounts: []store.AccountDelta{{Agent: bob.ID, Escrowed: 5}}}, string(bob.ID))
		forge(&store.Change{Transfers: []store.Transfer{{Agent: bob.ID, Amount: 5}}}, string(bob.ID))
		forge(&store.Change{Tasks: []store.TaskWrite{{New: &store.Task{ID: id, MaxCredits: 11}}}}, string(id))
	})
}

// forged is a store in which somebody has changed a number behind the market's
// back.
type forged struct {
	market.Store
	by *store.Change
}

func (f forged) agent(a *store.Agent) *store.Agent {
	next := *a
	for _, d := range f.by.Accounts {
		if d.Agent == a.ID {
			next.Escrowed += d.Escrowed
		}
	}
	for _, t := range f.by.Transfers {
		if t.Agent == a.ID {
			next.Balance += t.Amount
		}
	}
	return &next
}

func (f forged) ScanAgents(ctx context.Context, after market.AgentID, limit int) ([]*store.Agent, error) {
	agents, err := f.Store.ScanAgents(ctx, after, limit)
	out := make([]*store.Agent, len(agents))
	for i, a := range agents {
		out[i] = f.agent(a)
	}
	return out, err
}

func (f forged) Agents(ctx context.Context, ids []market.AgentID) ([]*store.Agent, error) {
	agents, err := f.Store.Agents(ctx, ids)
	for i, a := range agents {
		agents[i] = f.agent(a)
	}
	return agents, err
}

func (f forged) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	l, err := f.Store.Load(ctx, q)
	if err == nil && l.Agent != nil {
		l.Agent = f.agent(l.Agent)
	}
	if err == nil && l.Task != nil {
		l.Task = f.task(l.Task)
	}
	return l, err
}

func (f forged) task(t *store.Task) *store.Task {
	next := *t
	for _, w := range f.by.Tasks {
		if w.New.ID == t.ID {
			next.MaxCredits = w.New.MaxCredits
		}
	}
	return &next
}

func (f forged) ScanTasks(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	tasks, err := f.Store.ScanTasks(ctx, after, limit)
	out := make([]store.StoredTask, len(tasks))
	for i, st := range tasks {
		out[i] = st
		out[i].Task = f.task(st.Task)
	}
	return out, err
}

func (f forged) Tasks(ctx context.Context, ids []market.TaskID) ([]store.StoredTask, error) {
	tasks, err := f.Store.Tasks(ctx, ids)
	out := make([]store.StoredTask, len(tasks))
	for i, st := range tasks {
		out[i] = st
		out[i].Task = f.task(st.Task)
	}
	return out, err
}
