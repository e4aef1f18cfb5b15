package market_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// amid is a store on which others do something, once each, while an audit reads the
// ledger, after all accounts, and while it then reads the claimed tasks of one agent.
type amid struct {
	market.Store
	ledger, claimed *func()
}

func once(act *func()) {
	if now := *act; now != nil {
		*act = nil
		now()
	}
}

func (s amid) Entries(ctx context.Context, id store.TaskID, after string, limit int) ([]store.Entry, string, error) {
	once(s.ledger)
	return s.Store.Entries(ctx, id, after, limit)
}

func (s amid) TasksOf(ctx context.Context, q store.TasksQuery) (store.TasksPage, error) {
	if q.Status == store.StatusClaimed {
		once(s.claimed)
	}
	return s.Store.TasksOf(ctx, q)
}

// A task that moves from one list to another while an audit reads them may be seen
// in both of them, or in none: that is no problem of the books.
func TestAnAuditOfAMarketThatRunsFindsNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		open, taken := ada.Post("open", markettest.Budget(10)), ada.Post("taken", markettest.Budget(20))
		bob.Claim(taken)
		for name, move := range map[string]func(){
			"claimed after the open tasks were read":   func() { bob.Claim(open) },
			"abandoned after the open tasks were read": func() { bob.Abandon(taken) },
		} {
			// A posting after her account was read makes the audit look at ada again.
			post := func() { ada.Post("meanwhile", markettest.Budget(5)) }
			m, err := market.New(market.Config{Store: amid{k.Store, &post, &move}, Clock: k.Clock})
			if err != nil {
				t.Fatal(err)
			}
			if report, err := m.Audit(k.Ctx); err != nil || !report.OK || move != nil {
				t.Errorf("a task is %s: the audit says %+v, %v", name, report, err)
			}
		}
	})
}

// miscounted is a store whose totals are not what its ledger says.
type miscounted struct {
	market.Store
	change func(*store.Totals)
}

func (s miscounted) Totals(ctx context.Context) (store.Totals, error) {
	totals, err := s.Store.Totals(ctx)
	s.change(&totals)
	return totals, err
}

// The figures that the operator's overview shows are proved as the balances are.
func TestTheAuditProvesTheTotals(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("done", markettest.Budget(40))
		bob.Claim(id)
		bob.Deliver(id, "here")
		ada.Approve(id, 5)
		ada.Post("open", markettest.Budget(10))
		for word, change := range map[string]func(*store.Totals){
			"agents":              func(s *store.Totals) { s.Agents++ },
			"signup_bonus is 201": func(s *store.Totals) { s.Platform[store.EntrySignupBonus]++ },
			"platform_fee is 0":   func(s *store.Totals) { s.Platform[store.EntryPlatformFee] = 0 },
			"in escrow is 11":     func(s *store.Totals) { s.Escrowed++ },
			"":                    func(s *store.Totals) { s.Platform = nil }, // of before they were counted
		} {
			m, err := market.New(market.Config{Store: miscounted{k.Store, change}, Clock: k.Clock})
			if err != nil {
				t.Fatal(err)
			}
			report, err := m.Audit(k.Ctx)
			if err != nil || report.OK != (word == "") || !strings.Contains(strings.Join(report.Problems, "; "), word) {
				t.Errorf("%q: the audit says %+v, %v", word, report, err)
			}
		}
	})
}

// readable is a store into which nobody writes.
type readable struct {
	miscounted
	t *testing.T
}

func (s readable) Commit(context.Context, *store.Change) (store.Committed, error) {
	s.t.Error("a look at the books writes")
	return store.Committed{}, nil
}

func (s readable) Prune(context.Context, store.PruneQuery) (store.Pruned, error) {
	s.t.Error("a look at the books deletes")
	return store.Pruned{}, nil
}

// A look at the books of a copy finds what an audit does, and writes nothing.
func TestTheBooksAreLookedAtWithoutATrace(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("done", markettest.Budget(40))
		bob.Claim(id)
		// What is due then is not done.
		k.Clock.Advance(10 * 24 * time.Hour)
		for wrong, change := range map[string]func(*store.Totals){
			"":                func(*store.Totals) {},
			"in escrow is 41": func(s *store.Totals) { s.Escrowed++ },
		} {
			m, err := market.New(market.Config{Store: readable{miscounted{k.Store, change}, t}, Clock: k.Clock})
			if err != nil {
				t.Fatal(err)
			}
			report, err := m.Books(k.Ctx)
			if err != nil || report.OK != (wrong == "") || !strings.Contains(strings.Join(report.Problems, "; "), wrong) {
				t.Errorf("%q: the books are %+v, %v", wrong, report, err)
			}
		}
	})
}

// Whoever asks learns of the latest audit, whichever process made it.
func TestEveryProcessKnowsTheLatestAudit(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		k.Agent("ada")
		if note, ok, err := k.Market.LatestAudit(k.Ctx); err != nil || ok || overview(t, k).Audit != nil {
			t.Errorf("before the first: %+v, %v, %v", note, ok, err)
		}
		other := k.Replica()
		miscounts := miscounted{k.Store, func(s *store.Totals) { s.Agents++ }}
		m, err := market.New(market.Config{Store: miscounts, Clock: k.Clock})
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []struct {
			market *market.Market
			want   market.AuditNote
		}{{k.Market, market.AuditNote{OK: true}}, {m, market.AuditNote{Problems: 1}}, {other, market.AuditNote{OK: true}}} {
			k.Clock.Advance(time.Hour)
			if _, err := by.market.Audit(k.Ctx); err != nil {
				t.Fatal(err)
			}
			by.want.At = market.NewTime(k.Clock.Now())
			for _, asked := range []*market.Market{k.Market, m, other} {
				if note, ok, err := asked.LatestAudit(k.Ctx); err != nil || !ok || note != by.want {
					t.Errorf("%+v, %v, %v, want %+v", note, ok, err, by.want)
				}
			}
		}
		if note := overview(t, k).Audit; note == nil || !note.OK {
			t.Errorf("the overview shows %+v", note)
		}
	})
}
